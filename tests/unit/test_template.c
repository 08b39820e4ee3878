/* Templates: what they expand to, and the words they fail with. */
#include <string.h>

#include "rules/template/template.h"
#include "tests/unit/check.h"

static struct label own_labels[] = {
	{{"__name__", 8}, {"up", 2}},
	{{"instance", 8}, {"db-7.example.net:9187", 21}},
	{{"job", 3}, {"a<b>&\"c\"", 8}},
};
static struct label sample_labels[2][2] = {
	{{{"instance", 8}, {"z", 1}}, {{"job", 3}, {"q", 1}}},
	{{{"instance", 8}, {"y", 1}}, {{"job", 3}, {"r", 1}}},
};

static const struct template_sample samples[] = {
	{{sample_labels[0], 2}, 2.5},
	{{sample_labels[1], 2}, -1},
};

static const struct template_answer answers[] = {
	{.query = {"two", 3}, .samples = samples, .count = 2},
	{.query = {"none", 4}},
	{.query = {"broken", 6}, .failure = "connection refused"},
};

static struct template_data get_data(double value) {
	return (struct template_data){
		.labels = {own_labels, 3},
		.external_labels = {sample_labels[0], 1},
		.external_url = STR("https://tocsin.example:9099/base?x#y"),
		.value = value,
		.now = INT64_C(1500000000500),
		.answers = answers,
		.answer_count = COUNT(answers),
	};
}

struct table_case {
	double value;
	const char *text, *output;
};

static const struct table_case outputs[] = {
	{0, "", ""},
	{0, "plain { text }}", "plain { text }}"},
	{1.5, "{{ $value }} {{ .Value }}", "1.5 1.5"},
	{1e6, "{{ $value }}", "1e+06"},
	{0, "{{ $labels.job }}/{{ .Labels.instance }}/{{ $labels.nope }}/",
	 "a<b>&\"c\"/db-7.example.net:9187//"},
	{0, "{{ $labels }}", "map[__name__:up instance:db-7.example.net:9187 job:a<b>&\"c\"]"},
	{0, "{{ $externalLabels.instance }} {{ $externalURL }} {{ pathPrefix }}",
	 "z https://tocsin.example:9099/base?x#y /base"},
	/* trimming and comments */
	{0, "a {{- 1 -}} b {{- /* no */ -}} c", "a1bc"},
	{0, "a {{/* no */}} b", "a  b"},
	/* control */
	{0, "{{ if $value }}y{{ else if eq 1 1 }}z{{ else }}n{{ end }}", "z"},
	{0, "{{ range $k, $v := $labels }}{{ $k }};{{ end }}", "__name__;instance;job;"},
	{0, "{{ range $i, $s := query \"two\" }}{{ $i }}{{ $s.Labels.job }}{{ .Value }} {{ end }}",
	 "0q2.5 1r-1 "},
	{0, "{{ range query \"none\" }}x{{ else }}empty{{ end }}", "empty"},
	{0,
	 "{{ range 5 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ if eq . 3 }}{{ break }}{{ end }}{{ . }}{{ end }}",
	 "02"},
	{0, "{{ with $x := 5 }}{{ $x }}{{ . }}{{ end }}{{ with 0 }}a{{ else with 2 }}{{ . }}{{ end }}",
	 "552"},
	{0, "{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $x := 3 }}{{ end }}{{ $x }}", "2"},
	{0,
	 "{{ define \"t\" }}<{{ .arg0 }},{{ .arg1 }},{{ .arg2 }}>{{ end }}{{ template \"t\" args 1 \"b\" }}",
	 "<1,b,<no value>>"},
	{0, "{{ block \"b\" 7 }}[{{ . }}]{{ end }}{{ template \"b\" 8 }}", "[7][8]"},
	/* literals */
	{0,
	 "{{ 0x1F }} {{ 1_000 }} {{ 'a' }} {{ 1e3 }} {{ 07 }} {{ 1+2i }} {{ `r\\n` }} {{ \"\\u00e9\\x41\\101\" }}",
	 "31 1000 97 1000 7 (1+2i) r\\n \xC3\xA9"
	 "AA"},
	/* logic and comparison */
	{0, "{{ and 1 0 2 }} {{ or 0 \"\" 3 }} {{ not 1 }} {{ eq 2 1 2 }} {{ lt \"a\" \"b\" }}",
	 "0 3 false true true"},
	/* lists and maps */
	{0, "{{ index $labels \"job\" | len }} {{ slice \"abcd\" 1 3 }} {{ index \"abc\" 0 }}",
	 "8 bc 97"},
	{0, "{{ (query \"two\" | sortByLabel \"instance\" | first).Labels.instance }}", "y"},
	{0, "{{ query \"two\" | first | value }} {{ label \"job\" (query \"two\" | first) }}", "2.5 q"},
	/* printing */
	{12.345,
	 "{{ printf \"%.1f|%8.2f|%-8.2f|%08.2f|%+.0e|%g\" $value $value $value $value $value $value }}",
	 "12.3|   12.35|12.35   |00012.35|+1e+01|12.345"},
	{5, "{{ printf \"%d %s %[1]v %% %\" $value }}", "%!d(float64=5) %!s(MISSING) 5 % %!(NOVERB)"},
	{0, "{{ printf \"%q %x %5s|%-5s|%.1s\" \"h\\\"i\" \"hi\" \"a\" \"b\" \"cd\" }}",
	 "\"h\\\"i\" 6869     a|b    |c"},
	{0, "{{ printf \"%d %x %o %b %c %U %05d %+d\" 10 255 8 5 65 65 42 7 }}",
	 "10 ff 10 101 A U+0041 00042 +7"},
	{0, "{{ printf \"%t %v %T\" true nil 1.5 }} {{ printf \"a\" 1 }}",
	 "true <nil> float64 a%!(EXTRA int=1)"},
	{0, "{{ printf \"%#v %+v\" \"x\" (query \"two\" | first) }}",
	 "\"x\" &{Labels:map[instance:z job:q] Value:2.5}"},
	{0, "{{ print 1 2 \"a\" 3 4 }}|{{ println 1 \"a\" }}", "1 2a3 4|1 a\n"},
	{0, "{{ html \"<a href='x'>\" }} {{ js \"it's <x>\" }} {{ urlquery \"a b&c\" }}",
	 "&lt;a href=&#39;x&#39;&gt; it\\'s \\u003Cx\\u003E a+b%26c"},
	/* Prometheus' functions */
	{1234567,
	 "{{ humanize $value }} {{ humanize1024 $value }} {{ humanizeDuration $value }} {{ humanizePercentage 0.256 }}",
	 "1.235M 1.177Mi 14d 6h 56m 7s 25.6%"},
	{0.0000042,
	 "{{ humanize $value }} {{ humanizeDuration $value }} {{ humanizeDuration \"-3.25\" }}",
	 "4.2u 4.2us -3.25s"},
	{1500000000.5,
	 "{{ humanizeTimestamp $value }} {{ ($value | toTime).Year }} {{ toDuration 90.5 }}",
	 "2017-07-14 02:40:00.5 +0000 UTC 2017 1m30.5s"},
	{0, "{{ (now | toTime).Format \"2006-01-02T15:04:05.000Z07:00 Mon Jan _2 3PM\" }}",
	 "2017-07-14T02:40:00.500Z Fri Jul 14 2AM"},
	{0,
	 "{{ ((toTime 90).Sub (toTime 30)).Minutes }} {{ (toTime 0).Weekday }} {{ (toTime 0).Month }}",
	 "1 Thursday January"},
	{0, "{{ parseDuration \"1h30m\" }} {{ parseDuration \"-5s\" }} {{ now }}",
	 "5400 -5 1.5000000005e+09"},
	{0,
	 "{{ reReplaceAll \"([a-z]+)-(\\\\d)\" \"$2-${1}\" $labels.instance }} {{ match \"^db\" $labels.instance }}",
	 "7-db.example.net:9187 true"},
	{0,
	 "{{ title \"one two-three it's a.b\" }} {{ toUpper \"\xC3\xA9x\" }} {{ toLower \"\xC3\x89X\" }}",
	 "One Two-Three It's A.b \xC3\x89X \xC3\xA9x"},
	{0,
	 "{{ stripPort $labels.instance }} {{ stripDomain $labels.instance }} {{ stripPort \"[::1]:9\" }}",
	 "db-7.example.net db-7:9187 ::1"},
	{0, "{{ stripDomain \"10.1.2.3:80\" }}", "10.1.2.3:80"},
	{0, "{{ graphLink \"up == 1\" }} {{ tableLink \"up\" }}",
	 "/graph?g0.expr=up+%3D%3D+1&g0.tab=0 /graph?g0.expr=up&g0.tab=1"},
};

static void test_outputs(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(outputs); i++) {
		struct arena a;
		struct strbuf out = STRBUF_INIT;
		struct template_data data = get_data(outputs[i].value);
		const char *error;
		struct span span;
		struct str message = STR_EMPTY;
		arena_init(&a);
		const struct template *t =
			template_parse(STR("X"), str_from(outputs[i].text), &a, &error, &span);
		if (t == NULL) {
			fail_msg("%s: %s", outputs[i].text, error);
		}
		if (template_expand(t, &data, &a, &out, &message) != TEMPLATE_DONE) {
			fail_msg("%s: %.*s", outputs[i].text, STR_FMT(message));
		}
		if (!str_equal(strbuf_str(&out), str_from(outputs[i].output))) {
			fail_msg("%s:\n%.*s\n%s", outputs[i].text, STR_FMT(strbuf_str(&out)),
					 outputs[i].output);
		}
		template_destroy(t);
		strbuf_finish(&out);
		arena_finish(&a);
	}
}

/* The start of the message and where it points; parse errors have "template: __alert_X:" before them. */
static const struct {
	const char *text, *message;
	size_t start, end;
} parse_errors[] = {
	{"{{ nope }}", "1: function \"nope\" not defined", 3, 7},
	{"a\n{{ $x }}", "2: undefined variable \"$x\"", 5, 7},
	{"{{ if 1 }}", "1: unexpected EOF", 10, 10},
	{"{{ end }}", "1: unexpected {{end}}", 7, 9},
	{"{{ 1 | 2 }}", "1: non executable command in pipeline stage 2", 9, 11},
	{"{{ \"a }}", "1: unterminated quoted string", 3, 3},
	{"{{ 1", "1: unclosed action", 4, 4},
	{"{{ (1 }}", "1: unclosed left paren", 6, 6},
	{"{{ break }}", "1: {{break}} outside {{range}}", 9, 11},
	{"{{ range }}x{{ end }}", "1: missing value for range", 9, 11},
	{"{{/* x", "1: unclosed comment", 2, 2},
	{"{{ 99999999999999999999 }}", "1: integer overflow: \"99999999999999999999\"", 3, 23},
	{"{{ define \"a\" }}1{{ end }}{{ define \"a\" }}2{{ end }}",
	 "1: template: multiple definition of template \"a\"", 50, 52},
	{"{{ 1.x }}", "1: bad number syntax: \"1.x\"", 3, 3},
	{"{{ \xC3\x97 }}", "1: unrecognized character in action: U+00D7 '\xC3\x97'", 3, 3},
};

static void test_parse_errors(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(parse_errors); i++) {
		struct arena a;
		const char *error;
		struct span span;
		arena_init(&a);
		assert_null(template_parse(STR("X"), str_from(parse_errors[i].text), &a, &error, &span));
		const char *prefix = "template: __alert_X:";
		assert_int_equal(strncmp(error, prefix, strlen(prefix)), 0);
		assert_string_equal(error + strlen(prefix), parse_errors[i].message);
		if (span.start != parse_errors[i].start || span.end != parse_errors[i].end) {
			fail_msg("%s: at %zu to %zu", parse_errors[i].text, span.start, span.end);
		}
		arena_finish(&a);
	}
}

#define AT "error executing template __alert_X: template: __alert_X:"

static const struct {
	const char *text, *message;
} failures[] = {
	{"{{ .Foo }}", AT
	 "1:115: executing \"__alert_X\" at <.Foo>: can't evaluate field Foo in type struct { Labels "
	 "map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface "
	 "{} }"},
	{"x\n {{ gt .Value 4 }}",
	 AT "2:4: executing \"__alert_X\" at <gt .Value 4>: error calling gt: incompatible types for "
		"comparison: float64 and int"},
	{"{{ query \"none\" | first }}",
	 AT "1:130: executing \"__alert_X\" at <first>: error calling first: first() called on vector "
		"with no elements"},
	{"{{ query \"broken\" }}",
	 AT "1:115: executing \"__alert_X\" at <query \"broken\">: error calling query: connection "
		"refused"},
	{"{{ template \"nope\" }}",
	 AT "1:124: executing \"__alert_X\" at <{{template \"nope\"}}>: template \"nope\" not defined"},
	{"{{ title 1 }}", AT "1:121: executing \"__alert_X\" at <1>: expected string; found 1"},
	{"{{ reReplaceAll \"(\" \"\" \"x\" }}",
	 AT "1:115: executing \"__alert_X\" at <reReplaceAll \"(\" \"\" \"x\">: error calling "
		"reReplaceAll: regexp: Compile(`(`): error parsing regexp: missing closing ): `(`"},
	{"{{ match \"(.?){450}(.?){450}[!?]\" \"long\" }}", AT
	 "1:115: executing \"__alert_X\" at <match \"(.?){450}(.?){450}[!?]\" \"long\">: error calling "
	 "match: matching the regular expression `(.?){450}(.?){450}[!?]` against a text of 4 bytes takes "
	 "more steps than the limit of 1000000; write it with fewer repetitions within repetitions"},
	{"{{ reReplaceAll \"(.?){450}(.?){450}[!?]\" \"\" \"long\" }}", AT
	 "1:115: executing \"__alert_X\" at <reReplaceAll \"(.?){450}(.?){450}[!?]\" \"\" \"long\">: error "
	 "calling reReplaceAll: matching the regular expression `(.?){450}(.?){450}[!?]` against a text of "
	 "4 bytes takes more steps than the limit of 1000000; write it with fewer repetitions within "
	 "repetitions"},
	{"{{ range toDuration 90 }}{{ end }}",
	 AT "1:121: executing \"__alert_X\" at <toDuration 90>: exceeded maximum of 100000 steps"},
	{"{{ range 100000 }}0123456789{{ end }}",
	 AT "1:121: executing \"__alert_X\" at <100000>: exceeded maximum output of 65536 bytes"},
	{"{{ $x := printf \"%60000d\" 1 }}{{ reReplaceAll \"\" $x $x }}",
	 AT "1:145: executing \"__alert_X\" at <reReplaceAll \"\" $x $x>: error calling reReplaceAll: "
		"replacing what `` matches makes a text of more than 16777216 bytes"},
	{"{{ range 1000 }}{{ $x := printf \"%60000d\" 1 }}{{ end }}",
	 AT "1:154: executing \"__alert_X\" at <1>: exceeded maximum memory of 16777216 bytes"},
	{"{{ define \"t\" }}{{ template \"t\" }}{{ end }}{{ template \"t\" }}",
	 AT "1:140: executing \"t\" at <{{template \"t\"}}>: exceeded maximum template depth (100)"},
	{"{{ printf \"%999999d%999999d\" 1 2 }}",
	 AT "1:115: executing \"__alert_X\" at <{{printf \"%999999d%999999d\" 1 2}}>: exceeded maximum "
		"output of 65536 bytes"},
};

static void test_failures(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(failures); i++) {
		struct arena a;
		struct strbuf out = STRBUF_INIT;
		struct template_data data = get_data(1);
		const char *error;
		struct span span;
		struct str message = STR_EMPTY;
		arena_init(&a);
		strbuf_add_c(&out, "before");
		const struct template *t =
			template_parse(STR("X"), str_from(failures[i].text), &a, &error, &span);
		assert_non_null(t);
		assert_int_equal(template_expand(t, &data, &a, &out, &message), TEMPLATE_FAILS);
		assert_string_equal(message.ptr, failures[i].message);
		assert_string_equal(out.ptr, "before");
		template_destroy(t);
		strbuf_finish(&out);
		arena_finish(&a);
	}
}

/* Asks for a query that has no answer yet; with the answer it goes on. */
static void test_asks(void **state) {
	(void)state;
	struct arena a;
	struct strbuf out = STRBUF_INIT;
	struct template_data data = get_data(1);
	const char *error;
	struct span span;
	struct str text = STR_EMPTY;
	arena_init(&a);
	const struct template *t = template_parse(
		STR("X"), STR("x{{ range query (print \"t\" \"wo\") }}{{ .Value }},{{ end }}"), &a, &error,
		&span);
	data.answer_count = 0;
	assert_int_equal(template_expand(t, &data, &a, &out, &text), TEMPLATE_ASKS);
	assert_true(str_equal(text, STR("two")));
	assert_int_equal(out.len, 0);
	data.answer_count = 1;
	assert_int_equal(template_expand(t, &data, &a, &out, &text), TEMPLATE_DONE);
	assert_string_equal(out.ptr, "x2.5,-1,");
	template_destroy(t);
	strbuf_finish(&out);
	arena_finish(&a);
}

static void test_depth(void **state) {
	(void)state;
	static const char *const bombs[] = {"(", "{{if 1}}", "{{with 1}}{{range 1}}"};
	for (size_t i = 0; i < COUNT(bombs); i++) {
		struct arena a;
		struct strbuf text = STRBUF_INIT;
		const char *error = NULL;
		struct span span;
		arena_init(&a);
		strbuf_add_c(&text, bombs[i][0] == '(' ? "{{ " : "");
		for (int n = 0; n < 20000; n++) {
			strbuf_add_c(&text, bombs[i]);
		}
		assert_null(template_parse(STR("X"), strbuf_str(&text), &a, &error, &span));
		assert_non_null(strstr(error, "depth"));
		strbuf_finish(&text);
		arena_finish(&a);
	}
}

/* As many names as fit a template are refused early: each use of one looks through all. */
static void test_many_names(void **state) {
	(void)state;
	static const struct {
		const char *before, *after, *message;
	} cases[] = {
		{"{{ $a", " := 1 }}", "template: __alert_A:1: exceeded maximum of 1000 variables"},
		{"{{ define \"a", "\" }}x{{ end }}",
		 "template: __alert_A:1: exceeded maximum of 1000 definitions"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct strbuf source = STRBUF_INIT;
		struct arena a;
		const char *error;
		struct span span;
		arena_init(&a);
		for (int j = 0; j < 30000; j++) {
			strbuf_printf(&source, "%s%d%s", cases[i].before, j, cases[i].after);
		}
		assert_null(template_parse(STR("A"), strbuf_str(&source), &a, &error, &span));
		assert_string_equal(error, cases[i].message);
		strbuf_finish(&source);
		arena_finish(&a);
	}
}

/* What our code asks of the heap, counted by the linker's --wrap. */
static size_t heap_calls;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_malloc(size_t size) {
	heap_calls++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
	heap_calls++;
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size) {
	heap_calls++;
	return __real_realloc(p, size);
}

/* A pattern that is no constant, or a bad one, is compiled in every expansion, by a library with a heap of its own. */
static bool compiles_a_pattern(const char *text) {
	return strstr(text, "reReplaceAll \"(") != NULL || strstr(text, "match \"(") != NULL;
}

/* What every expansion needs is in its arena and in the output, and both are kept from the first to the next. */
static void test_steady_state(void **state) {
	(void)state;
	struct arena a, parsed;
	struct strbuf out = STRBUF_INIT;
	struct template_data data = get_data(12.5);
	arena_init(&a);
	arena_init(&parsed);
	for (size_t i = 0; i < COUNT(outputs) + COUNT(failures); i++) {
		const char *text = i < COUNT(outputs) ? outputs[i].text : failures[i - COUNT(outputs)].text;
		struct span span;
		struct str message;
		const char *error;
		const struct template *t = template_parse(STR("X"), str_from(text), &parsed, &error, &span);
		assert_non_null(t);
		for (int round = 0; round < 3; round++) {
			heap_calls =
				0; /* the last round counts: the arena takes its blocks in the first ones */
			strbuf_clear(&out);
			arena_reset(&a);
			template_expand(t, &data, &a, &out, &message);
		}
		if (heap_calls > 0 && !compiles_a_pattern(text)) {
			print_error("%zu heap calls in: %s\n", heap_calls, text);
		}
		assert_true(heap_calls == 0 || compiles_a_pattern(text));
		template_destroy(t);
	}
	strbuf_finish(&out);
	arena_finish(&a);
	arena_finish(&parsed);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outputs),    cmocka_unit_test(test_parse_errors),
		cmocka_unit_test(test_failures),   cmocka_unit_test(test_asks),
		cmocka_unit_test(test_depth),      cmocka_unit_test(test_steady_state),
		cmocka_unit_test(test_many_names),
	};
	return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
