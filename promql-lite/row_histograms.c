/* Native histograms in rows: a column of pointers beside that of the numbers, taken when the first one comes. */
#include "promql-lite/eval_private.h"

#define BYTES_PER_SLOT 16 /* a float and its time, as Prometheus counts */

static size_t slots_of(const struct pql_histogram *h) {
	size_t numbers = h->positive.count + h->negative.count + h->custom_count;

	return (sizeof(*h) + numbers * sizeof(double)) / BYTES_PER_SLOT;
}

static bool set(struct pql_frame *f, struct pql_row *row, size_t step, struct pql_histogram *h) {
	if (row->histograms == NULL) {
		void *column = column_take(f);

		if (column == NULL) {
			return false;
		}
		row->histograms = memset(column, 0, f->steps * sizeof(*row->histograms));
	}
	row->histograms[step] = h;
	row->values[step] = 0;
	row->present[step] = 1;
	return true;
}

bool row_put_histogram(struct pql_frame *f, struct pql_row *row, size_t step,
					   struct pql_histogram *h) {
	if (!slots_take(f->run, slots_of(h))) {
		return false;
	}
	row->histogram_slots += slots_of(h);
	return set(f, row, step, h);
}

bool row_make_histogram(struct pql_frame *f, struct pql_row *row, size_t step,
						const struct pql_histogram *h) {
	struct pql_histogram *copy;

	if (!slots_take(f->run, slots_of(h))) {
		return false;
	}
	copy = pql_histogram_dup(h, f->run->arena);
	arena_reset(&f->run->work);
	return set(f, row, step, copy);
}

void row_put_float(struct pql_row *row, size_t step, double v) {
	if (row->histograms != NULL) {
		row->histograms[step] = NULL;
	}
	row->values[step] = v;
	row->present[step] = 1;
}

bool row_copy_sample(struct pql_frame *f, struct pql_row *to, const struct pql_row *from,
					 size_t step) {
	struct pql_histogram *h = row_histogram(from, step);

	if (h != NULL) {
		return row_put_histogram(f, to, step, h);
	}
	row_put_float(to, step, from->values[step]);
	return true;
}

bool value_has_histograms(const struct pql_value *v) {
	for (size_t i = 0; i < v->row_count; i++) {
		if (v->rows[i].histograms != NULL) {
			return true;
		}
	}
	return false;
}

void row_drop_histograms(struct pql_frame *f, struct pql_row *row) {
	if (row->histograms != NULL) {
		for (size_t k = 0; k < f->steps; k++) {
			row->present[k] = row->present[k] && row->histograms[k] == NULL;
		}
		row_forget_histograms(f, row);
	}
}

void row_forget_histograms(struct pql_frame *f, struct pql_row *row) {
	if (row->histograms == NULL) {
		return;
	}
	column_release(f, (double *)row->histograms);
	f->run->slots -= row->histogram_slots;
	row->histograms = NULL;
	row->histogram_slots = 0;
}

void value_drop_histograms(struct pql_frame *f, struct pql_value *v) {
	if (value_has_histograms(v)) {
		for (size_t i = 0; i < v->row_count; i++) {
			row_drop_histograms(f, &v->rows[i]);
		}
		value_compact(f, v);
	}
}
