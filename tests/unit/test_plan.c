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

/* ---- requests ---- */

static const struct {
	const char *exprs[5];
	const char *requests;
} together[] = {
	{{"a{x=\"1\"}", "a{x=\"2\"}"}, "a{x=~\"1|2\"}@1000000\n"},
	{{"a{x=\"1\",y=\"1\"}", "b", "a{y=\"1\",x=\"2\"}", "a{x=\"3\",y=\"2\"}"},
	 "a{y=\"1\",x=~\"1|2\"}@1000000\nb@1000000\na{x=\"3\",y=\"2\"}@1000000\n"},
	/* the label of which most wait counts */
	{{"a{x=\"1\",y=\"1\"}", "a{x=\"1\",y=\"2\"}", "a{x=\"2\",y=\"1\"}", "a{x=\"3\",y=\"1\"}"},
	 "a{y=\"1\",x=~\"1|2|3\"}@1000000\na{x=\"1\",y=\"2\"}@1000000\n"},
	{{"rate(a{x=\"1\"}[5m])", "rate(a{x=\"2\"}[10m])", "a{x=\"1\"}"},
	 "a{x=~\"1|2\"}[600000@1000000]\na{x=\"1\"}@1000000\n"},
	{{"timestamp(a{x=\"1\"})", "a{x=\"2\"}", "timestamp(a{x=\"3\"})"},
	 "ts a{x=~\"1|3\"}@1000000\na{x=\"2\"}@1000000\n"},
	{{"a{x=\"1\"}", "a{x=\"2\"} offset 1m"}, "a{x=\"1\"}@1000000\na{x=\"2\"}@940000\n"},
	{{"a{x=\"1.5\"}", "a{x=\"|\\\\\"}"}, "a{x=~\"1\\\\.5|\\\\|\\\\\\\\\"}@1000000\n"},
	{{"{__name__=\"a b\",\"c.d\"=\"1\"}", "{__name__=\"a b\",\"c.d\"=\"2\"}"},
	 "{__name__=\"a b\",\"c.d\"=~\"1|2\"}@1000000\n"},
	/* no value, another operator, the label twice, the name */
	{{"a{x=\"\"}", "a{x=\"2\"}"}, "a{x=\"\"}@1000000\na{x=\"2\"}@1000000\n"},
	{{"a{x=~\"1\"}", "a{x=~\"2\"}"}, "a{x=~\"1\"}@1000000\na{x=~\"2\"}@1000000\n"},
	{{"a{x=\"1\",x!=\"3\"}", "a{x=\"2\",x!=\"3\"}"},
	 "a{x=\"1\",x!=\"3\"}@1000000\na{x=\"2\",x!=\"3\"}@1000000\n"},
	{{"a", "b"}, "a@1000000\nb@1000000\n"},
};

static void add_all(struct fixture *f, const char *const *exprs, size_t max) {
	for (size_t i = 0; i < max && exprs[i] != NULL; i++) {
		size_t count;
		struct pql_need *needs = needs_of(f, exprs[i], 1000000, &count);
		for (size_t k = 0; k < count; k++) {
			plan_add(&f->plan, &needs[k]);
		}
	}
}

static void test_requests(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(together); i++) {
		struct fixture f;
		struct strbuf out = STRBUF_INIT;
		struct plan_request *r;
		set_up(&f);
		add_all(&f, together[i].exprs, COUNT(together[i].exprs));
		while ((r = plan_next_request(&f.plan)) != NULL) {
			print_fetch(&out, &r->ask);
		}
		assert_string_equal(out.ptr, together[i].requests);
		strbuf_finish(&out);
		tear_down(&f);
	}
}

/* Each fetch gets the series that it asked for. */
static void test_shares(void **state) {
	(void)state;
	static const ts_ms times[] = {1000000};
	static const double values[] = {1};
	static const char *const exprs[] = {"a{x=\"1\"}", "a{x=\"2\"}", "a{x=\"3\"}"};
	const struct label one[] = {{STR("x"), STR("1")}, {STR("y"), STR("p")}};
	const struct label other[] = {{STR("x"), STR("1")}, {STR("y"), STR("q")}};
	const struct label three[] = {{STR("x"), STR("3")}};
	const struct label stray[] = {{STR("x"), STR("4")}}; /* not asked for */
	const struct pql_series series[] = {
		{.labels = {one, 2}, .times = times, .values = values, .count = 1},
		{.labels = {three, 1}, .times = times, .values = values, .count = 1},
		{.labels = {stray, 1}, .times = times, .values = values, .count = 1},
		{.labels = {other, 2}, .times = times, .values = values, .count = 1},
	};
	struct fixture f;
	set_up(&f);
	add_all(&f, exprs, COUNT(exprs));
	struct plan_request *r = plan_next_request(&f.plan);
	assert_int_equal(r->count, 3);
	r->ask.state = PLAN_ANSWERED;
	r->ask.set = (struct pql_series_set){.form = PQL_SERIES_LOOKED_UP, .items = series, .count = 4};
	plan_settle(&f.plan, r);
	assert_int_equal(f.plan.fetches[0]->set.count, 2);
	assert_ptr_equal(f.plan.fetches[0]->set.items[1].labels.items, other);
	assert_int_equal(f.plan.fetches[1]->set.count, 0);
	assert_int_equal(f.plan.fetches[2]->set.count, 1);
	assert_int_equal(f.plan.fetches[2]->state, PLAN_ANSWERED);
	assert_null(plan_next_request(&f.plan));
	tear_down(&f);
}

/* What the server does not take together is asked alone, in order. */
static void test_parting(void **state) {
	(void)state;
	static const char *const exprs[] = {"a{x=\"1\"}", "b", "a{x=\"2\"}"};
	struct fixture f;
	set_up(&f);
	add_all(&f, exprs, COUNT(exprs));
	struct plan_request *r = plan_next_request(&f.plan);
	assert_int_equal(r->count, 2);
	assert_int_equal(plan_next_request(&f.plan)->count, 1);
	assert_null(plan_next_request(&f.plan));
	plan_part(&f.plan, r);
	for (size_t i = 0; i < 2; i++) {
		r = plan_next_request(&f.plan);
		assert_int_equal(r->count, 1);
		assert_ptr_equal(r->fetches[0], f.plan.fetches[i * 2]);
	}
	assert_null(plan_next_request(&f.plan));
	tear_down(&f);
}

/* A grid of more points than a server gives at once: the parts are one after the other, and one answer. */
static void test_parts(void **state) {
	(void)state;
	static const ts_ms early[] = {1000}, late[] = {990000000, 990005000};
	static const double values[] = {1, 2};
	const struct label x[] = {{STR("x"), STR("1")}}, y[] = {{STR("x"), STR("2")}};
	const struct pql_series first[] = {
		{.labels = {x, 1}, .times = early, .values = values, .count = 1}};
	const struct pql_series second[] = {
		{.labels = {y, 1}, .times = late, .values = values, .count = 1},
		{.labels = {x, 1}, .times = late, .values = values, .count = 2}};
	struct fixture f;
	size_t count;
	set_up(&f);
	struct pql_need *needs = needs_of(&f, "sum_over_time(a[1d:5s])", 1000000000, &count);
	struct plan_fetch *fetch = plan_add(&f.plan, needs);
	struct plan_request *a = plan_next_request(&f.plan), *b = plan_next_request(&f.plan);
	assert_null(plan_next_request(&f.plan));
	assert_int_equal(pql_grid_count(a->ask.grid), 11000);
	assert_int_equal(pql_grid_count(b->ask.grid), pql_grid_count(fetch->grid) - 11000);
	assert_int_equal(b->ask.grid.start, a->ask.grid.end + 5000);
	assert_int_equal(b->ask.grid.end, fetch->grid.end);
	b->ask.state = a->ask.state = PLAN_ANSWERED;
	b->ask.set = (struct pql_series_set){.form = PQL_SERIES_LOOKED_UP, .items = second, .count = 2};
	a->ask.set = (struct pql_series_set){.form = PQL_SERIES_LOOKED_UP, .items = first, .count = 1};
	assert_false(plan_settle(&f.plan, b)); /* in any order */
	assert_true(plan_settle(&f.plan, a));
	assert_int_equal(fetch->state, PLAN_ANSWERED);
	assert_int_equal(fetch->set.count, 2);
	assert_int_equal(fetch->set.items[0].count, 3);
	assert_int_equal(fetch->set.items[0].times[0], 1000);
	assert_int_equal(fetch->set.items[0].times[2], 990005000);
	assert_int_equal(fetch->set.items[1].count, 1);
	tear_down(&f);
}

static void test_part_fails(void **state) {
	(void)state;
	struct fixture f;
	size_t count;
	set_up(&f);
	struct plan_fetch *fetch =
		plan_add(&f.plan, needs_of(&f, "sum_over_time(a[1d:5s])", 1000000000, &count));
	struct plan_request *a = plan_next_request(&f.plan), *b = plan_next_request(&f.plan);
	a->ask.state = PLAN_FAILED;
	a->ask.failure = "no";
	b->ask.state = PLAN_ANSWERED;
	assert_true(plan_settle(&f.plan, a));
	assert_int_equal(fetch->state, PLAN_FAILED);
	assert_false(plan_settle(&f.plan, b)); /* too late */
	assert_int_equal(fetch->state, PLAN_FAILED);
	assert_null(plan_next_request(&f.plan));
	tear_down(&f);
}

static void test_many_requests(void **state) {
	(void)state;
	struct fixture f;
	struct diags diags;
	struct strbuf text = STRBUF_INIT;
	set_up(&f);
	diags_init(&diags, &f.arena);
	for (int i = 0; i < 600; i++) {
		strbuf_printf(&text, "%sa{x=\"%d\"}", i > 0 ? " or " : "", i);
	}
	size_t count;
	struct pql_need *needs = needs_of(&f, text.ptr, 1000000, &count);
	for (size_t i = 0; i < count; i++) {
		plan_add(&f.plan, &needs[i]);
	}
	assert_int_equal(plan_next_request(&f.plan)->count, PLAN_REQUEST_FETCHES);
	assert_int_equal(plan_next_request(&f.plan)->count, PLAN_REQUEST_FETCHES);
	assert_int_equal(plan_next_request(&f.plan)->count, 600 - 2 * PLAN_REQUEST_FETCHES);
	assert_null(plan_next_request(&f.plan));
	strbuf_finish(&text);
	tear_down(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merging),       cmocka_unit_test(test_asked_fetch_is_not_widened),
		cmocka_unit_test(test_cut),           cmocka_unit_test(test_requests),
		cmocka_unit_test(test_shares),        cmocka_unit_test(test_parting),
		cmocka_unit_test(test_parts),         cmocka_unit_test(test_part_fails),

		cmocka_unit_test(test_many_requests),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
