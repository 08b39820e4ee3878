/* What the parts of the lexer share. Each scan_* starts at lx->at and returns the kind of what it has read. */
#ifndef PQL_LEXER_PRIVATE_H
#define PQL_LEXER_PRIVATE_H

#include "base/utf8.h"
#include "promql-lite/lexer.h"

#define LEXER_EOF UINT32_MAX

/* The rune at lx->at, or LEXER_EOF; lexer_next moves behind it. */
static inline uint32_t lexer_peek(const struct pql_lexer *lx) {
	uint32_t rune;

	return utf8_decode(str_slice(lx->text, lx->at, lx->text.len), &rune) == 0 ? LEXER_EOF : rune;
}

static inline uint32_t lexer_next(struct pql_lexer *lx) {
	uint32_t rune;
	size_t width = utf8_decode(str_slice(lx->text, lx->at, lx->text.len), &rune);

	lx->at += width;
	return width == 0 ? LEXER_EOF : rune;
}

static inline bool lexer_is_digit(uint32_t rune) {
	return rune - '0' < 10;
}

/* Or an underscore. */
static inline bool lexer_is_alpha(uint32_t rune) {
	return rune == '_' || (rune | 0x20) - 'a' < 26;
}

/* Keeps the first message only. */
enum pql_token_kind lexer_fail(struct pql_lexer *lx, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* A rune as Go's %q prints it; in the arena. */
const char *lexer_quote_rune(struct pql_lexer *lx, uint32_t rune);

enum pql_token_kind lexer_scan_number_or_duration(struct pql_lexer *lx);
enum pql_token_kind lexer_scan_string(struct pql_lexer *lx, uint32_t quote); /* behind the quote */
enum pql_token_kind lexer_scan_raw_string(struct pql_lexer *lx);             /* behind the quote */

#endif
