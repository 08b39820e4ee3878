#include "promql-lite/series.h"

#include <string.h>

double pql_stale_nan(void) {
	uint64_t bits = PQL_STALE_NAN_BITS;
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

size_t pql_times_after(const ts_ms *times, size_t count, ts_ms t) {
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (times[middle] <= t) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}
