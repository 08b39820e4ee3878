/* Units, as names of metrics tell them. */
#include <math.h>

#include "rules/lint/lint_private.h"

const char *const unit_names[] = {
	[UNIT_NONE] = "",
	[UNIT_SECONDS] = "seconds",
	[UNIT_MILLISECONDS] = "milliseconds",
	[UNIT_MICROSECONDS] = "microseconds",
	[UNIT_BYTES] = "bytes",
};

/* What an expression measures: a metric's unit, times `factor`. */
struct measure {
	enum unit unit;
	double factor;
	struct str metric; /* whose unit it is */
	bool is_latency;   /* a quantile or a mean of a histogram */
};

static struct measure measure_of(const struct lint_rule *r, const struct pql_node *n);

static struct measure of_metric(struct str name) {
	return (struct measure){.unit = metric_unit(name), .factor = 1, .metric = name};
}

static const struct measure nothing = {.unit = UNIT_NONE};

/* ---- a quantile or a mean ---- */

static bool any_selector(const struct pql_node *selector) {
	(void)selector;
	return true;
}

static struct measure of_quantile(const struct pql_node *histogram) {
	const struct pql_node *selector = lint_find_selector(histogram, any_selector);
	struct measure m = selector != NULL ? of_metric(lint_metric_name(selector)) : nothing;
	m.is_latency = true;
	return m;
}

/* The selector under rates and sums of them; NULL: something else. */
static const struct pql_node *rated(const struct pql_node *n) {
	n = lint_peel(n);
	while (n->kind == PQL_AGGREGATE && n->aggregate.op == PQL_AGG_SUM) {
		n = lint_peel(n->aggregate.inner);
	}
	if (!lint_is_call(n, "rate") && !lint_is_call(n, "increase") && !lint_is_call(n, "irate")) {
		return NULL;
	}
	n = lint_peel(n->call.args[0]);
	return n->kind == PQL_RANGE ? n->range.selector : NULL;
}

static struct str without(struct str name, const char *suffix) {
	struct str s = str_from(suffix);
	return str_ends_with(name, s) ? str_slice(name, 0, name.len - s.len) : STR_EMPTY;
}

/* rate(x_sum[5m]) / rate(x_count[5m]) */
static struct measure of_mean(const struct pql_node *n) {
	const struct pql_node *sum = rated(n->binary.lhs), *count = rated(n->binary.rhs);
	if (sum == NULL || count == NULL) {
		return nothing;
	}
	struct str base = without(lint_metric_name(sum), "_sum");
	if (base.len == 0 || !str_equal(base, without(lint_metric_name(count), "_count"))) {
		return nothing;
	}
	struct measure m = of_metric(lint_metric_name(sum));
	m.is_latency = true;
	return m;
}

/* ---- the rest of the tree ---- */

static struct measure of_binary(const struct lint_rule *r, const struct pql_node *n) {
	double v;
	bool scales = n->binary.op == PQL_OP_MUL || n->binary.op == PQL_OP_DIV;
	if (scales && lint_constant(r, n->binary.rhs, &v) && v > 0) {
		struct measure m = measure_of(r, n->binary.lhs);
		m.factor *= n->binary.op == PQL_OP_MUL ? v : 1 / v;
		return m;
	}
	if (n->binary.op == PQL_OP_MUL && lint_constant(r, n->binary.lhs, &v) && v > 0) {
		struct measure m = measure_of(r, n->binary.rhs);
		m.factor *= v;
		return m;
	}
	if (n->binary.op == PQL_OP_DIV) {
		return of_mean(n);
	}
	if (n->binary.op == PQL_OP_ADD || n->binary.op == PQL_OP_SUB) {
		struct measure m = measure_of(r, n->binary.lhs);
		return m.unit != UNIT_NONE ? m : measure_of(r, n->binary.rhs);
	}
	bool filters = pql_op_is_comparison(n->binary.op) && !n->binary.return_bool;
	return filters || pql_op_is_set(n->binary.op) ? measure_of(r, n->binary.lhs) : nothing;
}

static bool keeps_unit(enum pql_aggregation op) {
	return op == PQL_AGG_SUM || op == PQL_AGG_AVG || op == PQL_AGG_MIN || op == PQL_AGG_MAX ||
		   op == PQL_AGG_QUANTILE || op == PQL_AGG_TOPK || op == PQL_AGG_BOTTOMK;
}

static bool is_over_time(const struct pql_node *n) {
	return lint_is_call(n, "avg_over_time") || lint_is_call(n, "max_over_time") ||
		   lint_is_call(n, "min_over_time") || lint_is_call(n, "last_over_time");
}

static struct measure of_call(const struct lint_rule *r, const struct pql_node *n) {
	if (lint_is_call(n, "histogram_quantile") && n->call.count == 2) {
		return of_quantile(n->call.args[1]);
	}
	if (lint_is_call(n, "time")) {
		return (struct measure){.unit = UNIT_SECONDS, .factor = 1, .metric = STR("time()")};
	}
	if (is_over_time(n)) {
		const struct pql_node *arg = lint_peel(n->call.args[0]);
		return arg->kind == PQL_RANGE      ? measure_of(r, arg->range.selector)
			   : arg->kind == PQL_SUBQUERY ? measure_of(r, arg->subquery.inner)
										   : nothing;
	}
	return nothing;
}

static struct measure measure_of(const struct lint_rule *r, const struct pql_node *n) {
	n = lint_peel(n);
	if (n->kind == PQL_SELECTOR) {
		return of_metric(lint_metric_name(n));
	}
	if (n->kind == PQL_AGGREGATE) {
		return keeps_unit(n->aggregate.op) ? measure_of(r, n->aggregate.inner) : nothing;
	}
	if (n->kind == PQL_BINARY) {
		return of_binary(r, n);
	}
	return n->kind == PQL_CALL ? of_call(r, n) : nothing;
}

/* ---- two units ---- */

void lint_unit_mismatch(struct lint_rule *r, const struct pql_node *n) {
	enum pql_op op = n->binary.op;
	bool adds = op == PQL_OP_ADD || op == PQL_OP_SUB;
	if (!adds && !pql_op_is_comparison(op)) {
		return;
	}
	struct measure a = measure_of(r, n->binary.lhs), b = measure_of(r, n->binary.rhs);
	/* A factor may have made the one unit of the other. */
	bool converted = a.factor != 1 || b.factor != 1;
	if (a.unit != UNIT_NONE && b.unit != UNIT_NONE && a.unit != b.unit && !converted) {
		lint_report_expr(r, LINT_UNIT_MISMATCH, n->binary.op_span, "%.*s is in %s and %.*s in %s",
						 STR_FMT(a.metric), unit_names[a.unit], STR_FMT(b.metric),
						 unit_names[b.unit]);
	}
}

/* ---- a threshold of another unit ---- */

static bool has_word(struct str name, const char *word) {
	return str_find(name, str_from(word)) < name.len;
}

/* Requests that somebody waits for: they take neither minutes nor nanoseconds. */
static bool is_of_requests(struct str name) {
	static const char *const words[] = {"request", "response", "latency", "rpc", "http", "grpc"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (has_word(name, words[i])) {
			return true;
		}
	}
	return false;
}

/* Where thresholds for the latency of requests are not, by unit. */
static const struct {
	double least, most;
} plausible[] = {
	[UNIT_NONE] = {-INFINITY, INFINITY},  [UNIT_SECONDS] = {0.00001, 199},
	[UNIT_MILLISECONDS] = {1, INFINITY},  [UNIT_MICROSECONDS] = {20, INFINITY},
	[UNIT_BYTES] = {-INFINITY, INFINITY},
};

static const char *likely_unit(enum unit unit) {
	return unit == UNIT_SECONDS ? "milliseconds" : "seconds";
}

void lint_threshold_unit(struct lint_rule *r, const struct pql_node *n) {
	double threshold;
	bool exceeds = n->binary.op == PQL_OP_GTR || n->binary.op == PQL_OP_GTE;
	if (!exceeds || !lint_constant(r, n->binary.rhs, &threshold)) {
		return;
	}
	struct measure m = measure_of(r, n->binary.lhs);
	double meant = threshold / m.factor;
	if (!m.is_latency || m.unit == UNIT_NONE || meant <= 0 || !is_of_requests(m.metric) ||
		(meant >= plausible[m.unit].least && meant <= plausible[m.unit].most)) {
		return;
	}
	struct diag *d = lint_report_node(
		r, LINT_THRESHOLD_UNIT, n->binary.rhs, "%.*s is in %s: this threshold is %s %s",
		STR_FMT(m.metric), unit_names[m.unit], lint_number(r, meant), unit_names[m.unit]);
	lint_help(d, r, "a threshold in %s?", likely_unit(m.unit));
}
