/* Numbers: how far they are moved, what constants are worth. A step is large enough that a test which only tells "far too much"
 * from "all is well" need not notice 0.05 becoming 0.051, and small enough that it is a mistake somebody could make. */
#include "engine/rule-tests/mutant_private.h"

#include <math.h>

#include "base/duration.h"
#include "base/gofloat.h"

/* ---- steps ---- */

/* Half of the distance to 0; of a share, which lies between 0 and 1, to the nearer of both. Whole numbers stay whole. */
static double step_of(double size) {
	if (size == floor(size)) {
		return fmax(1, floor(size / 2));
	}
	return size < 1 ? fmin(size, 1 - size) / 2 : size / 2;
}

size_t mutant_steps(double v, double ret_steps[2]) {
	double step = step_of(fabs(v));
	if (!isfinite(v) || v - step == v || !isfinite(v + step)) {
		return 0;
	}
	ret_steps[0] = v + step;
	ret_steps[1] = v - step;
	return 2;
}

static bool is_duration_text(double seconds) {
	return seconds > 0 && seconds < 1e9 && seconds * 1000 == floor(seconds * 1000);
}

struct str mutant_number_text(struct arena *a, double v, bool is_duration) {
	struct strbuf text = STRBUF_IN(a);
	if (is_duration && is_duration_text(v)) {
		duration_print(&text, (dur_ms)(v * 1000));
	} else if (v == floor(v) && fabs(v) < 1e15) {
		gofloat_print(&text, v, 'f');
	} else {
		gofloat_print_precision(&text, v, 'g', 12); /* 0.075, not 0.07500000000000001 */
	}
	return strbuf_str(&text);
}

/* ---- constants ---- */

static bool fold(enum pql_op op, double a, double b, double *ret) {
	switch ((int)op) {
	case PQL_OP_ADD: *ret = a + b; return true;
	case PQL_OP_SUB: *ret = a - b; return true;
	case PQL_OP_MUL: *ret = a * b; return true;
	case PQL_OP_DIV: *ret = a / b; return true;
	default: return false;
	}
}

bool mutant_constant(const struct pql_node *n, const struct pql_node *changed, double instead,
					 double *ret_value) {
	double a, b;
	switch ((int)n->kind) {
	case PQL_NUMBER: *ret_value = n == changed ? instead : n->number.value; return true;
	case PQL_PAREN: return mutant_constant(n->paren, changed, instead, ret_value);
	case PQL_UNARY:
		if (!mutant_constant(n->unary.inner, changed, instead, &a)) {
			return false;
		}
		*ret_value = n->unary.op == PQL_OP_SUB ? -a : a;
		return true;
	case PQL_BINARY:
		return mutant_constant(n->binary.lhs, changed, instead, &a) &&
			   mutant_constant(n->binary.rhs, changed, instead, &b) &&
			   fold(n->binary.op, a, b, ret_value);
	default: return false;
	}
}

const struct pql_node *mutant_leading_number(const struct pql_node *n) {
	double ignored;
	if (!mutant_constant(n, NULL, 0, &ignored)) {
		return NULL;
	}
	while (n->kind != PQL_NUMBER) {
		n = n->kind == PQL_PAREN ? n->paren : n->kind == PQL_UNARY ? n->unary.inner : n->binary.lhs;
	}
	return n;
}

/* ---- arguments ---- */

static void move_argument(struct mutant_maker *m, const struct pql_node *arg) {
	const struct pql_node *number =
		arg->type == PQL_TYPE_SCALAR ? mutant_leading_number(arg) : NULL;
	double steps[2];
	size_t count = number != NULL ? mutant_steps(number->number.value, steps) : 0;
	for (size_t i = 0; i < count; i++) {
		mutant_add(m, MUTANT_ARGUMENT, number->span,
				   mutant_number_text(m->arena, steps[i], number->number.is_duration));
	}
}

void mutant_number_arguments(struct mutant_maker *m, const struct pql_node *n) {
	if (n->kind == PQL_AGGREGATE && n->aggregate.param != NULL) {
		move_argument(m, n->aggregate.param);
	}
	for (size_t i = 0; n->kind == PQL_CALL && i < n->call.count; i++) {
		move_argument(m, n->call.args[i]);
	}
}
