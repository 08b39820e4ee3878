/* Relabelling through the whole engine: what each Alertmanager hears. It logs the label x. */
#include "tests/unit/driver.h"

static const char by_x[] = "groups: [{name: g, rules: [{alert: A, expr: m > 5}]}]";

/* External labels, then the rules for all, then each one's own. */
static void test_order(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, "groups: [{name: g, rules: [{alert: A, expr: m > 5}, {alert: B, expr: m > 5}]}]",
		   "external_labels: {zone: eu}\n"
		   "alert_relabel_configs:\n"
		   "  - {source_labels: [alertname], regex: B, action: drop}\n"
		   "  - {source_labels: [zone, own], target_label: x}\n"
		   "alertmanagers:\n"
		   "  - http://a\n"
		   "  - url: http://b\n"
		   "    alert_relabel_configs:\n"
		   "      - {source_labels: [x], regex: .*;c, action: drop}\n"
		   "      - {source_labels: [x], target_label: x, action: uppercase}\n");
	add_series(&d, 15000, "m{own=\"b\"} 9 9 1 1");
	add_series(&d, 15000, "m{own=\"c\",zone=\"us\"} 9 9 1 1");
	advance(&d, 15000);
	expect_log(&d, 0, "A x=eu;b 15..255\nA x=us;c 15..255\n");
	expect_log(&d, 1, "A x=EU;B 15..255\n");
	advance(&d, 30000); /* what is over goes the same ways */
	expect_log(&d, 0, "A x=eu;b 15..30 over\nA x=us;c 15..30 over\n");
	expect_log(&d, 1, "A x=EU;B 15..30 over\n");
	expect_alerts(&d, "A inactive, A inactive, B inactive, B inactive");
	tear_down(&d);
}

/* Two alerts that are one to Alertmanager: it is over with the last of them. */
static void test_two_in_one(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, by_x,
		   "resend_delay: 30s\nalert_relabel_configs: [{action: labeldrop, regex: pod}]\n");
	add_series(&d, 15000, "m{pod=\"1\"} 9 9 1 1 1 1 1x99");
	add_series(&d, 15000, "m{pod=\"2\"} 9 9 9 9 9 1 1x99");
	advance(&d, 15000);
	expect_log(&d, 0, "A 15..135\n");
	advance(&d, 59999); /* the first one is over, and so on with every repetition */
	expect_log(&d, 0, "");
	advance(&d, 60000);
	expect_log(&d, 0, "A 15..180\n");
	advance(&d, 75000);
	expect_log(&d, 0, "A 15..75 over\n");
	tear_down(&d);
}

static void reload(struct driver *d, const char *rules, const char *configuration) {
	struct diags diags;
	diags_init(&diags, &d->arena);
	config_init(&d->config);
	assert_true(config_parse(str_from(configuration), &d->arena, &diags, &d->config));
	load(d, rules);
	advance(d, d->now);
}

/* What was told under labels that nothing has any more is resolved, and all is told under the new ones, at once. */
static void test_reload(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, by_x, "alertmanagers: ['http://a', 'http://b']\n");
	add_series(&d, 15000, "m{x=\"1\"} 9x99");
	add_series(&d, 15000, "m{x=\"2\"} 9x99");
	advance(&d, 20000);
	expect_log(&d, 0, "A x=1 15..255\nA x=2 15..255\n");
	expect_log(&d, 1, "A x=1 15..255\nA x=2 15..255\n");
	/* 1 becomes 2, 2 becomes 3: only 1 is gone */
	reload(&d, by_x,
		   "alert_relabel_configs:\n"
		   "  - {source_labels: [x], regex: '2', target_label: x, replacement: '3'}\n"
		   "  - {source_labels: [x], regex: '1', target_label: x, replacement: '2'}\n"
		   "alertmanagers: ['http://a', 'http://b']\n");
	expect_log(&d, 0, "A x=1 15..20 over\nA x=2 15..260\nA x=3 15..260\n");
	expect_log(&d, 1, "A x=1 15..20 over\nA x=2 15..260\nA x=3 15..260\n");
	/* for one of them only */
	reload(&d, by_x,
		   "alert_relabel_configs:\n"
		   "  - {source_labels: [x], regex: '2', target_label: x, replacement: '3'}\n"
		   "  - {source_labels: [x], regex: '1', target_label: x, replacement: '2'}\n"
		   "alertmanagers:\n"
		   "  - http://a\n"
		   "  - {url: 'http://b', alert_relabel_configs: [{regex: x, action: labeldrop}]}\n");
	expect_log(&d, 0, "");
	expect_log(&d, 1, "A x=2 15..20 over\nA x=3 15..20 over\nA 15..260\n");
	/* back to none, and the rule is gone as well */
	reload(&d, "groups: []", "alertmanagers: ['http://a', 'http://b']\n");
	assert_non_null(strstr(d.managers[0].log.ptr, "A x=2 15..20 over\n"));
	assert_non_null(strstr(d.managers[0].log.ptr, "A x=3 15..20 over\n"));
	assert_non_null(strstr(d.managers[1].log.ptr, "A 15..20 over\n"));
	tear_down(&d);
}

static void test_external_labels_change(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, by_x, "external_labels: {x: a}\n");
	add_series(&d, 15000, "m 9x99");
	advance(&d, 20000);
	expect_log(&d, 0, "A x=a 15..255\n");
	reload(&d, by_x, "external_labels: {x: b}\n");
	expect_log(&d, 0, "A x=a 15..20 over\nA x=b 15..260\n");
	assert_non_null(strstr(d.events.ptr,
						   "labels of alerts changed: 1 resolved under the old ones, 1 told anew"));
	reload(&d, by_x, "external_labels: {x: b}\nresend_delay: 2m\n"); /* they are as they were */
	expect_log(&d, 0, "");
	tear_down(&d);
}

/* While the Alertmanager does not answer, the words wait under the labels they were said with. */
static void test_reload_during_outage(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, by_x, "");
	add_series(&d, 15000, "m 9x99");
	advance(&d, 20000);
	expect_log(&d, 0, "A 15..255\n");
	d.managers[0].mode = REFUSED;
	reload(&d, by_x, "alert_relabel_configs: [{target_label: x, replacement: y}]\n");
	advance(&d, 40000);
	d.managers[0].mode = UP;
	advance(&d, 100000);
	assert_non_null(strstr(d.managers[0].log.ptr, "A 15..20 over\n"));
	assert_non_null(strstr(d.managers[0].log.ptr, "A x=y 15.."));
	tear_down(&d);
}

/* Told once, not with each alert. */
static void test_trouble_in_the_log(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, by_x,
		   "alert_relabel_configs:\n"
		   "  - {source_labels: [long], regex: '(?:x|x)*[yz]|(x*)', target_label: x}\n");
	add_series(&d, 15000, "m{long=\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"} 9x99");
	advance(&d, 200000);
	const char *line = strstr(d.events.ptr,
							  "alert_relabel_configs: rule 1 (replace) was passed "
							  "over: its regular expression backtracks too long");
	assert_non_null(line);
	assert_null(strstr(strchr(line, '\n'), "was passed over"));
	tear_down(&d);
}

/* keep_alive: false is Prometheus' way: silence while nothing can be evaluated. */
static void test_no_keep_alive(void **state) {
	(void)state;
	static const enum mode modes[] = {REFUSED, SILENT};
	for (size_t i = 0; i < COUNT(modes); i++) {
		struct driver d;
		set_up(&d, by_x, "keep_alive: false\n");
		add_series(&d, 15000, "m 9x99");
		advance(&d, 20000);
		expect_log(&d, 0, "A 15..255\n");
		d.prometheus = modes[i];
		advance(&d, 400000);
		expect_log(&d, 0, "");
		expect_alerts(&d, "A firing");
		tear_down(&d);
	}
}

/* forget_over_limit: the rule loses what it had; without, it keeps it. */
static void test_limit(void **state) {
	(void)state;
	static const char limited[] = "groups: [{name: g, limit: 1, rules: [{alert: A, expr: m > 5}]}]";
	for (int forget = 0; forget < 2; forget++) {
		struct driver d;
		set_up(&d, limited, forget ? "forget_over_limit: true\n" : "");
		add_series(&d, 15000, "m{x=\"1\"} 9x99");
		add_series(&d, 15000, "m{x=\"2\"} 1 1 9x99");
		advance(&d, 20000);
		expect_alerts(&d, "A firing");
		advance(&d, 35000);
		expect_alerts(&d, forget ? "" : "A firing");
		tear_down(&d);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_two_in_one),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_external_labels_change),
		cmocka_unit_test(test_reload_during_outage),
		cmocka_unit_test(test_trouble_in_the_log),
		cmocka_unit_test(test_no_keep_alive),
		cmocka_unit_test(test_limit),
	};
	return cmocka_run_group_tests_name("engine_route", tests, NULL, NULL);
}
