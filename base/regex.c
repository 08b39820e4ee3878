#include "base/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/mem.h"
#include "base/regex_syntax.h"
#include "base/rune.h"
#include "base/utf8.h"

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
	struct arena arena;   /* literals, names of groups */
	struct str *literals; /* sorted as written; one of them for the shapes with a single text */
	size_t literal_count;
	struct regex_groups groups;
	char *translated; /* for PCRE2; owned */
	pcre2_code *code; /* NULL until a match needs it */
	pcre2_match_data *match;
	bool gave_up; /* the latest match did */
	pcre2_code
		*breadth;   /* for matching breadth first; NULL until a match was too long the other way */
	int *workspace; /* of it */
};

#define WORKSPACE_INTS                                                                             \
	65536 /* three for each place in the pattern where a match can stand at once, twice */

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

static pcre2_code *compile_with(const struct regex *r, uint32_t options, int *ret_code,
								PCRE2_SIZE *ret_offset) {
	return pcre2_compile((PCRE2_SPTR)r->translated, PCRE2_ZERO_TERMINATED,
						 PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C | options,
						 ret_code, ret_offset, NULL);
}

/* `end` is behind a \p{…} that PCRE2 does not know. */
static const char *unknown_class(const struct regex *r, size_t end, struct arena *errors) {
	size_t start = end;
	while (start > 0 &&
		   (r->translated[start] != '\\' || (r->translated[start + 1] | 0x20) != 'p')) {
		start--;
	}
	return arena_printf(errors, "error parsing regexp: invalid character class range: `%.*s`",
						(int)(end - start), r->translated + start);
}

/* Patterns were checked by regex_translate; what PCRE2 still refuses is a name in \p{…} or a size. */
static bool compile(struct regex *r, struct arena *errors, const char **ret_error) {
	int code;
	PCRE2_SIZE offset;
	r->code = compile_with(r, PCRE2_MATCH_INVALID_UTF, &code, &offset);
	if (r->code == NULL && (code == PCRE2_ERROR_UNKNOWN_UNICODE_PROPERTY ||
							code == PCRE2_ERROR_MALFORMED_UNICODE_PROPERTY)) {
		*ret_error = unknown_class(r, offset, errors);
		return false;
	}
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
	struct strbuf out = STRBUF_INIT, wrapped = STRBUF_INIT;
	struct str source = pattern;
	if (r->anchor == REGEX_WRAPPED) {
		strbuf_printf(&wrapped, "^(?s:%.*s)$", STR_FMT(pattern));
		source = strbuf_str(&wrapped);
	}
	strbuf_add_c(&out, r->anchor == REGEX_ANCHORED ? "^(?s:" : "");
	bool good = regex_translate(source, &out, &r->groups, errors, ret_error);
	strbuf_add_c(&out, r->anchor == REGEX_ANCHORED ? ")$" : "");
	r->translated = strbuf_take(&out);
	strbuf_finish(&wrapped);
	if (!good) {
		return false;
	}
	if (r->anchor != REGEX_UNANCHORED) {
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
	r->groups.arena = &r->arena;
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
		pcre2_code_free(r->breadth);
		free(r->workspace);
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

/* All ways at once. false: no match, or it could not be found out. */
static bool run_breadth_first(struct regex *r, struct str text, size_t from) {
	int code;
	PCRE2_SIZE offset;
	if (r->breadth == NULL) {
		r->breadth = compile_with(r, 0, &code, &offset);
		r->workspace = mem_calloc(WORKSPACE_INTS, sizeof(*r->workspace));
	}
	if (r->breadth == NULL) {
		r->gave_up = true;
		return false;
	}
	code = pcre2_dfa_match(r->breadth, (PCRE2_SPTR)text.ptr, text.len, from, PCRE2_DFA_SHORTEST,
						   r->match, limits(), r->workspace, WORKSPACE_INTS);
	r->gave_up = code < 0 && code != PCRE2_ERROR_NOMATCH;
	return code >= 0;
}

static bool is_limit(int code) {
	return code == PCRE2_ERROR_MATCHLIMIT || code == PCRE2_ERROR_DEPTHLIMIT ||
		   code == PCRE2_ERROR_HEAPLIMIT;
}

/* A regex that has a shape is compiled when somebody wants its groups; its anchoring pattern was found good. One that was too long
 * once goes breadth first from then on, where no groups are wanted or there is no match anyway. */
static bool run(const struct regex *regex, struct str text, size_t from, bool groups) {
	struct regex *r = (struct regex *)regex;
	r->gave_up = false;
	if (r->code == NULL) {
		struct arena scratch;
		const char *error;
		arena_init(&scratch);
		bool compiled = compile(r, &scratch, &error);
		arena_finish(&scratch);
		if (!compiled) {
			return false;
		}
	}
	text.ptr = text.len > 0 ? text.ptr : "";
	if (r->breadth != NULL) {
		bool matches = run_breadth_first(r, text, from);
		if (!r->gave_up && (!matches || !groups)) {
			return matches;
		}
	}
	int code = pcre2_match(r->code, (PCRE2_SPTR)text.ptr, text.len, from, 0, r->match, limits());
	r->gave_up = false;
	if (is_limit(code)) {
		bool matches = run_breadth_first(r, text, from);
		r->gave_up = r->gave_up || (matches && groups);
		return matches && !groups;
	}
	return code > 0;
}

bool regex_gave_up(const struct regex *r) {
	return r->gave_up;
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
	((struct regex *)r)->gave_up = false;
	switch (r->shape) {
	case SHAPE_LITERALS: return any_literal(r, text);
	case SHAPE_PREFIX: return str_starts_with(text, r->literals[0]);
	case SHAPE_SUFFIX: return str_ends_with(text, r->literals[0]);
	case SHAPE_CONTAINS:
		return r->literals[0].len == 0 || str_find(text, r->literals[0]) < text.len;
	case SHAPE_NONEMPTY: return text.len > 0;
	case SHAPE_ENGINE: break;
	}
	return run(r, text, 0, false);
}

size_t regex_group_count(const struct regex *r) {
	return r->groups.count;
}

bool regex_find(const struct regex *r, struct str text, size_t from, size_t *ret_spans) {
	if (!run(r, text, from, true)) {
		return false;
	}
	const PCRE2_SIZE *spans = pcre2_get_ovector_pointer(r->match);
	memcpy(ret_spans, spans, 2 * (regex_group_count(r) + 1) * sizeof(*ret_spans));
	return true;
}

/* The name behind a '$': letters and digits of any script and '_', in braces or not. false: no name, the '$' is text. */
static bool take_name(struct str *s, struct str *ret_name) {
	bool brace = s->len > 0 && s->ptr[0] == '{';
	size_t start = brace, end = start;
	for (;;) {
		uint32_t rune;
		size_t length = utf8_decode(str_slice(*s, end, s->len), &rune);
		if (length == 0 || (!rune_is_letter(rune) && !rune_is_digit(rune) && rune != '_')) {
			break;
		}
		end += length;
	}
	bool closed = !brace || (end < s->len && s->ptr[end] == '}');
	if (end == start || !closed) {
		return false;
	}
	*ret_name = str_slice(*s, start, end);
	*s = str_slice(*s, end + brace, s->len);
	return true;
}

/* 007 is a name and no number. */
static bool is_number(struct str name, size_t *ret_number) {
	size_t number = 0;
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] < '0' || name.ptr[i] > '9' || number >= 100000000) {
			return false;
		}
		number = number * 10 + (size_t)(name.ptr[i] - '0');
	}
	*ret_number = number;
	return name.len == 1 || name.ptr[0] != '0';
}

/* The group that the name means, of several with the name the first that took part. false: none. */
static bool find_group(const struct regex *r, struct str name, const size_t *spans,
					   size_t *ret_group) {
	if (is_number(name, ret_group)) {
		return *ret_group <= r->groups.count && spans[2 * *ret_group] != PCRE2_UNSET;
	}
	for (size_t i = 0; i < r->groups.count; i++) {
		if (str_equal(r->groups.names[i], name) && spans[2 * (i + 1)] != PCRE2_UNSET) {
			*ret_group = i + 1;
			return true;
		}
	}
	return false;
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
		size_t group;
		if (str_starts_with(s, STR("$"))) {
			strbuf_add_char(out, '$');
			s = str_slice(s, 1, s.len);
		} else if (!take_name(&s, &name)) {
			strbuf_add_char(out, '$');
		} else if (find_group(r, name, spans, &group)) {
			strbuf_add(out, str_slice(text, spans[2 * group], spans[2 * group + 1]));
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
