#include "promql-lite/histogram.h"

#include <math.h>

#include "base/gofloat.h"

static struct pql_buckets buckets_dup(const struct pql_buckets *b, struct arena *a) {
	struct pql_buckets copy = {.offset = b->offset, .count = b->count};
	copy.counts = ARENA_ARRAY(a, double, b->count);
	for (size_t i = 0; i < b->count; i++) {
		copy.counts[i] = b->counts[i];
	}
	return copy;
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

/* But for the schema. */
static bool layouts_equal(const struct pql_histogram *x, const struct pql_histogram *y) {
	if (x->custom_count != y->custom_count || !(x->zero_width == y->zero_width)) {
		return false;
	}
	for (size_t i = 0; i < x->custom_count; i++) {
		if (!(x->custom_values[i] == y->custom_values[i])) {
			return false;
		}
	}
	return true;
}

static bool has_bucket(const struct pql_buckets *b, int64_t index) {
	return index >= b->offset && index - b->offset < (int64_t)b->count;
}

static double bucket_at(const struct pql_buckets *b, int64_t index) {
	return has_bucket(b, index) ? b->counts[index - b->offset] : 0;
}

static int64_t buckets_end(const struct pql_buckets *b) {
	return b->offset + (int64_t)b->count;
}

static bool buckets_add(const struct pql_buckets *x, const struct pql_buckets *y, double sign,
						struct arena *a, struct pql_buckets *ret) {
	int64_t first = x->count == 0                            ? y->offset
					: y->count == 0 || x->offset < y->offset ? x->offset
															 : y->offset;
	int64_t end = x->count == 0                                      ? buckets_end(y)
				  : y->count == 0 || buckets_end(x) > buckets_end(y) ? buckets_end(x)
																	 : buckets_end(y);
	*ret = (struct pql_buckets){.offset = first};
	if (end - first > PQL_HISTOGRAM_MAX_BUCKETS) {
		return false;
	}
	ret->count = (size_t)(end - first);
	ret->counts = ARENA_ARRAY(a, double, ret->count);
	for (size_t i = 0; i < ret->count; i++) {
		int64_t index = first + (int64_t)i;
		double added = has_bucket(y, index) ? sign * bucket_at(y, index) : 0;
		ret->counts[i] = has_bucket(x, index) ? bucket_at(x, index) + added : added;
	}
	return true;
}

/* Of two neighbours one bucket is made, as often as the schema falls. */
static struct pql_buckets buckets_coarsen(const struct pql_buckets *b, int64_t times,
										  struct arena *a) {
	if (b->count == 0 || times == 0) {
		return *b;
	}
	int64_t width = (int64_t)1 << times, first = b->offset - 1, last = buckets_end(b) - 2;
	/* Divided towards minus infinity. */
	int64_t from = (first - ((first % width) + width) % width) / width;
	int64_t to = (last - ((last % width) + width) % width) / width;
	struct pql_buckets coarse = {.offset = from + 1, .count = (size_t)(to - from) + 1};
	coarse.counts = ARENA_ARRAY(a, double, coarse.count);
	for (size_t i = 0; i < b->count; i++) {
		int64_t index = first + (int64_t)i;
		coarse.counts[(index - (((index % width) + width) % width)) / width - from] += b->counts[i];
	}
	return coarse;
}

static enum pql_counter_reset join_resets(enum pql_counter_reset x, enum pql_counter_reset y) {
	if (x == y) {
		return x;
	}
	return x == PQL_RESET_GAUGE || y == PQL_RESET_GAUGE ? PQL_RESET_GAUGE : PQL_RESET_UNKNOWN;
}

struct pql_histogram *pql_histogram_add(const struct pql_histogram *x,
										const struct pql_histogram *y, double sign,
										struct arena *a) {
	struct pql_histogram *sum = ARENA_NEW(a, struct pql_histogram);
	bool custom = x->schema == PQL_HISTOGRAM_CUSTOM || y->schema == PQL_HISTOGRAM_CUSTOM;
	if (!layouts_equal(x, y) || x->schema > y->schema || (custom && x->schema != y->schema)) {
		return NULL;
	}
	*sum = *x;
	sum->sum += sign * y->sum;
	sum->count += sign * y->count;
	sum->zero_count += sign * y->zero_count;
	sum->reset = join_resets(x->reset, y->reset);
	struct pql_buckets positive = buckets_coarsen(&y->positive, y->schema - x->schema, a);
	struct pql_buckets negative = buckets_coarsen(&y->negative, y->schema - x->schema, a);
	bool good = buckets_add(&x->positive, &positive, sign, a, &sum->positive) &&
				buckets_add(&x->negative, &negative, sign, a, &sum->negative);
	return good ? sum : NULL;
}

static bool buckets_fell(const struct pql_buckets *before, const struct pql_buckets *after) {
	for (size_t i = 0; i < before->count; i++) {
		if (bucket_at(after, before->offset + (int64_t)i) < before->counts[i]) {
			return true;
		}
	}
	return false;
}

bool pql_histogram_is_reset(const struct pql_histogram *before, const struct pql_histogram *after) {
	return before->schema != after->schema || !layouts_equal(before, after) ||
		   after->count < before->count || after->zero_count < before->zero_count ||
		   buckets_fell(&before->positive, &after->positive) ||
		   buckets_fell(&before->negative, &after->negative);
}

/* ---- printing ---- */

static void add_key(struct strbuf *out, const char *key) {
	strbuf_add_c(out, out->ptr[out->len - 1] == '{' ? "" : " ");
	strbuf_add_c(out, key);
	strbuf_add_char(out, ':');
}

static void add_field(struct strbuf *out, const char *key, double v) {
	if (v != 0 || isnan(v)) {
		add_key(out, key);
		gofloat_print(out, v, 'g');
	}
}

static void add_list(struct strbuf *out, const char *key, const double *items, size_t count) {
	add_key(out, key);
	for (size_t i = 0; i < count; i++) {
		strbuf_add_char(out, i == 0 ? '[' : ' ');
		gofloat_print(out, items[i], 'g');
	}
	strbuf_add_c(out, count == 0 ? "[]" : "]");
}

static void add_buckets(struct strbuf *out, const struct pql_buckets *b, const char *offset_key,
						const char *key) {
	size_t first = 0, end = b->count;
	while (first < end && b->counts[first] == 0) {
		first++;
	}
	while (end > first && b->counts[end - 1] == 0) {
		end--;
	}
	if (first == end) {
		return;
	}
	add_field(out, offset_key, (double)(b->offset + (int64_t)first));
	add_list(out, key, b->counts + first, end - first);
}

void pql_histogram_print(struct strbuf *out, const struct pql_histogram *h) {
	static const char *const resets[] = {[PQL_RESET_UNKNOWN] = NULL,
										 [PQL_RESET_YES] = "reset",
										 [PQL_RESET_NO] = "not_reset",
										 [PQL_RESET_GAUGE] = "gauge"};
	strbuf_add_c(out, "{{");
	add_field(out, "schema", (double)h->schema);
	add_field(out, "count", h->count);
	add_field(out, "sum", h->sum);
	add_field(out, "z_bucket", h->zero_count);
	add_field(out, "z_bucket_w", h->zero_width);
	if (h->schema == PQL_HISTOGRAM_CUSTOM) {
		add_list(out, "custom_values", h->custom_values, h->custom_count);
	}
	if (resets[h->reset] != NULL) {
		add_key(out, "counter_reset_hint");
		strbuf_add_c(out, resets[h->reset]);
	}
	add_buckets(out, &h->positive, "offset", "buckets");
	add_buckets(out, &h->negative, "n_offset", "n_buckets");
	strbuf_add_c(out, "}}");
}
