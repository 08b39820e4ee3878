/* Hash map from a key inside a value to that value. Open addressing; the caller brings the hash and the comparison. */
#ifndef BASE_HMAP_H
#define BASE_HMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct hmap_slot {
	uint64_t hash;
	void *value; /* NULL: free */
};

struct hmap {
	struct hmap_slot *slots;
	size_t count, capacity; /* capacity is 0 or a power of two */
	struct arena *arena;    /* where slots live; NULL: on the heap */
};

/* Whether `value` in the map is the one that `key` names. */
typedef bool hmap_equal(const void *value, const void *key);

void hmap_init(struct hmap *m, struct arena *arena_or_null);
void hmap_finish(struct hmap *m); /* accepts NULL; values stay the caller's */
void hmap_clear(struct hmap *m);  /* keeps the slots */

void *hmap_find(const struct hmap *m, uint64_t hash, hmap_equal *equal, const void *key);
void hmap_add(struct hmap *m, uint64_t hash, void *value); /* the key must not be in it */
void *hmap_remove(struct hmap *m, uint64_t hash, hmap_equal *equal, const void *key);

/* Next value in slot order, NULL at the end. *iterator is 0 at first. The map must not change meanwhile. */
void *hmap_next(const struct hmap *m, size_t *iterator);

#endif
