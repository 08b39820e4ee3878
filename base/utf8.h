/* UTF-8: validity, one rune at a time, and the width of a text on a terminal. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/strbuf.h"

#define UTF8_INVALID UINT32_C(0xFFFD)

size_t utf8_decode_wide(struct str s, uint32_t *ret_rune); /* the rest of utf8_decode */

/* Reads the rune at s.ptr[0]. Returns its length in bytes; 1 and UTF8_INVALID for a bad byte; 0 at the end. */
static inline size_t utf8_decode(struct str s, uint32_t *ret_rune) {
	if (s.len > 0 && (unsigned char)s.ptr[0] < 0x80) {
		*ret_rune = (unsigned char)s.ptr[0];
		return 1;
	}
	return utf8_decode_wide(s, ret_rune);
}
/* How many bytes at the start of s are certainly ASCII: all up to the first other one, but for up to seven. */
size_t utf8_skip_ascii(struct str s);

void utf8_encode(struct strbuf *b, uint32_t rune);
bool utf8_valid(struct str s);

/* Offset of the first bad byte, s.len when there is none. */
size_t utf8_find_invalid(struct str s);

/* As Go's strconv.IsPrint, near enough: no control, format, private or surrogate rune, and no space but U+0020. */
bool utf8_is_printable(uint32_t rune);

/* Columns that the text takes on a terminal: wide runes 2, combining ones 0, a tab 1. */
size_t utf8_width(struct str s);

#endif
