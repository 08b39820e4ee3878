/* In which order groups that are due at the same time are evaluated. */
#include "engine/rule-tests/rule_test_private.h"

/* Groups that are not listed count as the first that is, as in promtool. Those of one rank come there in any order; here always
 * as they stand in the files, which is the order that promtool, too, has most of the time. */
static size_t rank_of(const struct test_file *file, struct str name) {
	for (size_t i = 0; i < file->group_order_count; i++) {
		if (str_equal(file->group_order[i], name)) {
			return i;
		}
	}
	return 0;
}

size_t *rule_test_order(const struct test_file *file, const struct rule_set *set, struct arena *a) {
	size_t *order = ARENA_ARRAY(a, size_t, set->group_count);
	size_t *ranks = ARENA_ARRAY(a, size_t, set->group_count);
	size_t *next =
		ARENA_ARRAY(a, size_t, file->group_order_count + 2); /* place of each rank's next group */
	for (size_t i = 0; i < set->group_count; i++) {
		ranks[i] = rank_of(file, set->groups[i]->name);
		next[ranks[i] + 1]++;
	}
	for (size_t rank = 1; rank <= file->group_order_count; rank++) {
		next[rank] += next[rank - 1];
	}
	for (size_t i = 0; i < set->group_count; i++) {
		order[next[ranks[i]]++] = i;
	}
	return order;
}
