/* What may stand between a binary operator and its right side. */
#include "promql-lite/parser_private.h"

/* fill_value: "(" ["+" | "-"] number ")" */
static bool parse_fill_value(struct pql_parser *p, double *ret_value) {
	struct pql_token token;
	size_t end;

	return parser_expect(p, PQL_TOKEN_LEFT_PAREN, &token) &&
		   parser_signed_number(p, ret_value, &end) &&
		   parser_expect(p, PQL_TOKEN_RIGHT_PAREN, &token);
}

static bool parse_fill_left(struct pql_parser *p, struct pql_node *n) {
	n->binary.has_fill_left = true;
	return parse_fill_value(p, &n->binary.fill_left);
}

static bool parse_fill_right(struct pql_parser *p, struct pql_node *n) {
	n->binary.has_fill_right = true;
	return parse_fill_value(p, &n->binary.fill_right);
}

static bool parse_fill_both(struct pql_parser *p, struct pql_node *n) {
	n->binary.has_fill_left = n->binary.has_fill_right = true;
	if (!parse_fill_value(p, &n->binary.fill_left)) {
		return false;
	}
	n->binary.fill_right = n->binary.fill_left;
	return true;
}

/* ["fill" value | "fill_left" value ["fill_right" value] | "fill_right" value ["fill_left" value]] */
static bool parse_fills(struct pql_parser *p, struct pql_node *n) {
	if (parser_accept(p, PQL_TOKEN_FILL)) {
		return parse_fill_both(p, n);
	}
	if (parser_accept(p, PQL_TOKEN_FILL_LEFT)) {
		return parse_fill_left(p, n) &&
			   (!parser_accept(p, PQL_TOKEN_FILL_RIGHT) || parse_fill_right(p, n));
	}
	if (parser_accept(p, PQL_TOKEN_FILL_RIGHT)) {
		return parse_fill_right(p, n) &&
			   (!parser_accept(p, PQL_TOKEN_FILL_LEFT) || parse_fill_left(p, n));
	}
	return true;
}

/* [("group_left" | "group_right") [grouping]] */
static bool parse_group(struct pql_parser *p, struct pql_node *n) {
	if (parser_accept(p, PQL_TOKEN_GROUP_LEFT)) {
		n->binary.cardinality = PQL_MANY_TO_ONE;
	} else if (parser_accept(p, PQL_TOKEN_GROUP_RIGHT)) {
		n->binary.cardinality = PQL_ONE_TO_MANY;
	} else {
		return true;
	}
	if (parser_starts_expr(parser_peek(p)) && parser_peek(p) != PQL_TOKEN_LEFT_PAREN) {
		return true;
	}
	return parser_grouping(p, &n->binary.include, &n->binary.include_count);
}

/* matching: ["bool"] [("on" | "ignoring") grouping [group]] [fills] */
bool parser_matching(struct pql_parser *p, struct pql_node *binary) {
	binary->binary.return_bool = parser_accept(p, PQL_TOKEN_BOOL);
	if (parser_peek(p) == PQL_TOKEN_ON || parser_peek(p) == PQL_TOKEN_IGNORING) {
		binary->binary.has_matching = true;
		binary->binary.on = parser_take(p).kind == PQL_TOKEN_ON;
		if (!parser_grouping(p, &binary->binary.labels, &binary->binary.label_count) ||
			!parse_group(p, binary)) {
			return false;
		}
	}
	return parse_fills(p, binary);
}
