#include "base/hmap.h"

#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/mem.h"

void hmap_init(struct hmap *m, struct arena *arena_or_null) {
	*m = (struct hmap){.arena = arena_or_null};
}

static void free_slots(struct hmap *m) {
	if (m->arena == NULL) {
		free(m->slots);
	}
}

void hmap_finish(struct hmap *m) {
	if (m != NULL) {
		free_slots(m);
		hmap_init(m, m->arena);
	}
}

void hmap_clear(struct hmap *m) {
	if (m->count > 0) {
		memset(m->slots, 0, m->capacity * sizeof(*m->slots));
		m->count = 0;
	}
}

/* Linear probing: the slot that holds the key, or the free one where the search ends. */
static size_t probe(const struct hmap *m, uint64_t hash, hmap_equal *equal, const void *key) {
	size_t mask = m->capacity - 1;
	size_t i = hash & mask;
	while (m->slots[i].value != NULL) {
		if (equal != NULL && m->slots[i].hash == hash && equal(m->slots[i].value, key)) {
			break;
		}
		i = (i + 1) & mask;
	}
	return i;
}

void *hmap_find(const struct hmap *m, uint64_t hash, hmap_equal *equal, const void *key) {
	return m->count == 0 ? NULL : m->slots[probe(m, hash, equal, key)].value;
}

static void grow(struct hmap *m) {
	struct hmap old = *m;
	m->capacity = old.capacity == 0 ? 16 : old.capacity * 2;
	m->slots = m->arena != NULL ? arena_calloc(m->arena, m->capacity, sizeof(*m->slots))
								: mem_calloc(m->capacity, sizeof(*m->slots));
	for (size_t i = 0; i < old.capacity; i++) {
		if (old.slots[i].value != NULL) {
			m->slots[probe(m, old.slots[i].hash, NULL, NULL)] = old.slots[i];
		}
	}
	free_slots(&old);
}

void hmap_add(struct hmap *m, uint64_t hash, void *value) {
	BUG_ON(value == NULL);
	if ((m->count + 1) * 4 > m->capacity * 3) {
		grow(m);
	}
	m->slots[probe(m, hash, NULL, NULL)] = (struct hmap_slot){.hash = hash, .value = value};
	m->count++;
}

/* Moves later entries of the run back over the hole, so that no search stops at it too early. */
static void close_hole(struct hmap *m, size_t hole) {
	size_t mask = m->capacity - 1;
	for (size_t i = (hole + 1) & mask; m->slots[i].value != NULL; i = (i + 1) & mask) {
		size_t home = m->slots[i].hash & mask;
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			m->slots[hole] = m->slots[i];
			hole = i;
		}
	}
	m->slots[hole] = (struct hmap_slot){0};
}

void *hmap_remove(struct hmap *m, uint64_t hash, hmap_equal *equal, const void *key) {
	if (m->count == 0) {
		return NULL;
	}
	size_t i = probe(m, hash, equal, key);
	void *value = m->slots[i].value;
	if (value != NULL) {
		m->count--;
		close_hole(m, i);
	}
	return value;
}

void *hmap_next(const struct hmap *m, size_t *iterator) {
	while (*iterator < m->capacity) {
		void *value = m->slots[(*iterator)++].value;
		if (value != NULL) {
			return value;
		}
	}
	return NULL;
}
