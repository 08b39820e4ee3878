/* Values for people: columns that line up. */
#include "base/timestamp.h"
#include "base/utf8.h"
#include "cli/query_print.h"

static void table_point(struct strbuf *out, ts_ms t, double v) {
	strbuf_add_c(out, "    ");
	timestamp_print_rfc3339_ms(out, t);
	strbuf_add_c(out, "  ");
	query_print_value(out, v);
	strbuf_add_char(out, '\n');
}

/* ---- an instant: a column per label name, and the value ---- */

#define MAX_COLUMNS 12 /* more do not fit on any screen: the label set is one column then */

struct table {
	const struct pql_value *value;
	struct str names[MAX_COLUMNS]; /* of labels, in the order of their bytes */
	size_t widths[MAX_COLUMNS];
	size_t count;
};

/* false: there is no room for one more. */
static bool add_column(struct table *t, struct str name) {
	size_t at = 0;
	while (at < t->count && str_compare(t->names[at], name) < 0) {
		at++;
	}
	if (at < t->count && str_equal(t->names[at], name)) {
		return true;
	}
	if (t->count == MAX_COLUMNS) {
		return false;
	}
	memmove(&t->names[at + 1], &t->names[at], (t->count - at) * sizeof(t->names[0]));
	t->names[at] = name;
	t->count++;
	return true;
}

static bool find_columns(struct table *t) {
	for (size_t i = 0; i < t->value->row_count; i++) {
		struct labels l = t->value->rows[i].labels;
		for (size_t k = 0; k < l.count; k++) {
			if (!add_column(t, l.items[k].name)) {
				return false;
			}
		}
	}
	return true;
}

/* A label as it stands in a cell: in quotes when it holds something that a terminal might obey. */
static void print_cell(struct strbuf *out, struct str text) {
	struct str rest = text;
	uint32_t rune;
	for (size_t n = utf8_decode(rest, &rune); n > 0; n = utf8_decode(rest, &rune)) {
		if (!utf8_is_printable(rune) || rune == UTF8_INVALID) {
			strbuf_add_quoted(out, text);
			return;
		}
		rest = str_slice(rest, n, rest.len);
	}
	strbuf_add(out, text);
}

static size_t cell_width(struct str text) {
	struct strbuf cell = STRBUF_INIT;
	print_cell(&cell, text);
	size_t width = utf8_width(strbuf_str(&cell));
	strbuf_finish(&cell);
	return width;
}

static void measure(struct table *t) {
	for (size_t c = 0; c < t->count; c++) {
		t->widths[c] = cell_width(t->names[c]);
		for (size_t i = 0; i < t->value->row_count; i++) {
			size_t width = cell_width(labels_get(t->value->rows[i].labels, t->names[c]));
			t->widths[c] = width > t->widths[c] ? width : t->widths[c];
		}
	}
}

static void add_cell(struct strbuf *out, struct str text, size_t width) {
	print_cell(out, text);
	for (size_t n = cell_width(text); n < width + 2; n++) {
		strbuf_add_char(out, ' ');
	}
}

static void add_value_line(struct strbuf *out, double v) {
	query_print_value(out, v);
	strbuf_add_char(out, '\n');
}

static void vector_in_columns(struct strbuf *out, const struct table *t) {
	for (size_t c = 0; c < t->count; c++) {
		add_cell(out, t->names[c], t->widths[c]);
	}
	strbuf_add_c(out, "VALUE\n");
	for (size_t i = 0; i < t->value->row_count; i++) {
		const struct pql_row *row = &t->value->rows[i];
		for (size_t c = 0; c < t->count; c++) {
			add_cell(out, labels_get(row->labels, t->names[c]), t->widths[c]);
		}
		add_value_line(out, row->values[0]);
	}
}

static void vector_table(struct strbuf *out, const struct pql_value *v) {
	struct table t = {.value = v};
	if (v->row_count > 0 && find_columns(&t)) {
		measure(&t);
		vector_in_columns(out, &t);
		return;
	}
	for (size_t i = 0; i < v->row_count; i++) {
		labels_print(out, v->rows[i].labels);
		strbuf_add_c(out, "  ");
		add_value_line(out, v->rows[i].values[0]);
	}
}

/* ---- a range: a line per point ---- */

static void row_points(struct strbuf *out, const struct pql_value *v, const struct pql_row *row) {
	labels_print(out, row->labels);
	strbuf_add_char(out, '\n');
	for (size_t i = 0; i < v->steps; i++) {
		if (row->present[i]) {
			table_point(out, v->grid.start + (ts_ms)i * v->grid.step, row->values[i]);
		}
	}
}

static void series_points(struct strbuf *out, const struct pql_series *s) {
	labels_print(out, s->labels);
	strbuf_add_char(out, '\n');
	for (size_t i = 0; i < s->count; i++) {
		if (!pql_is_stale_nan(s->values[i])) {
			table_point(out, s->times[i], s->values[i]);
		}
	}
}

static void scalar_table(struct strbuf *out, const struct pql_value *v, bool is_range) {
	for (size_t i = 0; i < v->steps && is_range; i++) {
		table_point(out, v->grid.start + (ts_ms)i * v->grid.step, v->scalars[i]);
	}
	if (!is_range) {
		add_value_line(out, v->scalars[0]);
	}
}

void query_print_table(struct strbuf *out, const struct pql_value *v, bool is_range) {
	switch (v->type) {
	case PQL_TYPE_NONE: return;
	case PQL_TYPE_SCALAR: scalar_table(out, v, is_range); return;
	case PQL_TYPE_STRING:
		strbuf_add(out, v->string);
		strbuf_add_char(out, '\n');
		return;
	case PQL_TYPE_MATRIX:
		for (size_t i = 0; i < v->matrix.count; i++) {
			series_points(out, &v->matrix.items[i]);
		}
		return;
	case PQL_TYPE_VECTOR: break;
	}
	if (!is_range) {
		vector_table(out, v);
		return;
	}
	for (size_t i = 0; i < v->row_count; i++) {
		row_points(out, v, &v->rows[i]);
	}
}
