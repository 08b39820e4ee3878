/* What the benchmarks share: a clock, and the heap's size. */
#ifndef TESTS_BENCH_TIMING_H
#define TESTS_BENCH_TIMING_H

#include <malloc.h>
#include <stddef.h>
#include <stdint.h>

static inline uint64_t timing_ns(void) {
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Bytes that are allocated now. */
static inline size_t timing_heap_bytes(void) {
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

#endif
