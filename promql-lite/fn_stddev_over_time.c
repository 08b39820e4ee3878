/* stdvar_over_time and stddev_over_time: Welford's method with compensated sums. Each sample waits for the one before it, which
 * leaves the processor idle most of the time; so several windows are run through side by side. */
#include "promql-lite/eval_private.h"

#include <math.h>

#include "promql-lite/kahan.h"

#define LANES 8

struct lane {
	const double *values; /* of the window */
	size_t count, step;
};

/* One number per lane. */
struct deviations {
	double mean[LANES], mean_c[LANES], squares[LANES], squares_c[LANES];
};

static inline void deviate(struct deviations *x, size_t j, double v, double count) {
	struct kahan mean = {x->mean[j], x->mean_c[j]}, squares = {x->squares[j], x->squares_c[j]};
	double delta = v - (mean.sum + mean.c);

	kahan_add_finite(&mean, delta / count);
	kahan_add_finite(&squares, delta * (v - (mean.sum + mean.c)));
	x->mean[j] = mean.sum;
	x->mean_c[j] = mean.c;
	x->squares[j] = squares.sum;
	x->squares_c[j] = squares.c;
}

/* As many samples as all of the windows have. */
static size_t deviate_together(struct deviations *x, const struct lane *lanes) {
	struct deviations y = *x;
	double values[LANES];
	size_t count = lanes[0].count;

	for (size_t j = 0; j < LANES; j++) {
		count = lanes[j].count < count ? lanes[j].count : count;
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < LANES; j++) {
			values[j] = lanes[j].values[i];
		}
		for (size_t j = 0; j < LANES; j++) {
			deviate(&y, j, values[j], (double)(i + 1));
		}
	}
	*x = y;
	return count;
}

/* With numbers among the samples that are not finite. */
static double variance_afresh(const struct lane *lane) {
	struct kahan mean = {0}, squares = {0};
	double count = 0;

	for (size_t i = 0; i < lane->count; i++) {
		double delta = lane->values[i] - (mean.sum + mean.c);

		count++;
		kahan_add(&mean, delta / count);
		kahan_add(&squares, delta * (lane->values[i] - (mean.sum + mean.c)));
	}
	return (squares.sum + squares.c) / count;
}

static void variances(struct lane *lanes, size_t used, struct pql_row *out) {
	struct deviations x = {0};
	size_t done = 0;

	for (size_t j = used; j < LANES; j++) {
		lanes[j] = lanes[0];
	}
	if (used > 1) {
		done = deviate_together(&x, lanes);
	}
	for (size_t j = 0; j < used; j++) {
		const struct lane *lane = &lanes[j];
		double variance;

		for (size_t i = done; i < lane->count; i++) {
			deviate(&x, j, lane->values[i], (double)(i + 1));
		}
		variance = (x.squares[j] + x.squares_c[j]) / (double)lane->count;
		out->values[lane->step] = isfinite(variance) ? variance : variance_afresh(lane);
		out->present[lane->step] = 1;
	}
}

static void stdvar_series(struct pql_call_context *call, const struct windows *w,
						  struct pql_row *out) {
	struct lane lanes[LANES];
	size_t used = 0;

	for (size_t k = 0; k < call->frame->steps; k++) {
		if (w->from[k] == w->to[k]) {
			continue;
		}
		lanes[used++] = (struct lane){w->values + w->from[k], w->to[k] - w->from[k], k};
		if (used == LANES) {
			variances(lanes, used, out);
			used = 0;
		}
	}
	if (used > 0) {
		variances(lanes, used, out);
	}
}

static void stddev_series(struct pql_call_context *call, const struct windows *w,
						  struct pql_row *out) {
	stdvar_series(call, w, out);
	for (size_t k = 0; k < call->frame->steps; k++) {
		if (out->present[k]) {
			out->values[k] = sqrt(out->values[k]);
		}
	}
}

void fn_stdvar_over_time(struct pql_call_context *call) {
	call_over_series(call, false, stdvar_series);
}

void fn_stddev_over_time(struct pql_call_context *call) {
	call_over_series(call, false, stddev_series);
}
