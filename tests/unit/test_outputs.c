/* What rules put out, as later rules see it: writes, staleness, how far back, and beside what the data source has. */
#include "tests/unit/check.h"

#include "base/gofloat.h"
#include "engine/outputs.h"
#include "promql-lite/parser.h"
#include "promql-lite/series_notation.h"

#define LOOKBACK 300000

struct fixture {
	struct arena arena;
	struct outputs *outputs;
	struct outputs_writer a, b;
	struct pql_expr *exprs[16];
	size_t expr_count;
};

static void set_up(struct fixture *f, dur_ms horizon) {
	*f = (struct fixture){0};
	arena_init(&f->arena);
	f->outputs = outputs_create(horizon);
}

static void tear_down(struct fixture *f) {
	outputs_writer_finish(&f->a, f->outputs, 0);
	outputs_writer_finish(&f->b, f->outputs, 0);
	outputs_destroy(f->outputs);
	for (size_t i = 0; i < f->expr_count; i++) {
		pql_expr_finish(f->exprs[i]);
	}
	arena_finish(&f->arena);
}

static struct labels labels_of(struct fixture *f, const char *text) {
	struct labels l;
	struct str rest;
	const char *error;
	assert_true(pql_notation_parse_labels(str_from(text), &f->arena, &l, &rest, &error));
	return l;
}

/* `series` is a list of names with labels, each written with the value. */
static const char *write_series(struct fixture *f, struct outputs_writer *w, ts_ms ts, double value,
								const char *const *series, size_t count) {
	struct output_sample *samples = ARENA_ARRAY(&f->arena, struct output_sample, count + 1);
	for (size_t i = 0; i < count; i++) {
		samples[i] = (struct output_sample){.labels = labels_of(f, series[i]), .value = value};
	}
	return outputs_write(f->outputs, w, ts, samples, count, &f->arena);
}

#define WRITE(f, w, ts, value, ...)                                                                \
	write_series((f), &(f)->w, (ts), (value), (const char *const[]){__VA_ARGS__},                  \
				 COUNT(((const char *const[]){__VA_ARGS__})))

/* What the selector finds at t, as text: `r{x="1"} 1000:5 2000:6`, one series a line, sorted by the fixture's order. */
static void expect(struct fixture *f, const char *expr, ts_ms t, struct pql_series_set fetched,
				   const char *wanted) {
	struct diags diags;
	struct pql_need *needs;
	struct pql_series_set set;
	struct pql_time_options options = {.lookback = LOOKBACK, .default_subquery_step = 60000};
	struct strbuf out = STRBUF_INIT;
	diags_init(&diags, &f->arena);
	struct pql_expr *e = pql_parse(str_from(expr), &pql_syntax_all, &f->arena, &diags);
	f->exprs[f->expr_count++] = e;
	pql_needs(e, (struct pql_grid){t, t, 1}, &options, &f->arena, &needs);
	assert_null(outputs_join(f->outputs, &needs[0], LOOKBACK, fetched, &f->arena, &set));
	for (size_t i = 0; i < set.count; i++) {
		labels_print(&out, set.items[i].labels);
		for (size_t j = 0; j < set.items[i].count; j++) {
			double v = set.items[i].values[j];
			strbuf_printf(&out, " %lld:", (long long)set.items[i].times[j]);
			if (pql_is_stale_nan(v)) {
				strbuf_add_c(&out, "stale");
			} else {
				gofloat_print(&out, v, 'g');
			}
		}
		strbuf_add_char(&out, '\n');
	}
	assert_string_equal(out.ptr == NULL ? "" : out.ptr, wanted);
	strbuf_finish(&out);
}

static const struct pql_series_set nothing = {.form = PQL_SERIES_LOOKED_UP};
static const struct pql_series_set nothing_stored = {.form = PQL_SERIES_STORED};

static void test_seen_at_once(void **state) {
	(void)state;
	struct fixture f;
	set_up(&f, LOOKBACK);
	WRITE(&f, a, 1000, 5, "r{x=\"1\"}");
	expect(&f, "r", 1000, nothing, "r{x=\"1\"} 1000:5\n");
	expect(&f, "r{x=\"2\"}", 1000, nothing, "");
	expect(&f, "other", 1000, nothing, "");
	expect(&f, "{x=\"1\"}", 1000, nothing, "r{x=\"1\"} 1000:5\n");
	expect(&f, "{__name__=~\"r|s\"}", 1000, nothing, "r{x=\"1\"} 1000:5\n");
	/* the time of the answer is the time asked for, as the query API has it */
	expect(&f, "r", 31000, nothing, "r{x=\"1\"} 31000:5\n");
	expect(&f, "timestamp(r)", 31000, nothing, "{x=\"1\"} 31000:1\n");
	expect(&f, "r", 1000, nothing_stored, "r{x=\"1\"} 1000:5\n");
	expect(&f, "r", 999, nothing, "");
	expect(&f, "r", 1000 + LOOKBACK - 1, nothing, "r{x=\"1\"} 300999:5\n");
	expect(&f, "r", 1000 + LOOKBACK, nothing, "");
	tear_down(&f);
}

static void test_what_is_missing_goes_stale(void **state) {
	(void)state;
	struct fixture f;
	set_up(&f, LOOKBACK);
	WRITE(&f, a, 1000, 5, "r{x=\"1\"}", "r{x=\"2\"}");
	WRITE(&f, b, 1000, 7, "s");
	WRITE(&f, a, 2000, 6, "r{x=\"2\"}");
	expect(&f, "r", 2000, nothing, "r{x=\"2\"} 2000:6\n");
	expect(&f, "r{x=\"1\"}[5s]", 2000, nothing, "r{x=\"1\"} 1000:5\n");
	expect(&f, "r{x=\"1\"}", 2000, nothing_stored, "r{x=\"1\"} 1000:5 2000:stale\n");
	expect(&f, "s", 2000, nothing, "s 2000:7\n"); /* another rule's */
	/* and back again */
	WRITE(&f, a, 3000, 8, "r{x=\"1\"}");
	expect(&f, "r", 3000, nothing, "r{x=\"1\"} 3000:8\n");
	tear_down(&f);
}

/* Of two rules that write the same series at the same time the first is right, as in Prometheus' storage. */
static void test_two_writers(void **state) {
	(void)state;
	struct fixture f;
	set_up(&f, LOOKBACK);
	assert_null(WRITE(&f, a, 1000, 5, "r"));
	assert_null(WRITE(&f, b, 1000, 5, "r"));
	assert_string_equal(
		WRITE(&f, b, 1000, 7, "r"),
		"duplicate sample for timestamp 1000; overrides not allowed: existing 5, new value 7");
	assert_string_equal(WRITE(&f, b, 900, 5, "r"), "out of order sample");
	expect(&f, "r", 1000, nothing, "r 1000:5\n");
	assert_null(outputs_write(f.outputs, &f.a, 2000, NULL, 0, &f.arena)); /* stale at 2000 */
	assert_string_equal(
		WRITE(&f, b, 2000, 8, "r"),
		"duplicate sample for timestamp 2000; overrides not allowed: existing NaN, new value 8");
	expect(&f, "r", 2000, nothing, "");
	WRITE(&f, b, 3000, 9, "r");
	expect(&f, "r", 3000, nothing, "r 3000:9\n");
	tear_down(&f);
}

static void test_windows(void **state) {
	(void)state;
	struct fixture f;
	set_up(&f, LOOKBACK);
	for (ts_ms t = 1000; t <= 5000; t += 1000) {
		WRITE(&f, a, t, (double)t / 1000, "r");
	}
	expect(&f, "r[3s]", 5000, nothing, "r 3000:3 4000:4 5000:5\n"); /* left-open */
	expect(&f, "r[3s] offset 1s", 5000, nothing, "r 2000:2 3000:3 4000:4\n");
	expect(&f, "r @ 2", 5000, nothing, "r 2000:2\n");
	expect(&f, "r[10s:2s]", 5000, nothing, "r 2000:2 4000:4\n");
	tear_down(&f);
}

static void test_trim(void **state) {
	(void)state;
	struct fixture f;
	set_up(&f, 3000);
	for (ts_ms t = 1000; t <= 9000; t += 1000) {
		WRITE(&f, a, t, 1, "r");
	}
	WRITE(&f, b, 1000, 1, "gone");
	assert_null(outputs_write(f.outputs, &f.b, 2000, NULL, 0, &f.arena));
	assert_int_equal(outputs_series_count(f.outputs), 2);
	outputs_trim(f.outputs, 9000);
	assert_int_equal(outputs_series_count(f.outputs), 1);
	expect(&f, "r[1h]", 9000, nothing, "r 7000:1 8000:1 9000:1\n");
	/* a series that its rule still writes stays, however long ago that was */
	outputs_trim(f.outputs, 900000);
	assert_int_equal(outputs_series_count(f.outputs), 1);
	WRITE(&f, a, 901000, 2, "r");
	expect(&f, "r", 901000, nothing, "r 901000:2\n");
	tear_down(&f);
}

static void test_only_what_is_read_is_kept(void **state) {
	(void)state;
	struct fixture f;
	const struct str names[] = {STR("r"), STR("r")};
	set_up(&f, LOOKBACK);
	outputs_keep(f.outputs, 60000, names, 2);
	assert_true(outputs_keeps(f.outputs, STR("r")));
	assert_false(outputs_keeps(f.outputs, STR("s")));
	WRITE(&f, a, 1000, 5, "r", "s");
	assert_int_equal(outputs_series_count(f.outputs), 1);
	outputs_keep(f.outputs, 60000, names, 0);
	assert_false(outputs_keeps(f.outputs, STR("r")));
	outputs_keep(f.outputs, 60000, NULL, 0);
	assert_true(outputs_keeps(f.outputs, STR("s")));
	tear_down(&f);
}

/* The data source has a series of the same name: ours is fresher, the others stay, older samples are taken over. */
static void test_beside_the_data_source(void **state) {
	(void)state;
	struct fixture f;
	static const ts_ms times[] = {31000}, old_times[] = {10000, 20000, 30000};
	static const double values[] = {1, 2, 3};
	set_up(&f, LOOKBACK);
	WRITE(&f, a, 29000, 5, "r{x=\"1\"}", "r{x=\"2\"}");
	WRITE(&f, a, 30000, 6, "r{x=\"1\"}"); /* x="2" is stale */
	const struct pql_series instant[] = {
		{.labels = labels_of(&f, "r{x=\"1\"}"), .times = times, .values = values, .count = 1},
		{.labels = labels_of(&f, "r{x=\"2\"}"), .times = times, .values = values, .count = 1},
		{.labels = labels_of(&f, "r{x=\"3\"}"), .times = times, .values = values, .count = 1},
	};
	struct pql_series_set fetched = {.form = PQL_SERIES_LOOKED_UP, .items = instant, .count = 3};
	expect(&f, "r", 31000, fetched, "r{x=\"1\"} 31000:6\nr{x=\"3\"} 31000:1\n");
	const struct pql_series range[] = {
		{.labels = labels_of(&f, "r{x=\"1\"}"), .times = old_times, .values = values, .count = 3},
	};
	fetched = (struct pql_series_set){.form = PQL_SERIES_LOOKED_UP, .items = range, .count = 1};
	expect(&f, "r{x=\"1\"}[1m]", 31000, fetched, "r{x=\"1\"} 10000:1 20000:2 29000:5 30000:6\n");
	tear_down(&f);
}

static void test_set_back(void **state) {
	(void)state;
	struct fixture f;
	set_up(&f, LOOKBACK);
	WRITE(&f, a, 1000, 1, "r");
	WRITE(&f, a, 9000, 2, "r");
	outputs_set_back(f.outputs, 5000);
	WRITE(&f, a, 6000, 3, "r");
	expect(&f, "r[1h]", 9000, nothing, "r 1000:1 6000:3\n");
	tear_down(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seen_at_once),
		cmocka_unit_test(test_what_is_missing_goes_stale),
		cmocka_unit_test(test_two_writers),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_only_what_is_read_is_kept),
		cmocka_unit_test(test_beside_the_data_source),
		cmocka_unit_test(test_set_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
