#include "engine/api/api_query.h"

#include "base/strbuf.h"

static int hex_digit(char c) {
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	char lower = (char)(c | 0x20);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* false: an escape that is none, and *ret_bad is as much of it as there is. */
static bool unescape(struct str text, struct arena *a, struct str *ret_text, struct str *ret_bad) {
	char *out = arena_alloc(a, text.len + 1);
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '%') {
			struct str escape = str_slice(text, i, i + 3 < text.len ? i + 3 : text.len);
			int high = escape.len == 3 ? hex_digit(escape.ptr[1]) : -1;
			int low = escape.len == 3 ? hex_digit(escape.ptr[2]) : -1;
			if (high < 0 || low < 0) {
				*ret_bad = escape;
				return false;
			}
			c = (char)(high * 16 + low);
			i += 2;
		}
		out[len++] = c == '+' && text.ptr[i] == '+' ? ' ' : c;
	}
	out[len] = '\0';
	*ret_text = (struct str){out, len};
	return true;
}

static void note_bad_escape(struct api_query *q, struct str escape, struct arena *a) {
	if (q->error == NULL) {
		struct strbuf quoted = STRBUF_INIT;
		strbuf_add_quoted(&quoted, escape);
		q->error = arena_printf(a, "invalid URL escape %s", quoted.ptr);
		strbuf_finish(&quoted);
	}
}

static void add_pair(struct api_query *q, struct str pair, struct arena *a) {
	size_t equals = str_find(pair, STR("="));
	struct str value = str_slice(pair, equals < pair.len ? equals + 1 : equals, pair.len);
	struct api_parameter p;
	struct str bad;
	if (memchr(pair.ptr, ';', pair.len) != NULL) {
		q->error = "invalid semicolon separator in query";
	} else if (!unescape(str_slice(pair, 0, equals), a, &p.name, &bad) ||
			   !unescape(value, a, &p.value, &bad)) {
		note_bad_escape(q, bad, a);
	} else {
		q->parameters =
			arena_grow(a, q->parameters, q->count, &q->capacity, sizeof(*q->parameters));
		q->parameters[q->count++] = p;
	}
}

void api_query_parse(struct str text, struct arena *a, struct api_query *ret_query) {
	*ret_query = (struct api_query){0};
	while (text.len > 0) {
		size_t end = str_find(text, STR("&"));
		if (end > 0) {
			add_pair(ret_query, str_slice(text, 0, end), a);
		}
		text = str_slice(text, end < text.len ? end + 1 : end, text.len);
	}
}

struct str api_query_get(const struct api_query *q, const char *name) {
	for (size_t i = 0; i < q->count; i++) {
		if (str_equal(q->parameters[i].name, str_from(name))) {
			return q->parameters[i].value;
		}
	}
	return STR_EMPTY;
}
