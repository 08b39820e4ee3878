#include "rules/template/template_format.h"

#include <math.h>

#include "base/gofloat.h"
#include "base/utf8.h"

static size_t rune_count(struct str s) {
	size_t count = 0;
	for (size_t at = 0; at < s.len; count++) {
		uint32_t rune;
		at += utf8_decode(str_slice(s, at, s.len), &rune);
	}
	return count;
}

static void write_padding(struct tformat *f, size_t count) {
	strbuf_add_repeat(f->out, f->zero && !f->minus ? '0' : ' ', count);
}

void tformat_text(struct tformat *f, struct str s) {
	size_t runes = f->has_width ? rune_count(s) : 0;
	size_t padding = f->has_width && f->width > runes ? f->width - runes : 0;
	if (!f->minus) {
		write_padding(f, padding);
	}
	strbuf_add(f->out, s);
	if (f->minus) {
		write_padding(f, padding);
	}
}

static void text_without_zeros(struct tformat *f, struct str s) {
	bool zero = f->zero;
	f->zero = false;
	tformat_text(f, s);
	f->zero = zero;
}

static struct str truncated(const struct tformat *f, struct str s) {
	size_t at = 0;
	for (size_t runes = 0; at < s.len; runes++) {
		if (f->has_precision && runes == f->precision) {
			return str_slice(s, 0, at);
		}
		uint32_t rune;
		at += utf8_decode(str_slice(s, at, s.len), &rune);
	}
	return s;
}

void tformat_string(struct tformat *f, struct str s) {
	tformat_text(f, truncated(f, s));
}

static bool can_backquote(struct str s) {
	for (size_t at = 0; at < s.len;) {
		uint32_t rune;
		size_t size = utf8_decode(str_slice(s, at, s.len), &rune);
		if ((size == 1 && rune == UTF8_INVALID) || rune == 0xFEFF || rune == '`' || rune == 0x7F ||
			(rune < ' ' && rune != '\t')) {
			return false;
		}
		at += size;
	}
	return true;
}

/* %+q: what is not ASCII becomes \u or \U. */
static void add_ascii(struct strbuf *b, struct str quoted) {
	for (size_t at = 0; at < quoted.len;) {
		uint32_t rune;
		at += utf8_decode(str_slice(quoted, at, quoted.len), &rune);
		if (rune < 0x80) {
			strbuf_add_char(b, (char)rune);
		} else {
			strbuf_printf(b, rune < 0x10000 ? "\\u%04x" : "\\U%08x", rune);
		}
	}
}

void tformat_quoted(struct tformat *f, struct str s) {
	struct strbuf quoted = STRBUF_IN(f->arena), ascii = STRBUF_IN(f->arena);
	s = truncated(f, s);
	if (f->sharp && can_backquote(s)) {
		strbuf_printf(&quoted, "`%.*s`", STR_FMT(s));
	} else {
		strbuf_add_quoted(&quoted, s);
	}
	if (f->plus) {
		add_ascii(&ascii, strbuf_str(&quoted));
	}
	tformat_text(f, strbuf_str(f->plus ? &ascii : &quoted));
}

void tformat_hex(struct tformat *f, struct str s, bool upper) {
	const char *digits = upper ? "0123456789ABCDEFX" : "0123456789abcdefx";
	size_t length = f->has_precision && f->precision < s.len ? f->precision : s.len;
	size_t width = 2 * length;
	if (width == 0) {
		write_padding(f, f->has_width ? f->width : 0);
		return;
	}
	if (f->space) {
		width = (f->sharp ? 2 * width : width) + length - 1;
	} else if (f->sharp) {
		width += 2;
	}
	size_t padding = f->has_width && f->width > width ? f->width - width : 0;
	write_padding(f, f->minus ? 0 : padding);
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		if (f->space && i > 0) {
			strbuf_add_char(f->out, ' ');
		}
		if (f->sharp && (f->space || i == 0)) {
			strbuf_add_char(f->out, '0');
			strbuf_add_char(f->out, digits[16]);
		}
		strbuf_add_char(f->out, digits[c >> 4]);
		strbuf_add_char(f->out, digits[c & 15]);
	}
	write_padding(f, f->minus ? padding : 0);
}

/* Written from its end, as numbers are. */
struct backward {
	char *bytes;
	size_t at;
};

static void put(struct backward *b, char c) {
	b->bytes[--b->at] = c;
}

static void put_prefix(const struct tformat *f, struct backward *b, unsigned base, char verb,
					   char x) {
	if (f->sharp && base == 2) {
		put(b, 'b');
		put(b, '0');
	} else if (f->sharp && base == 8 && b->bytes[b->at] != '0') {
		put(b, '0');
	} else if (f->sharp && base == 16) {
		put(b, x);
		put(b, '0');
	}
	if (verb == 'O') {
		put(b, 'o');
		put(b, '0');
	}
}

void tformat_integer(struct tformat *f, uint64_t u, bool negative, unsigned base, char verb,
					 bool upper) {
	const char *digits = upper ? "0123456789ABCDEFX" : "0123456789abcdefx";
	size_t precision = f->has_precision ? f->precision : 0;
	if (f->has_precision && precision == 0 && u == 0) {
		strbuf_add_repeat(f->out, ' ', f->has_width ? f->width : 0);
		return;
	}
	if (!f->has_precision && f->zero && !f->minus && f->has_width) {
		precision = f->width;
		precision -= precision > 0 && (negative || f->plus || f->space);
	}
	size_t size = 70 + precision;
	struct backward b = {arena_alloc(f->arena, size), size};
	do {
		put(&b, digits[u % base]);
		u /= base;
	} while (u > 0);
	while (size - b.at < precision) {
		put(&b, '0');
	}
	put_prefix(f, &b, base, verb, digits[16]);
	if (negative) {
		put(&b, '-');
	} else if (f->plus) {
		put(&b, '+');
	} else if (f->space) {
		put(&b, ' ');
	}
	text_without_zeros(f, (struct str){b.bytes + b.at, size - b.at});
}

static void encode_rune(struct strbuf *b, uint64_t c) {
	utf8_encode(b, c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) ? UTF8_INVALID : (uint32_t)c);
}

void tformat_rune(struct tformat *f, uint64_t c) {
	struct strbuf b = STRBUF_IN(f->arena);
	encode_rune(&b, c);
	tformat_text(f, strbuf_str(&b));
}

void tformat_quoted_rune(struct tformat *f, uint64_t c) {
	struct strbuf rune = STRBUF_IN(f->arena), quoted = STRBUF_IN(f->arena),
				  out = STRBUF_IN(f->arena);
	encode_rune(&rune, c);
	strbuf_add_quoted(&quoted, strbuf_str(&rune));
	struct str inner = str_slice(strbuf_str(&quoted), 1, quoted.len - 1);
	strbuf_add_char(&out, '\'');
	if (c == '\'' || c == '"') {
		strbuf_add_c(&out, c == '"' ? "\"" : "\\'");
	} else if (f->plus) {
		add_ascii(&out, inner);
	} else {
		strbuf_add(&out, inner);
	}
	strbuf_add_char(&out, '\'');
	tformat_text(f, strbuf_str(&out));
}

void tformat_unicode(struct tformat *f, uint64_t c) {
	struct strbuf b = STRBUF_IN(f->arena);
	int precision = f->has_precision && f->precision > 4 ? (int)f->precision : 4;
	strbuf_printf(&b, "U+%0*llX", precision, (unsigned long long)c);
	if (f->sharp && c <= 0x10FFFF && utf8_is_printable((uint32_t)c)) {
		strbuf_add_c(&b, " '");
		encode_rune(&b, c);
		strbuf_add_char(&b, '\'');
	}
	text_without_zeros(f, strbuf_str(&b));
}

/* %b: the mantissa as a whole number and the exponent of two. */
static void add_binary(struct strbuf *b, double v) {
	int exponent;
	double fraction = frexp(fabs(v), &exponent);
	if (v == 0) {
		exponent = -1074;
	} else if (exponent < -1021) { /* denormal: the mantissa has fewer digits */
		fraction = ldexp(fraction, exponent + 1021);
		exponent = -1074;
	} else {
		exponent -= 53;
	}
	strbuf_printf(b, "%s%.0fp%+d", signbit(v) ? "-" : "", ldexp(fraction, 53), exponent);
}

/* %x: 0x1.8p+01; precision -1 is all digits that there are. */
static void add_hexadecimal(struct strbuf *b, double v, bool upper, int precision) {
	int exponent = 0;
	double fraction = frexp(fabs(v), &exponent) * 2;
	exponent -= v != 0;
	uint64_t digits = (uint64_t)ldexp(fraction, 60); /* 1 and fifteen digits behind the point */
	if (precision >= 0 && precision < 15) {
		unsigned shift = 60 - 4 * (unsigned)precision;
		uint64_t half = UINT64_C(1) << (shift - 1), rest = digits & (2 * half - 1);
		digits -= rest;
		if (rest > half || (rest == half && (digits >> shift & 1) != 0)) {
			digits += 2 * half;
		}
		if (digits >> 61 != 0) {
			digits >>= 1;
			exponent++;
		}
	}
	strbuf_printf(b, upper ? "%s0X%c" : "%s0x%c", signbit(v) ? "-" : "",
				  (char)('0' + (int)(digits >> 60)));
	digits <<= 4;
	if (precision > 0 || (precision < 0 && digits != 0)) {
		strbuf_add_char(b, '.');
	}
	for (int i = 0; precision < 0 ? digits != 0 : i < precision; i++) {
		strbuf_add_char(b, (upper ? "0123456789ABCDEF" : "0123456789abcdef")[digits >> 60]);
		digits <<= 4;
	}
	strbuf_printf(b, "%c%c%02d", upper ? 'P' : 'p', exponent < 0 ? '-' : '+', abs(exponent));
}

static void add_number(struct strbuf *b, double v, char verb, int precision) {
	char lower = (char)(verb | 32);
	if (isnan(v) || isinf(v)) {
		gofloat_print(b, v, 'g');
	} else if (verb == 'b') {
		add_binary(b, v);
	} else if (lower == 'x') {
		add_hexadecimal(b, v, verb == 'X', precision);
	} else if (precision < 0) {
		gofloat_print(b, v, lower);
	} else {
		gofloat_print_precision(b, v, lower, precision);
	}
	for (size_t i = 0; (verb == 'E' || verb == 'G') && i < b->len; i++) {
		b->ptr[i] = b->ptr[i] == 'e' ? 'E' : b->ptr[i];
	}
}

/* The sharp flag: always a decimal point, and zeros up to the precision. `number` begins with its sign. */
static void add_point(struct tformat *f, struct strbuf *number, char verb, int precision) {
	int digits = 0;
	if (verb == 'g' || verb == 'G' || verb == 'x') {
		digits = precision == -1 ? 6 : precision;
	}
	struct strbuf tail = STRBUF_IN(f->arena);
	bool point = false, nonzero = false;
	bool hex = verb == 'x' || verb == 'X';
	for (size_t i = 1; i < number->len; i++) {
		char c = number->ptr[i];
		if (c == '.') {
			point = true;
		} else if ((c | 32) == 'p' || ((c | 32) == 'e' && !hex)) {
			strbuf_add(&tail, str_slice(strbuf_str(number), i, number->len));
			number->len = i;
		} else {
			nonzero = nonzero || c != '0';
			digits -= nonzero;
		}
	}
	if (!point) {
		digits -= number->len == 2 && number->ptr[1] == '0';
		strbuf_add_char(number, '.');
	}
	strbuf_add_repeat(number, '0', digits > 0 ? (size_t)digits : 0);
	strbuf_add(number, strbuf_str(&tail));
}

/* `number` begins with its sign; '+' is shown when asked for. */
static void write_signed(struct tformat *f, struct strbuf *number) {
	struct str digits = str_slice(strbuf_str(number), 1, number->len);
	if (f->space && number->ptr[0] == '+' && !f->plus) {
		number->ptr[0] = ' '; /* shown too */
	}
	if (digits.ptr[0] == 'I' || digits.ptr[0] == 'N') {
		bool bare = digits.ptr[0] == 'N' && !f->space && !f->plus;
		text_without_zeros(f, bare ? digits : strbuf_str(number));
	} else if (!f->plus && number->ptr[0] == '+') {
		tformat_text(f, digits);
	} else if (f->zero && !f->minus && f->has_width && f->width > number->len) {
		strbuf_add_char(f->out, number->ptr[0]);
		write_padding(f, f->width - number->len);
		strbuf_add(f->out, digits);
	} else {
		tformat_text(f, strbuf_str(number));
	}
}

void tformat_float(struct tformat *f, double v, char verb, int precision) {
	struct strbuf number = STRBUF_IN(f->arena);
	if (f->has_precision) {
		precision = (int)f->precision;
	}
	strbuf_add_char(&number, '+');
	add_number(&number, v, verb, precision);
	if (number.ptr[1] == '-' || number.ptr[1] == '+') {
		memmove(number.ptr, number.ptr + 1, number.len);
		number.len--;
	}
	if (f->sharp && verb != 'b' && isfinite(v)) {
		add_point(f, &number, verb, precision);
	}
	write_signed(f, &number);
}
