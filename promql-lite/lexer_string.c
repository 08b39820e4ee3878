/* Strings: checked while they are read, unquoted when they are used. */
#include "base/bug.h"
#include "base/utf8.h"
#include "promql-lite/lexer_private.h"

struct escape {
	char letter;
	int digits, base;
	uint32_t max;
};

/* Of the letter behind the backslash. Octal ones have no letter of their own. */
static const struct escape escapes[] = {
	{'x', 2, 16, 255}, {'u', 4, 16, 0x10FFFF}, {'U', 8, 16, 0x10FFFF}, {'0', 3, 8, 255}};

/* 16 for what is no digit. */
static int digit_value(uint32_t rune) {
	if (lexer_is_digit(rune)) {
		return (int)(rune - '0');
	}
	if (rune >= 'a' && rune <= 'f') {
		return (int)(rune - 'a') + 10;
	}
	if (rune >= 'A' && rune <= 'F') {
		return (int)(rune - 'A') + 10;
	}
	return 16;
}

static const struct escape *escape_find(uint32_t letter) {
	if (letter >= '0' && letter <= '7') {
		letter = '0';
	}
	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		if ((uint32_t)escapes[i].letter == letter) {
			return &escapes[i];
		}
	}
	return NULL;
}

/* Go's %#U: U+0071 'q'. */
static enum pql_token_kind fail_rune(struct pql_lexer *lx, const char *format, uint32_t rune) {
	struct strbuf name = STRBUF_INIT;

	strbuf_printf(&name, "U+%04X", rune);
	if (utf8_is_printable(rune)) {
		strbuf_add_c(&name, " '");
		utf8_encode(&name, rune);
		strbuf_add_char(&name, '\'');
	}
	lexer_fail(lx, format, name.ptr);
	strbuf_finish(&name);
	return PQL_TOKEN_ERROR;
}

static bool scan_digits(struct pql_lexer *lx, const struct escape *e) {
	uint32_t value = 0;

	for (int i = 0; i < e->digits; i++) {
		uint32_t r = lexer_next(lx);

		if (r == LEXER_EOF) {
			lexer_fail(lx, "escape sequence not terminated");
			return false;
		}
		if (digit_value(r) >= e->base) {
			fail_rune(lx, "illegal character %s in escape sequence", r);
			return false;
		}
		value = value * (uint32_t)e->base + (uint32_t)digit_value(r);
	}
	if (value > e->max || (value >= 0xD800 && value < 0xE000)) {
		lexer_fail(lx, "escape sequence is an invalid Unicode code point");
		return false;
	}
	return true;
}

static bool scan_escape(struct pql_lexer *lx, uint32_t quote) {
	uint32_t r = lexer_peek(lx);
	const struct escape *e = escape_find(r);

	if (e != NULL) {
		if (e->base == 16) {
			lexer_next(lx);
		}
		return scan_digits(lx, e);
	}
	lexer_next(lx);
	if (r == LEXER_EOF) {
		lexer_fail(lx, "escape sequence not terminated");
		return false;
	}
	if (r == quote || (r < 128 && r != 0 && strchr("abfnrtv\\", (int)r) != NULL)) {
		return true;
	}
	fail_rune(lx, "unknown escape sequence %s", r);
	return false;
}

/* Characters that mean nothing in a string. */
static void skip_plain(struct pql_lexer *lx, uint32_t quote) {
	for (; lx->at < lx->text.len; lx->at++) {
		unsigned char c = (unsigned char)lx->text.ptr[lx->at];

		if (c < ' ' || c >= 0x80 || c == '\\' || c == quote) {
			return;
		}
	}
}

enum pql_token_kind lexer_scan_string(struct pql_lexer *lx, uint32_t quote) {
	for (;;) {
		skip_plain(lx, quote);
		uint32_t r = lexer_next(lx);

		if (r == quote) {
			return PQL_TOKEN_STRING;
		}
		if (r == UTF8_INVALID) {
			return lexer_fail(lx, "invalid UTF-8 rune");
		}
		if (r == LEXER_EOF || r == '\n') {
			return lexer_fail(lx, "unterminated quoted string");
		}
		if (r == '\\' && !scan_escape(lx, quote)) {
			return PQL_TOKEN_ERROR;
		}
	}
}

enum pql_token_kind lexer_scan_raw_string(struct pql_lexer *lx) {
	for (;;) {
		uint32_t r = lexer_next(lx);

		if (r == '`') {
			return PQL_TOKEN_STRING;
		}
		if (r == UTF8_INVALID) {
			return lexer_fail(lx, "invalid UTF-8 rune");
		}
		if (r == LEXER_EOF) {
			return lexer_fail(lx, "unterminated raw string");
		}
	}
}

/* Value of the escape behind the backslash at s.ptr[0]; returns the bytes it takes. */
static size_t add_unescaped(struct strbuf *out, struct str s) {
	static const char letters[] = "abfnrtv\\\"'", values[] = "\a\b\f\n\r\t\v\\\"'";
	char letter = s.ptr[1];
	const struct escape *e = escape_find((unsigned char)letter);
	size_t at = e != NULL && e->base == 8 ? 1 : 2;
	uint32_t value = 0;

	if (e == NULL) {
		strbuf_add_char(out, values[strchr(letters, letter) - letters]);
		return 2;
	}
	for (int i = 0; i < e->digits; i++) {
		value = value * (uint32_t)e->base + (uint32_t)digit_value((unsigned char)s.ptr[at++]);
	}
	if (e->max == 255) {
		strbuf_add_char(out, (char)value); /* a byte, which need not be UTF-8 */
	} else {
		utf8_encode(out, value);
	}
	return at;
}

struct str pql_lexer_unquote(struct str quoted, struct arena *a) {
	struct str inner = str_slice(quoted, 1, quoted.len - 1);
	struct strbuf out = STRBUF_INIT;
	struct str value;

	if (quoted.ptr[0] == '`' || memchr(inner.ptr, '\\', inner.len) == NULL) {
		return arena_dup(a, inner);
	}
	for (size_t i = 0; i < inner.len;) {
		if (inner.ptr[i] == '\\') {
			i += add_unescaped(&out, str_slice(inner, i, inner.len));
		} else {
			strbuf_add_char(&out, inner.ptr[i++]);
		}
	}
	value = arena_dup(a, strbuf_str(&out));
	strbuf_finish(&out);
	return value;
}
