#include "promql-lite/token.h"

#include "base/utf8.h"

enum token_class { OTHER, PLAIN, OPERATOR, KEYWORD, AGGREGATOR };

#define METRIC 1u
#define LABEL 2u

static const struct {
	const char *text;
	size_t len;
	enum token_class class;
	unsigned uses;
} kinds[PQL_TOKEN_COUNT_OF_KINDS] = {
#define TOKEN(name, text, class, uses) {text, sizeof(text) - 1, class, uses},
#include "promql-lite/tokens.def"
#undef TOKEN
};

bool pql_token_names_metric(enum pql_token_kind kind) {
	return (kinds[kind].uses & METRIC) != 0;
}

bool pql_token_names_label(enum pql_token_kind kind) {
	return (kinds[kind].uses & LABEL) != 0;
}

#define KEYWORD_BYTES 12 /* of the longest one; most metrics have longer names */

enum pql_token_kind pql_token_keyword(struct str word) {
	char lower[KEYWORD_BYTES];

	if (word.len == 0 || word.len > KEYWORD_BYTES) {
		return PQL_TOKEN_IDENTIFIER;
	}
	for (size_t i = 0; i < word.len; i++) {
		char c = word.ptr[i];

		lower[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	for (int kind = PQL_TOKEN_AND; kind < PQL_TOKEN_COUNT_OF_KINDS; kind++) {
		if (kinds[kind].len == word.len && kinds[kind].text[0] == lower[0] &&
			memcmp(kinds[kind].text, lower, word.len) == 0) {
			return (enum pql_token_kind)kind;
		}
	}
	if (word.len == 3 && (memcmp(lower, "inf", 3) == 0 || memcmp(lower, "nan", 3) == 0)) {
		return PQL_TOKEN_NUMBER;
	}
	return PQL_TOKEN_IDENTIFIER;
}

/* Go's %.10q: the first ten runes. */
static void add_shortened(struct strbuf *out, struct str text) {
	size_t at = 0;

	for (int runes = 0; runes < 10 && at < text.len; runes++) {
		uint32_t rune;

		at += utf8_decode(str_slice(text, at, text.len), &rune);
	}
	strbuf_add_quoted(out, str_slice(text, 0, at));
	strbuf_add_c(out, "...");
}

void pql_token_describe(struct strbuf *out, const struct pql_token *t) {
	enum token_class class = kinds[t->kind].class;

	if (class == KEYWORD) {
		strbuf_printf(out, "<%.*s>", STR_FMT(t->text));
		return;
	}
	if (class == OPERATOR) {
		strbuf_printf(out, "<op:%.*s>", STR_FMT(t->text));
		return;
	}
	if (class == AGGREGATOR) {
		strbuf_printf(out, "<aggr:%.*s>", STR_FMT(t->text));
		return;
	}
	if (class == OTHER) {
		strbuf_add_c(out, kinds[t->kind].text);
		if (t->kind == PQL_TOKEN_END_OF_INPUT) {
			return;
		}
		strbuf_add_char(out, ' ');
	}
	if (t->kind != PQL_TOKEN_IDENTIFIER && t->kind != PQL_TOKEN_METRIC_IDENTIFIER &&
		t->text.len > 10) {
		add_shortened(out, t->text);
	} else {
		strbuf_add_quoted(out, t->text);
	}
}
