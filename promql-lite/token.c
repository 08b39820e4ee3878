#include "promql-lite/token.h"

#include "base/utf8.h"

enum token_class { OTHER, PLAIN, OPERATOR, KEYWORD, AGGREGATOR };

#define METRIC 1u
#define LABEL 2u

static const struct {
	const char *text;
	enum token_class class;
	unsigned uses;
} kinds[PQL_TOKEN_COUNT_OF_KINDS] = {
#define TOKEN(name, text, class, uses) {text, class, uses},
#include "promql-lite/tokens.def"
#undef TOKEN
};

bool pql_token_names_metric(enum pql_token_kind kind) {
	return (kinds[kind].uses & METRIC) != 0;
}

bool pql_token_names_label(enum pql_token_kind kind) {
	return (kinds[kind].uses & LABEL) != 0;
}

static bool equal_ignoring_case(struct str word, const char *lower) {
	for (size_t i = 0; i < word.len; i++) {
		char c = word.ptr[i];

		if (c >= 'A' && c <= 'Z') {
			c = (char)(c - 'A' + 'a');
		}
		if (lower[i] == '\0' || c != lower[i]) {
			return false;
		}
	}
	return lower[word.len] == '\0';
}

enum pql_token_kind pql_token_keyword(struct str word) {
	for (int kind = PQL_TOKEN_AND; kind < PQL_TOKEN_COUNT_OF_KINDS; kind++) {
		if (equal_ignoring_case(word, kinds[kind].text)) {
			return (enum pql_token_kind)kind;
		}
	}
	if (equal_ignoring_case(word, "inf") || equal_ignoring_case(word, "nan")) {
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
