/* What lints find in rules, and what they pass over. */
#include <string.h>

#include "rules/lint/lint.h"
#include "tests/unit/check.h"

struct fixture {
	struct arena arena;
	struct diags diags;
	struct lint_options options;
	struct linter *linter;
	struct rule_counts counts;
	bool good;
};

static void start(struct fixture *f) {
	*f = (struct fixture){0};
	arena_init(&f->arena);
	diags_init(&f->diags, &f->arena);
	lint_options_init(&f->options);
	f->options.scrape_interval = 30000;
	f->linter = linter_create(&f->options);
}

static void finish(struct fixture *f) {
	linter_destroy(f->linter);
	arena_finish(&f->arena);
}

static struct lint_file parse(struct fixture *f, struct str text) {
	struct diags *yaml_diags = ARENA_NEW(&f->arena, struct diags);
	struct lint_file file = {.text = text, .yaml_diags = yaml_diags};
	struct yaml_document *documents;
	diags_init(yaml_diags, &f->arena);
	yaml_parse(text, &f->arena, yaml_diags, &documents, &file.count);
	file.documents = documents;
	return file;
}

static void check_text(struct fixture *f, struct str text) {
	struct lint_file file = parse(f, text);
	linter_add_recordings(f->linter, &file);
	f->good = linter_check(f->linter, &file, NULL, NULL, &f->diags, &f->counts);
}

/* The names of what was found, in the order of the text. */
static struct str names(const struct fixture *f, struct strbuf *out) {
	strbuf_clear(out);
	strbuf_add_c(out, "");
	for (size_t i = 0; i < f->diags.count; i++) {
		const struct diag *d = &f->diags.items[i];
		strbuf_printf(out, "%s%s", i > 0 ? " " : "", d->code != NULL ? d->code : d->message);
	}
	return strbuf_str(out);
}

static const char recordings[] =
	"groups:\n"
	"- name: g\n"
	"  rules:\n"
	"  - {record: 'rec:labels', expr: 'sum by (job) (rate(x_total[5m]))', labels: {team: a}}\n"
	"  - {record: 'rec:sum', expr: 'sum(x_total)'}\n"
	"  - {record: 'rec:up', expr: 'up > 0'}\n";

static void add_single_quoted(struct strbuf *out, const char *text) {
	strbuf_add_char(out, '\'');
	for (; *text != '\0'; text++) {
		strbuf_add_char(out, *text);
		if (*text == '\'') {
			strbuf_add_char(out, '\'');
		}
	}
	strbuf_add_char(out, '\'');
}

static const struct {
	const char *expr, *lints;
} cases[] = {
#define CASE(expr, lints) {expr, lints},
#include "tests/unit/lint_cases.def"
#undef CASE
};

static void test_expressions(void **state) {
	struct strbuf text = STRBUF_INIT, found = STRBUF_INIT;
	size_t wrong = 0;
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture f;
		start(&f);
		struct lint_file file = parse(&f, str_from(recordings));
		linter_add_recordings(f.linter, &file);
		strbuf_clear(&text);
		strbuf_add_c(&text, "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: ");
		add_single_quoted(&text, cases[i].expr);
		strbuf_add_c(&text, "\n    for: 5m\n    labels: {severity: page}\n");
		check_text(&f, strbuf_str(&text));
		if (!str_equal(names(&f, &found), str_from(cases[i].lints))) {
			print_error("%s\n finds [%s]\n   not [%s]\n", cases[i].expr, found.ptr, cases[i].lints);
			wrong++;
		}
		finish(&f);
	}
	strbuf_finish(&text);
	strbuf_finish(&found);
	assert_int_equal(wrong, 0);
}

#define ALERT "groups:\n- name: g\n  rules:\n  - alert: A\n"

static const struct {
	const char *text, *lints;
} rules[] = {
	{ALERT "    expr: up == 0\n", "missing-for missing-severity"},
	{ALERT "    expr: up == 0\n    for: 0s\n    labels: {severity: ''}\n", ""},
	{ALERT "    expr: avg_over_time(up[5m]) == 0\n    labels: {severity: a}\n", ""},
	{ALERT "    expr: avg_over_time((up == 0)[5m:]) == 0\n    labels: {severity: a}\n", ""},
	{ALERT "    expr: ALERTS{alertname=\"B\"}\n    labels: {severity: a}\n", ""},
	/* what is recorded: by rules that are here, or as the name says */
	{ALERT
	 "    expr: r > 1\n    labels: {severity: a}\n  - {record: r, expr: 'rate(x_total[5m])'}\n",
	 ""},
	{ALERT "    expr: r > 1\n    labels: {severity: a}\n  - {record: r, expr: 'sum(up)'}\n",
	 "missing-for"},
	{ALERT
	 "    expr: a:b5m > 1\n    labels: {severity: a}\n  - {record: 'a:b5m', expr: 'sum(up)'}\n",
	 "missing-for"},
	{ALERT
	 "    expr: s > 1\n    labels: {severity: a}\n  - {record: r, expr: 'rate(x_total[5m])'}\n"
	 "  - {record: s, expr: 2 * r}\n",
	 ""},
	{ALERT
	 "    expr: r > 1\n    labels: {severity: a}\n  - {record: r, expr: 'rate(x_total[5m])', labels: {a: b}}\n"
	 "  - {record: r, expr: up}\n",
	 "missing-for"},
	{ALERT
	 "    expr: job:errors:ratio_rate5m > 1 and job:errors:1h > 1\n    labels: {severity: a}\n",
	 ""},
	{ALERT "    expr: job:errors:ratio > 1\n    labels: {severity: a}\n", "missing-for"},
	{ALERT "    expr: errors5m > 1\n    labels: {severity: a}\n", "missing-for"},
	{ALERT "    expr: job:m > 1\n    labels: {severity: a}\n", "missing-for"},
	{"groups:\n- name: g\n  labels: {severity: a}\n  rules: [{alert: A, expr: up == 0, for: 5m}]\n",
	 ""},
	{"groups:\n- name: g\n  rules: [{record: a, expr: up}]\n", ""},
	{"groups:\n- name: g\n  rules: [{record: a, expr: up > 1}]\n", "dead-branch"},
	/* duplicate-rules */
	{"groups:\n- name: g\n  rules: [{record: a, expr: b}, {record: a, expr: c}]\n",
	 "duplicate-rules"},
	{"groups:\n- name: g\n  rules: [{record: a, expr: b, labels: {x: y}}, {record: a, expr: c}]\n",
	 ""},
	{"groups:\n- {name: g, rules: [{record: a, expr: b}]}\n- {name: h, rules: [{record: a, expr: b}]}\n",
	 "duplicate-rules"},
	/* templates */
	{ALERT
	 "    expr: sum by (job) (up) < 1\n    for: 5m\n    labels: {severity: a, x: '{{ $labels.y }}'}\n"
	 "    annotations: {s: '{{ $labels.job }} {{ $labels.instance }} {{ .Labels.instance }}'}\n",
	 "template-label template-label"},
	{ALERT "    expr: up == 0\n    for: 5m\n    labels: {severity: a}\n"
		   "    annotations: {s: '{{ $labels.severity }}'}\n",
	 ""},
	{ALERT "    expr: sum(up) == 0\n    for: 5m\n    labels: {severity: a}\n"
		   "    annotations: {s: '{{ $labels.severity }}'}\n",
	 "template-label"},
	{ALERT "    expr: up == 0\n    for: 5m\n    labels: {severity: '{{ $value }}'}\n",
	 "value-in-label"},
	{ALERT
	 "    expr: up == 0\n    for: 5m\n    labels: {severity: '{{ if gt $value 1.0 }}a{{ end }}'}\n",
	 ""},
	{ALERT "    expr: up == 0\n    for: 5m\n    labels: {severity: a}\n"
		   "    annotations: {s: '{{ if gt $value 5 }}a{{ end }}'}\n",
	 "template-fails"},
	{ALERT
	 "    expr: up == 0\n    for: 5m\n    labels: {severity: a}\n"
	 "    annotations: {s: '{{ .Foo }}', t: '{{ $value | humanize }}', u: '{{ $labels.x | humanize }}'}\n",
	 "template-fails"},
	{ALERT
	 "    expr: up == 0\n    for: 5m\n    labels: {severity: a}\n"
	 "    annotations: {s: '{{ query \"up\" | first | value }}', t: '{{ range query \"up ==\" }}x{{ end }}'}\n",
	 "template-query"},
	{ALERT "    expr: up == 0\n    for: 5m\n    labels: {severity: a}\n"
		   "    annotations: {s: '{{ reReplaceAll \"(\" \"\" $labels.x }}'}\n",
	 "template-fails"},
	/* comments */
	{ALERT "    expr: up # tocsin: disable=no-condition,missing-for\n    labels: {severity: a}\n",
	 ""},
	{ALERT "    # tocsin: disable=all\n    expr: up\n", ""},
	{"groups:\n- name: g\n  rules:\n  # tocsin: disable=no-condition\n  - alert: A\n    expr: up\n    for: 5m\n"
	 "    labels: {severity: a}\n  - alert: B\n    expr: up\n    for: 5m\n    labels: {severity: a}\n",
	 "no-condition"},
	{"groups:\n- name: g\n  # tocsin: disable=no-condition\n  rules:\n  - alert: A\n    expr: up\n    for: 5m\n"
	 "    labels: {severity: a}\n- name: h\n  rules:\n  - alert: B\n    expr: up\n    for: 5m\n"
	 "    labels: {severity: a}\n",
	 "no-condition"},
	{"# tocsin: disable=no-condition\n\ngroups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n    for: 5m\n"
	 "    labels: {severity: a}\n- name: h\n  rules:\n  - alert: B\n    expr: up\n    for: 5m\n"
	 "    labels: {severity: a}\n",
	 ""},
	{"groups:\n# tocsin: disable=no-condition, missing-for\n- name: g\n  rules:\n  - alert: A\n    expr: up\n"
	 "    labels: {severity: a}\n- name: h\n  rules:\n  - alert: B\n    expr: up\n"
	 "    labels: {severity: a}\n",
	 "missing-for no-condition"},
	{"groups:\n- name: g\n  rules:\n  # pint disable alerts/comparison\n  - alert: A\n    expr: up\n    for: 5m\n"
	 "    labels: {severity: a}\n",
	 ""},
	{"# pint file/disable promql/rate(x)\ngroups:\n- name: g\n  rules:\n  - alert: A\n    expr: delta(x_total[5m]) > 0\n"
	 "    for: 5m\n    labels: {severity: a}\n",
	 ""},
	{"# tocsin: disable=no-such\n# tocsin: enable=x\ngroups: []\n", "unknown-lint unknown-lint"},
	{"groups: [] # not for tocsin: disable=no-such\n", ""},
	/* the rest of a file with an error is judged */
	{"groups:\n- name: g\n  rules:\n  - {alert: A, expr: up +, for: 5m}\n"
	 "  - {alert: B, expr: up, for: 5m, labels: {severity: a}}\n",
	 "group \"g\", rule 1, \"A\": could not parse expression: 1:5: parse error: unexpected end of input "
	 "no-condition"},
};

static void test_rules(void **state) {
	struct strbuf found = STRBUF_INIT;
	size_t wrong = 0;
	(void)state;
	for (size_t i = 0; i < COUNT(rules); i++) {
		struct fixture f;
		start(&f);
		check_text(&f, str_from(rules[i].text));
		if (!str_equal(names(&f, &found), str_from(rules[i].lints))) {
			print_error("%s\n finds [%s]\n   not [%s]\n", rules[i].text, found.ptr, rules[i].lints);
			wrong++;
		}
		finish(&f);
	}
	strbuf_finish(&found);
	assert_int_equal(wrong, 0);
}

/* Recorded in one file, used in another; two rules of one name are either. */
static void test_recordings_of_other_files(void **state) {
	struct strbuf found = STRBUF_INIT;
	struct fixture f;
	(void)state;
	start(&f);
	struct lint_file first = parse(&f, STR("groups:\n- name: g\n  rules:\n"
										   "  - {record: 'a:b', expr: sum by (job) (x)}\n"));
	struct lint_file second = parse(&f, STR("groups:\n- name: g\n  rules:\n"
											"  - {record: 'a:b', expr: sum by (zone) (x)}\n"));
	linter_add_recordings(f.linter, &first);
	struct str alert = STR(
		ALERT
		"    expr: 'a:b > 5'\n    for: 5m\n    labels: {severity: a, x: '{{ $labels.zone }}'}\n");
	check_text(&f, alert);
	assert_true(str_equal(names(&f, &found), STR("template-label")));
	linter_add_recordings(f.linter, &second);
	diags_init(&f.diags, &f.arena);
	check_text(&f, alert);
	assert_true(str_equal(names(&f, &found), STR("")));
	strbuf_finish(&found);
	finish(&f);
}

static void test_requirements(void **state) {
	static const struct {
		const char *text, *error;
	} texts[] = {
		{"label:a", NULL},
		{"annotation:b=https?://.*", NULL},
		{"a", "expected label:NAME or annotation:NAME, with =REGEX behind it if the value matters"},
		{"label:", "expected the name of a label or annotation behind the colon"},
		{"label:a=(", "error parsing regexp: missing closing ): `(`"},
	};
	struct arena a;
	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct lint_requirement q;
		const char *error = NULL;
		bool good = lint_requirement_parse(str_from(texts[i].text), &a, &q, &error);
		assert_int_equal(good, texts[i].error == NULL);
		if (good) {
			lint_requirement_finish(&q);
		} else {
			assert_string_equal(error, texts[i].error);
		}
	}
	arena_finish(&a);
}

static void test_required(void **state) {
	static const char *const required[] = {"label:team", "label:severity=page|ticket",
										   "annotation:summary"};
	struct lint_requirement q[COUNT(required)];
	struct fixture f;
	const char *error;
	(void)state;
	start(&f);
	for (size_t i = 0; i < COUNT(required); i++) {
		assert_true(lint_requirement_parse(str_from(required[i]), &f.arena, &q[i], &error));
	}
	f.options.required = q;
	f.options.required_count = COUNT(required);
	check_text(&f,
			   STR(ALERT "    expr: up == 0\n    for: 5m\n    labels: {severity: x}\n"
						 "    annotations: {summary: ''}\n"
						 "  - {alert: B, expr: up == 0, for: 5m, labels: {severity: page, team: "
						 "'{{ $labels.x }}'}, annotations: {summary: s}}\n"
						 "  - {record: b, expr: up}\n"));
	assert_int_equal(f.diags.count, 3);
	assert_string_equal(f.diags.items[0].message,
						"the alert has no label \"team\", which is required");
	assert_string_equal(f.diags.items[1].message,
						"the label \"severity\" is \"x\"; page|ticket is required");
	assert_string_equal(f.diags.items[2].message,
						"the alert has no annotation \"summary\", which is required");
	for (size_t i = 0; i < COUNT(required); i++) {
		lint_requirement_finish(&q[i]);
	}
	finish(&f);
}

static void test_switches(void **state) {
	struct lint_set set = {0};
	struct fixture f;
	(void)state;
	assert_true(lint_set_switch(&set, STR("no-condition"), true));
	assert_true(lint_set_has(set, LINT_NO_CONDITION));
	assert_false(lint_set_has(set, LINT_MISSING_FOR));
	assert_true(lint_set_switch(&set, STR("all"), true));
	assert_true(lint_set_switch(&set, STR("no-condition"), false));
	assert_false(lint_set_has(set, LINT_NO_CONDITION));
	assert_true(lint_set_has(set, LINT_QUERY_FAILS));
	assert_false(lint_set_switch(&set, STR("no-such"), false));
	start(&f);
	f.options.enabled.bits = 0;
	check_text(&f, STR(ALERT "    expr: up\n"));
	assert_int_equal(f.diags.count, 0);
	finish(&f);
}

/* Messages of the loader and of lints are counted apart: a rule with an error of a lint loads. */
static void test_outcome(void **state) {
	struct fixture f;
	(void)state;
	start(&f);
	check_text(&f, STR(ALERT "    expr: up > 1\n    for: 5m\n    labels: {severity: a}\n"));
	assert_true(f.good);
	assert_int_equal(f.diags.errors, 1);
	assert_int_equal(f.counts.rules, 1);
	assert_int_equal(f.counts.groups, 1);
	finish(&f);
}

static struct str fixed(const struct fixture *f, struct str text, struct strbuf *out) {
	const struct diag_fix *fix = &f->diags.items[0].fix;
	strbuf_clear(out);
	strbuf_add(out, str_slice(text, 0, fix->span.start));
	strbuf_add(out, fix->text);
	strbuf_add(out, str_slice(text, fix->span.end, text.len));
	return strbuf_str(out);
}

/* Expression as it stands in the file, and what it is after the first finding's fix; NULL: none is offered. */
static const struct {
	const char *before, *after;
} fixes[] = {
	{"x{a=\"5..\", b=\"c\"} > 5", "x{a=~\"5..\", b=\"c\"} > 5"},
	{"x{a=\"c\", b=~'^d$' } > 5", "x{a=\"c\", b=~\"d\" } > 5"},
	{"'x{b=~\"d\"} > 5'", "'x{b=\"d\"} > 5'"},
	{"\"x{b=~'d'} > 5\"", NULL},
	{"|\n      x{\n        b=~\"d\",\n      } > 5", "|\n      x{\n        b=\"d\",\n      } > 5"},
	{"quantile(99, x) > 5", "quantile(0.99, x) > 5"},
	{"vllm_a_total == 5", "vllm:a_total == 5"},
};

static void test_fixes(void **state) {
	struct strbuf text = STRBUF_INIT, wanted = STRBUF_INIT, got = STRBUF_INIT;
	(void)state;
	for (size_t i = 0; i < COUNT(fixes); i++) {
		struct fixture f;
		start(&f);
		strbuf_clear(&text);
		strbuf_clear(&wanted);
		strbuf_printf(&text, ALERT "    for: 5m\n    labels: {severity: a}\n    expr: %s\n",
					  fixes[i].before);
		check_text(&f, strbuf_str(&text));
		assert_int_equal(f.diags.count, 1);
		if (fixes[i].after == NULL) {
			assert_null(f.diags.items[0].fix.text.ptr);
		} else {
			strbuf_printf(&wanted, ALERT "    for: 5m\n    labels: {severity: a}\n    expr: %s\n",
						  fixes[i].after);
			fixed(&f, strbuf_str(&text), &got);
			assert_string_equal(got.ptr, wanted.ptr);
		}
		finish(&f);
	}
	strbuf_finish(&text);
	strbuf_finish(&wanted);
	strbuf_finish(&got);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_recordings_of_other_files),
		cmocka_unit_test(test_requirements),
		cmocka_unit_test(test_required),
		cmocka_unit_test(test_switches),
		cmocka_unit_test(test_outcome),
		cmocka_unit_test(test_fixes),
	};
	return cmocka_run_group_tests_name("lint", tests, NULL, NULL);
}
