/* Groups of rules over series, evaluated as a whole: order, errors, own outputs, templates. Every test runs with samples as
 * they are stored and as a server would give them. */
#include "tests/unit/world.h"

static const enum pql_series_form forms[] = {PQL_SERIES_STORED, PQL_SERIES_LOOKED_UP};

static const char thresholds[] =
	"groups:\n"
	"  - name: g\n"
	"    rules:\n"
	"      - alert: High\n"
	"        expr: m > 10\n"
	"        for: 30s\n"
	"        labels: {severity: page, was: '{{ $labels.x }}'}\n"
	"        annotations: {summary: '{{ $value }} on {{ $labels.x }}'}\n";

static void test_life_of_an_alert(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct world w;
		world_init(&w, thresholds, forms[i]);
		world_add(&w, 0, 15000, "m{x=\"a\"} 1 11 12 13 14 1 1");
		world_add(&w, 0, 15000, "m{x=\"b\"} 1 1 11 1 1 1 1");
		world_step(&w, 0);
		assert_string_equal(world_alerts(&w, "High"), "");
		assert_int_equal(world_rule(&w, "High")->alerting.state, ALERT_INACTIVE);
		world_step(&w, 15000);
		assert_string_equal(
			world_alerts(&w, "High"),
			"pending {alertname=\"High\", severity=\"page\", was=\"a\", x=\"a\"} 11\n");
		world_step(&w, 30000);
		assert_string_equal(
			world_alerts(&w, "High"),
			"pending {alertname=\"High\", severity=\"page\", was=\"a\", x=\"a\"} 12\n"
			"pending {alertname=\"High\", severity=\"page\", was=\"b\", x=\"b\"} 11\n");
		assert_int_equal(w.sent.len, 0);
		world_step(&w, 45000);
		assert_string_equal(
			w.sent.ptr,
			"firing {alertname=\"High\", severity=\"page\", was=\"a\", x=\"a\"} 45000 "
			"+240000\n");
		const struct alert *alert = world_rule(&w, "High")->alerting.alerts[0];
		assert_true(str_equal(labels_get(alert->annotations, STR("summary")), STR("13 on a")));
		world_step(&w, 60000);
		world_step(&w, 75000);
		assert_string_equal(w.sent.ptr,
							"resolved {alertname=\"High\", severity=\"page\", was=\"a\", x=\"a\"} "
							"45000 +0\n");
		world_finish(&w);
	}
}

static const char chain[] =
	"groups:\n"
	"  - name: g\n"
	"    interval: 30s\n"
	"    rules:\n"
	"      - alert: Before\n" /* sees what was recorded last time */
	"        expr: job:m:sum > 5\n"
	"      - record: job:m:sum\n"
	"        expr: sum by (job) (m)\n"
	"        labels: {team: t}\n"
	"      - record: twice\n"
	"        expr: 2 * job:m:sum\n"
	"      - alert: Sum\n"
	"        expr: job:m:sum > 5\n"
	"      - alert: Average\n"
	"        expr: avg_over_time(twice[1m]) > 9\n"
	"      - alert: Both\n"
	"        expr: count(ALERTS{alertname=~\"Sum|Average\",alertstate=\"firing\"}) == 2\n"
	"      - alert: Since\n"
	"        expr: time() - ALERTS_FOR_STATE{alertname=\"Sum\"} >= 60\n";

static void test_rules_see_rules_before_them(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct world w;
		world_init(&w, chain, forms[i]);
		world_add(&w, 0, 30000, "m{job=\"a\",x=\"1\"} 1 3 3 3 0 0 0 0");
		world_add(&w, 0, 30000, "m{job=\"a\",x=\"2\"} 1 3 3 3 0 0 0 0");
		world_step(&w, 0);
		world_step(&w, 30000);
		assert_string_equal(world_alerts(&w, "Before"), "");
		assert_string_equal(world_alerts(&w, "Sum"),
							"firing {alertname=\"Sum\", job=\"a\", team=\"t\"} 6\n");
		/* (4 + 12) / 2 */
		assert_string_equal(world_alerts(&w, "Average"), "");
		assert_string_equal(world_alerts(&w, "Both"), "");
		world_step(&w, 60000);
		assert_string_equal(world_alerts(&w, "Before"),
							"firing {alertname=\"Before\", job=\"a\", team=\"t\"} 6\n");
		assert_string_equal(world_alerts(&w, "Average"),
							"firing {alertname=\"Average\", job=\"a\", team=\"t\"} 12\n");
		assert_string_equal(world_alerts(&w, "Both"), "firing {alertname=\"Both\"} 2\n");
		assert_string_equal(world_alerts(&w, "Since"), "");
		world_step(&w, 90000);
		assert_string_equal(world_alerts(&w, "Since"),
							"firing {alertname=\"Since\", job=\"a\", team=\"t\"} 60\n");
		/* Sum ends: its ALERTS are stale at once and not looked back for. */
		world_step(&w, 120000);
		assert_string_equal(world_alerts(&w, "Sum"), "");
		assert_string_equal(world_alerts(&w, "Both"), "");
		assert_string_equal(world_alerts(&w, "Since"), "");
		world_finish(&w);
	}
}

static const struct {
	const char *name, *rule, *error;
} failing[] = {
	{"duplicates after labels", "{alert: R, expr: m, labels: {x: '', y: ''}}",
	 "vector contains metrics with the same labelset after applying alert labels"},
	{"duplicates in a recorded series", "{record: R, expr: m, labels: {x: '', y: ''}}",
	 "vector contains metrics with the same labelset after applying rule labels"},
	{"limit of series", "{record: R, expr: m}", "exceeded limit of 2 with 3 series"},
	{"limit of alerts", "{alert: R, expr: m}", "exceeded limit of 2 with 3 alerts"},
	{"text", "{alert: R, expr: '\"a\"'}", "rule result is not a vector or scalar"},
	{"many to many", "{alert: R, expr: 'm * on() m'}", NULL},
};

static void test_errors(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(failing); i++) {
		for (size_t j = 0; j < COUNT(forms); j++) {
			struct world w;
			char rules[256];
			snprintf(rules, sizeof(rules),
					 "groups: [{name: g, limit: 2, rules: [%s, {record: after, expr: '1'}]}]",
					 failing[i].rule);
			world_init(&w, rules, forms[j]);
			world_add(&w, 0, 15000, "m{x=\"1\"} 1");
			world_add(&w, 0, 15000, "m{x=\"2\"} 1");
			world_add(&w, 0, 15000, "m{x=\"3\"} 1");
			world_step(&w, 0);
			const struct rule_state *r = world_rule(&w, "R");
			assert_int_equal(r->health, RULE_HEALTH_ERR);
			if (failing[i].error != NULL) {
				assert_string_equal(r->last_error, failing[i].error);
			}
			/* The rules behind it go on. */
			assert_int_equal(world_rule(&w, "after")->health, RULE_HEALTH_OK);
			assert_int_equal(simulation_group(w.simulation, 0)->failures, 1);
			assert_int_equal(simulation_group(w.simulation, 0)->evaluations, 2);
			world_finish(&w);
		}
	}
}

/* While the data source does not answer nothing changes state, and firing alerts are sent again with a fresh endsAt. */
/* A pattern that is given up: on a series of the data source, and on one that a rule has made. */
static void test_regex_limit(void **state) {
	(void)state;
	static const char *const series[] = {"m{x=\"1\"} 1", "m{x=\"many\"} 1"};
	/* a million steps take seconds under valgrind: not every series in every form */
	for (size_t i = 0; i < COUNT(series); i++) {
		struct world w;
		world_init(&w,
				   "groups: [{name: g, rules: [{record: own, expr: m, labels: {x: many}},"
				   " {alert: R, expr: '{x=~\"(?:.?){450}(?:.?){450}[!?]\"}'},"
				   " {record: after, expr: '1'}]}]",
				   forms[i % COUNT(forms)]);
		world_add(&w, 0, 15000, series[i]);
		world_step(&w, 0);
		const struct rule_state *r = world_rule(&w, "R");
		assert_int_equal(r->health, RULE_HEALTH_ERR);
		assert_string_equal(
			r->last_error,
			"matching the regular expression `(?:.?){450}(?:.?){450}[!?]` against a "
			"text of 4 bytes takes more steps than the limit of 1000000; write it "
			"with fewer repetitions within repetitions");
		assert_int_equal(world_rule(&w, "after")->health, RULE_HEALTH_OK);
		world_finish(&w);
	}
}

static void test_data_source_down(void **state) {
	(void)state;
	struct world w;
	world_init(&w, thresholds, PQL_SERIES_LOOKED_UP);
	world_add(&w, 0, 15000, "m{x=\"a\"} 20x100");
	world_add(&w, 0, 15000, "m{x=\"b\"} _ _ _ 20x100");
	world_run(&w, 0, 45000, 15000);
	simulation_break(w.simulation, "connection refused");
	for (ts_ms t = 60000; t <= 600000; t += 15000) {
		world_step(&w, t);
		assert_int_equal(world_rule(&w, "High")->health, RULE_HEALTH_ERR);
		assert_string_equal(world_rule(&w, "High")->last_error, "connection refused");
		assert_string_equal(
			world_alerts(&w, "High"),
			"firing {alertname=\"High\", severity=\"page\", was=\"a\", x=\"a\"} 20\n"
			"pending {alertname=\"High\", severity=\"page\", was=\"b\", x=\"b\"} 20\n");
		/* first sent at 30 s, then every 75 s */
		if ((t - 30000) % 75000 == 0) {
			assert_string_equal(w.sent.ptr,
								"firing {alertname=\"High\", severity=\"page\", "
								"was=\"a\", x=\"a\"} 30000 +240000\n");
		} else {
			assert_int_equal(w.sent.len, 0);
		}
	}
	simulation_break(w.simulation, NULL);
	world_step(&w, 615000);
	assert_int_equal(world_rule(&w, "High")->health, RULE_HEALTH_OK);
	assert_null(world_rule(&w, "High")->last_error);
	world_finish(&w);
}

/* A resolved alert is not repeated while no evaluation succeeds: it may fire anew, and another engine may see it. */
static void test_resolved_while_down(void **state) {
	(void)state;
	struct world w;
	world_init(&w, thresholds, PQL_SERIES_LOOKED_UP);
	world_add(&w, 0, 15000, "m{x=\"a\"} 20 20 20 1x100");
	world_run(&w, 0, 45000, 15000); /* resolved at 45 s */
	simulation_break(w.simulation, "connection refused");
	for (ts_ms t = 60000; t <= 1800000; t += 15000) {
		world_step(&w, t);
		assert_int_equal(w.sent.len, 0);
	}
	world_finish(&w);
}

static void test_query_offset(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct world w;
		world_init(&w,
				   "groups: [{name: g, query_offset: 30s, rules: ["
				   "{record: r, expr: m}, {alert: A, expr: r == 2}]}]",
				   forms[i]);
		world_add(&w, 0, 15000, "m 1 2 3 4 5");
		world_step(&w, 45000);
		/* looks at 15 s, is active since 45 s */
		assert_string_equal(world_alerts(&w, "A"), "firing {alertname=\"A\"} 2\n");
		assert_int_equal(world_rule(&w, "A")->alerting.alerts[0]->active_at, 45000);
		world_finish(&w);
	}
}

static void test_scalar_and_value_labels(void **state) {
	(void)state;
	struct world w;
	world_init(&w,
			   "groups: [{name: g, rules: [{alert: A, expr: '42'}, "
			   "{alert: B, expr: 'm', labels: {alertname: x, keep: '{{ $value }}'}}]}]",
			   PQL_SERIES_STORED);
	world_add(&w, 0, 15000, "m{alertname=\"y\"} 1");
	world_step(&w, 0);
	assert_string_equal(world_alerts(&w, "A"), "firing {alertname=\"A\"} 42\n");
	assert_string_equal(world_alerts(&w, "B"), "firing {alertname=\"B\", keep=\"1\"} 1\n");
	world_finish(&w);
}

/* A template's query is fetched and answered like any other, and sees own outputs too. */
static void test_template_queries(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct world w;
		world_init(
			&w,
			"groups: [{name: g, rules: [{record: r, expr: 'm * 2'}, {alert: A, expr: m > 1, "
			"annotations: {sum: '{{ with query \"sum(r)\" }}{{ . | first | value }}{{ end }}', "
			"mine: '{{ range query (printf \"r{x=%q}\" $labels.x) }}{{ .Value }}{{ end }}', "
			"bad: '{{ query \"sum(\" }}'}}]}]",
			forms[i]);
		world_add(&w, 0, 15000, "m{x=\"a\"} 5");
		world_add(&w, 0, 15000, "m{x=\"b\"} 7");
		world_step(&w, 0);
		const struct alerting *a = &world_rule(&w, "A")->alerting;
		assert_int_equal(a->count, 2);
		for (size_t j = 0; j < 2; j++) {
			struct labels texts = a->alerts[j]->annotations;
			bool is_a = str_equal(labels_get(a->alerts[j]->labels, STR("x")), STR("a"));
			assert_true(str_equal(labels_get(texts, STR("sum")), STR("24")));
			assert_true(str_equal(labels_get(texts, STR("mine")), is_a ? STR("10") : STR("14")));
			struct str bad = labels_get(texts, STR("bad"));
			assert_true(str_starts_with(bad, STR("<error expanding template: error executing "
												 "template __alert_A: ")));
			assert_true(str_ends_with(
				bad, STR("error calling query: 1:5: parse error: unclosed left parenthesis>")));
		}
		assert_int_equal(world_rule(&w, "A")->health, RULE_HEALTH_OK);
		assert_true(simulation_group(w.simulation, 0)->templates.failures >= 2);
		world_finish(&w);
	}
}

/* Two rules that write one series: what the first wrote stays, the second says so and did not fail. */
static void test_series_of_two_rules(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct world w;
		world_init(
			&w,
			"groups: [{name: g, rules: [{record: r, expr: sum(a)}, {record: r, expr: sum(b)}, "
			"{alert: Read, expr: r}, {alert: Same, expr: a, for: 1m}, "
			"{alert: Same, expr: b > 5}]}]",
			forms[i]);
		world_add(&w, 0, 15000, "a 1 1 1 1");
		world_add(&w, 0, 15000, "b 1 7 9 1");
		const struct group_state *g = simulation_group(w.simulation, 0);
		world_step(&w, 0);
		assert_int_equal(g->rules[1].health, RULE_HEALTH_OK); /* the same value */
		world_step(&w, 15000);
		assert_int_equal(g->rules[0].health, RULE_HEALTH_OK);
		assert_string_equal(
			g->rules[1].last_error,
			"duplicate sample for timestamp 15000; overrides not allowed: existing 1, new value 7");
		assert_string_equal(world_alerts(&w, "Read"), "firing {alertname=\"Read\"} 1\n");
		/* Since 0 and since 15 s: ALERTS_FOR_STATE differs. The alert fires all the same. */
		assert_null(g->rules[3].last_error);
		assert_string_equal(
			g->rules[4].last_error,
			"duplicate sample for timestamp 15000; overrides not allowed: existing 0, new value 15");
		assert_int_equal(g->rules[4].alerting.state, ALERT_FIRING);
		assert_string_equal(w.sent.ptr, "firing {alertname=\"Same\"} 15000 +240000\n");
		assert_int_equal(g->failures, 0);
		world_step(&w, 30000);
		world_step(&w, 45000);
		assert_null(g->rules[1].last_error);
		assert_null(g->rules[4].last_error);
		world_finish(&w);
	}
}

/* A label whose template gives nothing is not the alert's, but stands in ALERTS as it is written. */
static void test_label_without_text(void **state) {
	(void)state;
	struct world w;
	world_init(&w,
			   "groups: [{name: g, labels: {team: '{{ $labels.nope }}'}, rules: ["
			   "{alert: A, expr: m, labels: {y: '{{ $labels.nope }}', z: '', x: ''}}, "
			   "{alert: B, expr: 'ALERTS{alertname=\"A\",y=\"{{ $labels.nope }}\"}'}]}]",
			   PQL_SERIES_STORED);
	world_add(&w, 0, 15000, "m{x=\"a\"} 1");
	world_step(&w, 0);
	assert_string_equal(world_alerts(&w, "A"), "firing {alertname=\"A\"} 1\n");
	assert_string_equal(
		world_alerts(&w, "B"),
		"firing {alertname=\"B\", alertstate=\"firing\", y=\"{{ $labels.nope }}\"} 1\n");
	world_finish(&w);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life_of_an_alert),
		cmocka_unit_test(test_rules_see_rules_before_them),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_regex_limit),
		cmocka_unit_test(test_data_source_down),
		cmocka_unit_test(test_resolved_while_down),
		cmocka_unit_test(test_query_offset),
		cmocka_unit_test(test_scalar_and_value_labels),
		cmocka_unit_test(test_template_queries),
		cmocka_unit_test(test_series_of_two_rules),
		cmocka_unit_test(test_label_without_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
