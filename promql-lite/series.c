#include "promql-lite/series.h"

#include <string.h>

#define STALE_NAN_BITS UINT64_C(0x7ff0000000000002)

double pql_stale_nan(void) {
	uint64_t bits = STALE_NAN_BITS;
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

bool pql_is_stale_nan(double v) {
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits == STALE_NAN_BITS;
}
