/* Rule files with canonical expressions: what changes, what stays, and the diff. */
#include <string.h>

#include "rules/lint/rule_format.h"
#include "tests/unit/check.h"

struct fixture {
	struct arena arena;
	struct diags yaml_diags;
	struct lint_file file;
	struct rule_format format;
	bool good;
};

static void make(struct fixture *f, struct str text) {
	struct yaml_document *documents;
	*f = (struct fixture){0};
	arena_init(&f->arena);
	diags_init(&f->yaml_diags, &f->arena);
	f->file = (struct lint_file){.text = text, .yaml_diags = &f->yaml_diags};
	yaml_parse(text, &f->arena, &f->yaml_diags, &documents, &f->file.count);
	f->file.documents = documents;
	f->good = rule_format_make(&f->file, false, &f->arena, &f->format);
}

static void finish(struct fixture *f) {
	arena_finish(&f->arena);
}

/* Of a ratio that is too long for a line. */
#define LEFT "sum by (job, instance) (rate(http_requests_total{code=~\"5..\"}[5m]))"
#define RIGHT "sum by (job, instance) (rate(http_requests_total[5m]))"
#define HEAD "groups:\n- name: g\n  rules:\n  - record: a\n"

/* What stands behind `expr: ` before and after. */
static const struct {
	const char *before, *after;
} cases[] = {
	{"up==1", "up == 1"},
	{"up == 1", "up == 1"},
	{"sum(rate(x[5m]))by(job)>5", "sum by (job) (rate(x[5m])) > 5"},
	{"'sum(x)by(job)'", "'sum by (job) (x)'"},
	{"\"up{a=\\\"b\\\"}==1\"", "\"up{a=\\\"b\\\"} == 1\""},
	{"'up{a=''b''}'", "'up{a=\"b\"}'"},
	{"'up{a=~''b''''c''}'", "'up{a=~''b''''c''}'"}, /* does not parse */
	{"up{a='b'} # a comment", "up{a=\"b\"} # a comment"},
	{"-up", "-up"},
	{"- up", "- up"}, /* a list, not a text */
	{"(- up)", "(-up)"},
	{"{__name__='up'}", "{__name__='up'}"}, /* a mapping, not a text */
	{"'{__name__=\"up\"}'", "'{__name__=\"up\"}'"},
	{"up  # tocsin\n", "up  # tocsin\n"},
	{"x{a=\"b: c\"}", "x{a=\"b: c\"}"},
	{"!!str up==1", "!!str up == 1"},
	{"&e up==1", "&e up == 1"},
	{"|\n      sum(\n      x\n      )\n", "|\n      sum(x)\n"},
	{"|-\n      up==1", "|-\n      up == 1"},
	{"|+   # why\n      up==1\n\n", "|+   # why\n      up == 1\n\n"},
	{"|2\n      up==1\n", "|2\n      up == 1\n"},
	{">\n      up\n      ==1\n", ">\n      up == 1\n"},
	{"|\n      # a comment\n      up==1\n", "|\n      # a comment\n      up==1\n"},
	{"|\n      up{a=\"#\"}==1\n", "|\n      up{a=\"#\"} == 1\n"},
	{"|\r\n      sum(\r\n      x)\r\n", "|\r\n      sum(x)\r\n"},
	{"up\n      ==1", "up\n      ==1"},
	{"1e3", "1000"},
	{"up{a=~`b\\.c`}", "up{a=~\"b\\\\.c\"}"},
	{"'x and\n      y'", "'x and\n      y'"},
	{">-  # 3\n       " LEFT " / \n       (" RIGHT ")\n",
	 ">3-  # 3\n         " LEFT "\n       /\n         (" RIGHT ")\n"},
	{"|2-\n          " LEFT "\n      /\n       " RIGHT "",
	 "|2-\n        " LEFT "\n      /\n        " RIGHT ""},
	/* YAML counts an indentation to 9 only */
	{"|\n                  " LEFT " /\n                  " RIGHT "\n",
	 "|\n                  " LEFT " /\n                  " RIGHT "\n"},
	{"|\n      sum by (job, instance) (rate(http_requests_total{code=~\"5..\"}[5m])) / sum by (job, instance) "
	 "(rate(http_requests_total[5m]))\n",
	 "|2\n        sum by (job, instance) (rate(http_requests_total{code=~\"5..\"}[5m]))\n      /\n"
	 "        sum by (job, instance) (rate(http_requests_total[5m]))\n"},
};

static void run_case(const char *before, const char *after, size_t *wrong) {
	struct strbuf text = STRBUF_INIT, wanted = STRBUF_INIT;
	struct fixture f, again;
	strbuf_printf(&text, HEAD "    expr: %s\n  - {record: b, expr: c}\n", before);
	strbuf_printf(&wanted, HEAD "    expr: %s\n  - {record: b, expr: c}\n", after);
	make(&f, strbuf_str(&text));
	if (!str_equal(f.format.text, strbuf_str(&wanted))) {
		print_error("%s\nis [%.*s]\n", before, STR_FMT(f.format.text));
		*wrong += 1;
	}
	make(&again, f.format.text);
	if (f.good != again.good || again.format.count > 0) {
		print_error("%s: the second time is different\n", before);
		*wrong += 1;
	}
	finish(&again);
	finish(&f);
	strbuf_finish(&text);
	strbuf_finish(&wanted);
}

static void test_cases(void **state) {
	size_t wrong = 0;
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		run_case(cases[i].before, cases[i].after, &wrong);
	}
	assert_int_equal(wrong, 0);
}

/* In flow style brackets and commas need quotes. */
static void test_flow(void **state) {
	struct fixture f;
	(void)state;
	make(
		&f,
		STR("groups: [{name: g, rules: [{record: a, expr: sum(x)by(job)}, {record: b, expr: up==1}]}]\n"));
	assert_true(f.good);
	assert_string_equal(
		f.format.text.ptr,
		"groups: [{name: g, rules: [{record: a, expr: sum by (job) (x)}, {record: b, "
		"expr: up == 1}]}]\n");
	finish(&f);
	make(&f,
		 STR("groups: [{name: g, rules: [{record: a, expr: sum(x)BY(job)>quantile(0.5,x)}]}]\n"));
	assert_false(f.good); /* the comma ends the expression, which does not parse */
	finish(&f);
	make(&f, STR("groups: [{name: g, rules: [{record: a, expr: rate(x offset 5m)}]}]\n"));
	assert_false(f.good);
	finish(&f);
}

/* An expression that several rules share is edited once. */
static void test_alias(void **state) {
	struct fixture f;
	(void)state;
	make(&f, STR(HEAD "    expr: &e up==1 # one\n  - {record: b, expr: *e}\n"
					  "  - &r {record: c, expr: x==1}\n  - <<: *r\n    record: d\n"));
	assert_true(f.good);
	assert_int_equal(f.format.count, 2);
	assert_string_equal(f.format.text.ptr, HEAD
						"    expr: &e up == 1 # one\n  - {record: b, expr: *e}\n"
						"  - &r {record: c, expr: x == 1}\n  - <<: *r\n    record: d\n");
	finish(&f);
}

static void test_diff(void **state) {
	struct strbuf out = STRBUF_INIT;
	struct fixture f;
	(void)state;
	make(
		&f,
		STR("groups:\n- name: g\n  rules:\n  - record: a\n    expr: a==1\n  - record: b\n    expr: |\n"
			"      sum(\n        b)\n  # 1\n  # 2\n  # 3\n  # 4\n  # 5\n  # 6\n  # 7\n  - record: c\n"
			"    expr: c==1"));
	assert_true(f.good);
	text_edits_diff(&out, "r.yml", f.file.text, f.format.edits, f.format.count);
	assert_string_equal(
		out.ptr,
		"--- r.yml\n+++ r.yml\n"
		"@@ -2,11 +2,10 @@\n - name: g\n   rules:\n   - record: a\n-    expr: a==1\n"
		"+    expr: a == 1\n   - record: b\n     expr: |\n-      sum(\n-        b)\n"
		"+      sum(b)\n   # 1\n   # 2\n   # 3\n"
		"@@ -15,4 +14,4 @@\n   # 6\n   # 7\n   - record: c\n-    expr: c==1\n"
		"\\ No newline at end of file\n+    expr: c == 1\n\\ No newline at end of file\n");
	strbuf_finish(&out);
	finish(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_flow),
		cmocka_unit_test(test_alias),
		cmocka_unit_test(test_diff),
	};
	return cmocka_run_group_tests_name("rule_format", tests, NULL, NULL);
}
