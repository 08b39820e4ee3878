/* Constants in actions: Go's numbers, characters and strings. */
#include "rules/template/template_private.h"

#include "base/gofloat.h"
#include "base/utf8.h"

static int digit_value(char c) {
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	char lower = (char)(c | 32);
	return lower >= 'a' && lower <= 'z' ? lower - 'a' + 10 : 99;
}

/* The base that a prefix names, cut off; `0` alone is octal. */
static int take_base(struct str *s) {
	if (s->len < 2 || s->ptr[0] != '0') {
		return 10;
	}
	char letter = (char)(s->ptr[1] | 32);
	int base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
	*s = str_slice(*s, base == 0 ? 1 : 2, s->len);
	return base == 0 ? 8 : base;
}

/* An underscore stands between digits, or between prefix and digit. */
static bool underscores_are_good(struct str s, bool prefixed) {
	bool digit = prefixed;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '_') {
			if (!digit || i + 1 == s.len || s.ptr[i + 1] == '_') {
				return false;
			}
		}
		digit = s.ptr[i] != '_';
	}
	return true;
}

static bool parse_unsigned(struct str s, uint64_t *ret_value) {
	size_t before = s.len;
	int base = take_base(&s);
	if (s.len == 0 || !underscores_are_good(s, s.len < before)) {
		return false;
	}
	uint64_t value = 0;
	bool any = false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '_') {
			continue;
		}
		int digit = digit_value(s.ptr[i]);
		any = true;
		if (digit >= base || __builtin_mul_overflow(value, (uint64_t)base, &value) ||
			__builtin_add_overflow(value, (uint64_t)digit, &value)) {
			return false;
		}
	}
	*ret_value = value;
	return any;
}

static bool parse_signed(struct str s, int64_t *ret_value) {
	bool negative = s.len > 0 && s.ptr[0] == '-';
	if (s.len > 0 && (negative || s.ptr[0] == '+')) {
		s = str_slice(s, 1, s.len);
	}
	uint64_t value;
	if (!parse_unsigned(s, &value) || value > (uint64_t)INT64_MAX + negative) {
		return false;
	}
	*ret_value = negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

static void set_from_float(struct template_number *n, double f) {
	n->is_float = true;
	n->f = f;
	if (!n->is_int && f >= -0x1p63 && f < 0x1p63 && (double)(int64_t)f == f) {
		n->is_int = true;
		n->i = (int64_t)f;
	}
	if (!n->is_uint && f >= 0 && f < 0x1p64 && (double)(uint64_t)f == f) {
		n->is_uint = true;
		n->u = (uint64_t)f;
	}
}

static bool has_any(struct str s, const char *bytes) {
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] != '\0' && strchr(bytes, s.ptr[i]) != NULL) {
			return true;
		}
	}
	return false;
}

static const char *quoted_message(struct arena *a, const char *what, struct str text) {
	struct strbuf b = STRBUF_INIT;
	strbuf_add_c(&b, what);
	strbuf_add_quoted(&b, text);
	const char *message = arena_dup(a, strbuf_str(&b)).ptr;
	strbuf_finish(&b);
	return message;
}

/* One rune of a quoted text. Escapes as in Go; bytes by number (\x41, \101) set *ret_is_byte. */
static bool unquote_rune(struct str *s, char quote, uint32_t *ret_rune, bool *ret_is_byte) {
	static const char letters[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
	*ret_is_byte = false;
	if (s->ptr[0] != '\\') {
		size_t size = utf8_decode(*s, ret_rune);
		*s = str_slice(*s, size, s->len);
		return true;
	}
	if (s->len < 2) {
		return false;
	}
	char c = s->ptr[1];
	const char *letter = c == '\0' ? NULL : strchr(letters, c);
	if (letter != NULL || c == quote) {
		*ret_rune = (uint32_t)(letter != NULL ? values[letter - letters] : c);
		*s = str_slice(*s, 2, s->len);
		return true;
	}
	bool octal = c >= '0' && c <= '7';
	size_t digits = octal ? 3 : c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
	size_t from = octal ? 1 : 2;
	if (digits == 0 || s->len < from + digits) {
		return false;
	}
	uint64_t value = 0;
	for (size_t i = 0; i < digits; i++) {
		int digit = digit_value(s->ptr[from + i]);
		if (digit >= (octal ? 8 : 16)) {
			return false;
		}
		value = value * (octal ? 8 : 16) + (uint64_t)digit;
	}
	*ret_is_byte = octal || c == 'x';
	if ((*ret_is_byte && value > 255) || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) {
		return false;
	}
	*ret_rune = (uint32_t)value;
	*s = str_slice(*s, from + digits, s->len);
	return true;
}

static bool parse_char(struct str text, struct arena *a, struct template_number *n,
					   const char **ret_error) {
	struct str rest = str_slice(text, 1, text.len);
	uint32_t rune;
	bool is_byte;
	if (rest.ptr[0] == '\'' || !unquote_rune(&rest, '\'', &rune, &is_byte)) {
		*ret_error = "invalid syntax";
		return false;
	}
	if (!str_equal(rest, STR("'"))) {
		*ret_error = arena_printf(a, "malformed character constant: %.*s", STR_FMT(text));
		return false;
	}
	n->is_int = n->is_uint = n->is_float = true;
	n->i = rune;
	n->u = rune;
	n->f = rune;
	return true;
}

/* A real and an imaginary part, the sign of the latter between them. */
static bool parse_complex(struct str text, struct template_number *n) {
	size_t sign = text.len - 1;
	while (sign > 0 && !((text.ptr[sign] == '+' || text.ptr[sign] == '-') &&
						 !has_any(str_slice(text, sign - 1, sign), "eEpP"))) {
		sign--;
	}
	n->is_complex = true;
	return sign > 0 && gofloat_parse(str_slice(text, 0, sign), &n->f, NULL) &&
		   gofloat_parse(str_slice(text, sign, text.len - 1), &n->imaginary, NULL);
}

static bool parse_plain(struct str text, struct arena *a, struct template_number *n,
						const char **ret_error) {
	double f;
	n->is_uint = parse_unsigned(text, &n->u);
	n->is_int = parse_signed(text, &n->i);
	if (n->is_int && n->i == 0) {
		n->is_uint = true;
	}
	if (n->is_int || n->is_uint) {
		n->is_float = true;
		n->f = n->is_int ? (double)n->i : (double)n->u;
		return true;
	}
	bool out_of_range = false;
	if (!gofloat_parse(text, &f, &out_of_range) || out_of_range) {
		*ret_error = quoted_message(a, "illegal number syntax: ", text);
		return false;
	}
	if (!has_any(text, ".eEpP")) {
		*ret_error = quoted_message(a, "integer overflow: ", text);
		return false;
	}
	set_from_float(n, f);
	return true;
}

bool template_number_parse(struct token token, struct arena *a, struct template_number *ret_number,
						   const char **ret_error) {
	struct template_number n = {.text = token.text};
	struct str text = token.text;
	bool good;
	if (token.type == TOKEN_CHAR_CONSTANT) {
		good = parse_char(text, a, &n, ret_error);
	} else if (token.type == TOKEN_COMPLEX) {
		*ret_error = "invalid syntax";
		good = parse_complex(text, &n);
	} else if (str_ends_with(text, STR("i")) &&
			   gofloat_parse(str_slice(text, 0, text.len - 1), &n.imaginary, NULL)) {
		n.is_complex = true;
		good = true;
	} else {
		good = parse_plain(text, a, &n, ret_error);
	}
	if (good && n.is_complex && n.imaginary == 0) {
		set_from_float(&n, n.f);
	}
	if (good) {
		*ret_number = n;
	}
	return good;
}

bool template_unquote(struct str quoted, struct arena *a, struct str *ret_text) {
	struct strbuf b = STRBUF_INIT;
	char quote = quoted.ptr[0];
	bool good = true;
	struct str rest = str_slice(quoted, 1, quoted.len - 1);
	while (good && rest.len > 0) {
		uint32_t rune;
		bool is_byte;
		if (quote == '`') {
			if (rest.ptr[0] != '\r') {
				strbuf_add_char(&b, rest.ptr[0]);
			}
			rest = str_slice(rest, 1, rest.len);
			continue;
		}
		if (rest.ptr[0] != '\\') {
			strbuf_add_char(&b, rest.ptr[0]);
			rest = str_slice(rest, 1, rest.len);
			continue;
		}
		good = unquote_rune(&rest, quote, &rune, &is_byte);
		if (good && is_byte) {
			strbuf_add_char(&b, (char)rune);
		} else if (good) {
			utf8_encode(&b, rune);
		}
	}
	if (good) {
		*ret_text = arena_dup(a, strbuf_str(&b));
	}
	strbuf_finish(&b);
	return good;
}
