/* An expression that is to have a value at a time: worked out here over samples, or by the server. */
#ifndef ENGINE_EVALUATION_INQUIRY_H
#define ENGINE_EVALUATION_INQUIRY_H

#include "engine/alerting.h"
#include "promql-lite/ast.h"

struct evaluation;

struct evaluation_inquiry {
	const struct pql_expr *expr; /* borrowed */
	struct str text;             /* of it, for the server; borrowed */
	ts_ms t;
	bool open;   /* it has needs */
	bool remote; /* one need, the expression itself; else one per selector */
	size_t first_need, need_count;
	bool too_large; /* its value passes a limit of the evaluator */
};

/* States its needs. */
void inquiry_open(struct evaluation *e, struct evaluation_inquiry *q, bool remote);

bool inquiry_is_settled(const struct evaluation *e, const struct evaluation_inquiry *q);
/* NULL: all needs were met. Else why not. */
const char *inquiry_failure(const struct evaluation *e, const struct evaluation_inquiry *q);
dur_us inquiry_took(const struct evaluation *e, const struct evaluation_inquiry *q);

/* Why a settled inquiry should be put to the server instead, also after inquiry_value; NULL: there is no reason. */
const char *inquiry_reason_for_remote(const struct evaluation *e,
									  const struct evaluation_inquiry *q);

/* The value as samples, in `a`. NULL: it went well; else what is wrong. */
const char *inquiry_value(struct evaluation *e, struct evaluation_inquiry *q, struct arena *a,
						  struct alerting_sample **ret_samples, size_t *ret_count);

#endif
