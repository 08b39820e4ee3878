/* Quantiles of plain numbers, as Prometheus' quantile(). */
#include "promql-lite/eval_private.h"

#include <math.h>

static int compare_numbers(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;

	if (isnan(x) || isnan(y)) {
		return (isnan(y) ? 1 : 0) - (isnan(x) ? 1 : 0);
	}
	return (x > y) - (x < y);
}

double quantile_of(double q, double *values, size_t count) {
	double rank, lower, upper, weight;

	if (count == 0 || isnan(q)) {
		return NAN;
	}
	if (q < 0 || q > 1) {
		return q < 0 ? -INFINITY : INFINITY;
	}
	qsort(values, count, sizeof(*values), compare_numbers);
	/* Between two values: their weighted average. */
	rank = q * (double)(count - 1);
	lower = fmax(0, floor(rank));
	upper = fmin((double)(count - 1), lower + 1);
	weight = rank - floor(rank);
	return values[(size_t)lower] * (1 - weight) + values[(size_t)upper] * weight;
}
