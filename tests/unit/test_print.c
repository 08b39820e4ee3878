/* The canonical text and the form over several lines: each text is printed, read back, and printed again. */
#include "tests/unit/check.h"

#include "promql-lite/parser.h"
#include "promql-lite/print.h"

struct print_case {
	const char *text, *printed; /* NULL: as it is */
};

static const struct print_case cases[] = {
	/* Numbers and strings. */
	{"1", NULL},
	{"+1", "1"},
	{"- -1", "1"},
	{"0x1F + 017 + 1_000", "31 + 15 + 1000"},
	{"1e3 + 1e21", "1000 + 1000000000000000000000"},
	{".5 + 5.", "0.5 + 5"},
	{"08", "8"},
	{"inf + -Inf + NAN", "+Inf + -Inf + NaN"},
	{"90m", "1h30m"},
	{"-90s", "-1m30s"},
	{"1500ms", "1s500ms"},
	{"0s", "0s"},
	{"'it\\'s'", "\"it's\""},
	{"`a\\b`", "\"a\\\\b\""},
	{"\"\\u00e4\\x01\\n\"", "\"\xc3\xa4\\x01\\n\""},
	/* Selectors. */
	{"up", NULL},
	{"up{}", "up"},
	{"up{ z = 'a' , b != \"c\", }", "up{b!=\"c\",z=\"a\"}"},
	{"{job=~`a.*`}", "{job=~\"a.*\"}"},
	{"{'up'}", "{__name__=\"up\"}"},
	{"{'a.b', 'c d'!~'e'}", "{\"c d\"!~\"e\",__name__=\"a.b\"}"},
	{"{__name__!='x',job='y'}", "{__name__!=\"x\",job=\"y\"}"},
	{"SUM + By", NULL},
	{"offset offset 5m", NULL},
	{"start + end - step", NULL},
	{"a:b:c{sum='x'}", "a:b:c{sum=\"x\"}"},
	/* Modifiers. */
	{"up OFFSET 1h30m", "up offset 1h30m"},
	{"up offset -90s", "up offset -1m30s"},
	{"up offset 0s", "up"},
	{"up offset 90", "up offset 1m30s"},
	{"up @ 1.5", "up @ 1.500"},
	{"up offset 5m @ -3", "up @ -3.000 offset 5m"},
	{"up @ start()", NULL},
	{"up @ 1h", "up @ 3600.000"},
	{"up[300]", "up[5m]"},
	{"up[5m] offset 1m @ end ()", "up[5m] @ end() offset 1m"},
	{"up @ end() [5m]", "up[5m] @ end()"},
	{"up[5m] anchored offset 1m", NULL},
	{"up smoothed", NULL},
	{"up smoothed [5m]", "up[5m] smoothed"},
	{"rate(up[5m])[1h:] offset 1m", NULL},
	{"up[1h:90s] @ 0", "up[1h:1m30s] @ 0.000"},
	{"max_over_time(up[1h:])[2h:]", NULL},
	/* Arithmetic on durations. */
	{"up[5m*2+1m]", "up[5m * 2 + 1m]"},
	{"up[(1m+2m)*3]", "up[(1m + 2m) * 3]"},
	{"up[((1m))]", "up[(1m)]"},
	{"up[(-2m)^2]", "up[(-2m) ^ 2]"},
	{"up[-(-5m)]", "up[-(-5m)]"},
	{"up[STEP()*2:Range()]", "up[step() * 2:range()]"},
	{"up[max_of(1m,step()):min_of(5s,1)]", "up[max_of(1m, step()):min_of(5s, 1)]"},
	{"up offset -step()", NULL},
	{"up offset (1m+30s) + 2m", "up offset (1m + 30s) + 2m"},
	{"up offset 1m + 2m", NULL},
	{"up offset --1m + 2m", "up offset (1m + 2m)"},
	{"up offset -2^2", "up offset -2s ^ 2"},
	{"up offset -+2^2", "up offset (-2 ^ 2)"},
	{"up offset +(1m) + a", "(up offset (1m)) + a"},
	{"-a * up offset +(1m+2s) ^ 2 > up offset +(1m)",
	 "-a * (up offset (1m + 2s)) ^ 2 > up offset (1m)"},
	{"up offset --2^2", "up offset --2 ^ 2"},
	{"up[(-5m)]", NULL}, /* judged when it is computed */
	{"up[5m:(0)]", NULL},
	{"up @ 1e17", "up @ -9223372036854776.000"},
	/* Operators. */
	{"a+b*c^d", "a + b * c ^ d"},
	{"(a+b)*c", "(a + b) * c"},
	{"-a^2", "-a ^ 2"},
	{"+a", NULL},
	{"--a", NULL},
	{"2 - -1", NULL},
	{"Inf ^ 2", "+Inf ^ 2"},
	{"-Inf ^ 2", "-+Inf ^ 2"},
	{"a ATAN2 b UNLESS c AND d OR e", "a atan2 b unless c and d or e"},
	{"a == BOOL b", "a == bool b"},
	{"a </ 1 >/ 2", NULL},
	{"a - on() b", "a - on () b"},
	{"a - ignoring() b", "a - b"},
	{"a * ignoring(x,'y z',by) group_right b", "a * ignoring (x, \"y z\", by) group_right () b"},
	{"a * on(x) group_left(y,) b", "a * on (x) group_left (y) b"},
	{"1 + on() 2", "1 + 2"},
	{"a + fill(1) b", "a + fill (1) b"},
	{"a + fill(1000000) b", "a + fill (1e+06) b"},
	{"a + fill_left(123456789) fill_right(1e5) b",
	 "a + fill_left (1.23456789e+08) fill_right (100000) b"},
	{"a + fill_right(-1) fill_left(1m) b", "a + fill_left (60) fill_right (-1) b"},
	{"a + fill_left(2) fill_right(2) b", "a + fill (2) b"},
	/* Aggregations and calls. */
	{"sum(a) by (b,c)", "sum by (b, c) (a)"},
	{"Sum by () (a)", "sum(a)"},
	{"count without() (a)", "count without () (a)"},
	{"topk by ('x.y') (1,a)", "topk by (\"x.y\") (1, a)"},
	{"count_values('v', a)", "count_values(\"v\", a)"},
	{"limit_ratio(-0.5,a)", "limit_ratio(-0.5, a)"},
	{"time ( )", "time()"},
	{"label_replace(a,'b','$1','c','(.*)')", "label_replace(a, \"b\", \"$1\", \"c\", \"(.*)\")"},
	{"max_of(1, 2) + step()", NULL},
	{"info(a)", NULL},
	{"info(a, {b='c'})", "info(a, {b=\"c\"})"},
	{"info(a, {})", NULL},
	{"a # comment\n + b", "a + b"},
};

static const struct print_case pretty_cases[] = {
	{"sum(a)", NULL},
	{"sum by (some_label, some_other_label) "
	 "(rate(a_metric_with_a_long_name{and_a_label=\"with a value\"}[5m]))",
	 "sum by (some_label, some_other_label) (\n"
	 "  rate(a_metric_with_a_long_name{and_a_label=\"with a value\"}[5m])\n"
	 ")"},
	{"rate(a_metric_with_a_long_name{label=\"value\"}[5m]) / on (a, b) group_left () "
	 "(rate(another_metric_with_a_long_name[5m]) > 0)",
	 "  rate(a_metric_with_a_long_name{label=\"value\"}[5m])\n"
	 "/ on (a, b) group_left ()\n"
	 "  (rate(another_metric_with_a_long_name[5m]) > 0)"},
	{"topk(5, -(a_metric_with_a_long_name_number_one + a_metric_with_a_long_name_number_two + "
	 "a_metric_number_three))",
	 "topk(\n"
	 "  5,\n"
	 "  -(\n"
	 "    a_metric_with_a_long_name_number_one + a_metric_with_a_long_name_number_two + "
	 "a_metric_number_three\n"
	 "  )\n"
	 ")"},
	{"max_over_time((a_metric_with_a_long_name_number_one + a_metric_with_a_long_name_number_two)[1h:"
	 "1m] offset 5m)",
	 "max_over_time(\n"
	 "(a_metric_with_a_long_name_number_one + a_metric_with_a_long_name_number_two)[1h:1m] offset 5m\n"
	 ")"},
};

typedef void print_function(struct strbuf *out, const struct pql_node *node);

static void print_text(struct strbuf *out, struct str text, print_function *print) {
	struct arena a;
	struct diags d;
	struct pql_expr *e;

	arena_init(&a);
	diags_init(&d, &a);
	e = pql_parse(text, &pql_syntax_all, &a, &d);
	if (e == NULL) {
		strbuf_printf(out, "%s", d.items[0].message);
	} else {
		print(out, e->root);
	}
	pql_expr_finish(e);
	arena_finish(&a);
}

static void expect(const struct print_case *c, print_function *print) {
	struct strbuf once = STRBUF_INIT, twice = STRBUF_INIT;

	print_text(&once, str_from(c->text), print);
	assert_string_equal(once.ptr, c->printed != NULL ? c->printed : c->text);
	print_text(&twice, strbuf_str(&once), print);
	assert_string_equal(twice.ptr, once.ptr);
	strbuf_finish(&once);
	strbuf_finish(&twice);
}

static void test_print(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		expect(&cases[i], pql_print);
	}
}

static void test_pretty(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(pretty_cases); i++) {
		expect(&pretty_cases[i], pql_print_pretty);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_pretty),
	};
	return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}
