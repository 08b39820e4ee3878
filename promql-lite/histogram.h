/* A native histogram as a sample: made by the notation of tests, kept and printed. histogram_math.h computes with them. */
#ifndef PQL_HISTOGRAM_H
#define PQL_HISTOGRAM_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/strbuf.h"

/* Written out one by one: nobody writes more. */
#define PQL_HISTOGRAM_MAX_BUCKETS 10000
#define PQL_HISTOGRAM_SCHEMA_MIN (-4)
#define PQL_HISTOGRAM_SCHEMA_MAX 8
#define PQL_HISTOGRAM_CUSTOM (-53) /* the schema of buckets whose limits are custom_values */

enum pql_counter_reset {
	PQL_RESET_UNKNOWN,
	PQL_RESET_YES,
	PQL_RESET_NO,
	PQL_RESET_GAUGE, /* it is none that counts up */
};

/* Bucket `index` and what is in it. */
struct pql_cell {
	int64_t index;
	double count;
};

/* Indices rise strictly. A count of 0 says that the bucket was named, for what little difference that makes; a bucket that is not
 * here is empty. */
struct pql_buckets {
	struct pql_cell *cells;
	size_t count;
};

/* With custom buckets there are no negative and no zero ones. */
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

struct pql_histogram *pql_histogram_dup(const struct pql_histogram *h, struct arena *a);
struct pql_histogram *
pql_histogram_dup_heap(const struct pql_histogram *h); /* one block, to be freed */

/* In the notation, without empty buckets at the ends: histograms are equal when their texts are, as promtool compares them. Where
 * more than PQL_HISTOGRAM_MAX_BUCKETS in a row are empty, `0x` and their number stand for them. */
void pql_histogram_print(struct strbuf *out, const struct pql_histogram *h);

#endif
