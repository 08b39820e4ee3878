#include "promql-lite/ast.h"

static const char *const type_names[] = {"none", "scalar", "instant vector", "range vector",
										 "string"};
static const char *const type_words[] = {"none", "scalar", "vector", "matrix", "string"};

static const char *const op_texts[] = {
	[PQL_OP_ADD] = "+",       [PQL_OP_SUB] = "-",         [PQL_OP_MUL] = "*",
	[PQL_OP_DIV] = "/",       [PQL_OP_MOD] = "%",         [PQL_OP_POW] = "^",
	[PQL_OP_ATAN2] = "atan2", [PQL_OP_EQL] = "==",        [PQL_OP_NEQ] = "!=",
	[PQL_OP_GTR] = ">",       [PQL_OP_LSS] = "<",         [PQL_OP_GTE] = ">=",
	[PQL_OP_LTE] = "<=",      [PQL_OP_TRIM_UPPER] = "</", [PQL_OP_TRIM_LOWER] = ">/",
	[PQL_OP_AND] = "and",     [PQL_OP_OR] = "or",         [PQL_OP_UNLESS] = "unless",
};

static const char *const aggregation_names[] = {
	[PQL_AGG_SUM] = "sum",
	[PQL_AGG_AVG] = "avg",
	[PQL_AGG_COUNT] = "count",
	[PQL_AGG_MIN] = "min",
	[PQL_AGG_MAX] = "max",
	[PQL_AGG_GROUP] = "group",
	[PQL_AGG_STDDEV] = "stddev",
	[PQL_AGG_STDVAR] = "stdvar",
	[PQL_AGG_TOPK] = "topk",
	[PQL_AGG_BOTTOMK] = "bottomk",
	[PQL_AGG_COUNT_VALUES] = "count_values",
	[PQL_AGG_QUANTILE] = "quantile",
	[PQL_AGG_LIMITK] = "limitk",
	[PQL_AGG_LIMIT_RATIO] = "limit_ratio",
};

const struct matcher *pql_selector_name(const struct pql_selector *s) {
	for (size_t i = 0; i < s->matcher_count; i++) {
		if (s->matchers[i].op == MATCH_EQUAL && str_equal(s->matchers[i].name, LABEL_NAME)) {
			return &s->matchers[i];
		}
	}
	return NULL;
}

struct str pql_selector_metric(const struct pql_selector *s) {
	const struct matcher *name = pql_selector_name(s);
	return name != NULL ? name->value : STR_EMPTY;
}

const char *pql_type_name(enum pql_type type) {
	return type_names[type];
}

const char *pql_type_word(enum pql_type type) {
	return type_words[type];
}

const char *pql_op_text(enum pql_op op) {
	return op_texts[op];
}

const char *pql_aggregation_name(enum pql_aggregation op) {
	return aggregation_names[op];
}

bool pql_op_is_comparison(enum pql_op op) {
	return op >= PQL_OP_EQL && op <= PQL_OP_LTE;
}

bool pql_op_is_set(enum pql_op op) {
	return op >= PQL_OP_AND;
}

static void walk_stretch(const struct pql_stretch *s, pql_visit *visit, void *data) {
	if (s->expr != NULL) {
		pql_walk(s->expr, visit, data);
	}
}

static void walk_if_any(struct pql_node *node, pql_visit *visit, void *data) {
	if (node != NULL) {
		pql_walk(node, visit, data);
	}
}

static void walk_call(struct pql_node *node, pql_visit *visit, void *data) {
	for (size_t i = 0; i < node->call.count; i++) {
		pql_walk(node->call.args[i], visit, data);
	}
}

void pql_walk(struct pql_node *node, pql_visit *visit, void *data) {
	if (!visit(node, data)) {
		return;
	}
	switch (node->kind) {
	case PQL_NUMBER:
	case PQL_STRING: break;
	case PQL_SELECTOR: walk_stretch(&node->selector.shift.offset, visit, data); break;
	case PQL_RANGE:
		pql_walk(node->range.selector, visit, data);
		walk_stretch(&node->range.range, visit, data);
		break;
	case PQL_SUBQUERY:
		pql_walk(node->subquery.inner, visit, data);
		walk_stretch(&node->subquery.range, visit, data);
		walk_stretch(&node->subquery.step, visit, data);
		walk_stretch(&node->subquery.shift.offset, visit, data);
		break;
	case PQL_PAREN: pql_walk(node->paren, visit, data); break;
	case PQL_UNARY: pql_walk(node->unary.inner, visit, data); break;
	case PQL_BINARY:
		pql_walk(node->binary.lhs, visit, data);
		pql_walk(node->binary.rhs, visit, data);
		break;
	case PQL_AGGREGATE:
		walk_if_any(node->aggregate.param, visit, data);
		pql_walk(node->aggregate.inner, visit, data);
		break;
	case PQL_CALL: walk_call(node, visit, data); break;
	case PQL_DURATION:
		walk_if_any(node->duration.lhs, visit, data);
		walk_if_any(node->duration.rhs, visit, data);
		break;
	}
}
