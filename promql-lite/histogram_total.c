#include "promql-lite/histogram_private.h"

/* The compensation of a histogram to which nothing was added yet. */
static struct pql_histogram *uncompensated(const struct pql_histogram *h, struct arena *a) {
	struct pql_histogram *c = ARENA_NEW(a, struct pql_histogram);
	*c = (struct pql_histogram){
		.schema = h->schema,
		.zero_width = h->zero_width,
		.reset = h->reset,
		.positive = buckets_zeroed(&h->positive, a),
		.negative = buckets_zeroed(&h->negative, a),
		.custom_values = h->custom_values,
		.custom_count = h->custom_count,
	};
	return c;
}

void pql_histogram_total_init(struct pql_histogram_total *t, const struct pql_histogram *first,
							  struct arena *a) {
	*t = (struct pql_histogram_total){.sum = pql_histogram_dup(first, a), .arena = a};
}

bool pql_histogram_total_add(struct pql_histogram_total *t, const struct pql_histogram *h,
							 struct pql_histogram_remarks *remarks) {
	if (t->compensation == NULL) {
		t->compensation = uncompensated(t->sum, t->arena);
	}
	return histogram_accumulate(t->sum, t->compensation, h, 1, t->arena, remarks);
}

struct pql_histogram *pql_histogram_total_take(const struct pql_histogram_total *t) {
	struct pql_histogram *h = pql_histogram_dup(t->sum, t->arena);
	struct pql_histogram_remarks remarks = {0};
	if (t->compensation != NULL) {
		histogram_accumulate(h, NULL, t->compensation, 1, t->arena, &remarks);
	}
	return h;
}
