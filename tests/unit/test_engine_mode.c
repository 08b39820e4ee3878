/* Who evaluates: here or the server, by choice or because it turns out so. */
#include "tests/unit/driver.h"

#define WRITES "remote_write: {url: 'http://db:1/api/v1/write'}\n"

static void expect_queries(struct driver *d, const char *wanted) {
	assert_string_equal(d->queries.ptr == NULL ? "" : d->queries.ptr, wanted);
}

static const struct rule_state *rule(struct driver *d, size_t index) {
	return &engine_group(d->engine, 0)->rules[index];
}

static void test_remote(void **state) {
	(void)state;
	struct driver d;
	set_up(&d,
		   "groups: [{name: g, rules: [{alert: A, expr: m > 5, for: 15s}, {alert: B, expr: 'time() "
		   "- time() + 3'}, {record: r, expr: 'sum by (x) (m)'}]}]",
		   "evaluation: remote");
	add_series(&d, 15000, "m{x=\"1\"} 1 9 9 1");
	advance(&d, 15000);
	expect_queries(&d, "m > 5\ntime() - time() + 3\nsum by (x) (m)\n");
	expect_alerts(&d, "A pending, B firing");
	assert_true(rule(&d, 1)->alerting.alerts[0]->value == 3);
	advance(&d, 30000);
	expect_alerts(&d, "A firing, B firing");
	expect_log(&d, 0, "B 15..255\nA x=1 30..270\n");
	advance(&d, 45000);
	expect_alerts(&d, "A inactive, B firing");
	tear_down(&d);
}

/* What a rule reads of earlier ones is in the database before the server is asked, at the same timestamp. */
static void test_remote_chain(void **state) {
	(void)state;
	struct driver d;
	set_up(&d,
		   "groups: [{name: g, rules: [{record: r, expr: m * 2}, {alert: A, expr: r > 5}, "
		   "{alert: B, expr: 'ALERTS{alertname=\"A\"} == 1'}]}]",
		   "evaluation: remote\n" WRITES);
	add_series(&d, 15000, "m 1 9 9 1");
	advance(&d, 15000);
	expect_queries(&d, "m * 2\nr > 5\nALERTS{alertname=\"A\"} == 1\n");
	expect_alerts(&d, "A firing, B firing");
	assert_int_equal(d.database.requests, 3);
	advance(&d, 45000);
	expect_alerts(&d, "A inactive, B inactive");
	tear_down(&d);
}

/* While the database takes nothing, only those rules fail that need it; they keep their state. */
static void test_remote_chain_unwritten(void **state) {
	(void)state;
	struct driver d;
	set_up(&d,
		   "groups: [{name: g, rules: [{record: r, expr: m * 2}, {alert: A, expr: r > 5}, "
		   "{alert: B, expr: m > 5}]}]",
		   "evaluation: remote\n" WRITES);
	add_series(&d, 15000, "m 1 9 1 1 1");
	advance(&d, 15000);
	expect_alerts(&d, "A firing, B firing");
	d.database.mode = ERRORS;
	advance(&d, 30000);
	expect_alerts(&d, "A firing, B inactive");
	assert_string_equal(rule(&d, 1)->last_error,
						"what other rules put out is not in the database: HTTP status 503");
	/* while the pause before the next try lasts, nobody waits for it: the evaluation is over at once */
	assert_int_equal(engine_group(d.engine, 0)->last_slot, 30000);
	d.database.mode = UP;
	advance(&d, 45000);
	expect_alerts(&d, "A inactive, B inactive");
	assert_null(rule(&d, 1)->last_error);
	tear_down(&d);
}

/* Without remote write only tocsin knows what rules put out. */
static void test_own_outputs_stay_here(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, "groups: [{name: g, rules: [{record: r, expr: m * 2}, {alert: A, expr: r > 5}]}]",
		   "evaluation: remote");
	add_series(&d, 15000, "m 1 9 9 1");
	advance(&d, 15000);
	expect_queries(&d, "m * 2\nr\n");
	expect_alerts(&d, "A firing");
	assert_true(rule(&d, 0)->remote);
	assert_false(rule(&d, 1)->remote);
	assert_string_equal(rule(&d, 1)->mode_reason,
						"it reads what rules put out, and remote_write is off");
	tear_down(&d);
}

/* More samples than allowed: the server evaluates, in the same evaluation, for an hour. */
static void test_too_many_samples(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, "groups: [{name: g, rules: [{alert: A, expr: sum(m) > 5}]}]",
		   "limits: {samples: 2}");
	add_series(&d, 15000, "m{x=\"1\"} 3x300");
	add_series(&d, 15000, "m{x=\"2\"} 3x300");
	add_series(&d, 15000, "m{x=\"3\"} 3x300");
	advance(&d, 15000);
	expect_queries(&d, "m\nsum(m) > 5\n");
	expect_alerts(&d, "A firing");
	assert_string_equal(rule(&d, 0)->mode_reason,
						"the samples that it needs pass a limit of this engine");
	advance(&d, 30000);
	expect_queries(&d, "sum(m) > 5\n");
	advance(&d, 15000 + 3600000 - 1);
	advance(&d, 15000 + 3600000);
	expect_queries(&d, "m\nsum(m) > 5\n");
	advance(&d, 15000 + 3600000 + 15000);
	expect_queries(&d, "sum(m) > 5\n");
	tear_down(&d);
}

/* So does what an expression makes of few samples. */
static void test_too_many_values(void **state) {
	(void)state;
	struct driver d;
	set_up(&d,
		   "groups: [{name: g, rules: [{alert: A, expr: 'sum_over_time(vector(1)[10m:1s]) > 5'}]}]",
		   "limits: {samples: 100}");
	advance(&d, 15000);
	expect_queries(&d, "sum_over_time(vector(1)[10m:1s]) > 5\n");
	expect_alerts(&d, "A firing");
	tear_down(&d);
}

static void test_local_has_its_limits(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, "groups: [{name: g, rules: [{alert: A, expr: sum(m) > 5}]}]",
		   "evaluation: local\nlimits: {samples: 1}");
	add_series(&d, 15000, "m{x=\"1\"} 3x300");
	add_series(&d, 15000, "m{x=\"2\"} 3x300");
	advance(&d, 15000);
	expect_queries(&d, "m\n");
	assert_non_null(strstr(rule(&d, 0)->last_error, "limits.samples"));
	tear_down(&d);
}

static void test_native_histograms(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, "groups: [{name: g, rules: [{alert: A, expr: m > 5}]}]", "");
	add_series(&d, 15000, "m 9x300");
	d.prometheus = HISTOGRAMS;
	d.broken_query = "m";
	advance(&d, 15000);
	expect_queries(&d, "m\nm > 5\n");
	expect_alerts(&d, "A firing");
	assert_string_equal(rule(&d, 0)->mode_reason, "it reads native histograms");
	tear_down(&d);
}

/* What many rules read is cheap for each of them. */
static void test_costly_samples(void **state) {
	(void)state;
	struct driver d;
	set_up(&d,
		   "groups: [{name: g, rules: [{alert: A, expr: sum(m) > 5}, {alert: B, expr: n > 5}, "
		   "{alert: C, expr: n > 6}, {alert: D, expr: n > 7}, {alert: E, expr: n > 8}]}]",
		   "limits: {auto_bytes: 150}");
	add_series(&d, 15000, "m{x=\"1\"} 3x300");
	add_series(&d, 15000, "m{x=\"2\"} 3x300");
	add_series(&d, 15000, "m{x=\"3\"} 3x300");
	add_series(&d, 15000, "n{x=\"1\"} 3x300");
	add_series(&d, 15000, "n{x=\"2\"} 3x300");
	add_series(&d, 15000, "n{x=\"3\"} 3x300");
	advance(&d, 15000);
	expect_queries(&d, "m\nn\n");
	advance(&d, 30000);
	expect_queries(&d, "sum(m) > 5\nn\n");
	assert_string_equal(rule(&d, 0)->mode_reason,
						"the samples that it needs pass limits.auto_bytes");
	tear_down(&d);
}

/* Questions of templates go where the rule goes. */
static void test_templates(void **state) {
	(void)state;
	struct driver d;
	const char *rules =
		"groups: [{name: g, rules: [{record: r, expr: m + 1}, {alert: A, expr: m > 5, annotations: "
		"{text: '{{ with query \"r * 2\" }}{{ . | first | value }}{{ end }}'}}]}]";
	set_up(&d, rules, "evaluation: remote\n" WRITES);
	add_series(&d, 15000, "m 1 9 9 1");
	advance(&d, 15000);
	expect_queries(&d, "m + 1\nm > 5\nr * 2\n");
	assert_true(str_equal(labels_get(rule(&d, 1)->alerting.alerts[0]->annotations, STR("text")),
						  STR("20")));
	tear_down(&d);
}

static void test_overrides(void **state) {
	(void)state;
	struct driver d;
	set_up(&d,
		   "groups: [{name: a1, rules: [{alert: A, expr: m > 1}]}, {name: a2, rules: [{alert: B, "
		   "expr: m > 2}]}, {name: b, rules: [{alert: C, expr: m > 3}]}]",
		   "evaluation: local\noverrides: [{group: a2, evaluation: auto}, {group: 'a*', file: "
		   "'r.*', evaluation: remote}, {file: 'x', evaluation: remote}]");
	const enum evaluation_mode expected[] = {EVALUATION_REMOTE, EVALUATION_AUTO, EVALUATION_LOCAL};
	for (size_t i = 0; i < COUNT(expected); i++) {
		assert_int_equal(engine_group(d.engine, i)->mode, expected[i]);
	}
	advance(&d, 15000);
	expect_queries(&d, "m > 1\nm\n");
	/* a reload can change it, and the group goes on */
	d.config.evaluation = EVALUATION_REMOTE;
	d.config.override_count = 0;
	load(&d, "groups: [{name: a1, rules: [{alert: A, expr: m > 1}]}]");
	advance(&d, 30000);
	expect_queries(&d, "m > 1\n");
	assert_int_equal(engine_group(d.engine, 0)->iterations, 2);
	tear_down(&d);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remote),
		cmocka_unit_test(test_remote_chain),
		cmocka_unit_test(test_remote_chain_unwritten),
		cmocka_unit_test(test_own_outputs_stay_here),
		cmocka_unit_test(test_too_many_samples),
		cmocka_unit_test(test_too_many_values),
		cmocka_unit_test(test_local_has_its_limits),

		cmocka_unit_test(test_native_histograms),
		cmocka_unit_test(test_costly_samples),
		cmocka_unit_test(test_templates),
		cmocka_unit_test(test_overrides),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
