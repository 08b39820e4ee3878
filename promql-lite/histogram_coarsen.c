/* Lower resolution. */
#include "promql-lite/histogram_private.h"

static void merge_cell(struct pql_buckets *to, struct pql_buckets *to_c, struct pql_cell cell,
					   double compensation) {
	struct pql_cell *last = &to->cells[to->count];
	if (to->count > 0 && last[-1].index == cell.index) {
		double *c = to_c == NULL ? NULL : &to_c->cells[to->count - 1].count;
		add_compensated(cell.count, &last[-1].count, c);
		if (c != NULL) {
			add_compensated(compensation, &last[-1].count, c);
		}
		return;
	}
	*last = cell;
	if (to_c != NULL) {
		to_c->cells[to->count] = (struct pql_cell){cell.index, compensation};
	}
	to->count++;
}

struct pql_buckets buckets_coarsen(const struct pql_buckets *b, struct pql_buckets *compensation,
								   int64_t levels, struct arena *a) {
	struct pql_buckets coarse = {.cells = ARENA_ARRAY(a, struct pql_cell, b->count)};
	struct pql_buckets coarse_c = {0};
	bool compensated = compensation != NULL;
	if (compensated) {
		coarse_c.cells = ARENA_ARRAY(a, struct pql_cell, b->count);
	}
	for (size_t i = 0; i < b->count; i++) {
		struct pql_cell cell = {bucket_index_coarser(b->cells[i].index, levels), b->cells[i].count};
		merge_cell(&coarse, compensated ? &coarse_c : NULL, cell,
				   compensated ? compensation->cells[i].count : 0);
	}
	if (compensated) {
		coarse_c.count = coarse.count;
		*compensation = coarse_c;
	}
	return coarse;
}

struct pql_histogram *pql_histogram_at_schema(const struct pql_histogram *h, int64_t schema,
											  struct arena *a) {
	struct pql_histogram *coarse = pql_histogram_dup(h, a);
	if (schema != h->schema) {
		coarse->positive = buckets_coarsen(&h->positive, NULL, h->schema - schema, a);
		coarse->negative = buckets_coarsen(&h->negative, NULL, h->schema - schema, a);
		coarse->schema = schema;
		coarse->reset = PQL_RESET_UNKNOWN;
	}
	return coarse;
}
