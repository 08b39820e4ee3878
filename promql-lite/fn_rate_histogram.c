/* rate, increase, delta, irate, idelta and their anchored and smoothed forms on windows that have native histograms. What is
 * computed lives in run->work until the row takes it. */
#include "promql-lite/eval_private.h"

struct rise {
	struct pql_call_context *call;
	const struct windows *w;
	size_t step;
	bool is_counter, is_rate;
	struct arena *work;
	struct pql_row *out;
	struct noted noted;
};

static void note(const struct rise *r, enum metric_note kind) {
	note_add_metric(r->noted.run, kind, r->noted.span, r->noted.metric);
}

static double range_seconds(const struct rise *r) {
	return (double)r->call->source->range / 1000;
}

static void finish(const struct rise *r, const struct pql_histogram *h) {
	row_make_histogram(r->call->frame, r->out, r->step,
					   pql_histogram_with_reset(h, PQL_RESET_GAUGE, r->work));
}

static bool is_gauge(const struct pql_histogram *h) {
	return h->reset == PQL_RESET_GAUGE;
}

/* ---- between the first and the last sample, as Prometheus' histogramRate ---- */

/* The layout of all samples that count: whether there is one, and in *ret_schema the coarsest resolution. The first sample may have
 * any if the counter was reset after it. */
static bool check_layouts(const struct rise *r, struct pql_histogram *const *items, size_t count,
						  const struct pql_histogram *first, int64_t *ret_schema) {
	const struct pql_histogram *last = items[count - 1];
	bool custom = pql_histogram_is_custom(first);
	bool gauge = is_gauge(items[0]) || is_gauge(last), fits = true;

	*ret_schema = last->schema < first->schema ? last->schema : first->schema;
	if (pql_histogram_is_custom(last) != custom) {
		if (r->is_counter && gauge) {
			note(r, NOTE_NOT_COUNTER);
		}
		note(r, NOTE_MIXED_SCHEMAS);
		return false;
	}
	for (size_t i = 1; r->is_counter && i + 1 < count && fits; i++) {
		*ret_schema = items[i]->schema < *ret_schema ? items[i]->schema : *ret_schema;
		gauge = gauge || is_gauge(items[i]);
		fits = pql_histogram_is_custom(items[i]) == custom;
	}
	if (!fits) {
		note(r, NOTE_MIXED_SCHEMAS);
	} else if (r->is_counter && gauge) {
		note(r, NOTE_NOT_COUNTER);
	}
	return fits;
}

/* NULL: the samples do not fit together. */
static struct pql_histogram *sampled_rise(const struct rise *r, struct pql_histogram *const *items,
										  size_t count) {
	const struct pql_histogram *first = items[0], *last = items[count - 1];
	struct pql_histogram nothing, *rise;
	int64_t schema;

	if (r->is_counter && pql_histogram_was_reset(first, items[1])) {
		nothing = (struct pql_histogram){.schema = items[1]->schema,
										 .custom_values = items[1]->custom_values,
										 .custom_count = items[1]->custom_count};
		first = &nothing;
	}
	if (!check_layouts(r, items, count, first, &schema)) {
		return NULL;
	}
	if (schema != last->schema) {
		last = pql_histogram_at_schema(last, schema, r->work);
	}
	rise = noted_minus(&r->noted, last, first);
	for (size_t i = 1; r->is_counter && rise != NULL && i < count; i++) {
		if (pql_histogram_was_reset(first, items[i])) {
			rise = noted_plus(&r->noted, rise, first);
		}
		first = items[i];
	}
	if (!r->is_counter && (!is_gauge(items[0]) || !is_gauge(items[count - 1]))) {
		note(r, NOTE_NOT_GAUGE);
	}
	return rise;
}

/* What the rise is multiplied by to cover the range: see rises_extrapolate. A histogram was at zero when its count was. */
static double extrapolation(const struct rise *r, const struct histogram_windows *h, size_t from,
							size_t last, double rise_count) {
	double sampled = (double)(h->times[last] - h->times[from]) / 1000;
	double average = sampled / (double)(last - from), threshold = average * 1.1;
	double to_start = (double)(h->times[from] - r->w->starts[r->step]) / 1000;
	double to_end = (double)(r->w->ends[r->step] - h->times[last]) / 1000;
	double first = h->items[from]->count;

	to_start = to_start >= threshold ? average / 2 : to_start;
	to_end = to_end >= threshold ? average / 2 : to_end;
	if (r->is_counter && rise_count > 0 && first >= 0) {
		double to_zero = sampled * (first / rise_count);

		to_start = to_zero < to_start ? to_zero : to_start;
	}
	return (sampled + to_start + to_end) / sampled;
}

static void extrapolated_rise(const struct rise *r) {
	const struct histogram_windows *h = r->w->histograms;
	size_t from = h->from[r->step], to = h->to[r->step];
	struct pql_histogram *rise;
	double factor;

	if (to < from + 2) {
		return;
	}
	rise = sampled_rise(r, h->items + from, to - from);
	if (rise != NULL) {
		factor = extrapolation(r, h, from, to - 1, rise->count);
		factor /= r->is_rate ? range_seconds(r) : 1;
		finish(r, pql_histogram_times(rise, factor, r->work));
	}
}

/* ---- anchored and smoothed, as Prometheus' extendedHistogramRate ---- */

static struct pql_histogram *interpolate(const struct rise *r, size_t i, ts_ms t) {
	const struct histogram_windows *w = r->w->histograms;
	struct histogram_pair p = {w->items[i], w->items[i + 1], w->times[i], w->times[i + 1]};

	return histogram_line_at(&r->noted, &p, t, r->is_counter);
}

/* Samples first … last, and what is at the ends of the range. */
struct stretched {
	size_t first, last;
	ts_ms start, end;
	bool smoothed;
	struct pql_histogram *left, *right;
};

static bool stretched_init(struct stretched *x, const struct rise *r) {
	const struct histogram_windows *w = r->w->histograms;
	size_t from = w->from[r->step], to = w->to[r->step];

	*x = (struct stretched){
		.first = from,
		.last = to - 1,
		.start = call_range_start(r->call, r->step),
		.end = call_range_end(r->call, r->step),
		.smoothed = r->call->source->mode == PQL_MODE_SMOOTHED,
	};
	while (x->first + 1 < to && w->times[x->first + 1] <= x->start) {
		x->first++;
	}
	while (x->smoothed && x->last > from && w->times[x->last - 1] >= x->end) {
		x->last--;
	}
	return w->times[x->last] > x->start && !(x->smoothed && w->times[x->first] > x->end);
}

static bool stretched_check(const struct stretched *x, const struct rise *r) {
	struct pql_histogram *const *items = r->w->histograms->items;

	for (size_t i = x->first; i <= x->last; i++) {
		if (pql_histogram_is_custom(items[i]) != pql_histogram_is_custom(items[x->first])) {
			note(r, NOTE_MIXED_SCHEMAS);
			return false;
		}
		if (r->is_counter && is_gauge(items[i])) {
			note(r, NOTE_NOT_COUNTER);
		}
	}
	return true;
}

static bool stretched_find_ends(struct stretched *x, const struct rise *r) {
	const struct histogram_windows *w = r->w->histograms;
	bool before = x->smoothed && w->times[x->first] < x->start;
	bool after = x->smoothed && x->last > w->from[r->step] && w->times[x->last] > x->end;

	x->left = before ? interpolate(r, x->first, x->start) : w->items[x->first];
	if (x->left == NULL) {
		return false;
	}
	x->right = after ? interpolate(r, x->last - 1, x->end) : w->items[x->last];
	return x->right != NULL;
}

/* Adds to the rise what the counter had before each reset. The last sample is represented by what is at the right end, and a reset
 * that the left end was interpolated over has been taken into account. */
static struct pql_histogram *correct(const struct stretched *x, const struct rise *r,
									 struct pql_histogram *rise) {
	const struct histogram_windows *w = r->w->histograms;
	const struct pql_histogram *previous = x->left;
	struct pql_histogram *correction = NULL;
	size_t i = x->first + 1;

	if (x->smoothed && w->times[x->first] < x->start &&
		pql_histogram_was_reset(w->items[x->first], w->items[i])) {
		previous = w->items[i++];
	}
	for (; i <= x->last; i++) {
		const struct pql_histogram *current = i < x->last ? w->items[i] : x->right;

		if (pql_histogram_was_reset(previous, current)) {
			correction = correction == NULL ? pql_histogram_dup(previous, r->work)
											: noted_plus(&r->noted, correction, previous);
			if (correction == NULL) {
				return NULL;
			}
		}
		previous = current;
	}
	return correction == NULL ? rise : noted_plus(&r->noted, rise, correction);
}

static void extended_rise(const struct rise *r) {
	struct pql_histogram *rise;
	struct stretched x;

	if (!stretched_init(&x, r) || !stretched_check(&x, r) || !stretched_find_ends(&x, r)) {
		return;
	}
	if (!r->is_counter && (!is_gauge(x.left) || !is_gauge(x.right))) {
		note(r, NOTE_NOT_GAUGE);
	}
	rise = noted_minus(&r->noted, x.right, x.left);
	if (rise != NULL && r->is_counter) {
		rise = correct(&x, r, rise);
	}
	if (rise != NULL && r->is_rate) {
		rise = pql_histogram_divided(rise, range_seconds(r), r->work);
	}
	if (rise != NULL) {
		finish(r, rise);
	}
}

static struct rise rise_of(struct pql_call_context *call, const struct windows *w, size_t step,
						   struct pql_row *out, bool is_counter, bool is_rate) {
	struct pql_run *run = call->frame->run;

	return (struct rise){call,    w,          step, is_counter,
						 is_rate, &run->work, out,  {run, call_arg_span(call, 0), w->labels}};
}

void rise_mixed(struct pql_call_context *call, const struct windows *w, size_t step,
				struct pql_row *out, bool is_counter, bool is_rate) {
	struct rise r = rise_of(call, w, step, out, is_counter, is_rate);

	if (w->from[step] < w->to[step]) {
		note(&r, NOTE_MIXED_SAMPLES);
	} else if (call->source->mode == PQL_MODE_PLAIN) {
		extrapolated_rise(&r);
	} else {
		extended_rise(&r);
	}
}

/* ---- the last two samples ---- */

static void instant_rise(const struct rise *r, const struct pql_histogram *before,
						 const struct pql_histogram *last, dur_ms apart) {
	const struct pql_histogram *rise = pql_histogram_compact(last, r->work);

	if (r->is_counter ? is_gauge(last) || is_gauge(before) : !is_gauge(last) || !is_gauge(before)) {
		note(r, r->is_counter ? NOTE_NOT_COUNTER : NOTE_NOT_GAUGE);
	}
	if (!r->is_counter || !pql_histogram_was_reset(before, last)) {
		rise = noted_minus(&r->noted, last, before);
	}
	if (rise != NULL && r->is_rate) {
		rise = pql_histogram_divided(rise, (double)apart / 1000, r->work);
	}
	if (rise != NULL) {
		finish(r, rise);
	}
}

void instant_mixed(struct pql_call_context *call, const struct windows *w, size_t step,
				   struct pql_row *out, bool is_rate, call_window *floats) {
	struct rise r = rise_of(call, w, step, out, is_rate, is_rate);
	const struct histogram_windows *h = w->histograms;
	size_t from = w->from[step], to = w->to[step], h_from = h->from[step], h_to = h->to[step];
	size_t taken = 0;
	double v;

	/* How many of the last two are histograms. */
	for (size_t i = 0; i < 2 && (to > from || h_to > h_from); i++) {
		bool is_float = to > from && (h_to == h_from || w->times[to - 1] > h->times[h_to - 1]);

		to -= is_float;
		h_to -= !is_float;
		taken += !is_float;
	}
	if (w->to[step] - to + taken < 2) {
		return;
	}
	if (taken == 2) {
		instant_rise(&r, h->items[h_to], h->items[h_to + 1], h->times[h_to + 1] - h->times[h_to]);
	} else if (taken == 1) {
		note(&r, NOTE_MIXED_SAMPLES);
	} else if (floats(w, from, w->to[step], &v)) {
		row_put_float(out, step, v);
	}
}
