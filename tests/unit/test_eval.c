/* What scripts cannot say about the evaluator: limits, forms of supply, repeated use, kinds of results. */
#include "tests/unit/check.h"

#include "base/gofloat.h"
#include "promql-lite/eval.h"
#include "promql-lite/parser.h"
#include "promql-lite/series_notation.h"
#include "promql-lite/store.h"

struct world {
	struct arena arena;
	struct pql_store *store;
	struct pql_eval_options options;
	bool looked_up;
};

/* The result of one evaluation, in the world's arena. */
struct answer {
	bool ok;
	struct pql_value value;
	struct pql_notes notes;
	struct pql_failure failure;
	struct pql_expr *expr;
};

static void world_init(struct world *w) {
	*w = (struct world){
		.store = pql_store_create(),
		.options = {.time = {.lookback = 300000, .default_subquery_step = 60000}},
	};
	arena_init(&w->arena);
}

static void world_finish(struct world *w) {
	pql_store_destroy(w->store);
	arena_finish(&w->arena);
}

/* A series per line, one point per 10 s. */
static void world_load(struct world *w, const char *text) {
	struct str rest = str_from(text);

	while (rest.len > 0) {
		size_t end = str_find(rest, STR("\n"));
		struct labels labels;
		struct pql_points points;
		const char *error;

		assert_true(
			pql_notation_parse(str_slice(rest, 0, end), &w->arena, &labels, &points, &error));
		for (size_t i = 0; i < points.count; i++) {
			if (points.items[i].kind == PQL_POINT_VALUE) {
				pql_store_add(w->store, labels, (ts_ms)i * 10000, points.items[i].value);
			}
		}
		rest = str_slice(rest, end < rest.len ? end + 1 : end, rest.len);
	}
}

static void world_eval(struct world *w, const char *text, struct pql_grid grid,
					   struct answer *ret) {
	struct pql_series_set sets[8];
	struct pql_need *needs;
	struct diags diags;

	*ret = (struct answer){0};
	diags_init(&diags, &w->arena);
	ret->expr = pql_parse(str_from(text), &pql_syntax_all, &w->arena, &diags);
	assert_non_null(ret->expr);
	assert_true(ret->expr->selector_count <= COUNT(sets));
	pql_needs(ret->expr, grid, &w->options.time, &w->arena, &needs);
	for (size_t i = 0; i < ret->expr->selector_count; i++) {
		const char *error;

		assert_true((w->looked_up ? pql_store_look_up : pql_store_select)(
			w->store, &needs[i], &w->options.time, &w->arena, &sets[i], &error));
	}
	ret->ok = pql_eval(ret->expr, grid, &w->options, sets, &w->arena, &ret->value, &ret->notes,
					   &ret->failure);
	pql_expr_finish(ret->expr);
}

static void add_number(struct strbuf *b, double v, bool present) {
	strbuf_add_char(b, ' ');
	if (present) {
		gofloat_print(b, v, 'g');
	} else {
		strbuf_add_char(b, '_');
	}
}

/* `labels v _ v; labels …`, or the failure's text. */
static const char *answer_text(struct world *w, const struct answer *x) {
	struct strbuf b = STRBUF_INIT;
	const char *text;

	for (size_t i = 0; x->ok && i < x->value.row_count; i++) {
		strbuf_add_c(&b, i > 0 ? "; " : "");
		labels_print(&b, x->value.rows[i].labels);
		for (size_t k = 0; k < x->value.steps; k++) {
			add_number(&b, x->value.rows[i].values[k], x->value.rows[i].present[k]);
		}
	}
	for (size_t k = 0; x->ok && x->value.scalars != NULL && k < x->value.steps; k++) {
		add_number(&b, x->value.scalars[k], true);
	}
	text = x->ok ? arena_dup(&w->arena, strbuf_str(&b)).ptr : x->failure.message;
	strbuf_finish(&b);
	return text;
}

static const char *eval_text(struct world *w, const char *expr, struct pql_grid grid) {
	struct answer x;

	world_eval(w, expr, grid, &x);
	return answer_text(w, &x);
}

static const char data[] =
	"c_total{i=\"1\"} 0+3x40 5+2x40\n"
	"c_total{i=\"2\"} 10 _ 20 _x7 40 stale _x9 3+1x60\n"
	"g{i=\"1\",zone=\"eu\"} 5 4 NaN 2 _x40 Inf 7x30\n"
	"g{i=\"2\",zone=\"us\"} 1+0.5x70\n"
	"b_bucket{le=\"1\"} 0+1x80\n"
	"b_bucket{le=\"+Inf\"} 0+4x80";

static const struct pql_grid grids[] = {
	{300000, 300000, 1}, {0, 900000, 60000}, {123456, 654321, 17000}, {-60000, 120000, 7000}};

/* ---- the two forms of supply ---- */

static void test_looked_up_data_gives_the_same_answers(void **state) {
	static const char *const exprs[] = {
		"c_total",
		"g offset 1m",
		"g @ 100 + g",
		"rate(c_total[2m])",
		"sum by (zone) (g) / on() group_left count(g)",
		"timestamp(g)",
		"max_over_time(rate(c_total[1m])[5m:30s])",
		"sum_over_time(g[3m:17s] offset 30s)",
		"avg_over_time((g > 2)[2m:])",
		"histogram_quantile(0.5, rate(b_bucket[4m]))",
		"absent(g{i=\"3\"}) or absent_over_time(g{i=\"1\"}[1m])",
		"count_over_time(c_total[5m] @ end())",
		"quantile_over_time(0.5, g[2m] @ start())",
		"topk(1, g)",
		"last_over_time(timestamp(g)[1m:10s])",
	};
	struct world w;

	(void)state;
	world_init(&w);
	world_load(&w, data);
	for (size_t i = 0; i < COUNT(exprs); i++) {
		for (size_t j = 0; j < COUNT(grids); j++) {
			const char *stored, *looked_up;

			w.looked_up = false;
			stored = eval_text(&w, exprs[i], grids[j]);
			w.looked_up = true;
			looked_up = eval_text(&w, exprs[i], grids[j]);
			assert_string_equal(stored, looked_up);
		}
	}
	world_finish(&w);
}

/* ---- a grid is its instants ---- */

static void test_a_range_is_what_its_instants_are(void **state) {
	static const char *const exprs[] = {
		"c_total + 1",
		"increase(c_total[2m])",
		"max_over_time(g[3m])",
		"min_over_time(g[90s])",
		"sum_over_time(rate(c_total[1m])[3m:45s])",
		"g > bool 3",
		"sum(g)",
		"count_values(\"v\", g)",
	};
	struct world w;

	(void)state;
	world_init(&w);
	world_load(&w, data);
	for (size_t i = 0; i < COUNT(exprs); i++) {
		struct pql_grid grid = {0, 600000, 50000};
		struct answer range, instant;

		world_eval(&w, exprs[i], grid, &range);
		for (size_t k = 0; k < range.value.steps; k++) {
			ts_ms t = grid.start + (ts_ms)k * grid.step;
			size_t present = 0;

			world_eval(&w, exprs[i], (struct pql_grid){t, t, 1}, &instant);
			for (size_t r = 0; r < range.value.row_count; r++) {
				const struct pql_row *row = &range.value.rows[r];

				present += row->present[k];
				for (size_t s = 0; row->present[k] && s < instant.value.row_count; s++) {
					if (labels_equal(instant.value.rows[s].labels, row->labels)) {
						assert_memory_equal(&instant.value.rows[s].values[0], &row->values[k],
											sizeof(double));
					}
				}
			}
			assert_int_equal(present, instant.value.row_count);
		}
	}
	world_finish(&w);
}

/* ---- limits ---- */

static void test_limits_are_named(void **state) {
	static const struct {
		const char *expr;
		struct pql_eval_limits limits;
		const char *message;
	} cases[] = {
		{"g",
		 {.max_samples = 15},
		 "query processing would load too many samples into memory in query execution "
		 "(limits.samples: 15)"},
		{"sum_over_time(vector(1)[30d:1ms])",
		 {0},
		 "query processing would load too many samples into memory in query execution "
		 "(limits.samples: 50000000)"},
		{"g",
		 {.max_steps = 9},
		 "exceeded maximum resolution of 9 points per timeseries (max_steps). Try decreasing the "
		 "query resolution (?step=XX)"},
		{"label_replace(g, \"x\", \"0123456789\", \"\", \"\")",
		 {.max_label_bytes = 19},
		 "label_replace() made more than 19 bytes of labels (max_label_bytes)"},
		{"label_join(g, \"x\", \"-\", \"i\", \"zone\")",
		 {.max_label_bytes = 7},
		 "label_join() made more than 7 bytes of labels (max_label_bytes)"},
		{"sum_over_time(vector(1)[1m:1s])",
		 {.max_visits = 599},
		 "the windows of the query cover more than 599 samples (max_visits)"},
		{"mad_over_time(vector(1)[1m:1s])",
		 {.max_visits = 2399},
		 "the windows of the query cover more than 2399 samples (max_visits)"},
		{"count_values(\"v\", g)",
		 {.max_label_bytes = 5},
		 "count_values made more than 5 bytes of labels (max_label_bytes)"},
		{"label_replace(g, \"x\", \"$1\", \"__name__\", \"(.?){450}(.?){450}[!?]|g\") or "
		 "label_replace(label_replace(g, \"x\", \"long\", \"\", \"\"), \"y\", \"$1\", \"x\", "
		 "\"(.?){450}(.?){450}[!?]\")",
		 {0},
		 "matching the regular expression `(.?){450}(.?){450}[!?]` against a text of 4 bytes takes more "
		 "steps than the limit of 1000000; write it with fewer repetitions within repetitions"},
	};
	struct world w;

	(void)state;
	world_init(&w);
	world_load(&w, data);
	for (size_t i = 0; i < COUNT(cases); i++) {
		w.options.limits = cases[i].limits;
		assert_string_equal(eval_text(&w, cases[i].expr, (struct pql_grid){0, 90000, 10000}),
							cases[i].message);
	}
	world_finish(&w);
}

static void load_histograms(struct world *w, const char *labels, const char *text) {
	struct pql_points points;
	struct labels name;
	const char *error;
	struct str line = str_from(arena_printf(&w->arena, "%s %s", labels, text));

	assert_true(pql_notation_parse(line, &w->arena, &name, &points, &error));
	for (size_t i = 0; i < points.count; i++) {
		pql_store_add_histogram(w->store, name, (ts_ms)i * 10000, points.items[i].histogram);
	}
}

/* 19 samples in all windows, of 16 and two buckets each. */
static void test_histograms_are_more_work(void **state) {
	struct pql_grid grid = {0, 90000, 10000};
	struct world w;
	struct answer x;

	(void)state;
	world_init(&w);
	load_histograms(&w, "h", "{{count:3 buckets:[1 2]}}x9");
	w.options.limits.max_visits = 19 * 18 - 1;
	assert_string_equal(eval_text(&w, "sum_over_time(h[20s])", grid),
						"the windows of the query cover more than 341 samples (max_visits)");
	w.options.limits.max_visits++;
	world_eval(&w, "sum_over_time(h[20s])", grid, &x);
	assert_true(x.ok);
	w.options.limits.max_visits = 19;
	world_eval(&w, "count_over_time(h[20s])", grid, &x);
	assert_true(x.ok);
	world_finish(&w);
}

static void test_what_is_given_back_does_not_count(void **state) {
	struct world w;
	struct answer x;

	(void)state;
	world_init(&w);
	world_load(&w, data);
	/* Two rows a side of ten steps, and as many for each result: 60 at once, however long the chain. */
	w.options.limits.max_samples = 60;
	world_eval(&w, "g + g + g + g + g + g + g + g", (struct pql_grid){0, 90000, 10000}, &x);
	assert_true(x.ok);
	world_finish(&w);
}

/* ---- kinds of results ---- */

static void test_kinds_of_results(void **state) {
	struct world w;
	struct answer x;

	(void)state;
	world_init(&w);
	world_load(&w, data);
	world_eval(&w, "g{i=\"1\"}[30s]", (struct pql_grid){30000, 30000, 1}, &x);
	assert_true(x.ok);
	assert_int_equal(x.value.type, PQL_TYPE_MATRIX);
	assert_int_equal(x.value.matrix.count, 1);
	assert_int_equal(x.value.matrix.items[0].count, 3);
	world_eval(&w, "\"text\"", (struct pql_grid){0, 0, 1}, &x);
	assert_int_equal(x.value.type, PQL_TYPE_STRING);
	assert_int_equal(x.value.string.len, 4);
	assert_string_equal(eval_text(&w, "g[30s]", (struct pql_grid){0, 1, 1}),
						"invalid expression type \"range vector\" for range query, must be Scalar "
						"or instant Vector");
	assert_string_equal(eval_text(&w, "\"t\"", (struct pql_grid){0, 1, 1}),
						"invalid expression type \"string\" for range query, must be Scalar or "
						"instant Vector");
	world_eval(&w, "sort(g)", (struct pql_grid){0, 0, 1}, &x);
	assert_true(x.value.ordered);
	world_eval(&w, "g", (struct pql_grid){0, 0, 1}, &x);
	assert_false(x.value.ordered);
	world_finish(&w);
}

/* What info() adds stems from the time of its argument's data, if that is one; and from series that lack the same labels. */
static void test_info_looks_where_its_data_is(void **state) {
	static const struct {
		const char *expr, *text;
	} cases[] = {
		{"info(m @ 20 + 0)", "{instance=\"i\", job=\"j\", v=\"old\"} 1 1 1"},
		{"info(m @ 20 or m @ 80)",
		 "m{instance=\"i\", job=\"j\", v=\"new\"} _ 1 1; "
		 "m{instance=\"i\", job=\"j\", v=\"old\"} 1 _ _"},
		{"info(label_replace(vector(1), \"instance\", \"i\", \"\", \"\") or m @ 20)",
		 "m{instance=\"i\", job=\"j\", v=\"new\"} _ 1 1; "
		 "m{instance=\"i\", job=\"j\", v=\"old\"} 1 _ _; {instance=\"i\", only=\"y\"} 1 1 1"},
		{"info(alone)", "alone{instance=\"i\", only=\"y\"} 2 2 2"},
	};
	struct world w;

	(void)state;
	world_init(&w);
	world_load(&w,
			   "m{instance=\"i\",job=\"j\"} 1x20\n"
			   "alone{instance=\"i\"} 2x20\n"
			   "target_info{instance=\"i\",only=\"y\"} 1x20\n"
			   "target_info{instance=\"i\",job=\"j\",v=\"old\"} 1x4 stale\n"
			   "target_info{instance=\"i\",job=\"j\",v=\"new\"} _x5 1x20\n");
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_string_equal(eval_text(&w, cases[i].expr, (struct pql_grid){40000, 100000, 30000}),
							cases[i].text);
	}
	world_finish(&w);
}

static void test_names_go_at_once_or_at_the_end(void **state) {
	static const struct {
		const char *expr;
		const char *at_once, *delayed;
	} cases[] = {
		{"abs(g{i=\"2\"})", "{i=\"2\", zone=\"us\"} 1", "{i=\"2\", zone=\"us\"} 1"},
		{"label_replace(-g{i=\"2\"}, \"n\", \"$1\", \"__name__\", \"(.*)\")",
		 "{i=\"2\", zone=\"us\"} -1", "{i=\"2\", n=\"g\", zone=\"us\"} -1"},
		{"count by (__name__) (abs(g))", "{} 2", "{} 2"},
		{"-{__name__=~\"g|b_bucket\"}",
		 "{i=\"1\", zone=\"eu\"} -5; {i=\"2\", zone=\"us\"} -1; {le=\"1\"} -0; {le=\"+Inf\"} -0",
		 "{i=\"1\", zone=\"eu\"} -5; {i=\"2\", zone=\"us\"} -1; {le=\"1\"} -0; {le=\"+Inf\"} -0"},
	};
	struct world w;

	(void)state;
	world_init(&w);
	world_load(&w, data);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct pql_grid now = {0, 0, 1};

		w.options.delayed_name_removal = false;
		assert_string_equal(eval_text(&w, cases[i].expr, now), cases[i].at_once);
		w.options.delayed_name_removal = true;
		assert_string_equal(eval_text(&w, cases[i].expr, now), cases[i].delayed);
	}
	world_finish(&w);
}

static void test_notes_and_failures_have_a_place(void **state) {
	struct world w;
	struct answer x;

	(void)state;
	world_init(&w);
	world_load(&w, data);
	world_eval(&w, "1 +\n  rate(g[1m])", (struct pql_grid){60000, 60000, 1}, &x);
	assert_int_equal(x.notes.count, 1);
	assert_false(x.notes.items[0].is_warning);
	assert_string_equal(x.notes.items[0].message,
						"PromQL info: metric might not be a counter, name does not end in "
						"_total/_sum/_count/_bucket: \"g\" (2:8)");
	world_eval(&w, "vector(1) or (g + on() g)", (struct pql_grid){0, 0, 1}, &x);
	assert_false(x.ok);
	assert_string_equal(x.failure.message,
						"found duplicate series for the match group {} on the right hand-side of "
						"the operation: [{__name__=\"g\", i=\"1\", zone=\"eu\"}, "
						"{__name__=\"g\", i=\"2\", zone=\"us\"}];many-to-many matching not "
						"allowed: matching labels must be unique on one side");
	assert_int_equal(x.failure.span.start, 14);
	assert_int_equal(x.failure.span.end, 24);
	world_eval(&w, "rate(g[(-1m)])", (struct pql_grid){0, 0, 1}, &x);
	assert_string_equal(x.failure.message, "7:11: duration must be greater than 0");
	world_finish(&w);
}

/* ---- memory ---- */

static void test_repeated_evaluation_takes_no_more_memory(void **state) {
	struct arena *a;
	struct world w;
	struct answer x;
	size_t bytes = 0;

	(void)state;
	world_init(&w);
	world_load(&w, data);
	a = &w.arena;
	for (int i = 0; i < 5; i++) {
		arena_reset(a);
		world_eval(&w, "sum by (zone) (rate(c_total[1m]) * on() group_left(zone) g{i=\"1\"})",
				   (struct pql_grid){0, 900000, 1000}, &x);
		assert_true(x.ok);
		assert_true(i < 2 || a->bytes == bytes);
		bytes = a->bytes;
	}
	world_finish(&w);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_looked_up_data_gives_the_same_answers),
		cmocka_unit_test(test_a_range_is_what_its_instants_are),
		cmocka_unit_test(test_limits_are_named),
		cmocka_unit_test(test_histograms_are_more_work),
		cmocka_unit_test(test_what_is_given_back_does_not_count),
		cmocka_unit_test(test_kinds_of_results),
		cmocka_unit_test(test_info_looks_where_its_data_is),
		cmocka_unit_test(test_names_go_at_once_or_at_the_end),
		cmocka_unit_test(test_notes_and_failures_have_a_place),
		cmocka_unit_test(test_repeated_evaluation_takes_no_more_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
