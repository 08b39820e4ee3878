/* A borrowed piece of text: pointer and length. Never owns its bytes; may hold any byte, NUL too. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct str {
	const char *ptr; /* not NUL-terminated unless the producer says so */
	size_t len;      /* bytes */
};

#define STR(literal) ((struct str){.ptr = (literal), .len = sizeof(literal) - 1})
#define STR_EMPTY ((struct str){.ptr = "", .len = 0})

/* For printf's "%.*s". */
#define STR_FMT(s) (int)(s).len, (s).ptr

static inline struct str str_from(const char *c_string) {
	return (struct str){.ptr = c_string, .len = strlen(c_string)};
}

static inline struct str str_slice(struct str s, size_t from, size_t to) {
	return (struct str){.ptr = from == 0 ? s.ptr : s.ptr + from,
						.len = to - from}; /* NULL + 0 is undefined */
}

static inline bool str_equal(struct str a, struct str b) {
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Byte order, as Go compares strings. */
int str_compare(struct str a, struct str b);

static inline bool str_starts_with(struct str s, struct str prefix) {
	return s.len >= prefix.len && str_equal(str_slice(s, 0, prefix.len), prefix);
}

static inline bool str_ends_with(struct str s, struct str suffix) {
	return s.len >= suffix.len && str_equal(str_slice(s, s.len - suffix.len, s.len), suffix);
}

/* Offset of the first occurrence of `needle`, or s.len when there is none. */
size_t str_find(struct str s, struct str needle);

/* Offset of the first byte that is one of `chars`, or s.len. */
size_t str_find_any(struct str s, const char *chars);

/* Without ASCII white space at both ends. */
struct str str_trim(struct str s);

#endif
