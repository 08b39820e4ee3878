/* The canonical text of an expression, as Prometheus prints it: parse(print(e)) == e. */
#ifndef PQL_PRINT_H
#define PQL_PRINT_H

#include "promql-lite/ast.h"

void pql_print(struct strbuf *out, const struct pql_node *node);

/* Whether the text ends with an offset in parentheses: arithmetic behind it would be read as that of durations. */
bool pql_print_ends_open(const struct pql_node *node);

/* Over several lines when it is long, as Prometheus' pretty form (100 columns). */
void pql_print_pretty(struct strbuf *out, const struct pql_node *node);

#endif
