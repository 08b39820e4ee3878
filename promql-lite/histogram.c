#include "promql-lite/histogram_private.h"

#include <string.h>

#include "base/mem.h"

struct pql_buckets buckets_dup(const struct pql_buckets *b, struct arena *a) {
	struct pql_buckets copy = {.count = b->count};
	copy.cells = ARENA_ARRAY(a, struct pql_cell, b->count);
	for (size_t i = 0; i < b->count; i++) {
		copy.cells[i] = b->cells[i];
	}
	return copy;
}

struct pql_buckets buckets_zeroed(const struct pql_buckets *b, struct arena *a) {
	struct pql_buckets zeroed = buckets_dup(b, a);
	for (size_t i = 0; i < zeroed.count; i++) {
		zeroed.cells[i].count = 0;
	}
	return zeroed;
}

struct pql_histogram *pql_histogram_dup(const struct pql_histogram *h, struct arena *a) {
	struct pql_histogram *copy = ARENA_NEW(a, struct pql_histogram);
	*copy = *h;
	copy->positive = buckets_dup(&h->positive, a);
	copy->negative = buckets_dup(&h->negative, a);
	copy->custom_values = ARENA_ARRAY(a, double, h->custom_count);
	for (size_t i = 0; i < h->custom_count; i++) {
		copy->custom_values[i] = h->custom_values[i];
	}
	return copy;
}

static void *copy_to(char **at, const void *from, size_t bytes) {
	void *copy = *at;
	if (bytes > 0) {
		memcpy(copy, from, bytes);
	}
	*at += bytes;
	return copy;
}

struct pql_histogram *pql_histogram_dup_heap(const struct pql_histogram *h) {
	size_t positive = h->positive.count * sizeof(struct pql_cell);
	size_t negative = h->negative.count * sizeof(struct pql_cell);
	size_t custom = h->custom_count * sizeof(double);
	struct pql_histogram *copy = mem_alloc(sizeof(*copy) + positive + negative + custom);
	char *at = (char *)(copy + 1);
	*copy = *h;
	copy->positive.cells = copy_to(&at, h->positive.cells, positive);
	copy->negative.cells = copy_to(&at, h->negative.cells, negative);
	copy->custom_values = copy_to(&at, h->custom_values, custom);
	return copy;
}

void buckets_compact(struct pql_buckets *b, struct pql_buckets *compensation) {
	size_t kept = 0;
	for (size_t i = 0; i < b->count; i++) {
		if (b->cells[i].count == 0 && (compensation == NULL || compensation->cells[i].count == 0)) {
			continue;
		}
		if (compensation != NULL) {
			compensation->cells[kept] = compensation->cells[i];
		}
		b->cells[kept++] = b->cells[i];
	}
	b->count = kept;
	if (compensation != NULL) {
		compensation->count = kept;
	}
}

bool pql_histogram_is_custom(const struct pql_histogram *h) {
	return h->schema == PQL_HISTOGRAM_CUSTOM;
}

struct pql_histogram *pql_histogram_compact(const struct pql_histogram *h, struct arena *a) {
	struct pql_histogram *copy = pql_histogram_dup(h, a);
	buckets_compact(&copy->positive, NULL);
	buckets_compact(&copy->negative, NULL);
	return copy;
}

/* ---- equality ---- */

static bool bits_equal(double x, double y) {
	return memcmp(&x, &y, sizeof(x)) == 0;
}

static size_t next_filled(const struct pql_buckets *b, size_t at) {
	while (at < b->count && b->cells[at].count == 0) {
		at++;
	}
	return at;
}

static bool buckets_equal(const struct pql_buckets *x, const struct pql_buckets *y) {
	size_t i = next_filled(x, 0), j = next_filled(y, 0);
	for (; i < x->count && j < y->count; i = next_filled(x, i + 1), j = next_filled(y, j + 1)) {
		if (x->cells[i].index != y->cells[j].index ||
			!bits_equal(x->cells[i].count, y->cells[j].count)) {
			return false;
		}
	}
	return i == x->count && j == y->count;
}

bool pql_histogram_same_layout(const struct pql_histogram *x, const struct pql_histogram *y) {
	return x->schema == y->schema && x->zero_width == y->zero_width && custom_limits_equal(x, y);
}

bool pql_histogram_equal(const struct pql_histogram *x, const struct pql_histogram *y) {
	return pql_histogram_same_layout(x, y) && bits_equal(x->count, y->count) &&
		   bits_equal(x->sum, y->sum) && bits_equal(x->zero_count, y->zero_count) &&
		   buckets_equal(&x->negative, &y->negative) && buckets_equal(&x->positive, &y->positive);
}
