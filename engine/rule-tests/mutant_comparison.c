/* Comparisons: their operator, and the number that values are compared with. */
#include "engine/rule-tests/mutant_private.h"

static const struct {
	enum pql_op op, instead;
} exchanges[] = {
	{PQL_OP_EQL, PQL_OP_NEQ}, {PQL_OP_NEQ, PQL_OP_EQL}, {PQL_OP_GTR, PQL_OP_GTE},
	{PQL_OP_GTR, PQL_OP_LSS}, {PQL_OP_LSS, PQL_OP_LTE}, {PQL_OP_LSS, PQL_OP_GTR},
	{PQL_OP_GTE, PQL_OP_GTR}, {PQL_OP_GTE, PQL_OP_LSS}, {PQL_OP_LTE, PQL_OP_LSS},
	{PQL_OP_LTE, PQL_OP_GTR},
};

/* With the number on the right. */
struct condition {
	enum pql_op op;
	double bound;
};

#define MOST_CONDITIONS 5 /* two other operators, two other numbers, and itself */

struct comparison {
	struct mutant_maker *maker;
	const struct pql_node *node;
	const struct pql_node *bound;  /* the constant side; NULL: there is none */
	const struct pql_node *number; /* that is moved */
	bool turned;                   /* the constant stands on the left */
	bool known;                    /* values are compared: range and conditions hold */
	struct mutant_range range;
	struct condition conditions[MOST_CONDITIONS]; /* its own, then those of its mutants */
	size_t count;
};

static enum pql_op turn(enum pql_op op) {
	switch ((int)op) {
	case PQL_OP_GTR: return PQL_OP_LSS;
	case PQL_OP_LSS: return PQL_OP_GTR;
	case PQL_OP_GTE: return PQL_OP_LTE;
	case PQL_OP_LTE: return PQL_OP_GTE;
	default: return op;
	}
}

/* The operator and its operand, `> 0.05`, where that is a number; else what is replaced. */
static struct span shown_of(const struct comparison *c, struct span span) {
	const struct pql_node *n = c->node;
	bool is_short = n->binary.rhs->kind == PQL_NUMBER && !c->turned;
	return is_short ? (struct span){n->binary.op_span.start, n->binary.rhs->span.end} : span;
}

/* Which of the conditions so far lets the same values through; `count` when none does. */
static size_t find_same(const struct comparison *c, struct condition condition) {
	size_t i = 0;
	while (i < c->count &&
		   !mutant_same_condition(c->range, c->conditions[i].op, c->conditions[i].bound,
								  condition.op, condition.bound)) {
		i++;
	}
	return i;
}

/* Of two mutants with the same condition one is enough. */
static void add(struct comparison *c, enum mutant_operator op, struct span span, struct str text,
				struct condition condition) {
	size_t same = c->known ? find_same(c, condition) : c->count;
	if (same == 0 && c->count > 0) {
		mutant_add_equivalent(c->maker, op, span, text);
	} else if (same == c->count) {
		mutant_add_shown(c->maker, op, span, text, shown_of(c, span));
		if (c->known) {
			c->conditions[c->count++] = condition;
		}
	}
}

static void exchange(struct comparison *c, struct condition own) {
	enum pql_op op = c->node->binary.op;
	for (size_t i = 0; i < sizeof(exchanges) / sizeof(exchanges[0]); i++) {
		enum pql_op instead = exchanges[i].instead;
		if (exchanges[i].op == op) {
			struct condition condition = {c->turned ? turn(instead) : instead, own.bound};
			add(c, MUTANT_COMPARISON, c->node->binary.op_span, str_from(pql_op_text(instead)),
				condition);
		}
	}
}

static void move(struct comparison *c, struct condition own) {
	double steps[2];
	size_t count = c->number != NULL ? mutant_steps(c->number->number.value, steps) : 0;
	for (size_t i = 0; i < count; i++) {
		struct condition condition = {own.op, 0};
		mutant_constant(c->bound, c->number, steps[i], &condition.bound);
		add(c, MUTANT_THRESHOLD, c->number->span,
			mutant_number_text(c->maker->arena, steps[i], c->number->number.is_duration),
			condition);
	}
}

void mutant_comparison(struct mutant_maker *m, const struct pql_node *n) {
	const struct pql_node *lhs = n->binary.lhs, *rhs = n->binary.rhs;
	struct comparison c = {.maker = m, .node = n};
	c.turned = rhs->type != PQL_TYPE_SCALAR && lhs->type == PQL_TYPE_SCALAR;
	const struct pql_node *bound = c.turned ? lhs : rhs, *values = c.turned ? rhs : lhs;
	struct condition own = {c.turned ? turn(n->binary.op) : n->binary.op, 0};
	if (bound->type == PQL_TYPE_SCALAR && mutant_constant(bound, NULL, 0, &own.bound)) {
		c.bound = bound;
		c.number = mutant_leading_number(bound);
		c.known = values->type == PQL_TYPE_VECTOR;
	}
	if (c.known) {
		c.range = mutant_range_of(m, values);
		c.conditions[c.count++] = own;
	}
	exchange(&c, own);
	move(&c, own);
}
