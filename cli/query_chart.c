/* A range as charts of block characters, one under the other:
 *
 *   up{instance="a:1"}
 *        12.5 ┤       ▂▅██▆
 *             │    ▃▇██████▄
 *           3 ┤▁▂▅██████████▂▁
 *
 * A column stands for one or more steps and shows their mean; where there is nothing, or NaN, it is empty. */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/timestamp.h"
#include "cli/query_print.h"
#include "promql-lite/histogram.h"

#define MARGIN 14 /* columns for the numbers on the left and the axis */
#define LEAST_COLUMNS 10
#define MOST_SERIES 20 /* after that nobody looks any more */

struct chart {
	struct strbuf *out;
	struct query_chart_style style;
	struct pql_grid grid;
	size_t columns, rows;
	double *sums; /* per column */
	size_t *counts;
	double least, most; /* of the means */
};

static void add_point(struct chart *c, ts_ms t, double v) {
	size_t steps = pql_grid_count(c->grid), step = (size_t)((t - c->grid.start) / c->grid.step);
	if (t < c->grid.start || step >= steps || isnan(v)) {
		return;
	}
	size_t column = steps <= c->columns ? step : step * c->columns / steps;
	c->sums[column] += v;
	c->counts[column]++;
}

static bool column_value(const struct chart *c, size_t column, double *ret_v) {
	*ret_v = c->counts[column] > 0 ? c->sums[column] / (double)c->counts[column] : NAN;
	return !isnan(*ret_v);
}

static void find_scale(struct chart *c) {
	double v;
	c->least = INFINITY;
	c->most = -INFINITY;
	for (size_t i = 0; i < c->columns; i++) {
		if (column_value(c, i, &v) && isfinite(v)) {
			c->least = fmin(c->least, v);
			c->most = fmax(c->most, v);
		}
	}
}

/* Height of a column in eighths of a row: at least one, so that something shows. */
static size_t column_height(const struct chart *c, size_t column) {
	double v, full = (double)(c->rows * 8);
	if (!column_value(c, column, &v)) {
		return 0;
	}
	if (!(c->most > c->least) && isfinite(v)) {
		return c->rows * 4;
	}
	double share = isinf(v) ? (double)(v > 0) : (v - c->least) / (c->most - c->least);
	return 1 + (size_t)(share * (full - 1));
}

static void add_scale(struct chart *c, double v, bool shown) {
	struct strbuf text = STRBUF_INIT;
	if (shown && isfinite(v)) {
		strbuf_printf(&text, "%.6g", v);
	}
	strbuf_printf(c->out, "%*s %s", MARGIN - 2, text.len > 0 ? text.ptr : "", shown ? "┤" : "│");
	strbuf_finish(&text);
}

static void add_line(struct chart *c, size_t row) {
	static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	size_t below = (c->rows - 1 - row) * 8;
	bool top = row == 0, bottom = row + 1 == c->rows;
	add_scale(c, top ? c->most : c->least, top || bottom);
	strbuf_add_c(c->out, c->style.color ? "\033[36m" : "");
	for (size_t i = 0; i < c->columns; i++) {
		size_t height = column_height(c, i);
		size_t part = height > below ? height - below : 0;
		strbuf_add_c(c->out, blocks[part > 8 ? 8 : part]);
	}
	strbuf_add_c(c->out, c->style.color ? "\033[0m\n" : "\n");
}

static void chart_begin(struct chart *c, struct labels l) {
	memset(c->sums, 0, c->columns * sizeof(*c->sums));
	memset(c->counts, 0, c->columns * sizeof(*c->counts));
	strbuf_add_c(c->out, c->style.color ? "\033[1m" : "");
	labels_print(c->out, l);
	strbuf_add_c(c->out, c->style.color ? "\033[0m\n" : "\n");
}

static void chart_end(struct chart *c) {
	find_scale(c);
	for (size_t row = 0; row < c->rows; row++) {
		add_line(c, row);
	}
}

/* A native histogram is as high as its count. */
static double height_of(double value, struct pql_histogram *const *histograms, size_t i) {
	return histograms == NULL || histograms[i] == NULL ? value : histograms[i]->count;
}

static void chart_row(struct chart *c, const struct pql_value *v, const struct pql_row *row) {
	chart_begin(c, row->labels);
	for (size_t i = 0; i < v->steps; i++) {
		if (row->present[i]) {
			add_point(c, c->grid.start + (ts_ms)i * c->grid.step,
					  height_of(row->values[i], row->histograms, i));
		}
	}
	chart_end(c);
}

static void chart_series(struct chart *c, const struct pql_series *s) {
	chart_begin(c, s->labels);
	for (size_t i = 0; i < s->count; i++) {
		add_point(c, s->times[i], height_of(s->values[i], s->histograms, i));
	}
	chart_end(c);
}

static void chart_scalar(struct chart *c, const struct pql_value *v) {
	chart_begin(c, LABELS_EMPTY);
	for (size_t i = 0; i < v->steps; i++) {
		add_point(c, c->grid.start + (ts_ms)i * c->grid.step, v->scalars[i]);
	}
	chart_end(c);
}

/* From when to when, under the ends of the axis. */
static void add_times(struct chart *c) {
	struct strbuf from = STRBUF_INIT, to = STRBUF_INIT;
	if (c->style.from != NULL) {
		strbuf_add_c(&from, c->style.from);
		strbuf_add_c(&to, c->style.to);
	} else {
		timestamp_print_rfc3339_ms(&from, c->grid.start);
		timestamp_print_rfc3339_ms(&to, c->grid.end);
	}
	size_t between = c->columns > from.len + to.len ? c->columns - from.len - to.len : 2;
	strbuf_printf(c->out, "%*s%s%*s%s\n", MARGIN, "", from.ptr, (int)between, "", to.ptr);
	strbuf_finish(&from);
	strbuf_finish(&to);
}

static void chart_all(struct chart *c, const struct pql_value *v, size_t count) {
	for (size_t i = 0; i < count && i < MOST_SERIES; i++) {
		if (v->type == PQL_TYPE_VECTOR) {
			chart_row(c, v, &v->rows[i]);
		} else if (v->type == PQL_TYPE_MATRIX) {
			chart_series(c, &v->matrix.items[i]);
		} else {
			chart_scalar(c, v);
		}
	}
	if (count > 0) {
		add_times(c);
	}
	if (count > MOST_SERIES) {
		strbuf_printf(c->out, "and %zu more series: --table shows them all\n", count - MOST_SERIES);
	}
}

void query_print_chart(struct strbuf *out, const struct pql_value *v,
					   struct query_chart_style style) {
	size_t count = v->type == PQL_TYPE_VECTOR   ? v->row_count
				   : v->type == PQL_TYPE_MATRIX ? v->matrix.count
												: v->type == PQL_TYPE_SCALAR;
	size_t steps = pql_grid_count(v->grid);
	size_t wide = style.columns > MARGIN + LEAST_COLUMNS ? style.columns - MARGIN : LEAST_COLUMNS;
	struct chart c = {.out = out,
					  .style = style,
					  .grid = v->grid,
					  .columns = steps < wide ? steps : wide,
					  .rows = count > 4 || style.low ? 2 : 5};
	c.sums = mem_calloc(c.columns, sizeof(*c.sums));
	c.counts = mem_calloc(c.columns, sizeof(*c.counts));
	chart_all(&c, v, count);
	free(c.sums);
	free(c.counts);
}
