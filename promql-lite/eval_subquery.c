/* Subqueries: the inner expression is evaluated once, over all the steps that any window of the outer grid can see;
 * its rows then serve as series. */
#include "promql-lite/eval_private.h"
#include "promql-lite/stretch.h"

static bool subquery_grid(struct pql_frame *f, const struct pql_node *n,
						  struct range_source *source, struct pql_grid *ret) {
	struct pql_stretch_error error;
	dur_ms step;
	ts_ms first = data_time_of(&source->time, f->grid.start);
	ts_ms last = data_time_of(&source->time, frame_time(f, f->steps - 1));

	if (!pql_stretch_resolve_step(&n->subquery.step, f->run->query,
								  f->run->options.time.default_subquery_step, &step, &error)) {
		return eval_fail_stretch(f->run, &error);
	}
	*ret = (struct pql_grid){pql_subquery_first_step(pql_time_minus(first, source->range), step),
							 last, step};
	return true;
}

/* The values that a row has, closely packed. */
static bool row_to_series(const struct pql_frame *inner, struct arena *a, const struct pql_row *row,
						  struct pql_series *ret) {
	size_t count = 0;
	ts_ms *times;
	double *values;
	struct pql_histogram **histograms = NULL;

	for (size_t k = 0; k < inner->steps; k++) {
		count += row->present[k];
	}
	if (!slots_take(inner->run, (row->histograms != NULL ? 3 : 2) * count)) {
		return false;
	}
	if (row->histograms != NULL) {
		histograms = ARENA_ARRAY(a, struct pql_histogram *, count);
	}
	times = ARENA_ARRAY(a, ts_ms, count);
	values = ARENA_ARRAY(a, double, count);
	count = 0;
	for (size_t k = 0; k < inner->steps; k++) {
		if (row->present[k]) {
			if (histograms != NULL) {
				histograms[count] = row->histograms[k];
			}
			times[count] = frame_time(inner, k);
			values[count++] = row->values[k];
		}
	}
	*ret = (struct pql_series){.labels = row->labels,
							   .times = times,
							   .values = values,
							   .histograms = histograms,
							   .count = count};
	return true;
}

bool subquery_open(struct pql_frame *f, const struct pql_node *n, struct range_source *ret) {
	struct arena *a = f->run->arena;
	struct pql_grid grid;
	struct pql_frame inner;
	struct pql_value v;
	struct pql_series *series;
	bool *drop_name;

	*ret = (struct range_source){.node = n};
	if (!data_time_init(f, &n->subquery.shift, &ret->time) ||
		!eval_stretch(f, &n->subquery.range, false, &ret->range) ||
		!subquery_grid(f, n, ret, &grid)) {
		return false;
	}
	if (grid.end < grid.start) {
		return true;
	}
	if (!frame_init(&inner, f->run, grid) || !eval_node(&inner, n->subquery.inner, &v)) {
		return false;
	}
	series = ARENA_ARRAY(a, struct pql_series, v.row_count + 1);
	drop_name = ARENA_ARRAY(a, bool, v.row_count + 1);
	for (size_t i = 0; i < v.row_count; i++) {
		if (!row_to_series(&inner, a, &v.rows[i], &series[i])) {
			return false;
		}
		drop_name[i] = v.rows[i].drop_name;
	}
	ret->series = series;
	ret->drop_name = drop_name;
	ret->count = v.row_count;
	return true;
}

static struct pql_histogram *forget_reset(struct pql_histogram *h, struct arena *a) {
	struct pql_histogram *copy;

	if (h == NULL || h->reset == PQL_RESET_UNKNOWN || h->reset == PQL_RESET_GAUGE) {
		return h;
	}
	copy = ARENA_NEW(a, struct pql_histogram);
	*copy = *h; /* the buckets are shared */
	copy->reset = PQL_RESET_UNKNOWN;
	return copy;
}

void subquery_forget_resets(struct pql_frame *f, struct range_source *source) {
	for (size_t i = 0; i < source->count; i++) {
		/* Made by row_to_series, for this source alone. */
		struct pql_histogram **items = (struct pql_histogram **)source->series[i].histograms;

		for (size_t k = 0; items != NULL && k < source->series[i].count; k++) {
			items[k] = forget_reset(items[k], f->run->arena);
		}
	}
}
