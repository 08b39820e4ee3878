/* What slides over a grid of steps says at each step, bit for bit, what the evaluation of that step alone says. */
#include "tests/unit/check.h"

#include <math.h>
#include <stdlib.h>

#include "promql-lite/eval.h"
#include "promql-lite/parser.h"
#include "promql-lite/store.h"

#define STEPS 120
#define SAMPLES 400

static const char *const expressions[] = {
	"sum_over_time(m[10m])",
	"sum_over_time(m[90m])",
	"avg_over_time(m[10m])",
	"avg_over_time(m[90m])",
	"min_over_time(m[10m])",
	"max_over_time(m[10m])",
	"max_over_time(m[90m])",
	"quantile_over_time(0.3, m[10m])",
	"mad_over_time(m[30m])",
	"stddev_over_time(m[10m])",
	"rate(m[1m])",
	"rate(m[90m])",
	"increase(m[5m])",
	"delta(m[5m])",
	"rate(m[5m] anchored)",
	"increase(m[5m] smoothed)",
	"resets(m[30m])",
	"changes(m[30m])",
	"deriv(m[10m])",
	"double_exponential_smoothing(m[10m], 0.3, 0.6)",
	"double_exponential_smoothing(m[10m], (time() % 100 + 1) / 200, 0.5)",
	"topk(3, m)",
	"bottomk by (g) (2, m)",
	"topk(scalar(count(m)) / 2, m)",
	"limitk(3, m)",
	"limit_ratio(0.5, m)",
	"limit_ratio(-0.9, m)",
	"quantile(0.7, m)",
	"quantile by (g) (0.2, m)",
	"sum by (g) (rate(m[5m]))",
	"m + on (i) m",
};

static uint64_t next(uint64_t *state) {
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static double fraction(uint64_t *seed) {
	return (double)(next(seed) >> 11) * 0x1p-53;
}

/* Kinds of series, each with its own trouble. */
static double next_value(size_t kind, double before, uint64_t *seed) {
	switch (kind) {
	case 0: return next(seed) % 40 == 0 ? 0 : before + (double)(next(seed) % 10);
	case 1: return fraction(seed);
	case 2: return (fraction(seed) - 0.5) * ldexp(1, (int)(next(seed) % 120) - 60);
	case 3: return next(seed) % 20 == 0 ? (double)NAN : fraction(seed);
	case 4: return next(seed) % 30 == 0 ? (double)INFINITY : (double)(next(seed) % 5);
	case 5: return 0.1;
	case 6: return next(seed) % 3 == 0 ? -0.0 : 0;
	case 7: return (double)(next(seed) % 7) - 3;
	default: return next(seed) % 2 == 0 ? 1e308 * fraction(seed) : -1e308 * fraction(seed);
	}
}

static void fill(struct pql_store *store, uint64_t seed) {
	for (size_t kind = 0; kind < 9; kind++) {
		char i[8], g[8];
		struct label items[] = {{LABEL_NAME, STR("m")}, {STR("g"), {g, 1}}, {STR("i"), {i, 1}}};
		ts_ms t = (ts_ms)(next(&seed) % 15000);
		double v = 0;

		snprintf(i, sizeof(i), "%zu", kind);
		snprintf(g, sizeof(g), "%zu", kind % 3);
		for (size_t k = 0; k < SAMPLES; k++) {
			v = next_value(kind, v, &seed);
			t += next(&seed) % 50 == 0 ? 600000 : 15000;
			pql_store_add(store, (struct labels){items, 3}, t,
						  next(&seed) % 90 == 0 ? pql_stale_nan() : v);
		}
	}
}

static void evaluate(const struct pql_store *store, const struct pql_expr *expr,
					 struct pql_grid grid, struct arena *a, struct pql_value *ret) {
	struct pql_eval_options options = {.time = {.lookback = 300000, .default_subquery_step = 60000},
									   .delayed_name_removal = true};
	struct pql_series_set *sets = ARENA_ARRAY(a, struct pql_series_set, expr->selector_count + 1);
	struct pql_failure failure;
	struct pql_notes notes;
	struct pql_need *needs;

	pql_needs(expr, grid, &options.time, a, &needs);
	for (size_t i = 0; i < expr->selector_count; i++) {
		const char *error;

		assert_true(pql_store_select(store, &needs[i], &options.time, a, &sets[i], &error));
	}
	if (!pql_eval(expr, grid, &options, sets, a, ret, &notes, &failure)) {
		fail_msg("%s", failure.message);
	}
}

static const struct pql_row *find_row(const struct pql_value *v, struct labels labels) {
	for (size_t i = 0; i < v->row_count; i++) {
		if (labels_equal(v->rows[i].labels, labels)) {
			return &v->rows[i];
		}
	}
	return NULL;
}

/* Of zeros the sign may differ: which of two equal values a quantile picks is left open. */
static bool same_bits(double a, double b) {
	return (isnan(a) && isnan(b)) || (a == 0 && b == 0) || memcmp(&a, &b, sizeof(a)) == 0;
}

static void check_step(const struct pql_value *range, const struct pql_value *instant, size_t k,
					   const char *text) {
	size_t found = 0;

	for (size_t i = 0; i < range->row_count; i++) {
		const struct pql_row *row = &range->rows[i], *alone;

		if (!row->present[k]) {
			continue;
		}
		found++;
		alone = find_row(instant, row->labels);
		if (alone == NULL || !same_bits(row->values[k], alone->values[0])) {
			fail_msg("%s, step %zu: %a in the range, %a alone", text, k, row->values[k],
					 alone == NULL ? (double)NAN : alone->values[0]);
		}
	}
	assert_int_equal(found, instant->row_count);
}

static void check_expression(const struct pql_store *store, const char *text, dur_ms step) {
	struct pql_grid grid = {1500000, 1500000 + step * (STEPS - 1), step};
	struct arena tree, a;
	struct diags diags;
	struct pql_value range;

	arena_init(&tree);
	diags_init(&diags, &tree);
	struct pql_expr *expr = pql_parse(str_from(text), &pql_syntax_all, &tree, &diags);
	assert_non_null(expr);
	evaluate(store, expr, grid, &tree, &range);
	assert_true(range.row_count > 0);
	arena_init(&a);
	for (size_t k = 0; k < STEPS; k++) {
		ts_ms t = grid.start + (ts_ms)k * step;
		struct pql_value instant;

		arena_reset(&a);
		evaluate(store, expr, (struct pql_grid){t, t, 1}, &a, &instant);
		check_step(&range, &instant, k, text);
	}
	arena_finish(&a);
	pql_expr_finish(expr);
	arena_finish(&tree);
}

static void test_range_is_its_instants(void **state) {
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct pql_store *store = pql_store_create();

		fill(store, seed * UINT64_C(0x9e3779b97f4a7c15));
		for (size_t i = 0; i < COUNT(expressions); i++) {
			check_expression(store, expressions[i], seed == 1 ? 15000 : 41000);
		}
		pql_store_destroy(store);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_range_is_its_instants),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
