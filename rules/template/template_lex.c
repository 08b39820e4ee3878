/* From text to tokens, in the manner of Go's text/template/parse: text until `{{`, then the tokens of an action. */
#include "rules/template/template_private.h"

#include "base/rune.h"
#include "base/utf8.h"

#define END_OF_TEXT UINT32_MAX

#define WORD(literal)                                                                              \
	{ (literal), sizeof(literal) - 1 }

static const struct {
	struct str word;
	enum token_type type;
} keywords[] = {
	{WORD("."), TOKEN_DOT},
	{WORD("block"), TOKEN_BLOCK},
	{WORD("break"), TOKEN_BREAK},
	{WORD("continue"), TOKEN_CONTINUE},
	{WORD("define"), TOKEN_DEFINE},
	{WORD("else"), TOKEN_ELSE},
	{WORD("end"), TOKEN_END},
	{WORD("if"), TOKEN_IF},
	{WORD("range"), TOKEN_RANGE},
	{WORD("nil"), TOKEN_NIL},
	{WORD("template"), TOKEN_TEMPLATE},
	{WORD("with"), TOKEN_WITH},
};

void template_lexer_init(struct template_lexer *l, struct str input, struct arena *a) {
	*l = (struct template_lexer){.input = input, .arena = a, .line = 1};
}

static struct str rest(const struct template_lexer *l) {
	return str_slice(l->input, l->pos, l->input.len);
}

static bool is_space(uint32_t c) {
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_alphanumeric(uint32_t c) {
	if (c < 0x80) {
		return c == '_' || c - '0' < 10 || (c | 0x20) - 'a' < 26;
	}
	return c != END_OF_TEXT && rune_is_letter(c);
}

static uint32_t peek(const struct template_lexer *l, size_t *ret_size) {
	uint32_t rune;
	*ret_size = utf8_decode(rest(l), &rune);
	return *ret_size == 0 ? END_OF_TEXT : rune;
}

static uint32_t next(struct template_lexer *l) {
	size_t size;
	uint32_t c = peek(l, &size);
	l->pos += size;
	return c;
}

/* Goes on behind what was read, without a token. */
static void ignore(struct template_lexer *l) {
	const char *at = l->input.ptr + l->start, *end = l->input.ptr + l->pos;
	if (end - at == 1) { /* a blank between words */
		l->line += *at == '\n';
		at = end;
	}
	while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		l->line++;
		at++;
	}
	l->start = l->pos;
}

static struct token emit(struct template_lexer *l, enum token_type type) {
	struct token token = {type, l->start, l->line, str_slice(l->input, l->start, l->pos)};
	if (type == TOKEN_TEXT || type == TOKEN_SPACE || type == TOKEN_RAW_STRING) {
		ignore(l);
	} else { /* no other has line breaks */
		l->start = l->pos;
	}
	return token;
}

static struct token fail(struct template_lexer *l, const char *message) {
	l->failed = true;
	return (struct token){TOKEN_ERROR, l->start, l->line, str_from(message)};
}

/* "U+00E9 'é'", as Go's %#U; the end of the text is "U+FFFFFFFFFFFFFFFF". */
static struct token fail_rune(struct template_lexer *l, const char *what, uint32_t c) {
	if (c == END_OF_TEXT) {
		return fail(l, arena_printf(l->arena, "%s U+FFFFFFFFFFFFFFFF", what));
	}
	struct strbuf b = STRBUF_INIT;
	strbuf_printf(&b, "%s U+%04X", what, c);
	if (utf8_is_printable(c)) {
		strbuf_add_c(&b, " '");
		utf8_encode(&b, c);
		strbuf_add_char(&b, '\'');
	}
	struct token token = fail(l, arena_dup(l->arena, strbuf_str(&b)).ptr);
	strbuf_finish(&b);
	return token;
}

static struct token fail_number(struct template_lexer *l) {
	struct strbuf b = STRBUF_INIT;
	strbuf_add_c(&b, "bad number syntax: ");
	strbuf_add_quoted(&b, str_slice(l->input, l->start, l->pos));
	struct token token = fail(l, arena_dup(l->arena, strbuf_str(&b)).ptr);
	strbuf_finish(&b);
	return token;
}

static bool has_left_marker(struct str s) {
	return s.len >= 2 && s.ptr[0] == '-' && is_space((unsigned char)s.ptr[1]);
}

static bool at_right_delim(const struct template_lexer *l, bool *ret_trims) {
	struct str s = rest(l);
	*ret_trims = s.len >= 4 && is_space((unsigned char)s.ptr[0]) && s.ptr[1] == '-' &&
				 str_starts_with(str_slice(s, 2, s.len), STR("}}"));
	return *ret_trims || str_starts_with(s, STR("}}"));
}

static void skip_spaces(struct template_lexer *l) {
	while (l->pos < l->input.len && is_space((unsigned char)l->input.ptr[l->pos])) {
		l->pos++;
	}
}

/* Behind `{{` and the marker. false: the comment does not end. */
static bool skip_comment(struct template_lexer *l, struct token *ret_error) {
	l->pos += 2;
	size_t end = str_find(rest(l), STR("*/"));
	if (end == rest(l).len) {
		*ret_error = fail(l, "unclosed comment");
		return false;
	}
	l->pos += end + 2;
	bool trims;
	if (!at_right_delim(l, &trims)) {
		*ret_error = fail(l, "comment ends before closing delimiter");
		return false;
	}
	l->pos += trims ? 4 : 2;
	if (trims) {
		skip_spaces(l);
	}
	ignore(l);
	return true;
}

/* Text up to the next action; comments in between are passed over. */
static struct token lex_text(struct template_lexer *l) {
	for (;;) {
		size_t length = str_find(rest(l), STR("{{"));
		bool more = length < rest(l).len;
		size_t delim = l->pos + length;
		struct str behind = more ? str_slice(l->input, delim + 2, l->input.len) : STR_EMPTY;
		bool trims = has_left_marker(behind);
		l->pos = delim;
		while (trims && l->pos > l->start && is_space((unsigned char)l->input.ptr[l->pos - 1])) {
			l->pos--;
		}
		if (l->pos > l->start) {
			struct token token = emit(l, TOKEN_TEXT);
			l->pos = delim;
			ignore(l);
			return token;
		}
		l->pos = delim;
		ignore(l);
		if (!more) {
			return (struct token){TOKEN_EOF, l->pos, l->line, STR("EOF")};
		}
		l->pos += 2;
		struct str after = str_slice(l->input, l->pos + (trims ? 2 : 0), l->input.len);
		if (!str_starts_with(after, STR("/*"))) {
			struct token token = emit(l, TOKEN_LEFT_DELIM);
			l->inside_action = true;
			l->pos += trims ? 2 : 0;
			ignore(l);
			l->parens = 0;
			return token;
		}
		struct token error;
		l->pos += trims ? 2 : 0;
		ignore(l);
		if (!skip_comment(l, &error)) {
			return error;
		}
	}
}

static struct token lex_right_delim(struct template_lexer *l, bool trims) {
	if (trims) {
		l->pos += 2;
		ignore(l);
	}
	l->pos += 2;
	struct token token = emit(l, TOKEN_RIGHT_DELIM);
	if (trims) {
		skip_spaces(l);
		ignore(l);
	}
	l->inside_action = false;
	return token;
}

/* A run of spaces; the last one belongs to a ` -}}` behind it. */
static struct token lex_space(struct template_lexer *l) {
	skip_spaces(l);
	bool trims;
	l->pos--;
	if (at_right_delim(l, &trims) && trims) {
		if (l->pos == l->start) {
			return l->parens == 0 ? lex_right_delim(l, true) : fail(l, "unclosed left paren");
		}
	} else {
		l->pos++;
	}
	return emit(l, TOKEN_SPACE);
}

static bool at_terminator(const struct template_lexer *l) {
	size_t size;
	uint32_t c = peek(l, &size);
	return c == END_OF_TEXT || is_space(c) || (c < 0x80 && memchr(".,|:)(", (int)c, 6) != NULL) ||
		   str_starts_with(rest(l), STR("}}"));
}

static void skip_word(struct template_lexer *l) {
	size_t size;
	while (is_alphanumeric(peek(l, &size))) {
		l->pos += size;
	}
}

static struct token lex_field_or_variable(struct template_lexer *l, enum token_type type) {
	if (at_terminator(l)) {
		return emit(l, type == TOKEN_VARIABLE ? type : TOKEN_DOT);
	}
	skip_word(l);
	if (!at_terminator(l)) {
		size_t size;
		return fail_rune(l, "bad character", peek(l, &size));
	}
	return emit(l, type);
}

static struct token lex_identifier(struct template_lexer *l) {
	skip_word(l);
	if (!at_terminator(l)) {
		size_t size;
		return fail_rune(l, "bad character", peek(l, &size));
	}
	struct str word = str_slice(l->input, l->start, l->pos);
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (str_equal(word, keywords[i].word)) {
			return emit(l, keywords[i].type);
		}
	}
	bool truth = str_equal(word, STR("true")) || str_equal(word, STR("false"));
	return emit(l, truth ? TOKEN_BOOL : TOKEN_IDENTIFIER);
}

static bool accept(struct template_lexer *l, const char *valid) {
	if (l->pos < l->input.len && l->input.ptr[l->pos] != '\0' &&
		strchr(valid, l->input.ptr[l->pos]) != NULL) {
		l->pos++;
		return true;
	}
	return false;
}

static void accept_run(struct template_lexer *l, const char *valid) {
	while (accept(l, valid)) {
	}
}

static bool scan_number(struct template_lexer *l) {
	const char *digits = "0123456789_";
	char base = 'd';
	accept(l, "+-");
	if (accept(l, "0")) {
		if (accept(l, "xX")) {
			digits = "0123456789abcdefABCDEF_";
			base = 'x';
		} else if (accept(l, "oO")) {
			digits = "01234567_";
			base = 'o';
		} else if (accept(l, "bB")) {
			digits = "01_";
			base = 'b';
		}
	}
	accept_run(l, digits);
	if (accept(l, ".")) {
		accept_run(l, digits);
	}
	if ((base == 'd' && accept(l, "eE")) || (base == 'x' && accept(l, "pP"))) {
		accept(l, "+-");
		accept_run(l, "0123456789_");
	}
	accept(l, "i");
	size_t size;
	if (is_alphanumeric(peek(l, &size))) {
		l->pos += size;
		return false;
	}
	return true;
}

static struct token lex_number(struct template_lexer *l) {
	if (!scan_number(l)) {
		return fail_number(l);
	}
	size_t size;
	uint32_t sign = peek(l, &size);
	if (sign == '+' || sign == '-') { /* complex: 1+2i, without spaces */
		if (!scan_number(l) || l->input.ptr[l->pos - 1] != 'i') {
			return fail_number(l);
		}
		return emit(l, TOKEN_COMPLEX);
	}
	return emit(l, TOKEN_NUMBER);
}

/* Behind the opening quote. */
static struct token lex_quoted(struct template_lexer *l, uint32_t quote, enum token_type type,
							   const char *unterminated) {
	for (;;) {
		uint32_t c = next(l);
		if (c == '\\') {
			c = next(l);
			if (c != END_OF_TEXT && c != '\n') {
				continue;
			}
		}
		if (c == END_OF_TEXT || c == '\n') {
			return fail(l, unterminated);
		}
		if (c == quote) {
			return emit(l, type);
		}
	}
}

static struct token lex_raw(struct template_lexer *l) {
	size_t length = str_find(rest(l), STR("`"));
	if (length == rest(l).len) {
		return fail(l, "unterminated raw quoted string");
	}
	l->pos += length + 1;
	return emit(l, TOKEN_RAW_STRING);
}

static struct token lex_colon(struct template_lexer *l) {
	return next(l) == '=' ? emit(l, TOKEN_DECLARE) : fail(l, "expected :=");
}

static struct token lex_paren(struct template_lexer *l, int step) {
	l->parens += step;
	if (l->parens < 0) {
		return fail(l, "unexpected right paren");
	}
	return emit(l, step > 0 ? TOKEN_LEFT_PAREN : TOKEN_RIGHT_PAREN);
}

static bool starts_number(const struct template_lexer *l, uint32_t c) {
	return c == '+' || c == '-' || (c >= '0' && c <= '9') ||
		   (c == '.' && l->pos < l->input.len && l->input.ptr[l->pos] >= '0' &&
			l->input.ptr[l->pos] <= '9');
}

static struct token lex_action(struct template_lexer *l) {
	bool trims;
	if (at_right_delim(l, &trims)) {
		return l->parens == 0 ? lex_right_delim(l, trims) : fail(l, "unclosed left paren");
	}
	uint32_t c = next(l);
	if (starts_number(l, c)) {
		l->pos--;
		return lex_number(l);
	}
	switch (c) {
	case END_OF_TEXT: return fail(l, "unclosed action");
	case ' ':
	case '\t':
	case '\r':
	case '\n': return lex_space(l);
	case '=': return emit(l, TOKEN_ASSIGN);
	case ':': return lex_colon(l);
	case '|': return emit(l, TOKEN_PIPE);
	case '"': return lex_quoted(l, c, TOKEN_STRING, "unterminated quoted string");
	case '\'': return lex_quoted(l, c, TOKEN_CHAR_CONSTANT, "unterminated character constant");
	case '`': return lex_raw(l);
	case '$': return lex_field_or_variable(l, TOKEN_VARIABLE);
	case '.': return lex_field_or_variable(l, TOKEN_FIELD);
	case '(': return lex_paren(l, 1);
	case ')': return lex_paren(l, -1);
	default: break;
	}
	if (is_alphanumeric(c)) {
		return lex_identifier(l);
	}
	return c > ' ' && c < 0x7F ? emit(l, TOKEN_CHAR)
							   : fail_rune(l, "unrecognized character in action:", c);
}

struct token template_lexer_next(struct template_lexer *l) {
	if (l->failed) {
		return (struct token){TOKEN_EOF, l->pos, l->line, STR("EOF")};
	}
	return l->inside_action ? lex_action(l) : lex_text(l);
}
