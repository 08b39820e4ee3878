/* Numbers and durations. The scanner only finds where a literal ends; whether it means something is the parser's question. */
#include "promql-lite/lexer_private.h"

/* A set of ASCII characters; none is NUL. Inline, since the sets are short and known. */
static inline bool is_one_of(uint32_t rune, const char *set) {
	while (*set != '\0' && (uint32_t)*set != rune) {
		set++;
	}
	return *set != '\0';
}

static inline bool accept_any(struct pql_lexer *lx, const char *set) {
	if (!is_one_of(lexer_peek(lx), set)) {
		return false;
	}
	lexer_next(lx);
	return true;
}

static bool is_alphanumeric(uint32_t rune) {
	return lexer_is_alpha(rune) || lexer_is_digit(rune);
}

struct number_scan {
	const char *digits;
	bool dot, exponent; /* was seen */
};

/* After the dot: hexadecimal numbers have none, and neither may there be two. */
static bool scan_dot(struct pql_lexer *lx, struct number_scan *s) {
	lexer_next(lx);
	if (s->dot || accept_any(lx, "_.")) {
		return false;
	}
	s->dot = true;
	return s->digits[10] == '\0';
}

static bool scan_exponent(struct pql_lexer *lx, struct number_scan *s) {
	lexer_next(lx);
	if (s->exponent) {
		return false;
	}
	s->exponent = true;
	accept_any(lx, "+-");
	return !accept_any(lx, "._eE") && lexer_peek(lx) != LEXER_EOF;
}

static bool scan_underscore(struct pql_lexer *lx) {
	lexer_next(lx);
	return !accept_any(lx, "._eE") && lexer_peek(lx) != LEXER_EOF;
}

/* [.][d] then any of [d._eE], where `d` is a digit of the base. An e in a hexadecimal number is an exponent to this scanner
 * whenever it does not follow a digit within a run, as it is to Prometheus'. */
static bool scan_number_body(struct pql_lexer *lx, struct number_scan *s) {
	for (;;) {
		uint32_t r = lexer_peek(lx);
		bool ok = true;

		if (r == '.') {
			ok = scan_dot(lx, s);
		} else if (is_one_of(r, "eE")) {
			ok = scan_exponent(lx, s);
		} else if (r == '_') {
			ok = scan_underscore(lx);
		} else if (is_one_of(r, s->digits)) {
			while (accept_any(lx, s->digits)) {
			}
		} else {
			return true;
		}
		if (!ok) {
			return false;
		}
	}
}

static bool scan_number(struct pql_lexer *lx) {
	struct number_scan s = {.digits = "0123456789"};
	size_t begin = lx->at;

	if (accept_any(lx, "0") && accept_any(lx, "xX")) {
		accept_any(lx, "_");
		s.digits = "0123456789abcdefABCDEF";
	}
	accept_any(lx, ".");
	accept_any(lx, s.digits);
	if (!scan_number_body(lx, &s)) {
		return false;
	}
	return lx->at != begin && !is_alphanumeric(lexer_peek(lx));
}

static bool scan_unit(struct pql_lexer *lx, const char *letters) {
	if (!accept_any(lx, letters)) {
		return false;
	}
	accept_any(lx, "s"); /* of ms */
	return true;
}

/* The rest of a duration behind its first digits; years come first. Units in the wrong order are found later. */
static bool scan_duration(struct pql_lexer *lx) {
	if (!scan_unit(lx, "smhdwy")) {
		return false;
	}
	while (accept_any(lx, "0123456789")) {
		while (accept_any(lx, "0123456789")) {
		}
		if (!scan_unit(lx, "smhdw")) {
			return false;
		}
	}
	if (is_alphanumeric(lexer_peek(lx))) {
		lexer_next(lx); /* the message shows it */
		return false;
	}
	return true;
}

enum pql_token_kind lexer_scan_number_or_duration(struct pql_lexer *lx) {
	struct strbuf quoted = STRBUF_INIT;

	if (scan_number(lx)) {
		return PQL_TOKEN_NUMBER;
	}
	if (scan_duration(lx)) {
		return PQL_TOKEN_DURATION;
	}
	strbuf_add_quoted(&quoted, str_slice(lx->text, lx->start, lx->at));
	lexer_fail(lx, "bad number or duration syntax: %s", quoted.ptr);
	strbuf_finish(&quoted);
	return PQL_TOKEN_ERROR;
}
