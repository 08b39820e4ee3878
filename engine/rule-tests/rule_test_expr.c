/* promql_expr_test: the value of an expression when all is over. */
#include "engine/rule-tests/rule_test_private.h"

#include <math.h>

static void add_sample(struct rule_test_check *check, struct labels labels, double value,
					   const struct pql_histogram *histogram) {
	check->samples[check->sample_count++] =
		(struct rule_test_sample){.labels = labels, .value = value, .histogram = histogram};
}

static void take_value(struct rule_test_run *run, struct rule_test_check *check,
					   const struct pql_value *v) {
	if (v->type == PQL_TYPE_SCALAR) {
		check->samples = ARENA_ARRAY(run->arena, struct rule_test_sample, 1);
		add_sample(check, LABELS_EMPTY, v->scalars[0], NULL);
		return;
	}
	check->samples = ARENA_ARRAY(run->arena, struct rule_test_sample, v->row_count);
	for (size_t i = 0; i < v->row_count; i++) {
		if (v->rows[i].present[0]) {
			const struct pql_row *row = &v->rows[i];
			add_sample(check, row->labels, row->values[0],
					   row->histograms == NULL ? NULL : row->histograms[0]);
		}
	}
}

/* ---- comparing ---- */

static int compare_got(const void *a, const void *b) {
	return labels_compare(((const struct rule_test_sample *)a)->labels,
						  ((const struct rule_test_sample *)b)->labels);
}

static bool histograms_equal(const struct pql_histogram *a, const struct pql_histogram *b) {
	if (a == NULL || b == NULL) {
		return a == b;
	}
	struct strbuf x = STRBUF_INIT, y = STRBUF_INIT;
	pql_histogram_print(&x, a);
	pql_histogram_print(&y, b);
	bool equal = str_equal(strbuf_str(&x), strbuf_str(&y));
	strbuf_finish(&x);
	strbuf_finish(&y);
	return equal;
}

/* As promtool: the value counts beside a histogram, too, and NaN equals nothing. */
static bool sample_fits(const struct rule_test_run *run, const struct test_sample *want,
						const struct rule_test_sample *got) {
	return labels_equal(want->labels, got->labels) &&
		   rule_test_values_equal(run, want->value, got->value) &&
		   histograms_equal(want->histogram, got->histogram);
}

/* Series of a result have different labels, so that each expectation fits one at most; two that fit the same one are one too
 * many. */
static bool samples_fit(const struct rule_test_run *run, const struct rule_test_check *check) {
	const struct test_expr_case *c = check->expr;
	bool *taken = ARENA_ARRAY(run->arena, bool, check->sample_count);
	if (c->sample_count != check->sample_count) {
		return false;
	}
	for (size_t i = 0; i < c->sample_count; i++) {
		struct rule_test_sample wanted = {.labels = c->samples[i].labels};
		const struct rule_test_sample *got =
			bsearch(&wanted, check->samples, check->sample_count, sizeof(wanted), compare_got);
		if (got == NULL || taken[got - check->samples] || !sample_fits(run, &c->samples[i], got)) {
			return false;
		}
		taken[got - check->samples] = true;
	}
	return true;
}

static void check_expr(struct rule_test_run *run, const struct test_expr_case *c) {
	struct rule_test_check *check = rule_test_add_check(run, RULE_TEST_EXPR);
	struct pql_value value;
	struct pql_failure failure;
	ts_ms t = run->start + c->eval_time;
	check->expr = c;
	check->time = c->eval_time;
	check->span = c->span;
	check->failure = simulation_query(run->simulation, c->parsed, (struct pql_grid){t, t, 1},
									  run->arena, &value, &failure);
	if (check->failure == NULL) {
		take_value(run, check, &value);
	}
	if (check->sample_count > 0) {
		qsort(check->samples, check->sample_count, sizeof(check->samples[0]), compare_got);
	}
	rule_test_finish_check(run, check, check->failure == NULL && samples_fit(run, check));
}

void rule_test_check_exprs(struct rule_test_run *run) {
	for (size_t i = 0; i < run->group->expr_count; i++) {
		check_expr(run, &run->group->exprs[i]);
	}
}
