/* Memory that is given back all at once: the rule set has an arena, an evaluation has one; long-lived state has none. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

struct arena_block;

struct arena {
	struct arena_block *head;  /* the block in use, then the full ones */
	char *at, *end;            /* free space of the block in use */
	size_t bytes;              /* held from the heap, over all blocks */
	size_t used;               /* given out since the last reset */
	struct arena_block *spare; /* kept by arena_reset for the next round */
};

void arena_init(struct arena *a);
void arena_finish(struct arena *a); /* accepts NULL */

/* Forgets everything allocated, keeps the pages for the next use. */
void arena_reset(struct arena *a);

#define ARENA_ALIGNMENT _Alignof(max_align_t)

void *arena_alloc_slow(struct arena *a, size_t size); /* the rest of arena_alloc */
void arena_overflow(void) __attribute__((noreturn));

/* Aligned for any type, uninitialised. Aborts when the system has no memory; limits stand before it. */
static inline void *arena_alloc(struct arena *a, size_t size) {
	size_t rounded = (size + ARENA_ALIGNMENT - 1) & ~(ARENA_ALIGNMENT - 1);
	if (rounded < size || (size_t)(a->end - a->at) <= rounded) {
		return arena_alloc_slow(a, size);
	}
	void *p = a->at;
	a->at += rounded;
	a->used += rounded;
	return p;
}

/* Zeroed; aborts on overflow. */
static inline void *arena_calloc(struct arena *a, size_t count, size_t size) {
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes)) {
		arena_overflow();
	}
	return memset(arena_alloc(a, bytes), 0, bytes);
}

/* A copy with a NUL behind it. */
struct str arena_dup(struct arena *a, struct str s);
const char *arena_printf(struct arena *a, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Grows an array that lives in the arena so that it has room for one element more; the old copy stays until reset. */
void *arena_grow(struct arena *a, void *array, size_t count, size_t *capacity, size_t size);

#define ARENA_NEW(a, type) ((type *)arena_calloc((a), 1, sizeof(type)))
#define ARENA_ARRAY(a, type, count) ((type *)arena_calloc((a), (count), sizeof(type)))

#endif
