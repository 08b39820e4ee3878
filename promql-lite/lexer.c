#include "promql-lite/lexer.h"

#include <stdarg.h>

#include "base/bug.h"
#include "base/utf8.h"
#include "promql-lite/lexer_private.h"

void pql_lexer_init(struct pql_lexer *lx, struct str text, struct arena *arena) {
	*lx = (struct pql_lexer){.text = text, .arena = arena};
}

/* Reads the next rune if it is `wanted`. */
static bool accept(struct pql_lexer *lx, uint32_t wanted) {
	if (lexer_peek(lx) != wanted) {
		return false;
	}
	lexer_next(lx);
	return true;
}

static bool is_space(uint32_t rune) {
	return rune == ' ' || rune == '\t' || rune == '\n' || rune == '\r';
}

enum pql_token_kind lexer_fail(struct pql_lexer *lx, const char *format, ...) {
	struct strbuf message = STRBUF_INIT;
	va_list args;

	if (lx->error == NULL) {
		va_start(args, format);
		strbuf_vprintf(&message, format, args);
		va_end(args);
		lx->error = arena_dup(lx->arena, strbuf_str(&message)).ptr;
		strbuf_finish(&message);
	}
	return PQL_TOKEN_ERROR;
}

/* strbuf_add_quoted knows all the escapes; what differs is the quote itself. */
static void quote_rune(struct strbuf *out, uint32_t rune) {
	struct strbuf bytes = STRBUF_INIT;

	utf8_encode(&bytes, rune == LEXER_EOF ? UTF8_INVALID : rune);
	strbuf_add_quoted(out, strbuf_str(&bytes));
	strbuf_finish(&bytes);
	out->ptr[0] = '\'';
	out->ptr[out->len - 1] = '\'';
}

const char *lexer_quote_rune(struct pql_lexer *lx, uint32_t rune) {
	struct strbuf out = STRBUF_INIT;
	const char *text;

	if (rune == '\'') {
		return "'\\''";
	}
	if (rune == '"') {
		return "'\"'";
	}
	quote_rune(&out, rune);
	text = arena_dup(lx->arena, strbuf_str(&out)).ptr;
	strbuf_finish(&out);
	return text;
}

/* From # to the end of the line. */
static void skip_comment(struct pql_lexer *lx) {
	for (uint32_t r = lexer_peek(lx); r != '\n' && r != '\r' && r != LEXER_EOF;
		 r = lexer_peek(lx)) {
		lexer_next(lx);
	}
}

/* White space and, where it is allowed, comments. */
static void skip_blanks(struct pql_lexer *lx, bool comments) {
	for (;;) {
		uint32_t r = lexer_peek(lx);

		if (is_space(r)) {
			lexer_next(lx);
		} else if (comments && r == '#') {
			skip_comment(lx);
		} else {
			return;
		}
	}
}

static struct str token_text(const struct pql_lexer *lx) {
	return str_slice(lx->text, lx->start, lx->at);
}

/* Letters, digits and underscores. */
static void skip_word(struct pql_lexer *lx, bool colons) {
	size_t at = lx->at;

	for (; at < lx->text.len; at++) {
		unsigned char c = (unsigned char)lx->text.ptr[at];

		if (!lexer_is_alpha(c) && !lexer_is_digit(c) && !(colons && c == ':')) {
			break;
		}
	}
	lx->at = at;
}

/* A fault that is found behind a token which was complete: it stands there, and the token is lost. */
static enum pql_token_kind fail_behind(struct pql_lexer *lx, const char *format, uint32_t rune) {
	lx->start = lx->at;
	return lexer_fail(lx, format, lexer_quote_rune(lx, rune));
}

static enum pql_token_kind close_paren(struct pql_lexer *lx) {
	lx->paren_depth--;
	if (lx->paren_depth < 0) {
		return fail_behind(lx, "unexpected right parenthesis %s", ')');
	}
	return PQL_TOKEN_RIGHT_PAREN;
}

static enum pql_token_kind close_bracket(struct pql_lexer *lx) {
	lx->bracket_open = false;
	lx->in_duration = false;
	return PQL_TOKEN_RIGHT_BRACKET;
}

/* ---- inside of braces ---- */

static enum pql_token_kind scan_not_in_braces(struct pql_lexer *lx) {
	uint32_t r = lexer_next(lx);

	if (r == '~') {
		return PQL_TOKEN_NEQ_REGEX;
	}
	if (r == '=') {
		return PQL_TOKEN_NEQ;
	}
	return lexer_fail(lx, "unexpected character after '!' inside braces: %s",
					  lexer_quote_rune(lx, r));
}

static enum pql_token_kind scan_in_braces(struct pql_lexer *lx) {
	uint32_t r = lexer_next(lx);

	if (lexer_is_alpha(r)) {
		skip_word(lx, false);
		return PQL_TOKEN_IDENTIFIER;
	}
	switch (r) {
	case LEXER_EOF: return lexer_fail(lx, "unexpected end of input inside braces");
	case ',': return PQL_TOKEN_COMMA;
	case '"':
	case '\'': return lexer_scan_string(lx, r);
	case '`': return lexer_scan_raw_string(lx);
	case '=': return accept(lx, '~') ? PQL_TOKEN_EQL_REGEX : PQL_TOKEN_EQL;
	case '!': return scan_not_in_braces(lx);
	case '{': return lexer_fail(lx, "unexpected left brace %s", lexer_quote_rune(lx, r));
	case '}': lx->brace_open = false; return PQL_TOKEN_RIGHT_BRACE;
	default:
		return lexer_fail(lx, "unexpected character inside braces: %s", lexer_quote_rune(lx, r));
	}
}

/* ---- inside of brackets ---- */

/* step, range, max_of, min_of: the words that durations may have. `r` is their first letter, already read. */
static enum pql_token_kind scan_duration_word(struct pql_lexer *lx, uint32_t r) {
	uint32_t lower = r | 0x20;
	enum pql_token_kind kind;

	if (!lexer_is_alpha(r) || (lower != 's' && lower != 'r' && lower != 'm')) {
		return PQL_TOKEN_ERROR;
	}
	while (lexer_is_alpha(lexer_peek(lx))) {
		lexer_next(lx);
	}
	kind = pql_token_keyword(token_text(lx));
	if (kind == PQL_TOKEN_STEP || kind == PQL_TOKEN_RANGE || kind == PQL_TOKEN_MAX_OF ||
		kind == PQL_TOKEN_MIN_OF) {
		return kind;
	}
	return PQL_TOKEN_ERROR;
}

static enum pql_token_kind scan_first_colon(struct pql_lexer *lx) {
	if (!lx->got_duration) {
		return fail_behind(lx, "unexpected colon before duration in duration expression", ':');
	}
	if (lx->got_colon) {
		return fail_behind(lx, "unexpected repeated colon in duration expression", ':');
	}
	lx->got_colon = true;
	return PQL_TOKEN_COLON;
}

static enum pql_token_kind scan_duration_other(struct pql_lexer *lx, uint32_t r) {
	enum pql_token_kind word = scan_duration_word(lx, r);

	if (word != PQL_TOKEN_ERROR) {
		return word;
	}
	return lexer_fail(lx, "unexpected character in duration expression: %s",
					  lexer_quote_rune(lx, r));
}

/* Between [ and the first number, and after each operator up to the next one. */
static enum pql_token_kind scan_in_duration(struct pql_lexer *lx) {
	uint32_t r = lexer_peek(lx);

	if (lexer_is_digit(r)) {
		lx->got_duration = true;
		lx->in_duration = false;
		return lexer_scan_number_or_duration(lx);
	}
	lexer_next(lx);
	if (r == '.' && lexer_is_digit(lexer_peek(lx))) {
		lx->at--;
		lx->got_duration = true;
		lx->in_duration = false;
		return lexer_scan_number_or_duration(lx);
	}
	switch (r) {
	case LEXER_EOF: return lexer_fail(lx, "unexpected end of input in duration expression");
	case ']': return close_bracket(lx);
	case ':': return scan_first_colon(lx);
	case '(': lx->paren_depth++; return PQL_TOKEN_LEFT_PAREN;
	case ')': return close_paren(lx);
	case '+': return PQL_TOKEN_ADD;
	case '-': return PQL_TOKEN_SUB;
	case '*': return PQL_TOKEN_MUL;
	case '/': return PQL_TOKEN_DIV;
	case '%': return PQL_TOKEN_MOD;
	case '^': return PQL_TOKEN_POW;
	case ',': return PQL_TOKEN_COMMA;
	default: return scan_duration_other(lx, r);
	}
}

/* ---- everywhere else ---- */

static bool is_before_paren(const struct pql_lexer *lx) {
	size_t at = lx->at;

	while (at < lx->text.len && is_space((unsigned char)lx->text.ptr[at])) {
		at++;
	}
	return at < lx->text.len && lx->text.ptr[at] == '(';
}

/* fill and its sisters came late and are keywords only before a parenthesis, so that metrics of that name still work. */
static enum pql_token_kind scan_word(struct pql_lexer *lx) {
	skip_word(lx, true);
	enum pql_token_kind kind = pql_token_keyword(token_text(lx));

	if (kind == PQL_TOKEN_FILL || kind == PQL_TOKEN_FILL_LEFT || kind == PQL_TOKEN_FILL_RIGHT) {
		return is_before_paren(lx) ? kind : PQL_TOKEN_IDENTIFIER;
	}
	if (kind == PQL_TOKEN_IDENTIFIER && str_find(token_text(lx), STR(":")) < lx->at - lx->start) {
		return PQL_TOKEN_METRIC_IDENTIFIER;
	}
	return kind;
}

/* Letters and colons behind the first number in brackets. */
static enum pql_token_kind scan_word_in_brackets(struct pql_lexer *lx, uint32_t r) {
	enum pql_token_kind word;

	if (r == ':') {
		if (lx->got_colon) {
			return lexer_fail(lx, "unexpected colon %s", lexer_quote_rune(lx, r));
		}
		lx->got_colon = true;
		return PQL_TOKEN_COLON;
	}
	word = scan_duration_word(lx, r);
	if (word != PQL_TOKEN_ERROR) {
		return word;
	}
	return lexer_fail(lx, "unexpected character: %s, expected ':'", lexer_quote_rune(lx, r));
}

static enum pql_token_kind scan_end(struct pql_lexer *lx) {
	if (lx->paren_depth != 0) {
		return lexer_fail(lx, "unclosed left parenthesis");
	}
	if (lx->bracket_open) {
		return lexer_fail(lx, "unclosed left bracket");
	}
	return PQL_TOKEN_END_OF_INPUT;
}

static enum pql_token_kind scan_equal(struct pql_lexer *lx) {
	if (lexer_peek(lx) == '~') {
		return lexer_fail(lx, "unexpected character after '=': '~'");
	}
	return accept(lx, '=') ? PQL_TOKEN_EQLC : PQL_TOKEN_EQL;
}

static enum pql_token_kind scan_not(struct pql_lexer *lx) {
	uint32_t r = lexer_next(lx);

	if (r == '=') {
		return PQL_TOKEN_NEQ;
	}
	return lexer_fail(lx, "unexpected character after '!': %s", lexer_quote_rune(lx, r));
}

static enum pql_token_kind scan_less(struct pql_lexer *lx) {
	if (accept(lx, '=')) {
		return PQL_TOKEN_LTE;
	}
	return accept(lx, '/') ? PQL_TOKEN_TRIM_UPPER : PQL_TOKEN_LSS;
}

static enum pql_token_kind scan_greater(struct pql_lexer *lx) {
	if (accept(lx, '=')) {
		return PQL_TOKEN_GTE;
	}
	return accept(lx, '/') ? PQL_TOKEN_TRIM_LOWER : PQL_TOKEN_GTR;
}

static enum pql_token_kind open_bracket(struct pql_lexer *lx) {
	if (lx->bracket_open) {
		return lexer_fail(lx, "unexpected left bracket '['");
	}
	lx->got_colon = false;
	lx->bracket_open = true;
	lx->in_duration = true;
	return PQL_TOKEN_LEFT_BRACKET;
}

static enum pql_token_kind scan_right_bracket(struct pql_lexer *lx) {
	return lx->bracket_open ? close_bracket(lx) : lexer_fail(lx, "unexpected right bracket ']'");
}

static enum pql_token_kind scan_sign(struct pql_lexer *lx, uint32_t r) {
	switch (r) {
	case LEXER_EOF: return scan_end(lx);
	case ',': return PQL_TOKEN_COMMA;
	case '*': return PQL_TOKEN_MUL;
	case '/': return PQL_TOKEN_DIV;
	case '%': return PQL_TOKEN_MOD;
	case '+': return PQL_TOKEN_ADD;
	case '-': return PQL_TOKEN_SUB;
	case '^': return PQL_TOKEN_POW;
	case '@': return PQL_TOKEN_AT;
	case '=': return scan_equal(lx);
	case '!': return scan_not(lx);
	case '<': return scan_less(lx);
	case '>': return scan_greater(lx);
	case '"':
	case '\'': return lexer_scan_string(lx, r);
	case '`': return lexer_scan_raw_string(lx);
	case '(': lx->paren_depth++; return PQL_TOKEN_LEFT_PAREN;
	case ')': return close_paren(lx);
	case '{': lx->brace_open = true; return PQL_TOKEN_LEFT_BRACE;
	case '[': return open_bracket(lx);
	case ']': return scan_right_bracket(lx);
	default: return lexer_fail(lx, "unexpected character: %s", lexer_quote_rune(lx, r));
	}
}

static enum pql_token_kind scan_statement(struct pql_lexer *lx) {
	uint32_t r = lexer_next(lx);

	if (lexer_is_digit(r) || (r == '.' && lexer_is_digit(lexer_peek(lx)))) {
		lx->at--;
		return lexer_scan_number_or_duration(lx);
	}
	if (lexer_is_alpha(r) || r == ':') {
		return lx->bracket_open ? scan_word_in_brackets(lx, r) : scan_word(lx);
	}
	return scan_sign(lx, r);
}

void pql_lexer_next(struct pql_lexer *lx, struct pql_token *ret_token) {
	BUG_ON(lx->error != NULL);
	skip_blanks(lx, !lx->in_duration);
	lx->start = lx->at;
	if (lx->brace_open) {
		ret_token->kind = scan_in_braces(lx);
	} else if (lx->in_duration) {
		ret_token->kind = scan_in_duration(lx);
	} else {
		ret_token->kind = scan_statement(lx);
	}
	if (ret_token->kind == PQL_TOKEN_ERROR) {
		ret_token->span = (struct span){lx->start, lx->text.len};
		ret_token->text = STR_EMPTY;
	} else {
		ret_token->span = (struct span){lx->start, lx->at};
		ret_token->text = token_text(lx);
	}
}
