/* Looking a name up among items that are sorted by their names. */
#ifndef BASE_SORTED_H
#define BASE_SORTED_H

#include <stdbool.h>

#include "base/str.h"

/* Index of the item with the name, or where it would have to stand. Each item is `size` bytes and begins with its name, a
 * struct str. */
static inline size_t sorted_find(const void *items, size_t size, size_t count, struct str name,
								 bool *ret_found) {
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct str *found = (const void *)((const char *)items + middle * size);
		int order = str_compare(*found, name);
		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	*ret_found = false;
	return low;
}

#endif
