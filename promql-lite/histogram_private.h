/* What the files histogram_*.c share. A compensation is a histogram with the same buckets as the one that it belongs to; NULL: sums
 * are plain ones. */
#ifndef PQL_HISTOGRAM_PRIVATE_H
#define PQL_HISTOGRAM_PRIVATE_H

#include <math.h>

#include "promql-lite/histogram_math.h"
#include "promql-lite/kahan.h"

/* The bucket that this one goes into when the schema falls by so many levels. */
static inline int64_t bucket_index_coarser(int64_t index, int64_t levels) {
	int64_t before = index - 1;
	/* Shifted towards minus infinity. */
	return (before >= 0 ? before >> levels : ~(~before >> levels)) + 1;
}

/* Upper limit of a bucket on the positive side; that of the one before it is its lower one. Custom buckets begin at -Inf and end at
 * +Inf, whatever the index. */
double bucket_limit(const struct pql_histogram *h, int64_t index);

struct pql_bucket bucket_zero(const struct pql_histogram *h);
/* With its own limits, also where the zero bucket covers a part of it. */
struct pql_bucket bucket_whole(const struct pql_histogram *h, struct pql_cell cell, bool negative);
/* Which part of its observations is at most v, which lies within it, on a scale that is logarithmic unless it is linear. */
double bucket_fraction_below(const struct pql_bucket *b, double v, bool linear);
/* As pql_histogram_buckets, and also those that are named and empty. */
size_t histogram_list(const struct pql_histogram *h, struct arena *a,
					  struct pql_bucket **ret_buckets);

struct pql_buckets buckets_dup(const struct pql_buckets *b, struct arena *a);
/* In place: without the empty ones. One that has a compensation is not empty. */
void buckets_compact(struct pql_buckets *b, struct pql_buckets *compensation);
/* The same buckets, all of them empty. */
struct pql_buckets buckets_zeroed(const struct pql_buckets *b, struct arena *a);
/* Of neighbours one bucket is made, as often as the schema falls; *compensation is replaced likewise. */
struct pql_buckets buckets_coarsen(const struct pql_buckets *b, struct pql_buckets *compensation,
								   int64_t levels, struct arena *a);

/* In place h += sign * other; with a compensation the sign is 1. h owns its buckets. false: remarks->incompatible. */
bool histogram_accumulate(struct pql_histogram *h, struct pql_histogram *compensation,
						  const struct pql_histogram *other, double sign, struct arena *a,
						  struct pql_histogram_remarks *remarks);

bool custom_limits_equal(const struct pql_histogram *x, const struct pql_histogram *y);
/* In place h += sign * other where the limits differ: those that both have remain. */
void custom_join(struct pql_histogram *h, struct pql_histogram *compensation,
				 const struct pql_histogram *other, double sign, struct arena *a);

/* What the zero bucket would hold if it were *width wide, which is at least its own width. A bucket with something in it is not
 * cut: *width grows to its end. */
struct kahan zero_count_within(const struct pql_histogram *h,
							   const struct pql_histogram *compensation, double *width);
/* In place: the zero bucket of h becomes as wide as is needed for both. What the other one's then holds is returned. */
struct kahan zero_reconcile(struct pql_histogram *h, struct pql_histogram *compensation,
							const struct pql_histogram *other);

static inline void add_compensated(double v, double *sum, double *compensation) {
	if (compensation == NULL) {
		*sum += v;
		return;
	}
	struct kahan k = {*sum, *compensation};
	kahan_add(&k, v);
	*sum = k.sum;
	*compensation = k.c;
}

#endif
