/* topk, bottomk, limitk, limit_ratio: some rows of each group, at each step anew, with their own labels. */
#include "promql-lite/eval_private.h"

#include <math.h>

#include "promql-lite/ratio_hash.h"

/* A row and its value at the step in hand. */
struct entry {
	double value;
	size_t row;
};

/* What has been chosen at one step. */
struct chosen {
	struct entry *entries; /* room for the largest group */
	size_t count, k;
	double ratio;
};

#define BLOCK 16 /* steps that are chosen for at a time: a row's values lie side by side */

struct top {
	struct pql_frame *f;
	const struct pql_node *n;
	enum pql_aggregation op;
	const double *param;
	const struct pql_value *in;
	struct row_groups groups;
	const double *hashes; /* per row, for limit_ratio */
	struct chosen chosen[BLOCK];
};

/* ---- the heap: the entry that goes first when a better one comes is on top; moves as Go's container/heap, so that of equal
 * values the same ones stay ---- */

/* Whether x goes before y: smaller for topk, greater for bottomk; NaN always first. */
static bool goes_first(bool bottom, struct entry x, struct entry y) {
	if (isnan(x.value)) {
		return true;
	}
	return bottom ? x.value > y.value : x.value < y.value;
}

static void heap_swap(struct entry *h, size_t i, size_t j) {
	struct entry e = h[i];

	h[i] = h[j];
	h[j] = e;
}

static void heap_up(struct entry *heap, size_t i, bool bottom) {
	while (i > 0) {
		size_t parent = (i - 1) / 2;

		if (!goes_first(bottom, heap[i], heap[parent])) {
			return;
		}
		heap_swap(heap, parent, i);
		i = parent;
	}
}

static void heap_down(struct entry *heap, size_t count, bool bottom) {
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= count) {
			return;
		}
		if (child + 1 < count && goes_first(bottom, heap[child + 1], heap[child])) {
			child++;
		}
		if (!goes_first(bottom, heap[child], heap[i])) {
			return;
		}
		heap_swap(heap, i, child);
		i = child;
	}
}

static void heap_offer(struct chosen *c, struct entry e, bool bottom) {
	if (c->count < c->k) {
		c->entries[c->count++] = e;
		heap_up(c->entries, c->count - 1, bottom);
		return;
	}
	if (isnan(e.value) || (!isnan(c->entries[0].value) && !goes_first(bottom, c->entries[0], e))) {
		return;
	}
	c->entries[0] = e;
	heap_down(c->entries, c->count, bottom);
}

/* Best first, NaN last, equal ones as they lie: the heap's order is not to be seen. */
struct ranked {
	struct entry entry;
	double key; /* falling */
	size_t at;
};

static int compare_ranked(const void *a, const void *b) {
	const struct ranked *x = a, *y = b;
	int order = (isnan(x->key) ? 1 : 0) - (isnan(y->key) ? 1 : 0);

	if (order == 0) {
		order = (x->key < y->key) - (x->key > y->key);
	}
	return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

static void heap_order(struct top *t, struct chosen *c) {
	struct ranked *ranked = ARENA_ARRAY(t->f->run->arena, struct ranked, c->count + 1);

	for (size_t i = 0; i < c->count; i++) {
		double v = c->entries[i].value;

		ranked[i] = (struct ranked){c->entries[i], t->op == PQL_AGG_BOTTOMK ? -v : v, i};
	}
	qsort(ranked, c->count, sizeof(*ranked), compare_ranked);
	for (size_t i = 0; i < c->count; i++) {
		c->entries[i] = ranked[i].entry;
	}
}

/* ---- choosing ---- */

static void offer(const struct top *t, struct chosen *c, struct entry e) {
	switch ((int)t->op) {
	case PQL_AGG_TOPK: heap_offer(c, e, false); return;
	case PQL_AGG_BOTTOMK: heap_offer(c, e, true); return;
	case PQL_AGG_LIMIT_RATIO:
		if (c->ratio > 0 ? t->hashes[e.row] < c->ratio : t->hashes[e.row] >= 1.0 + c->ratio) {
			c->entries[c->count++] = e;
		}
		return;
	default:
		if (c->count < c->k) {
			c->entries[c->count++] = e;
		}
	}
}

static void chosen_start(const struct top *t, struct chosen *c, size_t step) {
	double param = t->param[step];

	c->count = 0;
	c->ratio = fmax(-1, fmin(1, param));
	c->k = t->in->row_count;
	if (param < (double)c->k) {
		c->k = param < 1 ? 0 : (size_t)param;
	}
}

/* Of one group, at some steps. */
static void choose(struct top *t, size_t group, size_t first_step, size_t steps) {
	for (size_t b = 0; b < steps; b++) {
		chosen_start(t, &t->chosen[b], first_step + b);
	}
	for (size_t i = t->groups.first[group]; i < t->groups.first[group + 1]; i++) {
		size_t row = t->groups.order[i];
		const struct pql_row *from = &t->in->rows[row];

		for (size_t b = 0; b < steps; b++) {
			struct chosen *c = &t->chosen[b];
			bool wanted = t->op == PQL_AGG_LIMIT_RATIO ? c->ratio != 0 : c->k > 0;

			if (wanted && from->present[first_step + b]) {
				offer(t, c, (struct entry){from->values[first_step + b], row});
			}
		}
	}
}

/* ---- the parameter ---- */

/* false in *ret_any: nothing can be chosen at any step. */
static bool check_param(struct top *t, bool *ret_any) {
	struct pql_run *run = t->f->run;
	struct span span = eval_unwrap(t->n->aggregate.param)->span;
	bool ratio = t->op == PQL_AGG_LIMIT_RATIO, nan = false;
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
	struct chosen *c = &t->chosen[0];

	for (size_t g = 0; g < t->groups.count; g++) {
		choose(t, g, 0, 1);
		if (t->op == PQL_AGG_TOPK || t->op == PQL_AGG_BOTTOMK) {
			heap_order(t, c);
		}
		for (size_t i = 0; i < c->count; i++) {
			const struct pql_row *from = &t->in->rows[c->entries[i].row];
			struct pql_row *row = value_add_row(t->f, ret, from->labels);

			if (row == NULL) {
				return false;
			}
			row->drop_name = from->drop_name;
			if (!row_copy_sample(t->f, row, from, 0)) {
				return false;
			}
		}
	}
	ret->ordered = true;
	return true;
}

static bool copy_histograms(struct top *t, struct pql_value *ret) {
	for (size_t i = 0; i < ret->row_count; i++) {
		const struct pql_row *from = &t->in->rows[i];

		for (size_t k = 0; from->histograms != NULL && k < t->f->steps; k++) {
			if (ret->rows[i].present[k] && !row_copy_sample(t->f, &ret->rows[i], from, k)) {
				return false;
			}
		}
	}
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
		for (size_t k = 0; k < t->f->steps; k += BLOCK) {
			size_t steps = t->f->steps - k < BLOCK ? t->f->steps - k : BLOCK;

			choose(t, g, k, steps);
			for (size_t b = 0; b < steps; b++) {
				for (size_t i = 0; i < t->chosen[b].count; i++) {
					ret->rows[t->chosen[b].entries[i].row].present[k + b] = 1;
				}
			}
		}
	}
	if (!copy_histograms(t, ret)) {
		return false;
	}
	value_compact(t->f, ret);
	return true;
}

/* Room for what is chosen: no group has more rows than the largest. */
static bool chosen_init(struct top *t) {
	struct arena *a = t->f->run->arena;
	size_t blocks = t->f->steps < BLOCK ? t->f->steps : BLOCK, largest = 0;
	double *hashes;

	for (size_t g = 0; g < t->groups.count; g++) {
		size_t rows = t->groups.first[g + 1] - t->groups.first[g];

		largest = rows > largest ? rows : largest;
	}
	if (!slots_take(t->f->run, 2 * blocks * largest)) {
		return false;
	}
	for (size_t b = 0; b < blocks; b++) {
		t->chosen[b].entries = ARENA_ARRAY(a, struct entry, largest + 1);
	}
	if (t->op == PQL_AGG_LIMIT_RATIO) {
		t->hashes = hashes = ARENA_ARRAY(a, double, t->in->row_count + 1);
		for (size_t i = 0; i < t->in->row_count; i++) {
			hashes[i] = ratio_hash_of(t->in->rows[i].labels);
		}
	}
	return true;
}

bool aggregate_top(struct pql_frame *f, const struct pql_node *n, const struct pql_value *param,
				   struct pql_value *in, struct pql_value *ret) {
	struct top t = {.f = f, .n = n, .op = n->aggregate.op, .param = param->scalars, .in = in};
	bool any;

	if (!check_param(&t, &any) || !any) {
		return !f->run->failed;
	}
	row_groups_init(&t.groups, f->run->arena, n, in);
	if (!chosen_init(&t)) {
		return false;
	}
	return f->grid.start == f->grid.end ? top_instant(&t, ret) : top_steps(&t, ret);
}
