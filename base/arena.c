#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

#include "base/bug.h"
#include "base/mem.h"

#define LARGEST_BLOCK_BYTES (1u << 20)
#define HUGE_PAGE_BYTES (2u << 20)
#define FIRST_BLOCK_BYTES (1024u - sizeof(struct arena_block)) /* malloc has such at hand */

struct arena_block {
	struct arena_block *next;
	size_t size; /* of the space behind this header */
	_Alignas(max_align_t) char space[];
};

void arena_init(struct arena *a) {
	*a = (struct arena){0};
}

static void free_blocks(struct arena_block *block) {
	while (block != NULL) {
		struct arena_block *next = block->next;
		free(block);
		block = next;
	}
}

void arena_finish(struct arena *a) {
	if (a != NULL) {
		free_blocks(a->head);
		free_blocks(a->spare);
		arena_init(a);
	}
}

static void use_block(struct arena *a, struct arena_block *block) {
	block->next = a->head;
	a->head = block;
	a->at = block->space;
	a->end = block->space + block->size;
}

/* Full blocks become spare ones; the order turns around, so the first block, the smallest, is used again last. */
void arena_reset(struct arena *a) {
	while (a->head != NULL) {
		struct arena_block *block = a->head;
		a->head = block->next;
		block->next = a->spare;
		a->spare = block;
	}
	a->at = a->end = NULL;
	a->used = 0;
}

static struct arena_block *take_spare(struct arena *a, size_t size) {
	for (struct arena_block **at = &a->spare; *at != NULL; at = &(*at)->next) {
		if ((*at)->size >= size) {
			struct arena_block *block = *at;
			*at = block->next;
			return block;
		}
	}
	return NULL;
}

/* A block that is one huge page, where the system has them: to be given its small pages one by one takes about as long as filling
 * them. NULL: there is no memory. */
static struct arena_block *huge_block(void) {
	struct arena_block *block = aligned_alloc(HUGE_PAGE_BYTES, HUGE_PAGE_BYTES);
	if (block != NULL) {
		madvise(block, HUGE_PAGE_BYTES, MADV_HUGEPAGE); /* where not, pages are small ones */
	}
	return block;
}

/* Blocks double up to a megabyte: few system calls for large users, little waste for small ones. */
static size_t block_size(const struct arena *a, size_t size) {
	size_t wanted = a->bytes < FIRST_BLOCK_BYTES ? FIRST_BLOCK_BYTES : a->bytes;
	wanted = wanted > LARGEST_BLOCK_BYTES ? LARGEST_BLOCK_BYTES : wanted;
	return wanted < size ? size : wanted;
}

static void add_block(struct arena *a, size_t size) {
	struct arena_block *block = take_spare(a, size);
	if (block == NULL) {
		size_t wanted = HUGE_PAGE_BYTES - sizeof(*block);
		bool huge = a->bytes >= HUGE_PAGE_BYTES && size <= wanted;
		block = huge ? huge_block() : NULL;
		if (block == NULL) {
			wanted = block_size(a, size);
			block = mem_alloc(sizeof(*block) + wanted);
		}
		block->size = wanted;
		a->bytes += wanted;
	}
	use_block(a, block);
}

void arena_overflow(void) {
	BUG("allocation larger than the address space");
}

void *arena_alloc_slow(struct arena *a, size_t size) {
	if (size > SIZE_MAX / 2) {
		arena_overflow();
	}
	size = (size + ARENA_ALIGNMENT - 1) & ~(ARENA_ALIGNMENT - 1);
	if (a->at == NULL || (size_t)(a->end - a->at) < size) {
		add_block(a, size);
	}
	void *p = a->at;
	a->at += size;
	a->used += size;
	return p;
}

struct str arena_dup(struct arena *a, struct str s) {
	char *copy = arena_alloc(a, s.len + 1);
	if (s.len > 0) {
		memcpy(copy, s.ptr, s.len);
	}
	copy[s.len] = '\0';
	return (struct str){.ptr = copy, .len = s.len};
}

const char *arena_printf(struct arena *a, const char *format, ...) {
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	BUG_ON(len < 0);
	char *text = arena_alloc(a, (size_t)len + 1);
	vsnprintf(text, (size_t)len + 1, format, again);
	va_end(again);
	return text;
}

void *arena_grow(struct arena *a, void *array, size_t count, size_t *capacity, size_t size) {
	if (count < *capacity) {
		return array;
	}
	size_t wanted = *capacity == 0 ? 4 : *capacity * 2;
	void *larger = arena_calloc(a, wanted, size);
	if (count > 0) {
		memcpy(larger, array, count * size);
	}
	*capacity = wanted;
	return larger;
}
