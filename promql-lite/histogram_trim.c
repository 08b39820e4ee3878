/* What of a histogram lies below a limit, or above it. */
#include "promql-lite/histogram_private.h"

/* So many observations, and what each of them is taken for. */
struct rest {
	double count, value;
	bool whole; /* nothing was taken away; says more than the count where that is NaN */
};

struct trimming {
	const struct pql_histogram *h;
	double limit;
	bool keep_below;
	bool filled_positive, filled_negative;
	bool changed;
	double count, sum; /* of what is left */
};

/* ---- what is left of one bucket ---- */

static double finite_or_zero(double v) {
	return isinf(v) ? 0 : v;
}

/* (-Inf, upper]: observations are taken for positive ones when upper is. */
static struct rest rest_of_first(const struct trimming *t, const struct pql_bucket *b) {
	double limit = t->limit, upper = b->upper;
	bool bounded = upper > 0 && !isinf(upper);
	if (t->keep_below && upper <= 0) {
		return (struct rest){b->count, limit, false};
	}
	if (t->keep_below && limit > 0 && bounded) {
		return (struct rest){b->count * limit / upper, limit / 2, false};
	}
	if (!t->keep_below && limit >= 0 && bounded) {
		return (struct rest){b->count * (1 - limit / upper), (limit + upper) / 2, false};
	}
	return (struct rest){0, finite_or_zero(upper), false};
}

/* (lower, +Inf]. */
static struct rest rest_of_last(const struct trimming *t, const struct pql_bucket *b) {
	if (!t->keep_below && t->limit >= b->lower) {
		return (struct rest){b->count, t->limit, false};
	}
	return (struct rest){0, finite_or_zero(b->lower), false};
}

/* What observations between the two are taken for. */
static double middle(const struct trimming *t, double lower, double upper, bool negative) {
	if (isinf(lower)) {
		return isinf(upper) ? 0 : upper > 0 ? upper / 2 : upper;
	}
	if (isinf(upper)) {
		return lower;
	}
	if (pql_histogram_is_custom(t->h)) {
		return (lower + upper) / 2;
	}
	double mean = sqrt(fabs(lower * upper));
	return negative ? -mean : mean;
}

/* Of the bucket that the limit is in. */
static struct rest rest_of_divided(const struct trimming *t, const struct pql_bucket *b,
								   bool negative) {
	if (b->lower == -INFINITY) {
		return rest_of_first(t, b);
	}
	if (b->upper == INFINITY) {
		return rest_of_last(t, b);
	}
	double below = b->count * bucket_fraction_below(b, t->limit, pql_histogram_is_custom(t->h));
	if (t->keep_below) {
		return (struct rest){below, middle(t, b->lower, t->limit, negative), false};
	}
	return (struct rest){b->count - below, middle(t, t->limit, b->upper, negative), false};
}

static struct rest rest_of(const struct trimming *t, const struct pql_bucket *b, bool negative) {
	bool whole = t->keep_below ? b->upper <= t->limit : b->lower >= t->limit;
	bool divided = t->keep_below ? b->lower < t->limit : b->upper > t->limit;
	if (whole) {
		return (struct rest){b->count, middle(t, b->lower, b->upper, negative), true};
	}
	return divided ? rest_of_divided(t, b, negative) : (struct rest){0, 0, false};
}

static struct rest rest_of_zero(const struct trimming *t) {
	double count = t->h->zero_count, limit = t->limit;
	double lower = t->filled_positive && !t->filled_negative ? 0 : -t->h->zero_width;
	double upper = t->filled_negative && !t->filled_positive ? 0 : t->h->zero_width;
	struct rest none = {0, 0, false}, all = {count, (lower + upper) / 2, false};
	if (limit <= lower) {
		return t->keep_below ? none : all;
	}
	if (limit >= upper) {
		return t->keep_below ? all : none;
	}
	if (t->keep_below) {
		return (struct rest){count * ((limit - lower) / (upper - lower)), (lower + limit) / 2,
							 false};
	}
	return (struct rest){count * ((upper - limit) / (upper - lower)), (limit + upper) / 2, false};
}

/* ---- all of them ---- */

static void keep(struct trimming *t, double *count, struct rest rest) {
	t->count += rest.count;
	t->sum += rest.value * rest.count;
	if (!rest.whole && *count != rest.count) {
		*count = rest.count;
		t->changed = true;
	}
}

/* Whether anything is in it. */
static bool trim_side(struct trimming *t, struct pql_buckets *b, bool negative) {
	bool filled = false;
	for (size_t i = 0; i < b->count; i++) {
		if (b->cells[i].count != 0) {
			struct pql_bucket bucket = bucket_whole(t->h, b->cells[i], negative);
			filled = true;
			keep(t, &b->cells[i].count, rest_of(t, &bucket, negative));
		}
	}
	return filled;
}

struct pql_histogram *pql_histogram_trim(const struct pql_histogram *h, double limit,
										 bool keep_below, struct arena *a) {
	struct pql_histogram *left = pql_histogram_dup(h, a);
	struct trimming t = {.h = h, .limit = limit, .keep_below = keep_below};
	t.filled_positive = trim_side(&t, &left->positive, false);
	t.filled_negative = trim_side(&t, &left->negative, true);
	if (h->zero_count > 0) {
		keep(&t, &left->zero_count, rest_of_zero(&t));
	}
	if (t.changed) {
		left->count = t.count;
		left->sum = t.sum;
		buckets_compact(&left->positive, NULL);
		buckets_compact(&left->negative, NULL);
	}
	return left;
}
