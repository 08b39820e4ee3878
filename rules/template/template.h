/* Go's text/template as rule files use it: labels, annotations. Parsed when rules are loaded, expanded per alert. */
#ifndef RULES_TEMPLATE_H
#define RULES_TEMPLATE_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/labels.h"
#include "base/timestamp.h"

#define TEMPLATE_MAX_OUTPUT_BYTES 65536u     /* of one expansion */
#define TEMPLATE_MAX_SOURCE_BYTES (1u << 20) /* no text that people write is longer */
#define TEMPLATE_MAX_STEPS                                                                         \
	100000u /* nodes executed in one expansion: a loop over a duration would never end */
#define TEMPLATE_MAX_MEMORY (16u << 20) /* bytes of texts made on the way, in one expansion */
#define TEMPLATE_MAX_DEPTH 100 /* templates calling templates, parentheses in parentheses */
#define TEMPLATE_MAX_NAMES                                                                         \
	1000 /* variables in scope, and definitions: each use looks through all */

struct template;

/* `source` is borrowed: it lives as long as the template. `name` is the alert's; error texts say "__alert_<name>". NULL:
 * *ret_error is Go's text in the arena ("template: __alert_X:1: function \"nosuch\" not defined"), *ret_span its place in the
 * source. */
const struct template *template_parse(struct str name, struct str source, struct arena *a,
									  const char **ret_error, struct span *ret_span);
size_t template_regex_bytes(const struct template *t);
void template_destroy(const struct template *t); /* what the arena cannot free; accepts NULL */

struct str template_source(const struct template *t); /* as long as the template */

/* Whether it may ask a query. */
bool template_queries(const struct template *t);

/* A sample of a query's answer, as templates see it. */
struct template_sample {
	struct labels labels;
	double value;
};

/* The answer to one query of the template. */
struct template_answer {
	struct str query;
	const char *failure; /* NULL: it was answered */
	const struct template_sample *samples;
	size_t count;
};

struct template_data {
	struct labels labels; /* of the query's result, with __name__ */
	struct labels external_labels;
	struct str external_url;
	double value;
	ts_ms now;
	/* Answers so far. A template that asks for another one stops with TEMPLATE_ASKS; the caller gets the answer and expands
	 * anew. */
	const struct template_answer *answers;
	size_t answer_count;
};

enum template_outcome {
	TEMPLATE_DONE, /* out holds the text */
	TEMPLATE_ASKS, /* *ret_text is the query wanted */
	TEMPLATE_FAILS, /* *ret_text is the message, Go's text from "error executing template __alert_X: …" on */
};

/* Appends to `out` on TEMPLATE_DONE only. Everything made on the way, and *ret_text, lives in `a`: best one that is reset after
 * each expansion, since it may be TEMPLATE_MAX_MEMORY. */
enum template_outcome template_expand(const struct template *t, const struct template_data *data,
									  struct arena *a, struct strbuf *out, struct str *ret_text);

#endif
