/* topk, bottomk, limitk, limit_ratio: some rows of each group, at each step anew, with their own labels. */
#include "promql-lite/eval_private.h"

#include <math.h>

#include "promql-lite/ratio_hash.h"

/* A row and its value at the step in hand. */
struct entry {
	double value;
	size_t row;
};

struct top {
	struct pql_frame *f;
	const struct pql_node *n;
	const double *param;
	const struct pql_value *in;
	struct row_groups groups;
	struct entry *heap; /* of the group and step in hand */
	size_t count;
};

/* ---- the heap: the entry that goes first when a better one comes is on top; moves as Go's container/heap, so that of equal
 * values the same ones stay ---- */

/* Whether x goes before y: smaller for topk, greater for bottomk; NaN always first. */
static bool goes_first(const struct top *t, struct entry x, struct entry y) {
	if (isnan(x.value)) {
		return true;
	}
	return t->n->aggregate.op == PQL_AGG_BOTTOMK ? x.value > y.value : x.value < y.value;
}

static void heap_swap(struct entry *h, size_t i, size_t j) {
	struct entry e = h[i];

	h[i] = h[j];
	h[j] = e;
}

static void heap_up(const struct top *t, size_t i) {
	while (i > 0) {
		size_t parent = (i - 1) / 2;

		if (!goes_first(t, t->heap[i], t->heap[parent])) {
			return;
		}
		heap_swap(t->heap, parent, i);
		i = parent;
	}
}

static void heap_down(const struct top *t) {
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= t->count) {
			return;
		}
		if (child + 1 < t->count && goes_first(t, t->heap[child + 1], t->heap[child])) {
			child++;
		}
		if (!goes_first(t, t->heap[child], t->heap[i])) {
			return;
		}
		heap_swap(t->heap, i, child);
		i = child;
	}
}

static void heap_offer(struct top *t, struct entry e, size_t k) {
	if (t->count < k) {
		t->heap[t->count++] = e;
		heap_up(t, t->count - 1);
		return;
	}
	if (isnan(e.value) || (!isnan(t->heap[0].value) && !goes_first(t, t->heap[0], e))) {
		return;
	}
	t->heap[0] = e;
	heap_down(t);
}

/* Best first, NaN last; stable. Insertion: k is small. */
static void heap_order(struct top *t) {
	for (size_t i = 1; i < t->count; i++) {
		for (size_t j = i; j > 0 && goes_first(t, t->heap[j - 1], t->heap[j]) &&
						   !(isnan(t->heap[j - 1].value) && isnan(t->heap[j].value));
			 j--) {
			heap_swap(t->heap, j, j - 1);
		}
	}
}

/* ---- choosing ---- */

static void choose_ratio(struct top *t, size_t group, size_t step) {
	double ratio = fmax(-1, fmin(1, t->param[step]));

	for (size_t i = t->groups.first[group]; ratio != 0 && i < t->groups.first[group + 1]; i++) {
		size_t row = t->groups.order[i];
		double at;

		if (!t->in->rows[row].present[step]) {
			continue;
		}
		at = ratio_hash_of(t->in->rows[row].labels);
		if (ratio > 0 ? at < ratio : at >= 1.0 + ratio) {
			t->heap[t->count++] = (struct entry){t->in->rows[row].values[step], row};
		}
	}
}

static void choose_k(struct top *t, size_t group, size_t step) {
	size_t k = t->in->row_count;

	if (t->param[step] < (double)k) {
		k = t->param[step] < 1 ? 0 : (size_t)t->param[step];
	}
	for (size_t i = t->groups.first[group]; k > 0 && i < t->groups.first[group + 1]; i++) {
		size_t row = t->groups.order[i];
		struct entry e = {t->in->rows[row].values[step], row};

		if (!t->in->rows[row].present[step]) {
			continue;
		}
		if (t->n->aggregate.op != PQL_AGG_LIMITK) {
			heap_offer(t, e, k);
		} else if (t->count < k) {
			t->heap[t->count++] = e;
		}
	}
	if (t->n->aggregate.op != PQL_AGG_LIMITK) {
		heap_order(t);
	}
}

static void choose(struct top *t, size_t group, size_t step) {
	t->count = 0;
	if (t->n->aggregate.op == PQL_AGG_LIMIT_RATIO) {
		choose_ratio(t, group, step);
	} else {
		choose_k(t, group, step);
	}
}

/* ---- the parameter ---- */

/* false in *ret_any: nothing can be chosen at any step. */
static bool check_param(struct top *t, bool *ret_any) {
	struct pql_run *run = t->f->run;
	struct span span = eval_unwrap(t->n->aggregate.param)->span;
	bool ratio = t->n->aggregate.op == PQL_AGG_LIMIT_RATIO, nan = false;
	double least = t->param[0], most = t->param[0];

	for (size_t k = 0; k < t->f->steps; k++) {
		nan = nan || isnan(t->param[k]);
		least = t->param[k] < least ? t->param[k] : least;
		most = t->param[k] > most ? t->param[k] : most;
	}
	*ret_any = nan || (ratio ? least != 0 || most != 0 : most >= 1);
	if (!*ret_any) {
		return true;
	}
	if (nan) {
		return eval_fail(run, span, ratio ? "Ratio value is NaN" : "Parameter value is NaN");
	}
	if (ratio) {
		if (most > 1) {
			note_add(run, true, span,
					 "ratio value should be between -1 and 1, got %s, capping to 1",
					 number_text(run->arena, most));
		}
		if (least < -1) {
			note_add(run, true, span,
					 "ratio value should be between -1 and 1, got %s, capping to -1",
					 number_text(run->arena, least));
		}
		return true;
	}
	if (least <= -0x1p63) {
		return eval_fail(run, span, "Scalar value %s underflows int64",
						 number_text(run->arena, least));
	}
	if (most >= 0x1p63) {
		return eval_fail(run, span, "Scalar value %s overflows int64",
						 number_text(run->arena, most));
	}
	return true;
}

/* At an instant the order says something: group after group, the best first. */
static bool top_instant(struct top *t, struct pql_value *ret) {
	for (size_t g = 0; g < t->groups.count; g++) {
		choose(t, g, 0);
		for (size_t i = 0; i < t->count; i++) {
			const struct pql_row *from = &t->in->rows[t->heap[i].row];
			struct pql_row *row = value_add_row(t->f, ret, from->labels);

			if (row == NULL) {
				return false;
			}
			row->values[0] = from->values[0];
			row->present[0] = 1;
			row->drop_name = from->drop_name;
		}
	}
	ret->ordered = true;
	return true;
}

static bool top_steps(struct top *t, struct pql_value *ret) {
	value_reserve(t->f, ret, t->in->row_count);
	for (size_t i = 0; i < t->in->row_count; i++) {
		struct pql_row *row = value_add_row(t->f, ret, t->in->rows[i].labels);

		if (row == NULL) {
			return false;
		}
		row->drop_name = t->in->rows[i].drop_name;
		memcpy(row->values, t->in->rows[i].values, t->f->steps * sizeof(*row->values));
	}
	for (size_t g = 0; g < t->groups.count; g++) {
		for (size_t k = 0; k < t->f->steps; k++) {
			choose(t, g, k);
			for (size_t i = 0; i < t->count; i++) {
				ret->rows[t->heap[i].row].present[k] = 1;
			}
		}
	}
	value_compact(t->f, ret);
	return true;
}

bool aggregate_top(struct pql_frame *f, const struct pql_node *n, const struct pql_value *param,
				   struct pql_value *in, struct pql_value *ret) {
	struct top t = {.f = f, .n = n, .param = param->scalars, .in = in};
	bool any;

	if (!check_param(&t, &any) || !any) {
		return !f->run->failed;
	}
	row_groups_init(&t.groups, f->run->arena, n, in);
	t.heap = ARENA_ARRAY(f->run->arena, struct entry, in->row_count + 1);
	return f->grid.start == f->grid.end ? top_instant(&t, ret) : top_steps(&t, ret);
}
