/* When two results count as equal: tests of rules and scripts say so, and histogram_quantile of bucket counts. */
#ifndef PQL_ALMOST_H
#define PQL_ALMOST_H

#include <stdbool.h>

/* The difference is below `tolerance` times the sum of both (as Prometheus' almost.Equal). All NaNs are equal, but a staleness
 * marker only equals another. */
bool pql_almost_equal(double a, double b, double tolerance);

#endif
