/* What expressions ask for. A need reads as `instant from..to/step` or `range (from..to]`, in seconds; lookback 300 s, default
 * step of subqueries 60 s. */
#include "tests/unit/check.h"

#include "promql-lite/needs.h"
#include "promql-lite/parser.h"

struct needs_case {
	const char *text;
	int start, end, step; /* seconds */
	const char *needs;
};

static const struct needs_case cases[] = {
	{"1 + time()", 600, 600, 1, ""},
	/* Instant selectors. */
	{"a", 600, 600, 1, "instant 600..600/1"},
	{"a", 600, 900, 60, "instant 600..900/60"},
	{"a offset 1m", 600, 900, 60, "instant 540..840/60"},
	{"a offset -1m", 600, 900, 60, "instant 660..960/60"},
	{"a @ 100", 600, 900, 60, "instant 100..100/60"},
	{"a @ 100 offset 30s", 600, 900, 60, "instant 70..70/60"},
	{"a @ start() - a @ end()", 600, 900, 60, "instant 600..600/60; instant 900..900/60"},
	{"sum(a) / on(x) group_left() topk(scalar(b), (c))", 0, 0, 1,
	 "instant 0..0/1; instant 0..0/1; instant 0..0/1"},
	/* timestamp(), of a selector alone. */
	{"timestamp(a)", 600, 600, 1, "timestamp 600..600/1"},
	{"timestamp(((a offset 1m)))", 600, 600, 1, "timestamp 540..540/1"},
	{"timestamp(-a)", 600, 600, 1, "instant 600..600/1"},
	{"timestamp(timestamp(a))", 600, 600, 1, "timestamp 600..600/1"},
	{"abs(timestamp(a)) + a", 600, 600, 1, "timestamp 600..600/1; instant 600..600/1"},
	/* Range selectors. */
	{"rate(a[5m])", 600, 600, 1, "range (300..600]"},
	{"rate(a[5m] offset 1m)", 600, 900, 60, "range (240..840]"},
	{"rate(a[5m] @ 1000)", 600, 900, 60, "range (700..1000]"},
	{"rate(a[5m] anchored)", 600, 900, 60, "range (0..900]"},
	{"rate(a[5m] smoothed)", 600, 900, 60, "range (0..1200]"},
	{"a smoothed", 600, 900, 60, "range (300..1200]"},
	{"timestamp(a smoothed)", 600, 900, 60, "timestamp 600..900/60"},
	/* Subqueries stand on absolute multiples of their step. */
	{"max_over_time(a[5m:1m])", 615, 615, 1, "instant 360..600/60"},
	{"max_over_time(a[5m:1m])", 600, 600, 1, "instant 360..600/60"},
	{"max_over_time(a[5m:])", 615, 715, 10, "instant 360..660/60"},
	{"max_over_time(a[5m:7s])", 600, 600, 1, "instant 301..595/7"},
	{"max_over_time(a[5m:1m] offset 10s)", 615, 615, 1, "instant 360..600/60"},
	{"max_over_time(a[5m:1m] @ 100)", 615, 900, 60, "instant -180..60/60"},
	{"max_over_time((a @ 100)[5m:1m])", 615, 615, 1, "instant 100..100/60"},
	{"max_over_time((a offset 10s)[5m:1m])", 615, 615, 1, "instant 350..590/60"},
	{"max_over_time(rate(a[2m])[5m:1m])", 615, 615, 1, "range (240..600]"},
	{"max_over_time((a @ start() + a @ end())[5m:1m])", 615, 700, 10,
	 "instant 615..615/60; instant 700..700/60"},
	{"sum_over_time(max_over_time(a[5m:1m])[10m:2m])", 700, 700, 1, "instant -120..600/60"},
	{"sum_over_time(timestamp(a)[5m:1m])", 615, 615, 1, "timestamp 360..600/60"},
	{"max_over_time(a[10s:1m])", 615, 615, 1, "instant none"},
	{"max_over_time(rate(a[1m])[5m:1m] offset -5m)", 600, 600, 1, "range (600..900]"},
	/* Arithmetic on durations. */
	{"rate(a[5m + 1m * 2])", 600, 600, 1, "range (180..600]"},
	{"a offset step()", 600, 900, 60, "instant 540..840/60"},
	{"rate(a[range()])", 600, 900, 60, "range (300..900]"},
	{"rate(a[max_of(step(), 2m)])", 600, 900, 60, "range (480..900]"},
	{"a offset -(2 ^ 3 % 5)", 600, 600, 1, "instant 603..603/1"},
	/* info() asks when its info series were written, at the times that its first argument looks at. */
	{"info(a)", 600, 900, 60, "instant 600..900/60; timestamp 600..900/60"},
	{"info(a offset 1m, {x='y'} offset 5m)", 600, 600, 1,
	 "instant 540..540/1; timestamp 540..540/1"},
	{"info(sum_over_time(rate(a[1m] offset 1m)[5m:1m] offset 2m))", 900, 900, 1,
	 "range (420..720]; timestamp 720..720/1"},
	{"info(last_over_time((a offset 1m)[5m:1m] @ 600))", 900, 900, 1,
	 "instant 300..540/60; timestamp 540..540/1"},
	{"info(a @ 120 * ignoring(x) abs(a offset -1m @ 60))", 900, 900, 1,
	 "instant 120..120/1; instant 120..120/1; timestamp 120..120/1"},
	/* Not at one time: at that of the evaluation. */
	{"info(a @ 120 or a @ 180)", 900, 900, 1,
	 "instant 120..120/1; instant 180..180/1; timestamp 900..900/1"},
	{"info(a offset 1m or vector(1))", 900, 900, 1, "instant 840..840/1; timestamp 900..900/1"},
	{"info(scalar(a @ 1) * topk(scalar(a @ 2), a))", 900, 900, 1,
	 "instant 1..1/1; instant 2..2/1; instant 900..900/1; timestamp 900..900/1"},
	/* The ends of time. */
	{"a @ 9e15 offset -250y", 0, 0, 1, "instant 9000007884000000..9000007884000000/1"},
};

static void print_need(struct strbuf *out, const struct pql_need *n) {
	static const char *const kinds[] = {"instant", "timestamp", "range"};

	strbuf_add_c(out, out->len > 0 ? "; " : "");
	strbuf_printf(out, "%s ", kinds[n->kind]);
	if (n->kind == PQL_NEED_RANGE) {
		strbuf_printf(out, "(%lld..%lld]", (long long)(n->start / 1000),
					  (long long)(n->end / 1000));
	} else if (pql_grid_count(n->grid) == 0) {
		strbuf_add_c(out, "none");
	} else {
		strbuf_printf(out, "%lld..%lld/%lld", (long long)(n->grid.start / 1000),
					  (long long)(n->grid.end / 1000), (long long)(n->grid.step / 1000));
	}
}

static void expect(const struct needs_case *c) {
	static const struct pql_time_options options = {300000, 60000};
	struct pql_grid grid = {(ts_ms)c->start * 1000, (ts_ms)c->end * 1000, (dur_ms)c->step * 1000};
	struct strbuf out = STRBUF_INIT;
	struct arena a;
	struct diags d;
	struct pql_expr *e;
	struct pql_need *needs;

	arena_init(&a);
	diags_init(&d, &a);
	e = pql_parse(str_from(c->text), &pql_syntax_all, &a, &d);
	assert_non_null(e);
	pql_needs(e, grid, &options, &a, &needs);
	for (size_t i = 0; i < e->selector_count; i++) {
		assert_ptr_equal(needs[i].selector, &e->selectors[i]->selector);
		print_need(&out, &needs[i]);
	}
	assert_string_equal(out.ptr != NULL ? out.ptr : "", c->needs);
	strbuf_finish(&out);
	pql_expr_finish(e);
	arena_finish(&a);
}

static void test_cases(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		expect(&cases[i]);
	}
}

static void test_grid_count(void **state) {
	(void)state;
	assert_int_equal(pql_grid_count((struct pql_grid){0, 0, 1}), 1);
	assert_int_equal(pql_grid_count((struct pql_grid){0, 59, 60}), 1);
	assert_int_equal(pql_grid_count((struct pql_grid){0, 60, 60}), 2);
	assert_int_equal(pql_grid_count((struct pql_grid){1, 0, 60}), 0);
	assert_int_equal(pql_grid_count((struct pql_grid){INT64_MIN, INT64_MAX, INT64_MAX}), 3);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_grid_count),
	};
	return cmocka_run_group_tests_name("needs", tests, NULL, NULL);
}
