#include "base/mem.h"

#include <stdint.h>

#include "base/bug.h"

static void *checked(void *p) {
	if (p == NULL) {
		BUG("out of memory");
	}
	return p;
}

static size_t product(size_t count, size_t size) {
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes)) {
		BUG("allocation larger than the address space");
	}
	return bytes;
}

void *mem_alloc(size_t size) {
	return checked(malloc(size > 0 ? size : 1));
}

void *mem_calloc(size_t count, size_t size) {
	size_t bytes = product(count, size);
	return checked(calloc(1, bytes > 0 ? bytes : 1));
}

void *mem_realloc(void *p, size_t count, size_t size) {
	size_t bytes = product(count, size);
	return checked(realloc(p, bytes > 0 ? bytes : 1));
}

char *mem_dup_str(struct str s) {
	char *copy = mem_alloc(s.len + 1);
	if (s.len > 0) {
		memcpy(copy, s.ptr, s.len);
	}
	copy[s.len] = '\0';
	return copy;
}

void *mem_grow(void *array, size_t count, size_t *capacity, size_t size) {
	if (count < *capacity) {
		return array;
	}
	*capacity = *capacity == 0 ? 8 : *capacity * 2;
	return mem_realloc(array, *capacity, size);
}
