/* What the two printers share. */
#ifndef PQL_PRINT_PRIVATE_H
#define PQL_PRINT_PRIVATE_H

#include "promql-lite/print.h"

void print_aggregate_head(struct strbuf *out, const struct pql_node *n); /* sum by (a, b)  */
void print_operator(struct strbuf *out,
					const struct pql_node *n); /* == bool on (a) group_left (b) */
void print_subquery_tail(struct strbuf *out,
						 const struct pql_node *n); /* [5m:1m] @ 0.000 offset 5m */
const char *print_unary_sign(const struct pql_node *n);
/* How many arguments the text has: info()'s second one may be implied. */
size_t print_arg_count(const struct pql_node *call);

#endif
