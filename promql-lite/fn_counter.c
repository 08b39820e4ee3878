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

/* ---- windows with histograms ---- */

/* The samples of a window in the order of time. */
struct walk {
	const struct windows *w;
	size_t at, to;                     /* of the floats */
	size_t histogram_at, histogram_to; /* of the histograms */
};

static bool walk_next(struct walk *x, double *ret_value, struct pql_histogram **ret_histogram) {
	bool floats = x->at < x->to, histograms = x->histogram_at < x->histogram_to;

	if (floats && histograms) {
		floats = x->w->times[x->at] < x->w->histograms->times[x->histogram_at];
	}
	*ret_histogram = floats || !histograms ? NULL : x->w->histograms->items[x->histogram_at++];
	*ret_value = floats ? x->w->values[x->at++] : 0;
	return floats || histograms;
}

/* The sample at or before the start of the range that is the newest of both kinds takes part, and none before it. false: nothing is
 * after the start. */
static bool walk_from_anchor(struct walk *x, ts_ms start) {
	const ts_ms *times = x->w->times, *others = x->w->histograms->times;
	size_t at = x->at, other = x->histogram_at;

	while (at < x->to && times[at] <= start) {
		at++;
	}
	while (other < x->histogram_to && others[other] <= start) {
		other++;
	}
	if (at == x->to && other == x->histogram_to) {
		return false;
	}
	if (at > x->at && (other == x->histogram_at || times[at - 1] >= others[other - 1])) {
		at--;
	} else if (other > x->histogram_at) {
		other--;
	}
	x->at = at;
	x->histogram_at = other;
	return true;
}

static bool walk_init(struct walk *x, const struct pql_call_context *call, const struct windows *w,
					  size_t step) {
	*x = (struct walk){w, w->from[step], w->to[step], w->histograms->from[step],
					   w->histograms->to[step]};
	return call->source->mode != PQL_MODE_ANCHORED ||
		   walk_from_anchor(x, call_range_start(call, step));
}

/* From one kind to the other something has always happened. */
static void count_mixed(struct pql_call_context *call, const struct windows *w, size_t step,
						struct pql_row *out, counts_between *floats,
						bool (*histograms)(const struct pql_histogram *before,
										   const struct pql_histogram *after)) {
	struct pql_histogram *h, *previous_h;
	double v, previous;
	size_t n = 0;
	struct walk x;

	if (!walk_init(&x, call, w, step) || !walk_next(&x, &previous, &previous_h)) {
		return;
	}
	while (walk_next(&x, &v, &h)) {
		if (h != NULL && previous_h != NULL) {
			n += histograms(previous_h, h);
		} else {
			n += h != previous_h || floats(previous, v);
		}
		previous = v;
		previous_h = h;
	}
	row_put_float(out, step, (double)n);
}

static bool histogram_changed(const struct pql_histogram *before,
							  const struct pql_histogram *after) {
	return !pql_histogram_equal(before, after);
}

static void resets_mixed(struct pql_call_context *call, const struct windows *w, size_t step,
						 struct pql_row *out) {
	count_mixed(call, w, step, out, is_reset, pql_histogram_was_reset);
}

static void changes_mixed(struct pql_call_context *call, const struct windows *w, size_t step,
						  struct pql_row *out) {
	count_mixed(call, w, step, out, is_change, histogram_changed);
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
	call_over_mixed_series(call, false, resets_series, resets_mixed);
}

void fn_changes(struct pql_call_context *call) {
	call_over_mixed_series(call, false, changes_series, changes_mixed);
}
