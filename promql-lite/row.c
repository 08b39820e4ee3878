/* Columns, rows and values. A column is one block: `steps` doubles, then `steps` bytes that say where there is a value.
 * Columns that are given back are handed out again before the arena grows. */
#include "promql-lite/eval_private.h"

#include <string.h>

bool slots_take(struct pql_run *run, size_t count) {
	size_t max = run->options.limits.max_samples;

	if (run->slots > max || max - run->slots < count) {
		run->failure.too_large = !run->failed;
		return eval_fail(run, (struct span){0, run->expr->text.len},
						 "query processing would load too many samples into memory in query "
						 "execution (limits.samples: %zu)",
						 max);
	}
	run->slots += count;
	return true;
}

double *column_take(struct pql_frame *f) {
	double *column = f->free_columns;

	if (!slots_take(f->run, f->steps)) {
		return NULL;
	}
	if (column != NULL) {
		memcpy(&f->free_columns, column, sizeof(f->free_columns));
	} else {
		column = arena_alloc(f->run->arena, f->steps * (sizeof(double) + 1));
	}
	memset(column + f->steps, 0, f->steps);
	return column;
}

void column_release(struct pql_frame *f, double *column) {
	f->run->slots -= f->steps;
	memcpy(column, &f->free_columns, sizeof(f->free_columns));
	f->free_columns = column;
}

void row_release(struct pql_frame *f, struct pql_row *row) {
	row_forget_histograms(f, row);
	column_release(f, row->values);
	row->values = NULL;
	row->present = NULL;
}

bool row_any(const struct pql_row *row, size_t steps) {
	return memchr(row->present, 1, steps) != NULL;
}

void value_reserve(struct pql_frame *f, struct pql_value *v, size_t rows) {
	struct pql_row *grown;

	if (rows <= v->row_capacity) {
		return;
	}
	grown = ARENA_ARRAY(f->run->arena, struct pql_row, rows);
	if (v->row_count > 0) {
		memcpy(grown, v->rows, v->row_count * sizeof(*grown));
	}
	v->rows = grown;
	v->row_capacity = rows;
}

struct pql_row *value_add_row(struct pql_frame *f, struct pql_value *v, struct labels labels) {
	double *column = column_take(f);
	struct pql_row *row;

	if (column == NULL) {
		return NULL;
	}
	if (v->row_count == v->row_capacity) {
		value_reserve(f, v, v->row_capacity == 0 ? 8 : v->row_capacity * 2);
	}
	row = &v->rows[v->row_count++];
	*row = (struct pql_row){
		.labels = labels,
		.values = column,
		.present = (uint8_t *)(column + f->steps),
	};
	return row;
}

void value_drop_row(struct pql_frame *f, struct pql_value *v) {
	row_release(f, &v->rows[--v->row_count]);
}

void value_clear(struct pql_frame *f, struct pql_value *v) {
	while (v->row_count > 0) {
		value_drop_row(f, v);
	}
	if (v->scalars != NULL) {
		column_release(f, v->scalars);
		v->scalars = NULL;
	}
}

bool value_make_scalar(struct pql_frame *f, struct pql_value *v) {
	v->scalars = column_take(f);
	return v->scalars != NULL;
}

void value_compact(struct pql_frame *f, struct pql_value *v) {
	size_t kept = 0;

	for (size_t i = 0; i < v->row_count; i++) {
		if (row_any(&v->rows[i], f->steps)) {
			v->rows[kept++] = v->rows[i];
		} else {
			row_release(f, &v->rows[i]);
		}
	}
	v->row_count = kept;
}

/* Moves the values of `from` into `into`, which has the same labels. */
static bool row_join(struct pql_frame *f, struct pql_row *into, struct pql_row *from) {
	for (size_t k = 0; k < f->steps; k++) {
		if (!from->present[k]) {
			continue;
		}
		if (into->present[k]) {
			return eval_fail(f->run, (struct span){0, 0},
							 "vector cannot contain metrics with the same labelset");
		}
		if (!row_copy_sample(f, into, from, k)) {
			return false;
		}
	}
	return true;
}

static size_t row_first_step(const struct pql_row *row) {
	size_t k = 0;

	while (!row->present[k]) {
		k++;
	}
	return k;
}

bool value_merge(struct pql_frame *f, struct pql_value *v) {
	struct label_index *index;
	size_t kept = 0;

	value_compact(f, v);
	if (v->row_count < 2) {
		return true;
	}
	index = label_index_create(f->run->arena);
	for (size_t i = 0; i < v->row_count; i++) {
		bool is_new;
		size_t at = label_index_add(index, v->rows[i].labels, &is_new);

		if (is_new) {
			v->rows[kept++] = v->rows[i];
			continue;
		}
		/* The flag is that of the row which comes first in time. */
		if (row_first_step(&v->rows[i]) < row_first_step(&v->rows[at])) {
			v->rows[at].drop_name = v->rows[i].drop_name;
		}
		if (!row_join(f, &v->rows[at], &v->rows[i])) {
			return false;
		}
		row_release(f, &v->rows[i]);
	}
	v->row_count = kept;
	return true;
}

/* One metric, as mostly: then dropping its name cannot make two rows equal. */
static bool rows_share_metadata(const struct pql_value *v) {
	static const struct str extra[] = {{"__type__", 8}, {"__unit__", 8}};
	struct str name = labels_get(v->rows[0].labels, LABEL_NAME);

	for (size_t i = 0; i < v->row_count; i++) {
		if (!str_equal(labels_get(v->rows[i].labels, LABEL_NAME), name)) {
			return false;
		}
		for (size_t j = 0; j < sizeof(extra) / sizeof(extra[0]); j++) {
			if (labels_has(v->rows[i].labels, extra[j])) {
				return false;
			}
		}
	}
	return true;
}

struct labels pql_row_labels(const struct pql_row *row, struct arena *a) {
	struct labels_builder b;

	if (!row->drop_name) {
		return row->labels;
	}
	labels_builder_init_from(&b, a, row->labels);
	labels_builder_remove(&b, LABEL_NAME);
	return labels_builder_take(&b);
}

bool value_drop_names(struct pql_frame *f, struct pql_value *v) {
	bool distinct;

	for (size_t i = 0; i < v->row_count; i++) {
		v->rows[i].drop_name = true;
	}
	if (f->run->options.delayed_name_removal || v->row_count == 0) {
		return true;
	}
	distinct = rows_share_metadata(v);
	for (size_t i = 0; i < v->row_count; i++) {
		v->rows[i].labels = labels_drop_metadata(f->run->arena, v->rows[i].labels);
	}
	return distinct || value_merge(f, v);
}
