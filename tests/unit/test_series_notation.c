/* The notation for series in tests, and the store that it is loaded into. */
#include "tests/unit/check.h"

#include "base/gofloat.h"
#include "promql-lite/series.h"
#include "promql-lite/series_notation.h"
#include "promql-lite/store.h"

static void print_points(struct strbuf *b, const struct pql_points *points) {
	for (size_t i = 0; i < points->count; i++) {
		strbuf_add_char(b, ' ');
		switch (points->items[i].kind) {
		case PQL_POINT_NONE: strbuf_add_char(b, '_'); break;
		case PQL_POINT_HISTOGRAM: strbuf_add_char(b, 'H'); break;
		case PQL_POINT_VALUE:
			if (pql_is_stale_nan(points->items[i].value)) {
				strbuf_add_c(b, "stale");
			} else {
				gofloat_print(b, points->items[i].value, 'g');
			}
			break;
		}
	}
}

static void test_series_lines(void **state) {
	static const struct {
		const char *text, *want; /* labels and points, or the error */
	} cases[] = {
		{"up 1 2 3", "up 1 2 3"},
		{"up", "up"},
		{"up{} _ 1", "up _ 1"},
		{"{} -1 +2", "{} -1 2"},
		{"{a=\"b\",} 1", "{a=\"b\"} 1"},
		{"sum{by=\"x\"} 1", "sum{by=\"x\"} 1"},
		{"{\"a.b\", \"c d\"='e\\n'} 1", "{\"a.b\", \"c d\"=\"e\\n\"} 1"},
		{"a:b 1", "a:b 1"},
		{"up 1x3", "up 1 1 1 1"},
		{"up 0+10x3", "up 0 10 20 30"},
		{"up 5-2x2", "up 5 3 1"},
		{"up -5--2x2", "no series"},
		{"up 1x0", "up 1"},
		{"up _x3 1", "up _ _ _ 1"},
		{"up stale NaN Inf -inf 1e3 2.5e-1 .5", "up stale NaN +Inf -Inf 1000 0.25 0.5"},
		{"up 0.1+0.1x2", "up 0.1 0.2 0.30000000000000004"},
		{"up {{schema:1 sum:3}} {{}}x1 2", "up H H H 2"},
		{"up {{}}+{{sum:1}}x1", "up H H"},
		{"up 010 08 1x2", "up 8 8 1 1 1"},
		{"up{a=\"\",b=\"c\"} 1", "up{b=\"c\"} 1"},
		{"up{a=\"b\",a=\"c\"} 1", "label name \"a\" is not unique"},
		{"up 1 abc 2",
		 "unexpected identifier \"abc\" in series values, expected number or \"stale\""},
		{"up {{sxhema:1}}", "bad histogram descriptor found: \"sxhema\""},
		{"up {{schema:9}}", "histogram has an invalid schema 9: it is -4 to 8, or -53"},
		{"up {{schema:1 schema:1}}", "duplicate key in histogram: \"schema\""},
		{"up {{schema}}", "missing `:` for histogram descriptor \"schema\""},
		{"up {{buckets:[1 x]}}", "invalid number in histogram description: \"x\""},
		{"up {{counter_reset_hint:no}}", "unknown counter_reset_hint: \"no\""},
		{"up {{schema:2}}+{{schema:1}}x1",
		 "error combining histograms: cannot merge from schema 1 to 2"},
		{"up {{schema:-53}}+{{schema:1}}x1",
		 "cannot apply this operation on histograms with a mix of exponential and custom bucket "
		 "schemas"},
		{"up 1 {2}", "unexpected text in series values: \"{2}\""},
		{"up 1 x", "invalid number in series values: \"x\""},
		{"up 1x", "invalid repetition in series values: \"x\""},
		{"up 1+2", "a step needs a repetition: \"\""},
		{"up 1_2", "unexpected text in series values: \"_2\""},
		{"up 1x99999999999", "too many repetitions in series values: \"x99999999999\""},
		{"up {{sum:1", "unterminated histogram in series values: \"{{sum:1\""},
		{"up{a} 1", "no value for label \"a\""},
		{"up{a=b} 1", "no quoted value for label \"a\""},
		{"up{a=\"b\" c=\"d\"} 1", "unexpected text in series labels: \"c\""},
		{"5", "no series at \"5\""},
	};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct strbuf b = STRBUF_INIT;
		struct labels labels;
		struct pql_points points;
		const char *error = NULL;

		if (strcmp(cases[i].want, "no series") == 0) {
			assert_false(pql_notation_parse(str_from(cases[i].text), &a, &labels, &points, &error));
			continue;
		}
		if (pql_notation_parse(str_from(cases[i].text), &a, &labels, &points, &error)) {
			labels_print(&b, labels);
			print_points(&b, &points);
			assert_string_equal(b.ptr, cases[i].want);
		} else {
			assert_string_equal(error, cases[i].want);
		}
		strbuf_finish(&b);
	}
	arena_finish(&a);
}

static void test_store_keeps_samples_in_order(void **state) {
	static const ts_ms times[] = {30, 10, 20, 10, 40};
	struct label items[] = {{STR("__name__"), STR("x")}};
	struct labels labels = {items, 1};
	struct matcher matcher;
	struct pql_selector selector = {.matchers = &matcher, .matcher_count = 1};
	struct pql_need need = {.kind = PQL_NEED_RANGE, .selector = &selector, .start = 10, .end = 30};
	struct pql_time_options options = {.lookback = 15};
	struct pql_store *s = pql_store_create();
	struct pql_series_set set;
	struct arena a;
	const char *error;

	(void)state;
	arena_init(&a);
	assert_true(matcher_init(&matcher, MATCH_EQUAL, LABEL_NAME, STR("x"), &a, &error));
	for (size_t i = 0; i < COUNT(times); i++) {
		pql_store_add(s, labels, times[i], (double)i);
	}
	assert_int_equal(pql_store_samples(s), 4);
	assert_true(pql_store_select(s, &need, &options, &a, &set, &error));
	assert_int_equal(set.form, PQL_SERIES_STORED);
	assert_int_equal(set.count, 1);
	/* Open on the left; the later one of two at the same time stays. */
	assert_int_equal(set.items[0].count, 2);
	assert_int_equal(set.items[0].times[0], 20);
	assert_int_equal(set.items[0].times[1], 30);
	need = (struct pql_need){.kind = PQL_NEED_INSTANT,
							 .selector = &selector,
							 .grid = {0, 60, 12},
							 .start = -15,
							 .end = 60};
	pql_store_add(s, labels, 47, pql_stale_nan());
	assert_true(pql_store_look_up(s, &need, &options, &a, &set, &error));
	/* Of 0 12 24 36 48 60: nothing yet, 3 at 10, 2 at 20, 0 at 30, then the marker. */
	assert_int_equal(set.items[0].count, 3);
	assert_int_equal(set.items[0].times[0], 12);
	assert_true(set.items[0].values[0] == 3 && set.items[0].values[1] == 2 &&
				set.items[0].values[2] == 0);
	pql_store_clear(s);
	assert_true(pql_store_select(s, &need, &options, &a, &set, &error));
	assert_int_equal(set.count, 0);
	matcher_finish(&matcher);
	pql_store_destroy(s);
	arena_finish(&a);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_series_lines),
		cmocka_unit_test(test_store_keeps_samples_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
