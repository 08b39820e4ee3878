/* Classic histograms (series with an `le` label) and native ones as histogram_quantile and its like are given them. */
#ifndef PQL_FN_HISTOGRAM_PRIVATE_H
#define PQL_FN_HISTOGRAM_PRIVATE_H

#include "promql-lite/eval_private.h"

struct bucket {
	double bound, count; /* upper bound; cumulative */
};

/* One histogram: its rows, by rising bound. */
struct classic {
	struct labels labels; /* without le */
	const struct pql_row **rows;
	double *bounds;
	size_t count;
	bool mixed;                   /* its rows may have histograms, which are no buckets */
	const struct pql_row *native; /* with the same labels, or NULL */
};

/* A row with native histograms. */
struct native {
	const struct pql_row *row;
	const struct classic *classic; /* with the same labels, or NULL */
};

struct classics {
	struct classic *items;
	size_t count, longest;
	struct bucket *scratch; /* of the longest */
	struct native *natives;
	size_t native_count;
};

/* Of the vector that is argument `arg`. What has no bound in `le` is warned of. */
void classics_init(struct classics *ret, struct pql_call_context *call, size_t arg);

/* The buckets that are there at a step; those with the same bound become one. */
size_t gather_buckets(const struct classic *c, size_t step, struct bucket *ret);

/* NULL: there is none at the step. */
const struct pql_histogram *native_at(const struct pql_row *row, size_t step);
/* The same, unless there are buckets beside it: then it is noted that neither counts. */
const struct pql_histogram *native_alone(struct pql_call_context *call, size_t arg,
										 const struct classics *c, const struct native *n,
										 size_t step);

#endif
