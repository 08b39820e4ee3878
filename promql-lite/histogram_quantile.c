/* Quantiles and fractions of native histograms. */
#include "promql-lite/gomath.h"
#include "promql-lite/histogram_private.h"

/* With observations on one side only, the zero bucket ends at 0. */
static void bound_zero_bucket(const struct pql_histogram *h, struct pql_bucket *b) {
	if (h->negative.count == 0 && h->positive.count > 0) {
		b->lower = 0;
	} else if (h->positive.count == 0 && h->negative.count > 0) {
		b->upper = 0;
	}
}

/* ---- quantile ---- */

/* Buckets in the order in which they are counted: from below, or from above. */
struct counting {
	const struct pql_bucket *buckets;
	size_t total, done;
	bool from_above;
	struct pql_bucket current; /* all 0 while none is done */
	double count;              /* up to the current one */
};

static bool count_next(struct counting *c) {
	if (c->done == c->total) {
		return false;
	}
	c->current = c->buckets[c->from_above ? c->total - 1 - c->done : c->done];
	c->done++;
	c->count += c->current.count;
	return true;
}

static void count_to_rank(struct counting *c, double rank) {
	while (count_next(c)) {
		if (c->current.count != 0 && c->count >= rank) {
			return;
		}
	}
}

/* At which part of the bucket's observations, by value. */
static double interpolate(const struct pql_histogram *h, const struct pql_bucket *b, double part) {
	if (pql_histogram_is_custom(h) || (b->lower <= 0 && b->upper >= 0)) {
		return b->lower + (b->upper - b->lower) * part;
	}
	double lower = gomath_log2(fabs(b->lower)), upper = gomath_log2(fabs(b->upper));
	if (b->lower > 0) {
		return gomath_exp2(lower + (upper - lower) * part);
	}
	return -gomath_exp2(upper + (lower - upper) * (1 - part));
}

/* true: the bucket has no end on one side, and *ret is the quantile. */
static bool is_open_ended(const struct pql_histogram *h, struct pql_bucket *b, double *ret) {
	bool first = b->lower == -INFINITY;
	if (!pql_histogram_is_custom(h)) {
		if (b->lower < 0 && b->upper > 0) {
			bound_zero_bucket(h, b);
		}
		return false;
	}
	*ret = first ? b->upper : b->lower;
	if (first && !(b->upper <= 0)) {
		b->lower = 0;
	}
	return first ? b->upper <= 0 : b->upper == INFINITY;
}

double pql_histogram_quantile(double q, const struct pql_histogram *h, struct arena *a,
							  bool *ret_nan_skewed) {
	*ret_nan_skewed = false;
	if (q < 0 || q > 1) {
		return q < 0 ? -INFINITY : INFINITY;
	}
	if (h->count == 0 || isnan(q)) {
		return NAN;
	}
	struct pql_bucket *buckets;
	struct counting c = {.from_above = !isnan(h->sum) && !(q < 0.5)};
	c.total = histogram_list(h, a, &buckets);
	c.buckets = buckets;
	double rank = (c.from_above ? 1 - q : q) * h->count, open_end;
	count_to_rank(&c, rank);
	struct pql_bucket b = c.current;
	if (is_open_ended(h, &b, &open_end)) {
		return open_end;
	}
	/* Roundings may have added up to more than there are. */
	double count = c.count > h->count ? h->count : c.count;
	if (count < rank) {
		*ret_nan_skewed = isnan(h->sum);
		return isnan(h->sum) ? (double)NAN : b.upper;
	}
	double within = c.from_above ? count - rank : rank - (count - b.count);
	if (isnan(h->sum)) {
		/* Observations that are NaN are in no bucket, but count. Prometheus, having counted on, takes the last bucket for the one
		 * that the quantile is in. */
		c.count = count;
		while (count_next(&c)) {
			b = c.current;
		}
		*ret_nan_skewed = c.count < h->count;
	}
	return interpolate(h, &b, within / b.count);
}

/* ---- fraction ---- */

/* One end of the interval. */
struct end {
	double at, rank;
	bool found;
};

/* `rank`: how many are below the bucket. */
static void find_end(struct end *e, const struct pql_histogram *h, const struct pql_bucket *b,
					 double rank) {
	if (e->found || (b->lower < e->at && !(b->upper > e->at))) {
		return;
	}
	bool linear = pql_histogram_is_custom(h) || (b->lower <= 0 && b->upper >= 0);
	e->found = true;
	if (b->lower >= e->at) {
		e->rank = rank;
	} else if (b->lower == -INFINITY && linear) {
		e->rank = b->count; /* it is the first one, and nothing in it counts as above */
	} else {
		e->rank = rank + b->count * bucket_fraction_below(b, e->at, linear);
	}
}

static double end_rank(const struct end *e, double most) {
	return !e->found || e->rank > most ? most : e->rank;
}

double pql_histogram_fraction(double lower, double upper, const struct pql_histogram *h,
							  struct arena *a, bool *ret_nan_skewed) {
	struct end from = {.at = lower}, to = {.at = upper};
	double count = 0;
	*ret_nan_skewed = false;
	if (h->count == 0 || isnan(lower) || isnan(upper)) {
		return NAN;
	}
	if (lower >= upper) {
		return 0;
	}
	struct pql_bucket *buckets;
	size_t total = histogram_list(h, a, &buckets);
	for (size_t i = 0; i < total; i++) {
		struct pql_bucket b = buckets[i];
		if (b.lower <= 0 && b.upper >= 0) {
			bound_zero_bucket(h, &b);
		}
		find_end(&from, h, &b, count);
		find_end(&to, h, &b, count);
		count += b.count;
	}
	*ret_nan_skewed = isnan(h->sum) && count < h->count;
	count = isnan(h->sum) ? count : h->count;
	return (end_rank(&to, count) - end_rank(&from, count)) / h->count;
}
