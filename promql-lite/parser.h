/* From text to a checked tree. */
#ifndef PQL_PARSER_H
#define PQL_PARSER_H

#include "promql-lite/ast.h"

#define PQL_MAX_TEXT_BYTES 1048576 /* a longer expression is refused: rules are written by people */
/* Nesting of a tree, also that of a + b + c + …: the parser and every walk recurse. */
#define PQL_MAX_DEPTH 1000
#define PQL_MAX_REGEXES 10000 /* in one expression */
#define PQL_MAX_REGEX_BYTES                                                                        \
	(64u << 20) /* that all of them take, compiled: 16 bytes of pattern can be 64 KiB */

/* What Prometheus keeps behind feature flags. Zeroed: what a server has by default. */
struct pql_syntax {
	bool experimental_functions;
	bool duration_expressions;
	bool extended_ranges; /* anchored, smoothed */
	bool binop_fill;      /* fill, fill_left, fill_right */
};

/* All on: what the conformance suites want. */
extern const struct pql_syntax pql_syntax_all;

/* Parses and checks. NULL when there was an error. Messages come without "line:column: parse error: "; pql_error_text
 * adds that. The tree lives in `a`; regexes need pql_expr_finish. */
struct pql_expr *pql_parse(struct str text, const struct pql_syntax *syntax, struct arena *a,
						   struct diags *diags);
void pql_expr_finish(struct pql_expr *e); /* accepts NULL */

/* A bare selector, as match[] parameters and series descriptions have it. Nothing else may stand in the text. */
struct pql_expr *pql_parse_selector(struct str text, struct arena *a, struct diags *diags);

/* `1:5: parse error: message`, as Prometheus words it. */
void pql_error_text(struct strbuf *out, const struct diag *d, struct str text);

#endif
