/* Expressions: operators, postfix forms, calls. */
#include "promql-lite/functions.h"
#include "promql-lite/parser_private.h"
#include "promql-lite/print.h"

#define LEVEL_POW 6 /* the only operator that binds tighter than a sign */

/* How tightly an operator binds; 0: the token is none. */
static const struct {
	enum pql_op op;
	int level;
} operators[PQL_TOKEN_COUNT_OF_KINDS] = {
	[PQL_TOKEN_OR] = {PQL_OP_OR, 1},
	[PQL_TOKEN_AND] = {PQL_OP_AND, 2},
	[PQL_TOKEN_UNLESS] = {PQL_OP_UNLESS, 2},
	[PQL_TOKEN_EQLC] = {PQL_OP_EQL, 3},
	[PQL_TOKEN_NEQ] = {PQL_OP_NEQ, 3},
	[PQL_TOKEN_GTR] = {PQL_OP_GTR, 3},
	[PQL_TOKEN_LSS] = {PQL_OP_LSS, 3},
	[PQL_TOKEN_GTE] = {PQL_OP_GTE, 3},
	[PQL_TOKEN_LTE] = {PQL_OP_LTE, 3},
	[PQL_TOKEN_TRIM_UPPER] = {PQL_OP_TRIM_UPPER, 3},
	[PQL_TOKEN_TRIM_LOWER] = {PQL_OP_TRIM_LOWER, 3},
	[PQL_TOKEN_ADD] = {PQL_OP_ADD, 4},
	[PQL_TOKEN_SUB] = {PQL_OP_SUB, 4},
	[PQL_TOKEN_MUL] = {PQL_OP_MUL, 5},
	[PQL_TOKEN_DIV] = {PQL_OP_DIV, 5},
	[PQL_TOKEN_MOD] = {PQL_OP_MOD, 5},
	[PQL_TOKEN_ATAN2] = {PQL_OP_ATAN2, 5},
	[PQL_TOKEN_POW] = {PQL_OP_POW, LEVEL_POW},
};

static struct pql_node *parse_binary(struct pql_parser *p, int min_level);

/* call: name args. The words start, end, step, range, max_of and min_of are functions too. */
struct pql_node *parser_call(struct pql_parser *p, const struct pql_token *name) {
	const struct pql_function *function = pql_function_find(name->text);
	struct parser_args args;
	struct pql_node *node;

	if (!parser_args(p, &args)) {
		return NULL;
	}
	node = parser_node(p, PQL_CALL, (struct span){name->span.start, p->taken_end});
	if (function == NULL) {
		parser_error(p, name->span, "unknown function with name %s", parser_quote(p, name->text));
	} else if (function->experimental && !p->syntax->experimental_functions) {
		parser_error(p, name->span, "function %s is not enabled", parser_quote(p, name->text));
	}
	node->call.function = function;
	node->call.args = args.items;
	node->call.count = args.count;
	for (size_t i = 0; i < args.count; i++) {
		if (!parser_adopt(p, node, args.items[i])) {
			return NULL;
		}
	}
	parser_imply_info(p, node);
	return node;
}

bool parser_starts_expr(enum pql_token_kind kind) {
	return kind == PQL_TOKEN_NUMBER || kind == PQL_TOKEN_DURATION || kind == PQL_TOKEN_STRING ||
		   kind == PQL_TOKEN_LEFT_PAREN || kind == PQL_TOKEN_LEFT_BRACE || kind == PQL_TOKEN_ADD ||
		   kind == PQL_TOKEN_SUB || pql_token_names_metric(kind);
}

/* args: "(" [expr {"," expr}] ")". A comma without an expression behind it is a fault of its own, and is passed over. */
bool parser_args(struct pql_parser *p, struct parser_args *ret_args) {
	struct parser_args args = {0};
	struct pql_token comma, closing;

	if (!parser_expect(p, PQL_TOKEN_LEFT_PAREN, &closing)) {
		return false;
	}
	while (args.count == 0 ? parser_peek(p) != PQL_TOKEN_RIGHT_PAREN
						   : parser_peek(p) == PQL_TOKEN_COMMA) {
		if (args.count > 0) {
			comma = parser_take(p);
			if (!parser_starts_expr(parser_peek(p))) {
				parser_error(p, comma.span, "trailing commas not allowed in function call args");
				continue;
			}
		}
		struct pql_node *arg = parser_expr(p);

		if (arg == NULL) {
			return false;
		}
		args.items =
			arena_grow(p->arena, args.items, args.count, &args.capacity, sizeof(struct pql_node *));
		args.items[args.count++] = arg;
	}
	if (!parser_expect(p, PQL_TOKEN_RIGHT_PAREN, &closing)) {
		return false;
	}
	*ret_args = args;
	return true;
}

/* paren: "(" expr ")" */
static struct pql_node *parse_paren(struct pql_parser *p) {
	struct pql_token opening = parser_take(p), closing;
	struct pql_node *inner = parser_expr(p), *node;

	if (inner == NULL || !parser_expect(p, PQL_TOKEN_RIGHT_PAREN, &closing)) {
		return NULL;
	}
	node = parser_node(p, PQL_PAREN, (struct span){opening.span.start, closing.span.end});
	node->paren = inner;
	return parser_adopt(p, node, inner) ? node : NULL;
}

static struct pql_node *parse_string(struct pql_parser *p) {
	struct pql_token token = parser_take(p);
	struct pql_node *node = parser_node(p, PQL_STRING, token.span);

	node->string = pql_lexer_unquote(token.text, p->arena);
	return node;
}

static bool is_aggregation(enum pql_token_kind kind) {
	return kind >= PQL_TOKEN_SUM && kind <= PQL_TOKEN_LIMIT_RATIO;
}

/* named: aggregate | call | selector, told apart by what follows the name */
static struct pql_node *parse_named(struct pql_parser *p) {
	struct pql_token name = parser_take(p);
	enum pql_token_kind next = parser_peek(p);

	if (is_aggregation(name.kind) &&
		(next == PQL_TOKEN_LEFT_PAREN || next == PQL_TOKEN_BY || next == PQL_TOKEN_WITHOUT)) {
		return parser_aggregate(p, &name);
	}
	if (next == PQL_TOKEN_LEFT_PAREN &&
		(name.kind == PQL_TOKEN_IDENTIFIER ||
		 (name.kind >= PQL_TOKEN_START && name.kind <= PQL_TOKEN_MIN_OF))) {
		return parser_call(p, &name);
	}
	return parser_selector(p, &name);
}

/* primary: number | string | paren | selector | named */
static struct pql_node *parse_primary(struct pql_parser *p) {
	enum pql_token_kind kind = parser_peek(p);

	if (kind == PQL_TOKEN_NUMBER || kind == PQL_TOKEN_DURATION) {
		return parser_number(p);
	}
	if (kind == PQL_TOKEN_STRING) {
		return parse_string(p);
	}
	if (kind == PQL_TOKEN_LEFT_PAREN) {
		return parse_paren(p);
	}
	if (kind == PQL_TOKEN_LEFT_BRACE) {
		return parser_selector(p, NULL);
	}
	if (pql_token_names_metric(kind)) {
		return parse_named(p);
	}
	parser_unexpected(p);
	return NULL;
}

/* postfix: primary {brackets | "offset" … | "@" … | "anchored" | "smoothed"}. All of them bind tighter than any operator. */
static struct pql_node *parse_postfix(struct pql_parser *p) {
	struct pql_node *node = parse_primary(p);

	while (node != NULL) {
		enum pql_token_kind kind = parser_peek(p);

		if (kind == PQL_TOKEN_LEFT_BRACKET) {
			node = parser_brackets(p, node);
		} else if (kind == PQL_TOKEN_OFFSET) {
			node = parser_offset(p, node);
		} else if (kind == PQL_TOKEN_AT) {
			node = parser_at(p, node);
		} else if (kind == PQL_TOKEN_ANCHORED || kind == PQL_TOKEN_SMOOTHED) {
			node = parser_extended(p, node);
		} else {
			return node;
		}
	}
	return NULL;
}

/* unary: ("+" | "-") binary, as tight as "*"; the sign of a literal becomes part of it */
static struct pql_node *parse_unary(struct pql_parser *p) {
	struct pql_token sign = parser_take(p);
	struct pql_node *inner = parse_binary(p, LEVEL_POW), *node;

	if (inner == NULL) {
		return NULL;
	}
	if (inner->kind == PQL_NUMBER) {
		if (sign.kind == PQL_TOKEN_SUB) {
			inner->number.value = -inner->number.value;
		}
		inner->span.start = sign.span.start;
		return inner;
	}
	node = parser_node(p, PQL_UNARY, (struct span){sign.span.start, inner->span.end});
	node->unary.op = sign.kind == PQL_TOKEN_SUB ? PQL_OP_SUB : PQL_OP_ADD;
	node->unary.inner = inner;
	return parser_adopt(p, node, inner) ? node : NULL;
}

static struct pql_node *parse_operand(struct pql_parser *p) {
	enum pql_token_kind kind = parser_peek(p);

	return kind == PQL_TOKEN_ADD || kind == PQL_TOKEN_SUB ? parse_unary(p) : parse_postfix(p);
}

/* In `x offset +(1m) + y` the sign ends the offset, and is not printed: parentheses end it then. */
static struct pql_node *close_offset(struct pql_parser *p, struct pql_node *lhs) {
	struct pql_node *node;

	if (!pql_print_ends_open(lhs)) {
		return lhs;
	}
	node = parser_node(p, PQL_PAREN, lhs->span);
	node->paren = lhs;
	return parser_adopt(p, node, lhs) ? node : NULL;
}

/* The operator is ahead. */
static struct pql_node *parse_right_side(struct pql_parser *p, struct pql_node *lhs) {
	struct pql_token op = parser_take(p);
	int level = operators[op.kind].level;
	struct pql_node *node = parser_node(p, PQL_BINARY, lhs->span);

	if (operators[op.kind].op <= PQL_OP_POW) {
		lhs = close_offset(p, lhs);
	}
	if (lhs == NULL) {
		return NULL;
	}
	node->binary.op = operators[op.kind].op;
	node->binary.op_span = op.span;
	node->binary.lhs = lhs;
	if (!parser_matching(p, node)) {
		return NULL;
	}
	node->binary.rhs = parse_binary(p, op.kind == PQL_TOKEN_POW ? level : level + 1);
	if (node->binary.rhs == NULL) {
		return NULL;
	}
	node->span.end = node->binary.rhs->span.end;
	if ((node->binary.has_fill_left || node->binary.has_fill_right) && !p->syntax->binop_fill) {
		parser_error(p, node->span, "binop fill modifiers are experimental and not enabled");
	}
	return parser_adopt(p, node, lhs) && parser_adopt(p, node, node->binary.rhs) ? node : NULL;
}

/* binary: operand {operator matching binary}, with operators of at least `min_level`; "^" groups to the right, others to
 * the left */
static struct pql_node *parse_binary(struct pql_parser *p, int min_level) {
	struct pql_node *node;

	parser_peek(p);
	if (!parser_enter(p, p->token.span)) {
		return NULL;
	}
	node = parse_operand(p);
	while (node != NULL) {
		int level = operators[parser_peek(p)].level;

		if (level == 0 || level < min_level) {
			break;
		}
		node = parse_right_side(p, node);
	}
	parser_leave(p);
	return node;
}

struct pql_node *parser_expr(struct pql_parser *p) {
	return parse_binary(p, 1);
}
