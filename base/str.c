#include "base/str.h"

int str_compare(struct str a, struct str b) {
	size_t shorter = a.len < b.len ? a.len : b.len;
	int order = shorter > 0 ? memcmp(a.ptr, b.ptr, shorter) : 0;
	if (order != 0) {
		return order;
	}
	return a.len < b.len ? -1 : a.len > b.len;
}

bool str_starts_with(struct str s, struct str prefix) {
	return s.len >= prefix.len && str_equal(str_slice(s, 0, prefix.len), prefix);
}

bool str_ends_with(struct str s, struct str suffix) {
	return s.len >= suffix.len && str_equal(str_slice(s, s.len - suffix.len, s.len), suffix);
}

size_t str_find(struct str s, struct str needle) {
	if (needle.len == 0) {
		return 0;
	}
	const char *at = s.len > 0 ? memmem(s.ptr, s.len, needle.ptr, needle.len) : NULL;
	return at == NULL ? s.len : (size_t)(at - s.ptr);
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
