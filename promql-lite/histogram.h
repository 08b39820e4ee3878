/* A native histogram as a sample: made by the notation of tests, kept, compared and printed. Expressions over them are not
 * evaluated. */
#ifndef PQL_HISTOGRAM_H
#define PQL_HISTOGRAM_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/strbuf.h"

#define PQL_HISTOGRAM_MAX_BUCKETS 10000 /* written out one by one: nobody writes more */
#define PQL_HISTOGRAM_CUSTOM (-53)      /* the schema of buckets whose limits are custom_values */

enum pql_counter_reset {
	PQL_RESET_UNKNOWN,
	PQL_RESET_YES,
	PQL_RESET_NO,
	PQL_RESET_GAUGE, /* it is none that counts up */
};

struct pql_buckets {
	int64_t offset; /* index of the first */
	double *counts;
	size_t count;
};

struct pql_histogram {
	int64_t schema;
	double sum, count, zero_count, zero_width;
	enum pql_counter_reset reset;
	struct pql_buckets positive, negative;
	double *custom_values;
	size_t custom_count;
};

/* What stands between `{{` and `}}`, text.ptr[*at] being the first brace; *at is moved behind the last one. Everything is in the
 * arena. NULL: *ret_error and *ret_span say what is wrong. */
struct pql_histogram *pql_histogram_parse(struct str text, size_t *at, struct arena *a,
										  const char **ret_error, struct span *ret_span);

/* x + sign * y, where y may be finer than x. NULL: they do not fit, or only after changes that nothing here makes. */
struct pql_histogram *pql_histogram_add(const struct pql_histogram *x,
										const struct pql_histogram *y, double sign,
										struct arena *a);

struct pql_histogram *pql_histogram_dup(const struct pql_histogram *h, struct arena *a);

/* Whether a counter was reset between the two: something has become less, or the layout is another one. */
bool pql_histogram_is_reset(const struct pql_histogram *before, const struct pql_histogram *after);

/* In the notation, without empty buckets at the ends: histograms are equal when their texts are, as promtool compares them. */
void pql_histogram_print(struct strbuf *out, const struct pql_histogram *h);

#endif
