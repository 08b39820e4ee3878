/* Samples in memory: what an expression is evaluated over. */
#ifndef PQL_SERIES_H
#define PQL_SERIES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/labels.h"
#include "base/timestamp.h"

struct pql_histogram; /* native histogram; histogram.h, when there are some */

/* Parallel arrays, times rising strictly. */
struct pql_series {
	struct labels labels;
	const ts_ms *times;
	const double *values; /* a staleness marker is pql_stale_nan() */
	/* NULL: floats only; else where [i] is not NULL it is the sample. */
	struct pql_histogram *const *histograms;
	size_t count;
};

enum pql_series_form {
	/* As stored: staleness markers inside, the evaluator looks back. */
	PQL_SERIES_STORED,
	/* One sample at each point of the need's grid at which the server found one: from the query API, which has looked
	 * back already and leaves out stale ones. For a range need: the samples of the window, markers left out. */
	PQL_SERIES_LOOKED_UP,
};

struct pql_series_set {
	enum pql_series_form form;
	const struct pql_series *items; /* no two with the same labels */
	size_t count;
	bool
		incomplete; /* samples that are native histograms were left out, as whoever gave them could not read them */
};

/* t - by; the far end of time instead of an overflow: @ and offset can name any of them. */
static inline ts_ms pql_time_minus(ts_ms t, dur_ms by) {
	ts_ms r;

	if (__builtin_sub_overflow(t, by, &r)) {
		return by > 0 ? INT64_MIN : INT64_MAX;
	}
	return r;
}

/* Index of the first of rising times that is after t. */
size_t pql_times_after(const ts_ms *times, size_t count, ts_ms t);

/* Prometheus' staleness marker: the NaN with bits 0x7ff0000000000002; other NaNs are values. */
#define PQL_STALE_NAN_BITS UINT64_C(0x7ff0000000000002)

double pql_stale_nan(void);

static inline bool pql_is_stale_nan(double v) {
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits == PQL_STALE_NAN_BITS;
}

#endif
