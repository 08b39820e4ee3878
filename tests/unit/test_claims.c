#include "tests/unit/check.h"

#include "notifiers/claims.h"

enum { A = 1, B, C };    /* alerts */
enum { X = 10, Y = 20 }; /* what they are told under */

/* An end is told when nobody else fires under the labels. */
static void test_last_one(void **state) {
	(void)state;
	struct claims *c = claims_create();
	claims_add(c, A, X, 100, 0);
	claims_add(c, B, X, 100, 0);
	claims_add(c, B, X, 200, 50); /* again */
	claims_add(c, C, Y, 100, 0);
	assert_int_equal(claims_count(c), 3);
	assert_false(claims_end(c, A, X, 60));
	assert_false(claims_end(c, A, X, 60)); /* a repetition */
	assert_true(claims_end(c, B, X, 70));
	assert_true(claims_end(c, A, X, 80));
	assert_true(claims_end(c, C, Y, 80));
	assert_int_equal(claims_count(c), 0);
	claims_destroy(c);
}

/* Whose time is up claims nothing: it went without a word. */
static void test_time(void **state) {
	(void)state;
	struct claims *c = claims_create();
	claims_add(c, A, X, 100, 0);
	claims_add(c, B, X, 100, 0);
	assert_false(claims_end(c, B, X, 99));
	assert_true(claims_end(c, B, X, 100));
	claims_destroy(c);
	claims_destroy(NULL);
}

/* New rules: the alert stands behind other labels. */
static void test_moves(void **state) {
	(void)state;
	struct claims *c = claims_create();
	claims_add(c, A, X, 100, 0);
	claims_add(c, A, Y, 100, 0);
	assert_true(claims_end(c, B, X, 1));
	assert_false(claims_end(c, B, Y, 1));
	assert_int_equal(claims_count(c), 1);
	claims_destroy(c);
}

/* Alerts that go without a word do not pile up. */
static void test_sweep(void **state) {
	(void)state;
	struct claims *c = claims_create();
	for (uint64_t i = 0; i < 100000; i++) {
		claims_add(c, i, i / 2, (ts_ms)i + 500, (ts_ms)i);
	}
	assert_true(claims_count(c) <= 1000);
	assert_false(claims_end(c, 99999, 99998 / 2, 100000));
	claims_destroy(c);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last_one),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_sweep),
	};
	return cmocka_run_group_tests_name("claims", tests, NULL, NULL);
}
