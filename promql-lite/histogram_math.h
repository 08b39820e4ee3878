/* Computing with native histograms, as Prometheus 3.14 does (model/histogram/float_histogram.go, promql/quantile.go). Arguments are
 * never changed; what is returned lives in the arena. */
#ifndef PQL_HISTOGRAM_MATH_H
#define PQL_HISTOGRAM_MATH_H

#include "promql-lite/histogram.h"

/* What adding and subtracting has to say besides the result. */
struct pql_histogram_remarks {
	bool incompatible;    /* custom buckets and exponential ones: there is no result */
	bool reset_collision; /* one said that a counter was reset, the other that it was not */
	bool reconciled;      /* custom limits differed, and only those that both have are left */
};

/* x + y and x - y, at the coarser of the two resolutions and the wider zero bucket. NULL: remarks->incompatible. The remarks are
 * added to what is there. The result is compacted. The hints of both are joined; what the operator `-` answers is a gauge on top of
 * that. */
struct pql_histogram *pql_histogram_plus(const struct pql_histogram *x,
										 const struct pql_histogram *y, struct arena *a,
										 struct pql_histogram_remarks *remarks);
struct pql_histogram *pql_histogram_minus(const struct pql_histogram *x,
										  const struct pql_histogram *y, struct arena *a,
										  struct pql_histogram_remarks *remarks);

/* A sum of many, with Kahan-Neumaier compensation of every number in it, as sum, avg, sum_over_time and avg_over_time add up. */
struct pql_histogram_total {
	struct pql_histogram *sum, *compensation; /* sum NULL: nothing was added yet */
	struct arena *arena;
};
void pql_histogram_total_init(struct pql_histogram_total *t, const struct pql_histogram *first,
							  struct arena *a);
/* false: remarks->incompatible, and the total is as it was. */
bool pql_histogram_total_add(struct pql_histogram_total *t, const struct pql_histogram *h,
							 struct pql_histogram_remarks *remarks);
/* Every number of sum and compensation times the factor, or divided: for incremental means. */
void pql_histogram_total_scale(struct pql_histogram_total *t, double factor);
void pql_histogram_total_divide(struct pql_histogram_total *t, double divisor);
/* Not compacted, as *_over_time leave it; sum() and avg() do compact. */
struct pql_histogram *pql_histogram_total_take(const struct pql_histogram_total *t);
/* Without the buckets that are named and empty. */
struct pql_histogram *pql_histogram_compact(const struct pql_histogram *h, struct arena *a);
/* Whether a number in it has become infinite: avg then starts again incrementally. */
bool pql_histogram_has_overflow(const struct pql_histogram *h);

/* Every count, and the sum, times the factor, or divided. A negative factor makes a gauge of it; division by 0 leaves Inf and NaN
 * in the sum, the count and the zero bucket, and no other bucket. Not compacted: the operators `*` and `/` do that on top. */
struct pql_histogram *pql_histogram_times(const struct pql_histogram *h, double factor,
										  struct arena *a);
struct pql_histogram *pql_histogram_divided(const struct pql_histogram *h, double divisor,
											struct arena *a);
struct pql_histogram *pql_histogram_with_reset(const struct pql_histogram *h,
											   enum pql_counter_reset reset, struct arena *a);
/* At a lower resolution, and then with no hint. `schema` is not above its own, and neither is custom. */
struct pql_histogram *pql_histogram_at_schema(const struct pql_histogram *h, int64_t schema,
											  struct arena *a);

bool pql_histogram_is_custom(const struct pql_histogram *h);
/* Bit by bit, as FloatHistogram.Equals on compacted ones: empty buckets make no difference. */
bool pql_histogram_equal(const struct pql_histogram *x, const struct pql_histogram *y);
/* The same schema, width of the zero bucket and custom limits. */
bool pql_histogram_same_layout(const struct pql_histogram *x, const struct pql_histogram *y);
/* FloatHistogram.DetectReset: whether a counter was reset between the two, over different layouts, too; heeds the hint. */
bool pql_histogram_was_reset(const struct pql_histogram *before, const struct pql_histogram *after);

/* As the head of Prometheus' storage gives it back. `before` is the sample before, as stored; NULL: none, or a float. Whether the
 * counter was reset is known within a chunk, and a reset begins a new one. */
struct pql_histogram *pql_histogram_as_stored(const struct pql_histogram *h,
											  const struct pql_histogram *before, struct arena *a);

/* One bucket that is not empty, or the zero bucket. */
struct pql_bucket {
	double lower, upper, count;
	bool lower_inclusive, upper_inclusive;
};
/* All of them from -Inf to +Inf, in the arena, as AllBucketIterator lists them. */
size_t pql_histogram_buckets(const struct pql_histogram *h, struct arena *a,
							 struct pql_bucket **ret_buckets);

/* HistogramQuantile and HistogramFraction of promql/quantile.go. *ret_nan_skewed: some observations were NaN, and there is an info
 * to say so: where a quantile is NaN, that this is why; else that it is higher than it should be. */
double pql_histogram_quantile(double q, const struct pql_histogram *h, struct arena *a,
							  bool *ret_nan_skewed);
double pql_histogram_fraction(double lower, double upper, const struct pql_histogram *h,
							  struct arena *a, bool *ret_nan_skewed);
/* Of histogram_stdvar; the root of it is histogram_stddev. */
double pql_histogram_variance(const struct pql_histogram *h, struct arena *a);
/* h </ limit and h >/ limit: what lies below, or above; the bucket of the limit is divided. */
struct pql_histogram *pql_histogram_trim(const struct pql_histogram *h, double limit,
										 bool keep_below, struct arena *a);

/* FloatHistogram.String, for messages and the API. */
void pql_histogram_describe(struct strbuf *out, const struct pql_histogram *h);

#endif
