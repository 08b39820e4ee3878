#include "promql-lite/histogram_private.h"

/* What all observations of a bucket are taken for. */
static double middle(const struct pql_histogram *h, const struct pql_bucket *b) {
	if (pql_histogram_is_custom(h)) {
		return (b->upper + b->lower) / 2;
	}
	if (b->lower <= 0 && b->upper >= 0) {
		return 0;
	}
	double mean = sqrt(b->upper * b->lower);
	return b->upper < 0 ? -mean : mean;
}

double pql_histogram_variance(const struct pql_histogram *h, struct arena *a) {
	struct pql_bucket *buckets;
	size_t count = pql_histogram_buckets(h, a, &buckets);
	struct kahan squares = {0, 0};
	double mean = h->sum / h->count;
	for (size_t i = 0; i < count; i++) {
		double distance = middle(h, &buckets[i]) - mean;
		kahan_add(&squares, buckets[i].count * distance * distance);
	}
	return (squares.sum + squares.c) / h->count;
}
