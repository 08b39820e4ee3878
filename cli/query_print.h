/* The value of an expression, for programs and for people. */
#ifndef CLI_QUERY_PRINT_H
#define CLI_QUERY_PRINT_H

#include "promql-lite/eval.h"

/* The body that Prometheus' query API would answer. */
void query_print_json(struct strbuf *out, const struct pql_value *value, bool is_range,
					  const struct pql_notes *notes);

/* A line per series: labels and value; of a range, a line per point. */
void query_print_table(struct strbuf *out, const struct pql_value *value, bool is_range);

#endif
