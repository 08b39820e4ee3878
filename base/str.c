#include "base/str.h"

#include <limits.h>

int str_compare(struct str a, struct str b) {
	size_t shorter = a.len < b.len ? a.len : b.len;
	int order = shorter > 0 ? memcmp(a.ptr, b.ptr, shorter) : 0;
	if (order != 0) {
		return order;
	}
	return a.len < b.len ? -1 : a.len > b.len;
}

#define SHORT_NEEDLE 4 /* bytes: what memmem sets up for these takes longer than it spares */

static size_t find_short(struct str s, struct str needle) {
	const char *at = s.ptr, *end = s.ptr + s.len - needle.len + 1;
	while (at < end && (at = memchr(at, needle.ptr[0], (size_t)(end - at))) != NULL) {
		if (memcmp(at, needle.ptr, needle.len) == 0) {
			return (size_t)(at - s.ptr);
		}
		at++;
	}
	return s.len;
}

size_t str_find(struct str s, struct str needle) {
	if (needle.len == 0) {
		return 0;
	}
	if (s.len < needle.len) {
		return s.len;
	}
	if (needle.len <= SHORT_NEEDLE) {
		return find_short(s, needle);
	}
	const char *at = memmem(s.ptr, s.len, needle.ptr, needle.len);
	return at == NULL ? s.len : (size_t)(at - s.ptr);
}

size_t str_find_any(struct str s, const char *chars) {
	bool wanted[UCHAR_MAX + 1] = {false};
	size_t at = 0;
	for (; *chars != '\0'; chars++) {
		wanted[(unsigned char)*chars] = true;
	}
	while (at < s.len && !wanted[(unsigned char)s.ptr[at]]) {
		at++;
	}
	return at;
}

static bool is_space(char c) {
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s) {
	while (s.len > 0 && is_space(s.ptr[0])) {
		s = str_slice(s, 1, s.len);
	}
	while (s.len > 0 && is_space(s.ptr[s.len - 1])) {
		s.len--;
	}
	return s;
}
