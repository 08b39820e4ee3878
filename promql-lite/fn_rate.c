/* rate, increase, delta, irate, idelta, and their anchored and smoothed forms. */
#include "promql-lite/eval_private.h"

/* The samples before which a counter was reset, for windows that only move forward: [first, end) of `at` are in the window. */
struct resets {
	size_t *at; /* all of the series, rising */
	size_t count, first, end;
};

static void resets_init(struct resets *r, const struct windows *w, bool is_counter) {
	*r = (struct resets){.at = w->queue};
	for (size_t i = 1; is_counter && i < w->count; i++) {
		if (w->values[i] < w->values[i - 1]) {
			r->at[r->count++] = i;
		}
	}
}

/* The rise between the first and the last sample of a window; for a counter, what it had before each reset comes on top. */
static double window_rise(const struct windows *w, size_t from, size_t to, struct resets *r) {
	double rise = w->values[to - 1] - w->values[from];

	while (r->end < r->count && r->at[r->end] < to) {
		r->end++;
	}
	while (r->first < r->end && r->at[r->first] <= from) {
		r->first++;
	}
	for (size_t i = r->first; i < r->end; i++) {
		rise += w->values[r->at[i] - 1];
	}
	return rise;
}

/* Some windows at a time, a number in each column: the arithmetic then runs over columns, and the compiler makes that several
 * windows per instruction. */
#define BLOCK 64

struct rises {
	size_t count;
	size_t step[BLOCK];
	double rise[BLOCK];
	double first[BLOCK]; /* value */
	double to_start[BLOCK],
		to_end[BLOCK];     /* milliseconds from the samples to the ends of the range */
	double sampled[BLOCK]; /* milliseconds between first and last sample */
	double gaps[BLOCK];    /* number of samples less one */
};

static void rises_add(struct rises *r, const struct windows *w, size_t step, double rise) {
	size_t i = r->count++, from = w->from[step], last = w->to[step] - 1;

	r->step[i] = step;
	r->rise[i] = rise;
	r->first[i] = w->values[from];
	r->to_start[i] = (double)(w->times[from] - w->starts[step]);
	r->to_end[i] = (double)(w->ends[step] - w->times[last]);
	r->sampled[i] = (double)(w->times[last] - w->times[from]);
	r->gaps[i] = (double)(last - from);
}

/* Stretches the rises between samples to cover the range, as Prometheus' extrapolatedRate: up to the range's ends if those are not
 * much farther away than the next sample would be, else by half a sample distance; and a counter not below zero.
 * `seconds` is what the result is divided by. */
static void rises_extrapolate(struct rises *r, bool is_counter, bool is_rate, double seconds) {
	for (size_t i = 0; i < r->count; i++) {
		double sampled = r->sampled[i] / 1000, average = sampled / r->gaps[i];
		double to_start = r->to_start[i] / 1000, to_end = r->to_end[i] / 1000;
		double threshold = average * 1.1, half = average / 2, first = r->first[i];
		double to_zero = sampled * (first / r->rise[i]), factor;

		to_start = to_start >= threshold ? half : to_start;
		to_end = to_end >= threshold ? half : to_end;
		to_zero = to_zero < to_start ? to_zero : to_start;
		to_zero = first >= 0 ? to_zero : to_start;
		to_zero = r->rise[i] > 0 ? to_zero : to_start;
		to_start = is_counter ? to_zero : to_start;
		factor = (sampled + to_start + to_end) / sampled;
		r->rise[i] *= is_rate ? factor / seconds : factor;
	}
}

static void rises_finish(struct rises *r, bool is_counter, bool is_rate, double seconds,
						 struct pql_row *out) {
	rises_extrapolate(r, is_counter, is_rate, seconds);
	for (size_t i = 0; i < r->count; i++) {
		out->values[r->step[i]] = r->rise[i];
		out->present[r->step[i]] = 1;
	}
	r->count = 0;
}

static void extrapolated_series(struct pql_call_context *call, const struct windows *w,
								struct pql_row *out, bool is_counter, bool is_rate) {
	double seconds = (double)call->source->range / 1000;
	struct resets resets;
	struct rises rises;

	rises.count = 0;
	resets_init(&resets, w, is_counter);
	for (size_t k = 0; k < call->frame->steps; k++) {
		size_t from = w->from[k], to = w->to[k];

		if (to < from + 2) {
			continue;
		}
		rises_add(&rises, w, k, window_rise(w, from, to, &resets));
		if (rises.count == BLOCK) {
			rises_finish(&rises, is_counter, is_rate, seconds, out);
		}
	}
	rises_finish(&rises, is_counter, is_rate, seconds, out);
}

/* ---- anchored and smoothed, as Prometheus' extendedRate ---- */

/* On the line between sample i and the next. A counter that was reset between them starts from zero. */
static double interpolate(const struct windows *w, size_t i, ts_ms t, bool is_counter) {
	double y1 = w->values[i], y2 = w->values[i + 1];

	if (is_counter && y2 < y1) {
		y1 = 0;
	}
	return line_at(w->times[i], y1, w->times[i + 1], y2, t);
}

static double reset_correction(const struct windows *w, double left, double right, size_t from,
							   size_t to) {
	double correction = 0, previous = left;

	for (size_t i = from; i < to; i++) {
		if (w->values[i] < previous) {
			correction += previous;
		}
		previous = w->values[i];
	}
	return right < previous ? correction + previous : correction;
}

static bool extended_rise(const struct windows *w, size_t from, size_t to, ts_ms start, ts_ms end,
						  bool smoothed, bool is_counter, double *ret) {
	size_t first = from, last = to - 1;
	double left, right;

	while (first + 1 < to && w->times[first + 1] <= start) {
		first++;
	}
	while (smoothed && last > from && w->times[last - 1] >= end) {
		last--;
	}
	if (w->times[last] <= start || (smoothed && w->times[first] > end)) {
		return false;
	}
	left = smoothed && w->times[first] < start ? interpolate(w, first, start, is_counter)
											   : w->values[first];
	right = smoothed && last > from && w->times[last] > end
				? interpolate(w, last - 1, end, is_counter)
				: w->values[last];
	*ret = right - left;
	if (is_counter) {
		size_t after_first = w->times[first] <= start ? first + 1 : first;
		size_t behind_last = w->times[last] >= end ? last : last + 1;

		*ret += reset_correction(w, left, right, after_first, behind_last);
	}
	return true;
}

static void extended_series(struct pql_call_context *call, const struct windows *w,
							struct pql_row *out, bool is_counter, bool is_rate) {
	bool smoothed = call->source->mode == PQL_MODE_SMOOTHED;

	for (size_t k = 0; k < call->frame->steps; k++) {
		if (w->from[k] < w->to[k] &&
			extended_rise(w, w->from[k], w->to[k], call_range_start(call, k),
						  call_range_end(call, k), smoothed, is_counter, &out->values[k])) {
			out->present[k] = 1;
			out->values[k] /= is_rate ? (double)call->source->range / 1000 : 1;
		}
	}
}

/* ---- the functions ---- */

/* The series before has mostly the same name: then everything has been said, if it was about floats. */
static bool is_named_as_before(const struct pql_value *v, struct str name) {
	const struct pql_row *before = v->row_count > 1 ? &v->rows[v->row_count - 2] : NULL;

	return before != NULL && before->histograms == NULL &&
		   str_equal(labels_get(before->labels, LABEL_NAME), name);
}

static void warn_unless_counter(struct pql_call_context *call, struct labels labels) {
	static const struct str endings[] = {{"_total", 6}, {"_sum", 4}, {"_count", 6}, {"_bucket", 7}};
	struct str name = labels_get(labels, LABEL_NAME);
	struct strbuf b = STRBUF_INIT;

	if (is_named_as_before(call->ret, name)) {
		return;
	}
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (name.len == 0 || str_ends_with(name, endings[i])) {
			return;
		}
	}
	strbuf_add_quoted(&b, name);
	note_add(call->frame->run, false, call_arg_span(call, 0),
			 "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: %s",
			 b.ptr);
	strbuf_finish(&b);
}

static void rise_series(struct pql_call_context *call, const struct windows *w, struct pql_row *out,
						bool is_counter, bool is_rate) {
	if (call->source->mode == PQL_MODE_PLAIN) {
		extrapolated_series(call, w, out, is_counter, is_rate);
	} else {
		extended_series(call, w, out, is_counter, is_rate);
	}
	if (is_counter && row_any(out, call->frame->steps)) {
		warn_unless_counter(call, w->labels);
	}
}

static void rate_series(struct pql_call_context *call, const struct windows *w,
						struct pql_row *out) {
	rise_series(call, w, out, true, true);
}

static void increase_series(struct pql_call_context *call, const struct windows *w,
							struct pql_row *out) {
	rise_series(call, w, out, true, false);
}

static void delta_series(struct pql_call_context *call, const struct windows *w,
						 struct pql_row *out) {
	rise_series(call, w, out, false, false);
}

static void rate_mixed(struct pql_call_context *call, const struct windows *w, size_t step,
					   struct pql_row *out) {
	rise_mixed(call, w, step, out, true, true);
}

static void increase_mixed(struct pql_call_context *call, const struct windows *w, size_t step,
						   struct pql_row *out) {
	rise_mixed(call, w, step, out, true, false);
}

static void delta_mixed(struct pql_call_context *call, const struct windows *w, size_t step,
						struct pql_row *out) {
	rise_mixed(call, w, step, out, false, false);
}

/* The last two samples. After a counter reset the last one counts from zero. */
static bool irate_window(const struct windows *w, size_t from, size_t to, double *ret) {
	double rise;

	if (to < from + 2) {
		return false;
	}
	rise = w->values[to - 1];
	if (!(w->values[to - 1] < w->values[to - 2])) {
		rise -= w->values[to - 2];
	}
	*ret = rise / ((double)(w->times[to - 1] - w->times[to - 2]) / 1000);
	return true;
}

static bool idelta_window(const struct windows *w, size_t from, size_t to, double *ret) {
	if (to < from + 2) {
		return false;
	}
	*ret = w->values[to - 1] - w->values[to - 2];
	return true;
}

static void irate_series(struct pql_call_context *call, const struct windows *w,
						 struct pql_row *out) {
	call_over_windows(call, w, out, irate_window);
}

static void idelta_series(struct pql_call_context *call, const struct windows *w,
						  struct pql_row *out) {
	call_over_windows(call, w, out, idelta_window);
}

static void irate_mixed(struct pql_call_context *call, const struct windows *w, size_t step,
						struct pql_row *out) {
	instant_mixed(call, w, step, out, true, irate_window);
}

static void idelta_mixed(struct pql_call_context *call, const struct windows *w, size_t step,
						 struct pql_row *out) {
	instant_mixed(call, w, step, out, false, idelta_window);
}

void fn_rate(struct pql_call_context *call) {
	call_over_mixed_series(call, false, rate_series, rate_mixed);
}

void fn_increase(struct pql_call_context *call) {
	call_over_mixed_series(call, false, increase_series, increase_mixed);
}

void fn_delta(struct pql_call_context *call) {
	call_over_mixed_series(call, false, delta_series, delta_mixed);
}

void fn_irate(struct pql_call_context *call) {
	call_over_mixed_series(call, false, irate_series, irate_mixed);
}

void fn_idelta(struct pql_call_context *call) {
	call_over_mixed_series(call, false, idelta_series, idelta_mixed);
}
