/* Values: floats, durations, timestamps, labels, matchers and regular expressions. */
#include "tests/unit/check.h"

#include <math.h>

#include "base/duration.h"
#include "base/gofloat.h"
#include "base/labels.h"
#include "base/matcher.h"
#include "base/regex.h"
#include "base/timestamp.h"

static void test_float_print(void **state) {
	(void)state;
	static const struct {
		double v;
		const char *g, *f, *e;
	} cases[] = {
		{0, "0", "0", "0e+00"},
		{-0.0, "-0", "-0", "-0e+00"},
		{5, "5", "5", "5e+00"},
		{0.1, "0.1", "0.1", "1e-01"},
		{100000, "100000", "100000", "1e+05"},
		{123456, "123456", "123456", "1.23456e+05"},
		{1e6, "1e+06", "1000000", "1e+06"},
		{1353755652, "1.353755652e+09", "1353755652", "1.353755652e+09"},
		{0.0001, "0.0001", "0.0001", "1e-04"},
		{0.00001, "1e-05", "0.00001", "1e-05"},
		{1.0 / 3, "0.3333333333333333", "0.3333333333333333", "3.333333333333333e-01"},
		{5.684341886080802e-14, "5.684341886080802e-14", "0.00000000000005684341886080802",
		 "5.684341886080802e-14"},
		{5e-324, "5e-324", NULL, "5e-324"},
		{2.2250738585072014e-308, "2.2250738585072014e-308", NULL, "2.2250738585072014e-308"},
		{1.7976931348623157e308, "1.7976931348623157e+308", NULL, "1.7976931348623157e+308"},
		{9007199254740992, "9.007199254740992e+15", "9007199254740992", "9.007199254740992e+15"},
		{123456.789e3, "1.23456789e+08", "123456789", "1.23456789e+08"},
		{INFINITY, "+Inf", "+Inf", "+Inf"},
		{-INFINITY, "-Inf", "-Inf", "-Inf"},
		{NAN, "NaN", "NaN", "NaN"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *expected[] = {cases[i].g, cases[i].f, cases[i].e};
		for (size_t k = 0; k < 3; k++) {
			struct strbuf b = STRBUF_INIT;
			gofloat_print(&b, cases[i].v, "gfe"[k]);
			if (expected[k] != NULL) {
				assert_string_equal(b.ptr, expected[k]);
			}
			strbuf_finish(&b);
		}
	}
}

/* The shortest form reads back, whatever the bits. */
static void test_float_round_trip(void **state) {
	(void)state;
	uint64_t random = 42;
	for (int i = 0; i < 20000; i++) {
		random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
		double v, back;
		uint64_t bits = random ^ random >> 29;
		memcpy(&v, &bits, sizeof(v));
		if (!isfinite(v)) {
			continue;
		}
		struct strbuf b = STRBUF_INIT;
		gofloat_print(&b, v, 'g');
		assert_true(gofloat_parse(strbuf_str(&b), &back, NULL));
		assert_memory_equal(&v, &back, sizeof(v));
		strbuf_finish(&b);
	}
}

static void test_float_parse(void **state) {
	(void)state;
	static const struct {
		const char *text;
		bool good;
		double v;
	} cases[] = {
		{"1", true, 1},
		{"-1.5e3", true, -1500},
		{".5", true, 0.5},
		{"5.", true, 5},
		{"0x1p-2", true, 0.25},
		{"0x10", false, 0},
		{"0x1_0p0", true, 16},
		{"1_000", true, 1000},
		{"1__0", false, 0},
		{"1_e3", false, 0},
		{"1e1_0", true, 1e10},
		{"inf", true, INFINITY},
		{"-Infinity", true, -INFINITY},
		{"nAn", true, NAN},
		{"+nan", false, 0},
		{"1e400", true, INFINITY},
		{"", false, 0},
		{" 1", false, 0},
		{"1 ", false, 0},
		{"1e", false, 0},
		{"nan(1)", false, 0},
		{"--1", false, 0},
		{".", false, 0},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		double v = 0;
		assert_int_equal(gofloat_parse(str_from(cases[i].text), &v, NULL), cases[i].good);
		if (cases[i].good) {
			assert_true(v == cases[i].v || (isnan(v) && isnan(cases[i].v)));
		}
	}
}

static void test_duration(void **state) {
	(void)state;
	static const struct {
		const char *text;
		dur_ms ms;           /* -1: refused */
		const char *printed; /* or the message */
	} cases[] = {
		{"5m", 300000, "5m"},
		{"1h30m", 5400000, "1h30m"},
		{"90m", 5400000, "1h30m"},
		{"7d", 604800000, "1w"},
		{"8d", 691200000, "8d"},
		{"365d", 31536000000, "1y"},
		{"1d12h", 129600000, "1d12h"},
		{"36h", 129600000, "1d12h"},
		{"1500ms", 1500, "1s500ms"},
		{"0", 0, "0s"},
		{"0s", 0, "0s"},
		{"", -1, "empty duration string"},
		{"5", -1, "not a valid duration string: \"5\""},
		{"5x", -1, "unknown unit \"x\" in duration \"5x\""},
		{"1m1h", -1, "not a valid duration string: \"1m1h\""},
		{"1m1m", -1, "not a valid duration string: \"1m1m\""},
		{"-5m", -1, "not a valid duration string: \"-5m\""},
		{"1.5h", -1, "unknown unit \".\" in duration \"1.5h\""},
		{"300y", -1, "duration out of range"},
		{"99999999999999999999s", -1, "not a valid duration string: \"99999999999999999999s\""},
	};
	struct arena a;
	arena_init(&a);
	for (size_t i = 0; i < COUNT(cases); i++) {
		dur_ms ms = -1;
		const char *error = NULL;
		bool good = duration_parse(str_from(cases[i].text), &a, &ms, &error);
		assert_int_equal(good, cases[i].ms >= 0);
		if (!good) {
			assert_string_equal(error, cases[i].printed);
			continue;
		}
		assert_int_equal(ms, cases[i].ms);
		struct strbuf b = STRBUF_INIT;
		duration_print(&b, ms);
		assert_string_equal(b.ptr, cases[i].printed);
		strbuf_finish(&b);
	}
	arena_finish(&a);
}

static void test_timestamp(void **state) {
	(void)state;
	static const struct {
		const char *text;
		ts_ms t;
		const char *printed; /* NULL: refused */
	} cases[] = {
		{"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000Z"},
		{"2026-02-28T23:59:59.999Z", 1772323199999, "2026-02-28T23:59:59.999Z"},
		{"2024-02-29T12:00:00+02:00", 1709200800000, "2024-02-29T10:00:00.000Z"},
		{"1969-12-31T23:59:59.5Z", -500, "1969-12-31T23:59:59.500Z"},
		{"1600000000.123", 1600000000123, "2020-09-13T12:26:40.123Z"},
		{"2023-02-29T00:00:00Z", 0, NULL},
		{"2023-13-01T00:00:00Z", 0, NULL},
		{"2023-01-01 00:00:00Z", 0, NULL},
		{"2023-01-01T00:00:00", 0, NULL},
		{"1e300", 0, NULL},
		{"yesterday", 0, NULL},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		ts_ms t = 0;
		assert_int_equal(timestamp_parse(str_from(cases[i].text), &t), cases[i].printed != NULL);
		if (cases[i].printed != NULL) {
			assert_int_equal(t, cases[i].t);
			struct strbuf b = STRBUF_INIT;
			timestamp_print_rfc3339_ms(&b, t);
			assert_string_equal(b.ptr, cases[i].printed);
			strbuf_finish(&b);
		}
	}
	for (ts_ms t = -5000000000000; t < 9000000000000; t += 86400000 * 3 + 12345) {
		struct timestamp_civil c = timestamp_civil(t);
		assert_int_equal(t, timestamp_from_civil(c.year, c.month, c.day, c.hour, c.minute, c.second,
												 c.millisecond));
	}
}

static void test_labels(void **state) {
	(void)state;
	struct arena a;
	arena_init(&a);
	struct labels_builder builder;
	labels_builder_init(&builder, &a);
	labels_builder_set(&builder, STR("job"), STR("x\"y"));
	labels_builder_set(&builder, LABEL_NAME, STR("up"));
	labels_builder_set(&builder, STR("a"), STR("1"));
	labels_builder_set(&builder, STR("http.status"), STR("200"));
	labels_builder_set(&builder, STR("a"), STR(""));
	struct labels l = labels_builder_take(&builder);
	struct strbuf b = STRBUF_INIT;
	labels_print(&b, l);
	assert_string_equal(b.ptr, "up{\"http.status\"=\"200\", job=\"x\\\"y\"}");
	assert_true(str_equal(labels_get(l, STR("job")), STR("x\"y")));
	assert_int_equal(labels_get(l, STR("a")).len, 0);
	assert_false(labels_has(l, STR("a")));
	struct labels copy = labels_dup_heap(l);
	assert_true(labels_equal(copy, l));
	assert_int_equal(labels_hash(copy), labels_hash(l));
	assert_int_equal(labels_compare(copy, l), 0);
	struct str job[] = {STR("job")};
	labels_builder_init_from(&builder, &a, l);
	labels_builder_remove(&builder, STR("http.status"));
	struct labels fewer = labels_builder_take(&builder);
	assert_false(labels_equal(fewer, l));
	assert_int_equal(labels_hash_grouping(fewer, job, 1, false),
					 labels_hash_grouping(l, job, 1, false));
	assert_int_not_equal(labels_hash_grouping(fewer, job, 1, true),
						 labels_hash_grouping(l, job, 1, true));
	free((void *)copy.items);
	strbuf_finish(&b);
	arena_finish(&a);
}

/* Verdicts and messages are those of Go's regexp, anchored as a matcher. */
static const struct {
	const char *pattern, *text;
	bool matches;
	const char *error; /* NULL: the pattern is good */
} regexes[] = {
	{"5..", "503", true, NULL},
	{"5..", "403", false, NULL},
	{"5..", "", false, NULL},
	{"5?...", "403", true, NULL},
	{"5*..", "40", true, NULL},
	{"5{0}..", "40", true, NULL},
	{"5..|4..", "404", true, NULL},
	{"a+b.", "aabc", true, NULL},
	{"(a|b).c", "bbc", true, NULL},
	{"abc", "abc", true, NULL},
	{"abc", "abcd", false, NULL},
	{"a|bc|", "", true, NULL},
	{"(a|bc)", "bc", true, NULL},
	{"(a|bc)", "abc", false, NULL},
	{"a.*", "a\nb", true, NULL},
	{".*b", "a\nb", true, NULL},
	{".*x.*", "axb", true, NULL},
	{".*x.*", "ab", false, NULL},
	{".+", "", false, NULL},
	{".*", "", true, NULL},
	{"5..", "503", true, NULL},
	{"[45]..", "303", false, NULL},
	{"a\\.b", "a.b", true, NULL},
	{"a\\.b", "axb", false, NULL},
	{"(?i)AbC", "aBc", true, NULL},
	{"\\d+\\s\\w", "42 x", true, NULL},
	{"\\s", "\v", false, NULL},
	{"\\S", "\v", true, NULL},
	{"[\\s]", "\v", false, NULL},
	{"[^\\d]", "x", true, NULL},
	{"a{2}", "aa", true, NULL},
	{"a{,2}", "a{,2}", true, NULL},
	{"x{2", "x{2", true, NULL},
	{"a$", "a\n", false, NULL},
	{"[[:alpha:]]+", "abc", true, NULL},
	{"[]a]", "]", true, NULL},
	{"\\Qa.b\\E", "a.b", true, NULL},
	{"\\x41\\x{1F514}", "A\xf0\x9f\x94\x94", true, NULL},
	{"\\p{Greek}", "\xce\xb1", true, NULL},
	{"\\p{Letter}\\p{decimal number}\\p{^Lu}\\PN", "a5b-", true, NULL},
	{"(?i)\\p{Lu}(?-i:\\p{Lu})\\w", "aA\xc5\xbf", true, NULL},
	{"(?i:\\p{Lu})\\p{Lu}", "aa", false, NULL},
	{"(?i)[\\w]\\W", "\xe2\x84\xaa\xc5\xbf", false, NULL},
	{"(?P<x>a)(?<y>b)", "ab", true, NULL},
	{".", "\xc3\xbc", true, NULL},
	{"x$+", "x", true, NULL},
	{"\\b*a", "a", true, NULL},
	{"a(?i)+b", "aaB", true, NULL},
	{"(?i)(?P<x>a)", "A", true, NULL},
	{"(?P<7>a)(?P<x>b)(?<x>c)", "abc", true, NULL},
	{"(a{10}){100}b{0}", "", false, NULL},
	{"(a{10}b{2,}){101}", "", false, "error parsing regexp: invalid repeat count: `{101}`"},
	{"((a{2}){30}|b){17,}", "", false, "error parsing regexp: invalid repeat count: `{17,}`"},
	{"(?P<é>a)", "", false, "error parsing regexp: invalid named capture: `(?P<é>`"},
	{"+?", "", false, "error parsing regexp: missing argument to repetition operator: `+?`"},
	{"(", "", false, "error parsing regexp: missing closing ): `(`"},
	{"a)", "", false, "error parsing regexp: unexpected ): `a)`"},
	{"[a", "", false, "error parsing regexp: missing closing ]: `[a`"},
	{"[z-a]", "", false, "error parsing regexp: invalid character class range: `z-a`"},
	{"*", "", false, "error parsing regexp: missing argument to repetition operator: `*`"},
	{"a**", "", false, "error parsing regexp: invalid nested repetition operator: `**`"},
	{"a*+", "", false, "error parsing regexp: invalid nested repetition operator: `*+`"},
	{"a{1001}", "", false, "error parsing regexp: invalid repeat count: `{1001}`"},
	{"((a{10}){10}){11}", "", false, "error parsing regexp: invalid repeat count: `{11}`"},
	{"(?:a{0,501}?b){2}", "", false, "error parsing regexp: invalid repeat count: `{2}`"},
	{"(a{0}b?){1000}", "bb", true, NULL},
	{"(?:a{1000}){0,1}", "", true, NULL},
	{"(?P<1st>a)(?P<1st>b)", "ab", true, NULL},
	{"(?P<a-b>a)", "", false, "error parsing regexp: invalid named capture: `(?P<a-b>`"},
	{"\\p{greek}\\p{Grek}", "", false,
	 "error parsing regexp: invalid character class range: `\\p{Grek}`"},
	{"\\p{greek}\\p{Uppercase_letter}", "αΑ", true, NULL},
	{"\\p{^Lu}\\P{^Lu}\\pN", "aA1", true, NULL},
	{"\\p{Han}", "日", true, NULL},
	{"x\\p{Nope}", "", false, "error parsing regexp: invalid character class range: `\\p{Nope}`"},
	{"\\p{Alphabetic}", "", false,
	 "error parsing regexp: invalid character class range: `\\p{Alphabetic}`"},
	{"\\pX", "", false, "error parsing regexp: invalid character class range: `\\pX`"},
	{"a{3,2}", "", false, "error parsing regexp: invalid repeat count: `{3,2}`"},
	{"(?=a)", "", false, "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"},
	{"(?!a)", "", false, "error parsing regexp: invalid or unsupported Perl syntax: `(?!`"},
	{"(?>a)", "", false, "error parsing regexp: invalid or unsupported Perl syntax: `(?>`"},
	{"(a)\\1", "", false, "error parsing regexp: invalid escape sequence: `\\1`"},
	{"a\\p{Foo}", "", false, "error parsing regexp: invalid character class range: `\\p{Foo}`"},
	{"a[b\\ph]", "", false, "error parsing regexp: invalid character class range: `\\ph`"},
	{"\\p{Lu", "", false, "error parsing regexp: invalid character class range: `\\p{Lu`"},
	{"\\y", "", false, "error parsing regexp: invalid escape sequence: `\\y`"},
	{"\\Z", "", false, "error parsing regexp: invalid escape sequence: `\\Z`"},
	{"\\", "", false, "error parsing regexp: trailing backslash at end of expression: ``"},
};

static void test_regex(void **state) {
	(void)state;
	struct arena a;
	arena_init(&a);
	for (size_t i = 0; i < COUNT(regexes); i++) {
		const char *error = NULL;
		struct regex *r = regex_create(str_from(regexes[i].pattern), REGEX_ANCHORED, &a, &error);
		if (regexes[i].error != NULL) {
			assert_null(r);
			assert_string_equal(error, regexes[i].error);
			continue;
		}
		bool matches;
		if (r == NULL || !regex_matches(r, str_from(regexes[i].text), &matches) ||
			matches != regexes[i].matches) {
			fail_msg("%s on %s", regexes[i].pattern, regexes[i].text);
		}
		regex_destroy(r);
	}
	arena_finish(&a);
}

static void test_regex_replace(void **state) {
	(void)state;
	static const struct {
		const char *pattern, *text, *replacement, *out;
	} cases[] = {
		{"b+", "abbcb", "x", "axcx"},
		{"a(x*)b", "-ab-axxb-", "${1}W", "-W-xxW-"},
		{"a(x*)b", "-ab-axxb-", "$1W", "---"},
		{"(?P<first>\\w+) (\\w+)", "hello world", "$2 $first $$", "world hello $"},
		{"", "ab", "-", "-a-b-"},
		{"a*", "baaac", "x", "xbxcx"},
		{"x", "none", "y", "none"},
		{"$", "end", "!", "end!"},
		{"(a)(b)", "ab", "$2$1$0$3", "baab"},
		{"(a)", "a", "$01${1}$1é${1}é$1_", "aaé"},
		{"(a)", "a", "$ $} ${ ${1 ${} $-1 $$1", "$ $} ${ ${1 ${} $-1 $1"},
		{"(?P<x>a)?(?P<x>b)", "b", "${x}", "b"},
		{"(?P<1a>a)", "a", "<$1a>", "<a>"},
		{"x", "x", "<$é>", "<>"},
		{"(?P<n>x)?(?P<n>y)", "y", "<$n>", "<y>"},
		{"(?m)^", "a\n", "-", "-a\n-"},
	};
	struct arena a;
	arena_init(&a);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *error;
		struct regex *r = regex_create(str_from(cases[i].pattern), REGEX_UNANCHORED, &a, &error);
		assert_non_null(r);
		struct strbuf out = STRBUF_INIT;
		assert_true(
			regex_replace_all(r, str_from(cases[i].text), str_from(cases[i].replacement), &out));
		assert_string_equal(out.ptr, cases[i].out);
		strbuf_finish(&out);
		regex_destroy(r);
	}
	arena_finish(&a);
}

/* As relabelling and label_replace read a pattern: what stands around it counts. */
static void test_regex_wrapped(void **state) {
	(void)state;
	static const struct {
		const char *pattern, *text;
		bool matches;
		const char *error;
	} cases[] = {
		{"a|b", "b", true, NULL},
		{"a|b", "ab", false, NULL},
		{"(a|b)", "b", true, NULL},
		{"", "", true, NULL},
		{"a)|(b", "axx", true, NULL},
		{"a)|(b", "xb", true, NULL},
		{")(", "", true, NULL},
		{"(?i)a", "A", true, NULL},
		{"a.b", "a\nb", true, NULL},
		{"(", "", false, "error parsing regexp: missing closing ): `^(?s:()$`"},
		{"[", "", false, "error parsing regexp: missing closing ]: `[)$`"},
		{"a))", "", false, "error parsing regexp: unexpected ): `^(?s:a)))$`"},
		{"*", "", false, "error parsing regexp: missing argument to repetition operator: `*`"},
	};
	struct arena a;
	arena_init(&a);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *error = NULL;
		struct regex *r = regex_create(str_from(cases[i].pattern), REGEX_WRAPPED, &a, &error);
		if (cases[i].error != NULL) {
			assert_null(r);
			assert_string_equal(error, cases[i].error);
			continue;
		}
		assert_non_null(r);
		bool matches;
		if (!regex_matches(r, str_from(cases[i].text), &matches) || matches != cases[i].matches) {
			fail_msg("%s on %s", cases[i].pattern, cases[i].text);
		}
		regex_destroy(r);
	}
	arena_finish(&a);
}

#define MANY_X "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* Groups are given up where the verdict is not: time and again, and not for texts that are no trouble. */
static void test_regex_groups(void **state) {
	(void)state;
	struct arena a;
	arena_init(&a);
	const char *error;
	struct str text = STR(MANY_X);
	struct regex *r = regex_create(STR("(?:x|x)*[yz]|(x*)"), REGEX_ANCHORED, &a, &error);
	struct regex *no = regex_create(STR("((x|x)*)*[yz]"), REGEX_ANCHORED, &a, &error);
	assert_true(r != NULL && no != NULL);
	size_t spans[6];
	bool found;
	for (int round = 0; round < 2; round++) {
		assert_true(regex_matches(r, text, &found) && found);
		assert_false(regex_find(r, text, 0, spans, &found));
		assert_true(regex_find(r, STR("xy"), 0, spans, &found) && found);
		assert_int_equal(spans[1], 2);
		assert_true(regex_find(no, text, 0, spans, &found) && !found);
		assert_true(regex_matches(no, text, &found) && !found);
		assert_true(regex_matches(no, STR("xxz"), &found) && found);
	}
	assert_true(regex_matches(no, STR("x\xff"), &found) && !found);
	regex_destroy(no);
	regex_destroy(r);
	arena_finish(&a);
}

/* Patterns made to go back and try again for ever. Whether they match is found out all the same. */
static void test_regex_bomb(void **state) {
	(void)state;
	static const struct {
		const char *pattern, *text;
		bool matches;
	} bombs[] = {
		{"(x+x+)+y", MANY_X, false},           {"(x+x+)+y", MANY_X "y", true},
		{"(x|x|xx)*[yz]", MANY_X, false},      {"(.*)*(.*)*(.*)*(.*)*!", MANY_X, false},
		{"(?:(?:x*)*)*y|x+?z", MANY_X, false}, {"((((x*)*)*)*)*\\pN", MANY_X, false},
		{"(x?){50}x{50}", MANY_X, true},
	};
	struct arena a;
	arena_init(&a);
	for (size_t i = 0; i < COUNT(bombs); i++) {
		const char *error;
		struct regex *r = regex_create(str_from(bombs[i].pattern), REGEX_ANCHORED, &a, &error);
		assert_non_null(r);
		for (int again = 0; again < 2; again++) {
			bool matches;
			assert_true(regex_matches(r, str_from(bombs[i].text), &matches));
			assert_int_equal(matches, bombs[i].matches);
			assert_true(regex_matches(r, STR("?"), &matches));
			assert_false(matches);
		}
		regex_destroy(r);
	}
	arena_finish(&a);
}

/* What is given up at the limit says so: a text too long for the algorithm that never goes back, an unanchored pattern, groups. */
static void test_regex_limit(void **state) {
	(void)state;
	struct arena a;
	arena_init(&a);
	const char *error;
	bool found;
	size_t spans[4];
	struct strbuf longer = STRBUF_INIT, out = STRBUF_INIT;
	for (int i = 0; i < 2000; i++) {
		strbuf_add_c(&longer, MANY_X);
	}
	struct regex *r = regex_create(STR("(x+x+)+y"), REGEX_ANCHORED, &a, &error);
	assert_false(regex_matches(r, strbuf_str(&longer), &found));
	assert_string_equal(
		regex_describe_failure(r, strbuf_str(&longer), &a),
		"matching the regular expression `(x+x+)+y` against a text of 104000 bytes takes more steps than "
		"the limit of 1000000; write it with fewer repetitions within repetitions");
	regex_destroy(r);
	r = regex_create(STR("(x|x|xx)*[yz]$"), REGEX_UNANCHORED, &a, &error);
	assert_true(regex_matches(r, STR(MANY_X), &found));
	assert_false(found);
	assert_true(regex_replace_all(r, STR(MANY_X), STR(""), &out));
	assert_string_equal(out.ptr, MANY_X);
	regex_destroy(r);
	r = regex_create(STR("(.?){450}(.?){450}[!?]"), REGEX_UNANCHORED, &a, &error);
	assert_false(regex_matches(r, STR(MANY_X), &found));
	assert_false(regex_replace_all(r, STR(MANY_X), STR(""), &out));
	regex_destroy(r);
	/* No match, so no groups either; with a match they are wanted. */
	r = regex_create(STR("(x|x|xx)*[yw]|x+z"), REGEX_ANCHORED, &a, &error);
	assert_true(regex_find(r, STR(MANY_X), 0, spans, &found));
	assert_false(found);
	assert_false(regex_find(r, STR(MANY_X "z"), 0, spans, &found));
	assert_true(regex_find(r, STR("xxy"), 0, spans, &found));
	assert_true(found);
	regex_destroy(r);
	strbuf_finish(&longer);
	strbuf_finish(&out);
	arena_finish(&a);
}

static void test_regex_depth(void **state) {
	(void)state;
	struct arena a;
	arena_init(&a);
	const char *error;
	char *deep = arena_alloc(&a, 4001);
	memset(deep, '(', 2000);
	memset(deep + 2000, ')', 2000);
	assert_null(regex_create((struct str){.ptr = deep, .len = 4000}, REGEX_ANCHORED, &a, &error));
	assert_non_null(strstr(error, "nests too deeply"));
	arena_finish(&a);
}

static void test_matcher(void **state) {
	(void)state;
	struct arena a;
	arena_init(&a);
	struct matcher m[2];
	const char *error;
	assert_true(matcher_init(&m[0], MATCH_NOT_EQUAL, STR("env"), STR("dev"), &a, &error));
	assert_true(matcher_init(&m[1], MATCH_NOT_REGEX, STR("job"), STR("a.+"), &a, &error));
	struct label items[] = {{STR("env"), STR("prod")}, {STR("job"), STR("ab")}};
	bool match;
	assert_true(
		matchers_match(m, 2, (struct labels){.items = items, .count = 2}, &a, &match, &error));
	assert_false(match);
	assert_true(
		matchers_match(m, 2, (struct labels){.items = items, .count = 1}, &a, &match, &error));
	assert_true(match);
	assert_true(m[1].matches_empty);
	assert_false(matcher_init(&m[0], MATCH_REGEX, STR("x"), STR("["), &a, &error));
	assert_string_equal(error, "error parsing regexp: missing closing ]: `[`");
	matcher_finish(&m[1]);
	arena_finish(&a);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_float_print),   cmocka_unit_test(test_float_round_trip),
		cmocka_unit_test(test_float_parse),   cmocka_unit_test(test_duration),
		cmocka_unit_test(test_timestamp),     cmocka_unit_test(test_labels),
		cmocka_unit_test(test_regex),         cmocka_unit_test(test_regex_replace),
		cmocka_unit_test(test_regex_bomb),    cmocka_unit_test(test_matcher),
		cmocka_unit_test(test_regex_wrapped), cmocka_unit_test(test_regex_limit),
		cmocka_unit_test(test_regex_depth),   cmocka_unit_test(test_regex_groups),
	};
	return cmocka_run_group_tests_name("base_values", tests, NULL, NULL);
}
