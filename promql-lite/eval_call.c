/* Function calls: evaluates the arguments, then hands over to the function's body (functions.def says which). A body runs once
 * for the whole grid. For a range vector it asks for its series one by one, each with the window of every step. */
#include "promql-lite/eval_private.h"

/* A subquery has no place of its own in notes: Prometheus puts its result where a selector without one would be. */
struct span call_arg_span(const struct pql_call_context *call, size_t arg) {
	return call->args[arg]->kind == PQL_SUBQUERY ? (struct span){0, 0} : call->args[arg]->span;
}

void call_take_floats(struct pql_call_context *call) {
	*call->ret = call->values[0];
	call->ret->ordered = false;
	value_drop_histograms(call->frame, call->ret);
}

void call_map(struct pql_call_context *call, double (*function)(double)) {
	struct pql_frame *f = call->frame;

	call_take_floats(call);
	for (size_t i = 0; i < call->ret->row_count; i++) {
		const struct pql_row *row = &call->ret->rows[i];

		for (size_t k = 0; k < f->steps; k++) {
			if (row->present[k]) {
				row->values[k] = function(row->values[k]);
			}
		}
	}
	value_drop_names(f, call->ret);
}

/* ---- windows ---- */

/* What one call needs again and again, for the longest series and all steps. */
struct window_scratch {
	ts_ms *times;
	double *values;
	double *scratch;
	size_t *from, *to, *queue;
	ts_ms *starts, *ends;
	/* Of the samples that are histograms; NULL: no series has any. */
	ts_ms *histogram_times;
	struct pql_histogram **histogram_items;
	size_t *histogram_from, *histogram_to;
	size_t *pure_to; /* as `to`, but for windows that have histograms, which are empty */
};

/* Where each step's window is in time: the same for all series. Anchored and smoothed ones look beyond their range. */
static void place_windows(const struct pql_call_context *call, struct window_scratch *x) {
	enum pql_range_mode mode = call->source->mode;
	dur_ms lookback = call->frame->run->options.time.lookback;
	dur_ms before = mode == PQL_MODE_PLAIN ? 0 : lookback;
	dur_ms after = mode == PQL_MODE_SMOOTHED ? lookback : 0;

	for (size_t k = 0; k < call->frame->steps; k++) {
		x->ends[k] = pql_time_minus(call_range_end(call, k), -after);
		x->starts[k] = pql_time_minus(call_range_start(call, k), before);
	}
}

static bool has_histograms(const struct range_source *source) {
	for (size_t i = 0; i < source->count; i++) {
		if (source->series[i].histograms != NULL) {
			return true;
		}
	}
	return false;
}

static bool scratch_add_histograms(struct window_scratch *x, struct pql_frame *f, size_t longest) {
	struct arena *a = f->run->arena;

	if (!slots_take(f->run, 3 * f->steps + 2 * longest)) {
		return false;
	}
	x->histogram_times = ARENA_ARRAY(a, ts_ms, longest);
	x->histogram_items = ARENA_ARRAY(a, struct pql_histogram *, longest);
	x->histogram_from = ARENA_ARRAY(a, size_t, f->steps);
	x->histogram_to = ARENA_ARRAY(a, size_t, f->steps);
	x->pure_to = ARENA_ARRAY(a, size_t, f->steps);
	return true;
}

static bool scratch_init(struct window_scratch *x, const struct pql_call_context *call) {
	struct arena *a = call->frame->run->arena;
	const struct range_source *source = call->source;
	size_t longest = 0;

	for (size_t i = 0; i < source->count; i++) {
		longest = source->series[i].count > longest ? source->series[i].count : longest;
	}
	/* Stays until the end: the arena does not take it back. */
	if (!slots_take(call->frame->run, 4 * call->frame->steps + 4 * longest)) {
		return false;
	}
	*x = (struct window_scratch){
		.from = ARENA_ARRAY(a, size_t, call->frame->steps),
		.to = ARENA_ARRAY(a, size_t, call->frame->steps),
		.starts = ARENA_ARRAY(a, ts_ms, call->frame->steps),
		.ends = ARENA_ARRAY(a, ts_ms, call->frame->steps),
		.scratch = ARENA_ARRAY(a, double, longest),
		.queue = ARENA_ARRAY(a, size_t, longest),
	};
	if (source->marked || has_histograms(source)) {
		x->times = ARENA_ARRAY(a, ts_ms, longest);
		x->values = ARENA_ARRAY(a, double, longest);
	}
	place_windows(call, x);
	return !has_histograms(source) || scratch_add_histograms(x, call->frame, longest);
}

/* Most series have none: a loop without an exit is one that the compiler can do several samples at a time. */
static bool has_markers(const struct pql_series *s) {
	bool any = s->histograms != NULL;

	for (size_t i = 0; i < s->count; i++) {
		any |= pql_is_stale_nan(s->values[i]);
	}
	return any;
}

/* Samples without markers: as they are when there are none, else copied. Returns how many. */
static size_t strip_markers(const struct pql_series *s, struct window_scratch *x,
							struct windows *w) {
	size_t first = 0, count;

	w->times = s->times;
	w->values = s->values;
	if (x->times == NULL || !has_markers(s)) {
		return s->count;
	}
	while (first < s->count && series_has_float(s, first)) {
		first++;
	}
	memcpy(x->times, s->times, first * sizeof(*x->times));
	memcpy(x->values, s->values, first * sizeof(*x->values));
	count = first;
	for (size_t i = first; i < s->count; i++) {
		if (series_has_float(s, i)) {
			x->times[count] = s->times[i];
			x->values[count++] = s->values[i];
		}
	}
	w->times = x->times;
	w->values = x->values;
	return count;
}

/* Windows that overlap are work for each of them: a long range over a fine grid can be any amount of it. Two medians take about as
 * long as four looks. */
static bool count_visits(const struct pql_call_context *call, size_t visits) {
	struct pql_run *run = call->frame->run;

	run->visits += call->node->call.function->body == fn_mad_over_time ? 4 * visits : visits;
	if (run->visits <= run->options.limits.max_visits) {
		return true;
	}
	return eval_fail(run, call->node->span,
					 "the windows of the query cover more than %zu samples (max_visits)",
					 run->options.limits.max_visits);
}

/* start < t <= end for every step: both indices only move forward. Returns the visits. */
static size_t slide(const struct window_scratch *x, size_t steps, const ts_ms *times, size_t count,
					size_t *ret_from, size_t *ret_to) {
	const ts_ms *starts = x->starts, *ends = x->ends;
	size_t visits = 0;
	size_t from = pql_times_after(times, count, starts[0]);
	size_t to = pql_times_after(times, count, ends[0]);

	for (size_t k = 0; k < steps; k++) {
		while (to < count && times[to] <= ends[k]) {
			to++;
		}
		while (from < to && times[from] <= starts[k]) {
			from++;
		}
		ret_from[k] = from;
		ret_to[k] = to;
		visits += to - from;
	}
	return visits;
}

static size_t slide_floats(const struct pql_call_context *call, const struct window_scratch *x,
						   struct windows *w) {
	w->visits = slide(x, call->frame->steps, w->times, w->count, x->from, x->to);
	w->starts = x->starts;
	w->ends = x->ends;
	w->from = x->from;
	w->to = x->to;
	return w->visits;
}

/* These look at no more than the ends of a window. */
static bool passes_over_buckets(const struct pql_call_context *call) {
	static pql_function_body *const bodies[] = {
		fn_absent_over_time,
		fn_count_over_time,
		fn_first_over_time,
		fn_idelta,
		fn_irate,
		fn_last_over_time,
		fn_present_over_time,
		fn_ts_of_first_over_time,
		fn_ts_of_last_over_time,
	};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		if (call->node->call.function->body == bodies[i]) {
			return true;
		}
	}
	return false;
}

#define HISTOGRAM_VISITS 16 /* what a histogram without a bucket is as much work as */

/* Each is as many visits as it has numbers, on average. */
static size_t visits_of_histograms(const struct pql_call_context *call,
								   const struct histogram_windows *h, size_t visits) {
	size_t buckets = 0;

	if (visits == 0 || passes_over_buckets(call)) {
		return visits;
	}
	for (size_t i = 0; i < h->count; i++) {
		buckets += h->items[i]->positive.count + h->items[i]->negative.count;
	}
	return visits * (HISTOGRAM_VISITS + buckets / h->count);
}

static size_t slide_histograms(const struct pql_call_context *call, const struct window_scratch *x,
							   const struct pql_series *s, struct histogram_windows *ret) {
	size_t count = 0, visits;

	for (size_t i = 0; i < s->count; i++) {
		if (s->histograms[i] != NULL) {
			x->histogram_times[count] = s->times[i];
			x->histogram_items[count++] = s->histograms[i];
		}
	}
	*ret = (struct histogram_windows){
		.times = x->histogram_times,
		.items = x->histogram_items,
		.from = x->histogram_from,
		.to = x->histogram_to,
		.count = count,
	};
	visits =
		slide(x, call->frame->steps, x->histogram_times, count, x->histogram_from, x->histogram_to);
	return visits_of_histograms(call, ret, visits);
}

void call_over_windows(struct pql_call_context *call, const struct windows *w, struct pql_row *out,
					   call_window *each) {
	for (size_t k = 0; k < call->frame->steps; k++) {
		if (w->from[k] < w->to[k]) {
			out->present[k] = each(w, w->from[k], w->to[k], &out->values[k]);
		}
	}
}

/* Each row for itself, as the rows of a subquery may or may not want to lose their names already. */
static bool name_rows(struct pql_call_context *call, bool keep_names) {
	struct pql_frame *f = call->frame;
	bool merge = false;

	if (f->run->options.delayed_name_removal) {
		return true;
	}
	if (!keep_names) {
		return value_drop_names(f, call->ret);
	}
	for (size_t i = 0; i < call->ret->row_count; i++) {
		if (call->ret->rows[i].drop_name) {
			call->ret->rows[i].labels =
				labels_drop_metadata(f->run->arena, call->ret->rows[i].labels);
			merge = true;
		}
	}
	return !merge || value_merge(f, call->ret);
}

/* Windows with both are not for `each` when there is somebody who can make sense of them. */
static void leave_floats_pure(const struct pql_frame *f, const struct windows *w,
							  struct window_scratch *x) {
	for (size_t k = 0; k < f->steps; k++) {
		bool pure = w->histograms->from[k] == w->histograms->to[k];

		x->pure_to[k] = pure ? w->to[k] : w->from[k];
	}
}

static void run_mixed(struct pql_call_context *call, const struct windows *w,
					  struct window_scratch *x, struct pql_row *out, call_series *each,
					  call_mixed_window *mixed) {
	const struct histogram_windows *h = w->histograms;
	struct windows pure = *w;

	leave_floats_pure(call->frame, w, x);
	pure.to = x->pure_to;
	if (w->visits > 0) {
		each(call, &pure, out);
	}
	for (size_t k = 0; k < call->frame->steps && !call->frame->run->failed; k++) {
		if (h->from[k] < h->to[k]) {
			mixed(call, w, k, out);
			arena_reset(&call->frame->run->work);
		}
	}
}

/* What only knows floats passes over histograms, and over windows that have nothing else. */
static void run_floats(struct pql_call_context *call, const struct windows *w, struct pql_row *out,
					   call_series *each) {
	const struct histogram_windows *h = w->histograms;

	if (w->visits > 0) {
		each(call, w, out);
	}
	for (size_t k = 0; h != NULL && k < call->frame->steps; k++) {
		if (w->from[k] < w->to[k] && h->from[k] < h->to[k]) {
			note_add_metric(call->frame->run, NOTE_HISTOGRAMS_IGNORED, call_arg_span(call, 0),
							w->labels);
			return;
		}
	}
}

/* Where the windows of a series are. false: there is nothing in them, or the run has failed. */
static bool windows_init(const struct pql_call_context *call, const struct pql_series *s,
						 struct window_scratch *x, struct windows *ret_windows,
						 struct histogram_windows *ret_histograms) {
	size_t visits;

	*ret_windows = (struct windows){.labels = s->labels, .scratch = x->scratch, .queue = x->queue};
	ret_windows->count = strip_markers(s, x, ret_windows);
	visits = slide_floats(call, x, ret_windows);
	if (s->histograms != NULL) {
		size_t more = slide_histograms(call, x, s, ret_histograms);

		ret_windows->histograms = more > 0 ? ret_histograms : NULL;
		visits += more;
	}
	return visits > 0 && count_visits(call, visits);
}

void call_over_mixed_series(struct pql_call_context *call, bool keep_names, call_series *each,
							call_mixed_window *mixed) {
	struct pql_frame *f = call->frame;
	const struct range_source *source = call->source;
	struct window_scratch scratch;

	if (!scratch_init(&scratch, call)) {
		return;
	}
	value_reserve(f, call->ret, source->count);
	for (size_t i = 0; i < source->count; i++) {
		struct histogram_windows histograms;
		struct windows w;
		struct pql_row *row;

		if (!windows_init(call, &source->series[i], &scratch, &w, &histograms)) {
			if (f->run->failed) {
				return;
			}
			continue;
		}
		row = value_add_row(f, call->ret, w.labels);
		if (row == NULL) {
			return;
		}
		row->drop_name = !keep_names || (source->drop_name != NULL && source->drop_name[i]);
		if (mixed != NULL && w.histograms != NULL) {
			run_mixed(call, &w, &scratch, row, each, mixed);
		} else {
			run_floats(call, &w, row, each);
		}
		if (f->run->failed) {
			return;
		}
		if (!row_any(row, f->steps)) {
			value_drop_row(f, call->ret);
		}
	}
	name_rows(call, keep_names);
}

void call_over_series(struct pql_call_context *call, bool keep_names, call_series *each) {
	call_over_mixed_series(call, keep_names, each, NULL);
}

/* ---- arguments ---- */

/* Only these can make sense of samples from outside the range. */
static bool check_mode(struct pql_call_context *call) {
	static const char *const anchored[] = {"changes", "delta", "increase", "rate", "resets"};
	static const char *const smoothed[] = {"delta", "increase", "rate"};
	bool is_smoothed = call->source->mode == PQL_MODE_SMOOTHED;
	const char *const *names = is_smoothed ? smoothed : anchored;
	size_t count = is_smoothed ? 3 : 5;
	const char *name = call->node->call.function->name;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0) {
			return true;
		}
	}
	return eval_fail(
		call->frame->run, call->node->span, "%s modifier can only be used with: %s - not with %s",
		is_smoothed ? "smoothed" : "anchored",
		is_smoothed ? "delta, increase, rate" : "changes, delta, increase, rate, resets", name);
}

static bool eval_arg(struct pql_call_context *call, size_t i) {
	const struct pql_node *arg = call->args[i];

	switch (arg->type) {
	case PQL_TYPE_STRING:
	case PQL_TYPE_NONE: return true;
	case PQL_TYPE_MATRIX:
		call->source = ARENA_NEW(call->frame->run->arena, struct range_source);
		call->source_index = i;
		if (!range_open(call->frame, arg, call->source)) {
			return false;
		}
		if (arg->kind == PQL_SUBQUERY) {
			subquery_forget_resets(call->frame, call->source);
		}
		return call->source->mode == PQL_MODE_PLAIN || check_mode(call);
	case PQL_TYPE_SCALAR:
	case PQL_TYPE_VECTOR: return eval_node(call->frame, arg, &call->values[i]);
	}
	BUG("unknown type");
}

/* timestamp(selector) and info() look at their argument's text, not at its value. */
static bool wants_arg(const struct pql_call_context *call, size_t i) {
	pql_function_body *body = call->node->call.function->body;

	if (body == fn_timestamp) {
		return call->args[i]->kind != PQL_SELECTOR;
	}
	return body != fn_info || i == 0;
}

static bool eval_args(struct pql_call_context *call) {
	for (size_t i = 0; i < call->count; i++) {
		if (wants_arg(call, i) && !eval_arg(call, i)) {
			return false;
		}
	}
	return true;
}

bool eval_call(struct pql_frame *f, const struct pql_node *n, struct pql_value *ret) {
	struct arena *a = f->run->arena;
	size_t count = n->call.count;
	struct pql_call_context call = {.frame = f, .node = n, .count = count, .ret = ret};

	call.args = (const struct pql_node **)ARENA_ARRAY(a, struct pql_node *, count + 1);
	call.values = ARENA_ARRAY(a, struct pql_value, count + 1);
	for (size_t i = 0; i < count; i++) {
		call.args[i] = eval_unwrap(n->call.args[i]);
	}
	if (label_call_init(&call) && eval_args(&call)) {
		n->call.function->body(&call);
	}
	regex_destroy(call.regex);
	return !f->run->failed;
}
