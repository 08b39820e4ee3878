/* The fast reader of plain decimals: what it reads and how far, and that it rounds as the C library does. */
#include "tests/unit/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/decimal.h"

static const struct {
	const char *text;
	size_t taken; /* 0: not read */
} cases[] = {
	{"0", 1},
	{"-0", 2},
	{"+1.5", 4},
	{"5.", 2},
	{".5", 2},
	{"1700000000.123\",", 14},
	{"1.2.3", 3},
	{"9999999999999999999", 19},
	{"0.000000000000000001", 20},
	{"9007199254740993", 16},
	{"9007199254740993.0", 18},
	{"18446744073709551616", 0}, /* 2^64: twenty digits */
	{"0.0000000000000000001", 0},
	{"", 0},
	{".", 0},
	{"-", 0},
	{"-.", 0},
	{"1e5", 0},
	{"1.5E5", 0},
	{"NaN", 0},
	{"x1", 0},
};

static void test_texts(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		double v = 0, expected = strtod(cases[i].text, NULL);

		assert_int_equal(decimal_read(str_from(cases[i].text), &v), cases[i].taken);
		if (cases[i].taken > 0 && strcmp(cases[i].text, "1.2.3") != 0) {
			assert_memory_equal(&v, &expected, sizeof(v));
		}
	}
}

static uint64_t next(uint64_t *state) {
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void check_as_strtod(const char *text) {
	double v, expected = strtod(text, NULL);

	assert_int_equal(decimal_read(str_from(text), &v), strlen(text));
	if (memcmp(&v, &expected, sizeof(v)) != 0) {
		fail_msg("%s: %a instead of %a", text, v, expected);
	}
}

/* Any digits, with the point anywhere. */
static void test_rounding(void **state) {
	uint64_t seed = 88172645463325252;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		uint64_t whole = next(&seed) >> next(&seed) % 63 % 60;
		size_t decimals = next(&seed) % 19;
		char digits[32], text[40];

		snprintf(digits, sizeof(digits), "%019llu",
				 (unsigned long long)(whole % 10000000000000000000u));
		snprintf(text, sizeof(text), "%.*s.%s", (int)(19 - decimals), digits,
				 digits + 19 - decimals);
		check_as_strtod(text);
	}
}

/* Halfway between two doubles, and right beside that. */
static void test_ties(void **state) {
	uint64_t seed = 1442695040888963407;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		unsigned bits = 54 + (unsigned)(next(&seed) % 9);
		uint64_t odd = (next(&seed) >> (64 - 54)) | 1 | UINT64_C(1) << 53;
		uint64_t v = odd << (bits - 54);
		char text[40];

		for (int delta = -1; delta <= 1; delta++) {
			snprintf(text, sizeof(text), "%llu", (unsigned long long)v + (unsigned long long)delta);
			check_as_strtod(text);
		}
		snprintf(text, sizeof(text), "%llu.5", (unsigned long long)(v >> (bits - 53)));
		check_as_strtod(text);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_rounding),
		cmocka_unit_test(test_ties),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
