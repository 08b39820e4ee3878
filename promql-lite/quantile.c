/* Quantiles of plain numbers, as Prometheus' quantile(). */
#include "promql-lite/eval_private.h"

#include <math.h>

#define FEW 16 /* so many are sorted by insertion */

static void swap(double *values, size_t i, size_t j) {
	double v = values[i];

	values[i] = values[j];
	values[j] = v;
}

/* NaN is below everything. Returns how many there are. */
static size_t move_nans_first(double *values, size_t count) {
	size_t nans = 0;

	for (size_t i = 0; i < count; i++) {
		if (isnan(values[i])) {
			swap(values, i, nans++);
		}
	}
	return nans;
}

static void sort_few(double *values, size_t count) {
	for (size_t i = 1; i < count; i++) {
		double v = values[i];
		size_t j = i;

		for (; j > 0 && values[j - 1] > v; j--) {
			values[j] = values[j - 1];
		}
		values[j] = v;
	}
}

static int compare_numbers(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double middle_of_three(double a, double b, double c) {
	if (a < b) {
		return b < c ? b : a < c ? c : a;
	}
	return a < c ? a : b < c ? c : b;
}

/* Puts at [wanted] what would stand there if all were sorted, nothing smaller behind it and nothing greater before it: Hoare's
 * quickselect. Should the pivots be bad again and again, it does sort. */
static void select_value(double *values, size_t count, size_t wanted) {
	size_t low = 0, high = count;

	for (size_t rounds = 0; high - low > FEW; rounds++) {
		double pivot =
			middle_of_three(values[low], values[low + (high - low) / 2], values[high - 1]);
		size_t i = low, j = high - 1;

		if (rounds == 64) {
			qsort(values + low, high - low, sizeof(*values), compare_numbers);
			return;
		}
		while (i <= j) {
			while (values[i] < pivot) {
				i++;
			}
			while (values[j] > pivot) {
				j--;
			}
			if (i <= j) {
				swap(values, i++, j);
				if (j-- == 0) {
					break;
				}
			}
		}
		/* [low, j] ≤ pivot ≤ [i, high); what lies between is the pivot. */
		if (wanted <= j && j < high) {
			high = j + 1;
		} else if (wanted >= i) {
			low = i;
		} else {
			return;
		}
	}
	sort_few(values + low, high - low);
}

static double least(const double *values, size_t count) {
	double v = values[0];

	for (size_t i = 1; i < count; i++) {
		v = values[i] < v ? values[i] : v;
	}
	return v;
}

double quantile_of(double q, double *values, size_t count) {
	double rank, below, weight, lower, upper;
	size_t at, nans;

	if (count == 0 || isnan(q)) {
		return NAN;
	}
	if (q < 0 || q > 1) {
		return q < 0 ? -INFINITY : INFINITY;
	}
	/* Between two values: their weighted average. */
	rank = q * (double)(count - 1);
	below = fmax(0, floor(rank));
	weight = rank - floor(rank);
	at = (size_t)below;
	nans = move_nans_first(values, count);
	if (at >= nans) {
		select_value(values + nans, count - nans, at - nans);
	}
	lower = values[at];
	if (at + 1 < nans || at + 1 == count) {
		upper = values[at + 1 == count ? at : at + 1];
	} else {
		upper = least(values + at + 1, count - at - 1);
	}
	return lower * (1 - weight) + upper * weight;
}
