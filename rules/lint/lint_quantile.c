/* Quantiles: which there are, and what they may be taken of. */
#include "rules/lint/lint_private.h"

/* ---- from 0 to 1 ---- */

/* Where the quantiles stand among the arguments. */
static const struct {
	const char *function;
	size_t first, last;
} quantile_arguments[] = {
	{"histogram_quantile", 0, 0},
	{"quantile_over_time", 0, 0},
	{"histogram_quantiles", 2, SIZE_MAX},
};

static void judge_quantile(struct lint_rule *r, const struct pql_node *n) {
	double q;
	if (!lint_constant(r, n, &q) || (q >= 0 && q <= 1)) {
		return;
	}
	struct diag *d =
		lint_report_node(r, LINT_QUANTILE_RANGE, n,
						 "a quantile is a number from 0 to 1: the result of this is always %s",
						 q > 1 ? "+Inf" : "-Inf");
	if (q > 1 && q <= 100) {
		lint_help(d, r, "write %s", lint_number(r, q / 100));
		lint_fix_expr(d, r, n->span, str_from(lint_number(r, q / 100)));
	}
}

void lint_quantile_range(struct lint_rule *r, const struct pql_node *n) {
	if (n->kind == PQL_AGGREGATE) {
		if (n->aggregate.op == PQL_AGG_QUANTILE) {
			judge_quantile(r, n->aggregate.param);
		}
		return;
	}
	for (size_t i = 0; i < sizeof(quantile_arguments) / sizeof(quantile_arguments[0]); i++) {
		if (!lint_is_call(n, quantile_arguments[i].function)) {
			continue;
		}
		for (size_t j = quantile_arguments[i].first;
			 j < n->call.count && j <= quantile_arguments[i].last; j++) {
			judge_quantile(r, n->call.args[j]);
		}
	}
}

/* ---- of histograms ---- */

static bool is_bucket(const struct pql_node *selector) {
	return str_ends_with(lint_metric_name(selector), STR("_bucket"));
}

static const struct pql_node *histogram_of(const struct pql_node *n) {
	return lint_is_call(n, "histogram_quantile") && n->call.count == 2 ? n->call.args[1] : NULL;
}

/* A native histogram has no `le`, but its name does not end in _bucket. */
void lint_missing_le(struct lint_rule *r, const struct pql_node *n) {
	const struct pql_node *histogram = histogram_of(n);
	if (histogram == NULL || lint_find_selector(histogram, is_bucket) == NULL ||
		pql_facts_label(lint_facts(r, histogram), STR("le"), NULL) != PQL_LABEL_NEVER) {
		return;
	}
	const struct pql_node *remover = pql_facts_find_remover(r->facts, histogram, STR("le"));
	struct diag *d = lint_report_node(
		r, LINT_MISSING_LE, remover,
		"histogram_quantile needs the label \"le\" of the buckets, and this takes it away: there is "
		"no result");
	lint_help(d, r, "add le to the labels that are kept: sum by (le, …)");
}

static bool visit_raw_bucket(struct pql_node *n, void *data) {
	const struct pql_node **found = data;
	if (n->kind == PQL_SELECTOR && is_bucket(n) && *found == NULL) {
		*found = n;
	}
	return n->kind != PQL_RANGE && n->kind != PQL_SUBQUERY;
}

/* Parts of arithmetic, such as a difference to an hour ago, are another way of looking at growth. */
static bool is_aggregate_of_selector(const struct pql_node *n) {
	n = lint_peel(n);
	while (n->kind == PQL_AGGREGATE) {
		n = lint_peel(n->aggregate.inner);
	}
	return n->kind == PQL_SELECTOR;
}

void lint_histogram_without_rate(struct lint_rule *r, const struct pql_node *n) {
	const struct pql_node *histogram = histogram_of(n), *found = NULL;
	if (histogram == NULL || !is_aggregate_of_selector(histogram)) {
		return;
	}
	pql_walk((struct pql_node *)histogram, visit_raw_bucket, &found);
	if (found != NULL) {
		struct diag *d = lint_report_node(
			r, LINT_HISTOGRAM_WITHOUT_RATE, found,
			"these buckets count from the start of the process: what is slow now hardly shows");
		lint_help(d, r, "take their rate: rate(%.*s[5m])", STR_FMT(lint_metric_name(found)));
	}
}

/* ---- of summaries ---- */

static bool is_quantile_of_summary(const struct pql_node *n) {
	for (size_t i = 0; i < n->selector.matcher_count; i++) {
		const struct matcher *m = &n->selector.matchers[i];
		if (str_equal(m->name, STR("quantile")) && m->op == MATCH_EQUAL && m->value.len > 0) {
			return true;
		}
	}
	return false;
}

void lint_average_of_quantiles(struct lint_rule *r, const struct pql_node *n) {
	const struct pql_node *inner = lint_peel(n->aggregate.inner);
	bool adds = n->aggregate.op == PQL_AGG_SUM || n->aggregate.op == PQL_AGG_AVG;
	if (adds && inner->kind == PQL_SELECTOR && is_quantile_of_summary(inner)) {
		struct diag *d = lint_report_node(r, LINT_AVERAGE_OF_QUANTILES, n,
										  "the %s of quantiles is not a quantile of anything",
										  n->aggregate.op == PQL_AGG_SUM ? "sum" : "average");
		lint_help(d, r, "max is an upper bound; only histograms can be put together");
	}
}
