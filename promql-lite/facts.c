#include "promql-lite/facts_private.h"

#include "promql-lite/functions.h"

static void facts_of_node(struct facts_run *run, const struct pql_node *n);

static void copy_facts(struct facts_run *run, const struct pql_node *n,
					   const struct pql_node *inner) {
	run->all[n->index] = *facts_of(run, inner);
	run->all[n->index].clash = (struct pql_clash){0};
}

static struct pql_facts constant(double v) {
	return (struct pql_facts){
		.presence = PQL_ALWAYS,
		.value = isnan(v) ? interval_any() : interval(v, v),
	};
}

/* Its own grid may have no point at all within the range. */
static void facts_of_subquery(struct facts_run *run, const struct pql_node *n) {
	struct pql_facts *f = &run->all[n->index];

	facts_of_node(run, n->subquery.inner);
	copy_facts(run, n, n->subquery.inner);
	if (f->presence == PQL_ALWAYS) {
		f->presence = PQL_WITH_SERIES;
	}
}

static void facts_of_unary(struct facts_run *run, const struct pql_node *n) {
	facts_of_node(run, n->unary.inner);
	copy_facts(run, n, n->unary.inner);
	if (n->unary.op == PQL_OP_SUB) {
		run->all[n->index].value = interval_negate(run->all[n->index].value);
	}
}

/* From the leaves up: children stand before their parents. */
static void facts_of_node(struct facts_run *run, const struct pql_node *n) {
	struct pql_facts *f = &run->all[n->index];

	switch (n->kind) {
	case PQL_NUMBER: *f = constant(n->number.value); break;
	case PQL_STRING:
	case PQL_DURATION: *f = constant(NAN); break;
	case PQL_SELECTOR: facts_of_selector(run, n, f); break;
	case PQL_RANGE:
		facts_of_node(run, n->range.selector);
		copy_facts(run, n, n->range.selector);
		break;
	case PQL_SUBQUERY: facts_of_subquery(run, n); break;
	case PQL_PAREN:
		facts_of_node(run, n->paren);
		copy_facts(run, n, n->paren);
		break;
	case PQL_UNARY: facts_of_unary(run, n); break;
	case PQL_BINARY:
		facts_of_node(run, n->binary.lhs);
		facts_of_node(run, n->binary.rhs);
		facts_of_binary(run, n, f);
		break;
	case PQL_AGGREGATE:
		if (n->aggregate.param != NULL) {
			facts_of_node(run, n->aggregate.param);
		}
		facts_of_node(run, n->aggregate.inner);
		facts_of_aggregate(run, n, f);
		break;
	case PQL_CALL:
		for (size_t i = 0; i < n->call.count; i++) {
			facts_of_node(run, n->call.args[i]);
		}
		facts_of_call(run, n, f);
		break;
	}
	facts_allow_histograms(n, f);
}

const struct pql_facts *pql_facts_make(const struct pql_expr *expr,
									   const struct pql_facts_source *source, struct arena *a) {
	struct facts_run run = {
		.source = source, .arena = a, .all = ARENA_ARRAY(a, struct pql_facts, expr->node_count)};

	facts_of_node(&run, expr->root);
	return run.all;
}

static bool has_label(const struct pql_facts *facts, const struct pql_node *n, struct str label) {
	return pql_facts_label(&facts[n->index], label, NULL) != PQL_LABEL_NEVER;
}

/* Where the sides have to be equal in the label, one that lacks it is enough. */
static const struct pql_node *side_without(const struct pql_facts *facts, const struct pql_node *n,
										   struct str label) {
	bool turned = n->binary.cardinality == PQL_ONE_TO_MANY;
	const struct pql_node *many = turned ? n->binary.rhs : n->binary.lhs;
	const struct pql_node *one = turned ? n->binary.lhs : n->binary.rhs;

	if (many->type == PQL_TYPE_SCALAR || one->type == PQL_TYPE_SCALAR) {
		return many->type == PQL_TYPE_SCALAR ? one : many;
	}
	return has_label(facts, many, label) && !has_label(facts, one, label) && !n->binary.on ? one
																						   : many;
}

/* The child from which a node could have the label. */
static const struct pql_node *find_carrier(const struct pql_facts *facts, const struct pql_node *n,
										   struct str label) {
	switch (n->kind) {
	case PQL_PAREN: return n->paren;
	case PQL_UNARY: return n->unary.inner;
	case PQL_RANGE: return n->range.selector;
	case PQL_SUBQUERY: return n->subquery.inner;
	case PQL_AGGREGATE: return n->aggregate.inner;
	case PQL_BINARY: return side_without(facts, n, label);
	case PQL_CALL:
		for (size_t i = 0; i < n->call.count; i++) {
			if (n->call.args[i]->type == PQL_TYPE_VECTOR ||
				n->call.args[i]->type == PQL_TYPE_MATRIX) {
				return n->call.args[i];
			}
		}
		return NULL;
	case PQL_NUMBER:
	case PQL_STRING:
	case PQL_SELECTOR:
	case PQL_DURATION: break;
	}
	return NULL;
}

const struct pql_node *pql_facts_find_remover(const struct pql_facts *facts,
											  const struct pql_node *root, struct str label) {
	for (;;) {
		const struct pql_node *inner = find_carrier(facts, root, label);

		if (inner == NULL || inner->type == PQL_TYPE_SCALAR || has_label(facts, inner, label)) {
			return root;
		}
		root = inner;
	}
}
