#include "base/regex_syntax.h"

#include "base/regex.h"
#include "base/utf8.h"

/* One walk over the pattern. `at` is the next byte; what was read goes to `out` in PCRE2's spelling. */
struct walk {
	struct str pattern;
	size_t at;
	struct strbuf *out;
	struct strbuf
		flags; /* (?i) and the like, not yet in `out`: a repetition behind them means what stands before them */
	struct regex_groups *groups;
	const char *script_prefix;
	struct arena *errors;
	const char *error; /* NULL while all is well */
	size_t depth;
	/* How many copies of its innermost part the repetitions {n,m} within each other ask for: the most in each open group so far,
	 * and in the item before the place. */
	long copies[REGEX_MAX_DEPTH + 1], item_copies;
	bool fold[REGEX_MAX_DEPTH + 1]; /* (?i) is on, in each open group */
	bool repeatable;                /* something stands before the place that can be repeated */
	size_t last_repeat;             /* where the repetition that ends here began, or NO_REPEAT */
};
#define NO_REPEAT ((size_t)-1)

static void fail(struct walk *w, const char *what, size_t from, size_t to) {
	if (w->error == NULL) {
		struct str part = str_slice(w->pattern, from, to > w->pattern.len ? w->pattern.len : to);
		w->error = arena_printf(w->errors, "error parsing regexp: %s: `%.*s`", what, STR_FMT(part));
	}
	w->at = w->pattern.len;
}

static void end_item(struct walk *w, long copies) {
	w->item_copies = copies;
	if (copies > w->copies[w->depth]) {
		w->copies[w->depth] = copies;
	}
}

static void open_group(struct walk *w) {
	w->depth++;
	w->copies[w->depth] = 1;
	w->fold[w->depth] = w->fold[w->depth - 1];
}

static void add_group(struct walk *w, struct str name) {
	struct regex_groups *g = w->groups;
	g->names = arena_grow(g->arena, g->names, g->count, &g->capacity, sizeof(*g->names));
	g->names[g->count++] = name.len > 0 ? arena_dup(g->arena, name) : STR_EMPTY;
}

static void flush_flags(struct walk *w) {
	if (w->flags.len > 0) {
		strbuf_add(w->out, strbuf_str(&w->flags));
		strbuf_clear(&w->flags);
	}
}

static char peek(const struct walk *w, size_t ahead) {
	return w->at + ahead < w->pattern.len ? w->pattern.ptr[w->at + ahead] : '\0';
}

static bool at_end(const struct walk *w) {
	return w->at >= w->pattern.len;
}

static void emit_rune(struct walk *w, uint32_t rune) {
	bool plain = (rune >= '0' && rune <= '9') || (rune >= 'a' && rune <= 'z') ||
				 (rune >= 'A' && rune <= 'Z') || rune == '_' || rune == ' ';
	if (plain) {
		strbuf_add_char(w->out, (char)rune);
	} else {
		strbuf_printf(w->out, "\\x{%x}", rune);
	}
}

static bool is_octal(char c) {
	return c >= '0' && c <= '7';
}

static int hex_value(char c) {
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_alnum(char c) {
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static void skip_rune(struct walk *w) {
	uint32_t rune;
	w->at += utf8_decode(str_slice(w->pattern, w->at, w->pattern.len), &rune);
}

/* \x7F and \x{10FFFF}; `at` stands behind the x. */
static bool take_hex(struct walk *w, uint32_t *ret_rune) {
	uint32_t rune = 0;
	if (peek(w, 0) != '{') {
		int high = hex_value(peek(w, 0)), low;
		skip_rune(w);
		low = hex_value(peek(w, 0));
		skip_rune(w);
		*ret_rune = (uint32_t)(high * 16 + low);
		return high >= 0 && low >= 0;
	}
	size_t digits = 0;
	for (w->at++; hex_value(peek(w, 0)) >= 0 && rune <= 0x10ffff; w->at++, digits++) {
		rune = rune * 16 + (uint32_t)hex_value(peek(w, 0));
	}
	*ret_rune = rune;
	bool closed = peek(w, 0) == '}';
	if (rune <= 0x10ffff) {
		skip_rune(w);
	}
	return digits > 0 && rune <= 0x10ffff && closed;
}

static uint32_t take_octal(struct walk *w) {
	uint32_t rune = 0;
	for (int i = 0; i < 3 && is_octal(peek(w, 0)); i++, w->at++) {
		rune = rune * 8 + (uint32_t)(peek(w, 0) - '0');
	}
	return rune;
}

/* An escape that stands for one rune. `at` is on the backslash. */
static bool take_escaped_rune(struct walk *w, uint32_t *ret_rune) {
	static const char letters[] = "afnrtv", runes[] = "\a\f\n\r\t\v";
	size_t start = w->at++;
	if (at_end(w)) {
		fail(w, "trailing backslash at end of expression", w->pattern.len, w->pattern.len);
		return false;
	}
	char c = peek(w, 0);
	const char *letter = memchr(letters, c, sizeof(letters) - 1);
	bool good = true;
	if (letter != NULL) {
		*ret_rune = (uint32_t)runes[letter - letters];
		w->at++;
	} else if (c == '0' || (is_octal(c) && is_octal(peek(w, 1)))) {
		*ret_rune = take_octal(w);
	} else if (c == 'x') {
		w->at++;
		good = take_hex(w, ret_rune);
	} else if ((unsigned char)c < 0x80 && !is_alnum(c)) {
		*ret_rune = (uint32_t)c;
		w->at++;
	} else {
		uint32_t rune;
		w->at += utf8_decode(str_slice(w->pattern, w->at, w->pattern.len), &rune);
		good = false;
	}
	if (!good) {
		fail(w, "invalid escape sequence", start, w->at);
	}
	return good;
}

/* Two signs that are no ASCII are letters of ASCII in another case: the long s and the Kelvin sign. */
static bool take_folded_word(struct walk *w, bool inside) {
	bool negated = peek(w, 1) == 'W';
	if (!w->fold[w->depth] || (!negated && peek(w, 1) != 'w') || (inside && negated)) {
		return false;
	}
	strbuf_printf(w->out, "%s\\w\\x{17f}\\x{212a}%s",
				  inside    ? ""
				  : negated ? "[^"
							: "[",
				  inside ? "" : "]");
	w->at += 2;
	return true;
}

/* \d \D \s \S \w \W. PCRE2's \s takes the vertical tab in, RE2's does not. */
static bool take_perl_class(struct walk *w, bool inside) {
	if (take_folded_word(w, inside)) {
		return true;
	}
	static const struct {
		char letter;
		const char *outside, *inside;
	} classes[] = {
		{'d', "\\d", "\\d"},
		{'D', "\\D", "\\D"},
		{'w', "\\w", "\\w"},
		{'W', "\\W", "\\W"},
		{'s', "[\\t\\n\\f\\r ]", "\\t\\n\\f\\r "},
		{'S', "[^\\t\\n\\f\\r ]", "\\S\\x0b"},
	};
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (peek(w, 1) == classes[i].letter) {
			strbuf_add_c(w->out, inside ? classes[i].inside : classes[i].outside);
			w->at += 2;
			return true;
		}
	}
	return false;
}

/* Under (?i) upper case is lower case too, which PCRE2 does not take for granted. */
static bool is_cased(const char *category) {
	return strcmp(category, "Lu") == 0 || strcmp(category, "Ll") == 0 ||
		   strcmp(category, "Lt") == 0;
}

/* \pN and \p{Greek}. A script that PCRE2 does not know is noticed when it compiles. */
static bool take_unicode_class(struct walk *w) {
	if (peek(w, 1) != 'p' && peek(w, 1) != 'P') {
		return false;
	}
	size_t start = w->at, end = w->at + 2;
	bool negated = peek(w, 1) == 'P', braces = peek(w, 2) == '{';
	uint32_t rune;
	if (braces) {
		end += str_find(str_slice(w->pattern, end, w->pattern.len), STR("}")) + 1;
	} else {
		end += utf8_decode(str_slice(w->pattern, end, w->pattern.len), &rune);
	}
	struct str name = str_slice(w->pattern, start + (braces ? 3 : 2), end - braces);
	if (str_starts_with(name, STR("^"))) {
		negated = !negated;
		name = str_slice(name, 1, name.len);
	}
	const char *category = regex_unicode_category(name);
	if (category != NULL && w->fold[w->depth] && is_cased(category)) {
		category = "L&";
	}
	if (end > w->pattern.len || (category == NULL && !regex_unicode_may_be_script(name))) {
		fail(w, "invalid character class range", start, end);
		return true;
	}
	strbuf_add_c(w->out, negated ? "\\P{" : "\\p{");
	if (category != NULL) {
		strbuf_printf(w->out, "%s}", category);
	} else {
		strbuf_printf(w->out, "%s%.*s}", w->script_prefix, STR_FMT(name));
	}
	w->at = end;
	return true;
}

/* \Q…\E: everything between is itself. */
static void take_quoted(struct walk *w) {
	w->at += 2;
	while (!at_end(w) && !(peek(w, 0) == '\\' && peek(w, 1) == 'E')) {
		uint32_t rune;
		w->at += utf8_decode(str_slice(w->pattern, w->at, w->pattern.len), &rune);
		emit_rune(w, rune);
		w->repeatable = true;
	}
	w->at += at_end(w) ? 0 : 2;
}

/* ^ $ \b and their like may be repeated in RE2, in PCRE2 only within a group. */
static void add_assertion(struct walk *w, size_t length) {
	struct str text = str_slice(w->pattern, w->at, w->at + length);
	strbuf_printf(w->out, "(?:%.*s)", STR_FMT(text));
	w->at += length;
}

static void take_escape(struct walk *w) {
	w->last_repeat = NO_REPEAT;
	char c = peek(w, 1);
	if (c == 'Q') {
		take_quoted(w);
		return;
	}
	w->repeatable = true;
	if (c != '\0' && strchr("AbBz", c) != NULL) {
		add_assertion(w, 2);
		return;
	}
	uint32_t rune;
	if (!take_perl_class(w, false) && !take_unicode_class(w) && take_escaped_rune(w, &rune)) {
		emit_rune(w, rune);
	}
}

/* [:alpha:] and [:^alpha:] inside a class. */
static bool take_posix_class(struct walk *w) {
	static const char *const names[] = {"alnum", "alpha", "ascii", "blank", "cntrl",
										"digit", "graph", "lower", "print", "punct",
										"space", "upper", "word",  "xdigit"};
	if (peek(w, 0) != '[' || peek(w, 1) != ':') {
		return false;
	}
	struct str rest = str_slice(w->pattern, w->at, w->pattern.len);
	size_t end = str_find(rest, STR(":]"));
	if (end == rest.len) {
		return false;
	}
	struct str name = str_slice(rest, 2, end);
	if (name.len > 0 && name.ptr[0] == '^') {
		name = str_slice(name, 1, name.len);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_equal(name, str_from(names[i]))) {
			strbuf_add(w->out, str_slice(rest, 0, end + 2));
			w->at += end + 2;
			return true;
		}
	}
	fail(w, "invalid character class range", w->at, w->at + end + 2);
	return true;
}

static bool take_class_rune(struct walk *w, uint32_t *ret_rune) {
	if (peek(w, 0) == '\\') {
		return take_escaped_rune(w, ret_rune);
	}
	w->at += utf8_decode(str_slice(w->pattern, w->at, w->pattern.len), ret_rune);
	return true;
}

/* One rune or a range of them. */
static void take_class_range(struct walk *w, size_t class_start) {
	size_t start = w->at;
	uint32_t low, high;
	if (!take_class_rune(w, &low)) {
		return;
	}
	high = low;
	if (peek(w, 0) == '-' && peek(w, 1) != ']' && w->at + 1 < w->pattern.len) {
		w->at++;
		if (!take_class_rune(w, &high)) {
			return;
		}
	}
	if (at_end(w)) {
		fail(w, "missing closing ]", class_start, w->pattern.len);
	} else if (high < low) {
		fail(w, "invalid character class range", start, w->at);
	} else {
		emit_rune(w, low);
		if (high > low) {
			strbuf_add_char(w->out, '-');
			emit_rune(w, high);
		}
	}
}

static void take_class(struct walk *w) {
	size_t start = w->at++;
	w->repeatable = true;
	w->last_repeat = NO_REPEAT;
	strbuf_add_char(w->out, '[');
	if (peek(w, 0) == '^') {
		strbuf_add_char(w->out, '^');
		w->at++;
	}
	for (bool first = true; first || peek(w, 0) != ']'; first = false) {
		if (w->error != NULL) {
			return;
		}
		if (at_end(w)) {
			fail(w, "missing closing ]", start, w->pattern.len);
			return;
		}
		bool named = take_posix_class(w) ||
					 (peek(w, 0) == '\\' && (take_perl_class(w, true) || take_unicode_class(w)));
		if (!named) {
			take_class_range(w, start);
		}
	}
	if (w->error == NULL) {
		w->at++;
		strbuf_add_char(w->out, ']');
	}
}

/* `length` bytes at `at` are a repetition operator; a '?' behind it makes it lazy. */
static void take_repeat(struct walk *w, size_t length) {
	size_t start = w->at;
	size_t end = start + length;
	if (end < w->pattern.len && w->pattern.ptr[end] == '?') {
		end++;
	}
	if (!w->repeatable) {
		fail(w, "missing argument to repetition operator", start, end);
		return;
	}
	if (w->last_repeat != NO_REPEAT) {
		fail(w, "invalid nested repetition operator", w->last_repeat, end);
		return;
	}
	strbuf_add(w->out, str_slice(w->pattern, start, end));
	w->last_repeat = start;
	w->at = end;
}

static bool take_count(struct walk *w, size_t *at, long *ret_count) {
	size_t start = *at;
	long count = 0;
	while (*at < w->pattern.len && w->pattern.ptr[*at] >= '0' && w->pattern.ptr[*at] <= '9') {
		count = count > REGEX_MAX_REPEAT ? count : count * 10 + (w->pattern.ptr[*at] - '0');
		(*at)++;
	}
	*ret_count = count;
	return *at > start;
}

/* {n}, {n,} or {n,m}; anything else is a brace like any other character. */
static void take_brace(struct walk *w) {
	size_t at = w->at + 1;
	long low, high;
	bool is_repeat = take_count(w, &at, &low);
	high = low;
	if (is_repeat && at < w->pattern.len && w->pattern.ptr[at] == ',') {
		at++;
		if (!take_count(w, &at, &high)) {
			high = low;
		}
	}
	is_repeat = is_repeat && at < w->pattern.len && w->pattern.ptr[at] == '}';
	if (!is_repeat) {
		flush_flags(w);
		emit_rune(w, '{');
		w->at++;
		w->item_copies = 1;
		w->repeatable = true;
		w->last_repeat = NO_REPEAT;
	} else if (low > REGEX_MAX_REPEAT || high > REGEX_MAX_REPEAT || high < low) {
		fail(w, "invalid repeat count", w->at, at + 1);
	} else {
		size_t start = w->at;
		take_repeat(w, at + 1 - w->at);
		end_item(w, w->item_copies * (high > 1 ? high : 1));
		if (w->item_copies > REGEX_MAX_REPEAT) {
			fail(w, "invalid repeat count", start, w->at);
		}
	}
}

/* (?P<name>…) and (?<name>…). `start` is on the parenthesis. */
static void take_named_group(struct walk *w, size_t start, size_t name_at) {
	struct str rest = str_slice(w->pattern, name_at, w->pattern.len);
	size_t length = str_find(rest, STR(">"));
	if (length == rest.len) {
		fail(w, "invalid named capture", start, w->pattern.len);
		return;
	}
	for (size_t i = 0; i < length; i++) {
		if (!is_alnum(rest.ptr[i]) && rest.ptr[i] != '_') {
			length = 0;
		}
	}
	if (length == 0) {
		size_t end = name_at + str_find(rest, STR(">"));
		fail(w, "invalid named capture", start, end + 1);
		return;
	}
	flush_flags(w);
	strbuf_add_char(w->out, '(');
	add_group(w, str_slice(rest, 0, length));
	w->at = name_at + length + 1;
	open_group(w);
}

static void forget_before(struct walk *w) {
	w->repeatable = false;
	w->last_repeat = NO_REPEAT;
}

static void finish_flags(struct walk *w, struct str text, bool fold) {
	if (str_ends_with(text, STR(":"))) {
		flush_flags(w);
		strbuf_add(w->out, text);
		open_group(w);
		forget_before(w);
	} else {
		strbuf_add(&w->flags, text);
	}
	w->fold[w->depth] = fold;
}

/* (?ims-U) and (?i:…). */
static void take_flags(struct walk *w, size_t start) {
	w->at = start + 2;
	bool minus = false, any = false, fold = w->fold[w->depth];
	for (;; w->at++) {
		char c = peek(w, 0);
		if (c == '-' && !minus) {
			minus = true;
			any = false;
		} else if (c != '\0' && strchr("imsU", c) != NULL) {
			any = true;
			fold = c == 'i' ? !minus : fold;
		} else if ((c == ':' || c == ')') && (any || !minus)) {
			w->at++;
			finish_flags(w, str_slice(w->pattern, start, w->at), fold);
			return;
		} else {
			fail(w, "invalid or unsupported Perl syntax", start, w->at + 1);
			return;
		}
	}
}

static void take_group(struct walk *w) {
	size_t start = w->at;
	if (w->depth >= REGEX_MAX_DEPTH) {
		fail(w, "expression nests too deeply", 0, w->pattern.len);
	} else if (peek(w, 1) != '?') {
		w->at++;
		strbuf_add_char(w->out, '(');
		add_group(w, STR_EMPTY);
		open_group(w);
	} else if (peek(w, 2) == 'P' && peek(w, 3) == '<') {
		take_named_group(w, start, start + 4);
	} else if (peek(w, 2) == '<') {
		take_named_group(w, start, start + 3);
	} else {
		take_flags(w, start);
		return;
	}
	forget_before(w);
}

static void take_close(struct walk *w) {
	if (w->depth == 0) {
		fail(w, "unexpected )", 0, w->pattern.len);
		return;
	}
	w->depth--;
	end_item(w, w->copies[w->depth + 1]);
	w->at++;
	strbuf_add_char(w->out, ')');
	w->repeatable = true;
	w->last_repeat = NO_REPEAT;
}

/* | ^ $ . and every other character. */
static void take_plain(struct walk *w) {
	char c = peek(w, 0);
	w->repeatable = c != '|';
	w->last_repeat = NO_REPEAT;
	if (c == '^' || c == '$') {
		add_assertion(w, 1);
		return;
	}
	if (c == '|' || c == '.') {
		strbuf_add_char(w->out, c);
		w->at++;
		return;
	}
	uint32_t rune;
	w->at += utf8_decode(str_slice(w->pattern, w->at, w->pattern.len), &rune);
	emit_rune(w, rune);
}

/* Whether a repetition begins here; `(?` is none. */
static bool at_repeat(const struct walk *w) {
	return peek(w, 0) != '\0' && strchr("*+?{", peek(w, 0)) != NULL;
}

static void take_item(struct walk *w) {
	if (!at_repeat(w)) {
		w->item_copies = 1;
	}
	switch (peek(w, 0)) {
	case '(': take_group(w); break;
	case ')': take_close(w); break;
	case '*':
	case '+':
	case '?': take_repeat(w, 1); break;
	case '{': take_brace(w); break;
	case '[': take_class(w); break;
	case '\\': take_escape(w); break;
	default: take_plain(w); break;
	}
}

bool regex_translate(struct str pattern, struct strbuf *out, struct regex_groups *groups,
					 const char *script_prefix, struct arena *errors, const char **ret_error) {
	struct walk w = {.pattern = pattern,
					 .out = out,
					 .groups = groups,
					 .script_prefix = script_prefix,
					 .errors = errors,
					 .last_repeat = NO_REPEAT,
					 .copies = {1},
					 .item_copies = 1};
	if (!utf8_valid(pattern)) {
		fail(&w, "invalid UTF-8", 0, pattern.len);
	}
	while (!at_end(&w)) {
		if (!at_repeat(&w) && !str_starts_with(str_slice(pattern, w.at, pattern.len), STR("(?"))) {
			flush_flags(&w);
		}
		take_item(&w);
	}
	flush_flags(&w);
	strbuf_finish(&w.flags);
	if (w.error == NULL && w.depth > 0) {
		fail(&w, "missing closing )", 0, pattern.len);
	}
	if (w.error != NULL) {
		*ret_error = w.error;
		return false;
	}
	return true;
}
