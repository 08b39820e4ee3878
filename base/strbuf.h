/* A text that grows, on the heap or in an arena. Always NUL-terminated once something was added. */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stdarg.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

struct strbuf {
	char *ptr; /* owned, or the arena's; NULL while nothing was ever added */
	size_t len, capacity;
	struct arena *arena; /* NULL: the heap */
};

#define STRBUF_INIT ((struct strbuf){0})
/* Grows in the arena `a`, which keeps what it has outgrown until its reset: for short texts. Needs no strbuf_finish. */
#define STRBUF_IN(a) ((struct strbuf){.arena = (a)})

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

/* For people: thousands are set apart, "9,950"; with a noun, "1 check", "2 checks". */
void strbuf_add_number(struct strbuf *b, size_t number);
void strbuf_add_count(struct strbuf *b, size_t count, const char *noun);

/* Borrowed view of what is in it; valid until the next change. */
struct str strbuf_str(const struct strbuf *b);

/* NUL-terminated text, taken by the caller (free(), or the arena's); the buffer is empty afterwards. */
char *strbuf_take(struct strbuf *b);

/* As Go's strconv.Quote: double quotes, \n \t \" \\ \x.. \u.... escapes, valid UTF-8 printed as it is. */
void strbuf_add_quoted(struct strbuf *b, struct str s);

#endif
