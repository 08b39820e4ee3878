/* Aggregations and lists of labels in parentheses. */
#include "promql-lite/parser_private.h"

/* label: any word, or a string */
static bool parse_grouping_label(struct pql_parser *p, struct str *ret_label) {
	struct pql_token token;

	if (parser_peek(p) != PQL_TOKEN_STRING && !pql_token_names_label(parser_peek(p))) {
		parser_unexpected_in(p, " in grouping opts, expected label");
		return false;
	}
	token = parser_take(p);
	*ret_label =
		token.kind == PQL_TOKEN_STRING ? pql_lexer_unquote(token.text, p->arena) : token.text;
	if (!label_name_is_valid(*ret_label)) {
		parser_error(p, token.span, "invalid label name for grouping: %s",
					 parser_quote(p, *ret_label));
	}
	return true;
}

/* grouping: "(" [label {"," label} [","]] ")" */
bool parser_grouping(struct pql_parser *p, const struct str **ret_labels, size_t *ret_count) {
	struct str *labels = NULL;
	size_t count = 0, capacity = 0;

	if (parser_peek(p) != PQL_TOKEN_LEFT_PAREN) {
		parser_unexpected_in(p, " in grouping opts, expected \"(\"");
		return false;
	}
	parser_take(p);
	while (!parser_accept(p, PQL_TOKEN_RIGHT_PAREN)) {
		labels = arena_grow(p->arena, labels, count, &capacity, sizeof(*labels));
		if (!parse_grouping_label(p, &labels[count])) {
			return false;
		}
		count++;
		if (parser_peek(p) != PQL_TOKEN_RIGHT_PAREN && !parser_accept(p, PQL_TOKEN_COMMA)) {
			parser_unexpected_in(p, " in grouping opts, expected \",\" or \")\"");
			return false;
		}
	}
	*ret_labels = labels;
	*ret_count = count;
	return true;
}

static bool takes_parameter(enum pql_aggregation op) {
	return op == PQL_AGG_TOPK || op == PQL_AGG_BOTTOMK || op == PQL_AGG_COUNT_VALUES ||
		   op == PQL_AGG_QUANTILE || op == PQL_AGG_LIMITK || op == PQL_AGG_LIMIT_RATIO;
}

/* Whether the arguments are as many as the operator wants. */
static bool check_args(struct pql_parser *p, const struct pql_node *node,
					   const struct parser_args *args, size_t wanted) {
	enum pql_aggregation op = node->aggregate.op;

	if (args->count == 0) {
		parser_error(p, node->span, "no arguments for aggregate expression provided");
		return false;
	}
	if ((op == PQL_AGG_LIMITK || op == PQL_AGG_LIMIT_RATIO) && !p->syntax->experimental_functions) {
		parser_error(p, node->span,
					 "%s() is experimental and must be enabled with "
					 "--enable-feature=promql-experimental-functions",
					 pql_aggregation_name(op));
		return false;
	}
	if (args->count != wanted) {
		parser_error(p, node->span,
					 "wrong number of arguments for aggregate expression provided, expected %zu, "
					 "got %zu",
					 wanted, args->count);
		return false;
	}
	return true;
}

/* [("by" | "without") grouping] */
static bool parse_modifier(struct pql_parser *p, struct pql_node *node) {
	enum pql_token_kind kind = parser_peek(p);

	if (kind != PQL_TOKEN_BY && kind != PQL_TOKEN_WITHOUT) {
		return true;
	}
	parser_take(p);
	node->aggregate.has_grouping = true;
	node->aggregate.without = kind == PQL_TOKEN_WITHOUT;
	if (!parser_grouping(p, &node->aggregate.labels, &node->aggregate.label_count)) {
		return false;
	}
	node->span.end = p->taken_end;
	return true;
}

/* modifier args | args modifier: what stands between the operator and the end, which is " in aggregation" */
static bool parse_clauses(struct pql_parser *p, struct pql_node *node, struct parser_args *args) {
	const char *outer = p->context;

	p->context = " in aggregation";
	if (!parse_modifier(p, node) || !parser_args(p, args)) {
		return false;
	}
	node->span.end = p->taken_end;
	p->context = outer;
	return node->aggregate.has_grouping || parse_modifier(p, node);
}

/* aggregate: operator (modifier args | args [modifier]) */
struct pql_node *parser_aggregate(struct pql_parser *p, const struct pql_token *op) {
	struct pql_node *node = parser_node(p, PQL_AGGREGATE, op->span);
	struct parser_args args;
	size_t wanted;

	node->aggregate.op = (enum pql_aggregation)(op->kind - PQL_TOKEN_SUM + PQL_AGG_SUM);
	wanted = takes_parameter(node->aggregate.op) ? 2 : 1;
	if (!parse_clauses(p, node, &args)) {
		return NULL;
	}
	for (size_t i = 0; i < args.count; i++) {
		if (!parser_adopt(p, node, args.items[i])) {
			return NULL;
		}
	}
	if (check_args(p, node, &args, wanted)) {
		node->aggregate.param = wanted == 2 ? args.items[0] : NULL;
		node->aggregate.inner = args.items[wanted - 1];
	}
	return node;
}
