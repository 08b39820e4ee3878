/* Counters and gauges, and the functions that are for the one or the other. */
#include "base/duration.h"
#include "promql-lite/functions.h"
#include "rules/lint/lint_private.h"

static bool is_one_of(const struct pql_node *n, const char *const *names) {
	for (size_t i = 0; names[i] != NULL; i++) {
		if (lint_is_call(n, names[i])) {
			return true;
		}
	}
	return false;
}

static const char *const rates[] = {"rate", "irate", "increase", NULL};
static const char *const deltas[] = {"delta", "idelta", "deriv", "predict_linear", NULL};

/* The range among a function's arguments; NULL: there is none, or it is a subquery. */
static const struct pql_node *range_of(const struct pql_node *n) {
	for (size_t i = 0; i < n->call.count; i++) {
		const struct pql_node *arg = lint_peel(n->call.args[i]);
		if (arg->kind == PQL_RANGE) {
			return arg;
		}
	}
	return NULL;
}

static const char *duration_text(const struct lint_rule *r, dur_ms d) {
	struct strbuf out = STRBUF_INIT;
	duration_print(&out, d);
	const char *text = arena_dup(r->scratch, strbuf_str(&out)).ptr;
	strbuf_finish(&out);
	return text;
}

/* Two samples are the least that these can say anything about. */
void lint_short_range(struct lint_rule *r, const struct pql_node *n) {
	dur_ms scrape = r->options->scrape_interval;
	const struct pql_node *range = range_of(n);
	if (scrape == 0 || range == NULL || range->range.range.expr != NULL ||
		!(is_one_of(n, rates) || is_one_of(n, deltas)) || range->range.range.fixed >= 2 * scrape) {
		return;
	}
	struct diag *d = lint_report_node(
		r, LINT_SHORT_RANGE, range, "%s needs two samples, and %s does not hold two scrapes of %s",
		n->call.function->name, duration_text(r, range->range.range.fixed),
		duration_text(r, scrape));
	lint_help(d, r, "four scrapes or more, [%s], also bear one that is missed",
			  duration_text(r, 4 * scrape));
}

void lint_rate_of_gauge(struct lint_rule *r, const struct pql_node *n) {
	const struct pql_node *range = is_one_of(n, rates) ? range_of(n) : NULL;
	if (range == NULL) {
		return;
	}
	struct str name = lint_metric_name(range->range.selector);
	if (metric_kind_of(name) == METRIC_GAUGE) {
		struct diag *d = lint_report_node(r, LINT_RATE_OF_GAUGE, n,
										  "%s is for counters, and %.*s is a gauge by its name: "
										  "each time it falls counts as a restart",
										  n->call.function->name, STR_FMT(name));
		lint_help(d, r, "for gauges there are delta, deriv and avg_over_time");
	}
}

void lint_counter_name(struct lint_rule *r, const struct pql_node *n) {
	const struct pql_node *range = is_one_of(n, rates) ? range_of(n) : NULL;
	if (range == NULL) {
		return;
	}
	struct str name = lint_metric_name(range->range.selector);
	bool recorded = memchr(name.ptr, ':', name.len) != NULL;
	if (name.len > 0 && !recorded && metric_kind_of(name) == METRIC_UNKNOWN) {
		struct diag *d = lint_report_node(
			r, LINT_COUNTER_NAME, range->range.selector,
			"%s is for counters, whose names end in _total, _sum, _count or _bucket",
			n->call.function->name);
		lint_help(d, r, "if it is one, this can be switched off");
	}
}

/* sum(x_total), with nothing that has looked at its growth before. */
static bool is_sum_of_counter(const struct pql_node *n) {
	n = lint_peel(n);
	if (n->kind != PQL_AGGREGATE || n->aggregate.op != PQL_AGG_SUM) {
		return false;
	}
	const struct pql_node *inner = lint_peel(n->aggregate.inner);
	return inner->kind == PQL_SELECTOR && metric_kind_of(lint_metric_name(inner)) == METRIC_COUNTER;
}

bool lint_sums_counters(const struct pql_node *root) {
	return is_sum_of_counter(root);
}

#define RATE_OF_SUM_HELP "take the rate first: sum(rate(x[5m]))"

void lint_rate_of_sum(struct lint_rule *r, const struct pql_node *n) {
	const struct pql_node *arg = is_one_of(n, rates) ? lint_peel(n->call.args[0]) : NULL;
	if (arg == NULL) {
		return;
	}
	struct diag *d = NULL;
	if (arg->kind == PQL_SUBQUERY && is_sum_of_counter(arg->subquery.inner)) {
		d = lint_report_node(r, LINT_RATE_OF_SUM, arg->subquery.inner,
							 "when one of several counters restarts, their sum falls, and %s takes "
							 "all of it for new",
							 n->call.function->name);
	} else if (arg->kind == PQL_RANGE) {
		struct str name = lint_metric_name(arg->range.selector);
		const struct recording *recording = linter_find_recording(r->run->linter, name);
		if (recording != NULL && recording->sums_counters) {
			d = lint_report_node(r, LINT_RATE_OF_SUM, arg->range.selector,
								 "%.*s is a sum of counters: when one of them restarts the sum "
								 "falls, and %s takes all of it for new",
								 STR_FMT(name), n->call.function->name);
		}
	}
	lint_help(d, r, RATE_OF_SUM_HELP);
}

static bool selects_many_names(const struct pql_selector *s) {
	for (size_t i = 0; i < s->matcher_count; i++) {
		size_t count = 0;
		const struct matcher *m = &s->matchers[i];
		if (str_equal(m->name, LABEL_NAME) && m->op == MATCH_REGEX) {
			regex_literals(m->regex, &count);
			return count != 1;
		}
	}
	return false;
}

void lint_rate_of_names(struct lint_rule *r, const struct pql_node *n) {
	const struct pql_node *range = is_one_of(n, rates) || is_one_of(n, deltas) ? range_of(n) : NULL;
	if (range != NULL && lint_metric_name(range->range.selector).len == 0 &&
		selects_many_names(&range->range.selector->selector)) {
		struct diag *d = lint_report_node(
			r, LINT_RATE_OF_NAMES, range,
			"%s drops the names: if two series differ only in it, the evaluation fails",
			n->call.function->name);
		lint_help(d, r, "take the rate of each metric, and join them by `or`");
	}
}

void lint_delta_of_counter(struct lint_rule *r, const struct pql_node *n) {
	const struct pql_node *range = is_one_of(n, deltas) ? range_of(n) : NULL;
	if (range == NULL) {
		return;
	}
	struct str name = lint_metric_name(range->range.selector);
	if (str_ends_with(name, STR("_total"))) {
		struct diag *d = lint_report_node(r, LINT_DELTA_OF_COUNTER, n,
										  "%s is for gauges, and %.*s is a counter by its name: a "
										  "restart makes it negative",
										  n->call.function->name, STR_FMT(name));
		lint_help(d, r, "for counters there are rate and increase");
	}
}

/* A counter as it is, or several of them added up. */
static bool is_raw_counter(const struct pql_node *n) {
	n = lint_peel(n);
	while (n->kind == PQL_AGGREGATE &&
		   (n->aggregate.op == PQL_AGG_SUM || n->aggregate.op == PQL_AGG_MAX)) {
		n = lint_peel(n->aggregate.inner);
	}
	return n->kind == PQL_SELECTOR && str_ends_with(lint_metric_name(n), STR("_total"));
}

static void judge_threshold(struct lint_rule *r, const struct pql_node *n) {
	double threshold;
	bool upward = n->binary.op == PQL_OP_GTR || n->binary.op == PQL_OP_GTE;
	if (upward && !n->binary.return_bool && is_raw_counter(n->binary.lhs) &&
		lint_constant(r, n->binary.rhs, &threshold)) {
		struct diag *d = lint_report_node(
			r, LINT_RAW_COUNTER, n,
			"this is a counter by its name, which only grows: once above %s, it stays there until "
			"the process restarts",
			lint_number(r, threshold));
		lint_help(d, r, "look at its growth: increase(…[1h]) > %s", lint_number(r, threshold));
	}
}

/* What stands behind `and` and `unless` is not what the alert is about: `and x_total > 0` only asks whether there was anything. */
void lint_raw_counter(struct lint_rule *r) {
	const struct pql_node *n = lint_peel(r->expr->root);
	if (r->rule->kind != RULE_ALERTING) {
		return;
	}
	while (n->kind == PQL_BINARY && pql_op_is_set(n->binary.op)) {
		const struct pql_node *rhs = lint_peel(n->binary.rhs);
		if (n->binary.op == PQL_OP_OR && rhs->kind == PQL_BINARY) {
			judge_threshold(r, rhs);
		}
		n = lint_peel(n->binary.lhs);
	}
	if (n->kind == PQL_BINARY) {
		judge_threshold(r, n);
	}
}
