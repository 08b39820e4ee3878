/* Binary operators: what they compute, and the cases with a scalar on one side. Two vectors meet in eval_match.c and eval_set.c. */
#include "promql-lite/eval_private.h"

#include <math.h>

#include "promql-lite/gomath.h"

static double truth(bool b) {
	return b ? 1 : 0;
}

/* A comparison keeps the left value, or nothing; with `bool` it is 0 or 1. */
double binary_apply(enum pql_op op, double l, double r, bool *ret_keep) {
	*ret_keep = true;
	switch (op) {
	case PQL_OP_ADD: return l + r;
	case PQL_OP_SUB: return l - r;
	case PQL_OP_MUL: return l * r;
	case PQL_OP_DIV: return l / r;
	case PQL_OP_MOD: return fmod(l, r);
	case PQL_OP_POW: return gomath_pow(l, r);
	case PQL_OP_ATAN2: return gomath_atan2(l, r);
	case PQL_OP_EQL: *ret_keep = l == r; return l;
	case PQL_OP_NEQ: *ret_keep = l != r; return l;
	case PQL_OP_GTR: *ret_keep = l > r; return l;
	case PQL_OP_LSS: *ret_keep = l < r; return l;
	case PQL_OP_GTE: *ret_keep = l >= r; return l;
	case PQL_OP_LTE: *ret_keep = l <= r; return l;
	case PQL_OP_TRIM_UPPER:
	case PQL_OP_TRIM_LOWER: *ret_keep = false; return 0; /* only on histograms */
	case PQL_OP_AND:
	case PQL_OP_OR:
	case PQL_OP_UNLESS: break;
	}
	BUG("a set operator has no value");
}

/* Whether the result is another metric than the operands. */
bool binary_changes_meaning(enum pql_op op) {
	return op <= PQL_OP_ATAN2;
}

static bool scalars(struct pql_frame *f, const struct pql_node *n, struct pql_value *lhs,
					struct pql_value *rhs, struct pql_value *ret) {
	enum pql_op op = n->binary.op;

	*ret = *lhs;
	for (size_t k = 0; k < f->steps; k++) {
		bool keep;
		double v = binary_apply(op, lhs->scalars[k], rhs->scalars[k], &keep);

		ret->scalars[k] = pql_op_is_comparison(op) ? truth(keep) : v;
	}
	value_clear(f, rhs);
	return true;
}

/* `swapped`: the scalar stands on the left. A comparison keeps the vector's value on either side. */
static void row_with_scalar(const struct pql_frame *f, const struct pql_node *n,
							struct pql_row *row, const double *scalar, bool swapped) {
	bool comparison = pql_op_is_comparison(n->binary.op), keep;

	for (size_t k = 0; k < f->steps; k++) {
		double v = row->values[k], result;

		if (!row->present[k]) {
			continue;
		}
		result = swapped ? binary_apply(n->binary.op, scalar[k], v, &keep)
						 : binary_apply(n->binary.op, v, scalar[k], &keep);
		if (n->binary.return_bool) {
			row->values[k] = truth(keep);
		} else {
			row->values[k] = comparison ? v : result;
			row->present[k] = keep;
		}
	}
}

/* The same where a sample may be a histogram, or an operator only is for those. */
static bool mixed_row_with_scalar(struct pql_frame *f, const struct pql_node *n,
								  struct pql_row *row, const double *scalar, bool swapped,
								  struct binary_remarks *remarks) {
	bool comparison = pql_op_is_comparison(n->binary.op);

	for (size_t k = 0; k < f->steps; k++) {
		struct binary_side v = {row->values[k], row_histogram(row, k)}, s = {scalar[k], NULL};
		struct binary_outcome o;

		if (!row->present[k]) {
			continue;
		}
		o = binary_apply_mixed(n->binary.op, swapped ? s : v, swapped ? v : s, &f->run->work);
		binary_remarks_add(remarks, f, k, 0, o.remark);
		o.value = n->binary.return_bool ? truth(o.keep) : comparison ? v.value : o.value;
		if (!o.refused && !binary_put(f, row, k, &o)) {
			return false;
		}
		row->present[k] = !o.refused && (o.keep || n->binary.return_bool);
	}
	return true;
}

static bool vector_scalar(struct pql_frame *f, const struct pql_node *n, struct pql_value *vector,
						  struct pql_value *scalar, bool swapped, struct pql_value *ret) {
	bool mixed = binary_is_mixed(n->binary.op, vector);
	struct binary_remarks remarks = {0};

	*ret = *vector;
	for (size_t i = 0; i < ret->row_count; i++) {
		if (!mixed) {
			row_with_scalar(f, n, &ret->rows[i], scalar->scalars, swapped);
		} else if (!mixed_row_with_scalar(f, n, &ret->rows[i], scalar->scalars, swapped,
										  &remarks)) {
			return false;
		}
	}
	binary_remarks_note(&remarks, f, n);
	value_clear(f, scalar);
	value_compact(f, ret);
	if (binary_changes_meaning(n->binary.op) || n->binary.return_bool) {
		return value_drop_names(f, ret);
	}
	return true;
}

bool eval_binary(struct pql_frame *f, const struct pql_node *n, struct pql_value *ret) {
	struct pql_value lhs, rhs;
	bool left_scalar = n->binary.lhs->type == PQL_TYPE_SCALAR;
	bool right_scalar = n->binary.rhs->type == PQL_TYPE_SCALAR;

	if (!eval_node(f, n->binary.lhs, &lhs) || !eval_node(f, n->binary.rhs, &rhs)) {
		return false;
	}
	if (left_scalar && right_scalar) {
		return scalars(f, n, &lhs, &rhs, ret);
	}
	if (right_scalar) {
		return vector_scalar(f, n, &lhs, &rhs, false, ret);
	}
	if (left_scalar) {
		return vector_scalar(f, n, &rhs, &lhs, true, ret);
	}
	if (pql_op_is_set(n->binary.op)) {
		return set_vectors(f, n, &lhs, &rhs, ret);
	}
	return match_vectors(f, n, &lhs, &rhs, ret);
}
