/* Native histograms as tests write them: read, printed, and to the last bit what Prometheus computes with them. */
#include "base/gofloat.h"
#include "promql-lite/histogram_math.h"
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

/* Buckets that are far apart take no more room than others. */
static void test_far_apart(void **state) {
	struct arena a;
	struct pql_histogram_remarks remarks = {0};
	(void)state;
	arena_init(&a);
	const struct pql_histogram *low = parse("{{offset:-2147483647 buckets:[1]}}", &a);
	const struct pql_histogram *high = parse("{{offset:2147483646 buckets:[1 0]}}", &a);
	assert_prints(pql_histogram_plus(low, high, &a, &remarks),
				  "{{offset:-2147483647 buckets:[1 0x4294967292 1]}}");
	assert_prints(pql_histogram_plus(parse("{{buckets:[1]}}", &a),
									 parse("{{offset:4 buckets:[2]}}", &a), &a, &remarks),
				  "{{buckets:[1 0 0 0 2]}}");
	assert_true(a.bytes < 1 << 20);
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

/* ---- computing ---- */

/* Histograms, numbers, and what is made of them as a text. */
struct call {
	struct arena *arena;
	const struct pql_histogram *h[8];
	size_t count;
	double numbers[2];
	struct strbuf out;
};

static void put_word(struct call *c, bool said, const char *word) {
	if (said) {
		strbuf_add_c(&c->out, " ");
		strbuf_add_c(&c->out, word);
	}
}

static void put_number(struct call *c, double v) {
	gofloat_print(&c->out, v, 'g');
}

static void put_remarks(struct call *c, const struct pql_histogram_remarks *remarks) {
	put_word(c, remarks->reset_collision, "collision");
	put_word(c, remarks->reconciled, "reconciled");
	put_word(c, remarks->incompatible, "incompatible");
}

typedef struct pql_histogram *combination(const struct pql_histogram *x,
										  const struct pql_histogram *y, struct arena *a,
										  struct pql_histogram_remarks *remarks);

static void combine(struct call *c, combination *f) {
	struct pql_histogram_remarks remarks = {0};
	const struct pql_histogram *h = f(c->h[0], c->h[1], c->arena, &remarks);
	if (h == NULL) {
		strbuf_add_c(&c->out, "none");
	} else {
		pql_histogram_print(&c->out, h);
	}
	put_remarks(c, &remarks);
}

static void call_plus(struct call *c) {
	combine(c, pql_histogram_plus);
}

static void call_minus(struct call *c) {
	combine(c, pql_histogram_minus);
}

enum mean { SUM, MEAN, RUNNING_MEAN };

static void add_up(struct call *c, enum mean mean) {
	struct pql_histogram_total t;
	struct pql_histogram_remarks remarks = {0};
	pql_histogram_total_init(&t, c->h[0], c->arena);
	for (size_t i = 1; i < c->count; i++) {
		const struct pql_histogram *h = c->h[i];
		double n = (double)(i + 1);
		if (mean == RUNNING_MEAN) {
			pql_histogram_total_scale(&t, (n - 1) / n);
			h = pql_histogram_divided(h, n, c->arena);
		}
		pql_histogram_total_add(&t, h, &remarks);
	}
	bool overflow = pql_histogram_has_overflow(t.sum);
	if (mean == MEAN) {
		pql_histogram_total_divide(&t, (double)c->count);
	}
	pql_histogram_print(&c->out, pql_histogram_total_take(&t));
	put_remarks(c, &remarks);
	put_word(c, overflow, "overflow");
}

static void call_sum(struct call *c) {
	add_up(c, SUM);
}

static void call_mean(struct call *c) {
	add_up(c, MEAN);
}

static void call_running_mean(struct call *c) {
	add_up(c, RUNNING_MEAN);
}

static void call_times(struct call *c) {
	pql_histogram_print(&c->out, pql_histogram_times(c->h[0], c->numbers[0], c->arena));
}

static void call_divided(struct call *c) {
	pql_histogram_print(&c->out, pql_histogram_divided(c->h[0], c->numbers[0], c->arena));
}

static void call_schema(struct call *c) {
	pql_histogram_print(&c->out,
						pql_histogram_at_schema(c->h[0], (int64_t)c->numbers[0], c->arena));
}

static void call_trim_below(struct call *c) {
	pql_histogram_print(&c->out, pql_histogram_trim(c->h[0], c->numbers[0], true, c->arena));
}

static void call_trim_above(struct call *c) {
	pql_histogram_print(&c->out, pql_histogram_trim(c->h[0], c->numbers[0], false, c->arena));
}

static void call_equal(struct call *c) {
	bool equal = pql_histogram_equal(c->h[0], c->h[1]);
	assert_int_equal(equal, pql_histogram_equal(c->h[1], c->h[0]));
	strbuf_add_c(&c->out, equal ? "true" : "false");
}

static void call_reset(struct call *c) {
	strbuf_add_c(&c->out, pql_histogram_was_reset(c->h[0], c->h[1]) ? "true" : "false");
}

static void call_buckets(struct call *c) {
	struct pql_bucket *buckets;
	size_t count = pql_histogram_buckets(c->h[0], c->arena, &buckets);
	for (size_t i = 0; i < count; i++) {
		strbuf_add_c(&c->out, i > 0 ? " " : "");
		strbuf_add_char(&c->out, buckets[i].lower_inclusive ? '[' : '(');
		put_number(c, buckets[i].lower);
		strbuf_add_char(&c->out, ',');
		put_number(c, buckets[i].upper);
		strbuf_add_char(&c->out, buckets[i].upper_inclusive ? ']' : ')');
		strbuf_add_char(&c->out, ':');
		put_number(c, buckets[i].count);
	}
}

static void call_quantile(struct call *c) {
	bool nan_skewed;
	put_number(c, pql_histogram_quantile(c->numbers[0], c->h[0], c->arena, &nan_skewed));
	put_word(c, nan_skewed, "nan");
}

static void call_fraction(struct call *c) {
	bool nan_skewed;
	put_number(
		c, pql_histogram_fraction(c->numbers[0], c->numbers[1], c->h[0], c->arena, &nan_skewed));
	put_word(c, nan_skewed, "nan");
}

static void call_variance(struct call *c) {
	put_number(c, pql_histogram_variance(c->h[0], c->arena));
}

static void call_describe(struct call *c) {
	pql_histogram_describe(&c->out, c->h[0]);
}

static const struct {
	const char *name;
	void (*run)(struct call *c);
} calls[] = {
	{"plus", call_plus},
	{"minus", call_minus},
	{"sum", call_sum},
	{"mean", call_mean},                 /* added up, then divided */
	{"running_mean", call_running_mean}, /* as when sums would overflow */
	{"times", call_times},
	{"divided", call_divided},
	{"schema", call_schema},
	{"equal", call_equal},
	{"reset", call_reset},
	{"buckets", call_buckets},
	{"quantile", call_quantile},
	{"fraction", call_fraction},
	{"variance", call_variance},
	{"trim_below", call_trim_below},
	{"trim_above", call_trim_above},
	{"describe", call_describe},
};

/* `name number number`. */
static void run_call(struct call *c, struct str text) {
	size_t at = 0, words = 0;
	struct str name = {0};
	while (at < text.len) {
		size_t start = at;
		while (at < text.len && text.ptr[at] != ' ') {
			at++;
		}
		struct str word = str_slice(text, start, at);
		if (words == 0) {
			name = word;
		} else {
			assert_true(words <= COUNT(c->numbers));
			assert_true(gofloat_parse(word, &c->numbers[words - 1], NULL));
		}
		words++;
		at++;
	}
	for (size_t i = 0; i < COUNT(calls); i++) {
		if (str_equal(name, str_from(calls[i].name))) {
			calls[i].run(c);
			return;
		}
	}
	fail_msg("no such call: %s", text.ptr);
}

static void parse_all(struct call *c, const char *text) {
	const char *error = "";
	struct span span;
	struct str all = str_from(text);
	for (size_t at = 0; at < all.len; at++) {
		assert_true(c->count < COUNT(c->h));
		c->h[c->count] = pql_histogram_parse(all, &at, c->arena, &error, &span);
		if (c->h[c->count++] == NULL) {
			fail_msg("%s: %s", text, error);
		}
	}
}

/* What is computed with is as it was. */
static void assert_untouched(const struct call *c, const char *text) {
	struct call again = {.arena = c->arena};
	parse_all(&again, text);
	for (size_t i = 0; i < c->count; i++) {
		struct strbuf was = STRBUF_IN(c->arena);
		pql_histogram_print(&was, again.h[i]);
		assert_prints(c->h[i], was.ptr);
	}
}

/* The wanted texts are the original's, from random histograms. */
static void test_compute(void **state) {
	static const struct {
		const char *call, *histograms, *wanted;
	} cases[] = {
#include "tests/unit/histogram_cases.def"
	};
	struct arena a;
	size_t wrong = 0;
	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct call c = {.arena = &a, .out = STRBUF_IN(&a)};
		parse_all(&c, cases[i].histograms);
		strbuf_add_c(&c.out, "");
		run_call(&c, str_from(cases[i].call));
		assert_untouched(&c, cases[i].histograms);
		if (!str_equal(strbuf_str(&c.out), str_from(cases[i].wanted))) {
			print_error("%s of %s:\n  is     %s\n  wanted %s\n", cases[i].call, cases[i].histograms,
						strbuf_str(&c.out).ptr, cases[i].wanted);
			wrong++;
		}
		arena_reset(&a);
	}
	assert_int_equal(wrong, 0);
	arena_finish(&a);
}

/* A bucket that is named says on which side observations are, though it is empty. */
static void test_compact(void **state) {
	struct arena a;
	bool nan_skewed;
	(void)state;
	arena_init(&a);
	const struct pql_histogram *named =
		parse("{{count:4 z_bucket:4 z_bucket_w:1 buckets:[0]}}", &a);
	const struct pql_histogram *compact = pql_histogram_compact(named, &a);
	assert_true(pql_histogram_quantile(0.25, named, &a, &nan_skewed) == 0.25);
	assert_true(pql_histogram_quantile(0.25, compact, &a, &nan_skewed) == -0.5);
	assert_true(pql_histogram_equal(named, compact));
	assert_prints(pql_histogram_with_reset(compact, PQL_RESET_GAUGE, &a),
				  "{{count:4 z_bucket:4 z_bucket_w:1 counter_reset_hint:gauge}}");
	arena_finish(&a);
}

/* The bucket that has vanished is not the first one that was named. */
static void test_stored(void **state) {
	struct arena a;
	(void)state;
	arena_init(&a);
	const struct pql_histogram *before = parse("{{count:4 buckets:[0 4]}}", &a);
	const struct pql_histogram *after = parse("{{count:9 n_buckets:[9]}}", &a);
	assert_false(pql_histogram_was_reset(before, after));
	assert_prints(pql_histogram_as_stored(after, before, &a), "{{count:9 n_buckets:[9]}}");
	assert_prints(pql_histogram_as_stored(after, after, &a),
				  "{{count:9 counter_reset_hint:not_reset n_buckets:[9]}}");
	arena_finish(&a);
}

int main(void) {
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),   cmocka_unit_test(test_far_apart),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_compute),
		cmocka_unit_test(test_compact), cmocka_unit_test(test_stored),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
