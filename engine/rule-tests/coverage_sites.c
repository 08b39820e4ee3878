/* The places in an expression that have two sides. */
#include "engine/rule-tests/coverage_private.h"

#include "promql-lite/facts.h"
#include "promql-lite/functions.h"

struct site_list {
	struct arena *arena;
	struct coverage_site *items;
	size_t count, capacity;
	const struct coverage_window *within;
};

static bool is_data(struct pql_node *n, void *data) {
	bool *found = data;
	*found = *found || n->kind == PQL_SELECTOR || n->kind == PQL_CALL;
	return !*found;
}

/* 1 > bool 0 has but one side. */
static bool may_differ(struct pql_node *n) {
	bool found = false;
	pql_walk(n, is_data, &found);
	return found;
}

static bool has_name(const struct pql_node *call, const char *name) {
	return strcmp(call->call.function->name, name) == 0;
}

static bool two_sided(struct pql_node *n, enum coverage_kind *ret_kind) {
	if (n->kind == PQL_CALL) {
		*ret_kind = COVERAGE_ABSENT;
		return has_name(n, "absent") || has_name(n, "absent_over_time");
	}
	if (n->kind != PQL_BINARY) {
		return false;
	}
	enum pql_op op = n->binary.op;
	*ret_kind = op == PQL_OP_OR                           ? COVERAGE_LEFT
				: op == PQL_OP_AND || op == PQL_OP_UNLESS ? COVERAGE_STAYED
														  : COVERAGE_PASSED;
	return (pql_op_is_set(op) || pql_op_is_comparison(op)) && may_differ(n);
}

static void collect(struct site_list *list, struct pql_node *n);

static void collect_within(struct site_list *list, struct pql_node *n) {
	struct coverage_window *window = ARENA_NEW(list->arena, struct coverage_window);
	*window = (struct coverage_window){.subquery = n, .around = list->within};
	list->within = window;
	collect(list, n->subquery.inner);
	list->within = window->around;
}

static void collect_children(struct site_list *list, struct pql_node *n) {
	switch (n->kind) {
	case PQL_NUMBER:
	case PQL_STRING:
	case PQL_DURATION:
	case PQL_SELECTOR:
	case PQL_RANGE: return;
	case PQL_PAREN: collect(list, n->paren); return;
	case PQL_UNARY: collect(list, n->unary.inner); return;
	case PQL_SUBQUERY: collect_within(list, n); return;
	case PQL_BINARY:
		collect(list, n->binary.lhs);
		collect(list, n->binary.rhs);
		return;
	case PQL_AGGREGATE:
		if (n->aggregate.param != NULL) {
			collect(list, n->aggregate.param);
		}
		collect(list, n->aggregate.inner);
		return;
	case PQL_CALL:
		for (size_t i = 0; i < n->call.count; i++) {
			collect(list, n->call.args[i]);
		}
		return;
	}
}

static void collect(struct site_list *list, struct pql_node *n) {
	enum coverage_kind kind;
	if (two_sided(n, &kind)) {
		list->items = arena_grow(list->arena, list->items, list->count, &list->capacity,
								 sizeof(list->items[0]));
		list->items[list->count++] =
			(struct coverage_site){.node = n, .within = list->within, .kind = kind};
	}
	collect_children(list, n);
}

struct coverage_site *coverage_sites(const struct pql_expr *expr, struct arena *a,
									 size_t *ret_count) {
	struct site_list list = {.arena = a};
	collect(&list, expr->root);
	*ret_count = list.count;
	return list.items;
}

/* The operator with what stands beside it to decide: `> 5`, `0 <`, `and on (job) up`. */
struct span coverage_site_span(const struct coverage_site *site, enum coverage_kind side) {
	const struct pql_node *n = site->node;
	if (n->kind == PQL_CALL) {
		return n->span;
	}
	if (side == COVERAGE_LEFT || side == COVERAGE_ADDED) {
		return side == COVERAGE_LEFT ? n->binary.lhs->span : n->binary.rhs->span;
	}
	bool swapped = n->binary.lhs->type == PQL_TYPE_SCALAR && n->binary.rhs->type != PQL_TYPE_SCALAR;
	return swapped ? (struct span){n->span.start, n->binary.op_span.end}
				   : (struct span){n->binary.op_span.start, n->span.end};
}

bool coverage_always_gives(const struct pql_expr *expr) {
	struct arena a;
	struct pql_facts_source nothing = {0};
	arena_init(&a);
	const struct pql_facts *facts = pql_facts_make(expr, &nothing, &a);
	bool always = facts[expr->root->index].presence == PQL_ALWAYS;
	arena_finish(&a);
	return always;
}
