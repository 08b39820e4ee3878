#include "engine/leftovers.h"

struct leftover {
	struct rule_state *rule; /* NULL once taken over */
	struct leftover *next;   /* of the same identity */
};

struct chain {
	const struct rule *identity;
	struct leftover *first, **end;
};

void leftovers_init(struct leftovers *l, struct arena *a) {
	*l = (struct leftovers){.arena = a};
	hmap_init(&l->by_identity, a);
}

static bool chain_is_of(const void *value, const void *key) {
	return rule_same_identity(((const struct chain *)value)->identity, key);
}

static struct chain *find_chain(const struct leftovers *l, const struct rule *rule) {
	return hmap_find(&l->by_identity, rule_identity_hash(rule), chain_is_of, rule);
}

void leftovers_add(struct leftovers *l, struct rule_state *rule) {
	struct leftover *item = ARENA_NEW(l->arena, struct leftover);
	struct chain *chain = find_chain(l, rule->rule);
	if (chain == NULL) {
		chain = ARENA_NEW(l->arena, struct chain);
		*chain = (struct chain){.identity = rule->rule, .end = &chain->first};
		hmap_add(&l->by_identity, rule_identity_hash(rule->rule), chain);
	}
	item->rule = rule;
	*chain->end = item;
	chain->end = &item->next;
	l->items = arena_grow(l->arena, l->items, l->count, &l->capacity, sizeof(*l->items));
	l->items[l->count++] = item;
}

void leftovers_add_group(struct leftovers *l, struct group_state *g) {
	for (size_t i = 0; i < g->rule_count; i++) {
		leftovers_add(l, &g->rules[i]);
	}
}

static bool remembers(const struct rule_state *r) {
	return r->last_evaluation != TS_NONE || r->alerting.count > 0;
}

void leftovers_give(struct leftovers *l, struct group_state *g) {
	for (size_t i = 0; i < g->rule_count; i++) {
		struct chain *chain = remembers(&g->rules[i]) ? NULL : find_chain(l, g->rules[i].rule);
		if (chain != NULL && chain->first != NULL) {
			struct leftover *taken = chain->first;
			chain->first = taken->next;
			chain->end = chain->first == NULL ? &chain->first : chain->end;
			rule_state_move(taken->rule, &g->rules[i]);
			taken->rule = NULL;
		}
	}
}

struct rule_state *leftovers_get(const struct leftovers *l, size_t i) {
	return l->items[i]->rule;
}
