#include "promql-lite/facts_private.h"

static enum pql_presence least(enum pql_presence a, enum pql_presence b) {
	return a < b ? a : b;
}

/* With `or`, or where missing series are filled in: what the sides miss does not matter. */
static enum pql_presence most(enum pql_presence a, enum pql_presence b) {
	return a > b ? a : b;
}

static bool is_comparison(const struct pql_node *n) {
	return pql_op_is_comparison(n->binary.op);
}

/* Only native histograms pass. */
static bool is_trim(const struct pql_node *n) {
	return n->binary.op == PQL_OP_TRIM_UPPER || n->binary.op == PQL_OP_TRIM_LOWER;
}

/* What is written as a question whether there is anything, such as count(x) > 0: it always holds where there is a result, and
 * that is meant. */
static bool asks_for_existence(struct pql_interval v) {
	return v.min >= 1 && !v.nan;
}

/* Presence of a comparison that filters `kept`, the side whose values go on. */
static enum pql_presence presence_of_filter(const struct pql_node *n, struct pql_interval kept,
											const struct pql_facts *lhs,
											const struct pql_facts *rhs) {
	enum pql_presence both = least(lhs->presence, rhs->presence);
	struct pql_comparison c = pql_interval_compare(lhs->value, n->binary.op, rhs->value);

	if (c.never) {
		return PQL_NEVER;
	}
	return c.always && !asks_for_existence(kept) ? both : least(both, PQL_SOMETIMES);
}

static void value_of_binary(const struct pql_node *n, const struct pql_facts *lhs,
							const struct pql_facts *rhs, struct pql_facts *ret) {
	bool turned = n->binary.lhs->type == PQL_TYPE_SCALAR;
	struct pql_comparison c;

	if (!is_comparison(n)) {
		ret->value = interval_apply(n->binary.op, lhs->value, rhs->value);
		ret->presence = least(lhs->presence, rhs->presence);
		ret->presence = is_trim(n) ? least(ret->presence, PQL_SOMETIMES) : ret->presence;
	} else if (n->binary.return_bool) {
		c = pql_interval_compare(lhs->value, n->binary.op, rhs->value);
		ret->value = interval(c.always ? 1 : 0, c.never ? 0 : 1);
		ret->presence = least(lhs->presence, rhs->presence);
	} else if (turned) {
		ret->value = interval_filter(rhs->value, comparison_turn(n->binary.op), lhs->value);
		ret->presence = presence_of_filter(n, rhs->value, lhs, rhs);
	} else {
		ret->value = interval_filter(lhs->value, n->binary.op, rhs->value);
		ret->presence = presence_of_filter(n, lhs->value, lhs, rhs);
	}
}

/* group_left(…): labels that come from the one side, or go when it does not have them. */
static void include_labels(struct facts_run *run, const struct pql_node *n,
						   const struct pql_facts *one, struct pql_facts *ret) {
	struct label_list l;

	if (n->binary.include_count == 0) {
		return;
	}
	label_list_init(&l, run);
	label_list_add_all(&l, ret);
	for (size_t i = 0; i < n->binary.include_count; i++) {
		struct str name = n->binary.include[i], value;
		enum pql_label_state state = pql_facts_label(one, name, &value);

		state = state == PQL_LABEL_MAYBE && run->source->conventions ? PQL_LABEL_LIKELY : state;
		label_list_set(&l, name, state, value);
	}
	label_list_finish(&l, ret->others, ret);
}

static bool has_fill(const struct pql_node *n) {
	return n->binary.has_fill_left || n->binary.has_fill_right;
}

/* What is filled in has the labels that are matched, and any value. */
static void facts_of_filled(struct facts_run *run, const struct pql_node *n,
							const struct pql_facts *lhs, const struct pql_facts *rhs,
							struct pql_facts *ret) {
	(void)run;
	*ret = (struct pql_facts){
		.presence = least(most(lhs->presence, rhs->presence), PQL_WITH_SERIES),
		.others = PQL_LABEL_MAYBE,
		.value = interval_any(),
	};
	if (is_comparison(n) && !n->binary.return_bool) {
		ret->presence = least(ret->presence, PQL_SOMETIMES);
	}
}

static void facts_of_matching(struct facts_run *run, const struct pql_node *n,
							  const struct pql_facts *lhs, const struct pql_facts *rhs,
							  struct pql_facts *ret) {
	bool turned = n->binary.cardinality == PQL_ONE_TO_MANY;
	const struct pql_facts *many = turned ? rhs : lhs, *one = turned ? lhs : rhs;
	struct pql_facts matched = {0};

	value_of_binary(n, lhs, rhs, ret);
	ret->clash = labels_find_clash(n, lhs, rhs);
	if (ret->clash.certainty == PQL_CLASH_CERTAIN) {
		ret->presence = PQL_NEVER;
	}
	ret->presence = least(ret->presence, PQL_WITH_SERIES); /* with a partner, that is */
	labels_match(run, n, many, one, &matched);
	if (n->binary.cardinality == PQL_ONE_TO_ONE) {
		labels_group(run, &matched, n->binary.labels, n->binary.label_count, !n->binary.on, ret);
	} else {
		labels_copy(ret, &matched);
		include_labels(run, n, one, ret);
	}
}

static bool matches_nothing(const struct pql_node *n) {
	return n->binary.on && n->binary.label_count == 0;
}

static void facts_of_and(struct facts_run *run, const struct pql_node *n,
						 const struct pql_facts *lhs, const struct pql_facts *rhs,
						 struct pql_facts *ret) {
	ret->clash = labels_find_clash(n, lhs, rhs);
	labels_match(run, n, lhs, rhs, ret);
	ret->value = lhs->value;
	if (lhs->presence == PQL_NEVER || rhs->presence == PQL_NEVER ||
		ret->clash.certainty == PQL_CLASH_CERTAIN) {
		ret->presence = PQL_NEVER;
	} else if (rhs->presence == PQL_ALWAYS && matches_nothing(n)) {
		ret->presence = lhs->presence;
	} else {
		ret->presence = PQL_SOMETIMES;
	}
}

static void facts_of_unless(const struct pql_node *n, const struct pql_facts *lhs,
							const struct pql_facts *rhs, struct pql_facts *ret) {
	ret->clash = labels_find_clash(n, lhs, rhs);
	labels_copy(ret, lhs);
	ret->value = lhs->value;
	if (rhs->presence == PQL_NEVER || ret->clash.certainty == PQL_CLASH_CERTAIN) {
		ret->presence = lhs->presence;
	} else if (rhs->presence == PQL_ALWAYS && matches_nothing(n)) {
		ret->presence = PQL_NEVER;
	} else {
		ret->presence = least(lhs->presence, PQL_SOMETIMES);
	}
}

void facts_of_binary(struct facts_run *run, const struct pql_node *n, struct pql_facts *ret) {
	const struct pql_facts *lhs = facts_of(run, n->binary.lhs), *rhs = facts_of(run, n->binary.rhs);
	bool left_vector = n->binary.lhs->type == PQL_TYPE_VECTOR;

	*ret = (struct pql_facts){0};
	if (n->binary.op == PQL_OP_OR) {
		labels_join(run, lhs, rhs, ret);
		ret->value = interval_join(lhs->value, rhs->value);
		ret->presence = most(lhs->presence, rhs->presence);
	} else if (n->binary.op == PQL_OP_AND) {
		facts_of_and(run, n, lhs, rhs, ret);
	} else if (n->binary.op == PQL_OP_UNLESS) {
		facts_of_unless(n, lhs, rhs, ret);
	} else if (!left_vector || n->binary.rhs->type != PQL_TYPE_VECTOR) {
		value_of_binary(n, lhs, rhs, ret);
		labels_copy(ret, left_vector ? lhs : rhs);
	} else if (has_fill(n)) {
		facts_of_filled(run, n, lhs, rhs, ret);
	} else {
		facts_of_matching(run, n, lhs, rhs, ret);
	}
}
