#include "cli/query_print.h"

#include <math.h>

#include "base/gofloat.h"
#include "base/json.h"

/* "1435781451.781", "1435781451": as the API writes a time. */
static void add_time(struct strbuf *out, ts_ms t) {
	uint64_t size = t < 0 ? 0 - (uint64_t)t : (uint64_t)t;
	strbuf_printf(out, "%s%llu", t < 0 ? "-" : "", (unsigned long long)(size / 1000));
	if (size % 1000 != 0) {
		strbuf_printf(out, ".%03llu", (unsigned long long)(size % 1000));
	}
}

void query_print_value(struct strbuf *out, double v) {
	double size = fabs(v);
	gofloat_print(out, v, size != 0 && (size < 1e-6 || size >= 1e21) ? 'e' : 'f');
}

/* [1435781451.781,"1"] */
static void json_point(struct json_writer *w, ts_ms t, double v) {
	struct strbuf text = STRBUF_INIT;
	strbuf_add_char(&text, '[');
	add_time(&text, t);
	strbuf_add_c(&text, ",\"");
	query_print_value(&text, v);
	strbuf_add_c(&text, "\"]");
	json_raw(w, strbuf_str(&text));
	strbuf_finish(&text);
}

static ts_ms step_time(const struct pql_value *v, size_t step) {
	return v->grid.start + (ts_ms)step * v->grid.step;
}

/* Escapes what JSON makes one escape, and nothing that only HTML does: labels in Prometheus' answers are the exception. */
static void add_plain_string(struct strbuf *out, struct str s) {
	strbuf_add_char(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		const char *short_form = c == '\n' ? "\\n" : c == '\r' ? "\\r" : c == '\t' ? "\\t" : NULL;
		if (c == '"' || c == '\\') {
			strbuf_add_char(out, '\\');
			strbuf_add_char(out, (char)c);
		} else if (short_form != NULL) {
			strbuf_add_c(out, short_form);
		} else if (c < 0x20) {
			strbuf_printf(out, "\\u%04x", c);
		} else {
			strbuf_add_char(out, (char)c);
		}
	}
	strbuf_add_char(out, '"');
}

static void json_metric(struct json_writer *w, struct labels l) {
	struct strbuf text = STRBUF_INIT;
	strbuf_add_char(&text, '{');
	for (size_t i = 0; i < l.count; i++) {
		strbuf_add_c(&text, i > 0 ? "," : "");
		add_plain_string(&text, l.items[i].name);
		strbuf_add_char(&text, ':');
		add_plain_string(&text, l.items[i].value);
	}
	strbuf_add_char(&text, '}');
	json_key(w, "metric");
	json_raw(w, strbuf_str(&text));
	strbuf_finish(&text);
}

static void json_row(struct json_writer *w, const struct pql_value *v, const struct pql_row *row,
					 bool is_range) {
	json_open_object(w);
	json_metric(w, row->labels);
	json_key(w, is_range ? "values" : "value");
	if (is_range) {
		json_open_array(w);
	}
	for (size_t i = 0; i < v->steps; i++) {
		if (row->present[i]) {
			json_point(w, step_time(v, i), row->values[i]);
		}
	}
	if (is_range) {
		json_close_array(w);
	}
	json_close_object(w);
}

static void json_series(struct json_writer *w, const struct pql_series *s) {
	json_open_object(w);
	json_metric(w, s->labels);
	json_key(w, "values");
	json_open_array(w);
	for (size_t i = 0; i < s->count; i++) {
		if (!pql_is_stale_nan(s->values[i])) {
			json_point(w, s->times[i], s->values[i]);
		}
	}
	json_close_array(w);
	json_close_object(w);
}

/* A scalar or a string at an instant: [1435781451.78,"1"]. Not like points: the time is any JSON number, and a number among
 * them never has an exponent. */
static void json_single(struct json_writer *w, ts_ms t, struct str text) {
	json_open_array(w);
	json_number(w, (double)t / 1000);
	json_string(w, text);
	json_close_array(w);
}

static void json_scalar(struct json_writer *w, ts_ms t, double v) {
	struct strbuf text = STRBUF_INIT;
	gofloat_print(&text, v, 'f');
	json_single(w, t, strbuf_str(&text));
	strbuf_finish(&text);
}

/* Over a range a scalar is a matrix of one series without labels. */
static void json_scalars(struct json_writer *w, const struct pql_value *v) {
	json_open_array(w);
	json_open_object(w);
	json_metric(w, LABELS_EMPTY);
	json_key(w, "values");
	json_open_array(w);
	for (size_t i = 0; i < v->steps; i++) {
		json_point(w, step_time(v, i), v->scalars[i]);
	}
	json_close_array(w);
	json_close_object(w);
	json_close_array(w);
}

static void json_result(struct json_writer *w, const struct pql_value *v, bool is_range) {
	switch (v->type) {
	case PQL_TYPE_SCALAR:
		if (is_range) {
			json_scalars(w, v);
		} else {
			json_scalar(w, v->grid.start, v->scalars[0]);
		}
		return;
	case PQL_TYPE_STRING: json_single(w, v->grid.start, v->string); return;
	case PQL_TYPE_NONE:
	case PQL_TYPE_VECTOR:
	case PQL_TYPE_MATRIX: break;
	}
	json_open_array(w);
	for (size_t i = 0; i < v->row_count && v->type == PQL_TYPE_VECTOR; i++) {
		json_row(w, v, &v->rows[i], is_range);
	}
	for (size_t i = 0; i < v->matrix.count && v->type == PQL_TYPE_MATRIX; i++) {
		json_series(w, &v->matrix.items[i]);
	}
	json_close_array(w);
}

static const char *result_type(enum pql_type type, bool is_range) {
	static const char *const names[] = {[PQL_TYPE_NONE] = "vector",
										[PQL_TYPE_SCALAR] = "scalar",
										[PQL_TYPE_VECTOR] = "vector",
										[PQL_TYPE_MATRIX] = "matrix",
										[PQL_TYPE_STRING] = "string"};
	return is_range ? "matrix" : names[type];
}

static void json_notes(struct json_writer *w, const char *key, const struct pql_notes *notes,
					   bool warnings) {
	bool any = false;
	for (size_t i = 0; i < notes->count; i++) {
		if (notes->items[i].is_warning != warnings) {
			continue;
		}
		if (!any) {
			json_key(w, key);
			json_open_array(w);
			any = true;
		}
		json_string(w, str_from(notes->items[i].message));
	}
	if (any) {
		json_close_array(w);
	}
}

void query_print_json(struct strbuf *out, const struct pql_value *value, bool is_range,
					  const struct pql_notes *notes) {
	struct json_writer w;
	json_init(&w, out);
	json_open_object(&w);
	json_key(&w, "status");
	json_string(&w, STR("success"));
	json_key(&w, "data");
	json_open_object(&w);
	json_key(&w, "resultType");
	json_string(&w, str_from(result_type(value->type, is_range)));
	json_key(&w, "result");
	json_result(&w, value, is_range);
	json_close_object(&w);
	json_notes(&w, "warnings", notes, true);
	json_notes(&w, "infos", notes, false);
	json_close_object(&w);
	strbuf_add_char(out, '\n');
}
