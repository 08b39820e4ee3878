/* Native histograms in PromQL test scripts. */
#ifndef PROMQLTEST_HISTOGRAM_H
#define PROMQLTEST_HISTOGRAM_H

#include "tests/conformance/promqltest_script.h"

/* load_with_nhcb: the histograms with custom buckets that the classic ones among the lines become. In the arena. */
struct series_line *natives_of_buckets(const struct command *c, struct arena *a, size_t *ret_count);

/* Numbers need only be almost equal, empty buckets make no difference, and a hint counts where one is expected. */
bool histograms_match(const struct pql_histogram *want, const struct pql_histogram *got,
					  double tolerance);

const char *histogram_text(const struct pql_histogram *h, struct arena *a);

#endif
