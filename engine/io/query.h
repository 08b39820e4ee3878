/* One expression, asked of a living server once: evaluated here over data that was fetched, or sent whole. */
#ifndef ENGINE_IO_QUERY_H
#define ENGINE_IO_QUERY_H

#include "engine/config/config_access.h"
#include "engine/promapi.h"
#include "promql-lite/eval.h"
#include "promql-lite/parser.h"

enum query_outcome {
	QUERY_FINE,
	QUERY_UNABLE,    /* no answer, or none that can be used */
	QUERY_BAD_DATA,  /* the expression is wrong; Prometheus' errorType */
	QUERY_EXECUTION, /* it cannot be evaluated over this data */
};

struct query_options {
	const char *url;                    /* of the server, without a slash at the end */
	const struct config_access *access; /* NULL: it is open to everybody */
	dur_ms timeout;                     /* of one request */
	struct promapi_limits limits;
	size_t fetches; /* requests at the same time */
	struct pql_grid grid;
	bool is_range; /* query_range; else an instant */
	struct pql_eval_options eval;
};

/* Fetches what the expression needs, each selector once, and evaluates it here. Runs a loop of its own until that is done. The
 * value lives in `a`. Unless QUERY_FINE, *ret_failure, in the arena, says what went wrong. */
enum query_outcome query_local(const struct pql_expr *expr, const struct query_options *options,
							   struct arena *a, struct pql_value *ret_value,
							   struct pql_notes *ret_notes, const char **ret_failure);

/* Sends the text whole. The answer's body is added as it is to `ret_body`. */
enum query_outcome query_remote(struct str text, const struct query_options *options,
								struct arena *a, struct strbuf *ret_body, const char **ret_failure);

/* The value in such a body; what the server said besides is added to `ret_notes`. A range comes as PQL_TYPE_MATRIX, whatever was
 * asked. */
bool query_decode(struct str body, const struct query_options *options, struct arena *a,
				  struct pql_value *ret_value, struct pql_notes *ret_notes,
				  const char **ret_failure);

#endif
