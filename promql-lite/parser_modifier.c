/* What follows an expression: brackets, offset, @, anchored, smoothed. */
#include <math.h>

#include "base/gofloat.h"
#include "promql-lite/parser_private.h"

/* ---- brackets ---- */

/* Whether the offset is known to be something else than 0. */
static bool has_offset(const struct pql_shift *shift) {
	const struct pql_node *expr = shift->offset.expr;
	const struct pql_node *literal = expr != NULL ? parser_literal_in(expr) : NULL;

	return expr == NULL ? shift->offset.fixed != 0 : literal != NULL && literal->number.value != 0;
}

static void check_range(struct pql_parser *p, const struct pql_node *inner, struct span brackets) {
	const struct pql_shift *shift = &inner->selector.shift;

	if (inner->kind != PQL_SELECTOR) {
		parser_error(p, brackets, "ranges only allowed for vector selectors");
	} else if (has_offset(shift)) {
		parser_error(p, brackets, "no offset modifiers allowed before range");
	} else if (shift->at == PQL_AT_TIME) {
		parser_error(p, brackets, "no @ modifiers allowed before range");
	}
}

static struct pql_node *make_range(struct pql_parser *p, struct pql_node *inner,
								   struct span brackets, struct pql_stretch range) {
	struct pql_node *node;

	check_range(p, inner, brackets);
	if (inner->kind != PQL_SELECTOR) {
		return inner;
	}
	node = parser_node(p, PQL_RANGE, (struct span){inner->span.start, brackets.end});
	node->range.selector = inner;
	node->range.range = range;
	return parser_adopt(p, node, inner) ? node : NULL;
}

/* Behind the colon: [duration] "]". */
static struct pql_node *parse_subquery(struct pql_parser *p, struct pql_node *inner,
									   struct pql_stretch range) {
	struct pql_stretch step = {0};
	struct pql_node *node;
	struct pql_token closing;

	p->context = " in subquery selector, expected number, duration, step(), range(), or \"]\"";
	if (parser_peek(p) != PQL_TOKEN_RIGHT_BRACKET) {
		size_t start = p->token.span.start;

		if (!parser_positive_stretch(p, &step)) {
			return NULL;
		}
		if (step.expr == NULL && step.fixed == 0) {
			parser_error(p, (struct span){start, p->taken_end},
						 "step of a subquery must not be less than 1ms");
		}
	}
	p->context = " in subquery selector, expected \"]\"";
	if (!parser_expect(p, PQL_TOKEN_RIGHT_BRACKET, &closing)) {
		return NULL;
	}
	node = parser_node(p, PQL_SUBQUERY, (struct span){inner->span.start, closing.span.end});
	node->subquery.inner = inner;
	node->subquery.range = range;
	node->subquery.step = step;
	return parser_adopt(p, node, inner) ? node : NULL;
}

/* brackets: "[" duration "]" | "[" duration ":" [duration] "]" */
struct pql_node *parser_brackets(struct pql_parser *p, struct pql_node *inner) {
	const char *outer = p->context;
	struct pql_token opening = parser_take(p), closing;
	struct pql_stretch range = {0};
	struct pql_node *node;

	p->context = " in subquery or range selector, expected number, duration, step(), or range()";
	if (!parser_positive_stretch(p, &range)) {
		return NULL;
	}
	p->context = " in subquery or range, expected \":\" or \"]\"";
	if (parser_accept(p, PQL_TOKEN_COLON)) {
		node = parse_subquery(p, inner, range);
	} else if (parser_expect(p, PQL_TOKEN_RIGHT_BRACKET, &closing)) {
		node = make_range(p, inner, (struct span){opening.span.start, closing.span.end}, range);
	} else {
		return NULL;
	}
	p->context = outer;
	return node;
}

/* ---- offset and @ ---- */

/* Where offset and @ of an expression live; NULL: it has none. */
static struct pql_shift *shift_of(struct pql_node *n) {
	if (n->kind == PQL_SELECTOR) {
		return &n->selector.shift;
	}
	if (n->kind == PQL_RANGE) {
		return &n->range.selector->selector.shift;
	}
	return n->kind == PQL_SUBQUERY ? &n->subquery.shift : NULL;
}

static void set_offset(struct pql_parser *p, struct pql_node *inner, struct pql_stretch offset,
					   struct span span) {
	struct pql_shift *shift = shift_of(inner);

	if (shift == NULL) {
		parser_error(p, inner->span,
					 "offset modifier must be preceded by an instant vector selector or range "
					 "vector selector or a subquery");
		return;
	}
	if (shift->offset.fixed != 0 || shift->offset.expr != NULL) {
		parser_error(p, inner->span, "offset may not be set multiple times");
	}
	shift->offset = offset;
	shift->offset_span = span;
	inner->span.end = span.end;
}

/* offset: "offset" duration */
struct pql_node *parser_offset(struct pql_parser *p, struct pql_node *inner) {
	const char *outer = p->context;
	struct pql_token word = parser_take(p);
	struct pql_stretch offset = {0};

	p->context = " in offset, expected number, duration, step(), or range()";
	if (!parser_offset_stretch(p, &offset)) {
		return NULL;
	}
	p->context = outer;
	set_offset(p, inner, offset, (struct span){word.span.start, p->taken_end});
	return inner;
}

/* The shift that @ may be set on; NULL: it may not, reported. */
static struct pql_shift *free_shift(struct pql_parser *p, struct pql_node *inner) {
	struct pql_shift *shift = shift_of(inner);

	if (shift == NULL) {
		parser_error(p, inner->span,
					 "@ modifier must be preceded by an instant vector selector or range vector "
					 "selector or a subquery");
		return NULL;
	}
	if (shift->at != PQL_AT_NONE) {
		parser_error(p, inner->span, "@ <timestamp> may not be set multiple times");
		return NULL;
	}
	return shift;
}

static void set_at(struct pql_parser *p, struct pql_node *inner, enum pql_at at, ts_ms at_time,
				   struct span span) {
	struct pql_shift *shift = free_shift(p, inner);

	if (shift != NULL) {
		shift->at = at;
		shift->at_time = at_time;
		shift->at_span = span;
		inner->span.end = span.end;
	}
}

static void set_at_seconds(struct pql_parser *p, struct pql_node *inner, double seconds,
						   struct span span) {
	const double limit = 9223372036854775808.0; /* 2^63 */
	struct strbuf text = STRBUF_INIT;
	double ms = round(seconds * 1000);

	if (!(seconds < limit && seconds > -limit)) {
		gofloat_print_precision(&text, seconds, 'f', 6);
		parser_error(p, inner->span, "timestamp out of bounds for @ modifier: %s", text.ptr);
		strbuf_finish(&text);
		ms = 0;
	}
	/* Seconds that fit but whose milliseconds do not: what amd64 makes of them, as far in the past as there are times. */
	if (ms >= limit || ms <= -limit) {
		ms = -limit;
	}
	set_at(p, inner, PQL_AT_TIME, ms == -limit ? INT64_MIN + 1 : (ts_ms)ms, span);
}

static bool parse_at_number(struct pql_parser *p, struct pql_node *inner, size_t start) {
	double value;
	size_t end;

	if (!parser_signed_number(p, &value, &end)) {
		return false;
	}
	set_at_seconds(p, inner, value, (struct span){start, end});
	return true;
}

/* at: "@" (["+" | "-"] number | ("start" | "end") "(" ")") */
struct pql_node *parser_at(struct pql_parser *p, struct pql_node *inner) {
	const char *outer = p->context;
	struct pql_token sign = parser_take(p), closing;

	p->context = " in @, expected timestamp";
	if (parser_peek(p) == PQL_TOKEN_START || parser_peek(p) == PQL_TOKEN_END) {
		enum pql_at at = parser_take(p).kind == PQL_TOKEN_START ? PQL_AT_START : PQL_AT_END;

		if (!parser_expect(p, PQL_TOKEN_LEFT_PAREN, &closing) ||
			!parser_expect(p, PQL_TOKEN_RIGHT_PAREN, &closing)) {
			return NULL;
		}
		set_at(p, inner, at, 0, (struct span){sign.span.start, closing.span.end});
	} else if (!parse_at_number(p, inner, sign.span.start)) {
		return NULL;
	}
	p->context = outer;
	return inner;
}

/* ---- anchored and smoothed ---- */

static struct pql_selector *extended_selector(struct pql_parser *p, struct pql_node *inner,
											  const char *word) {
	if (!p->syntax->extended_ranges) {
		parser_error(p, inner->span, "%s modifier is experimental and not enabled", word);
	} else if (inner->kind == PQL_SUBQUERY) {
		parser_error(p, inner->span, "%s modifier is not supported for subqueries", word);
	} else if (inner->kind == PQL_SELECTOR) {
		return &inner->selector;
	} else if (inner->kind == PQL_RANGE) {
		return &inner->range.selector->selector;
	} else {
		parser_error(p, inner->span, "%s modifier not implemented", word);
	}
	return NULL;
}

/* extended: "anchored" | "smoothed" */
struct pql_node *parser_extended(struct pql_parser *p, struct pql_node *inner) {
	bool anchored = parser_take(p).kind == PQL_TOKEN_ANCHORED;
	enum pql_range_mode mode = anchored ? PQL_MODE_ANCHORED : PQL_MODE_SMOOTHED;
	struct pql_selector *s = extended_selector(p, inner, anchored ? "anchored" : "smoothed");

	if (s != NULL) {
		if (s->mode != PQL_MODE_PLAIN && s->mode != mode) {
			parser_error(p, inner->span, "anchored and smoothed modifiers cannot be used together");
		}
		s->mode = mode;
	}
	return inner;
}
