/* and, or, unless: which rows stay at which steps depends on whether the other side has anything in the same group. */
#include "promql-lite/eval_private.h"

/* Per group and step: whether any row of the value is there. */
static uint8_t *group_presence(struct pql_frame *f, const struct pql_value *v,
							   const size_t *group_of, size_t groups) {
	uint8_t *any = ARENA_ARRAY(f->run->arena, uint8_t, groups * f->steps + 1);

	for (size_t i = 0; i < v->row_count; i++) {
		uint8_t *group = any + group_of[i] * f->steps;

		for (size_t k = 0; k < f->steps; k++) {
			group[k] |= v->rows[i].present[k];
		}
	}
	return any;
}

/* Keeps a row's values where its group is present (or, with `inverted`, is not). */
static void mask_rows(struct pql_frame *f, struct pql_value *v, const size_t *group_of,
					  const uint8_t *any, bool inverted) {
	for (size_t i = 0; i < v->row_count; i++) {
		const uint8_t *group = any + group_of[i] * f->steps;
		uint8_t *present = v->rows[i].present;

		for (size_t k = 0; k < f->steps; k++) {
			present[k] = present[k] && (group[k] != 0) != inverted;
		}
	}
	value_compact(f, v);
}

static bool append_rows(struct pql_frame *f, struct pql_value *v, const struct pql_value *more) {
	value_reserve(f, v, v->row_count + more->row_count);
	if (more->row_count > 0) {
		memcpy(v->rows + v->row_count, more->rows, more->row_count * sizeof(*more->rows));
	}
	v->row_count += more->row_count;
	/* At an instant equal rows are told apart by their flag until names are removed. */
	if (f->grid.start == f->grid.end && f->run->options.delayed_name_removal) {
		return true;
	}
	return value_merge(f, v);
}

bool set_vectors(struct pql_frame *f, const struct pql_node *n, struct pql_value *lhs,
				 struct pql_value *rhs, struct pql_value *ret) {
	struct match_groups g;

	match_groups_init(&g, f->run->arena, n, lhs, rhs);
	lhs->ordered = false;
	if (n->binary.op == PQL_OP_OR) {
		mask_rows(f, rhs, g.of_rhs, group_presence(f, lhs, g.of_lhs, g.count), true);
		*ret = *lhs;
		return append_rows(f, ret, rhs);
	}
	mask_rows(f, lhs, g.of_lhs, group_presence(f, rhs, g.of_rhs, g.count),
			  n->binary.op == PQL_OP_UNLESS);
	*ret = *lhs;
	value_clear(f, rhs);
	return true;
}
