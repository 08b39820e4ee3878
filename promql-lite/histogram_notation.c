/* {{schema:1 sum:-0.3 count:3.1 z_bucket:7.1 z_bucket_w:0.05 buckets:[5.1 10 7] offset:-3 n_buckets:[4.1 5] n_offset:-5
 * counter_reset_hint:gauge custom_values:[1 2]}} */
#include "promql-lite/series_notation_private.h"

enum key_type { KEY_INT, KEY_NUMBER, KEY_LIST, KEY_HINT };

enum key {
	KEY_SCHEMA,
	KEY_SUM,
	KEY_COUNT,
	KEY_ZERO_COUNT,
	KEY_ZERO_WIDTH,
	KEY_BUCKETS,
	KEY_OFFSET,
	KEY_NEGATIVE_BUCKETS,
	KEY_NEGATIVE_OFFSET,
	KEY_CUSTOM_VALUES,
	KEY_RESET_HINT,
	KEYS,
};

static const struct {
	const char *name;
	enum key_type type;
} keys[KEYS] = {
	[KEY_SCHEMA] = {"schema", KEY_INT},
	[KEY_SUM] = {"sum", KEY_NUMBER},
	[KEY_COUNT] = {"count", KEY_NUMBER},
	[KEY_ZERO_COUNT] = {"z_bucket", KEY_NUMBER},
	[KEY_ZERO_WIDTH] = {"z_bucket_w", KEY_NUMBER},
	[KEY_BUCKETS] = {"buckets", KEY_LIST},
	[KEY_OFFSET] = {"offset", KEY_INT},
	[KEY_NEGATIVE_BUCKETS] = {"n_buckets", KEY_LIST},
	[KEY_NEGATIVE_OFFSET] = {"n_offset", KEY_INT},
	[KEY_CUSTOM_VALUES] = {"custom_values", KEY_LIST},
	[KEY_RESET_HINT] = {"counter_reset_hint", KEY_HINT},
};

static const struct {
	const char *name;
	enum pql_counter_reset reset;
} hints[] = {
	{"unknown", PQL_RESET_UNKNOWN},
	{"reset", PQL_RESET_YES},
	{"not_reset", PQL_RESET_NO},
	{"gauge", PQL_RESET_GAUGE},
};

/* What stands behind a key. */
struct key_value {
	bool given;
	double number;
	int64_t integer;
	enum pql_counter_reset hint;
	double *items;
	size_t count, capacity;
};

struct histogram_parser {
	struct str text;
	size_t start; /* of the first brace */
	size_t at;
	struct arena *arena;
	const char *error;
	struct span span;
};

static bool fail(struct histogram_parser *p, struct span span, const char *message) {
	struct str word = str_slice(p->text, span.start, span.end);
	p->error = arena_printf(p->arena, "%s \"%.*s\"", message, STR_FMT(word));
	p->span = span;
	return false;
}

static char peek(const struct histogram_parser *p) {
	return p->at < p->text.len ? p->text.ptr[p->at] : '\0';
}

static bool is_blank(char c) {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Up to what may follow a number or a key. */
static struct span scan_word(struct histogram_parser *p) {
	struct span span = {p->at, p->at};
	while (span.end < p->text.len && strchr(" \t\r\n:[]{}", p->text.ptr[span.end]) == NULL) {
		span.end++;
	}
	p->at = span.end;
	return span;
}

static bool parse_number(struct histogram_parser *p, double *ret) {
	struct span span = scan_word(p);
	struct str word = str_slice(p->text, span.start, span.end);
	bool negative = word.len > 0 && word.ptr[0] == '-';
	struct str size = str_slice(word, negative, word.len);
	bool signed_twice = size.len > 0 && strchr("+-.", size.ptr[0]) != NULL;
	bool good = !signed_twice && series_number_parse(size, ret);
	*ret = good && negative ? -*ret : *ret;
	return good || fail(p, span, "invalid number in histogram description:");
}

static bool parse_int(struct histogram_parser *p, int64_t *ret) {
	size_t start = p->at;
	bool negative = peek(p) == '-';
	int64_t value = 0;
	p->at += negative;
	size_t digits = p->at;
	for (; peek(p) >= '0' && peek(p) <= '9' && value < INT32_MAX; p->at++) {
		value = value * 10 + (peek(p) - '0');
	}
	if (p->at == digits || value > INT32_MAX) {
		return fail(p, (struct span){start, p->at}, "invalid integer in histogram description:");
	}
	*ret = negative ? -value : value;
	return true;
}

static void skip_blanks(struct histogram_parser *p) {
	while (is_blank(peek(p))) {
		p->at++;
	}
}

static bool parse_list(struct histogram_parser *p, struct key_value *v) {
	size_t start = p->at;
	if (peek(p) != '[') {
		return fail(p, (struct span){start, start}, "expected a list in histogram description at");
	}
	p->at++;
	for (skip_blanks(p); peek(p) != ']' || v->count == 0; skip_blanks(p)) {
		double number;
		if (!parse_number(p, &number)) {
			return false;
		}
		if (v->count == PQL_HISTOGRAM_MAX_BUCKETS) {
			return fail(p, (struct span){start, start + 1}, "too many buckets in histogram:");
		}
		v->items = arena_grow(p->arena, v->items, v->count, &v->capacity, sizeof(*v->items));
		v->items[v->count++] = number;
	}
	p->at++;
	return true;
}

static bool parse_hint(struct histogram_parser *p, struct key_value *v) {
	struct span span = scan_word(p);
	struct str word = str_slice(p->text, span.start, span.end);
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (str_equal(word, str_from(hints[i].name))) {
			v->hint = hints[i].reset;
			return true;
		}
	}
	return fail(p, span, "unknown counter_reset_hint:");
}

static bool parse_value(struct histogram_parser *p, enum key_type type, struct key_value *v) {
	switch (type) {
	case KEY_INT: return parse_int(p, &v->integer);
	case KEY_NUMBER: return parse_number(p, &v->number);
	case KEY_LIST: return parse_list(p, v);
	case KEY_HINT: return parse_hint(p, v);
	}
	return false;
}

static bool parse_pair(struct histogram_parser *p, struct key_value *values) {
	struct span span = scan_word(p);
	struct str word = str_slice(p->text, span.start, span.end);
	for (size_t i = 0; i < KEYS; i++) {
		if (!str_equal(word, str_from(keys[i].name))) {
			continue;
		}
		if (peek(p) != ':') {
			return fail(p, span, "missing `:` for histogram descriptor");
		}
		if (values[i].given) {
			return fail(p, span, "duplicate key in histogram:");
		}
		p->at++;
		values[i].given = true;
		return parse_value(p, keys[i].type, &values[i]);
	}
	return fail(p, span, "bad histogram descriptor found:");
}

static bool parse_pairs(struct histogram_parser *p, struct key_value *values) {
	struct str end = STR("}}");
	for (;;) {
		size_t before = p->at;
		skip_blanks(p);
		if (str_starts_with(str_slice(p->text, p->at, p->text.len), end)) {
			p->at += end.len;
			return true;
		}
		if (p->at == p->text.len) {
			return fail(p, (struct span){p->start, p->at},
						"unterminated histogram in series values:");
		}
		if (before == p->at && before > 0 && p->text.ptr[before - 1] != '{') {
			return fail(p, (struct span){p->at, p->at + 1},
						"unexpected text in histogram description:");
		}
		if (!parse_pair(p, values)) {
			return false;
		}
	}
}

static struct pql_buckets make_buckets(const struct key_value *counts,
									   const struct key_value *offset, struct arena *a) {
	struct pql_buckets b = {.cells = ARENA_ARRAY(a, struct pql_cell, counts->count),
							.count = counts->count};
	for (size_t i = 0; i < b.count; i++) {
		b.cells[i] = (struct pql_cell){offset->integer + (int64_t)i, counts->items[i]};
	}
	return b;
}

struct pql_histogram *pql_histogram_parse(struct str text, size_t *at, struct arena *a,
										  const char **ret_error, struct span *ret_span) {
	struct histogram_parser p = {.text = text, .start = *at, .at = *at + 2, .arena = a};
	struct key_value values[KEYS] = {0};
	if (!parse_pairs(&p, values)) {
		*ret_error = p.error;
		*ret_span = p.span;
		return NULL;
	}
	int64_t schema = values[KEY_SCHEMA].integer;
	if (schema != PQL_HISTOGRAM_CUSTOM &&
		(schema < PQL_HISTOGRAM_SCHEMA_MIN || schema > PQL_HISTOGRAM_SCHEMA_MAX)) {
		*ret_error = arena_printf(a, "histogram has an invalid schema %d: it is %d to %d, or %d",
								  (int)schema, PQL_HISTOGRAM_SCHEMA_MIN, PQL_HISTOGRAM_SCHEMA_MAX,
								  PQL_HISTOGRAM_CUSTOM);
		*ret_span = (struct span){*at, p.at};
		return NULL;
	}
	*at = p.at;
	struct pql_histogram *h = ARENA_NEW(a, struct pql_histogram);
	*h = (struct pql_histogram){
		.schema = schema,
		.sum = values[KEY_SUM].number,
		.count = values[KEY_COUNT].number,
		.zero_count = values[KEY_ZERO_COUNT].number,
		.zero_width = values[KEY_ZERO_WIDTH].number,
		.reset = values[KEY_RESET_HINT].hint,
		.positive = make_buckets(&values[KEY_BUCKETS], &values[KEY_OFFSET], a),
		.negative = make_buckets(&values[KEY_NEGATIVE_BUCKETS], &values[KEY_NEGATIVE_OFFSET], a),
	};
	if (schema == PQL_HISTOGRAM_CUSTOM) {
		h->zero_count = 0;
		h->zero_width = 0;
		h->negative.count = 0;
		h->custom_values = values[KEY_CUSTOM_VALUES].items;
		h->custom_count = values[KEY_CUSTOM_VALUES].count;
	}
	return h;
}
