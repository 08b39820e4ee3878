/* Words of the language: kinds of tokens, and what a kind can stand for. */
#ifndef PQL_TOKEN_H
#define PQL_TOKEN_H

#include <stdbool.h>

#include "base/diag.h"

enum pql_token_kind {
#define TOKEN(name, text, class, uses) PQL_TOKEN_##name,
#include "promql-lite/tokens.def"
#undef TOKEN
	PQL_TOKEN_COUNT_OF_KINDS
};

struct pql_token {
	enum pql_token_kind kind;
	struct span span;
	struct str text; /* as written, borrowed; of an error: empty */
};

/* Whether the kind may stand where a metric's name is expected, or a label's name outside of braces. */
bool pql_token_names_metric(enum pql_token_kind kind);
bool pql_token_names_label(enum pql_token_kind kind);

/* Keyword for a word of any case; PQL_TOKEN_IDENTIFIER when it is none. */
enum pql_token_kind pql_token_keyword(struct str word);

/* As Prometheus describes a token in `unexpected …`. */
void pql_token_describe(struct strbuf *out, const struct pql_token *t);

#endif
