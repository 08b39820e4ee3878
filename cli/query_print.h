/* The value of an expression, for programs and for people. */
#ifndef CLI_QUERY_PRINT_H
#define CLI_QUERY_PRINT_H

#include "promql-lite/eval.h"

/* The body that Prometheus' query API would answer. */
void query_print_json(struct strbuf *out, const struct pql_value *value, bool is_range,
					  const struct pql_notes *notes);

/* As the API writes a sample: an exponent only where the plain form would be long, below 1e-6 and from 1e21 on. */
void query_print_value(struct strbuf *out, double v);

/* A line per series, a column per label; of a range, a line per point under each series. */
void query_print_table(struct strbuf *out, const struct pql_value *value, bool is_range);

struct query_chart_style {
	size_t columns; /* of the terminal */
	bool color;
	bool low;              /* two lines for each series */
	const char *from, *to; /* what stands under the ends of the axis; NULL: the times */
};

/* A range: for each series a chart as wide as the terminal. */
void query_print_chart(struct strbuf *out, const struct pql_value *value,
					   struct query_chart_style style);

#endif
