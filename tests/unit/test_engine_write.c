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

/* ---- `for` after a restart ---- */

#define RESTORES WRITES "for_grace_period: 1m\nfor_outage_tolerance: 10m\n"
static const char slow[] =
	"groups: [{name: g, rules: [{alert: A, expr: m > 5, for: 3m}, "
	"{alert: 'B.c', expr: m > 5, for: 5m, labels: {x: '{{ $labels.nope }}'}}, {alert: Short, expr: m > 5, for: 30s}]}]";

static void restart(struct driver *d, ts_ms at) {
	engine_destroy(d->engine);
	d->now = at;
	d->engine = engine_create(&d->config, note_event, d);
	load(d, slow);
	strbuf_clear(&d->events);
	strbuf_clear(&d->database.log);
}

static const struct alert *alert_of(struct driver *d, size_t rule) {
	const struct alerting *a = &engine_group(d->engine, 0)->rules[rule].alerting;
	assert_int_equal(a->count, 1);
	return a->alerts[0];
}

/* A has waited 105 s of its 180: 75 are left, counted from when it is restored. Of B 195 are left. */
static void test_restart(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, slow, RESTORES);
	add_series(&d, 15000, "m 9x200");
	advance(&d, 120000); /* pending since 15 s */
	restart(&d, 150000);
	advance(&d, 165000); /* nobody hides what was written before */
	expect_written(&d,
				   "ALERTS{alertname=\"Short\", alertstate=\"pending\"} 165 1\n"
				   "ALERTS_FOR_STATE{alertname=\"Short\"} 165 165\n");
	advance(&d, 180000);
	assert_int_equal(alert_of(&d, 0)->active_at, 15000 + 60000);
	assert_int_equal(alert_of(&d, 1)->active_at, 15000 + 60000);
	assert_int_equal(alert_of(&d, 2)->active_at, 165000);
	assert_non_null(strstr(d.events.ptr, "pending alerts that go on where they were: 2\n"));
	strbuf_clear(&d.database.log);
	advance(&d, 195000);
	assert_non_null(strstr(d.database.log.ptr, "ALERTS_FOR_STATE{alertname=\"A\"} 195 75\n"));
	advance(&d, 254999);
	assert_int_equal(alert_of(&d, 0)->state, ALERT_PENDING);
	advance(&d, 255000);
	assert_int_equal(alert_of(&d, 0)->state, ALERT_FIRING);
	assert_int_equal(alert_of(&d, 1)->state, ALERT_PENDING);
	tear_down(&d);
}

/* Its time was up: it fires at the next evaluation. */
static void test_restart_of_what_fired(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, slow, RESTORES);
	add_series(&d, 15000, "m 9x200");
	advance(&d, 210000);
	restart(&d, 240000);
	advance(&d, 285000);
	assert_int_equal(alert_of(&d, 0)->state, ALERT_FIRING);
	assert_int_equal(alert_of(&d, 0)->active_at, 15000);
	tear_down(&d);
}

/* Less than the grace period was left: it fires when that is over, and no sooner. */
static void test_restart_with_grace(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, slow, RESTORES);
	add_series(&d, 15000, "m 9x200");
	advance(&d, 180000);
	restart(&d, 200000);
	advance(&d, 225000); /* restored; 15 s were left */
	assert_int_equal(alert_of(&d, 0)->active_at, 225000 + 60000 - 180000);
	tear_down(&d);
}

/* The alert had ended before tocsin did: the database has a marker, which the API does not show. */
static void test_restart_after_the_end(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, slow, RESTORES);
	add_series(&d, 15000, "m 9 9 9 9 1 1 9x200");
	advance(&d, 75000); /* gone since 60 s */
	restart(&d, 100000);
	advance(&d, 135000);
	assert_int_equal(alert_of(&d, 0)->active_at, 105000);
	assert_null(strstr(d.events.ptr, "go on where they were"));
	tear_down(&d);
}

/* Too long ago, or the database cannot say at first. */
static void test_restart_late(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, slow, RESTORES);
	add_series(&d, 15000, "m 9x200");
	advance(&d, 60000);
	restart(&d, 700000);
	advance(&d, 735000);
	assert_int_equal(alert_of(&d, 0)->active_at, 705000);
	restart(&d, 750000);
	d.prometheus = ERRORS;
	d.broken_query = "ALERTS_FOR_STATE{alertname=~\"A|B\\\\.c\"}[10m]";
	advance(&d, 795000);
	assert_int_equal(alert_of(&d, 0)->active_at, 765000);
	assert_non_null(
		strstr(d.events.ptr, "the state of \"for\" cannot be read back, to be tried again: "));
	d.prometheus = UP;
	advance(&d, 810000);
	assert_int_equal(alert_of(&d, 0)->active_at, 705000 + (810000 - 735000));
	tear_down(&d);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written),
		cmocka_unit_test(test_away_and_back),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_restart_of_what_fired),
		cmocka_unit_test(test_restart_with_grace),
		cmocka_unit_test(test_restart_after_the_end),
		cmocka_unit_test(test_restart_late),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
