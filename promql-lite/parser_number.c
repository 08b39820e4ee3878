/* Numbers as Go reads them: an integer of base 10, 8 (leading 0) or 16 if the text is one, a float otherwise. */
#include <math.h>

#include "base/duration.h"
#include "base/gofloat.h"
#include "promql-lite/parser_private.h"

static int digit_value(char c) {
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
		return (c | 0x20) - 'a' + 10;
	}
	return 16;
}

static bool is_hex(struct str text) {
	return text.len >= 2 && text.ptr[0] == '0' && (text.ptr[1] | 0x20) == 'x';
}

/* Underscores stand between digits; the prefix 0x counts as one. */
static bool underscores_fit(struct str text) {
	bool hex = is_hex(text);
	char before = '^'; /* '0': a digit, '_', or anything else */

	for (size_t i = hex ? 2 : 0; i < text.len; i++) {
		if (digit_value(text.ptr[i]) < (hex ? 16 : 10)) {
			before = '0';
		} else if (text.ptr[i] == '_') {
			if (before != '0' && !(hex && i == 2)) {
				return false;
			}
			before = '_';
		} else if (before == '_') {
			return false;
		} else {
			before = '!';
		}
	}
	return before != '_';
}

/* strconv.ParseInt(text, 0, 64), but for signs and the bases that the lexer does not let through. */
static bool parse_integer(struct str text, double *ret) {
	bool hex = is_hex(text), any = false;
	int base = hex ? 16 : text.len > 1 && text.ptr[0] == '0' ? 8 : 10;
	uint64_t value = 0;

	for (size_t i = hex ? 2 : 0; i < text.len; i++) {
		int digit = digit_value(text.ptr[i]);

		if (text.ptr[i] == '_') {
			continue;
		}
		if (digit >= base || value > (uint64_t)(INT64_MAX - digit) / (uint64_t)base) {
			return false;
		}
		value = value * (uint64_t)base + (uint64_t)digit;
		any = true;
	}
	*ret = (double)value;
	return any && underscores_fit(text);
}

/* NULL, or what strconv.ParseFloat says about it. */
static const char *parse_float(struct str text, double *ret) {
	struct strbuf plain = STRBUF_INIT;
	bool range = false, ok;

	if (str_find(text, STR("_")) == text.len) {
		ok = gofloat_parse(text, ret, &range);
	} else {
		for (size_t i = 0; i < text.len; i++) {
			if (text.ptr[i] != '_') {
				strbuf_add_char(&plain, text.ptr[i]);
			}
		}
		ok = underscores_fit(text) && gofloat_parse(strbuf_str(&plain), ret, &range);
		strbuf_finish(&plain);
	}
	if (!ok) {
		return "invalid syntax";
	}
	return range ? "value out of range" : NULL;
}

static double parse_number(struct pql_parser *p, const struct pql_token *t) {
	const char *error;
	double value = 0;

	if (parse_integer(t->text, &value)) {
		return value;
	}
	error = parse_float(t->text, &value);
	if (error != NULL) {
		parser_error(p, t->span, "error parsing number: strconv.ParseFloat: parsing %s: %s",
					 parser_quote(p, t->text), error);
	}
	return value;
}

static double parse_duration(struct pql_parser *p, const struct pql_token *t) {
	const char *error;
	dur_ms ms;

	if (!duration_parse(t->text, p->arena, &ms, &error)) {
		parser_error(p, t->span, "%s", error);
		return 0;
	}
	/* In two parts, as Go's Duration.Seconds. */
	return (double)(ms / 1000) + (double)(ms % 1000 * 1000000) / 1e9;
}

/* number: NUMBER | DURATION, the latter in seconds */
struct pql_node *parser_number(struct pql_parser *p) {
	struct pql_token token = parser_take(p);
	struct pql_node *node = parser_node(p, PQL_NUMBER, token.span);

	node->number.is_duration = token.kind == PQL_TOKEN_DURATION;
	node->number.value =
		node->number.is_duration ? parse_duration(p, &token) : parse_number(p, &token);
	return node;
}

bool parser_signed_number(struct pql_parser *p, double *ret_value, size_t *ret_end) {
	bool minus = false;
	struct pql_node *number;

	if (parser_peek(p) == PQL_TOKEN_ADD || parser_peek(p) == PQL_TOKEN_SUB) {
		minus = parser_take(p).kind == PQL_TOKEN_SUB;
	}
	if (parser_peek(p) != PQL_TOKEN_NUMBER && parser_peek(p) != PQL_TOKEN_DURATION) {
		parser_unexpected(p);
		return false;
	}
	number = parser_number(p);
	*ret_value = minus ? -number->number.value : number->number.value;
	*ret_end = number->span.end;
	return true;
}
