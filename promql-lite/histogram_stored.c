#include "promql-lite/histogram_math.h"

/* A chunk holds histograms of one layout that count up, and one that is told to begin anew does. */
static bool begins_chunk(const struct pql_histogram *before, const struct pql_histogram *h,
						 struct arena *a) {
	struct pql_histogram unmarked = *h;

	if (before == NULL || before->reset == PQL_RESET_GAUGE || h->reset == PQL_RESET_YES ||
		!pql_histogram_same_layout(before, h)) {
		return true;
	}
	unmarked.reset = PQL_RESET_UNKNOWN;
	/* The storage, unlike the functions, is not mistaken about buckets that are named and empty. */
	return pql_histogram_was_reset(pql_histogram_compact(before, a), &unmarked);
}

struct pql_histogram *pql_histogram_as_stored(const struct pql_histogram *h,
											  const struct pql_histogram *before, struct arena *a) {
	enum pql_counter_reset reset = PQL_RESET_GAUGE;

	if (h->reset != PQL_RESET_GAUGE) {
		reset = begins_chunk(before, h, a) ? PQL_RESET_UNKNOWN : PQL_RESET_NO;
	}
	return pql_histogram_with_reset(h, reset, a);
}
