/* Own outputs on their way to the database, through the whole engine. */
#include "tests/unit/driver.h"

#define WRITES "remote_write: {url: 'http://db:1/api/v1/write'}\n"

static const char rules[] =
	"groups: [{name: g, rules: [{record: r, expr: m * 2}, {alert: A, expr: m > 5, for: 15s}]}]";

/* Every output, with markers where a series ends; nothing reads them, so none is kept longer than it takes to end it. */
static void test_what_is_written(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, rules, WRITES);
	add_series(&d, 15000, "m 1 9 9 1");
	advance(&d, 15000);
	expect_written(&d,
				   "r 15 18\nALERTS{alertname=\"A\", alertstate=\"pending\"} 15 1\n"
				   "ALERTS_FOR_STATE{alertname=\"A\"} 15 15\n");
	advance(&d, 30000);
	expect_written(&d,
				   "r 30 18\nALERTS{alertname=\"A\", alertstate=\"firing\"} 30 1\n"
				   "ALERTS_FOR_STATE{alertname=\"A\"} 30 15\n"
				   "ALERTS{alertname=\"A\", alertstate=\"pending\"} 30 stale\n");
	advance(&d, 45000);
	expect_written(&d,
				   "r 45 2\nALERTS{alertname=\"A\", alertstate=\"firing\"} 45 stale\n"
				   "ALERTS_FOR_STATE{alertname=\"A\"} 45 stale\n");
	assert_int_equal(d.database.requests, 3); /* what comes together goes together */
	tear_down(&d);
}

/* While the database is away samples wait, and then go in their order. */
static void test_away_and_back(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, "groups: [{name: g, rules: [{record: r, expr: m}]}]", WRITES);
	add_series(&d, 15000, "m 1 2 3 4 5 6 7");
	d.database.mode = ERRORS;
	advance(&d, 45000);
	expect_written(&d, "");
	d.database.mode = UP;
	advance(&d, 75000);
	expect_written(&d, "r 15 2\nr 30 3\nr 45 4\nr 60 5\nr 75 6\n");
	assert_non_null(
		strstr(d.events.ptr, "own outputs were not written, to be tried again: HTTP status 503\n"));
	assert_non_null(strstr(d.events.ptr, "own outputs are written again\n"));
	tear_down(&d);
}

static void test_refused(void **state) {
	(void)state;
	struct driver d;
	struct write_queue_stats stats;
	set_up(&d, "groups: [{name: g, rules: [{record: r, expr: m}]}]", WRITES);
	add_series(&d, 15000, "m 1 2 3 4 5 6 7");
	d.database.mode = INVALID;
	advance(&d, 30000);
	d.database.mode = UP;
	advance(&d, 45000);
	expect_written(&d, "r 45 4\n");
	assert_non_null(strstr(d.events.ptr,
						   "1 samples of own outputs are refused and dropped: "
						   "HTTP status 400: \"out of order sample\"\n"));
	assert_true(engine_writer(d.engine, &stats));
	assert_int_equal(stats.sent, 1);
	assert_int_equal(stats.dropped, 2);
	tear_down(&d);
}

/* What a rule wrote last ends when the rule goes; another place begins empty; nowhere is possible too. */
static void test_reload(void **state) {
	(void)state;
	struct driver d;
	struct write_queue_stats stats;
	set_up(&d, rules, WRITES);
	add_series(&d, 15000, "m 9 9 9 9 9 9 9");
	advance(&d, 15000);
	expect_written(&d,
				   "r 15 18\nALERTS{alertname=\"A\", alertstate=\"pending\"} 15 1\n"
				   "ALERTS_FOR_STATE{alertname=\"A\"} 15 15\n");
	d.now = 20000;
	load(&d, "groups: [{name: g, rules: [{alert: A, expr: m > 5, for: 15s}]}]");
	advance(&d, 20000);
	expect_written(&d, "r 20 stale\n");
	advance(&d, 25000);
	d.database.mode = ERRORS;
	advance(&d, 30000);
	d.config.remote_write.url = STR("http://other:1/write");
	load(&d, rules);
	d.database.mode = UP;
	advance(&d, 44000);
	expect_written(&d, "");
	d.config.remote_write.url = STR_EMPTY;
	load(&d, rules);
	advance(&d, 60000);
	expect_written(&d, "");
	assert_false(engine_writer(d.engine, &stats));
	tear_down(&d);
}

static void test_drain(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, "groups: [{name: g, rules: [{record: r, expr: m}]}]", WRITES);
	add_series(&d, 15000, "m 1 2 3 4 5 6 7");
	d.database.mode = ERRORS;
	advance(&d, 15000);
	engine_drain(d.engine, d.now);
	assert_false(engine_idle(d.engine));
	d.database.mode = UP;
	advance(&d, 60000);
	assert_true(engine_idle(d.engine));
	expect_written(&d, "r 15 2\n");
	tear_down(&d);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written), cmocka_unit_test(test_away_and_back),
		cmocka_unit_test(test_refused),         cmocka_unit_test(test_reload),
		cmocka_unit_test(test_drain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
