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

ts_ms pql_time_minus(ts_ms t, dur_ms by) {
	ts_ms r;

	if (__builtin_sub_overflow(t, by, &r)) {
		return by > 0 ? INT64_MIN : INT64_MAX;
	}
	return r;
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
