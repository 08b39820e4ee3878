/* The plan: what is asked once for many needs. */
#include "tests/unit/check.h"

#include "engine/plan.h"
#include "promql-lite/needs.h"
#include "promql-lite/parser.h"
#include "promql-lite/series.h"

static const struct pql_time_options options = {.lookback = 300000, .default_subquery_step = 15000};

struct fixture {
	struct arena arena;
	struct plan plan;
	struct pql_expr *exprs[8];
	size_t count;
};

static void set_up(struct fixture *f) {
	*f = (struct fixture){0};
	arena_init(&f->arena);
	plan_init(&f->plan, &f->arena);
}

static void tear_down(struct fixture *f) {
	for (size_t i = 0; i < f->count; i++) {
		pql_expr_finish(f->exprs[i]);
	}
	arena_finish(&f->arena);
}

/* The needs of an expression at t. */
static struct pql_need *needs_of(struct fixture *f, const char *text, ts_ms t, size_t *ret_count) {
	struct diags diags;
	struct pql_need *needs;
	diags_init(&diags, &f->arena);
	struct pql_expr *e = pql_parse(str_from(text), &pql_syntax_all, &f->arena, &diags);
	assert_non_null(e);
	f->exprs[f->count++] = e;
	pql_needs(e, (struct pql_grid){.start = t, .end = t, .step = 1}, &options, &f->arena, &needs);
	*ret_count = e->selector_count;
	return needs;
}

/* `up[300000@1000]`, `up@1000`, `ts up@1000`, `up@0..600000/60000` */
static void print_fetch(struct strbuf *out, const struct plan_fetch *f) {
	strbuf_add_c(out, f->kind == PQL_NEED_TIMESTAMP ? "ts " : "");
	strbuf_add(out, f->selector);
	if (f->kind == PQL_NEED_RANGE) {
		strbuf_printf(out, "[%lld@%lld]", (long long)(f->end - f->start), (long long)f->end);
	} else if (f->grid.start == f->grid.end) {
		strbuf_printf(out, "@%lld", (long long)f->grid.end);
	} else {
		strbuf_printf(out, "@%lld..%lld/%lld", (long long)f->grid.start, (long long)f->grid.end,
					  (long long)f->grid.step);
	}
	strbuf_add_char(out, '\n');
}

static const struct {
	const char *exprs[4];
	const char *fetches;
} cases[] = {
	{{"up"}, "up@1000000\n"},
	{{"up", "up == 0", "sum(up)"}, "up@1000000\n"},
	{{"up{b=\"2\",a=\"1\"}", "up{a=\"1\",b=\"2\"}"}, "up{a=\"1\",b=\"2\"}@1000000\n"},
	{{"up", "up{job=\"x\"}"}, "up@1000000\nup{job=\"x\"}@1000000\n"},
	{{"rate(a[5m])", "rate(a[1m])", "rate(a[10m])"}, "a[600000@1000000]\n"},
	{{"rate(a[5m])", "a"}, "a[300000@1000000]\na@1000000\n"},
	{{"rate(a[5m])", "rate(a[5m] offset 5m)"}, "a[300000@1000000]\na[300000@700000]\n"},
	{{"a offset 1m", "a @ 940"}, "a@940000\n"},
	{{"timestamp(a)", "a"}, "ts a@1000000\na@1000000\n"},
	{{"max_over_time(up[5m:1m])"}, "up@720000..960000/60000\n"},
	{{"{__name__=~\"a|b\"}"}, "{__name__=~\"a|b\"}@1000000\n"},
	{{"{__name__=\"a b\",x!=\"\"}"}, "{__name__=\"a b\",x!=\"\"}@1000000\n"},
	{{"{\"http.status\"=\"x\",__name__=\"a\"}"}, "a{\"http.status\"=\"x\"}@1000000\n"},
	{{"a{x=~\"\\\\d+\\n\\\"\"}"}, "a{x=~\"\\\\d+\\n\\\"\"}@1000000\n"},
	{{"a{x=\"1\",x=\"1\",x!=\"2\"}"}, "a{x=\"1\",x!=\"2\"}@1000000\n"},
	{{"vector(1)"}, ""},
};

static void test_merging(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture f;
		struct strbuf out = STRBUF_INIT;
		set_up(&f);
		for (size_t j = 0; j < COUNT(cases[i].exprs) && cases[i].exprs[j] != NULL; j++) {
			size_t count;
			struct pql_need *needs = needs_of(&f, cases[i].exprs[j], 1000000, &count);
			for (size_t k = 0; k < count; k++) {
				assert_non_null(plan_add(&f.plan, &needs[k]));
			}
		}
		for (size_t j = 0; j < f.plan.count; j++) {
			assert_int_equal(f.plan.fetches[j]->index, j);
			print_fetch(&out, f.plan.fetches[j]);
		}
		assert_string_equal(out.ptr == NULL ? "" : out.ptr, cases[i].fetches);
		strbuf_finish(&out);
		tear_down(&f);
	}
}

/* A fetch that is under way cannot be widened; one that is wide enough still serves. */
static void test_asked_fetch_is_not_widened(void **state) {
	(void)state;
	struct fixture f;
	size_t count;
	set_up(&f);
	struct plan_fetch *five = plan_add(&f.plan, needs_of(&f, "rate(a[5m])", 1000000, &count));
	five->state = PLAN_ASKED;
	assert_ptr_equal(plan_add(&f.plan, needs_of(&f, "rate(a[1m])", 1000000, &count)), five);
	struct plan_fetch *ten = plan_add(&f.plan, needs_of(&f, "rate(a[10m])", 1000000, &count));
	assert_ptr_not_equal(ten, five);
	assert_ptr_equal(plan_add(&f.plan, needs_of(&f, "rate(a[10m])", 1000000, &count)), ten);
	assert_int_equal(f.plan.count, 2);
	tear_down(&f);
}

/* Windows are open on the left, whatever the server sent. */
static void test_cut(void **state) {
	(void)state;
	static const ts_ms times[] = {400000, 640000, 700000, 700001, 900000, 1000000};
	static const double values[] = {1, 2, 3, 4, 5, 6};
	static const ts_ms old_times[] = {400000};
	const struct pql_series series[] = {
		{.times = times, .values = values, .count = 6},
		{.times = old_times, .values = values, .count = 1},
	};
	struct fixture f;
	size_t count;
	set_up(&f);
	struct pql_need *wide = needs_of(&f, "rate(a[10m])", 1000000, &count);
	struct pql_need *narrow = needs_of(&f, "rate(a[5m])", 1000000, &count);
	struct pql_need *shortest = needs_of(&f, "rate(a[1s])", 1000000, &count);
	struct plan_fetch *fetch = plan_add(&f.plan, wide);
	assert_ptr_equal(plan_add(&f.plan, narrow), fetch);
	fetch->state = PLAN_ANSWERED;
	fetch->set = (struct pql_series_set){.form = PQL_SERIES_LOOKED_UP, .items = series, .count = 2};
	struct pql_series_set cut = plan_cut(&f.plan, fetch, wide);
	assert_int_equal(cut.count, 1); /* 400000 is outside: the other series is gone */
	assert_int_equal(cut.items[0].count, 5);
	cut = plan_cut(&f.plan, fetch, narrow);
	assert_int_equal(cut.items[0].count, 3);
	assert_int_equal(cut.items[0].times[0], 700001);
	assert_true(cut.items[0].values[2] == 6);
	cut = plan_cut(&f.plan, fetch, shortest);
	assert_int_equal(cut.items[0].count, 1);
	assert_int_equal(plan_cut(&f.plan, NULL, narrow).count, 0);
	tear_down(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merging),
		cmocka_unit_test(test_asked_fetch_is_not_widened),
		cmocka_unit_test(test_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
