/* The value of a stretch of time: as written, or computed from step() and range() of the query. */
#ifndef PQL_STRETCH_H
#define PQL_STRETCH_H

#include "promql-lite/ast.h"
#include "promql-lite/needs.h"

struct pql_stretch_error {
	const char *message; /* static, Prometheus' wording without the position before it */
	struct span span;    /* of the expression that is to blame */
};

/* Resolves one stretch for a query over `grid`: step() is grid.step (0 for an instant), range() is end - start of the whole
 * query (not of a subquery). An offset may be zero or negative, a range or a step may not. Whole milliseconds, cut toward
 * zero. false: *ret_error, as Prometheus' calculateDuration. */
bool pql_stretch_resolve(const struct pql_stretch *stretch, struct pql_grid grid,
						 bool may_be_negative, dur_ms *ret_duration,
						 struct pql_stretch_error *ret_error);

/* The same for the step of a subquery: the default where none is written, or an expression comes to less than a millisecond. */
bool pql_stretch_resolve_step(const struct pql_stretch *step, struct pql_grid grid,
							  dur_ms default_step, dur_ms *ret_duration,
							  struct pql_stretch_error *ret_error);

/* Where the steps of a subquery begin: the first absolute multiple of its step after `after`, as Prometheus' evalSubquery. */
ts_ms pql_subquery_first_step(ts_ms after, dur_ms step);

#endif
