#include "promql-lite/info_time.h"

#include <string.h>

#include "promql-lite/functions.h"
#include "promql-lite/series.h"

/* The subqueries around a node, from the inside out. */
struct surroundings {
	const struct pql_shift *shift;
	const struct surroundings *outer;
};

struct search {
	struct pql_grid query;
	struct pql_info_time first;
	size_t selectors;
	bool differ;   /* some selectors are about different times */
	bool timeless; /* some vector comes from no selector: vector(1) */
	bool failed;
	struct pql_stretch_error *error;
};

static bool same_time(const struct pql_info_time *a, const struct pql_info_time *b) {
	if (a->pinned != b->pinned) {
		return false;
	}
	return a->pinned ? pql_time_minus(a->at, a->offset) == pql_time_minus(b->at, b->offset)
					 : a->offset == b->offset;
}

static void add_shift(struct search *s, struct pql_info_time *t, const struct pql_shift *shift) {
	dur_ms offset = 0;

	if (!pql_stretch_resolve(&shift->offset, s->query, true, &offset, s->error)) {
		s->failed = true;
	}
	if (__builtin_add_overflow(t->offset, offset, &t->offset)) {
		t->offset = offset < 0 ? INT64_MIN : INT64_MAX;
	}
	t->pinned = shift->at != PQL_AT_NONE;
	t->at = shift->at == PQL_AT_TIME ? shift->at_time
									 : (shift->at == PQL_AT_END ? s->query.end : s->query.start);
}

/* Offsets add up outwards as far as an @. */
static bool note_selector(struct search *s, const struct pql_selector *selector,
						  const struct surroundings *around) {
	struct pql_info_time time = {0};

	add_shift(s, &time, &selector->shift);
	for (; around != NULL && !time.pinned; around = around->outer) {
		add_shift(s, &time, around->shift);
	}
	if (s->selectors == 0) {
		s->first = time;
	}
	s->differ = s->differ || !same_time(&s->first, &time);
	s->selectors++;
	return true;
}

static bool search(struct search *s, const struct pql_node *n, const struct surroundings *around);

static bool search_call(struct search *s, const struct pql_node *n,
						const struct surroundings *around) {
	/* The second argument of info() is a selector only in its looks. */
	size_t count = strcmp(n->call.function->name, "info") == 0 ? 1 : n->call.count;
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		any = search(s, n->call.args[i], around) || any;
	}
	return any;
}

static bool search_below(struct search *s, const struct pql_node *n,
						 const struct surroundings *around) {
	struct surroundings here = {.outer = around};
	bool any;

	switch (n->kind) {
	case PQL_NUMBER:
	case PQL_STRING:
	case PQL_DURATION: return false;
	case PQL_SELECTOR: return note_selector(s, &n->selector, around);
	case PQL_RANGE: return note_selector(s, &n->range.selector->selector, around);
	case PQL_SUBQUERY: here.shift = &n->subquery.shift; return search(s, n->subquery.inner, &here);
	case PQL_PAREN: return search(s, n->paren, around);
	case PQL_UNARY: return search(s, n->unary.inner, around);
	case PQL_BINARY:
		any = search(s, n->binary.lhs, around);
		return search(s, n->binary.rhs, around) || any;
	case PQL_AGGREGATE: return search(s, n->aggregate.inner, around);
	case PQL_CALL: return search_call(s, n, around);
	}
	return false;
}

/* Whether there is a selector under a node. Scalars and strings are not looked into: they have no labels. */
static bool search(struct search *s, const struct pql_node *n, const struct surroundings *around) {
	bool any;

	if (n->type != PQL_TYPE_VECTOR && n->type != PQL_TYPE_MATRIX) {
		return false;
	}
	any = search_below(s, n, around);
	s->timeless = s->timeless || !any;
	return any;
}

bool pql_info_time(const struct pql_node *arg, struct pql_grid query, struct pql_info_time *ret,
				   struct pql_stretch_error *ret_error) {
	struct search s = {.query = query, .error = ret_error};

	search(&s, arg, NULL);
	*ret = s.differ || s.timeless ? (struct pql_info_time){0} : s.first;
	return !s.failed;
}

bool pql_info_time_is_single(const struct pql_node *arg) {
	struct pql_stretch_error error;
	struct search s = {.query = {0, 0, 1}, .error = &error};

	search(&s, arg, NULL);
	return s.selectors == 1 && !s.timeless;
}
