/* Go's Sprintf over template values: flags, widths and argument numbers of a format. */
#include "rules/template/template_private.h"

#include "base/utf8.h"
#include "rules/template/template_format.h"

#define MAX_WIDTH                                                                                  \
	1000000 /* of fmt, for width and precision; ours is cut to what an output may have */

/* State of one printf. */
struct tprintf {
	struct tformat f;
	struct str format;
	size_t at;
	const struct tvalue *args;
	size_t count, arg;
	bool reordered, good_index, after_index;
};

static bool parse_number(struct tprintf *p, size_t end, size_t *ret_number) {
	size_t number = 0;
	bool any = false;
	for (; p->at < end && p->format.ptr[p->at] >= '0' && p->format.ptr[p->at] <= '9'; p->at++) {
		if (number > MAX_WIDTH) {
			p->at = end;
			*ret_number = 0;
			return false;
		}
		number = number * 10 + (size_t)(p->format.ptr[p->at] - '0');
		any = true;
	}
	*ret_number = number;
	return any;
}

static bool at_char(const struct tprintf *p, char c) {
	return p->at < p->format.len && p->format.ptr[p->at] == c;
}

/* [n] chooses the argument; anything else in brackets is a bad index. */
static void parse_index(struct tprintf *p) {
	p->after_index = false;
	if (!at_char(p, '[')) {
		return;
	}
	p->reordered = true;
	size_t start = p->at;
	struct str rest = str_slice(p->format, start, p->format.len);
	size_t close = str_find(rest, STR("]"));
	if (close == rest.len) {
		p->at++;
		p->good_index = false;
		return;
	}
	size_t number = 0;
	p->at = start + 1;
	bool good = parse_number(p, start + close, &number) && p->at == start + close;
	p->at = start + close + 1;
	p->after_index = good;
	if (good && number >= 1 && number <= p->count) {
		p->arg = number - 1;
	} else {
		p->good_index = false;
	}
}

/* The next argument as a width or precision. false: it is no whole number, or out of bounds. */
static bool take_int(struct tprintf *p, int64_t *ret_number) {
	*ret_number = 0;
	if (p->arg >= p->count) {
		return false;
	}
	const struct tvalue *v = &p->args[p->arg++];
	enum tkind kind = ttype_kind(v->type);
	if ((kind != TKIND_INT && kind != TKIND_UINT) || v->i > MAX_WIDTH || v->i < -MAX_WIDTH) {
		return false;
	}
	*ret_number = v->i;
	return true;
}

static void parse_flags(struct tprintf *p) {
	p->f = (struct tformat){.arena = p->f.arena, .out = p->f.out};
	for (; p->at < p->format.len; p->at++) {
		switch (p->format.ptr[p->at]) {
		case '#': p->f.sharp = true; break;
		case '0': p->f.zero = true; break;
		case '+': p->f.plus = true; break;
		case '-': p->f.minus = true; break;
		case ' ': p->f.space = true; break;
		default: return;
		}
	}
}

static void parse_width(struct tprintf *p) {
	parse_index(p);
	if (!at_char(p, '*')) {
		p->f.has_width = parse_number(p, p->format.len, &p->f.width);
		if (p->after_index && p->f.has_width) {
			p->good_index = false;
		}
		return;
	}
	int64_t number;
	p->at++;
	p->f.has_width = take_int(p, &number);
	if (!p->f.has_width) {
		strbuf_add_c(p->f.out, "%!(BADWIDTH)");
	}
	if (number < 0) {
		number = -number;
		p->f.minus = true;
		p->f.zero = false;
	}
	p->f.width = (size_t)number;
	p->after_index = false;
}

static void parse_precision(struct tprintf *p) {
	if (p->at + 1 >= p->format.len || !at_char(p, '.')) {
		return;
	}
	p->at++;
	if (p->after_index) {
		p->good_index = false;
	}
	parse_index(p);
	if (!at_char(p, '*')) {
		if (!parse_number(p, p->format.len, &p->f.precision)) {
			p->f.precision = 0;
		}
		p->f.has_precision = true;
		return;
	}
	int64_t number;
	p->at++;
	p->f.has_precision = take_int(p, &number) && number >= 0;
	p->f.precision = p->f.has_precision ? (size_t)number : 0;
	if (!p->f.has_precision) {
		strbuf_add_c(p->f.out, "%!(BADPREC)");
	}
	p->after_index = false;
}

static void print_verb(struct tprintf *p, uint32_t verb) {
	if (verb == '%') {
		strbuf_add_char(p->f.out, '%');
		return;
	}
	if (!p->good_index || p->arg >= p->count) {
		strbuf_add_c(p->f.out, "%!");
		utf8_encode(p->f.out, verb);
		strbuf_add_c(p->f.out, p->good_index ? "(MISSING)" : "(BADINDEX)");
		return;
	}
	if (verb == 'v' || verb == 'w') {
		p->f.sharp_v = p->f.sharp;
		p->f.plus_v = p->f.plus;
		p->f.sharp = p->f.plus = false;
	}
	/* No output is longer than this, so no padding need be. */
	p->f.width =
		p->f.width < TEMPLATE_MAX_OUTPUT_BYTES ? p->f.width : TEMPLATE_MAX_OUTPUT_BYTES + 1;
	if (p->f.precision > TEMPLATE_MAX_OUTPUT_BYTES) {
		p->f.precision = TEMPLATE_MAX_OUTPUT_BYTES + 1;
	}
	tformat_argument(&p->f, p->args[p->arg++], verb);
}

/* Behind a `%`. */
static void print_directive(struct tprintf *p) {
	parse_flags(p);
	p->good_index = true;
	parse_width(p);
	parse_precision(p);
	if (!p->after_index) {
		parse_index(p);
	}
	if (p->at >= p->format.len) {
		strbuf_add_c(p->f.out, "%!(NOVERB)");
		return;
	}
	uint32_t verb;
	p->at += utf8_decode(str_slice(p->format, p->at, p->format.len), &verb);
	print_verb(p, verb);
}

static void print_extra(struct tprintf *p) {
	p->f = (struct tformat){.arena = p->f.arena, .out = p->f.out};
	strbuf_add_c(p->f.out, "%!(EXTRA ");
	for (size_t i = p->arg; i < p->count; i++) {
		strbuf_add_c(p->f.out, i > p->arg ? ", " : "");
		if (p->args[i].type == TTYPE_NIL) {
			strbuf_add_c(p->f.out, "<nil>");
		} else {
			strbuf_printf(p->f.out, "%s=", ttype_name(p->args[i].type));
			tformat_argument(&p->f, p->args[i], 'v');
		}
	}
	strbuf_add_char(p->f.out, ')');
}

void tprint_printf(struct arena *a, struct strbuf *out, struct str format,
				   const struct tvalue *args, size_t count) {
	struct tprintf p = {
		.f = {.arena = a, .out = out}, .format = format, .args = args, .count = count};
	size_t start = out->len;
	while (p.at < format.len && out->len - start <= TEMPLATE_MAX_OUTPUT_BYTES) {
		struct str rest = str_slice(format, p.at, format.len);
		size_t length = str_find(rest, STR("%"));
		strbuf_add(out, str_slice(rest, 0, length));
		p.at += length;
		if (p.at < format.len) {
			p.at++;
			print_directive(&p);
		}
	}
	if (!p.reordered && p.arg < count) {
		print_extra(&p);
	}
}
