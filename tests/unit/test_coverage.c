/* Coverage: which points a rule has, which of them tests reach, and where they stand. */
#include "engine/rule-tests/coverage.h"
#include "engine/rule-tests/rule_test.h"
#include "tests/unit/check.h"

/* Rules in a file, the tests of a test file, one run. */
static void cover(struct coverage *c, const char *rules, const char *tests) {
	static const struct pql_syntax plain;
	struct test_file_options how = {.syntax = &plain};
	struct arena a;
	struct diags diags;
	struct test_file file;
	struct str path = STR("rules.yml");
	arena_init(&a);
	diags_init(&diags, &a);
	struct rule_set *set = rule_set_create();
	if (!rule_set_add_file(set, STR("dir/../rules.yml"), str_from(rules), &diags) ||
		!test_file_load(str_from(tests), &how, &a, &diags, &file)) {
		fail_msg("%s: %s", rules, diags.items[0].message);
	}
	struct coverage_set *s = coverage_open(c, set, &path);
	rule_set_destroy(set); /* it is held */
	for (size_t i = 0; i < file.group_count; i++) {
		struct rule_test_options options = {.coverage = s};
		struct rule_test_report report;
		assert_int_equal(file.groups[i].diags.errors, 0);
		rule_test_run(&file, &file.groups[i], set, &options, &a, &report);
		assert_null(report.refused);
		rule_test_report_finish(&report);
	}
	coverage_close(s);
	test_file_finish(&file);
	arena_finish(&a);
}

/* "tested -fired passed": those with a minus are not reached. */
static void print_points(struct strbuf *out, const struct coverage_rule *rule, size_t from) {
	for (size_t i = from; i < rule->point_count; i++) {
		strbuf_printf(out, "%s%s%s", out->len > 0 ? " " : "", rule->points[i].reached ? "" : "-",
					  coverage_kind_name[rule->points[i].kind]);
	}
}

/* Of the expression of a recording rule, over a few minutes. */
static const struct {
	const char *expr, *x, *y; /* samples of x{a="1"} and y{a="1"} */
	const char *points;
} values[] = {
	/* A comparison: some value passes, some does not. */
	{"x > 5", "9 9", "_", "recorded passed -held_back"},
	{"x > 5", "1 1", "_", "-recorded -passed held_back"},
	{"x > 5", "1 9", "_", "recorded passed held_back"},
	{"x > 5", "_ _", "_", "-recorded -passed -held_back"},
	{"5 < x", "1 9", "_", "recorded passed held_back"},
	{"x > bool 5", "1 1", "_", "recorded -passed held_back"},
	{"x > y", "1 9", "5 5", "recorded passed held_back"},
	{"x > y", "9 9", "_ 5", "recorded passed -held_back"},
	{"x > on () group_left y", "1 1", "5", "-recorded -passed held_back"},
	{"{a='1'} > 5", "9 9", "1 1", "recorded passed held_back"}, /* their names tell them apart */
	{"{a='1'} > 5", "9 9", "7 7", "recorded passed -held_back"},
	{"x > 5 < 8", "6 9", "_", "recorded passed held_back passed -held_back"},
	{"vector(1) > 0", "_", "_", "recorded passed -held_back"},
	{"scalar(x) > bool 5", "1 9", "_", "recorded passed held_back"},
	{"1 > bool 0", "_", "_", "recorded"}, /* it has but one side */
	{"x == 0", "NaN 1", "_", "-recorded -passed held_back"},
	/* or */
	{"x or y", "1 1", "_", "recorded left -right"},
	{"x or y", "_", "1 1", "recorded -left right"},
	{"x or on () y", "1 1", "1 1", "recorded left -right"},
	{"x or y", "1 1", "1 1", "recorded left -right"},
	{"x or on () vector(0)", "1 stale", "_", "recorded left right"},
	/* and, unless */
	{"x and y", "1 1", "1 1", "recorded stayed -left_out"},
	{"x and y", "1 1", "_ _", "-recorded -stayed left_out"},
	{"x and y", "1 1", "1 stale", "recorded stayed left_out"},
	{"x and y", "_", "1", "-recorded -stayed -left_out"},
	{"x unless y", "1 1", "_", "recorded stayed -left_out"},
	{"x unless y", "1 1", "1 1", "-recorded -stayed left_out"},
	/* absent */
	{"absent(x)", "1 1", "_", "-recorded -absent present"},
	{"absent(x)", "_ _", "_", "recorded absent -present"},
	{"absent_over_time(x[1m])", "_ 1", "_", "recorded absent present"},
	/* Places within others; the outer ones come first. */
	{"sum(x > 5) > 10 or vector(1) unless on () y == 1", "6 6", "1 1",
	 "-recorded -left -right -passed held_back passed -held_back -stayed left_out passed -held_back"},
	/* In a subquery there are other times; and times that were before the evaluation. */
	{"max_over_time((x > 5)[2m:1m])", "9 1", "_", "recorded passed held_back"},
	{"max_over_time((x > 5)[1m:1m] offset 1m)", "9 1", "_", "recorded passed -held_back"},
	{"max_over_time((x > 5)[1m:1m] @ 60)", "9 1", "_",
	 "recorded passed held_back"}, /* at 0 the sample of 60 is not there yet */
	{"sum_over_time(max_over_time((x > 5)[1m:1m])[2m:1m])", "9 1", "_",
	 "recorded passed held_back"},
	{"x offset 1m > 5", "9 1", "_", "recorded passed -held_back"},
	{"x offset -1m > 5", "9 1", "_", "recorded passed held_back"}, /* the future is not there */
	{"x @ 60 > 5", "9 9", "_", "recorded passed -held_back"},
	{"x @ end() > 5", "1 9", "_", "recorded passed held_back"},
};

static void test_values(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		struct strbuf rules = STRBUF_INIT, tests = STRBUF_INIT, points = STRBUF_INIT;
		struct coverage *c = coverage_create();
		strbuf_printf(&rules, "groups: [{name: g, rules: [{record: r, expr: \"%s\"}]}]\n",
					  values[i].expr);
		strbuf_printf(&tests,
					  "tests:\n- input_series:\n"
					  "  - {series: 'x{a=\"1\"}', values: %s}\n"
					  "  - {series: 'y{a=\"1\"}', values: %s}\n"
					  "  promql_expr_test: [{expr: nosuch, eval_time: 1m}]\n",
					  values[i].x, values[i].y);
		cover(c, rules.ptr, tests.ptr);
		print_points(&points, &c->files[0]->rules[0], 1);
		if (strcmp(points.ptr, values[i].points) != 0) {
			fail_msg("%s over %s and %s: %s, not %s", values[i].expr, values[i].x, values[i].y,
					 points.ptr, values[i].points);
		}
		coverage_destroy(c);
		strbuf_finish(&rules);
		strbuf_finish(&tests);
		strbuf_finish(&points);
	}
}

/* An alerting rule and the samples of x, a minute apart. */
static const struct {
	const char *rule, *x, *points;
} alerts[] = {
	{"expr: x > 5", "1 1", "tested -fired -resolved -passed held_back"},
	{"expr: x > 5", "9 9", "tested fired -resolved passed -held_back"},
	{"expr: x > 5", "9 1", "tested fired resolved passed held_back"},
	{"expr: x > 5, for: 2m", "9 9 1", "tested pending -fired dropped -resolved passed held_back"},
	{"expr: x > 5, for: 2m", "9 9 9", "tested pending fired -dropped -resolved passed -held_back"},
	{"expr: x > 5, for: 2m", "9 9 9 1", "tested pending fired -dropped resolved passed held_back"},
	{"expr: x > 5, keep_firing_for: 2m", "9 9",
	 "tested fired -kept_firing -resolved passed -held_back"},
	{"expr: x > 5, keep_firing_for: 3m", "9 1 1",
	 "tested fired kept_firing -resolved passed held_back"},
	{"expr: x > 5, keep_firing_for: 1m", "9 1 1",
	 "tested fired kept_firing resolved passed held_back"},
	{"expr: vector(1)", "1", "tested fired"}, /* it never ends */
	{"expr: absent(vector(1)) or vector(2)", "1", "tested fired -left right -absent present"},
	{"expr: 'sum(x) or vector(1)', for: 1m", "1 1", "tested pending fired left -right"},
};

static void test_alerts(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(alerts); i++) {
		struct strbuf rules = STRBUF_INIT, tests = STRBUF_INIT, points = STRBUF_INIT;
		struct coverage *c = coverage_create();
		strbuf_printf(&rules, "groups: [{name: g, rules: [{alert: A, %s}]}]\n", alerts[i].rule);
		strbuf_printf(&tests,
					  "tests: [{input_series: [{series: x, values: %s}], alert_rule_test: "
					  "[{eval_time: 3m, alertname: A}]}]\n",
					  alerts[i].x);
		cover(c, rules.ptr, tests.ptr);
		print_points(&points, &c->files[0]->rules[0], 0);
		if (strcmp(points.ptr, alerts[i].points) != 0) {
			fail_msg("%s over %s: %s, not %s", alerts[i].rule, alerts[i].x, points.ptr,
					 alerts[i].points);
		}
		coverage_destroy(c);
		strbuf_finish(&rules);
		strbuf_finish(&tests);
		strbuf_finish(&points);
	}
}

/* Which rules a test looks at, by the names of those that it does. */
#define LOOKED_AT                                                                                  \
	"groups:\n"                                                                                    \
	"- name: g\n"                                                                                  \
	"  rules:\n"                                                                                   \
	"  - {record: one, expr: x}\n"                                                                 \
	"  - {record: two, expr: one}\n"                                                               \
	"  - {record: split, labels: {part: a}, expr: x}\n"                                            \
	"  - {record: split, labels: {part: b}, expr: x}\n"                                            \
	"  - {alert: A, expr: two > 5, labels: {severity: page}}\n"                                    \
	"  - {alert: A, expr: 'split{part=\"b\"} > 5', labels: {severity: info}}\n"                    \
	"  - {alert: B, expr: 'ALERTS{alertname=\"A\", severity=\"info\"}'}\n"
static const struct {
	const char *test, *rules; /* numbers of rules */
} tested[] = {
	{"promql_expr_test: [{expr: nosuch, eval_time: 0m}]", ""},
	{"promql_expr_test: [{expr: one, eval_time: 0m}]", "0"},
	{"promql_expr_test: [{expr: two, eval_time: 0m}]", "0 1"},
	{"promql_expr_test: [{expr: 'sum({__name__=~\"o.*\"})', eval_time: 0m}]", "0"},
	{"promql_expr_test: [{expr: 'split{part=\"a\"}', eval_time: 0m}]", "2"},
	{"promql_expr_test: [{expr: 'split{part=\"a\", job=\"x\"}', eval_time: 0m}]", "2"},
	{"promql_expr_test: [{expr: split, eval_time: 0m}]", "2 3"},
	{"promql_expr_test: [{expr: ALERTS, eval_time: 0m}]", "0 1 3 4 5 6"},
	{"promql_expr_test: [{expr: 'ALERTS{alertname=\"A\"}', eval_time: 0m}]", "0 1 3 4 5"},
	{"alert_rule_test: [{alertname: A, eval_time: 0m}]", "0 1 3 4 5"},
	{"alert_rule_test: [{alertname: A, eval_time: 0m, with_labels: {severity: page}}]", "0 1 4"},
	{"alert_rule_test: [{alertname: B, eval_time: 0m}]", "3 5 6"},
	{"alert_rule_test: [{alertname: NoSuch, eval_time: 0m}]", ""},
};

static void test_tested(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(tested); i++) {
		struct strbuf tests = STRBUF_INIT, got = STRBUF_INIT;
		struct coverage *c = coverage_create();
		strbuf_printf(&tests, "tests:\n- {%s}\n", tested[i].test);
		strbuf_add_c(&got, "");
		cover(c, LOOKED_AT, tests.ptr);
		for (size_t k = 0; k < c->files[0]->rule_count; k++) {
			assert_int_equal(c->files[0]->rules[k].points[0].kind, COVERAGE_TESTED);
			if (c->files[0]->rules[k].points[0].reached) {
				strbuf_printf(&got, "%s%zu", got.len > 0 ? " " : "", k);
			}
		}
		if (!str_equal(strbuf_str(&got), str_from(tested[i].rules))) {
			fail_msg("%s: rules %s, not %s", tested[i].test, got.ptr, tested[i].rules);
		}
		coverage_destroy(c);
		strbuf_finish(&tests);
		strbuf_finish(&got);
	}
}

/* What several tests reach, of several test files, is one; a file with another text is another. */
static void test_joined(void **state) {
	static const char rules[] = "groups: [{name: g, rules: [{alert: A, expr: x > 5}]}]\n";
	static const char changed[] = "groups: [{name: g, rules: [{alert: A, expr: x > 6}]}]\n";
	static const char high[] =
		"tests: [{input_series: [{series: x, values: 9}], promql_expr_test: [{expr: y, eval_time: 1m}]}]\n";
	static const char both[] =
		"tests:\n"
		"- {input_series: [{series: x, values: 1}], promql_expr_test: [{expr: y, eval_time: 1m}]}\n"
		"- {input_series: [{series: x, values: 9 1}], alert_rule_test: [{alertname: A, eval_time: 1m}]}\n";
	struct coverage *c = coverage_create();
	(void)state;
	cover(c, rules, high);
	assert_int_equal(coverage_count(c).reached, 2); /* fired, passed */
	assert_int_equal(coverage_count(c).points, 5);
	cover(c, rules, both);
	assert_int_equal(c->file_count, 1);
	assert_int_equal(coverage_count(c).reached, 5);
	cover(c, changed, high);
	assert_int_equal(c->file_count, 2);
	assert_int_equal(coverage_count(c).points, 10);
	assert_int_equal(coverage_count(c).reached, 7);
	coverage_destroy(c);
}

/* Where the points of the expression stand in the file. */
static const struct {
	const char *rules, *places;
} places[] = {
	{"groups: [{name: g, rules: [{record: r, expr: x > 5}]}]", "> 5|> 5"},
	{"groups: [{name: g, rules: [{record: r, expr: 0 == x}]}]", "0 ==|0 =="},
	{"groups:\n- name: g\n  rules:\n  - record: r\n    expr: |\n      sum by (a) (\n        x\n      )\n"
	 "        or on ()\n      sum(y)\n",
	 "sum by (a) (\n        x\n      )|sum(y)"},
	{"groups:\n- name: g\n  rules:\n  - record: r\n    expr: \"x{a=\\\"\\u00e4\\\"} unless y\"\n",
	 "unless y|unless y"},
	{"groups: [{name: g, rules: [{expr: &e 'x and y', record: r}, {record: q, expr: *e}]}]",
	 "and y|and y"},
	{"groups: [{name: g, rules: [{record: r, expr: absent(x) + 1}]}]", "absent(x)|absent(x)"},
	{"apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: m, namespace: n}\n"
	 "spec:\n  groups: [{name: g, rules: [{record: r, expr: x > 5}]}]\n",
	 "> 5|> 5"},
};

static void test_places(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(places); i++) {
		struct strbuf got = STRBUF_INIT;
		struct coverage *c = coverage_create();
		cover(c, places[i].rules, "tests: []\n");
		const struct coverage_file *file = c->files[0];
		for (size_t k = 0; k < file->rule_count; k++) {
			strbuf_clear(&got);
			for (size_t n = 2; n < file->rules[k].point_count; n++) {
				struct span span = file->rules[k].points[n].span;
				strbuf_add_c(&got, n > 2 ? "|" : "");
				strbuf_add(&got, str_slice(file->text, span.start, span.end));
			}
			assert_string_equal(got.ptr, places[i].places);
		}
		coverage_destroy(c);
		strbuf_finish(&got);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values), cmocka_unit_test(test_alerts), cmocka_unit_test(test_tested),
		cmocka_unit_test(test_joined), cmocka_unit_test(test_places),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
