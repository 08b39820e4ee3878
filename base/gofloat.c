#include "base/gofloat.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/decimal.h"

/* A finite positive number as decimal digits: 0.d1d2d3… × 10^point. */
struct decimal {
	char digits[800];
	int count, point;
};

/* Digits of "d.ddde±xx", as the C library prints it. */
static void read_decimal(const char *text, struct decimal *d) {
	d->count = 0;
	const char *at = text;
	for (; *at != 'e'; at++) {
		if (*at >= '0' && *at <= '9') {
			d->digits[d->count++] = *at;
		}
	}
	d->point = (int)strtol(at + 1, NULL, 10) + 1;
}

static void drop_zeros(struct decimal *d) {
	while (d->count > 1 && d->digits[d->count - 1] == '0') {
		d->count--;
	}
}

static bool reads_back(double v, int precision, struct decimal *d) {
	char text[64];
	snprintf(text, sizeof(text), "%.*e", precision, v);
	if (strtod(text, NULL) != v) {
		return false;
	}
	read_decimal(text, d);
	drop_zeros(d);
	return true;
}

/* Below a power of two the floats lie closer than above it, so the nearest 16 digits may miss v while those one higher hit. */
static bool reads_back_one_up(double v, struct decimal *d) {
	int exponent;
	if (frexp(v, &exponent) != 0.5) {
		return false;
	}
	char text[64];
	snprintf(text, sizeof(text), "%.15e", v);
	char *last = text + 16; /* "d.ddddddddddddddd": the 16th digit */
	if (*last == '9') {
		return false;
	}
	*last = (char)(*last + 1);
	if (strtod(text, NULL) != v) {
		return false;
	}
	read_decimal(text, d);
	return true;
}

/* The shortest digits that read back as v. Fifteen always survive a round trip through a normal double, so the first
 * try decides for short numbers; subnormals have fewer digits and start from one. */
static void shortest_decimal(double v, struct decimal *d) {
	int precision = v < 2.2250738585072014e-308 ? 0 : 14;
	for (; precision < 16; precision++) {
		if (reads_back(v, precision, d)) {
			return;
		}
	}
	if (!reads_back_one_up(v, d)) {
		reads_back(v, 16, d);
	}
}

static void print_exponent_form(struct strbuf *b, const struct decimal *d, char e) {
	strbuf_add_char(b, d->digits[0]);
	if (d->count > 1) {
		strbuf_add_char(b, '.');
		strbuf_add(b, (struct str){.ptr = d->digits + 1, .len = (size_t)d->count - 1});
	}
	int exponent = d->point - 1;
	strbuf_printf(b, "%c%c%02d", e, exponent < 0 ? '-' : '+', exponent < 0 ? -exponent : exponent);
}

static void print_plain_form(struct strbuf *b, const struct decimal *d) {
	if (d->point <= 0) {
		strbuf_add_c(b, "0.");
		strbuf_add_repeat(b, '0', (size_t)-d->point);
		strbuf_add(b, (struct str){.ptr = d->digits, .len = (size_t)d->count});
		return;
	}
	int whole = d->count < d->point ? d->count : d->point;
	strbuf_add(b, (struct str){.ptr = d->digits, .len = (size_t)whole});
	strbuf_add_repeat(b, '0', (size_t)(d->point - whole));
	if (d->count > whole) {
		strbuf_add_char(b, '.');
		strbuf_add(b, (struct str){.ptr = d->digits + whole, .len = (size_t)(d->count - whole)});
	}
}

static bool print_special(struct strbuf *b, double v) {
	if (isnan(v)) {
		strbuf_add_c(b, "NaN");
		return true;
	}
	if (isinf(v)) {
		strbuf_add_c(b, v < 0 ? "-Inf" : "+Inf");
		return true;
	}
	return false;
}

void gofloat_print(struct strbuf *b, double v, char format) {
	if (print_special(b, v)) {
		return;
	}
	if (signbit(v)) {
		strbuf_add_char(b, '-');
		v = -v;
	}
	struct decimal d = {.digits = "0", .count = 1, .point = 1};
	if (v != 0) {
		shortest_decimal(v, &d);
	}
	int exponent = d.point - 1;
	switch (format) {
	case 'e':
	case 'E': print_exponent_form(b, &d, format); return;
	case 'g':
		if (exponent < -4 || exponent >= 6) {
			print_exponent_form(b, &d, 'e');
			return;
		}
		break;
	default: break;
	}
	print_plain_form(b, &d);
}

/* %e and %f of C and Go agree; %g differs in nothing either once the exponent has two digits, as glibc's has. */
void gofloat_print_precision(struct strbuf *b, double v, char format, int precision) {
	if (print_special(b, v)) {
		return;
	}
	switch (format) {
	case 'e': strbuf_printf(b, "%.*e", precision, v); return;
	case 'E': strbuf_printf(b, "%.*E", precision, v); return;
	case 'f': strbuf_printf(b, "%.*f", precision, v); return;
	case 'G': strbuf_printf(b, "%.*G", precision, v); return;
	default: strbuf_printf(b, "%.*g", precision, v); return;
	}
}

#define LONGEST_NUMBER 2048 /* bytes; strconv has no limit, but nobody writes such numbers */

static bool is_digit_of(char c, bool hex) {
	return (c >= '0' && c <= '9') || (hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
}

/* Go's underscoreOK: '_' only between digits, or right behind the base prefix. */
static bool copy_without_underscores(struct str s, bool hex, char *copy) {
	size_t len = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] != '_') {
			copy[len++] = s.ptr[i];
			continue;
		}
		bool before = i > 0 && (is_digit_of(s.ptr[i - 1], hex) ||
								(hex && (s.ptr[i - 1] == 'x' || s.ptr[i - 1] == 'X')));
		bool after = i + 1 < s.len && is_digit_of(s.ptr[i + 1], hex);
		if (!before || !after) {
			return false;
		}
	}
	copy[len] = '\0';
	return true;
}

/* The C library takes more than Go does: leading space, "nan(…)", hexadecimal without p. */
static bool is_go_number(const char *text, bool hex) {
	const char *at = text + (*text == '+' || *text == '-');
	at += hex ? 2 : 0;
	size_t digits = strspn(at, hex ? "0123456789abcdefABCDEF" : "0123456789");
	at += digits;
	if (*at == '.') {
		size_t more = strspn(at + 1, hex ? "0123456789abcdefABCDEF" : "0123456789");
		digits += more;
		at += 1 + more;
	}
	if (digits == 0) {
		return false;
	}
	bool has_exponent = hex ? (*at == 'p' || *at == 'P') : (*at == 'e' || *at == 'E');
	if (has_exponent) {
		at++;
		at += *at == '+' || *at == '-';
		size_t exponent = strspn(at, "0123456789");
		at += exponent;
		if (exponent == 0) {
			return false;
		}
	}
	return *at == '\0' && (has_exponent || !hex);
}

static bool parse_special(const char *text, double *ret_v) {
	static const struct {
		const char *name;
		double value;
		bool sign_allowed;
	} names[] = {{"inf", INFINITY, true}, {"infinity", INFINITY, true}, {"nan", NAN, false}};
	bool negative = *text == '-';
	bool has_sign = negative || *text == '+';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(text + has_sign, names[i].name) == 0 &&
			(!has_sign || names[i].sign_allowed)) {
			*ret_v = negative ? -names[i].value : names[i].value;
			return true;
		}
	}
	return false;
}

bool gofloat_parse(struct str s, double *ret_v, bool *ret_range) {
	char text[LONGEST_NUMBER + 1];
	double v;
	if (s.len > 0 && decimal_read(s, &v) == s.len) {
		if (ret_range != NULL) {
			*ret_range = false;
		}
		*ret_v = v;
		return true;
	}
	if (s.len == 0 || s.len > LONGEST_NUMBER || memchr(s.ptr, '\0', s.len) != NULL) {
		return false;
	}
	size_t sign = s.ptr[0] == '+' || s.ptr[0] == '-';
	bool hex = s.len > sign + 1 && s.ptr[sign] == '0' && (s.ptr[sign + 1] | 0x20) == 'x';
	if (!copy_without_underscores(s, hex, text)) {
		return false;
	}
	if (parse_special(text, &v)) {
		*ret_v = v;
		return true;
	}
	if (!is_go_number(text, hex)) {
		return false;
	}
	v = strtod(text, NULL);
	if (ret_range != NULL) {
		*ret_range = isinf(v);
	}
	*ret_v = v;
	return true;
}
