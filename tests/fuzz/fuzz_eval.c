/* Any expression over some odd series: it is evaluated or refused, within small limits, and the same whether the data is supplied
 * as stored or as a server would have looked it up, and what is known of it without data holds. The first byte chooses the grid and
 * when names go and whether there are native histograms, the rest is the text. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "promql-lite/eval.h"
#include "promql-lite/parser.h"
#include "promql-lite/series_notation.h"
#include "promql-lite/store.h"
#include "tests/conformance/promqltest_facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One point per 10 s. */
static const char *const numbers[] = {
	"m{a=\"1\"} 0 3 NaN _x5 7 stale _x3 2+1x30",
	"m{a=\"2\",b=\"x\"} 5 Inf -Inf 5x20",
	"m{a=\"2\"} -1-0.5x40",
	"n{a=\"1\"} 4 4 4 _x30 9 9",
	"c_total{a=\"1\"} 0+2x20 1+3x20",
	"c_total{a=\"2\"} 1e300 1.7e308x3 0 5",
	"h_bucket{le=\"0.1\"} 0+1x40",
	"h_bucket{le=\"1\"} 0+3x30 5x10",
	"h_bucket{le=\"+Inf\"} 0+4x40",
	"h_bucket{le=\"odd\"} 1x40",
	"target_info{instance=\"i\",job=\"j\",v=\"1\"} 1x20 stale",
	"target_info{instance=\"i\",job=\"j\",v=\"2\"} _x20 1x20",
	"up{instance=\"i\",job=\"j\"} 1x40",
};

/* Loaded only where the first byte asks for them: whether a counter was reset is not to be seen in what a server has looked up. */
static const char *const natives[] = {
	"m{a=\"1\",n=\"1\"} {{schema:0 sum:5 count:4 buckets:[1 2 1]}}+{{schema:1 sum:1 count:1 offset:2 "
	"buckets:[1]}}x30",
	"m{a=\"2\",n=\"1\"} 1 {{schema:0 sum:5 count:4 z_bucket:1 z_bucket_w:0.1 buckets:[1 2]}}x5 stale 3 "
	"{{schema:3 sum:-2 count:3 n_buckets:[1 2]}}x20",
	"n{a=\"2\"} {{schema:-53 sum:5 count:4 custom_values:[1 5] buckets:[1 2 1]}}x9 {{schema:-53 sum:5 "
	"count:4 custom_values:[1 2 5] buckets:[1 2 0 1]}}x9",
	"n{a=\"3\"} {{schema:0 sum:NaN count:9 counter_reset_hint:gauge buckets:[1 2 1]}}x9 _x3 "
	"{{schema:8 sum:Inf count:1e308 buckets:[1e308 1]}}x20",
	"h {{schema:2 sum:5 count:4 buckets:[1 2 1]}}x20",
	"target_info{instance=\"i\",job=\"n\"} {{count:1 sum:1 buckets:[1]}}x20",
};

static const struct pql_grid grids[] = {
	{100000, 100000, 1},
	{0, 400000, 30000},
	{-5000, 55000, 7000},
	{300001, 300001, 60000},
};

static void load(struct pql_store *store, const char *const *series, size_t count,
				 struct arena *a) {
	for (size_t i = 0; i < count; i++) {
		struct labels labels;
		struct pql_points points;
		const char *error;

		BUG_ON(!pql_notation_parse(str_from(series[i]), a, &labels, &points, &error));
		for (size_t j = 0; j < points.count; j++) {
			if (points.items[j].kind == PQL_POINT_VALUE) {
				pql_store_add(store, labels, (ts_ms)j * 10000, points.items[j].value);
			} else if (points.items[j].kind == PQL_POINT_HISTOGRAM) {
				pql_store_add_histogram(store, labels, (ts_ms)j * 10000, points.items[j].histogram);
			}
		}
	}
}

struct question {
	const struct pql_expr *expr;
	struct pql_grid grid;
	struct pql_eval_options options;
	const struct pql_store *store;
	struct arena *arena;
};

static bool evaluate(const struct question *q, bool looked_up, struct pql_value *ret) {
	struct pql_series_set *sets =
		ARENA_ARRAY(q->arena, struct pql_series_set, q->expr->selector_count + 1);
	struct pql_failure failure = {0};
	struct pql_notes notes;
	struct pql_need *needs;
	bool ok;

	pql_needs(q->expr, q->grid, &q->options.time, q->arena, &needs);
	for (size_t i = 0; i < q->expr->selector_count; i++) {
		if (pql_grid_count(needs[i].grid) > 100000) {
			return false; /* nobody would fetch this */
		}
		if (!(looked_up ? pql_store_look_up : pql_store_select)(
				q->store, &needs[i], &q->options.time, q->arena, &sets[i], &failure.message)) {
			BUG_ON(failure.message == NULL);
			return false;
		}
	}
	ok = pql_eval(q->expr, q->grid, &q->options, sets, q->arena, ret, &notes, &failure);
	BUG_ON(!ok && failure.message == NULL);
	return ok;
}

static void check_rows(const struct pql_value *v) {
	for (size_t i = 0; i < v->row_count; i++) {
		bool any = false;

		for (size_t k = 0; k < v->steps; k++) {
			BUG_ON(v->rows[i].present[k] > 1);
			any = any || v->rows[i].present[k];
		}
		BUG_ON(!any);
		BUG_ON(v->grid.start != v->grid.end && i > 0 &&
			   labels_compare(v->rows[i - 1].labels, v->rows[i].labels) >= 0);
	}
}

static void check_same(const struct pql_value *a, const struct pql_value *b) {
	BUG_ON(a->type != b->type || a->row_count != b->row_count);
	for (size_t i = 0; i < a->row_count; i++) {
		BUG_ON(!labels_equal(a->rows[i].labels, b->rows[i].labels));
		for (size_t k = 0; k < a->steps; k++) {
			BUG_ON(a->rows[i].present[k] != b->rows[i].present[k]);
			BUG_ON(a->rows[i].present[k] &&
				   memcmp(&a->rows[i].values[k], &b->rows[i].values[k], sizeof(double)) != 0);
		}
	}
}

static void ask(const struct question *q, bool compare) {
	struct pql_value stored, looked_up;

	if (!evaluate(q, false, &stored)) {
		return;
	}
	check_rows(&stored);
	BUG_ON(check_facts(q->expr, &stored, q->arena) != NULL);
	if (evaluate(q, true, &looked_up) && compare) {
		check_same(&stored, &looked_up);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct pql_store *store = pql_store_create();
	struct question q = {.store = store};
	struct arena arena;
	struct diags diags;
	struct pql_expr *expr;

	arena_init(&arena);
	diags_init(&diags, &arena);
	if (size > 1) {
		load(store, numbers, sizeof(numbers) / sizeof(numbers[0]), &arena);
		if ((data[0] & 8) != 0) {
			load(store, natives, sizeof(natives) / sizeof(natives[0]), &arena);
		}
		expr = pql_parse((struct str){(const char *)data + 1, size - 1}, &pql_syntax_all, &arena,
						 &diags);
		q.expr = expr;
		q.arena = &arena;
		q.grid = grids[data[0] & 3];
		q.options = (struct pql_eval_options){
			.time = {.lookback = 60000, .default_subquery_step = 20000},
			.delayed_name_removal = (data[0] & 4) != 0,
			.limits = {.max_samples = 200000, .max_label_bytes = 100000},
		};
		if (expr != NULL) {
			ask(&q, (data[0] & 8) == 0);
		}
		pql_expr_finish(expr);
	}
	pql_store_destroy(store);
	arena_finish(&arena);
	return 0;
}
