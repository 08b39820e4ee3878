/* Heap memory that is always there: every function aborts when the system has none left. Free with free(). */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>
#include <stdlib.h>

#include "base/str.h"

void *mem_alloc(size_t size);                          /* uninitialised */
void *mem_calloc(size_t count, size_t size);           /* zeroed; aborts on overflow */
void *mem_realloc(void *p, size_t count, size_t size); /* aborts on overflow */
char *mem_dup_str(struct str s); /* NUL-terminated copy, owned by the caller */

/* Grows an array so that it has room for one element more. `capacity` is in elements. */
void *mem_grow(void *array, size_t count, size_t *capacity, size_t size);

#endif
