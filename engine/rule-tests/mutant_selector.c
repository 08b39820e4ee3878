/* Label matchers. The tree does not know their places: they are looked up among the tokens. */
#include "engine/rule-tests/mutant_private.h"

static const struct {
	enum pql_token_kind kind;
	const char *negated;
} matcher_ops[] = {
	{PQL_TOKEN_EQL, "!="},
	{PQL_TOKEN_NEQ, "="},
	{PQL_TOKEN_EQL_REGEX, "!~"},
	{PQL_TOKEN_NEQ_REGEX, "=~"},
};

static const char *negate(enum pql_token_kind kind) {
	for (size_t i = 0; i < sizeof(matcher_ops) / sizeof(matcher_ops[0]); i++) {
		if (matcher_ops[i].kind == kind) {
			return matcher_ops[i].negated;
		}
	}
	return NULL;
}

/* =~".*" holds for every series. */
static bool is_empty_condition(const struct pql_token *t) {
	return t[1].kind == PQL_TOKEN_EQL_REGEX && t[2].text.len == 4 &&
		   str_equal(str_slice(t[2].text, 1, 3), STR(".*"));
}

/* `t` is its label; the comma behind it goes with it, else the one before. */
static struct span whole_matcher(const struct pql_token *t) {
	if (t[3].kind == PQL_TOKEN_COMMA) {
		return (struct span){t[0].span.start, t[4].span.start};
	}
	bool later = t[-1].kind == PQL_TOKEN_COMMA;
	return (struct span){later ? t[-1].span.start : t[0].span.start, t[2].span.end};
}

static void change_matcher(struct mutant_maker *m, const struct pql_token *t) {
	struct span shown = {t[0].span.start, t[2].span.end};
	mutant_add_shown(m, MUTANT_MATCHER, t[1].span, str_from(negate(t[1].kind)), shown);
	if (is_empty_condition(t)) {
		mutant_add_equivalent(m, MUTANT_MATCHER, whole_matcher(t), STR_EMPTY);
	} else if (!str_equal(t[0].text, LABEL_NAME)) {
		mutant_add_shown(m, MUTANT_MATCHER, whole_matcher(t), STR_EMPTY, shown);
	}
}

void mutant_selector(struct mutant_maker *m, const struct pql_node *n) {
	size_t at = mutant_token_at(m, n->span.start);
	while (m->tokens[at].span.start < n->span.end && m->tokens[at].kind != PQL_TOKEN_LEFT_BRACE) {
		at++;
	}
	if (m->tokens[at].span.start >= n->span.end) {
		return;
	}
	while (m->tokens[++at].kind != PQL_TOKEN_RIGHT_BRACE) {
		if (negate(m->tokens[at + 1].kind) != NULL) {
			change_matcher(m, &m->tokens[at]);
			at += 2;
		}
	}
}
