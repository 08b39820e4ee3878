/* Functions and aggregations. */
#include "engine/rule-tests/mutant_private.h"

#include "promql-lite/functions.h"

static const struct {
	const char *name, *instead;
	bool scales; /* the one is the other times a number */
} functions[] = {
	{"avg_over_time", "max_over_time", false},
	{"ceil", "floor", false},
	{"changes", "resets", false},
	{"clamp_max", "clamp_min", false},
	{"clamp_min", "clamp_max", false},
	{"count_over_time", "sum_over_time", false},
	{"delta", "idelta", false},
	{"floor", "ceil", false},
	{"idelta", "delta", false},
	{"increase", "rate", true},
	{"irate", "rate", false},
	{"last_over_time", "max_over_time", false},
	{"max_over_time", "min_over_time", false},
	{"min_over_time", "max_over_time", false},
	{"rate", "increase", true},
	{"rate", "irate", false},
	{"resets", "changes", false},
	{"sum_over_time", "avg_over_time", false},
};

static const struct {
	enum pql_aggregation op;
	const char *instead;
	bool same_of_one; /* of a single element both are the same */
} aggregations[] = {
	{PQL_AGG_SUM, "max", true},       {PQL_AGG_AVG, "max", true},
	{PQL_AGG_MIN, "max", true},       {PQL_AGG_MAX, "min", true},
	{PQL_AGG_COUNT, "sum", false},    {PQL_AGG_TOPK, "bottomk", false},
	{PQL_AGG_BOTTOMK, "topk", false},
};

static bool is_zero(const struct pql_node *n) {
	double v;
	return n->type == PQL_TYPE_SCALAR && mutant_constant(n, NULL, 0, &v) && v == 0;
}

/* sum(rate(x[5m])) > 0 asks whether there is anything: ten times as much of it is no other answer. */
static bool is_compared_with_zero(const struct mutant_context *c) {
	for (; c->outer != NULL; c = c->outer) {
		const struct pql_node *n = c->outer->node;
		enum pql_aggregation op = n->kind == PQL_AGGREGATE ? n->aggregate.op : PQL_AGG_COUNT;
		if (n->kind == PQL_BINARY) {
			return pql_op_is_comparison(n->binary.op) &&
				   (is_zero(n->binary.lhs) || is_zero(n->binary.rhs));
		}
		if (n->kind != PQL_PAREN && op != PQL_AGG_SUM && op != PQL_AGG_AVG && op != PQL_AGG_MIN &&
			op != PQL_AGG_MAX) {
			return false;
		}
	}
	return false;
}

/* An alert that always fires, vector(1): the number means nothing. */
static bool is_constant_alert(const struct mutant_context *c) {
	bool is_vector = strcmp(c->node->call.function->name, "vector") == 0;
	while (c->outer != NULL && c->outer->node->kind == PQL_PAREN) {
		c = c->outer;
	}
	return is_vector && c->outer == NULL;
}

void mutant_call(struct mutant_maker *m, const struct mutant_context *c) {
	const struct pql_node *n = c->node;
	struct str name = str_from(n->call.function->name);
	struct span span = {n->span.start, n->span.start + name.len};
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		if (str_equal(name, str_from(functions[i].name)) &&
			!(functions[i].scales && is_compared_with_zero(c))) {
			mutant_add(m, MUTANT_FUNCTION, span, str_from(functions[i].instead));
		}
	}
	if (!is_constant_alert(c)) {
		mutant_number_arguments(m, n);
	}
}

void mutant_aggregate(struct mutant_maker *m, const struct pql_node *n) {
	size_t length = strlen(pql_aggregation_name(n->aggregate.op));
	struct span span = {n->span.start, n->span.start + length};
	for (size_t i = 0; i < sizeof(aggregations) / sizeof(aggregations[0]); i++) {
		struct str instead = str_from(aggregations[i].instead);
		if (aggregations[i].op != n->aggregate.op) {
			continue;
		}
		if (aggregations[i].same_of_one && mutant_is_single(n->aggregate.inner)) {
			mutant_add_equivalent(m, MUTANT_AGGREGATION, span, instead);
		} else {
			mutant_add(m, MUTANT_AGGREGATION, span, instead);
		}
	}
	if (n->aggregate.label_count > 0) {
		/* The grouping stands before or behind the arguments, which may have groupings of their own. */
		size_t inner = n->aggregate.param != NULL ? n->aggregate.param->span.start
												  : n->aggregate.inner->span.start;
		enum pql_token_kind word = n->aggregate.without ? PQL_TOKEN_WITHOUT : PQL_TOKEN_BY;
		bool before = m->tokens[mutant_token_at(m, span.end)].kind == word;
		mutant_labels(m, MUTANT_GROUPING, word, before ? span.end : n->aggregate.inner->span.end,
					  before ? inner : m->rule->expr->text.len);
	}
	mutant_number_arguments(m, n);
}
