/* Every number of a histogram times another, or divided by it. */
#include "promql-lite/histogram_private.h"

typedef double operation(double v, double by);

static double times(double v, double by) {
	return v * by;
}

static double divided(double v, double by) {
	return v / by;
}

static void scale_buckets(struct pql_buckets *b, operation *apply, double by) {
	for (size_t i = 0; i < b->count; i++) {
		b->cells[i].count = apply(b->cells[i].count, by);
	}
}

static void scale(struct pql_histogram *h, operation *apply, double by) {
	if (!pql_histogram_is_custom(h)) {
		h->zero_count = apply(h->zero_count, by);
	}
	h->count = apply(h->count, by);
	h->sum = apply(h->sum, by);
	if (by < 0) {
		h->reset = PQL_RESET_GAUGE;
	}
	scale_buckets(&h->positive, apply, by);
	scale_buckets(&h->negative, apply, by);
}

/* Divided by 0 there are no buckets at all, as in Prometheus. */
static void divide(struct pql_histogram *h, double divisor) {
	if (divisor == 0) {
		h->positive.count = 0;
		h->negative.count = 0;
	}
	scale(h, divided, divisor);
}

struct pql_histogram *pql_histogram_times(const struct pql_histogram *h, double factor,
										  struct arena *a) {
	struct pql_histogram *copy = pql_histogram_dup(h, a);
	scale(copy, times, factor);
	return copy;
}

struct pql_histogram *pql_histogram_divided(const struct pql_histogram *h, double divisor,
											struct arena *a) {
	struct pql_histogram *copy = pql_histogram_dup(h, a);
	divide(copy, divisor);
	return copy;
}

void pql_histogram_total_scale(struct pql_histogram_total *t, double factor) {
	scale(t->sum, times, factor);
	if (t->compensation != NULL) {
		scale(t->compensation, times, factor);
	}
}

void pql_histogram_total_divide(struct pql_histogram_total *t, double divisor) {
	divide(t->sum, divisor);
	if (t->compensation != NULL) {
		divide(t->compensation, divisor);
	}
}

struct pql_histogram *pql_histogram_with_reset(const struct pql_histogram *h,
											   enum pql_counter_reset reset, struct arena *a) {
	struct pql_histogram *copy = pql_histogram_dup(h, a);
	copy->reset = reset;
	return copy;
}

static bool buckets_overflow(const struct pql_buckets *b) {
	for (size_t i = 0; i < b->count; i++) {
		if (isinf(b->cells[i].count)) {
			return true;
		}
	}
	return false;
}

bool pql_histogram_has_overflow(const struct pql_histogram *h) {
	for (size_t i = 0; i < h->custom_count; i++) {
		if (isinf(h->custom_values[i])) {
			return true;
		}
	}
	return isinf(h->zero_count) || isinf(h->count) || isinf(h->sum) ||
		   buckets_overflow(&h->positive) || buckets_overflow(&h->negative);
}
