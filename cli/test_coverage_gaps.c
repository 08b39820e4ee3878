/* What no test has reached, in words. Two sides of one place are said at once, and so is all of a rule. */
#include "cli/test_coverage.h"

#include <stdlib.h>

struct gap_list {
	struct arena *arena;
	struct coverage_gap *items;
	size_t count, capacity;
};

/* When the other side of the place is reached, or the point has none. */
static const char *const messages[COVERAGE_KINDS] = {
	[COVERAGE_TESTED] = "no test asks for it",
	[COVERAGE_PENDING] = "it is never pending",
	[COVERAGE_FIRED] = "it never fires",
	[COVERAGE_DROPPED] = "it never goes away before its `for` is over",
	[COVERAGE_RESOLVED] = "it is never resolved",
	[COVERAGE_KEPT] = "it is never kept by its `keep_firing_for`",
	[COVERAGE_RECORDED] = "it never has a value",
	[COVERAGE_PASSED] = "no value passes this comparison",
	[COVERAGE_HELD] = "every value passes this comparison",
	[COVERAGE_LEFT] = "this side of `or` never gives anything",
	[COVERAGE_ADDED] = "this side of `or` never adds anything",
	[COVERAGE_STAYED] = "everything is left out here",
	[COVERAGE_CUT] = "nothing is ever left out here",
	[COVERAGE_ABSENT] = "this never gives anything: there is always a series",
	[COVERAGE_PRESENT] = "this always gives something: there is never a series",
};

/* When neither side is. */
static const char *const neither[COVERAGE_KINDS] = {
	[COVERAGE_PASSED] = "no value ever comes to this comparison",
	[COVERAGE_LEFT] = "neither side of this `or` ever gives anything",
	[COVERAGE_STAYED] = "nothing ever comes to this from the left",
	[COVERAGE_ABSENT] = "this is never evaluated",
};

static void add(struct gap_list *list, const struct coverage_gap *gap) {
	list->items =
		arena_grow(list->arena, list->items, list->count, &list->capacity, sizeof(list->items[0]));
	list->items[list->count++] = *gap;
}

static bool misses(const struct coverage_rule *rule, enum coverage_kind kind) {
	for (size_t i = 0; i < rule->point_count && rule->points[i].kind < COVERAGE_RECORDED; i++) {
		if (rule->points[i].kind == kind) {
			return !rule->points[i].reached;
		}
	}
	return false;
}

/* An alert that never fires is never resolved either. */
static bool goes_without_saying(const struct coverage_rule *rule, enum coverage_kind kind) {
	bool pending = misses(rule, COVERAGE_PENDING);
	return ((kind == COVERAGE_FIRED || kind == COVERAGE_DROPPED) && pending) ||
		   ((kind == COVERAGE_RESOLVED || kind == COVERAGE_KEPT) &&
			(pending || misses(rule, COVERAGE_FIRED)));
}

static const char *say_point(const struct coverage_rule *rule, enum coverage_kind kind) {
	bool record = rule->kind == RULE_RECORDING && kind == COVERAGE_TESTED;
	return record ? "no test reads it, nor does a rule that one asks for" : messages[kind];
}

/* What happens to alerts, and whether a test asks: all at the rule's name. */
static void add_whole(struct gap_list *list, const struct coverage_rule *rule) {
	struct strbuf what = STRBUF_IN(list->arena);
	for (size_t i = 0; i < rule->point_count && rule->points[i].kind < COVERAGE_RECORDED; i++) {
		enum coverage_kind kind = rule->points[i].kind;
		if (!rule->points[i].reached && !goes_without_saying(rule, kind)) {
			strbuf_add_c(&what, what.len > 0 ? ", " : "");
			strbuf_add_c(&what, say_point(rule, kind));
		}
	}
	if (what.len > 0) {
		add(list, &(struct coverage_gap){
					  .span = rule->name_span, .rule = rule, .of_rule = true, .what = what.ptr});
	}
}

static struct span join(struct span a, struct span b) {
	return (struct span){a.start < b.start ? a.start : b.start, a.end > b.end ? a.end : b.end};
}

static void add_parts(struct gap_list *list, const struct coverage_rule *rule) {
	for (size_t i = 0; i < rule->point_count; i++) {
		const struct coverage_point *p = &rule->points[i];
		bool both = neither[p->kind] != NULL && !p->reached && !p[1].reached;
		if (p->kind >= COVERAGE_RECORDED && !p->reached) {
			add(list, &(struct coverage_gap){.span = both ? join(p->span, p[1].span) : p->span,
											 .rule = rule,
											 .what = both ? neither[p->kind] : messages[p->kind]});
		}
		i += both;
	}
}

static void add_rule(struct gap_list *list, const struct coverage_rule *rule) {
	if (coverage_count_rule(rule).reached > 0) {
		add_whole(list, rule);
		add_parts(list, rule);
	} else {
		add(list,
			&(struct coverage_gap){.span = rule->name_span,
								   .rule = rule,
								   .of_rule = true,
								   .what = "no test asks for it, and nothing of it is reached"});
	}
}

/* By place, the longer one first. */
static int compare_gaps(const void *a, const void *b) {
	const struct coverage_gap *x = a, *y = b;
	if (x->span.start != y->span.start) {
		return x->span.start < y->span.start ? -1 : 1;
	}
	if (x->span.end != y->span.end) {
		return x->span.end > y->span.end ? -1 : 1;
	}
	return strcmp(x->what, y->what);
}

struct coverage_gap *test_coverage_gaps(const struct coverage_file *file, struct arena *a,
										size_t *ret_count) {
	struct gap_list list = {.arena = a};
	for (size_t i = 0; i < file->rule_count; i++) {
		add_rule(&list, &file->rules[i]);
	}
	if (list.count > 0) {
		qsort(list.items, list.count, sizeof(list.items[0]), compare_gaps);
	}
	*ret_count = list.count;
	return list.items;
}
