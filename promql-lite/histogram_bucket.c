/* Limits of buckets, and all buckets in their order. */
#include <float.h>

#include "promql-lite/gomath.h"
#include "promql-lite/histogram_private.h"

#define FINEST PQL_HISTOGRAM_SCHEMA_MAX
#define EXPONENT_MAX 4096 /* beyond what a double has: one like the other is 0 or infinite */

static const double finest_limits[1 << FINEST] = {
#include "promql-lite/histogram_limits.def"
};

/* The limit that would be 2^1024 is the greatest double: only infinite observations are beyond it. */
static double scaled(double fraction, int64_t exponent) {
	if (fraction == 0.5 && exponent == DBL_MAX_EXP + 1) {
		return DBL_MAX;
	}
	int64_t near = exponent > EXPONENT_MAX    ? EXPONENT_MAX
				   : exponent < -EXPONENT_MAX ? -EXPONENT_MAX
											  : exponent;
	return ldexp(fraction, (int)near);
}

static double exponential_limit(int64_t schema, int64_t index) {
	if (schema < 0) {
		return scaled(0.5, index * ((int64_t)1 << -schema) + 1);
	}
	int64_t levels = schema, per_doubling = (int64_t)1 << levels;
	int64_t doublings = bucket_index_coarser(index + 1, levels) - 1;
	int64_t within = index - doublings * per_doubling;
	return scaled(finest_limits[within << (FINEST - levels)], doublings + 1);
}

static double custom_limit(const struct pql_histogram *h, int64_t index) {
	if (index < 0) {
		return -INFINITY;
	}
	return (uint64_t)index < h->custom_count ? h->custom_values[index] : INFINITY;
}

double bucket_limit(const struct pql_histogram *h, int64_t index) {
	return pql_histogram_is_custom(h) ? custom_limit(h, index)
									  : exponential_limit(h->schema, index);
}

static struct pql_bucket positive_bucket(const struct pql_histogram *h, struct pql_cell cell) {
	struct pql_bucket b = {.lower = bucket_limit(h, cell.index - 1),
						   .upper = bucket_limit(h, cell.index),
						   .count = cell.count};
	bool custom = pql_histogram_is_custom(h);
	b.lower_inclusive = custom ? cell.index == 0 : b.lower < 0;
	b.upper_inclusive = custom || b.upper > 0;
	return b;
}

static struct pql_bucket negative_bucket(const struct pql_histogram *h, struct pql_cell cell) {
	struct pql_bucket b = {.lower = -bucket_limit(h, cell.index),
						   .upper = -bucket_limit(h, cell.index - 1),
						   .count = cell.count};
	b.lower_inclusive = b.lower < 0;
	b.upper_inclusive = b.upper > 0;
	return b;
}

struct pql_bucket bucket_whole(const struct pql_histogram *h, struct pql_cell cell, bool negative) {
	return negative ? negative_bucket(h, cell) : positive_bucket(h, cell);
}

struct pql_bucket bucket_zero(const struct pql_histogram *h) {
	return (struct pql_bucket){.lower = -h->zero_width,
							   .upper = h->zero_width,
							   .count = h->zero_count,
							   .lower_inclusive = true,
							   .upper_inclusive = true};
}

/* Only what lies beyond the zero bucket. */
static struct pql_bucket bucket_beyond_zero(const struct pql_histogram *h, struct pql_cell cell,
											bool negative) {
	struct pql_bucket b = bucket_whole(h, cell, negative);
	if (b.lower > 0 && b.lower < h->zero_width) {
		b.lower = h->zero_width;
	}
	if (b.upper < 0 && b.upper > -h->zero_width) {
		b.upper = -h->zero_width;
	}
	return b;
}

size_t histogram_list(const struct pql_histogram *h, struct arena *a,
					  struct pql_bucket **ret_buckets) {
	size_t count = 0, most = h->negative.count + h->positive.count + 1;
	struct pql_bucket *buckets = ARENA_ARRAY(a, struct pql_bucket, most);
	for (size_t i = h->negative.count; i > 0; i--) {
		buckets[count++] = bucket_beyond_zero(h, h->negative.cells[i - 1], true);
	}
	if (h->zero_count > 0) {
		buckets[count++] = bucket_zero(h);
	}
	for (size_t i = 0; i < h->positive.count; i++) {
		buckets[count++] = bucket_beyond_zero(h, h->positive.cells[i], false);
	}
	*ret_buckets = buckets;
	return count;
}

double bucket_fraction_below(const struct pql_bucket *b, double v, bool linear) {
	if (linear) {
		return (v - b->lower) / (b->upper - b->lower);
	}
	double lower = gomath_log2(fabs(b->lower)), upper = gomath_log2(fabs(b->upper));
	double at = gomath_log2(fabs(v));
	return v > 0 ? (at - lower) / (upper - lower) : 1 - (at - upper) / (lower - upper);
}

size_t pql_histogram_buckets(const struct pql_histogram *h, struct arena *a,
							 struct pql_bucket **ret_buckets) {
	size_t count = histogram_list(h, a, ret_buckets), kept = 0;
	for (size_t i = 0; i < count; i++) {
		if ((*ret_buckets)[i].count != 0) {
			(*ret_buckets)[kept++] = (*ret_buckets)[i];
		}
	}
	return kept;
}
