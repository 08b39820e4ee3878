/* Native histograms as tests write them: read, printed, added, and when a counter counts as reset. */
#include "promql-lite/histogram.h"
#include "tests/unit/check.h"

static struct pql_histogram *parse(const char *text, struct arena *a) {
	const char *error;
	struct span span;
	size_t at = 0;
	struct pql_histogram *h = pql_histogram_parse(str_from(text), &at, a, &error, &span);
	if (h == NULL) {
		fail_msg("%s: %s", text, error);
	}
	assert_int_equal(at, str_from(text).len);
	return h;
}

static void assert_prints(const struct pql_histogram *h, const char *wanted) {
	struct strbuf b = STRBUF_INIT;
	pql_histogram_print(&b, h);
	assert_string_equal(b.ptr, wanted);
	strbuf_finish(&b);
}

/* What is printed is read as the same. */
static void test_print(void **state) {
	static const char *const cases[][2] = {
		{"{{}}", "{{}}"},
		{"{{ sum:1.5   count:3 }}", "{{count:3 sum:1.5}}"},
		{"{{schema:-53 custom_values:[1 2.5] buckets:[1 2 3]}}",
		 "{{schema:-53 custom_values:[1 2.5] buckets:[1 2 3]}}"},
		{"{{buckets:[0 0 1 0 2 0]}}", "{{offset:2 buckets:[1 0 2]}}"},
		{"{{offset:-3 buckets:[1 2]}}", "{{offset:-3 buckets:[1 2]}}"},
		{"{{offset:5 buckets:[0 0]}}", "{{}}"},
		{"{{n_offset:1 n_buckets:[0 4]}}", "{{n_offset:2 n_buckets:[4]}}"},
		{"{{schema:8 z_bucket:1 z_bucket_w:1e-3}}", "{{schema:8 z_bucket:1 z_bucket_w:0.001}}"},
		{"{{counter_reset_hint:gauge}}", "{{counter_reset_hint:gauge}}"},
		{"{{counter_reset_hint:unknown}}", "{{}}"},
		{"{{counter_reset_hint:not_reset sum:-1}}", "{{sum:-1 counter_reset_hint:not_reset}}"},
	};
	struct arena a;
	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_prints(parse(cases[i][0], &a), cases[i][1]);
		assert_prints(parse(cases[i][1], &a), cases[i][1]);
	}
	arena_finish(&a);
}

static void test_refused(void **state) {
	static const char *const cases[][2] = {
		{"{{schema:9}}", "histogram has an invalid schema 9: it is -4 to 8, or -53"},
		{"{{sum:1 sum:1}}", "duplicate key in histogram: \"sum\""},
		{"{{sum}}", "missing `:` for histogram descriptor \"sum\""},
		{"{{counter_reset_hint:maybe}}", "unknown counter_reset_hint: \"maybe\""},
		{"{{total:1}}", "bad histogram descriptor found: \"total\""},
	};
	struct arena a;
	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *error = "";
		struct span span;
		size_t at = 0;
		assert_null(pql_histogram_parse(str_from(cases[i][0]), &at, &a, &error, &span));
		assert_string_equal(error, cases[i][1]);
	}
	arena_finish(&a);
}

/* x, y, and x + y, x - y; NULL: they do not fit. */
static void test_add(void **state) {
	static const struct {
		const char *x, *y, *sum, *difference;
	} cases[] = {
		{"{{count:2 sum:3}}", "{{count:1 sum:1}}", "{{count:3 sum:4}}", "{{count:1 sum:2}}"},
		{"{{buckets:[1 2]}}", "{{offset:1 buckets:[1 1]}}", "{{buckets:[1 3 1]}}",
		 "{{buckets:[1 1 -1]}}"},
		{"{{offset:3 buckets:[1]}}", "{{buckets:[1]}}", "{{buckets:[1 0 0 1]}}",
		 "{{buckets:[-1 0 0 1]}}"},
		{"{{schema:0 buckets:[0 2]}}", "{{schema:1 offset:1 buckets:[1 1]}}",
		 "{{offset:1 buckets:[4]}}", "{{}}"},
		{"{{schema:1}}", "{{schema:0}}", NULL, NULL},
		{"{{z_bucket:1 z_bucket_w:1}}", "{{z_bucket:1 z_bucket_w:2}}", NULL, NULL},
	};
	struct arena a;
	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct pql_histogram *x = parse(cases[i].x, &a), *y = parse(cases[i].y, &a);
		struct pql_histogram *sum = pql_histogram_add(x, y, 1, &a);
		struct pql_histogram *difference = pql_histogram_add(x, y, -1, &a);
		if (cases[i].sum == NULL) {
			assert_null(sum);
			assert_null(difference);
			continue;
		}
		assert_non_null(sum);
		assert_prints(sum, cases[i].sum);
		assert_prints(difference, cases[i].difference);
	}
	arena_finish(&a);
}

static void test_reset(void **state) {
	static const struct {
		const char *before, *after;
		bool reset;
	} cases[] = {
		{"{{count:2 buckets:[1 1]}}", "{{count:3 buckets:[1 2]}}", false},
		{"{{count:2 buckets:[1 1]}}", "{{count:2 buckets:[1 1]}}", false},
		{"{{count:3}}", "{{count:2}}", true},
		{"{{count:2 buckets:[2 0]}}", "{{count:2 buckets:[1 1]}}", true},
		{"{{count:2 buckets:[1 1]}}", "{{count:2 buckets:[2]}}", true},
		{"{{count:1 z_bucket:1}}", "{{count:1}}", true},
		{"{{count:1 n_buckets:[1]}}", "{{count:1 buckets:[1]}}", true},
		{"{{schema:1 count:1 buckets:[1]}}", "{{schema:0 count:2 buckets:[2]}}", true},
	};
	struct arena a;
	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < COUNT(cases); i++) {
		bool reset = pql_histogram_is_reset(parse(cases[i].before, &a), parse(cases[i].after, &a));
		if (reset != cases[i].reset) {
			fail_msg("%s then %s", cases[i].before, cases[i].after);
		}
	}
	arena_finish(&a);
}

int main(void) {
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
