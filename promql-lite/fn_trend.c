/* deriv, predict_linear and double_exponential_smoothing: where a gauge is going. */
#include "promql-lite/eval_private.h"

#include <math.h>

#include "promql-lite/kahan.h"

struct line {
	double slope, intercept; /* per second; value at the time asked for */
};

/* Least squares over the window, time counted from `origin`; as Prometheus' linearRegression. */
static struct line regression(const struct windows *w, size_t from, size_t to, ts_ms origin) {
	struct kahan x = {0}, y = {0}, xy = {0}, x2 = {0};
	double n = (double)(to - from), first = w->values[from], slope, covariance, variance;
	bool constant = true;

	for (size_t i = from; i < to; i++) {
		double seconds = (double)(w->times[i] - origin) / 1e3;

		constant = constant && (i == from || w->values[i] == first);
		kahan_add(&x, seconds);
		kahan_add(&y, w->values[i]);
		kahan_add(&xy, seconds * w->values[i]);
		kahan_add(&x2, seconds * seconds);
	}
	if (constant) {
		return isinf(first) ? (struct line){NAN, NAN} : (struct line){0, first};
	}
	covariance = (xy.sum + xy.c) - (x.sum + x.c) * (y.sum + y.c) / n;
	variance = (x2.sum + x2.c) - (x.sum + x.c) * (x.sum + x.c) / n;
	slope = covariance / variance;
	return (struct line){slope, (y.sum + y.c) / n - slope * (x.sum + x.c) / n};
}

static bool deriv_window(const struct windows *w, size_t from, size_t to, double *ret) {
	if (to < from + 2) {
		return false;
	}
	*ret = regression(w, from, to, w->times[from]).slope;
	return true;
}

static void deriv_series(struct pql_call_context *call, const struct windows *w,
						 struct pql_row *out) {
	call_over_windows(call, w, out, deriv_window);
}

void fn_deriv(struct pql_call_context *call) {
	call_over_series(call, false, deriv_series);
}

/* Counted from the time of evaluation, whatever offset or @ say. */
static void predict_linear_series(struct pql_call_context *call, const struct windows *w,
								  struct pql_row *out) {
	for (size_t k = 0; k < call->frame->steps; k++) {
		struct line line;

		if (w->to[k] < w->from[k] + 2) {
			continue;
		}
		line = regression(w, w->from[k], w->to[k], frame_time(call->frame, k));
		out->values[k] = line.slope * call->values[1].scalars[k] + line.intercept;
		out->present[k] = 1;
	}
}

void fn_predict_linear(struct pql_call_context *call) {
	call_over_series(call, false, predict_linear_series);
}

/* Holt's linear method: `sf` weighs the newest value, `tf` the newest trend. */
static double smooth_window(const struct windows *w, size_t from, size_t to, double sf, double tf) {
	double previous = 0, smoothed = w->values[from];
	double trend = w->values[from + 1] - w->values[from];

	for (size_t i = from + 1; i < to; i++) {
		double next;

		if (i > from + 1) {
			trend = tf * (smoothed - previous) + (1 - tf) * trend;
		}
		next = sf * w->values[i] + (1 - sf) * (smoothed + trend);
		previous = smoothed;
		smoothed = next;
	}
	return smoothed;
}

static bool check_factor(struct pql_call_context *call, const char *name, const char *sign,
						 double v) {
	if (v > 0 && v < 1) {
		return true;
	}
	if (isnan(v)) { /* compares as neither too small nor too large */
		return true;
	}
	return eval_fail(call->frame->run, call->node->span,
					 "invalid %s factor. Expected: 0 < %s < 1, got: %f", name, sign, v);
}

static void smoothing_series(struct pql_call_context *call, const struct windows *w,
							 struct pql_row *out) {
	for (size_t k = 0; k < call->frame->steps; k++) {
		double sf = call->values[1].scalars[k], tf = call->values[2].scalars[k];

		if (w->from[k] == w->to[k]) {
			continue;
		}
		if (!check_factor(call, "smoothing", "sf", sf) || !check_factor(call, "trend", "tf", tf)) {
			return;
		}
		if (w->to[k] < w->from[k] + 2) {
			continue;
		}
		out->values[k] = smooth_window(w, w->from[k], w->to[k], sf, tf);
		out->present[k] = 1;
	}
}

void fn_double_exponential_smoothing(struct pql_call_context *call) {
	call_over_series(call, false, smoothing_series);
}
