#include "engine/io/clock.h"

#include <time.h>

static int64_t read_ms(clockid_t id) {
	struct timespec t;
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

ts_ms clock_wall(void) {
	return read_ms(CLOCK_REALTIME);
}

dur_ms clock_monotonic(void) {
	return read_ms(CLOCK_MONOTONIC);
}

dur_us clock_fine(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
