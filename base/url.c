#include "base/url.h"

void url_mask(struct strbuf *out, struct str url) {
	size_t scheme = str_find(url, STR("://")), end = url.len;
	size_t start = scheme < url.len ? scheme + 3 : 0;
	while (end > start && url.ptr[end - 1] != '@') {
		end--;
	}
	strbuf_add(out, str_slice(url, 0, start));
	if (end > start) {
		strbuf_add_c(out, "***@");
	}
	struct str rest = str_slice(url, end, url.len);
	size_t query = 0;
	while (query < rest.len && rest.ptr[query] != '?' && rest.ptr[query] != '#') {
		query++;
	}
	strbuf_add(out, str_slice(rest, 0, query));
	if (query < rest.len) {
		strbuf_add_char(out, rest.ptr[query]);
		strbuf_add_c(out, "***");
	}
}

/* The last '@' before a blank or a quote; 0: none. */
static size_t find_user_end(struct str rest) {
	size_t end = 0;
	for (size_t i = 0; i < rest.len && !strchr(" \t\"'", rest.ptr[i]); i++) {
		end = rest.ptr[i] == '@' ? i : end;
	}
	return end;
}

void url_mask_line(struct strbuf *out, struct str line) {
	while (line.len > 0) {
		size_t slashes = str_find(line, STR("//"));
		size_t start = slashes < line.len ? slashes + 2 : line.len;
		strbuf_add(out, str_slice(line, 0, start));
		line = str_slice(line, start, line.len);
		size_t secret = find_user_end(line);
		strbuf_add_repeat(out, '*', secret);
		line = str_slice(line, secret, line.len);
	}
}
