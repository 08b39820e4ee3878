/* Who reads what of whom: which own outputs any rule looks at, how far back, and which groups have to go before which others
 * when they are due at the same time. */
#ifndef ENGINE_DEPENDENCIES_H
#define ENGINE_DEPENDENCIES_H

#include "promql-lite/needs.h"
#include "rules/group.h"

struct dependencies {
	struct str *names; /* of own outputs that are read; borrowed from the groups */
	size_t name_count;
	dur_ms horizon; /* how far back they are looked at; 0: nothing is */
	/* Per group: those that go first. Free of circles: of groups that wait for each other the first one listed begins. */
	struct dependencies_group {
		size_t *after;
		size_t count, capacity;
		bool *reads_outputs; /* per rule: what any rule puts out */
	} * groups;
};

/* Whether the selector may find series of this metric. */
bool dependencies_reads(const struct pql_selector *selector, struct str metric);

/* Everything lives in `a`. */
void dependencies_find(const struct rule_group *const *groups, size_t count,
					   const struct pql_time_options *options, struct arena *a,
					   struct dependencies *ret_dependencies);

#endif
