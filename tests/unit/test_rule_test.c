/* Rule tests: what passes, what is reported of what does not, and where it ends. */
#include "engine/rule-tests/rule_test.h"
#include "tests/unit/check.h"

#define RULES                                                                                      \
	"groups:\n"                                                                                    \
	"- name: g\n"                                                                                  \
	"  rules:\n"                                                                                   \
	"  - {alert: High, expr: x > 5, for: 2m, keep_firing_for: 1m, labels: {s: page},\n"            \
	"     annotations: {v: 'is {{ $value }} in {{ $externalLabels.dc }}'}}\n"                      \
	"  - {record: twice, expr: x * 2}\n"                                                           \
	"- name: slow\n"                                                                               \
	"  interval: 5m\n"                                                                             \
	"  rules: [{alert: Slow, expr: x > 5}]\n"

struct fixture {
	struct arena arena;
	struct test_file file;
	struct rule_set *set;
	struct rule_test_report report;
};

static void run(struct fixture *f, const char *text, struct rule_test_options options) {
	static const struct pql_syntax plain;
	struct test_file_options how = {.syntax = &plain};
	struct diags diags;
	arena_init(&f->arena);
	diags_init(&diags, &f->arena);
	f->set = rule_set_create();
	assert_true(rule_set_add_file(f->set, STR("rules.yml"), STR(RULES), &diags));
	if (!test_file_load(str_from(text), &how, &f->arena, &diags, &f->file) ||
		f->file.groups[0].diags.errors > 0) {
		fail_msg("%s: %s", text,
				 diags.count > 0 ? diags.items[0].message
								 : f->file.groups[0].diags.items[0].message);
	}
	rule_test_run(&f->file, &f->file.groups[0], f->set, &options, &f->arena, &f->report);
}

static void finish(struct fixture *f) {
	rule_test_report_finish(&f->report);
	test_file_finish(&f->file);
	rule_set_destroy(f->set);
	arena_finish(&f->arena);
}

/* What is expected of `x{a="1"} 0 6x9 0x9` and `x{a="2"} 1x18`, a minute apart, and whether it passes. */
static const struct {
	const char *test;
	bool passes;
} cases[] = {
	/* Alerts that fire: those of the last evaluation at or before the time. */
	{"alert_rule_test: [{eval_time: 2m, alertname: High}]", true},
	{"alert_rule_test: [{eval_time: 2m59s, alertname: High}]", true},
	{"alert_rule_test: [{eval_time: 3m, alertname: High}]", false},
	{"alert_rule_test: [{eval_time: 3m59s, alertname: High, exp_alerts: [{exp_labels: {a: 1, s: page}, "
	 "exp_annotations: {v: is 6 in eu}}]}]",
	 true},
	{"alert_rule_test: [{eval_time: 3m, alertname: High, exp_alerts: [{exp_labels: {a: 1, s: page}}]}]",
	 false},
	{"alert_rule_test: [{eval_time: 11m, alertname: High, exp_alerts: [{exp_labels: {a: 1, s: page}, "
	 "exp_annotations: {v: is 6 in eu}}]}]",
	 true}, /* keep_firing_for */
	{"alert_rule_test: [{eval_time: 12m, alertname: High}]", true},
	{"alert_rule_test: [{eval_time: 12m, alertname: NoSuch}]", true},
	/* A part of them, and patterns. */
	{"alert_rule_test: [{eval_time: 3m, alertname: High, exp_alerts: [{exp_labels_include: {a: 1}, "
	 "exp_annotations_match: {v: 'is [0-9] .*'}}]}]",
	 true},
	{"alert_rule_test: [{eval_time: 3m, alertname: High, exp_alerts: [{exp_labels_include: {a: 2}, "
	 "exp_annotations_match: {v: '.*'}}]}]",
	 false},
	{"alert_rule_test: [{eval_time: 3m, alertname: High, exp_alerts: [{exp_labels_match: {a: '1|2'}, "
	 "exp_annotations_match: {v: 'is'}}]}]",
	 false}, /* the whole of it */
	{"alert_rule_test: [{eval_time: 3m, alertname: High, exp_alerts: [{exp_labels_match: {nosuch: '.*'}, "
	 "exp_annotations_match: {v: '.*'}}]}]",
	 false}, /* it must be there */
	{"alert_rule_test: [{eval_time: 3m, alertname: High, with_labels: {a: 2}}]", true},
	/* Values and times. */
	{"alert_rule_test: [{eval_time: 3m, alertname: High, exp_alerts: [{exp_labels_include: {}, "
	 "exp_annotations_include: {}, exp_value: 6, exp_active_at: 1m}]}]",
	 true},
	{"alert_rule_test: [{eval_time: 3m, alertname: High, exp_alerts: [{exp_labels_include: {}, "
	 "exp_annotations_include: {}, exp_value: 7}]}]",
	 false},
	{"alert_rule_test: [{eval_time: 3m, alertname: High, exp_alerts: [{exp_labels_include: {}, "
	 "exp_annotations_include: {}, exp_active_at: 2m}]}]",
	 false},
	/* Pending and resolved. */
	{"alert_rule_test: [{eval_time: 2m, alertname: High, exp_pending: [{exp_labels_include: {a: 1}, "
	 "exp_annotations_include: {}, exp_active_at: 1m}]}]",
	 true},
	{"alert_rule_test: [{eval_time: 2m, alertname: High, exp_pending: []}]", false},
	{"alert_rule_test: [{eval_time: 12m, alertname: High, exp_resolved: [{exp_labels_include: {a: 1}, "
	 "exp_annotations_include: {}, exp_resolved_at: 12m}]}]",
	 true},
	{"alert_rule_test: [{eval_time: 11m, alertname: High, exp_alerts: [{exp_labels_include: {}, "
	 "exp_annotations_include: {}}], exp_resolved: [{exp_labels_include: {}}]}]",
	 false},
	/* What Alertmanager is told. */
	{"alert_rule_test: [{eval_time: 12m, alertname: High, exp_notifications: [{exp_labels: {a: 1, s: page, dc: eu}, "
	 "exp_annotations_include: {}, exp_status: resolved, exp_starts_at: 3m, exp_ends_at: 12m}]}]",
	 true},
	{"alert_rule_test: [{eval_time: 12m, alertname: High, exp_notifications: []}]", false},
	/* When it fires. */
	{"alert_rule_test: [{eval_time: 19m, alertname: High, fires_between: [3m, 11m]}]", true},
	{"alert_rule_test: [{eval_time: 19m, alertname: High, fires_between: [3m, 10m]}]", false},
	{"alert_rule_test: [{eval_time: 19m, alertname: High, fires_between: [[3m, 11m], [13m, 14m]]}]",
	 false},
	{"alert_rule_test: [{eval_time: 19m, alertname: High, fires_between: []}]", false},
	{"alert_rule_test: [{eval_time: 5m, alertname: High, exp_alerts: [{exp_labels_include: {}, "
	 "exp_annotations_include: {}}], fires_between: [3m]}]",
	 true},
	/* Groups have intervals of their own. */
	{"alert_rule_test: [{eval_time: 4m, alertname: Slow}]", true},
	{"alert_rule_test: [{eval_time: 5m, alertname: Slow, exp_alerts: [{exp_labels: {a: 1}}]}]",
	 true},
	{"alert_rule_test: [{eval_time: 15m, alertname: Slow, exp_alerts: []}]", true},
	/* Expressions. */
	{"promql_expr_test: [{expr: sum(twice), eval_time: 5m, exp_samples: [{value: 14}]}]", true},
	{"promql_expr_test: [{expr: sum(twice), eval_time: 5m, exp_samples: [{value: 14.000000000000002}]}]",
	 false},
	{"promql_expr_test: [{expr: x, eval_time: 5m, exp_samples: [{labels: 'x{a=\"2\"}', value: 1}, "
	 "{labels: 'x{a=\"1\"}', value: 6}]}]",
	 true},
	{"promql_expr_test: [{expr: x, eval_time: 5m, exp_samples: [{labels: 'x{a=\"2\"}', value: 1}]}]",
	 false},
	{"promql_expr_test: [{expr: 1 + 1, eval_time: 5m, exp_samples: [{value: 2}]}]", true},
	{"promql_expr_test: [{expr: 0 / 0, eval_time: 5m, exp_samples: [{value: .nan}]}]", false},
	{"promql_expr_test: [{expr: nosuch, eval_time: 5m}]", true},
	/* What is to come is not there yet. */
	{"promql_expr_test: [{expr: x offset -4m, eval_time: 1m, exp_samples: [{labels: 'x{a=\"1\"}', value: 6}, "
	 "{labels: 'x{a=\"2\"}', value: 1}]}]",
	 true},
};

static void run_case(struct fixture *f, const char *test, bool fuzzy,
					 struct rule_test_options options) {
	struct strbuf text = STRBUF_INIT;
	strbuf_printf(&text,
				  "fuzzy_compare: %s\n"
				  "tests:\n"
				  "- external_labels: {dc: eu}\n"
				  "  input_series:\n"
				  "  - {series: 'x{a=\"1\"}', values: 0 6x9 0x9}\n"
				  "  - {series: 'x{a=\"2\"}', values: 1x18}\n"
				  "  %s\n",
				  fuzzy ? "true" : "false", test);
	run(f, text.ptr, options);
	strbuf_finish(&text);
}

static void test_verdicts(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (int stepwise = 0; stepwise < 2; stepwise++) {
			struct fixture f;
			run_case(&f, cases[i].test, false,
					 (struct rule_test_options){.explains = true, .stepwise = stepwise});
			if (rule_test_passed(&f.report) != cases[i].passes) {
				fail_msg("%s: %s", cases[i].test, cases[i].passes ? "fails" : "passes");
			}
			finish(&f);
		}
	}
}

static void test_fuzzy(void **state) {
	static const char test[] =
		"promql_expr_test: [{expr: sum(twice), eval_time: 5m, exp_samples: [{value: 14.000000000000002}]}]";
	struct fixture f;
	(void)state;
	run_case(&f, test, true, (struct rule_test_options){0});
	assert_true(rule_test_passed(&f.report));
	finish(&f);
}

static void test_promtool(void **state) {
	static const char test[] = "alert_rule_test: [{eval_time: 1m, alertname: Slow}]";
	struct fixture f;
	(void)state;
	run_case(&f, test, false, (struct rule_test_options){0});
	assert_true(rule_test_passed(&f.report)); /* not evaluated between 0 and 5m */
	finish(&f);
	run_case(&f, test, false, (struct rule_test_options){.promtool = true});
	assert_false(rule_test_passed(&f.report));
	finish(&f);
}

/* Expectations that several alerts fit: each alert is one's only, and nobody goes without where all can be served. */
static void test_partners(void **state) {
	static const char text[] =
		"tests:\n"
		"- input_series:\n"
		"  - {series: 'x{a=\"1\"}', values: 9}\n"
		"  - {series: 'x{a=\"2\"}', values: 9}\n"
		"  - {series: 'x{a=\"3\"}', values: 9}\n"
		"  alert_rule_test:\n"
		"  - eval_time: 0m\n"
		"    alertname: Slow\n"
		"    exp_alerts:\n"
		"    - {exp_labels_match: {a: '1|2|3'}}\n"
		"    - {exp_labels_match: {a: '1|2'}}\n"
		"    - {exp_labels_match: {a: '1'}}\n"
		"  - eval_time: 0m\n"
		"    alertname: Slow\n"
		"    exp_alerts:\n"
		"    - {exp_labels_match: {a: '1'}}\n"
		"    - {exp_labels_match: {a: '1'}}\n"
		"    - {exp_labels: {a: '3', b: c}}\n";
	struct fixture f;
	(void)state;
	run(&f, text, (struct rule_test_options){0});
	assert_int_equal(f.report.check_count, 2);
	assert_true(f.report.checks[0].passed);
	const struct rule_test_check *c = &f.report.checks[1];
	assert_false(c->passed);
	assert_true(c->partners[0] != RULE_TEST_NONE && c->partners[1] == RULE_TEST_NONE);
	for (size_t i = 0; i < c->got_count; i++) {
		if (str_equal(labels_get(c->got[i].labels, STR("a")), STR("3"))) {
			assert_int_equal(c->got[i].similar, 2); /* what it is most like */
		}
	}
	finish(&f);
}

static void test_explanation(void **state) {
	static const char test[] =
		"alert_rule_test: [{eval_time: 12m, alertname: High, exp_pending: [{}]}]";
	static const struct {
		dur_ms time;
		enum alert_change change;
	} changes[] = {{60000, ALERT_APPEARED}, {180000, ALERT_FIRED}, {720000, ALERT_RESOLVED}};
	struct fixture f;
	(void)state;
	run_case(&f, test, false, (struct rule_test_options){.explains = true});
	assert_int_equal(f.report.failed, 1);
	const struct rule_test_explanation *e = NULL;
	for (size_t i = 0; i < f.report.check_count; i++) {
		e = f.report.checks[i].explanation != NULL ? f.report.checks[i].explanation : e;
	}
	assert_non_null(e);
	assert_int_equal(e->expression_count, 1);
	assert_int_equal(e->expressions[0].part_count, 2); /* x > 5, x */
	assert_int_equal(e->expressions[0].parts[0].value.row_count, 0);
	assert_int_equal(e->expressions[0].parts[1].value.row_count, 2);
	assert_int_equal(e->expressions[0].series[0].row_count, 2);
	assert_int_equal(e->change_count, COUNT(changes));
	for (size_t i = 0; i < COUNT(changes); i++) {
		assert_int_equal(e->changes[i].time, changes[i].time);
		assert_int_equal(e->changes[i].change, changes[i].change);
	}
	finish(&f);
}

static void test_limits(void **state) {
	static const struct {
		const char *test, *refused;
	} limits[] = {
		{"promql_expr_test: [{expr: x, eval_time: 100y}]",
		 "evaluations up to 100y at an interval of 1m"},
		{"alert_rule_test: [{eval_time: 100y, alertname: High}]", "evaluations up to 100y"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(limits); i++) {
		struct fixture f;
		run_case(&f, limits[i].test, false, (struct rule_test_options){0});
		assert_false(rule_test_passed(&f.report));
		assert_non_null(strstr(f.report.refused, limits[i].refused));
		finish(&f);
	}
}

int main(void) {
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),    cmocka_unit_test(test_fuzzy),
		cmocka_unit_test(test_promtool),    cmocka_unit_test(test_partners),
		cmocka_unit_test(test_explanation), cmocka_unit_test(test_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
