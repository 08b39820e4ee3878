/* resets() and changes(): how often something happened within a window. */
#include "promql-lite/eval_private.h"

#include <math.h>

/* With `anchored` the last sample at or before the start of the range takes part, but none before it.
 * false: nothing after the start. */
static bool first_sample(const struct pql_call_context *call, const struct windows *w, size_t step,
						 size_t *ret) {
	ts_ms start = call_range_start(call, step);
	size_t from = w->from[step], to = w->to[step];

	if (call->source->mode == PQL_MODE_ANCHORED) {
		if (from < to && w->times[to - 1] <= start) {
			return false;
		}
		while (from + 1 < to && w->times[from + 1] <= start) {
			from++;
		}
	}
	*ret = from;
	return from < to;
}

typedef bool counts_between(double previous, double current);

/* Per sample how often it had happened by then: what a window has is the difference of two of these numbers. */
static void count_so_far(const struct windows *w, counts_between *counts) {
	size_t n = 0;

	for (size_t i = 0; i < w->count; i++) {
		n += i > 0 && counts(w->values[i - 1], w->values[i]);
		w->queue[i] = n;
	}
}

static void count_series(struct pql_call_context *call, const struct windows *w,
						 struct pql_row *out, counts_between *counts) {
	count_so_far(w, counts);
	for (size_t k = 0; k < call->frame->steps; k++) {
		size_t from;

		if (first_sample(call, w, k, &from)) {
			out->values[k] = (double)(w->queue[w->to[k] - 1] - w->queue[from]);
			out->present[k] = 1;
		}
	}
}

static bool is_reset(double previous, double current) {
	return current < previous;
}

static bool is_change(double previous, double current) {
	return current != previous && !(isnan(current) && isnan(previous));
}

static void resets_series(struct pql_call_context *call, const struct windows *w,
						  struct pql_row *out) {
	count_series(call, w, out, is_reset);
}

static void changes_series(struct pql_call_context *call, const struct windows *w,
						   struct pql_row *out) {
	count_series(call, w, out, is_change);
}

void fn_resets(struct pql_call_context *call) {
	call_over_series(call, false, resets_series);
}

void fn_changes(struct pql_call_context *call) {
	call_over_series(call, false, changes_series);
}
