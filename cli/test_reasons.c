/* Why a check may have failed: what the parts of the expression are worth, how the alerts went, and what the series looked like. */
#include "base/diag.h"
#include "base/duration.h"
#include "base/utf8.h"
#include "cli/query_print.h"
#include "cli/test.h"
#include "promql-lite/histogram.h"

#define MARGIN 6
#define WIDEST_PART 44  /* a longer one has a line of its own */
#define MOST_VALUES 4   /* of a part */
#define MOST_CHANGES 12 /* the latest */
#define MOST_CHARTS 3   /* selectors */
#define MOST_SERIES 4   /* of a selector */

/* ---- values ---- */

static void add_sample(struct strbuf *out, double value, const struct pql_histogram *histogram) {
	if (histogram != NULL) {
		pql_histogram_print(out, histogram);
	} else {
		query_print_value(out, value);
	}
}

static void add_series_sample(struct strbuf *out, const struct pql_series *s, size_t index) {
	add_sample(out, s->values[index], s->histograms == NULL ? NULL : s->histograms[index]);
}

static void add_value(struct strbuf *out, const struct pql_value *v, size_t index) {
	if (v->type == PQL_TYPE_SCALAR) {
		query_print_value(out, v->scalars[0]);
	} else if (v->type == PQL_TYPE_VECTOR) {
		const struct pql_row *row = &v->rows[index];
		labels_print(out, row->labels);
		strbuf_add_char(out, ' ');
		add_sample(out, row->values[0], row->histograms == NULL ? NULL : row->histograms[0]);
	} else if (v->type == PQL_TYPE_MATRIX) {
		const struct pql_series *s = &v->matrix.items[index];
		labels_print(out, s->labels);
		strbuf_add_c(out, "  ");
		add_series_sample(out, s, 0);
		strbuf_add_c(out, s->count > 2 ? " … " : s->count == 2 ? " " : "");
		if (s->count > 1) {
			add_series_sample(out, s, s->count - 1);
		}
		strbuf_add_c(out, " (");
		strbuf_add_count(out, s->count, "sample");
		strbuf_add_char(out, ')');
	}
}

static size_t count_values(const struct pql_value *v) {
	return v->type == PQL_TYPE_VECTOR   ? v->row_count
		   : v->type == PQL_TYPE_MATRIX ? v->matrix.count
										: v->type == PQL_TYPE_SCALAR;
}

/* White space of any kind and length is one space: expressions are written over several lines. */
static void add_on_one_line(struct strbuf *out, struct str text) {
	bool blank = false;
	text = str_trim(text);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		bool is_blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
		if (!is_blank) {
			strbuf_add_c(out, blank ? " " : "");
			strbuf_add_char(out, c);
		}
		blank = is_blank;
	}
}

static void add_part(struct strbuf *out, const struct rule_test_part *p, size_t column) {
	size_t start = out->len, count = p->failure == NULL ? count_values(&p->value) : 0;
	strbuf_add_repeat(out, ' ', MARGIN + 2 + 2 * (size_t)p->depth);
	add_on_one_line(out, p->text);
	size_t width = utf8_width(str_slice(strbuf_str(out), start, out->len));
	if (width > column) {
		strbuf_add_char(out, '\n');
		width = 0;
	}
	strbuf_add_repeat(out, ' ', column - width + 2);
	if (p->failure != NULL || count == 0) {
		strbuf_printf(out, "%s\n", p->failure != NULL ? p->failure : "nothing");
	}
	for (size_t i = 0; i < count && i < MOST_VALUES; i++) {
		if (i > 0) {
			strbuf_add_repeat(out, ' ', column + 2);
		}
		add_value(out, &p->value, i);
		strbuf_add_char(out, '\n');
	}
	if (count > MOST_VALUES) {
		strbuf_add_repeat(out, ' ', column + 2);
		strbuf_add_c(out, "… and ");
		strbuf_add_number(out, count - MOST_VALUES);
		strbuf_add_c(out, " more\n");
	}
}

static size_t part_column(const struct rule_test_expression *e) {
	size_t column = 0;
	for (size_t i = 0; i < e->part_count; i++) {
		struct strbuf b = STRBUF_INIT;
		add_on_one_line(&b, e->parts[i].text);
		size_t width = MARGIN + 2 + 2 * (size_t)e->parts[i].depth + utf8_width(strbuf_str(&b));
		if (width <= MARGIN + WIDEST_PART && width > column) {
			column = width;
		}
		strbuf_finish(&b);
	}
	return column > 0 ? column : MARGIN + 2;
}

static void add_parts(struct strbuf *out, const struct rule_test_expression *e) {
	size_t column = part_column(e);
	strbuf_add_repeat(out, ' ', MARGIN);
	if (e->rule != NULL) {
		strbuf_add_c(out, "rule ");
		diag_add_visible(out, e->rule->name);
		strbuf_add_c(out, " in group ");
		diag_add_visible(out, e->group->name);
		strbuf_printf(out, " of %.*s, evaluated", STR_FMT(e->group->file));
	} else {
		strbuf_add_c(out, "part by part");
	}
	strbuf_add_c(out, " at ");
	duration_print(out, e->time < 0 ? -e->time : e->time);
	strbuf_add_c(out, ":\n");
	for (size_t i = 0; i < e->part_count; i++) {
		add_part(out, &e->parts[i], column);
	}
	if (e->rule != NULL && e->rule->hold > 0) {
		strbuf_printf(out, "%*sfor: ", MARGIN + 2, "");
		duration_print(out, e->rule->hold);
		strbuf_add_char(out, '\n');
	}
}

/* ---- alerts ---- */

static void add_change(struct strbuf *out, const struct rule_test_change *c) {
	struct strbuf time = STRBUF_INIT;
	duration_print(&time, c->time);
	strbuf_printf(out, "%*s%8s  %-9s ", MARGIN + 2, "", time.ptr, alert_change_name[c->change]);
	labels_print(out, c->labels);
	strbuf_add_c(out, "  ");
	query_print_value(out, c->value);
	strbuf_add_char(out, '\n');
	strbuf_finish(&time);
}

static void add_changes(struct strbuf *out, const struct rule_test_explanation *e) {
	if (e->change_count == 0) {
		strbuf_printf(out, "%*sup to then no such alert was pending or firing\n", MARGIN, "");
		return;
	}
	size_t first = e->change_count > MOST_CHANGES ? e->change_count - MOST_CHANGES : 0;
	strbuf_printf(out, "%*show it went:\n", MARGIN, "");
	if (first > 0) {
		strbuf_printf(out, "%*s… ", MARGIN + 2, "");
		strbuf_add_count(out, first, "change");
		strbuf_add_c(out, " before\n");
	}
	for (size_t i = first; i < e->change_count; i++) {
		add_change(out, &e->changes[i]);
	}
}

/* ---- charts ---- */

/* The charts' lines, further to the right. */
static void add_indented(struct strbuf *out, struct str text) {
	while (text.len > 0) {
		size_t end = str_find(text, STR("\n"));
		strbuf_add_repeat(out, ' ', MARGIN);
		strbuf_add(out, str_slice(text, 0, end));
		strbuf_add_char(out, '\n');
		text = str_slice(text, end < text.len ? end + 1 : end, text.len);
	}
}

static void add_chart(struct strbuf *out, const struct pql_value *series, dur_ms start,
					  struct test_style style) {
	struct pql_value shown = *series;
	struct strbuf chart = STRBUF_INIT, from = STRBUF_INIT, to = STRBUF_INIT;
	shown.row_count = series->row_count < MOST_SERIES ? series->row_count : MOST_SERIES;
	duration_print(&from, series->grid.start - start);
	duration_print(&to, series->grid.end - start);
	query_print_chart(&chart, &shown,
					  (struct query_chart_style){.columns = style.columns - MARGIN,
												 .color = style.color,
												 .low = true,
												 .from = from.ptr,
												 .to = to.ptr});
	add_indented(out, strbuf_str(&chart));
	if (series->row_count > shown.row_count) {
		strbuf_printf(out, "%*sand ", MARGIN, "");
		strbuf_add_number(out, series->row_count - shown.row_count);
		strbuf_add_c(out, " more series\n");
	}
	strbuf_finish(&chart);
	strbuf_finish(&from);
	strbuf_finish(&to);
}

static bool is_shown(const struct rule_test_expression *e, size_t index) {
	const struct pql_selector *s = &e->expr->selectors[index]->selector;
	for (size_t i = 0; i < index; i++) {
		const struct pql_selector *before = &e->expr->selectors[i]->selector;
		if (before->name.len > 0 && str_equal(before->name, s->name) &&
			before->matcher_count == s->matcher_count &&
			e->series[i].row_count == e->series[index].row_count) {
			return true;
		}
	}
	return false;
}

static void add_charts(struct strbuf *out, const struct rule_test_expression *e, dur_ms start,
					   struct test_style style) {
	size_t shown = 0;
	for (size_t i = 0; i < e->series_count && shown < MOST_CHARTS; i++) {
		const struct pql_value *v = &e->series[i];
		if (v->type == PQL_TYPE_VECTOR && v->row_count > 0 && v->steps > 1 && !is_shown(e, i)) {
			add_chart(out, v, start, style);
			shown++;
		}
	}
}

void test_reasons(struct strbuf *out, const struct rule_test_check *check, dur_ms start,
				  struct test_style style) {
	const struct rule_test_explanation *e = check->explanation;
	if (e == NULL) {
		return;
	}
	for (size_t i = 0; i < e->expression_count; i++) {
		add_parts(out, &e->expressions[i]);
	}
	if (check->alert != NULL && check->known) {
		add_changes(out, e);
	}
	for (size_t i = 0; i < e->expression_count; i++) {
		add_charts(out, &e->expressions[i], start, style);
	}
}
