#include "promql-lite/almost.h"

#include <float.h>
#include <math.h>

#include "promql-lite/series.h"

bool pql_almost_equal(double a, double b, double tolerance) {
	double sum = fabs(a) + fabs(b), difference = fabs(a - b);

	if (pql_is_stale_nan(a) || pql_is_stale_nan(b)) {
		return pql_is_stale_nan(a) && pql_is_stale_nan(b);
	}
	if ((isnan(a) && isnan(b)) || a == b) {
		return true;
	}
	if (a == 0 || b == 0 || sum < DBL_MIN) {
		return difference < tolerance * DBL_MIN;
	}
	return difference / fmin(sum, DBL_MAX) < tolerance;
}
