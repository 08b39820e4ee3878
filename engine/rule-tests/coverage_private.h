/* What the files that find out about coverage share. */
#ifndef ENGINE_COVERAGE_PRIVATE_H
#define ENGINE_COVERAGE_PRIVATE_H

#include "base/hmap.h"
#include "engine/evaluation.h"
#include "engine/rule-tests/coverage.h"
#include "engine/rule-tests/simulation.h"
#include "rules/test_file.h"

/* A subquery around a place in an expression. */
struct coverage_window {
	const struct pql_node *subquery;
	const struct coverage_window *around; /* NULL: none */
};

/* A place in an expression that has two sides. */
struct coverage_site {
	const struct pql_node *node;
	const struct coverage_window *within; /* the innermost subquery; NULL: in none */
	enum coverage_kind kind;              /* of the first side, the other is the next one */
};

/* Outer ones first, in `a`. */
struct coverage_site *coverage_sites(const struct pql_expr *expr, struct arena *a,
									 size_t *ret_count);
/* Where the two sides stand in the expression's text. */
struct span coverage_site_span(const struct coverage_site *site, enum coverage_kind side);
/* Whether the expression gives something whatever the data: such an alert never ends. */
bool coverage_always_gives(const struct pql_expr *expr);

/* A rule of the set. */
struct covered_rule {
	const struct rule *rule;
	struct coverage_rule *target; /* NULL: left out */
	struct coverage_site *sites;  /* of its last points, two each */
	size_t site_count;
	bool tested; /* in this set */
};

struct covered_group {
	const struct rule_group *group;
	struct covered_rule *rules;
};

/* The rules of one name. */
struct coverage_name {
	struct str name;
	struct covered_rule **rules;
	size_t count, capacity;
};

struct coverage_names {
	struct hmap by_name;
	struct coverage_name **items;
	size_t count, capacity;
};

struct coverage_set {
	struct coverage *coverage;
	struct rule_set *set;
	struct arena arena;
	struct covered_group *groups;
	size_t group_count;
	struct hmap by_group; /* of struct covered_group */
	struct coverage_names alerts, records;
	struct covered_rule **tested; /* in the order in which it was found out */
	size_t tested_count, spread;  /* those before it were asked what they read */
};

uint64_t coverage_hash(size_t number); /* of a place, or of a group's address */
/* NULL: it is not of the set. */
struct covered_group *coverage_find_group(const struct coverage_set *s,
										  const struct rule_group *group);
void coverage_reach(struct covered_rule *r, enum coverage_kind kind);
bool coverage_is_reached(const struct covered_rule *r, enum coverage_kind kind);

/* ---- coverage_tested.c: which rules tests look at ---- */

/* Fills in alerts and records. */
void coverage_list_names(struct coverage_set *s);
/* Rules that tested rules read. */
void coverage_spread(struct coverage_set *s);

#endif
