/* What is refused and where, what the tree holds, limits, and the options. Texts that are accepted stand in test_print.c. */
#include "tests/unit/check.h"

#include "base/mem.h"
#include "promql-lite/functions.h"
#include "promql-lite/parser.h"
#include "promql-lite/print.h"

struct text_case {
	const char *text, *error;
};

static struct pql_expr *parse(struct arena *a, struct diags *d, const char *text,
							  const struct pql_syntax *syntax) {
	arena_init(a);
	diags_init(d, a);
	return pql_parse(str_from(text), syntax, a, d);
}

static void expect_error(const struct text_case *c, const struct pql_syntax *syntax) {
	struct arena a;
	struct diags d;
	struct strbuf out = STRBUF_INIT;
	struct pql_expr *e = parse(&a, &d, c->text, syntax);

	assert_null(e);
	assert_true(d.count > 0);
	pql_error_text(&out, &d.items[0], str_from(c->text));
	assert_string_equal(out.ptr, c->error);
	strbuf_finish(&out);
	arena_finish(&a);
}

static const struct text_case errors[] = {
	{"", "unknown position: parse error: no expression found in input"},
	{"\n# nothing", "1:1: parse error: no expression found in input"},
	/* Whatever cannot follow. */
	{"up down", "1:4: parse error: unexpected identifier \"down\""},
	{"up\n  'x'", "2:3: parse error: unexpected string \"'x'\""},
	{"up +", "1:5: parse error: unexpected end of input"},
	{"* up", "1:1: parse error: unexpected <op:*>"},
	{"(up", "1:4: parse error: unclosed left parenthesis"},
	{"up)", "1:4: parse error: unexpected right parenthesis ')'"},
	{"up by (job)", "1:4: parse error: unexpected <by>"},
	{"bool", "1:1: parse error: unexpected <bool>"},
	{"a:b(c)", "1:4: parse error: unexpected \"(\""},
	{"offset(up)", "1:7: parse error: unexpected \"(\""},
	/* Inside the constructs that have words of their own. */
	{"sum(up down)", "1:8: parse error: unexpected identifier \"down\" in aggregation"},
	{"sum by (job) up", "1:14: parse error: unexpected identifier \"up\" in aggregation"},
	{"sum by job (up)",
	 "1:8: parse error: unexpected identifier \"job\" in grouping opts, expected \"(\""},
	{"sum by (1) (up)",
	 "1:9: parse error: unexpected number \"1\" in grouping opts, expected label"},
	{"sum by (without) (up)",
	 "1:9: parse error: unexpected <without> in grouping opts, expected label"},
	{"sum by (a b) (up)",
	 "1:11: parse error: unexpected identifier \"b\" in grouping opts, expected \",\" or \")\""},
	{"sum by ('') (up)", "1:9: parse error: invalid label name for grouping: \"\""},
	{"up{job", "1:7: parse error: unexpected end of input inside braces"},
	{"up{=}", "1:4: parse error: unexpected \"=\" in label matching, expected identifier or \"}\""},
	{"up{a}",
	 "1:5: parse error: unexpected \"}\" in label matching, expected label matching operator"},
	{"up{a='b' c='d'}",
	 "1:10: parse error: unexpected identifier \"c\" in label matching, expected \",\" or \"}\""},
	{"up{a=b}", "1:6: parse error: unexpected identifier \"b\" in label matching, expected string"},
	{"up{a=~'['}", "1:4: parse error: error parsing regexp: missing closing ]: `[`"},
	{"up offset x",
	 "1:11: parse error: unexpected identifier \"x\" in offset, expected number, duration, step(), or "
	 "range()"},
	{"up @ x", "1:6: parse error: unexpected identifier \"x\" in @, expected timestamp"},
	{"up @ start", "1:11: parse error: unexpected end of input in @, expected timestamp"},
	{"up[]",
	 "1:4: parse error: unexpected \"]\" in subquery or range selector, expected number, duration, "
	 "step(), or range()"},
	{"up[5m,]", "1:6: parse error: unexpected \",\" in subquery or range, expected \":\" or \"]\""},
	{"up[5m:,]",
	 "1:7: parse error: unexpected \",\" in subquery selector, expected number, duration, step(), "
	 "range(), or \"]\""},
	{"up[5m:1m,]", "1:9: parse error: unexpected \",\" in subquery selector, expected \"]\""},
	{"abs(up,)", "1:7: parse error: trailing commas not allowed in function call args"},
	{"a * on(x) group_left",
	 "1:21: parse error: unexpected end of input in grouping opts, expected \"(\""},
	{"a * group_left b", "1:5: parse error: unexpected <group_left>"},
	/* Numbers, durations, times. */
	{"1e400",
	 "1:1: parse error: error parsing number: strconv.ParseFloat: parsing \"1e400\": value out of range"},
	{"up[0]", "1:4: parse error: duration must be greater than 0"},
	{"up[5m:-1m]", "1:7: parse error: duration must be greater than 0"},
	{"up[1m30h]", "1:4: parse error: not a valid duration string: \"1m30h\""},
	{"up[1/0]", "1:5: parse error: division by zero"},
	{"up[1%0]", "1:5: parse error: modulo by zero"},
	{"up offset 1e10", "1:11: parse error: duration out of range"},
	{"up offset -NaN", "1:11: parse error: duration out of range"},
	{"up @ -Inf", "1:1: parse error: timestamp out of bounds for @ modifier: -Inf"},
	/* Modifiers on what cannot have them. */
	{"up offset 1m offset 2m", "1:1: parse error: offset may not be set multiple times"},
	{"up @ 1 @ 2", "1:1: parse error: @ <timestamp> may not be set multiple times"},
	{"abs(up) offset 1m",
	 "1:1: parse error: offset modifier must be preceded by an instant vector selector or range vector "
	 "selector or a subquery"},
	{"(up) @ 1",
	 "1:1: parse error: @ modifier must be preceded by an instant vector selector or range vector "
	 "selector or a subquery"},
	{"up offset 1m [5m]", "1:14: parse error: no offset modifiers allowed before range"},
	{"up offset (5m)[5m]", "1:15: parse error: no offset modifiers allowed before range"},
	{"up offset (5m) offset 1m", "1:1: parse error: offset may not be set multiple times"},
	{"up @ 1 [5m]", "1:8: parse error: no @ modifiers allowed before range"},
	{"up[5m:0.0009]", "1:7: parse error: step of a subquery must not be less than 1ms"},
	{"abs(up)[5m]", "1:8: parse error: ranges only allowed for vector selectors"},
	{"up[5m:] smoothed", "1:1: parse error: smoothed modifier is not supported for subqueries"},
	{"up anchored smoothed",
	 "1:1: parse error: anchored and smoothed modifiers cannot be used together"},
	{"1 anchored", "1:1: parse error: anchored modifier not implemented"},
	/* Types. */
	{"{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
	{"{a=~'.*'}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
	{"up{__name__='down'}",
	 "1:1: parse error: metric name must not be set twice: \"up\" or \"down\""},
	{"nothing_like_it(up)", "1:1: parse error: unknown function with name \"nothing_like_it\""},
	{"rate(up)",
	 "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector"},
	{"time(1)", "1:1: parse error: expected 0 argument(s) in call to \"time\", got 1"},
	{"round()", "1:1: parse error: expected at least 1 argument(s) in call to \"round\", got 0"},
	{"round(up, 1, 2)",
	 "1:1: parse error: expected at most 2 argument(s) in call to \"round\", got 3"},
	{"label_join(up, 'a', 'b', 3)",
	 "1:26: parse error: expected type string in call to function \"label_join\", got scalar"},
	{"sum(1)",
	 "1:5: parse error: expected type instant vector in aggregation expression, got scalar"},
	{"topk(up, up)",
	 "1:6: parse error: expected type scalar in aggregation parameter, got instant vector"},
	{"sum()", "1:1: parse error: no arguments for aggregate expression provided"},
	{"sum(1, up)",
	 "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 1, got 2"},
	{"up[5m] + 1",
	 "1:1: parse error: binary expression must contain only scalar and instant vector types"},
	{"-'x'",
	 "1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got "
	 "\"string\""},
	{"1 > 2", "1:3: parse error: comparisons between scalars must use BOOL modifier"},
	{"a  +  bool b", "1:4: parse error: bool modifier can only be used on comparison operators"},
	{"1 or up", "1:1: parse error: set operator \"or\" not allowed in binary scalar expression"},
	{"a + on(b) 1", "1:1: parse error: vector matching only allowed between instant vectors"},
	{"a + fill(1) 1",
	 "1:1: parse error: filling in missing series only allowed between instant vectors"},
	{"a or on(b) group_left c", "1:1: parse error: no grouping allowed for \"or\" operation"},
	{"a or fill(1) c", "1:1: parse error: filling in missing series not allowed for set operators"},
	{"a * on(b, c) group_right(c) d",
	 "1:3: parse error: label \"c\" must not occur in ON and GROUP clause at once"},
	{"(up[5m])[5m:]",
	 "1:1: parse error: subquery is only allowed on instant vector, got matrix instead"},
	{"info(a, b)", "1:9: parse error: expected label selectors only, got vector selector instead"},
	{"info(a, 1)",
	 "1:1: parse error: expected type instant vector in call to function \"info\", got scalar"},
	{"info(a, abs(b))", "1:9: parse error: expected label selectors only"},
};

static void test_errors(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		expect_error(&errors[i], &pql_syntax_all);
	}
}

/* With no option on: what a server refuses by default. */
static void test_options(void **state) {
	static const struct pql_syntax plain = {0};
	static const struct text_case refused[] = {
		{"mad_over_time(up[5m])", "1:1: parse error: function \"mad_over_time\" is not enabled"},
		{"limitk(1, up)",
		 "1:1: parse error: limitk() is experimental and must be enabled with "
		 "--enable-feature=promql-experimental-functions"},
		{"up[5m+1m]", "1:4: parse error: experimental duration expression is not enabled"},
		{"up offset (5m)", "1:12: parse error: experimental duration expression is not enabled"},
		{"up[step()]", "1:4: parse error: experimental duration expression is not enabled"},
		{"up[5m] anchored", "1:1: parse error: anchored modifier is experimental and not enabled"},
		{"a + fill(1) b",
		 "1:1: parse error: binop fill modifiers are experimental and not enabled"},
	};
	static const char *const accepted[] = {"up[--5m]", "up offset -5m", "fill + fill_left",
										   "rate(up[5])"};
	struct arena a;
	struct diags d;

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		expect_error(&refused[i], &plain);
	}
	for (size_t i = 0; i < COUNT(accepted); i++) {
		struct pql_expr *e = parse(&a, &d, accepted[i], &plain);

		assert_non_null(e);
		pql_expr_finish(e);
		arena_finish(&a);
	}
}

/* Every fault of the types is reported, not the first alone. */
static void test_all_errors(void **state) {
	struct arena a;
	struct diags d;

	(void)state;
	assert_null(parse(&a, &d, "rate(a) + abs(b[1m]) > bool sum(1)", &pql_syntax_all));
	assert_int_equal(d.errors, 3);
	assert_int_equal(d.items[0].span.start, 5);
	assert_int_equal(d.items[1].span.start, 14);
	assert_int_equal(d.items[2].span.start, 32);
	arena_finish(&a);
}

static void test_selectors(void **state) {
	struct arena a;
	struct diags d;
	struct pql_expr *e = parse(&a, &d,
							   "a{x='1',y!='2'} offset -5m + on(i) group_left(j) "
							   "rate({'b',z=~'c|d'}[5m] @ 1.5) * timestamp((c)) @ end()",
							   &pql_syntax_all);

	(void)state;
	assert_null(e); /* @ behind a call */
	arena_finish(&a);
	e = parse(&a, &d,
			  "a{x='1',y!='2'} offset -5m + on(i) group_left(j) "
			  "rate({'b',z=~'c|d'}[5m] @ 1.5) * timestamp((c @ end()))",
			  &pql_syntax_all);
	assert_non_null(e);
	assert_int_equal(e->selector_count, 3);

	const struct pql_selector *s = &e->selectors[0]->selector;
	assert_true(str_equal(s->name, STR("a")));
	assert_int_equal(s->matcher_count, 3);
	assert_int_equal(s->matchers[1].op, MATCH_NOT_EQUAL);
	assert_true(str_equal(s->matchers[2].name, LABEL_NAME));
	assert_int_equal(s->shift.offset.fixed, -300000);
	assert_int_equal(s->shift.offset_span.start, 16);
	assert_int_equal(s->shift.offset_span.end, 26);

	s = &e->selectors[1]->selector;
	assert_int_equal(s->index, 1);
	assert_int_equal(s->name.len, 0);
	assert_true(str_equal(s->matchers[0].value, STR("b")));
	assert_int_equal(s->shift.at, PQL_AT_TIME);
	assert_int_equal(s->shift.at_time, 1500);
	assert_int_equal(e->selectors[2]->selector.shift.at, PQL_AT_END);

	const struct pql_node *root = e->root;
	assert_int_equal(root->kind, PQL_BINARY);
	assert_int_equal(root->binary.op, PQL_OP_ADD);
	assert_int_equal(root->binary.cardinality, PQL_MANY_TO_ONE);
	assert_true(root->binary.on);
	assert_int_equal(root->binary.label_count, 1);
	assert_int_equal(root->binary.include_count, 1);
	assert_int_equal(root->span.end, e->text.len);
	assert_int_equal(root->binary.rhs->binary.op, PQL_OP_MUL);
	pql_expr_finish(e);
	arena_finish(&a);
}

/* info() gets the selector of the info series, whether written or not. */
static void test_info(void **state) {
	static const struct {
		const char *text, *name;
		enum matcher_op op;
		size_t matchers;
		bool implied;
	} infos[] = {
		{"info(a)", "target_info", MATCH_EQUAL, 1, true},
		{"info(a, {x='y'})", "target_info", MATCH_EQUAL, 2, true},
		{"info(a, {})", "target_info", MATCH_EQUAL, 1, true},
		{"info(a, {__name__!='b'})", ".+_info", MATCH_REGEX, 2, true},
		{"info(a, {__name__=~'b|c'})", "b|c", MATCH_REGEX, 1, false},
	};
	struct arena a;
	struct diags d;

	(void)state;
	for (size_t i = 0; i < COUNT(infos); i++) {
		struct pql_expr *e = parse(&a, &d, infos[i].text, &pql_syntax_all);
		const struct pql_selector *s;

		assert_non_null(e);
		assert_int_equal(e->selector_count, 2);
		assert_int_equal(e->root->call.count, 2);
		s = &e->root->call.args[1]->selector;
		assert_int_equal(s->implied_name, infos[i].implied);
		assert_int_equal(s->matcher_count, infos[i].matchers);
		assert_int_equal(s->matchers[s->matcher_count - 1].op, infos[i].op);
		assert_true(str_equal(s->matchers[s->matcher_count - 1].value, str_from(infos[i].name)));
		pql_expr_finish(e);
		arena_finish(&a);
	}
}

/* `before` × count, `middle`, `after` × count. */
static bool parses_nested(const char *before, const char *middle, const char *after, size_t count,
						  const char *error) {
	struct strbuf text = STRBUF_INIT;
	struct arena a;
	struct diags d;
	struct pql_expr *e;

	for (size_t i = 0; i < count; i++) {
		strbuf_add_c(&text, before);
	}
	strbuf_add_c(&text, middle);
	for (size_t i = 0; i < count; i++) {
		strbuf_add_c(&text, after);
	}
	arena_init(&a);
	diags_init(&d, &a);
	e = pql_parse(strbuf_str(&text), &pql_syntax_all, &a, &d);
	if (e == NULL) {
		assert_string_equal(d.items[0].message, error);
	}
	bool ok = e != NULL;
	pql_expr_finish(e);
	strbuf_finish(&text);
	arena_finish(&a);
	return ok;
}

static void test_depth(void **state) {
	static const struct {
		const char *before, *middle, *after;
	} bombs[] = {
		{"(", "1", ")"},    {"", "1", " + 1"},  {"1 ^ ", "1", ""},         {"-", "a", ""},
		{"sum(", "a", ")"}, {"abs(", "a", ")"}, {"topk(1,", "a", ")"},     {"", "a", " or a"},
		{"-(", "a", ")"},   {"", "a", " ^ a"},  {"a * on(b) (", "a", ")"},
	};
	const char *error = "expression is nested too deeply: the limit is 1000 levels";

	(void)state;
	for (size_t i = 0; i < COUNT(bombs); i++) {
		assert_true(parses_nested(bombs[i].before, bombs[i].middle, bombs[i].after, 300, error));
		assert_false(parses_nested(bombs[i].before, bombs[i].middle, bombs[i].after, 50000, error));
	}
	assert_false(parses_nested("(", "", "", 200000, error));
	assert_false(parses_nested("", "avg(max_over_time(a", "[1m:]", 1, "unclosed left parenthesis"));
}

/* Arithmetic in brackets recurses on its own. */
static void test_duration_depth(void **state) {
	const char *error = "expression is nested too deeply: the limit is 1000 levels";
	struct strbuf parens = STRBUF_INIT, chain = STRBUF_INIT;

	(void)state;
	strbuf_add_c(&parens, "a[");
	strbuf_add_repeat(&parens, '(', 5000);
	strbuf_add_c(&chain, "a[1");
	for (int i = 0; i < 5000; i++) {
		strbuf_add_c(&chain, "+1");
	}
	strbuf_add_c(&chain, "]");
	assert_false(parses_nested("", parens.ptr, "", 1, error));
	assert_false(parses_nested("", chain.ptr, "", 1, error));
	strbuf_finish(&parens);
	strbuf_finish(&chain);
}

static void test_size(void **state) {
	size_t size = PQL_MAX_TEXT_BYTES;
	char *text = mem_alloc(size + 1);
	struct arena a;
	struct diags d;
	struct pql_expr *e;

	(void)state;
	memset(text, ' ', size + 1);
	text[0] = '1';
	arena_init(&a);
	diags_init(&d, &a);
	e = pql_parse((struct str){text, size}, &pql_syntax_all, &a, &d);
	assert_non_null(e);
	assert_null(pql_parse((struct str){text, size + 1}, &pql_syntax_all, &a, &d));
	assert_string_equal(d.items[0].message,
						"expression is too long: 1048577 bytes, the limit is 1048576");
	arena_finish(&a);
	free(text);
}

static void test_regexes(void **state) {
	struct strbuf text = STRBUF_INIT;

	(void)state;
	strbuf_add_c(&text, "a{");
	for (int i = 0; i < PQL_MAX_REGEXES; i++) {
		strbuf_add_c(&text, "b=~'c.*',");
	}
	assert_true(parses_nested("", text.ptr, "}", 1, ""));
	strbuf_add_c(&text, "b!~'d',");
	assert_false(
		parses_nested("", text.ptr, "}", 1,
					  "too many regular expressions: the limit is 10000 in one expression"));
	/* Short texts that are large when compiled. */
	strbuf_clear(&text);
	strbuf_add_c(&text, "a{");
	for (int i = 0; i < 6000; i++) {
		strbuf_add_c(&text, "b=~'(?:ab|c){900}',");
	}
	assert_false(parses_nested(
		"", text.ptr, "}", 1,
		"the regular expressions are too large: the limit is 64 MiB in one expression"));
	strbuf_finish(&text);
}

static void test_selector_alone(void **state) {
	static const char *const accepted[] = {"up", "{}", "up{a='b'}", "{__name__=~'a|b'}", "sum"};
	static const struct text_case refused[] = {
		{"up + 1", "unexpected <op:+>"},
		{"up[5m]", "unexpected \"[\""},
		{"1", "unexpected number \"1\""},
		{"", "unexpected end of input"},
		{"up{a~'b'}", "unexpected character inside braces: '~'"},
	};
	struct arena a;
	struct diags d;

	(void)state;
	arena_init(&a);
	diags_init(&d, &a);
	for (size_t i = 0; i < COUNT(accepted); i++) {
		struct pql_expr *e = pql_parse_selector(str_from(accepted[i]), &a, &d);

		assert_non_null(e);
		assert_int_equal(e->root->kind, PQL_SELECTOR);
		assert_int_equal(e->selector_count, 1);
		pql_expr_finish(e);
	}
	for (size_t i = 0; i < COUNT(refused); i++) {
		assert_null(pql_parse_selector(str_from(refused[i].text), &a, &d));
		assert_string_equal(d.items[i].message, refused[i].error);
	}
	arena_finish(&a);
}

static void test_functions(void **state) {
	size_t count;
	const struct pql_function *all = pql_functions(&count);

	(void)state;
	for (size_t i = 1; i < count; i++) {
		assert_true(strcmp(all[i - 1].name, all[i].name) < 0);
	}
	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(pql_function_find(str_from(all[i].name)), &all[i]);
		assert_non_null(all[i].body);
	}
	assert_null(pql_function_find(STR("Rate")));
	assert_null(pql_function_find(STR("")));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),         cmocka_unit_test(test_options),
		cmocka_unit_test(test_all_errors),     cmocka_unit_test(test_selectors),
		cmocka_unit_test(test_info),           cmocka_unit_test(test_depth),
		cmocka_unit_test(test_duration_depth), cmocka_unit_test(test_size),
		cmocka_unit_test(test_selector_alone), cmocka_unit_test(test_functions),
		cmocka_unit_test(test_regexes),
	};
	return cmocka_run_group_tests_name("parser", tests, NULL, NULL);
}
