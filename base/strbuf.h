/* A text that grows on the heap. Always NUL-terminated once something was added. */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stdarg.h>
#include <stddef.h>

#include "base/str.h"

struct strbuf {
	char *ptr; /* owned; NULL while nothing was ever added */
	size_t len, capacity;
};

#define STRBUF_INIT ((struct strbuf){0})

void strbuf_init(struct strbuf *b);
void strbuf_finish(struct strbuf *b); /* accepts NULL */
void strbuf_clear(struct strbuf *b);  /* empties, keeps the memory */

void strbuf_add(struct strbuf *b, struct str s);
void strbuf_add_c(struct strbuf *b, const char *c_string);
void strbuf_add_char(struct strbuf *b, char c);
void strbuf_add_repeat(struct strbuf *b, char c, size_t count);
void strbuf_printf(struct strbuf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vprintf(struct strbuf *b, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/* Borrowed view of what is in it; valid until the next change. */
struct str strbuf_str(const struct strbuf *b);

/* NUL-terminated text, taken by the caller (free()); the buffer is empty afterwards. */
char *strbuf_take(struct strbuf *b);

/* As Go's strconv.Quote: double quotes, \n \t \" \\ \x.. \u.... escapes, valid UTF-8 printed as it is. */
void strbuf_add_quoted(struct strbuf *b, struct str s);

#endif
