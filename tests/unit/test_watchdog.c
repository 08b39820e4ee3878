/* When the watchdog is fed: a line for each moment. */
#include "tests/unit/check.h"

#include "engine/watchdog.h"

struct moment {
	dur_ms now;
	bool is_well, feeds;
	dur_ms wake_in; /* afterwards */
};

static void run_moments(dur_ms interval, const struct moment *m, size_t count) {
	struct watchdog w;
	watchdog_init(&w, interval, 1000);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(watchdog_feed(&w, m[i].is_well, m[i].now), m[i].feeds);
		assert_int_equal(watchdog_wake_in(&w, m[i].now), m[i].wake_in);
	}
}

#define RUN(interval, moments)                                                                     \
	run_moments(interval, moments, sizeof(moments) / sizeof((moments)[0]))

static void test_well(void **state) {
	(void)state;
	const struct moment moments[] = {
		{1000, true, false, 2000}, {2999, true, false, 1},   {3000, true, true, 2000},
		{3001, true, false, 1999}, {9000, true, true, 2000}, /* late, and still fed */
	};
	RUN(8000, moments);
}

/* The loop turns and asks, but is not well. */
static void test_not_well(void **state) {
	(void)state;
	const struct moment moments[] = {
		{3000, false, false, 2000},
		{5000, false, false, 2000},
		{8999, false, false, 2000},
		{8999, true, true, 2000}, /* it came back before the watchdog bit */
	};
	RUN(8000, moments);
}

static void test_tiny_interval(void **state) {
	(void)state;
	const struct moment moments[] = {{1000, true, false, 1}, {1001, true, true, 1}};
	RUN(3, moments);
}

static void test_none(void **state) {
	(void)state;
	const struct moment moments[] = {{1000, true, false, -1}, {999999, true, false, -1}};
	RUN(0, moments);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_well),
		cmocka_unit_test(test_not_well),
		cmocka_unit_test(test_tiny_interval),
		cmocka_unit_test(test_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
