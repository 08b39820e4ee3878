/* The sentence that `systemctl status` shows, through good days and bad ones. */
#include "tests/unit/driver.h"

#include "engine/status_line.h"

static const char rules[] =
	"groups: [{name: g, rules: [{alert: A, expr: m > 5}, {alert: B, expr: m > 5, for: 1h}]}, "
	"{name: h, interval: 1m, rules: [{alert: C, expr: n > 5}]}]";

static void expect_status(const struct driver *d, const char *expected) {
	struct strbuf out = STRBUF_INIT;
	status_line_print(&out, d->engine);
	assert_string_equal(out.ptr, expected);
	strbuf_finish(&out);
}

static void test_good_days(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, rules, "");
	add_series(&d, 15000, "m{x=\"1\"} 9x9");
	add_series(&d, 15000, "m{x=\"2\"} 9x9");
	expect_status(&d,
				  "3 rules in 2 groups: 0 alerts firing, 0 pending. Not ready: 2 of 2 groups "
				  "have not been evaluated yet, first g (r.yml).");
	advance(&d, 15000);
	expect_status(&d,
				  "3 rules in 2 groups: 2 alerts firing, 2 pending. Not ready: 1 of 2 groups "
				  "have not been evaluated yet, first h (r.yml).");
	advance(&d, 60000);
	expect_status(&d, "3 rules in 2 groups: 2 alerts firing, 2 pending.");
	load(&d, "groups: [{name: g, rules: [{alert: A, expr: 'm{x=\"1\"} > 5'}]}]");
	advance(&d, 75000);
	expect_status(&d, "1 rule in 1 group: 1 alert firing, 0 pending.");
	load(&d, "groups: []");
	expect_status(&d, "0 rules in 0 groups: 0 alerts firing, 0 pending.");
	tear_down(&d);
}

static void test_bad_days(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, rules, "");
	add_series(&d, 15000, "m 9x9");
	d.managers[0].mode = REFUSED;
	advance(&d, 60000);
	expect_status(&d,
				  "3 rules in 2 groups: 1 alert firing, 1 pending. 1 alert waits for "
				  "Alertmanager: connection refused.");
	d.prometheus = REFUSED;
	advance(&d, 75000);
	expect_status(&d,
				  "3 rules in 2 groups: 1 alert firing, 1 pending. 2 rules fail: cannot get m from "
				  "http://localhost:9090: connection refused. 1 alert waits for Alertmanager: "
				  "connection refused.");
	d.prometheus = d.managers[0].mode = UP;
	advance(&d, 200000);
	engine_load_failed(d.engine, "rules.yml:1:2: error: a rule without a name");
	expect_status(&d,
				  "3 rules in 2 groups: 1 alert firing, 1 pending. The last reload failed: "
				  "rules.yml:1:2: error: a rule without a name.");
	tear_down(&d);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_days),
		cmocka_unit_test(test_bad_days),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
