/* deriv, predict_linear and double_exponential_smoothing: where a gauge is going. */
#include "promql-lite/eval_private.h"

#include <math.h>

#include "promql-lite/kahan.h"

struct line {
	double slope, intercept; /* per second; value at the time asked for */
};

/* Sums over a window, time counted in seconds from an origin. */
enum { X, Y, XY, X2, MOMENTS };
struct moments {
	double sum[MOMENTS], c[MOMENTS];
};

static inline double total(const struct moments *m, size_t j) {
	return m->sum[j] + m->c[j];
}

/* Two numbers per instruction, where the processor has such instructions. */
typedef double pair __attribute__((vector_size(16)));

/* As kahan_add_finite. */
static inline void pair_add(pair *sum, pair *c, pair v) {
	pair t = *sum + v, from_v = t - *sum;

	*c += (*sum - (t - from_v)) + (v - from_v);
	*sum = t;
}

static struct moments moments_of(const struct windows *w, size_t from, size_t to, ts_ms origin) {
	pair first = {0}, first_c = {0}, second = {0}, second_c = {0};

	for (size_t i = from; i < to; i++) {
		double seconds = (double)(w->times[i] - origin) / 1e3, y = w->values[i];

		pair_add(&first, &first_c, (pair){seconds, y});
		pair_add(&second, &second_c, (pair){seconds * y, seconds * seconds});
	}
	return (struct moments){
		.sum = {first[0], first[1], second[0], second[1]},
		.c = {first_c[0], first_c[1], second_c[0], second_c[1]},
	};
}

/* With numbers among the samples that are not finite. */
static struct moments moments_of_odd(const struct windows *w, size_t from, size_t to,
									 ts_ms origin) {
	struct kahan k[MOMENTS] = {0};
	struct moments m;

	for (size_t i = from; i < to; i++) {
		double seconds = (double)(w->times[i] - origin) / 1e3, y = w->values[i];

		kahan_add(&k[X], seconds);
		kahan_add(&k[Y], y);
		kahan_add(&k[XY], seconds * y);
		kahan_add(&k[X2], seconds * seconds);
	}
	for (size_t j = 0; j < MOMENTS; j++) {
		m.sum[j] = k[j].sum;
		m.c[j] = k[j].c;
	}
	return m;
}

static bool is_constant(const struct windows *w, size_t from, size_t to) {
	for (size_t i = from + 1; i < to; i++) {
		if (w->values[i] != w->values[from]) {
			return false;
		}
	}
	return true;
}

/* Least squares over the window, as Prometheus' linearRegression. */
static struct line regression(const struct windows *w, size_t from, size_t to, ts_ms origin) {
	double n = (double)(to - from), first = w->values[from], slope, x, y;
	struct moments m;

	if (is_constant(w, from, to)) {
		return isinf(first) ? (struct line){NAN, NAN} : (struct line){0, first};
	}
	m = moments_of(w, from, to, origin);
	if (!isfinite(total(&m, Y)) || !isfinite(total(&m, XY))) {
		m = moments_of_odd(w, from, to, origin);
	}
	x = total(&m, X);
	y = total(&m, Y);
	slope = (total(&m, XY) - x * y / n) / (total(&m, X2) - x * x / n);
	return (struct line){slope, y / n - slope * x / n};
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

/* Holt's linear method: `sf` weighs the newest value, `tf` the newest trend. Each value waits for the one before it, which leaves
 * the processor idle most of the time; so several windows are run through side by side. */
#define LANES 8

struct lane {
	const double *values; /* of the window */
	size_t count, step;
	double sf, tf;
};

/* One number per lane. */
struct lanes {
	double smoothed[LANES], previous[LANES], trend[LANES];
};

static void smooth_start(const struct lane *lanes, struct lanes *x) {
	for (size_t j = 0; j < LANES; j++) {
		const double *values = lanes[j].values;

		x->trend[j] = values[1] - values[0];
		x->previous[j] = values[0];
		x->smoothed[j] = lanes[j].sf * values[1] + (1 - lanes[j].sf) * (values[0] + x->trend[j]);
	}
}

static void smooth_value(struct lanes *x, const struct lane *lane, size_t j, size_t i) {
	double next;

	x->trend[j] = lane->tf * (x->smoothed[j] - x->previous[j]) + (1 - lane->tf) * x->trend[j];
	next = lane->sf * lane->values[i] + (1 - lane->sf) * (x->smoothed[j] + x->trend[j]);
	x->previous[j] = x->smoothed[j];
	x->smoothed[j] = next;
}

/* As many values as all of the windows have. */
static size_t smooth_together(struct lanes *x, const struct lane *lanes) {
	struct lanes y = *x;
	double sf[LANES], tf[LANES], values[LANES];
	size_t count = lanes[0].count;

	for (size_t j = 0; j < LANES; j++) {
		count = lanes[j].count < count ? lanes[j].count : count;
		sf[j] = lanes[j].sf;
		tf[j] = lanes[j].tf;
	}
	for (size_t i = 2; i < count; i++) {
		for (size_t j = 0; j < LANES; j++) {
			values[j] = lanes[j].values[i];
		}
		for (size_t j = 0; j < LANES; j++) {
			double trend = tf[j] * (y.smoothed[j] - y.previous[j]) + (1 - tf[j]) * y.trend[j];
			double next = sf[j] * values[j] + (1 - sf[j]) * (y.smoothed[j] + trend);

			y.trend[j] = trend;
			y.previous[j] = y.smoothed[j];
			y.smoothed[j] = next;
		}
	}
	*x = y;
	return count;
}

static void smooth_windows(struct lane *lanes, size_t count, struct pql_row *out) {
	struct lanes x;
	size_t done;

	for (size_t j = count; j < LANES; j++) {
		lanes[j] = lanes[0];
	}
	smooth_start(lanes, &x);
	done = count > 1 ? smooth_together(&x, lanes) : 2;
	for (size_t j = 0; j < count; j++) {
		for (size_t i = done; i < lanes[j].count; i++) {
			smooth_value(&x, &lanes[j], j, i);
		}
		out->values[lanes[j].step] = x.smoothed[j];
		out->present[lanes[j].step] = 1;
	}
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

static bool check_factors(struct pql_call_context *call, size_t step) {
	return check_factor(call, "smoothing", "sf", call->values[1].scalars[step]) &&
		   check_factor(call, "trend", "tf", call->values[2].scalars[step]);
}

static struct lane lane_at(const struct pql_call_context *call, const struct windows *w,
						   size_t step) {
	return (struct lane){w->values + w->from[step], w->to[step] - w->from[step], step,
						 call->values[1].scalars[step], call->values[2].scalars[step]};
}

static void smoothing_series(struct pql_call_context *call, const struct windows *w,
							 struct pql_row *out) {
	struct lane lanes[LANES];
	size_t used = 0;

	for (size_t k = 0; k < call->frame->steps; k++) {
		size_t count = w->to[k] - w->from[k];

		if (count > 0 && !check_factors(call, k)) {
			return;
		}
		if (count < 2) {
			continue;
		}
		lanes[used++] = lane_at(call, w, k);
		if (used == LANES) {
			smooth_windows(lanes, used, out);
			used = 0;
		}
	}
	if (used > 0) {
		smooth_windows(lanes, used, out);
	}
}

/* The factors are looked at wherever there is a sample, of whatever kind; then histograms are passed over. */
static void smoothing_mixed(struct pql_call_context *call, const struct windows *w, size_t step,
							struct pql_row *out) {
	struct lane lanes[LANES] = {lane_at(call, w, step)};

	if (!check_factors(call, step) || lanes[0].count == 0) {
		return;
	}
	note_add_metric(call->frame->run, NOTE_HISTOGRAMS_IGNORED, call_arg_span(call, 0), w->labels);
	if (lanes[0].count > 1) {
		smooth_windows(lanes, 1, out);
	}
}

void fn_double_exponential_smoothing(struct pql_call_context *call) {
	call_over_mixed_series(call, false, smoothing_series, smoothing_mixed);
}
