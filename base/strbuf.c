#include "base/strbuf.h"

#include <stdint.h>
#include <stdio.h>

#include "base/bug.h"
#include "base/mem.h"
#include "base/utf8.h"

void strbuf_init(struct strbuf *b) {
	*b = STRBUF_INIT;
}

void strbuf_finish(struct strbuf *b) {
	if (b != NULL && b->arena == NULL) {
		free(b->ptr);
		strbuf_init(b);
	}
}

void strbuf_clear(struct strbuf *b) {
	b->len = 0;
	if (b->ptr != NULL) {
		b->ptr[0] = '\0';
	}
}

/* Room for `more` bytes and the NUL. */
static void reserve(struct strbuf *b, size_t more) {
	size_t wanted;
	if (__builtin_add_overflow(b->len, more, &wanted) || wanted > SIZE_MAX / 2) {
		BUG("text larger than the address space");
	}
	if (wanted + 1 <= b->capacity) {
		return;
	}
	size_t capacity = b->capacity < 64 ? 64 : b->capacity;
	while (capacity < wanted + 1) {
		capacity *= 2;
	}
	if (b->arena != NULL) {
		char *larger = arena_alloc(b->arena, capacity);
		if (b->len > 0) {
			memcpy(larger, b->ptr, b->len + 1);
		}
		b->ptr = larger;
	} else {
		b->ptr = mem_realloc(b->ptr, capacity, 1);
	}
	b->capacity = capacity;
}

void strbuf_add(struct strbuf *b, struct str s) {
	reserve(b, s.len);
	if (s.len > 0) {
		memcpy(b->ptr + b->len, s.ptr, s.len);
	}
	b->len += s.len;
	b->ptr[b->len] = '\0';
}

void strbuf_add_c(struct strbuf *b, const char *c_string) {
	strbuf_add(b, str_from(c_string));
}

void strbuf_add_char(struct strbuf *b, char c) {
	reserve(b, 1);
	b->ptr[b->len++] = c;
	b->ptr[b->len] = '\0';
}

void strbuf_add_repeat(struct strbuf *b, char c, size_t count) {
	reserve(b, count);
	memset(b->ptr + b->len, c, count);
	b->len += count;
	b->ptr[b->len] = '\0';
}

void strbuf_printf(struct strbuf *b, const char *format, ...) {
	va_list args;
	va_start(args, format);
	strbuf_vprintf(b, format, args);
	va_end(args);
}

void strbuf_vprintf(struct strbuf *b, const char *format, va_list args) {
	va_list again;
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	BUG_ON(len < 0);
	reserve(b, (size_t)len);
	vsnprintf(b->ptr + b->len, (size_t)len + 1, format, again);
	va_end(again);
	b->len += (size_t)len;
}

void strbuf_add_number(struct strbuf *b, size_t number) {
	if (number >= 1000) {
		strbuf_add_number(b, number / 1000);
		strbuf_printf(b, ",%03zu", number % 1000);
	} else {
		strbuf_printf(b, "%zu", number);
	}
}

void strbuf_add_count(struct strbuf *b, size_t count, const char *noun) {
	strbuf_add_number(b, count);
	strbuf_printf(b, " %s%s", noun, count == 1 ? "" : "s");
}

struct str strbuf_str(const struct strbuf *b) {
	return (struct str){.ptr = b->ptr != NULL ? b->ptr : "", .len = b->len};
}

char *strbuf_take(struct strbuf *b) {
	reserve(b, 0);
	b->ptr[b->len] = '\0';
	char *text = b->ptr;
	*b = STRBUF_IN(b->arena);
	return text;
}

static const char *const short_escapes[256] = {
	['\a'] = "\\a", ['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n",  ['\r'] = "\\r",
	['\t'] = "\\t", ['\v'] = "\\v", ['"'] = "\\\"", ['\\'] = "\\\\",
};

static void add_quoted_rune(struct strbuf *b, struct str bytes, uint32_t rune) {
	if (rune == UTF8_INVALID && bytes.len == 1) {
		strbuf_printf(b, "\\x%02x", (unsigned char)bytes.ptr[0]);
	} else if (rune < 256 && short_escapes[rune] != NULL) {
		strbuf_add_c(b, short_escapes[rune]);
	} else if (rune < 0x20 || rune == 0x7f) {
		strbuf_printf(b, "\\x%02x", rune);
	} else if (utf8_is_printable(rune)) {
		strbuf_add(b, bytes);
	} else if (rune < 0x10000) {
		strbuf_printf(b, "\\u%04x", rune);
	} else {
		strbuf_printf(b, "\\U%08x", rune);
	}
}

void strbuf_add_quoted(struct strbuf *b, struct str s) {
	strbuf_add_char(b, '"');
	while (s.len > 0) {
		uint32_t rune;
		size_t len = utf8_decode(s, &rune);
		add_quoted_rune(b, str_slice(s, 0, len), rune);
		s = str_slice(s, len, s.len);
	}
	strbuf_add_char(b, '"');
}
