/* Template values as Go's fmt prints them, by one verb each: Sprint, Sprintln, and what template_printf.c takes apart. */
#include "rules/template/template_private.h"

#include "base/bug.h"
#include "base/utf8.h"
#include "rules/template/template_format.h"

static void print_by_verb(struct tformat *f, const struct tvalue *v, uint32_t verb, size_t depth,
						  bool erroring);

static bool is_one_of(uint32_t verb, const char *verbs) {
	return verb != 0 && verb < 0x80 && strchr(verbs, (int)verb) != NULL;
}

/* %!d(string=abc) */
static void print_bad_verb(struct tformat *f, const struct tvalue *v, uint32_t verb) {
	strbuf_add_c(f->out, "%!");
	utf8_encode(f->out, verb);
	strbuf_add_char(f->out, '(');
	if (v->type == TTYPE_NIL) {
		strbuf_add_c(f->out, "<nil>");
	} else {
		strbuf_printf(f->out, "%s=", ttype_name(v->type));
		print_by_verb(f, v, 'v', 0, true);
	}
	strbuf_add_char(f->out, ')');
}

static void print_integer(struct tformat *f, const struct tvalue *v, uint32_t verb) {
	bool is_signed = ttype_kind(v->type) == TKIND_INT;
	bool negative = is_signed && v->i < 0;
	uint64_t u = negative ? 0 - v->u : v->u;
	switch (verb) {
	case 'v':
		if (f->sharp_v && !is_signed) {
			bool sharp = f->sharp;
			f->sharp = true;
			tformat_integer(f, u, false, 16, 'v', false);
			f->sharp = sharp;
			return;
		}
		tformat_integer(f, u, negative, 10, 'v', false);
		return;
	case 'd': tformat_integer(f, u, negative, 10, 'd', false); return;
	case 'b': tformat_integer(f, u, negative, 2, 'b', false); return;
	case 'o':
	case 'O': tformat_integer(f, u, negative, 8, (char)verb, false); return;
	case 'x': tformat_integer(f, u, negative, 16, 'x', false); return;
	case 'X': tformat_integer(f, u, negative, 16, 'X', true); return;
	case 'c': tformat_rune(f, v->u); return;
	case 'q': tformat_quoted_rune(f, v->u); return;
	case 'U': tformat_unicode(f, v->u); return;
	default: print_bad_verb(f, v, verb); return;
	}
}

static void print_float(struct tformat *f, double number, uint32_t verb) {
	if (is_one_of(verb, "feEF")) {
		tformat_float(f, number, verb == 'F' ? 'f' : (char)verb, 6);
	} else {
		tformat_float(f, number, verb == 'v' ? 'g' : (char)verb, -1);
	}
}

static void print_complex(struct tformat *f, const struct tvalue *v, uint32_t verb) {
	bool plus = f->plus;
	strbuf_add_char(f->out, '(');
	print_float(f, v->f, verb);
	f->plus = true;
	print_float(f, v->imaginary, verb);
	f->plus = plus;
	strbuf_add_c(f->out, "i)");
}

static void print_string(struct tformat *f, const struct tvalue *v, struct str s, uint32_t verb) {
	switch (verb) {
	case 'v':
		if (f->sharp_v) {
			tformat_quoted(f, s);
		} else {
			tformat_string(f, s);
		}
		return;
	case 's': tformat_string(f, s); return;
	case 'x': tformat_hex(f, s, false); return;
	case 'X': tformat_hex(f, s, true); return;
	case 'q': tformat_quoted(f, s); return;
	default: print_bad_verb(f, v, verb); return;
	}
}

static void print_separator(struct tformat *f, size_t i) {
	if (i > 0) {
		strbuf_add_c(f->out, f->sharp_v ? ", " : " ");
	}
}

static void print_map(struct tformat *f, const struct tvalue *v, uint32_t verb, size_t depth,
					  bool erroring) {
	if (f->sharp_v) {
		strbuf_printf(f->out, "%s{", ttype_name(v->type));
	} else {
		strbuf_add_c(f->out, "map[");
	}
	for (size_t i = 0; i < tvalue_length(v); i++) {
		struct tvalue key, value;
		tvalue_map_entry(v, i, &key, &value);
		print_separator(f, i);
		print_by_verb(f, &key, verb, depth + 1, erroring);
		strbuf_add_char(f->out, ':');
		print_by_verb(f, &value, verb, depth + 1, erroring);
	}
	strbuf_add_char(f->out, f->sharp_v ? '}' : ']');
}

static void print_struct(struct tformat *f, const struct tvalue *v, uint32_t verb, size_t depth,
						 bool erroring) {
	struct tvalue field;
	const char *name;
	strbuf_add_c(f->out, f->sharp_v ? ttype_name(v->type) : "");
	strbuf_add_char(f->out, '{');
	for (size_t i = 0; tvalue_field(v, i, &name, &field); i++) {
		print_separator(f, i);
		if (f->plus_v || f->sharp_v) {
			strbuf_printf(f->out, "%s:", name);
		}
		print_by_verb(f, &field, verb, depth + 1, erroring);
	}
	strbuf_add_char(f->out, '}');
}

/* Addresses say nothing to a reader and change from run to run, so all of them are the same here. */
#define ADDRESS UINT64_C(0xc000000000)

static void print_address(struct tformat *f, const struct tvalue *v, uint32_t verb) {
	uint64_t address = tvalue_is_nil(v) ? 0 : ADDRESS;
	struct tvalue number = {.type = TTYPE_UINT64, .u = address};
	bool sharp = f->sharp;
	if (verb == 'v' && f->sharp_v) {
		strbuf_printf(f->out, address == 0 ? "(%s)(nil)" : "(%s)(0xc000000000)",
					  ttype_name(v->type));
	} else if (verb == 'v' && address == 0) {
		tformat_text(f, STR("<nil>"));
	} else if (verb == 'v' || verb == 'p') {
		f->sharp = !sharp;
		tformat_integer(f, address, false, 16, 'v', false);
		f->sharp = sharp;
	} else if (is_one_of(verb, "bodxX")) {
		print_integer(f, &number, verb);
	} else {
		print_bad_verb(f, v, verb);
	}
}

static void print_slice(struct tformat *f, const struct tvalue *v, uint32_t verb, size_t depth,
						bool erroring) {
	if (f->sharp_v) {
		strbuf_add_c(f->out, ttype_name(v->type));
		if (v->result == NULL) {
			strbuf_add_c(f->out, "(nil)");
			return;
		}
	}
	strbuf_add_char(f->out, f->sharp_v ? '{' : '[');
	for (size_t i = 0; i < tvalue_length(v); i++) {
		struct tvalue item = {.type = TTYPE_SAMPLE_POINTER, .sample = v->result->samples[i]};
		print_separator(f, i);
		print_by_verb(f, &item, verb, depth + 1, erroring);
	}
	strbuf_add_char(f->out, f->sharp_v ? '}' : ']');
}

static void print_pointer(struct tformat *f, const struct tvalue *v, uint32_t verb, size_t depth,
						  bool erroring) {
	bool is_nil;
	struct tvalue pointed = tvalue_indirect(*v, &is_nil);
	if (depth == 0 && !is_nil && ttype_kind(pointed.type) == TKIND_STRUCT) {
		strbuf_add_char(f->out, '&');
		print_by_verb(f, &pointed, verb, 1, erroring);
	} else {
		print_address(f, v, verb);
	}
}

/* The String method of a type that has one. */
static bool print_by_method(struct strbuf *b, const struct tvalue *v, bool go_syntax) {
	switch (v->type) {
	case TTYPE_TIME:
	case TTYPE_TIME_POINTER:
		if (go_syntax) {
			ttime_print_go(b, v->time);
		} else {
			ttime_print(b, v->time);
		}
		return true;
	case TTYPE_DURATION:
	case TTYPE_DURATION_POINTER: tduration_print(b, v->i); break;
	case TTYPE_MONTH: tmonth_print(b, v->i); break;
	case TTYPE_WEEKDAY: strbuf_add_c(b, ttime_weekday_names[v->i]); break;
	case TTYPE_LOCATION_POINTER: strbuf_add_c(b, "UTC"); return !go_syntax && v->i != 0;
	case TTYPE_NIL:
	case TTYPE_BOOL:
	case TTYPE_INT:
	case TTYPE_INT64:
	case TTYPE_UINT8:
	case TTYPE_UINT64:
	case TTYPE_FLOAT:
	case TTYPE_COMPLEX:
	case TTYPE_STRING:
	case TTYPE_HTML:
	case TTYPE_LABELS:
	case TTYPE_ARGS:
	case TTYPE_DATA:
	case TTYPE_SAMPLE:
	case TTYPE_SAMPLE_POINTER:
	case TTYPE_RESULT:
	case TTYPE_COUNT: return false;
	}
	return !go_syntax;
}

static bool handle_methods(struct tformat *f, const struct tvalue *v, uint32_t verb) {
	if (verb == 'w') {
		print_bad_verb(f, v, verb);
		return true;
	}
	if (!is_one_of(verb, "vsxXq") && !f->sharp_v) {
		return false;
	}
	struct strbuf text = STRBUF_IN(f->arena);
	bool handled = print_by_method(&text, v, f->sharp_v);
	if (handled && f->sharp_v) {
		tformat_string(f, strbuf_str(&text));
	} else if (handled) {
		print_string(f, v, strbuf_str(&text), verb);
	}
	return handled;
}

static bool has_methods(const struct tvalue *v) {
	enum tkind kind = ttype_kind(v->type);
	return kind == TKIND_MAP || kind == TKIND_STRUCT || kind == TKIND_SLICE ||
		   kind == TKIND_POINTER || v->type == TTYPE_DURATION || v->type == TTYPE_MONTH ||
		   v->type == TTYPE_WEEKDAY || v->type == TTYPE_HTML;
}

/* An argument is padded; nothing inside something else (which an interface holds) is not. */
static void print_nil(struct tformat *f, const struct tvalue *v, uint32_t verb, size_t depth) {
	if (v->boxed) {
		strbuf_add_c(f->out, f->sharp_v ? "interface {}(nil)" : "<nil>");
	} else if (verb != 'v' && (verb != 'T' || depth > 0)) {
		print_bad_verb(f, v, verb);
	} else {
		tformat_text(f, STR("<nil>"));
	}
}

static void print_by_verb(struct tformat *f, const struct tvalue *v, uint32_t verb, size_t depth,
						  bool erroring) {
	if (!erroring && (depth > 0 || has_methods(v)) && handle_methods(f, v, verb)) {
		return;
	}
	switch (ttype_kind(v->type)) {
	case TKIND_INVALID: print_nil(f, v, verb, depth); return;
	case TKIND_BOOL:
		if (verb == 't' || verb == 'v') {
			tformat_text(f, v->truth ? STR("true") : STR("false"));
		} else {
			print_bad_verb(f, v, verb);
		}
		return;
	case TKIND_INT:
	case TKIND_UINT: print_integer(f, v, verb); return;
	case TKIND_FLOAT:
		if (is_one_of(verb, "vbgGxXfFeE")) {
			print_float(f, v->f, verb);
		} else {
			print_bad_verb(f, v, verb);
		}
		return;
	case TKIND_COMPLEX:
		if (is_one_of(verb, "vbgGxXfFeE")) {
			print_complex(f, v, verb);
		} else {
			print_bad_verb(f, v, verb);
		}
		return;
	case TKIND_STRING: print_string(f, v, v->s, verb); return;
	case TKIND_MAP: print_map(f, v, verb, depth, erroring); return;
	case TKIND_STRUCT: print_struct(f, v, verb, depth, erroring); return;
	case TKIND_SLICE: print_slice(f, v, verb, depth, erroring); return;
	case TKIND_POINTER: print_pointer(f, v, verb, depth, erroring); return;
	}
	BUG("unknown kind of value");
}

/* An interface that holds the value is not seen. */
void tformat_argument(struct tformat *f, struct tvalue v, uint32_t verb) {
	v.boxed = false;
	if (verb == 'T' && v.type != TTYPE_NIL) {
		tformat_string(f, str_from(ttype_name(v.type)));
	} else if (verb == 'p' && v.type != TTYPE_NIL) {
		enum tkind kind = ttype_kind(v.type);
		if (kind == TKIND_MAP || kind == TKIND_SLICE || kind == TKIND_POINTER) {
			print_address(f, &v, verb);
		} else {
			print_bad_verb(f, &v, verb);
		}
	} else {
		print_by_verb(f, &v, verb, 0, false);
	}
}

void tprint_print(struct arena *a, struct strbuf *out, const struct tvalue *args, size_t count) {
	struct tformat f = {.arena = a, .out = out};
	bool before = false;
	for (size_t i = 0; i < count; i++) {
		bool text = ttype_kind(args[i].type) == TKIND_STRING;
		if (i > 0 && !text && !before) {
			strbuf_add_char(out, ' ');
		}
		tformat_argument(&f, args[i], 'v');
		before = text;
	}
}

void tprint_println(struct arena *a, struct strbuf *out, const struct tvalue *args, size_t count) {
	struct tformat f = {.arena = a, .out = out};
	for (size_t i = 0; i < count; i++) {
		strbuf_add_c(out, i > 0 ? " " : "");
		tformat_argument(&f, args[i], 'v');
	}
	strbuf_add_char(out, '\n');
}

void tprint_value(struct arena *a, struct strbuf *out, const struct tvalue *v) {
	struct tformat f = {.arena = a, .out = out};
	tformat_argument(&f, *v, 'v');
}

struct tvalue tprint_printable(struct tvalue v) {
	bool is_nil;
	if (v.type == TTYPE_NIL) {
		return tvalue_string(STR("<no value>"));
	}
	return tvalue_indirect(v, &is_nil);
}

void tprint_output(struct arena *a, struct strbuf *out, const struct tvalue *v) {
	struct tvalue printable = tprint_printable(*v);
	tprint_value(a, out, &printable);
}
