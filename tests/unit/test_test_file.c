/* Rule-test files: what is read from them, and what is refused where. */
#include "rules/test_file.h"
#include "tests/unit/check.h"

struct fixture {
	struct arena arena;
	struct diags diags;
	struct test_file file;
	bool good;
};

static const struct pql_syntax plain;

static void load_as(struct fixture *f, const char *text, struct test_file_options options) {
	options.syntax = &plain;
	arena_init(&f->arena);
	diags_init(&f->diags, &f->arena);
	f->good = test_file_load(str_from(text), &options, &f->arena, &f->diags, &f->file);
}

static void load(struct fixture *f, const char *text) {
	load_as(f, text, (struct test_file_options){0});
}

static void finish(struct fixture *f) {
	test_file_finish(&f->file);
	arena_finish(&f->arena);
}

static void assert_str(struct str got, const char *wanted) {
	if (!str_equal(got, str_from(wanted))) {
		fail_msg("[%.*s] is not [%s]", STR_FMT(got), wanted);
	}
}

static void assert_labels(struct labels got, const char *wanted) {
	struct strbuf b = STRBUF_INIT;
	labels_print(&b, got);
	assert_string_equal(b.ptr, wanted);
	strbuf_finish(&b);
}

static void test_everything(void **state) {
	struct fixture f;
	(void)state;
	load(&f,
		 "rule_files: [a.yml, 'b*.yml']\n"
		 "evaluation_interval: 30s\n"
		 "group_eval_order: [two, one]\n"
		 "fuzzy_compare: true\n"
		 "tests:\n"
		 "- name: first\n"
		 "  interval: 15s\n"
		 "  start_timestamp: 2024-01-02T03:04:05.678Z\n"
		 "  external_labels: {dc: eu, a: ''}\n"
		 "  external_url: http://x\n"
		 "  input_series:\n"
		 "  - {series: 'up{a=\"b\"}', values: 1 _x2 0+1x3}\n"
		 "  alert_rule_test:\n"
		 "  - eval_time: 5m\n"
		 "    alertname: Down\n"
		 "    exp_alerts:\n"
		 "    - exp_labels: {z: y, alertname: Other}\n"
		 "      exp_annotations: {s: ''}\n"
		 "  promql_expr_test:\n"
		 "  - expr: up > 0\n"
		 "    eval_time: 1m30s\n"
		 "    exp_samples:\n"
		 "    - {labels: 'up{a=\"b\"}', value: 1e3}\n"
		 "    - {labels: 'h', histogram: '{{sum:1}}'}\n"
		 "- {}\n");
	assert_true(f.good);
	assert_int_equal(f.diags.count, 0);
	assert_int_equal(f.file.rule_file_count, 2);
	assert_str(f.file.rule_files[1].text, "b*.yml");
	assert_int_equal(f.file.evaluation_interval, 30000);
	assert_int_equal(f.file.group_order_count, 2);
	assert_true(f.file.fuzzy);
	assert_int_equal(f.file.group_count, 2);
	const struct test_group *g = &f.file.groups[0];
	assert_str(g->name, "first");
	assert_int_equal(g->interval, 15000);
	assert_int_equal(g->start, 1704164645678);
	assert_labels(g->external_labels, "{a=\"\", dc=\"eu\"}");
	assert_str(g->external_url, "http://x");
	assert_int_equal(g->series_count, 1);
	assert_int_equal(g->series[0].sequence.point_count, 7);
	assert_int_equal(g->series[0].sequence.run_count, 3);
	const struct test_alert_case *c = &g->alerts[0];
	assert_int_equal(c->eval_time, 300000);
	assert_true(c->firing.given && c->firing.count == 1);
	assert_true(c->firing.items[0].labels.whole);
	assert_labels(c->firing.items[0].labels.exact, "{alertname=\"Down\", z=\"y\"}");
	assert_int_equal(c->firing.items[0].annotations.exact.count, 1);
	assert_false(c->pending.given || c->resolved.given || c->notifications.given || c->has_windows);
	const struct test_expr_case *e = &g->exprs[0];
	assert_int_equal(e->eval_time, 90000);
	assert_int_equal(e->sample_count, 2);
	assert_float_equal(e->samples[0].value, 1000, 0);
	assert_non_null(e->samples[1].histogram);
	assert_int_equal(f.file.groups[1].number, 1);
	assert_int_equal(f.file.groups[1].interval, 30000); /* the evaluation interval */
	finish(&f);
}

static void test_own_keys(void **state) {
	struct fixture f;
	(void)state;
	load(
		&f,
		"tests:\n"
		"- alert_rule_test:\n"
		"  - eval_time: 10m\n"
		"    alertname: A\n"
		"    with_labels: {a: b}\n"
		"    exp_pending:\n"
		"    - {exp_labels_include: {a: b}, exp_labels_match: {c: 'd.*'}, exp_value: 5, exp_active_at: 1m}\n"
		"    exp_resolved: [{exp_resolved_at: 3m}]\n"
		"    exp_notifications: [{exp_status: resolved, exp_starts_at: 1m, exp_ends_at: 2m}]\n"
		"    fires_between: [[1m], [2m, 3m]]\n"
		"  - {eval_time: 10m, alertname: A, fires_between: [1m, 2m]}\n"
		"  - {eval_time: 10m, alertname: A, fires_between: []}\n");
	assert_true(f.good);
	assert_int_equal(f.file.groups[0].diags.count, 0);
	const struct test_alert_case *c = &f.file.groups[0].alerts[0];
	const struct test_alert *a = &c->pending.items[0];
	assert_labels(c->with_labels, "{a=\"b\"}");
	assert_false(a->labels.whole);
	assert_labels(a->labels.exact, "{a=\"b\"}");
	assert_int_equal(a->labels.pattern_count, 1);
	assert_true(a->annotations.whole); /* none are expected */
	assert_true(a->has_value && a->value == 5);
	assert_int_equal(a->active_at, 60000);
	assert_true(a->resolved_at == TEST_TIME_NONE);
	assert_int_equal(c->resolved.items[0].resolved_at, 180000);
	assert_int_equal(c->notifications.items[0].status, TEST_STATUS_RESOLVED);
	assert_int_equal(c->notifications.items[0].ends_at, 120000);
	assert_int_equal(c->window_count, 2);
	assert_int_equal(c->windows[0].to, 600000); /* eval_time, where nothing is said */
	assert_int_equal(c->windows[1].from, 120000);
	assert_int_equal(c[1].window_count, 1);
	assert_true(c[2].has_windows && c[2].window_count == 0); /* never */
	finish(&f);
}

static void test_unknown_keys(void **state) {
	static const char own[] =
		"tests: [{alert_rule_test: [{eval_time: 1m, alertname: A, fires_between: [1m]}]}]\n";
	static const char unknown[] = "tests: []\nother: 1\n";
	struct fixture f;
	(void)state;
	load_as(&f, own, (struct test_file_options){.promtool = true});
	assert_false(f.good);
	assert_string_equal(f.diags.items[0].message,
						"yaml: line 1: field fires_between not found in type main.alertTestCase");
	finish(&f);
	load(&f, unknown);
	assert_false(f.good);
	finish(&f);
	load_as(&f, unknown, (struct test_file_options){.ignores_unknown = true});
	assert_true(f.good);
	finish(&f);
}

static void test_start_times(void **state) {
	static const struct {
		const char *text;
		ts_ms start;
	} cases[] = {
		{"0", 0},
		{"1.5", 1500},
		{"1e3", 1000000},
		{"-1", -1000},
		{"'1.0019'", 1001},
		{"'-0.0005'", -1},
		{"'1970-01-01T00:00:01Z'", 1000},
		{"'1970-01-01T01:00:00+01:00'", 0},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture f;
		struct strbuf text = STRBUF_INIT;
		strbuf_printf(&text, "tests: [{start_timestamp: %s}]\n", cases[i].text);
		load(&f, text.ptr);
		if (!f.good || f.file.groups[0].start != cases[i].start) {
			fail_msg("%s: %lld", cases[i].text, f.good ? (long long)f.file.groups[0].start : -1);
		}
		finish(&f);
		strbuf_finish(&text);
	}
}

/* What is wrong with one group does not keep others from being run. */
static void test_errors_of_groups(void **state) {
	static const struct {
		const char *group, *message, *at;
	} cases[] = {
		{"input_series: [{series: up, values: 1 no}]",
		 "unexpected identifier \"no\" in series values, expected number or \"stale\"", "no}"},
		{"input_series: [{series: '', values: ''}]", NULL, ""},
		{"input_series: [{series: '{}', values: 1}]", "a series needs a name or labels", "{}'"},
		{"input_series: [{series: up, values: \"1\\n\\n\"}, {series: b, values: 1}]",
		 "an empty line: promtool reads no input series behind it, and says nothing", NULL},
		{"alert_rule_test: [{eval_time: 1m}]",
		 "an item under alert_rule_test misses required attribute alertname at eval_time 1m", NULL},
		{"promql_expr_test: [{expr: 'sum(', eval_time: 1m}]",
		 "1:5: parse error: unclosed left parenthesis", NULL},
		{"promql_expr_test: [{expr: 'up[1m]', eval_time: 1m}]",
		 "rule result is not a vector or scalar", "'up["},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture f;
		struct strbuf text = STRBUF_INIT;
		strbuf_printf(&text, "tests:\n- {%s}\n- {}\n", cases[i].group);
		load(&f, text.ptr);
		const struct diags *d = &f.file.groups[0].diags;
		assert_true(f.good);
		assert_int_equal(f.file.groups[1].diags.count, 0);
		if (cases[i].message == NULL) {
			assert_int_equal(d->errors, 0);
		} else if (d->count == 0 || strcmp(d->items[0].message, cases[i].message) != 0) {
			fail_msg("%s: %s", cases[i].group, d->count > 0 ? d->items[0].message : "no error");
		} else if (cases[i].at != NULL) {
			assert_true(str_starts_with(
				(struct str){text.ptr + d->items[0].span.start, strlen(cases[i].at)},
				str_from(cases[i].at)));
		}
		finish(&f);
		strbuf_finish(&text);
	}
}

int main(void) {
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),       cmocka_unit_test(test_own_keys),
		cmocka_unit_test(test_unknown_keys),     cmocka_unit_test(test_start_times),
		cmocka_unit_test(test_errors_of_groups),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
