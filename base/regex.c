#include "base/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/mem.h"
#include "base/regex_syntax.h"

/* What a pattern comes to when it needs no engine. */
enum shape {
	SHAPE_ENGINE,
	SHAPE_LITERALS, /* a|b|c */
	SHAPE_PREFIX,   /* a.* */
	SHAPE_SUFFIX,   /* .*a */
	SHAPE_CONTAINS, /* .*a.* */
	SHAPE_NONEMPTY, /* .+ */
};

struct regex {
	enum regex_anchor anchor;
	enum shape shape;
	struct arena arena;   /* literals */
	struct str *literals; /* sorted as written; one of them for the shapes with a single text */
	size_t literal_count;
	char *translated; /* for PCRE2; owned */
	pcre2_code *code; /* NULL until a match needs it */
	pcre2_match_data *match;
};

/* Reads a literal up to a character that means something, undoing \. and the like. */
static struct str take_literal(struct arena *a, struct str *s) {
	char *text = arena_alloc(a, s->len + 1);
	size_t len = 0, at = 0;
	for (; at < s->len && strchr(".*+?()[]{}|^$", s->ptr[at]) == NULL; at++) {
		if (s->ptr[at] == '\\') {
			char next = at + 1 < s->len ? s->ptr[at + 1] : 'a';
			bool punctuation = (unsigned char)next < 0x80 &&
							   strchr("\\.*+?()[]{}|^$-/:_\"'@#&<>=!,;%~`", next) != NULL;
			if (!punctuation || next == '\0') {
				break;
			}
			at++;
		}
		text[len++] = s->ptr[at];
	}
	*s = str_slice(*s, at, s->len);
	return (struct str){.ptr = text, .len = len};
}

static void add_literal(struct regex *r, size_t *capacity, struct str literal) {
	r->literals =
		arena_grow(&r->arena, r->literals, r->literal_count, capacity, sizeof(*r->literals));
	r->literals[r->literal_count++] = literal;
}

/* (a|b) around the whole is the same as a|b. */
static struct str without_group(struct str s) {
	if (s.len < 2 || s.ptr[0] != '(' || s.ptr[s.len - 1] != ')') {
		return s;
	}
	struct str inner = str_slice(s, str_starts_with(s, STR("(?:")) ? 3 : 1, s.len - 1);
	bool nested = memchr(inner.ptr, '(', inner.len) != NULL ||
				  memchr(inner.ptr, ')', inner.len) != NULL ||
				  memchr(inner.ptr, '\\', inner.len) != NULL;
	return nested ? s : inner;
}

static bool find_literals(struct regex *r, struct str pattern) {
	struct str s = without_group(pattern);
	size_t capacity = 0;
	for (;;) {
		add_literal(r, &capacity, take_literal(&r->arena, &s));
		if (s.len == 0) {
			return true;
		}
		if (s.ptr[0] != '|') {
			return false;
		}
		s = str_slice(s, 1, s.len);
	}
}

/* .*a, a.*, .*a.* and .+ */
static bool find_affix(struct regex *r, struct str s) {
	bool open_left = str_starts_with(s, STR(".*"));
	if (open_left) {
		s = str_slice(s, 2, s.len);
	}
	size_t capacity = 0;
	add_literal(r, &capacity, take_literal(&r->arena, &s));
	bool open_right = str_equal(s, STR(".*"));
	if (!open_left && r->literals[0].len == 0 && str_equal(s, STR(".+"))) {
		r->shape = SHAPE_NONEMPTY;
		return true;
	}
	if (s.len > 0 && !open_right) {
		return false;
	}
	r->shape = open_left && open_right ? SHAPE_CONTAINS : open_left ? SHAPE_SUFFIX : SHAPE_PREFIX;
	return open_left || open_right;
}

static void find_shape(struct regex *r, struct str pattern) {
	if (find_literals(r, pattern)) {
		r->shape = SHAPE_LITERALS;
		return;
	}
	r->literal_count = 0;
	r->literals = NULL;
	if (!find_affix(r, pattern)) {
		r->shape = SHAPE_ENGINE;
		r->literal_count = 0;
	}
}

/* Patterns were checked by regex_translate; what PCRE2 still refuses is a name in \p{…} or a size. */
static bool compile(struct regex *r, struct arena *errors, const char **ret_error) {
	int code;
	PCRE2_SIZE offset;
	r->code = pcre2_compile((PCRE2_SPTR)r->translated, PCRE2_ZERO_TERMINATED,
							PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DOLLAR_ENDONLY |
								PCRE2_NEVER_BACKSLASH_C | PCRE2_DUPNAMES,
							&code, &offset, NULL);
	if (r->code == NULL) {
		char message[128] = "";
		pcre2_get_error_message(code, (PCRE2_UCHAR *)message, sizeof(message));
		*ret_error = arena_printf(errors, "error parsing regexp: %s: `%s`", message, r->translated);
		return false;
	}
	r->match = pcre2_match_data_create_from_pattern(r->code, NULL);
	return r->match != NULL;
}

static bool prepare(struct regex *r, struct str pattern, struct arena *errors,
					const char **ret_error) {
	struct strbuf out = STRBUF_INIT;
	strbuf_add_c(&out, r->anchor == REGEX_ANCHORED ? "^(?s:" : "");
	bool good = regex_translate(pattern, &out, errors, ret_error);
	strbuf_add_c(&out, r->anchor == REGEX_ANCHORED ? ")$" : "");
	r->translated = strbuf_take(&out);
	if (!good) {
		return false;
	}
	if (r->anchor == REGEX_ANCHORED) {
		find_shape(r, pattern);
	}
	return r->shape != SHAPE_ENGINE || compile(r, errors, ret_error);
}

struct regex *regex_create(struct str pattern, enum regex_anchor anchor, struct arena *errors,
						   const char **ret_error) {
	if (pattern.len > REGEX_MAX_BYTES) {
		*ret_error =
			arena_printf(errors, "regular expression of %zu bytes is longer than the limit of %d",
						 pattern.len, REGEX_MAX_BYTES);
		return NULL;
	}
	struct regex *r = mem_calloc(1, sizeof(*r));
	r->anchor = anchor;
	arena_init(&r->arena);
	if (!prepare(r, pattern, errors, ret_error)) {
		regex_destroy(r);
		return NULL;
	}
	return r;
}

void regex_destroy(struct regex *r) {
	if (r != NULL) {
		pcre2_match_data_free(r->match);
		pcre2_code_free(r->code);
		free(r->translated);
		arena_finish(&r->arena);
		free(r);
	}
}

/* One context for all: it only carries the limits. */
static pcre2_match_context *limits(void) {
	static pcre2_match_context *context;
	if (context == NULL) {
		context = pcre2_match_context_create(NULL);
		pcre2_set_match_limit(context, REGEX_MATCH_LIMIT);
		pcre2_set_depth_limit(context, REGEX_MATCH_LIMIT);
		pcre2_set_heap_limit(context, 16 * 1024); /* KiB */
	}
	return context;
}

/* A regex that has a shape is compiled when somebody wants its groups; its anchoring pattern was found good. */
static bool run(const struct regex *r, struct str text, size_t from) {
	if (r->code == NULL) {
		struct arena scratch;
		const char *error;
		arena_init(&scratch);
		bool compiled = compile((struct regex *)r, &scratch, &error);
		arena_finish(&scratch);
		if (!compiled) {
			return false;
		}
	}
	const char *subject = text.len > 0 ? text.ptr : "";
	return pcre2_match(r->code, (PCRE2_SPTR)subject, text.len, from, 0, r->match, limits()) > 0;
}

static bool any_literal(const struct regex *r, struct str text) {
	for (size_t i = 0; i < r->literal_count; i++) {
		if (str_equal(r->literals[i], text)) {
			return true;
		}
	}
	return false;
}

bool regex_matches(const struct regex *r, struct str text) {
	switch (r->shape) {
	case SHAPE_LITERALS: return any_literal(r, text);
	case SHAPE_PREFIX: return str_starts_with(text, r->literals[0]);
	case SHAPE_SUFFIX: return str_ends_with(text, r->literals[0]);
	case SHAPE_CONTAINS:
		return r->literals[0].len == 0 || str_find(text, r->literals[0]) < text.len;
	case SHAPE_NONEMPTY: return text.len > 0;
	case SHAPE_ENGINE: break;
	}
	return run(r, text, 0);
}

size_t regex_group_count(const struct regex *r) {
	uint32_t count = 0;
	if (r->code != NULL) {
		pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &count);
		return count;
	}
	/* Shapes are literal but for one group that may stand around the whole. */
	return r->translated[0] == '^' && r->translated[5] == '(' && r->translated[6] != '?';
}

bool regex_find(const struct regex *r, struct str text, size_t from, size_t *ret_spans) {
	if (!run(r, text, from)) {
		return false;
	}
	const PCRE2_SIZE *spans = pcre2_get_ovector_pointer(r->match);
	memcpy(ret_spans, spans, 2 * (regex_group_count(r) + 1) * sizeof(*ret_spans));
	return true;
}

static bool is_word(char c) {
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

/* The name behind a '$': digits, letters and '_', in braces or not. false: no name, the '$' is text. */
static bool take_name(struct str *s, struct str *ret_name) {
	bool brace = s->len > 0 && s->ptr[0] == '{';
	size_t start = brace, end = start;
	while (end < s->len && is_word(s->ptr[end])) {
		end++;
	}
	bool closed = !brace || (end < s->len && s->ptr[end] == '}');
	if (end == start || !closed) {
		return false;
	}
	*ret_name = str_slice(*s, start, end);
	*s = str_slice(*s, end + brace, s->len);
	return true;
}

/* Number of the group that the name means; groups + 1 or more when there is none. */
static size_t group_number(const struct regex *r, struct str name) {
	size_t number = 0;
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] < '0' || name.ptr[i] > '9' || number > 100000) {
			char *text = mem_dup_str(name);
			int found =
				r->code == NULL ? -1 : pcre2_substring_number_from_name(r->code, (PCRE2_SPTR)text);
			free(text);
			return found > 0 ? (size_t)found : (size_t)-1;
		}
		number = number * 10 + (size_t)(name.ptr[i] - '0');
	}
	return number;
}

void regex_expand(const struct regex *r, struct str replacement, struct str text,
				  const size_t *spans, struct strbuf *out) {
	struct str s = replacement;
	while (s.len > 0) {
		size_t dollar = str_find(s, STR("$"));
		strbuf_add(out, str_slice(s, 0, dollar));
		if (dollar == s.len) {
			return;
		}
		s = str_slice(s, dollar + 1, s.len);
		struct str name;
		if (str_starts_with(s, STR("$"))) {
			strbuf_add_char(out, '$');
			s = str_slice(s, 1, s.len);
		} else if (!take_name(&s, &name)) {
			strbuf_add_char(out, '$');
		} else {
			size_t group = group_number(r, name);
			if (group <= regex_group_count(r) && spans[2 * group] != PCRE2_UNSET) {
				strbuf_add(out, str_slice(text, spans[2 * group], spans[2 * group + 1]));
			}
		}
	}
}

static size_t rune_length(struct str text, size_t at) {
	size_t len = 1;
	while (at + len < text.len && ((unsigned char)text.ptr[at + len] & 0xc0) == 0x80) {
		len++;
	}
	return len;
}

/* As Go: an empty match right behind the match before it does not count. */
void regex_replace_all(const struct regex *r, struct str text, struct str replacement,
					   struct strbuf *out) {
	size_t *spans = mem_calloc(2 * (regex_group_count(r) + 1), sizeof(*spans));
	size_t copied = 0, from = 0;
	bool after_match = false;
	while (from <= text.len && regex_find(r, text, from, spans)) {
		strbuf_add(out, str_slice(text, copied, spans[0]));
		if (spans[1] > copied || !after_match || spans[0] == 0) {
			regex_expand(r, replacement, text, spans, out);
		}
		copied = spans[1];
		after_match = true;
		if (spans[1] > from) {
			from = spans[1];
		} else {
			from += from < text.len ? rune_length(text, from) : 1;
		}
	}
	strbuf_add(out, str_slice(text, copied, text.len));
	free(spans);
}

const struct str *regex_literals(const struct regex *r, size_t *ret_count) {
	*ret_count = r->shape == SHAPE_LITERALS ? r->literal_count : 0;
	return r->literals;
}
