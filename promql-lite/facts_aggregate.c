#include "promql-lite/facts_private.h"

/* A mean of numbers between two whole numbers is between them, rounded or not; with other bounds rounding may pass them. */
static struct pql_interval mean_of(struct pql_interval v) {
	bool whole = floor(v.min) == v.min && floor(v.max) == v.max;

	v.nan = v.nan || isinf(v.min) || isinf(v.max);
	return whole ? v : (struct pql_interval){floor(v.min), ceil(v.max), v.nan};
}

static struct pql_interval spread_of(struct pql_interval v) {
	return (struct pql_interval){0, INFINITY, v.nan || isinf(v.min) || isinf(v.max)};
}

static bool is_quantile(struct pql_interval q) {
	return interval_is_constant(q) && q.min >= 0 && q.max <= 1;
}

static struct pql_interval value_of(const struct facts_run *run, const struct pql_node *n,
									struct pql_interval v) {
	switch (n->aggregate.op) {
	case PQL_AGG_SUM: return interval_sum(v);
	case PQL_AGG_AVG: return mean_of(v);
	case PQL_AGG_COUNT: return interval(1, INFINITY);
	case PQL_AGG_GROUP: return interval(1, 1);
	case PQL_AGG_COUNT_VALUES: return interval(1, INFINITY);
	case PQL_AGG_STDDEV:
	case PQL_AGG_STDVAR: return spread_of(v);
	case PQL_AGG_QUANTILE:
		return is_quantile(facts_of(run, n->aggregate.param)->value) ? mean_of(v) : interval_any();
	case PQL_AGG_MIN:
	case PQL_AGG_MAX:
	case PQL_AGG_TOPK:
	case PQL_AGG_BOTTOMK:
	case PQL_AGG_LIMITK:
	case PQL_AGG_LIMIT_RATIO: break;
	}
	return v;
}

/* Some choose elements, and keep them as they are. */
static bool keeps_labels(enum pql_aggregation op) {
	return op == PQL_AGG_TOPK || op == PQL_AGG_BOTTOMK || op == PQL_AGG_LIMITK ||
		   op == PQL_AGG_LIMIT_RATIO;
}

static enum pql_presence presence_of(const struct facts_run *run, const struct pql_node *n,
									 enum pql_presence inner) {
	if (inner == PQL_NEVER || !keeps_labels(n->aggregate.op)) {
		return inner;
	}
	if (n->aggregate.op == PQL_AGG_LIMIT_RATIO) {
		return PQL_SOMETIMES;
	}
	struct pql_interval k = facts_of(run, n->aggregate.param)->value;
	bool some = k.min >= 1 && !k.nan;
	return k.max < 1 ? PQL_NEVER : some ? inner : PQL_SOMETIMES;
}

/* count_values without(v) ("v", x) makes a label and takes it away again. */
static bool leaves_out(const struct pql_node *n, struct str label) {
	return n->aggregate.without && names_have(n->aggregate.labels, n->aggregate.label_count, label);
}

void facts_of_aggregate(struct facts_run *run, const struct pql_node *n, struct pql_facts *ret) {
	const struct pql_facts *inner = facts_of(run, n->aggregate.inner);

	*ret = (struct pql_facts){
		.presence = presence_of(run, n, inner->presence),
		.value = value_of(run, n, inner->value),
	};
	if (keeps_labels(n->aggregate.op)) {
		labels_copy(ret, inner);
	} else {
		labels_group(run, inner, n->aggregate.labels, n->aggregate.label_count,
					 n->aggregate.without, ret);
	}
	if (n->aggregate.op == PQL_AGG_COUNT_VALUES && !leaves_out(n, n->aggregate.param->string)) {
		struct label_list l;

		label_list_init(&l, run);
		label_list_add_all(&l, ret);
		label_list_set(&l, n->aggregate.param->string, PQL_LABEL_ALWAYS, STR_EMPTY);
		label_list_finish(&l, ret->others, ret);
	}
}
