/* Function calls: evaluates the arguments, then hands over to the function's body (functions.def says which). A body runs once
 * for the whole grid. For a range vector it asks for its series one by one, each with the window of every step. */
#include "promql-lite/eval_private.h"

/* A subquery has no place of its own in notes: Prometheus puts its result where a selector without one would be. */
struct span call_arg_span(const struct pql_call_context *call, size_t arg) {
	return call->args[arg]->kind == PQL_SUBQUERY ? (struct span){0, 0} : call->args[arg]->span;
}

void call_map(struct pql_call_context *call, double (*function)(double)) {
	struct pql_frame *f = call->frame;

	*call->ret = call->values[0];
	call->ret->ordered = false;
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
	if (source->marked) {
		x->times = ARENA_ARRAY(a, ts_ms, longest);
		x->values = ARENA_ARRAY(a, double, longest);
	}
	place_windows(call, x);
	return true;
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

/* start < t <= end for every step: both indices only move forward. false: all windows are empty, or together too much. */
static bool slide(const struct pql_call_context *call, struct window_scratch *x,
				  struct windows *w) {
	const ts_ms *times = w->times, *starts = x->starts, *ends = x->ends;
	size_t steps = call->frame->steps, count = w->count, visits = 0;
	size_t from = pql_times_after(times, count, starts[0]);
	size_t to = pql_times_after(times, count, ends[0]);

	for (size_t k = 0; k < steps; k++) {
		while (to < count && times[to] <= ends[k]) {
			to++;
		}
		while (from < to && times[from] <= starts[k]) {
			from++;
		}
		x->from[k] = from;
		x->to[k] = to;
		visits += to - from;
	}
	w->visits = visits;
	w->starts = starts;
	w->ends = ends;
	w->from = x->from;
	w->to = x->to;
	return visits > 0 && count_visits(call, visits);
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

void call_over_series(struct pql_call_context *call, bool keep_names, call_series *each) {
	struct pql_frame *f = call->frame;
	const struct range_source *source = call->source;
	struct window_scratch scratch;

	if (!scratch_init(&scratch, call)) {
		return;
	}
	value_reserve(f, call->ret, source->count);
	for (size_t i = 0; i < source->count; i++) {
		struct windows w = {.labels = source->series[i].labels};
		struct pql_row *row;

		w.count = strip_markers(&source->series[i], &scratch, &w);
		w.scratch = scratch.scratch;
		w.queue = scratch.queue;
		if (!slide(call, &scratch, &w)) {
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
		each(call, &w, row);
		if (f->run->failed) {
			return;
		}
		if (!row_any(row, f->steps)) {
			value_drop_row(f, call->ret);
		}
	}
	name_rows(call, keep_names);
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
		return range_open(call->frame, arg, call->source) &&
			   (call->source->mode == PQL_MODE_PLAIN || check_mode(call));
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
