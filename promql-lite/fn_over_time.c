/* <aggregation>_over_time: one number out of each window. Order and rounding are those of Prometheus. Sums and means stand in
 * fn_sum_over_time.c, deviations in fn_stddev_over_time.c. */
#include "promql-lite/eval_private.h"

#include <math.h>

static bool count_window(const struct windows *w, size_t from, size_t to, double *ret) {
	(void)w;
	*ret = (double)(to - from);
	return true;
}

static bool present_window(const struct windows *w, size_t from, size_t to, double *ret) {
	(void)w, (void)from, (void)to;
	*ret = 1;
	return true;
}

static bool first_window(const struct windows *w, size_t from, size_t to, double *ret) {
	(void)to;
	*ret = w->values[from];
	return true;
}

static bool last_window(const struct windows *w, size_t from, size_t to, double *ret) {
	(void)from;
	*ret = w->values[to - 1];
	return true;
}

static bool ts_of_first_window(const struct windows *w, size_t from, size_t to, double *ret) {
	(void)to;
	*ret = (double)w->times[from] / 1000;
	return true;
}

static bool ts_of_last_window(const struct windows *w, size_t from, size_t to, double *ret) {
	(void)from;
	/* Not before 1970, where Prometheus starts looking. */
	*ret = (double)(w->times[to - 1] > 0 ? w->times[to - 1] : 0) / 1000;
	return true;
}

/* Time of the last of the greatest; NaN counts only if there is nothing else. */
static bool ts_of_max_window(const struct windows *w, size_t from, size_t to, double *ret) {
	size_t best = from;

	for (size_t i = from; i < to; i++) {
		if (w->values[i] >= w->values[best] || isnan(w->values[best])) {
			best = i;
		}
	}
	*ret = (double)w->times[best] / 1000;
	return true;
}

static bool ts_of_min_window(const struct windows *w, size_t from, size_t to, double *ret) {
	size_t best = from;

	for (size_t i = from; i < to; i++) {
		if (w->values[i] <= w->values[best] || isnan(w->values[best])) {
			best = i;
		}
	}
	*ret = (double)w->times[best] / 1000;
	return true;
}

/* Median of the distances from the median. */
static bool mad_window(const struct windows *w, size_t from, size_t to, double *ret) {
	size_t count = to - from;
	double median;

	for (size_t i = 0; i < count; i++) {
		w->scratch[i] = w->values[from + i];
		if (isnan(w->scratch[i])) {
			*ret = NAN;
			return true;
		}
	}
	median = quantile_of(0.5, w->scratch, count);
	for (size_t i = 0; i < count; i++) {
		w->scratch[i] = fabs(w->scratch[i] - median);
	}
	*ret = quantile_of(0.5, w->scratch, count);
	return true;
}

/* ---- windows with histograms ---- */

static void count_mixed(struct pql_call_context *call, const struct windows *w, size_t step,
						struct pql_row *out) {
	const struct histogram_windows *h = w->histograms;
	size_t floats = w->to[step] - w->from[step];

	(void)call;
	row_put_float(out, step, (double)(floats + h->to[step] - h->from[step]));
}

static void present_mixed(struct pql_call_context *call, const struct windows *w, size_t step,
						  struct pql_row *out) {
	(void)call, (void)w;
	row_put_float(out, step, 1);
}

/* The time of the first sample, and whether it is a float. */
static ts_ms first_of(const struct windows *w, size_t step, bool *ret_is_float) {
	ts_ms t = w->histograms->times[w->histograms->from[step]];

	*ret_is_float = w->from[step] < w->to[step] && w->times[w->from[step]] < t;
	return *ret_is_float ? w->times[w->from[step]] : t;
}

static ts_ms last_of(const struct windows *w, size_t step, bool *ret_is_float) {
	ts_ms t = w->histograms->times[w->histograms->to[step] - 1];

	*ret_is_float = w->from[step] < w->to[step] && w->times[w->to[step] - 1] > t;
	return *ret_is_float ? w->times[w->to[step] - 1] : t;
}

static void first_mixed(struct pql_call_context *call, const struct windows *w, size_t step,
						struct pql_row *out) {
	bool is_float;

	first_of(w, step, &is_float);
	if (is_float) {
		row_put_float(out, step, w->values[w->from[step]]);
	} else {
		row_put_histogram(call->frame, out, step, w->histograms->items[w->histograms->from[step]]);
	}
}

static void last_mixed(struct pql_call_context *call, const struct windows *w, size_t step,
					   struct pql_row *out) {
	bool is_float;

	last_of(w, step, &is_float);
	if (is_float) {
		row_put_float(out, step, w->values[w->to[step] - 1]);
	} else {
		row_put_histogram(call->frame, out, step,
						  w->histograms->items[w->histograms->to[step] - 1]);
	}
}

static void ts_of_first_mixed(struct pql_call_context *call, const struct windows *w, size_t step,
							  struct pql_row *out) {
	bool is_float;

	(void)call;
	row_put_float(out, step, (double)first_of(w, step, &is_float) / 1000);
}

static void ts_of_last_mixed(struct pql_call_context *call, const struct windows *w, size_t step,
							 struct pql_row *out) {
	bool is_float;
	ts_ms t = last_of(w, step, &is_float);

	(void)call;
	row_put_float(out, step, (double)(t > 0 ? t : 0) / 1000);
}

/* name, whether the metric name stays, what is done with windows that have histograms */
#define OVER_TIME(X)                                                                               \
	X(count, false, count_mixed)                                                                   \
	X(present, false, present_mixed)                                                               \
	X(first, true, first_mixed)                                                                    \
	X(last, true, last_mixed)                                                                      \
	X(ts_of_first, false, ts_of_first_mixed)                                                       \
	X(ts_of_last, false, ts_of_last_mixed)                                                         \
	X(ts_of_max, false, NULL)                                                                      \
	X(ts_of_min, false, NULL)                                                                      \
	X(mad, false, NULL)

#define BODY(name, keep_names, mixed)                                                              \
	static void name##_series(struct pql_call_context *call, const struct windows *w,              \
							  struct pql_row *out) {                                               \
		call_over_windows(call, w, out, name##_window);                                            \
	}                                                                                              \
	void fn_##name##_over_time(struct pql_call_context *call) {                                    \
		call_over_mixed_series(call, keep_names, name##_series, mixed);                            \
	}
OVER_TIME(BODY)

/* ---- max and min: a queue of the samples that can still become the greatest ---- */

/* The greatest that comes first, `best` before all others; NaN only when there is nothing else. */
static double extreme_in_order(const double *values, size_t count, double sign, double best) {
	for (size_t i = 0; i < count; i++) {
		if (isnan(best) || sign * values[i] > sign * best) {
			best = values[i];
		}
	}
	return best;
}

/* The same in four lanes, which know nothing of order and of what is no more than -Inf. */
static double extreme_of(const double *values, size_t count, double sign, double best) {
	double lane[4] = {-INFINITY, -INFINITY, -INFINITY, -INFINITY}, most;
	size_t i = 0;

	for (; i + 4 <= count; i += 4) {
		for (size_t j = 0; j < 4; j++) {
			double v = sign * values[i + j];

			lane[j] = v > lane[j] ? v : lane[j];
		}
	}
	most = fmax(fmax(lane[0], lane[1]), fmax(lane[2], lane[3]));
	if (most == 0 || most == -INFINITY) {
		i = 0;
	} else {
		best = isnan(best) || most > sign * best ? sign * most : best;
	}
	return extreme_in_order(values + i, count - i, sign, best);
}

/* The queue holds indices of falling values (for the maximum); its head is the answer. Each sample enters and leaves it once. The
 * last window needs none: after it nobody asks. */
static void extreme_series(struct pql_call_context *call, const struct windows *w,
						   struct pql_row *out, double sign) {
	size_t head = 0, tail = 0, next = 0, last = call->frame->steps - 1;

	for (size_t k = 0; k < last; k++) {
		for (; next < w->to[k]; next++) {
			if (isnan(w->values[next])) {
				continue;
			}
			while (tail > head && sign * w->values[w->queue[tail - 1]] < sign * w->values[next]) {
				tail--;
			}
			w->queue[tail++] = next;
		}
		while (head < tail && w->queue[head] < w->from[k]) {
			head++;
		}
		if (w->from[k] < w->to[k]) {
			out->present[k] = 1;
			out->values[k] = head < tail ? w->values[w->queue[head]] : NAN;
		}
	}
	while (head < tail && w->queue[head] < w->from[last]) {
		head++;
	}
	if (w->from[last] < w->to[last]) {
		next = next > w->from[last] ? next : w->from[last];
		out->present[last] = 1;
		out->values[last] = extreme_of(w->values + next, w->to[last] - next, sign,
									   head < tail ? w->values[w->queue[head]] : NAN);
	}
}

static void max_series(struct pql_call_context *call, const struct windows *w,
					   struct pql_row *out) {
	extreme_series(call, w, out, 1);
}

static void min_series(struct pql_call_context *call, const struct windows *w,
					   struct pql_row *out) {
	extreme_series(call, w, out, -1);
}

void fn_max_over_time(struct pql_call_context *call) {
	call_over_series(call, false, max_series);
}

void fn_min_over_time(struct pql_call_context *call) {
	call_over_series(call, false, min_series);
}

/* ---- quantile_over_time ---- */

static void quantile_series(struct pql_call_context *call, const struct windows *w,
							struct pql_row *out) {
	for (size_t k = 0; k < call->frame->steps; k++) {
		size_t count = w->to[k] - w->from[k];
		double q = call->values[0].scalars[k];

		if (count == 0) {
			continue;
		}
		memcpy(w->scratch, w->values + w->from[k], count * sizeof(*w->scratch));
		out->values[k] = quantile_of(q, w->scratch, count);
		out->present[k] = 1;
		note_bad_quantile(call->frame->run, q, call_arg_span(call, 0));
	}
}

void fn_quantile_over_time(struct pql_call_context *call) {
	call_over_series(call, false, quantile_series);
}
