/* One value by one verb, as Go's fmt: flags, width and precision in, padded text out. */
#ifndef RULES_TEMPLATE_FORMAT_H
#define RULES_TEMPLATE_FORMAT_H

#include <stdint.h>

#include "base/strbuf.h"

struct tformat {
	struct arena *arena; /* for what is made on the way */
	struct strbuf *out;
	bool minus, plus, sharp, space, zero;
	bool plus_v, sharp_v; /* %+v and %#v */
	bool has_width, has_precision;
	size_t width, precision;
};

void tformat_text(struct tformat *f, struct str s);   /* padded */
void tformat_string(struct tformat *f, struct str s); /* cut to the precision, padded: %s */
void tformat_quoted(struct tformat *f, struct str s); /* %q */
void tformat_hex(struct tformat *f, struct str s, bool upper); /* %x, %X of a text */
void tformat_integer(struct tformat *f, uint64_t u, bool negative, unsigned base, char verb,
					 bool upper);
void tformat_rune(struct tformat *f, uint64_t c);        /* %c */
void tformat_quoted_rune(struct tformat *f, uint64_t c); /* %q */
void tformat_unicode(struct tformat *f, uint64_t c);     /* %U */
/* `verb` is one of b e E f g G x X; precision -1 is the shortest. */
void tformat_float(struct tformat *f, double v, char verb, int precision);

struct tvalue;
/* An argument of a printing function, by its verb; in template_print.c. */
void tformat_argument(struct tformat *f, struct tvalue v, uint32_t verb);

#endif
