/* Slots on multiples of the interval: due, missed, and clocks that jump. */
#include "tests/unit/check.h"

#include "engine/schedule.h"

struct step {
	ts_ms now;
	bool due;
	ts_ms slot;      /* when due */
	uint64_t missed; /* in all so far */
	dur_ms set_back;
	ts_ms wake_at; /* afterwards */
};

static void run_steps(dur_ms interval, ts_ms start, const struct step *steps, size_t count) {
	struct schedule s;
	schedule_init(&s, interval, start);
	for (size_t i = 0; i < count; i++) {
		ts_ms slot = -1;
		dur_ms set_back = -1;
		assert_int_equal(schedule_due(&s, steps[i].now, &slot, &set_back), steps[i].due);
		if (steps[i].due) {
			assert_int_equal(slot, steps[i].slot);
		}
		assert_int_equal(s.missed, steps[i].missed);
		assert_int_equal(set_back, steps[i].set_back);
		assert_int_equal(schedule_wake_at(&s, steps[i].now), steps[i].wake_at);
	}
}

static void test_regular(void **state) {
	(void)state;
	static const struct step steps[] = {
		{1000, false, 0, 0, 0, 15000},     {14999, false, 0, 0, 0, 15000},
		{15000, true, 15000, 0, 0, 30000}, {15001, false, 0, 0, 0, 30000},
		{30007, true, 30000, 0, 0, 45000}, {44999, false, 0, 0, 0, 45000},
		{45400, true, 45000, 0, 0, 60000},
	};
	run_steps(15000, 1000, steps, COUNT(steps));
}

/* Started on a slot: that one is over, the next one counts. */
static void test_start_on_slot(void **state) {
	(void)state;
	static const struct step steps[] = {
		{30000, false, 0, 0, 0, 45000},
		{45000, true, 45000, 0, 0, 60000},
	};
	run_steps(15000, 30000, steps, COUNT(steps));
}

static void test_missed(void **state) {
	(void)state;
	static const struct step steps[] = {
		{15000, true, 15000, 0, 0, 30000},
		{61000, true, 60000, 2, 0, 75000}, /* 30 and 45 went by */
		{75000, true, 75000, 2, 0, 90000},
		{3600000, true, 3600000, 236, 0, 3615000}, /* an hour asleep */
	};
	run_steps(15000, 1, steps, COUNT(steps));
}

static void test_clock_set_back(void **state) {
	(void)state;
	static const struct step steps[] = {
		{3600000, true, 3600000, 239, 0, 3615000},
		{3599990, false, 0, 239, 0, 3615000}, /* a little: the slot is over, wait for the next */
		{3615000, true, 3615000, 239, 0, 3630000},
		{100000, false, 0, 239, 3525000, 105000}, /* an hour: go on from there */
		{105000, true, 105000, 239, 0, 120000},
	};
	run_steps(15000, 1, steps, COUNT(steps));
}

/* A schedule that was set back must be woken at once, not in an hour. */
static void test_wakes_after_set_back(void **state) {
	(void)state;
	struct schedule s;
	schedule_init(&s, 15000, 3600000);
	assert_int_equal(schedule_wake_at(&s, 50000), 50000);
	assert_int_equal(schedule_wake_at(&s, 3600000), 3615000);
}

static void test_before_epoch(void **state) {
	(void)state;
	assert_int_equal(schedule_slot(15000, -1), -15000);
	assert_int_equal(schedule_slot(15000, -15000), -15000);
	assert_int_equal(schedule_slot(15000, 0), 0);
	assert_int_equal(schedule_slot(7, 20), 14);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_regular),
		cmocka_unit_test(test_start_on_slot),
		cmocka_unit_test(test_missed),
		cmocka_unit_test(test_clock_set_back),
		cmocka_unit_test(test_wakes_after_set_back),
		cmocka_unit_test(test_before_epoch),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
