/* Rules that a reload took out of their groups, with what they remember: for rules of the same identity, else to be resolved. */
#ifndef ENGINE_LEFTOVERS_H
#define ENGINE_LEFTOVERS_H

#include "base/hmap.h"
#include "engine/group_state.h"

struct leftover;

struct leftovers {
	struct leftover **items; /* in the order in which they came */
	size_t count, capacity;
	struct hmap by_identity; /* chains of leftovers of one identity */
	struct arena *arena;
};

void leftovers_init(struct leftovers *l, struct arena *a);

/* Borrows the rule's state, which must stay where it is until it is taken or no longer wanted. */
void leftovers_add(struct leftovers *l, struct rule_state *rule);
void leftovers_add_group(struct leftovers *l, struct group_state *g);

/* Gives the group's rules that remember nothing yet what the leftovers of their identity do; duplicates in order. */
void leftovers_give(struct leftovers *l, struct group_state *g);

/* Number i; NULL: it was taken over. */
struct rule_state *leftovers_get(const struct leftovers *l, size_t i);

#endif
