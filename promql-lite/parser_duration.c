/* Durations with arithmetic. They stand in brackets and behind `offset`, and nowhere else. */
#include <math.h>

#include "promql-lite/parser_private.h"

#define LEVEL_POW 6

static const struct {
	enum pql_op op;
	int level; /* 0: no operator of durations */
} operators[PQL_TOKEN_COUNT_OF_KINDS] = {
	[PQL_TOKEN_ADD] = {PQL_OP_ADD, 4}, [PQL_TOKEN_SUB] = {PQL_OP_SUB, 4},
	[PQL_TOKEN_MUL] = {PQL_OP_MUL, 5}, [PQL_TOKEN_DIV] = {PQL_OP_DIV, 5},
	[PQL_TOKEN_MOD] = {PQL_OP_MOD, 5}, [PQL_TOKEN_POW] = {PQL_OP_POW, LEVEL_POW},
};

static struct pql_node *parse_duration(struct pql_parser *p, int min_level);
static struct pql_node *parse_operators(struct pql_parser *p, struct pql_node *lhs, int min_level);

/* Seconds that Go's durations, nanoseconds in 64 bits, cannot hold; and NaN, which Prometheus lets through as some far time. */
static void check_literal(struct pql_parser *p, struct pql_node *number, struct span span) {
	const double limit = 9223372036.854775807;

	if (!(number->number.value <= limit && number->number.value >= -limit)) {
		parser_error(p, span, "duration out of range");
		number->number.value = 1; /* nothing else is wrong with it */
	}
}

static void check_enabled(struct pql_parser *p, const struct pql_node *n) {
	if (!p->syntax->duration_expressions) {
		parser_error(p, n->span, "experimental duration expression is not enabled");
	}
}

static struct pql_node *parse_literal(struct pql_parser *p) {
	struct pql_node *number = parser_number(p);

	check_literal(p, number, number->span);
	return number;
}

/* A sign in front: folded into a literal; `+` before anything else says nothing. */
static struct pql_node *apply_sign(struct pql_parser *p, const struct pql_token *sign,
								   struct pql_node *inner) {
	struct pql_node *node;

	if (inner->kind == PQL_NUMBER) {
		if (sign->kind == PQL_TOKEN_SUB) {
			inner->number.value = -inner->number.value;
		}
		check_literal(p, inner, sign->span);
		inner->span.start = sign->span.start;
		return inner;
	}
	if (sign->kind == PQL_TOKEN_ADD) {
		return inner;
	}
	node = parser_node(p, PQL_DURATION, (struct span){sign->span.start, inner->span.end});
	node->duration.op = PQL_OP_SUB;
	node->duration.rhs = inner;
	return parser_adopt(p, node, inner) ? node : NULL;
}

/* ("step" | "range") "(" ")" */
static struct pql_node *parse_step_or_range(struct pql_parser *p) {
	struct pql_token word = parser_take(p), closing;
	struct pql_node *node;

	if (!parser_expect(p, PQL_TOKEN_LEFT_PAREN, &closing) ||
		!parser_expect(p, PQL_TOKEN_RIGHT_PAREN, &closing)) {
		return NULL;
	}
	node = parser_node(p, PQL_DURATION, (struct span){word.span.start, closing.span.end});
	node->duration.what = word.kind == PQL_TOKEN_STEP ? PQL_DUR_STEP : PQL_DUR_RANGE;
	check_enabled(p, node);
	return node;
}

/* ("max_of" | "min_of") "(" duration "," duration ")" */
static struct pql_node *parse_min_or_max(struct pql_parser *p) {
	struct pql_token word = parser_take(p), other;
	struct pql_node *lhs, *rhs, *node;

	if (!parser_expect(p, PQL_TOKEN_LEFT_PAREN, &other)) {
		return NULL;
	}
	lhs = parse_duration(p, 1);
	if (lhs == NULL || !parser_expect(p, PQL_TOKEN_COMMA, &other)) {
		return NULL;
	}
	rhs = parse_duration(p, 1);
	if (rhs == NULL || !parser_expect(p, PQL_TOKEN_RIGHT_PAREN, &other)) {
		return NULL;
	}
	/* Of the operands alone, as Prometheus has it. */
	node = parser_node(p, PQL_DURATION, (struct span){lhs->span.start, rhs->span.end});
	node->duration.what = word.kind == PQL_TOKEN_MAX_OF ? PQL_DUR_MAX : PQL_DUR_MIN;
	node->duration.lhs = lhs;
	node->duration.rhs = rhs;
	check_enabled(p, node);
	return parser_adopt(p, node, lhs) && parser_adopt(p, node, rhs) ? node : NULL;
}

static bool is_call(enum pql_token_kind kind) {
	return kind == PQL_TOKEN_STEP || kind == PQL_TOKEN_RANGE || kind == PQL_TOKEN_MAX_OF ||
		   kind == PQL_TOKEN_MIN_OF;
}

static struct pql_node *parse_call(struct pql_parser *p) {
	enum pql_token_kind kind = parser_peek(p);

	return kind == PQL_TOKEN_STEP || kind == PQL_TOKEN_RANGE ? parse_step_or_range(p)
															 : parse_min_or_max(p);
}

/* A literal in parentheses becomes a node that has them. Its span takes in the opening one, as Prometheus has it. */
static struct pql_node *wrap_literal(struct pql_parser *p, struct pql_node *literal, size_t start) {
	struct pql_node *node = parser_node(p, PQL_DURATION, (struct span){start, literal->span.end});

	node->duration.op = PQL_OP_ADD;
	node->duration.rhs = literal;
	return parser_adopt(p, node, literal) ? node : NULL;
}

/* "(" duration ")" */
static struct pql_node *parse_paren(struct pql_parser *p, bool check) {
	struct pql_token paren = parser_take(p);
	size_t start = paren.span.start;
	struct pql_node *inner = parse_duration(p, 1);

	if (inner == NULL || !parser_expect(p, PQL_TOKEN_RIGHT_PAREN, &paren)) {
		return NULL;
	}
	if (check) {
		check_enabled(p, inner);
	}
	if (inner->kind == PQL_NUMBER) {
		inner = wrap_literal(p, inner, start);
	}
	if (inner != NULL) {
		inner->duration.parens = true;
	}
	return inner;
}

static bool is_sign(enum pql_token_kind kind) {
	return kind == PQL_TOKEN_ADD || kind == PQL_TOKEN_SUB;
}

/* operand: literal | call | paren | sign operand, where the sign is as tight as "*" */
static struct pql_node *parse_operand(struct pql_parser *p) {
	enum pql_token_kind kind = parser_peek(p);
	struct pql_token sign;
	struct pql_node *inner;

	if (kind == PQL_TOKEN_NUMBER || kind == PQL_TOKEN_DURATION) {
		return parse_literal(p);
	}
	if (is_call(kind)) {
		return parse_call(p);
	}
	if (kind == PQL_TOKEN_LEFT_PAREN) {
		return parse_paren(p, true);
	}
	if (is_sign(kind)) {
		sign = parser_take(p);
		inner = parse_duration(p, LEVEL_POW);
		return inner == NULL ? NULL : apply_sign(p, &sign, inner);
	}
	parser_unexpected(p);
	return NULL;
}

static struct pql_node *make_binary(struct pql_parser *p, const struct pql_token *op,
									struct pql_node *lhs, struct pql_node *rhs) {
	struct pql_node *node =
		parser_node(p, PQL_DURATION, (struct span){lhs->span.start, rhs->span.end});
	bool zero = rhs->kind == PQL_NUMBER && rhs->number.value == 0;

	check_enabled(p, lhs);
	if (zero && op->kind == PQL_TOKEN_DIV) {
		parser_error(p, op->span, "division by zero");
	}
	if (zero && op->kind == PQL_TOKEN_MOD) {
		parser_error(p, op->span, "modulo by zero");
	}
	node->duration.op = operators[op->kind].op;
	node->duration.lhs = lhs;
	node->duration.rhs = rhs;
	return parser_adopt(p, node, lhs) && parser_adopt(p, node, rhs) ? node : NULL;
}

/* {operator duration} behind lhs, with operators of at least `min_level` */
static struct pql_node *parse_operators(struct pql_parser *p, struct pql_node *lhs, int min_level) {
	while (lhs != NULL) {
		int level = operators[parser_peek(p)].level;
		struct pql_token op;
		struct pql_node *rhs;

		if (level == 0 || level < min_level) {
			break;
		}
		op = parser_take(p);
		rhs = parse_duration(p, level == LEVEL_POW ? level : level + 1);
		if (rhs == NULL) {
			return NULL;
		}
		lhs = make_binary(p, &op, lhs, rhs);
	}
	return lhs;
}

/* duration: operand {operator duration} */
static struct pql_node *parse_duration(struct pql_parser *p, int min_level) {
	struct pql_node *node;

	parser_peek(p);
	if (!parser_enter(p, p->token.span)) {
		return NULL;
	}
	node = parse_operators(p, parse_operand(p), min_level);
	parser_leave(p);
	return node;
}

/* Whole nanoseconds, then cut to milliseconds, as Prometheus computes. */
static struct pql_stretch stretch_of(struct pql_node *n) {
	double ns;

	if (n->kind == PQL_DURATION) {
		return (struct pql_stretch){.expr = n};
	}
	ns = round(n->number.value * 1e9);
	if (ns >= 9223372036854775807.0) {
		return (struct pql_stretch){.fixed = INT64_MAX / 1000000};
	}
	return (struct pql_stretch){.fixed = (int64_t)ns / 1000000};
}

const struct pql_node *parser_literal_in(const struct pql_node *n) {
	if (n->kind == PQL_DURATION && n->duration.what == PQL_DUR_OP && n->duration.lhs == NULL &&
		n->duration.op == PQL_OP_ADD) {
		n = n->duration.rhs;
	}
	return n->kind == PQL_NUMBER ? n : NULL;
}

/* A duration that must not be 0 or less: a range or a step. What is more than a literal is judged when it is computed. */
bool parser_positive_stretch(struct pql_parser *p, struct pql_stretch *ret_stretch) {
	struct pql_node *n = parse_duration(p, 1);

	if (n == NULL) {
		return false;
	}
	parser_peek(p);
	if (n->kind == PQL_NUMBER && n->number.value <= 0) {
		parser_error(p, n->span, "duration must be greater than 0");
	}
	*ret_stretch = stretch_of(n);
	return true;
}

/* sign (literal | call | "(" duration ")") ends the offset: `x offset -2^2` is (x offset -2)^2. Any other operand with a
 * sign does not. */
static struct pql_node *parse_signed_offset(struct pql_parser *p) {
	struct pql_token sign = parser_take(p);
	enum pql_token_kind kind = parser_peek(p);
	struct pql_node *inner;

	if (kind == PQL_TOKEN_NUMBER || kind == PQL_TOKEN_DURATION) {
		inner = parser_number(p);
	} else if (is_call(kind)) {
		inner = parse_call(p);
	} else if (kind == PQL_TOKEN_LEFT_PAREN) {
		inner = parse_paren(p, false);
	} else {
		inner = parse_duration(p, LEVEL_POW);
		inner = inner == NULL ? NULL : apply_sign(p, &sign, inner);
		return inner == NULL ? NULL : parse_operators(p, inner, 1);
	}
	return inner == NULL ? NULL : apply_sign(p, &sign, inner);
}

/* offset_duration: literal | call | sign … | paren {operator duration}. The grammar is odd here: `offset 5m + 3m` ends
 * after 5m, while `offset (5m) + 3m` does not. */
static struct pql_node *parse_offset_duration(struct pql_parser *p) {
	enum pql_token_kind kind = parser_peek(p);

	if (kind == PQL_TOKEN_NUMBER || kind == PQL_TOKEN_DURATION) {
		return parse_literal(p);
	}
	if (is_call(kind)) {
		return parse_call(p);
	}
	return is_sign(kind) ? parse_signed_offset(p) : parse_duration(p, 1);
}

bool parser_offset_stretch(struct pql_parser *p, struct pql_stretch *ret_stretch) {
	struct pql_node *n = parse_offset_duration(p);

	if (n == NULL) {
		return false;
	}
	*ret_stretch = stretch_of(n);
	return true;
}
