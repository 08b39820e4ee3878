/* What may be a native histogram, and what comes of it: much that always has a result for floats has none for histograms. */
#include "promql-lite/facts_private.h"
#include "promql-lite/functions.h"

static bool is_one_of(const char *name, const char *const *names, size_t count) {
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0) {
			return true;
		}
	}
	return false;
}

/* Those that hand histograms on, or make some of them. */
static bool call_gives_histograms(const char *name) {
	static const char *const names[] = {
		"avg_over_time", "delta",         "first_over_time",    "idelta",        "increase",
		"info",          "irate",         "label_join",         "label_replace", "last_over_time",
		"rate",          "sort_by_label", "sort_by_label_desc", "sum_over_time",
	};

	return is_one_of(name, names, sizeof(names) / sizeof(names[0]));
}

/* Those that have a result whatever the samples are. */
static bool call_takes_anything(const char *name) {
	static const char *const names[] = {
		"absent",        "absent_over_time",   "info",      "label_join", "label_replace", "scalar",
		"sort_by_label", "sort_by_label_desc", "timestamp", "vector",
	};

	return is_one_of(name, names, sizeof(names) / sizeof(names[0]));
}

static bool aggregate_takes_anything(enum pql_aggregation op) {
	return op == PQL_AGG_COUNT || op == PQL_AGG_GROUP || op == PQL_AGG_COUNT_VALUES ||
		   op == PQL_AGG_LIMITK || op == PQL_AGG_LIMIT_RATIO;
}

static bool call_may_give(const struct pql_node *n) {
	bool any = false;

	for (size_t i = 0; i < n->call.count; i++) {
		any = any || facts_may_be_histogram(n->call.args[i]);
	}
	return any && call_gives_histograms(n->call.function->name);
}

static bool binary_may_give(const struct pql_node *n) {
	bool left = facts_may_be_histogram(n->binary.lhs);
	bool right = facts_may_be_histogram(n->binary.rhs);

	switch ((int)n->binary.op) {
	case PQL_OP_ADD:
	case PQL_OP_SUB: return left && right;
	case PQL_OP_MUL:
	case PQL_OP_OR: return left || right;
	case PQL_OP_EQL:
	case PQL_OP_NEQ: return left && right && !n->binary.return_bool;
	case PQL_OP_DIV:
	case PQL_OP_TRIM_LOWER:
	case PQL_OP_TRIM_UPPER:
	case PQL_OP_AND:
	case PQL_OP_UNLESS: return left;
	default: return false;
	}
}

bool facts_may_be_histogram(const struct pql_node *n) {
	if (n->type == PQL_TYPE_SCALAR) {
		return false;
	}
	switch (n->kind) {
	case PQL_NUMBER:
	case PQL_STRING:
	case PQL_DURATION: return false;
	case PQL_SELECTOR:
	case PQL_RANGE: return true;
	case PQL_SUBQUERY: return facts_may_be_histogram(n->subquery.inner);
	case PQL_PAREN: return facts_may_be_histogram(n->paren);
	case PQL_UNARY: return facts_may_be_histogram(n->unary.inner);
	case PQL_BINARY: return binary_may_give(n);
	case PQL_AGGREGATE:
		return (n->aggregate.op == PQL_AGG_SUM || n->aggregate.op == PQL_AGG_AVG ||
				n->aggregate.op == PQL_AGG_LIMITK || n->aggregate.op == PQL_AGG_LIMIT_RATIO) &&
			   facts_may_be_histogram(n->aggregate.inner);
	case PQL_CALL: return call_may_give(n);
	}
	return false;
}

/* Whether the node may pass over what it is given because that is a histogram. */
static bool may_pass_over(const struct pql_node *n) {
	bool any = false;

	switch ((int)n->kind) {
	case PQL_AGGREGATE:
		return !aggregate_takes_anything(n->aggregate.op) &&
			   facts_may_be_histogram(n->aggregate.inner);
	case PQL_BINARY:
		return !pql_op_is_set(n->binary.op) &&
			   (facts_may_be_histogram(n->binary.lhs) || facts_may_be_histogram(n->binary.rhs));
	case PQL_CALL:
		for (size_t i = 0; i < n->call.count; i++) {
			any = any || facts_may_be_histogram(n->call.args[i]);
		}
		return any && !call_takes_anything(n->call.function->name);
	default: return false;
	}
}

void facts_allow_histograms(const struct pql_node *n, struct pql_facts *f) {
	if (f->presence == PQL_ALWAYS && may_pass_over(n)) {
		f->presence = PQL_SOMETIMES;
	}
}

static bool find_difference(struct pql_node *n, void *data) {
	static const char *const names[] = {"delta", "idelta"};
	bool *found = data;

	*found = *found || n->kind == PQL_UNARY ||
			 (n->kind == PQL_BINARY && n->binary.op <= PQL_OP_ATAN2) ||
			 (n->kind == PQL_CALL && is_one_of(n->call.function->name, names, 2));
	return !*found;
}

bool facts_counts_may_be_negative(const struct pql_node *n) {
	bool found = false;

	pql_walk((struct pql_node *)n, find_difference, &found);
	return found;
}
