/* sort, sort_desc, sort_by_label, sort_by_label_desc: the order of the rows of an instant. */
#include "promql-lite/eval_private.h"

#include <math.h>

/* qsort has no room for a context: the rows carry what is compared. */
struct sort_row {
	struct pql_row row;
	size_t place; /* for stability */
	const struct str *names;
	size_t name_count;
};

static int compare_up(const void *a, const void *b) {
	const struct sort_row *x = a, *y = b;
	double v = x->row.values[0], w = y->row.values[0];

	if (isnan(v) || isnan(w)) {
		return isnan(v) && isnan(w) ? (x->place > y->place) - (x->place < y->place)
									: isnan(v) - isnan(w);
	}
	if (v != w) {
		return v < w ? -1 : 1;
	}
	return (x->place > y->place) - (x->place < y->place);
}

static int compare_down(const void *a, const void *b) {
	const struct sort_row *x = a, *y = b;
	double v = x->row.values[0], w = y->row.values[0];

	if (!isnan(v) && !isnan(w) && v != w) {
		return v > w ? -1 : 1;
	}
	return compare_up(a, b);
}

/* Runs of digits and of anything else, alternately. */
static size_t chunk_length(struct str s) {
	size_t i = 1;
	bool digit = s.len > 0 && s.ptr[0] >= '0' && s.ptr[0] <= '9';

	while (i < s.len && (s.ptr[i] >= '0' && s.ptr[i] <= '9') == digit) {
		i++;
	}
	return i < s.len ? i : s.len;
}

static bool is_digits(struct str s) {
	return s.len > 0 && s.ptr[0] >= '0' && s.ptr[0] <= '9';
}

static struct str without_zeros(struct str s) {
	size_t i = 0;

	while (i + 1 < s.len && s.ptr[i] == '0') {
		i++;
	}
	return str_slice(s, i, s.len);
}

/* Numbers inside texts compare as numbers: "x9" before "x10". */
static int compare_natural(struct str a, struct str b) {
	while (a.len > 0 && b.len > 0) {
		size_t m = chunk_length(a), n = chunk_length(b);
		struct str x = str_slice(a, 0, m), y = str_slice(b, 0, n);
		int order = 0;

		if (is_digits(x) && is_digits(y)) {
			struct str v = without_zeros(x), w = without_zeros(y);

			order = v.len != w.len ? (v.len < w.len ? -1 : 1) : str_compare(v, w);
		} else {
			order = str_compare(x, y);
		}
		if (order != 0) {
			return order;
		}
		a = str_slice(a, m, a.len);
		b = str_slice(b, n, b.len);
	}
	return (a.len > 0) - (b.len > 0);
}

static int compare_labels_up(const void *a, const void *b) {
	const struct sort_row *x = a, *y = b;

	for (size_t i = 0; i < x->name_count; i++) {
		struct str v = labels_get(x->row.labels, x->names[i]);
		struct str w = labels_get(y->row.labels, x->names[i]);
		int order = str_equal(v, w) ? 0 : compare_natural(v, w);

		if (order != 0) {
			return order;
		}
	}
	return labels_compare(x->row.labels, y->row.labels);
}

static int compare_labels_down(const void *a, const void *b) {
	return -compare_labels_up(a, b);
}

static void sort_rows(struct pql_call_context *call, int (*compare)(const void *, const void *)) {
	struct pql_frame *f = call->frame;
	struct arena *a = f->run->arena;
	struct pql_value *v = call->ret;
	struct str *names = ARENA_ARRAY(a, struct str, call->count);
	struct sort_row *rows;

	*v = call->values[0];
	if (f->grid.start != f->grid.end) {
		note_add(
			f->run, true, call->node->span,
			"sort is ineffective for range queries since results are always ordered by labels");
	}
	if (f->grid.start != f->grid.end) {
		return;
	}
	for (size_t i = 1; i < call->count; i++) {
		names[i - 1] = eval_string(call->args[i]);
	}
	value_compact(f, v);
	rows = ARENA_ARRAY(a, struct sort_row, v->row_count + 1);
	for (size_t i = 0; i < v->row_count; i++) {
		rows[i] = (struct sort_row){v->rows[i], i, names, call->count - 1};
	}
	qsort(rows, v->row_count, sizeof(*rows), compare);
	for (size_t i = 0; i < v->row_count; i++) {
		v->rows[i] = rows[i].row;
	}
	v->ordered = true;
}

/* By value: histograms have none. */
void fn_sort(struct pql_call_context *call) {
	value_drop_histograms(call->frame, &call->values[0]);
	sort_rows(call, compare_up);
}

void fn_sort_desc(struct pql_call_context *call) {
	value_drop_histograms(call->frame, &call->values[0]);
	sort_rows(call, compare_down);
}

void fn_sort_by_label(struct pql_call_context *call) {
	sort_rows(call, compare_labels_up);
}

void fn_sort_by_label_desc(struct pql_call_context *call) {
	sort_rows(call, compare_labels_down);
}
