/* Two ways to write a histogram: in the notation of tests, and with the limits of its buckets. */
#include <inttypes.h>

#include "base/gofloat.h"
#include "promql-lite/histogram_private.h"

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

static void add_whole(struct strbuf *out, const char *key, int64_t v) {
	if (v != 0) {
		add_key(out, key);
		strbuf_printf(out, "%" PRId64, v);
	}
}

static void add_item(struct strbuf *out, double v) {
	strbuf_add_c(out, out->ptr[out->len - 1] == '[' ? "" : " ");
	gofloat_print(out, v, 'g');
}

static void add_custom_values(struct strbuf *out, const struct pql_histogram *h) {
	add_key(out, "custom_values");
	strbuf_add_char(out, '[');
	for (size_t i = 0; i < h->custom_count; i++) {
		add_item(out, h->custom_values[i]);
	}
	strbuf_add_char(out, ']');
}

static void add_empty(struct strbuf *out, int64_t count) {
	if (count > PQL_HISTOGRAM_MAX_BUCKETS) {
		strbuf_printf(out, " 0x%" PRId64, count);
		return;
	}
	for (int64_t i = 0; i < count; i++) {
		add_item(out, 0);
	}
}

static void add_buckets(struct strbuf *out, const struct pql_buckets *b, const char *offset_key,
						const char *key) {
	int64_t next = 0;
	bool begun = false;
	for (size_t i = 0; i < b->count; i++) {
		struct pql_cell cell = b->cells[i];
		if (cell.count == 0) {
			continue;
		}
		if (begun) {
			add_empty(out, cell.index - next);
		} else {
			add_whole(out, offset_key, cell.index);
			add_key(out, key);
			strbuf_add_char(out, '[');
		}
		add_item(out, cell.count);
		next = cell.index + 1;
		begun = true;
	}
	strbuf_add_c(out, begun ? "]" : "");
}

void pql_histogram_print(struct strbuf *out, const struct pql_histogram *h) {
	static const char *const resets[] = {[PQL_RESET_UNKNOWN] = NULL,
										 [PQL_RESET_YES] = "reset",
										 [PQL_RESET_NO] = "not_reset",
										 [PQL_RESET_GAUGE] = "gauge"};
	strbuf_add_c(out, "{{");
	add_whole(out, "schema", h->schema);
	add_field(out, "count", h->count);
	add_field(out, "sum", h->sum);
	add_field(out, "z_bucket", h->zero_count);
	add_field(out, "z_bucket_w", h->zero_width);
	if (pql_histogram_is_custom(h)) {
		add_custom_values(out, h);
	}
	if (resets[h->reset] != NULL) {
		add_key(out, "counter_reset_hint");
		strbuf_add_c(out, resets[h->reset]);
	}
	add_buckets(out, &h->positive, "offset", "buckets");
	add_buckets(out, &h->negative, "n_offset", "n_buckets");
	strbuf_add_c(out, "}}");
}

/* ---- with limits ---- */

static void describe_bucket(struct strbuf *out, const struct pql_bucket *b) {
	strbuf_add_c(out, ", ");
	strbuf_add_char(out, b->lower_inclusive ? '[' : '(');
	gofloat_print(out, b->lower, 'g');
	strbuf_add_char(out, ',');
	gofloat_print(out, b->upper, 'g');
	strbuf_add_char(out, b->upper_inclusive ? ']' : ')');
	strbuf_add_char(out, ':');
	gofloat_print(out, b->count, 'g');
}

static void describe_cell(struct strbuf *out, const struct pql_histogram *h, struct pql_cell cell,
						  bool negative) {
	if (cell.count != 0) {
		struct pql_bucket b = bucket_whole(h, cell, negative);
		describe_bucket(out, &b);
	}
}

void pql_histogram_describe(struct strbuf *out, const struct pql_histogram *h) {
	strbuf_add_c(out, "{count:");
	gofloat_print(out, h->count, 'g');
	strbuf_add_c(out, ", sum:");
	gofloat_print(out, h->sum, 'g');
	for (size_t i = h->negative.count; i > 0; i--) {
		describe_cell(out, h, h->negative.cells[i - 1], true);
	}
	if (h->zero_count != 0) {
		struct pql_bucket zero = bucket_zero(h);
		describe_bucket(out, &zero);
	}
	for (size_t i = 0; i < h->positive.count; i++) {
		describe_cell(out, h, h->positive.cells[i], false);
	}
	strbuf_add_char(out, '}');
}
