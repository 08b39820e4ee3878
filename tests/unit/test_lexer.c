/* Text to tokens: a case is a text and what it reads as, `KIND(text)` each, or the message and where it begins. */
#include "tests/unit/check.h"

#include "promql-lite/lexer.h"

static const char *const kind_names[] = {
#define TOKEN(name, text, class, uses) #name,
#include "promql-lite/tokens.def"
#undef TOKEN
};

struct lexer_case {
	const char *text, *tokens;
};

static const struct lexer_case cases[] = {
	{"", ""},
	{" \t\r\n", ""},
	{"up", "IDENTIFIER(up)"},
	{"a:b :c", "METRIC_IDENTIFIER(a:b) METRIC_IDENTIFIER(:c)"},
	{"Sum SUM sums", "SUM(Sum) SUM(SUM) IDENTIFIER(sums)"},
	{"inf NaN infinity", "NUMBER(inf) NUMBER(NaN) IDENTIFIER(infinity)"},
	{"fill fill(", "IDENTIFIER(fill) FILL(fill) LEFT_PAREN(() ERROR 10 unclosed left parenthesis"},
	{"fill_left\n\t(1)", "FILL_LEFT(fill_left) LEFT_PAREN(() NUMBER(1) RIGHT_PAREN())"},
	{"a # to the end\nb", "IDENTIFIER(a) IDENTIFIER(b)"},
	{"== = != =", "EQLC(==) EQL(=) NEQ(!=) EQL(=)"},
	{"< <= </ > >= >/", "LSS(<) LTE(<=) TRIM_UPPER(</) GTR(>) GTE(>=) TRIM_LOWER(>/)"},
	{"a=~b", "IDENTIFIER(a) ERROR 1 unexpected character after '=': '~'"},
	{"a !b", "IDENTIFIER(a) ERROR 2 unexpected character after '!': 'b'"},
	{"!", "ERROR 0 unexpected character after '!': '\xef\xbf\xbd'"},
	{"a ~", "IDENTIFIER(a) ERROR 2 unexpected character: '~'"},
	{"\xc3\xa4", "ERROR 0 unexpected character: '\xc3\xa4'"},
	{"\xff", "ERROR 0 unexpected character: '\xef\xbf\xbd'"},
	{"\x01", "ERROR 0 unexpected character: '\\x01'"},
	{"x\xe2\x80\x83", "IDENTIFIER(x) ERROR 1 unexpected character: '\\u2003'"},
	/* Numbers and durations. */
	{"1 0x1f 017 1_000 .5 5. 1e3 1E-3",
	 "NUMBER(1) NUMBER(0x1f) NUMBER(017) NUMBER(1_000) NUMBER(.5) "
	 "NUMBER(5.) NUMBER(1e3) NUMBER(1E-3)"},
	{"5m 1h30m 10ms 1y2w", "DURATION(5m) DURATION(1h30m) DURATION(10ms) DURATION(1y2w)"},
	{"1.2.3", "ERROR 0 bad number or duration syntax: \"1.2.\""},
	{"5x", "ERROR 0 bad number or duration syntax: \"5\""},
	{"5mx", "ERROR 0 bad number or duration syntax: \"5mx\""},
	{"1h5", "ERROR 0 bad number or duration syntax: \"1h5\""},
	{"1_", "ERROR 0 bad number or duration syntax: \"1_\""},
	{"1e+", "ERROR 0 bad number or duration syntax: \"1e+\""},
	{"0x1.8", "ERROR 0 bad number or duration syntax: \"0x1.\""},
	{".", "ERROR 0 unexpected character: '.'"},
	/* Strings. */
	{"\"a\\\"b\" 'c\\'d' `e\\`", "STRING(\"a\\\"b\") STRING('c\\'d') STRING(`e\\`)"},
	{"'\\x41\\101\\u00e4\\U0001F514'", "STRING('\\x41\\101\\u00e4\\U0001F514')"},
	{"`two\nlines`", "STRING(`two\nlines`)"},
	{"'two\nlines'", "ERROR 0 unterminated quoted string"},
	{"`open", "ERROR 0 unterminated raw string"},
	{"'\\", "ERROR 0 escape sequence not terminated"},
	{"'\\x4", "ERROR 0 escape sequence not terminated"},
	{"'\\\"'", "ERROR 0 unknown escape sequence U+0022 '\"'"},
	{"'\\8'", "ERROR 0 unknown escape sequence U+0038 '8'"},
	{"'\\09'", "ERROR 0 illegal character U+0039 '9' in escape sequence"},
	{"'\\u12\x02'", "ERROR 0 illegal character U+0002 in escape sequence"},
	{"'\\400'", "ERROR 0 escape sequence is an invalid Unicode code point"},
	{"'\\U00110000'", "ERROR 0 escape sequence is an invalid Unicode code point"},
	{"'\xff'", "ERROR 0 invalid UTF-8 rune"},
	/* Parentheses, braces. */
	{"(()", "LEFT_PAREN(() LEFT_PAREN(() RIGHT_PAREN()) ERROR 3 unclosed left parenthesis"},
	{"())", "LEFT_PAREN(() RIGHT_PAREN()) ERROR 3 unexpected right parenthesis ')'"},
	{"{sum=~'x', by!~'y'}",
	 "LEFT_BRACE({) IDENTIFIER(sum) EQL_REGEX(=~) STRING('x') COMMA(,) IDENTIFIER(by) "
	 "NEQ_REGEX(!~) STRING('y') RIGHT_BRACE(})"},
	{"{a # b}\n}", "LEFT_BRACE({) IDENTIFIER(a) RIGHT_BRACE(})"},
	{"{", "LEFT_BRACE({) ERROR 1 unexpected end of input inside braces"},
	{"{{", "LEFT_BRACE({) ERROR 1 unexpected left brace '{'"},
	{"{1", "LEFT_BRACE({) ERROR 1 unexpected character inside braces: '1'"},
	{"{a!b",
	 "LEFT_BRACE({) IDENTIFIER(a) ERROR 2 unexpected character after '!' inside braces: 'b'"},
	/* Brackets. */
	{"[5m]", "LEFT_BRACKET([) DURATION(5m) RIGHT_BRACKET(])"},
	{"[ 5m : 1m ]", "LEFT_BRACKET([) DURATION(5m) COLON(:) DURATION(1m) RIGHT_BRACKET(])"},
	{"[Step()]", "LEFT_BRACKET([) STEP(Step) LEFT_PAREN(() RIGHT_PAREN()) RIGHT_BRACKET(])"},
	{"[2*range()]",
	 "LEFT_BRACKET([) NUMBER(2) MUL(*) RANGE(range) LEFT_PAREN(() RIGHT_PAREN()) RIGHT_BRACKET(])"},
	{"[:1m]", "LEFT_BRACKET([) ERROR 2 unexpected colon before duration in duration expression"},
	{"[1m:1m:]", "LEFT_BRACKET([) DURATION(1m) COLON(:) DURATION(1m) ERROR 6 unexpected colon ':'"},
	{"[1m x]", "LEFT_BRACKET([) DURATION(1m) ERROR 4 unexpected character: 'x', expected ':'"},
	{"[x]", "LEFT_BRACKET([) ERROR 1 unexpected character in duration expression: 'x'"},
	{"[#\n1m]", "LEFT_BRACKET([) ERROR 1 unexpected character in duration expression: '#'"},
	{"[1m #\n]", "LEFT_BRACKET([) DURATION(1m) RIGHT_BRACKET(])"},
	{"[1m[", "LEFT_BRACKET([) DURATION(1m) ERROR 3 unexpected left bracket '['"},
	{"[", "LEFT_BRACKET([) ERROR 1 unexpected end of input in duration expression"},
	{"[1m", "LEFT_BRACKET([) DURATION(1m) ERROR 3 unclosed left bracket"},
	{"]", "ERROR 0 unexpected right bracket ']'"},
};

static void read_all(struct str text, struct strbuf *out, struct arena *a) {
	struct pql_lexer lx;
	struct pql_token t;

	pql_lexer_init(&lx, text, a);
	for (;;) {
		pql_lexer_next(&lx, &t);
		if (t.kind == PQL_TOKEN_END_OF_INPUT) {
			return;
		}
		strbuf_add_c(out, out->len > 0 ? " " : "");
		if (t.kind == PQL_TOKEN_ERROR) {
			strbuf_printf(out, "ERROR %zu %s", t.span.start, lx.error);
			return;
		}
		assert_int_equal(t.span.end - t.span.start, t.text.len);
		strbuf_printf(out, "%s(%.*s)", kind_names[t.kind], STR_FMT(t.text));
	}
}

static void test_cases(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct strbuf out = STRBUF_INIT;
		struct arena a;

		arena_init(&a);
		read_all(str_from(cases[i].text), &out, &a);
		assert_string_equal(out.ptr != NULL ? out.ptr : "", cases[i].tokens);
		strbuf_finish(&out);
		arena_finish(&a);
	}
}

static void test_unquote(void **state) {
	static const struct {
		const char *quoted;
		struct str value;
	} strings[] = {
		{"\"\"", {"", 0}},
		{"'it\\'s'", {"it's", 4}},
		{"\"\\a\\b\\f\\n\\r\\t\\v\\\\\\\"\"", {"\a\b\f\n\r\t\v\\\"", 9}},
		{"'\\x41\\102\\u00e4\\U0001F514'", {"AB\xc3\xa4\xf0\x9f\x94\x94", 8}},
		{"'\\xff\\000'", {"\xff\0", 2}},
		{"`\\n'\"`", {"\\n'\"", 4}},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(strings); i++) {
		struct arena a;
		struct str value;

		arena_init(&a);
		value = pql_lexer_unquote(str_from(strings[i].quoted), &a);
		assert_int_equal(value.len, strings[i].value.len);
		assert_memory_equal(value.ptr, strings[i].value.ptr, value.len);
		arena_finish(&a);
	}
}

static void test_describe(void **state) {
	static const struct {
		struct pql_token token;
		const char *text;
	} tokens[] = {
		{{.kind = PQL_TOKEN_RIGHT_BRACKET, .text = {"]", 1}}, "\"]\""},
		{{.kind = PQL_TOKEN_BY, .text = {"By", 2}}, "<By>"},
		{{.kind = PQL_TOKEN_SUM, .text = {"sum", 3}}, "<aggr:sum>"},
		{{.kind = PQL_TOKEN_UNLESS, .text = {"unless", 6}}, "<op:unless>"},
		{{.kind = PQL_TOKEN_START, .text = {"start", 5}}, "\"start\""},
		{{.kind = PQL_TOKEN_IDENTIFIER, .text = {"a_rather_long_one", 17}},
		 "identifier \"a_rather_long_one\""},
		{{.kind = PQL_TOKEN_STRING, .text = {"'twelve\xc3\xa4runes'", 15}},
		 "string \"'twelve\xc3\xa4ru\"..."},
		{{.kind = PQL_TOKEN_END_OF_INPUT, .text = {"", 0}}, "end of input"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(tokens); i++) {
		struct strbuf out = STRBUF_INIT;

		pql_token_describe(&out, &tokens[i].token);
		assert_string_equal(out.ptr, tokens[i].text);
		strbuf_finish(&out);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_unquote),
		cmocka_unit_test(test_describe),
	};
	return cmocka_run_group_tests_name("lexer", tests, NULL, NULL);
}
