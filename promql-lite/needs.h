/* What an expression has to be given before it can be evaluated: one need per selector. */
#ifndef PQL_NEEDS_H
#define PQL_NEEDS_H

#include "promql-lite/ast.h"

/* Points in time at which an expression has a value: start, start + step, … end. An instant is start == end. */
struct pql_grid {
	ts_ms start, end;
	/* > 0, also for an instant (then it only serves step() in duration expressions; 1 will do) */
	dur_ms step;
};

size_t pql_grid_count(struct pql_grid g);

enum pql_need_kind {
	PQL_NEED_INSTANT,   /* the latest value at each point of `grid`, not older than the lookback */
	PQL_NEED_TIMESTAMP, /* as before, but the time of that sample in seconds: timestamp(x) */
	/* the samples as they are, start < t <= end; also for smoothed instant selectors */
	PQL_NEED_RANGE,
	/* The value of a whole expression at the points of `grid`, from somebody who evaluates. Never the need of a selector. */
	PQL_NEED_EXPRESSION,
};

/* Offsets and @ are in the times already. Inside a subquery the grid is the subquery's own, on absolute multiples of its step. */
struct pql_need {
	enum pql_need_kind kind;
	const struct pql_selector *selector; /* matchers; borrowed from the tree; NULL of EXPRESSION */
	struct str text;                     /* EXPRESSION: what it is */
	/* One point when @ pins it; may be empty (end < start) in a subquery that has no step. */
	struct pql_grid grid;
	/* The samples from which the answer can come, left-open: of RANGE the need itself. */
	ts_ms start, end;
};

struct pql_time_options {
	dur_ms lookback;              /* 5 min in Prometheus */
	dur_ms default_subquery_step; /* the evaluation interval in Prometheus */
};

/* One need per selector: `ret_needs` has expr->selector_count entries, in the arena. A duration that cannot be computed
 * counts as 0: pql_eval reports it. */
void pql_needs(const struct pql_expr *expr, struct pql_grid grid,
			   const struct pql_time_options *options, struct arena *a,
			   struct pql_need **ret_needs);

#endif
