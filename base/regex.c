#include "base/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/bug.h"
#include "base/mem.h"
#include "base/regex_syntax.h"
#include "base/rune.h"
#include "base/utf8.h"

/* PCRE2's \p{Greek} takes in characters that are also used with Greek, since it can tell: RE2's does not. */
#if PCRE2_MAJOR > 10 || PCRE2_MINOR >= 40
#define SCRIPT_PREFIX "sc:"
#else
#define SCRIPT_PREFIX ""
#endif

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
	char first;           /* what matches begins with this character; NUL: nobody knows */
	struct arena arena;   /* literals, names of groups, the pattern */
	struct str *literals; /* sorted as written; one of them for the shapes with a single text */
	size_t literal_count;
	struct str source; /* the pattern as written */
	struct regex_groups groups;
	char *translated;   /* for PCRE2; owned */
	pcre2_code *code;   /* NULL until a match needs it */
	pcre2_code *steady; /* for the algorithm that does not go back; NULL until it was needed */
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

/* The name of a script, which only PCRE2 can judge, as it stood in the pattern: \p{Nope}. `end` is behind the brace. */
static struct str bad_script(const struct regex *r, size_t end) {
	struct str s = str_slice(str_from(r->translated), 0, end);
	size_t start = end;
	while (start > 0 && s.ptr[start - 1] != '{') {
		start--;
	}
	struct str name = str_slice(s, start, end > 0 ? end - 1 : 0);
	return str_slice(name, str_starts_with(name, STR(SCRIPT_PREFIX)) ? strlen(SCRIPT_PREFIX) : 0,
					 name.len);
}

/* As much of the pattern as a message has room for. */
#define SHOWN_BYTES 200

static const char *describe_error(const struct regex *r, int code, size_t offset,
								  struct arena *errors) {
	char message[128] = "";
	if (code == PCRE2_ERROR_UNKNOWN_UNICODE_PROPERTY) {
		return arena_printf(errors,
							"error parsing regexp: invalid character class range: `\\p{%.*s}`",
							STR_FMT(bad_script(r, offset)));
	}
	pcre2_get_error_message(code, (PCRE2_UCHAR *)message, sizeof(message));
	return arena_printf(errors, "error parsing regexp: %s: `%.*s%s`", message,
						STR_FMT(str_slice(r->source, 0, SHOWN_BYTES)),
						r->source.len > SHOWN_BYTES ? "…" : "");
}

/* Patterns were checked by regex_translate; what PCRE2 still refuses is the name of a script, or a size. */
static pcre2_code *compile(const struct regex *r, uint32_t more_options, struct arena *errors,
						   const char **ret_error) {
	int error;
	PCRE2_SIZE offset;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)r->translated, PCRE2_ZERO_TERMINATED,
									 PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C |
										 PCRE2_ALT_CIRCUMFLEX | more_options,
									 &error, &offset, NULL);
	if (code == NULL) {
		*ret_error = describe_error(r, error, offset, errors);
	}
	return code;
}

static bool is_word(char c) {
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static char find_first(struct str pattern) {
	bool sure = pattern.len > 1 && is_word(pattern.ptr[0]) &&
				strchr("*?{", pattern.ptr[1]) == NULL &&
				memchr(pattern.ptr, '|', pattern.len) == NULL;
	return sure ? pattern.ptr[0] : '\0';
}

#define SIMPLE_BYTES 100

/* Whether PCRE2 is certain to take what regex_translate took: letters, dots, groups and plain repetitions, too few to be too
 * large. These are compiled when they are needed, which for a check they never are. */
static bool is_simple(struct str pattern) {
	for (size_t i = 0; i < pattern.len; i++) {
		char c = pattern.ptr[i];
		bool flags = c == '?' && i > 0 && pattern.ptr[i - 1] == '(';
		if (flags || (!is_word(c) && (c == '\0' || strchr(".*+?|()-:/, ", c) == NULL))) {
			return false;
		}
	}
	return pattern.len <= SIMPLE_BYTES;
}

static bool compile_usual(struct regex *r, struct arena *errors, const char **ret_error) {
	r->code = compile(r, PCRE2_MATCH_INVALID_UTF, errors, ret_error);
	if (r->code == NULL) {
		return false;
	}
	return true;
}

static bool prepare(struct regex *r, struct arena *errors, const char **ret_error) {
	struct strbuf out = STRBUF_INIT, wrapped = STRBUF_INIT;
	struct str source = r->source;
	if (r->anchor == REGEX_WRAPPED) {
		strbuf_printf(&wrapped, "^(?s:%.*s)$", STR_FMT(r->source));
		source = strbuf_str(&wrapped);
	}
	strbuf_add_c(&out, r->anchor == REGEX_ANCHORED ? "^(?s:" : "");
	bool good = regex_translate(source, &out, &r->groups, SCRIPT_PREFIX, errors, ret_error);
	strbuf_add_c(&out, r->anchor == REGEX_ANCHORED ? ")$" : "");
	r->translated = strbuf_take(&out);
	strbuf_finish(&wrapped);
	if (!good) {
		return false;
	}
	if (r->anchor != REGEX_UNANCHORED) {
		find_shape(r, r->source);
		r->first = find_first(r->source);
	}
	return r->shape != SHAPE_ENGINE || is_simple(r->source) || compile_usual(r, errors, ret_error);
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
	r->source = arena_dup(&r->arena, pattern);
	if (!prepare(r, errors, ret_error)) {
		regex_destroy(r);
		return NULL;
	}
	return r;
}

void regex_destroy(struct regex *r) {
	if (r != NULL) {
		pcre2_code_free(r->code);
		pcre2_code_free(r->steady);
		free(r->translated);
		arena_finish(&r->arena);
		free(r);
	}
}

/* So much is tried where the other algorithm can take over. */
#define QUICK_LIMIT 20000u

/* One context for all: it only carries the limits. */
static pcre2_match_context *limited_to(uint32_t steps) {
	static pcre2_match_context *context;
	if (context == NULL) {
		context = pcre2_match_context_create(NULL);
		pcre2_set_heap_limit(context, 16 * 1024); /* KiB */
	}
	pcre2_set_match_limit(context, steps);
	pcre2_set_depth_limit(context, steps);
	return context;
}

/* One result for all, as large as the most groups need: it keeps the memory that a match has worked with, up to the heap limit. */
static pcre2_match_data *shared_match(const struct regex *r) {
	static pcre2_match_data *match;
	static size_t pairs;
	if (match == NULL || pairs < r->groups.count + 1) {
		pcre2_match_data_free(match);
		pairs = r->groups.count + 16;
		match = pcre2_match_data_create((uint32_t)pairs, NULL);
		BUG_ON(match == NULL);
	}
	return match;
}

/* A regex that has a shape is compiled when somebody wants its groups, a simple one when it is matched; both were found good. */
static bool compile_late(struct regex *r) {
	struct arena scratch;
	const char *error;
	arena_init(&scratch);
	bool compiled = compile_usual(r, &scratch, &error);
	arena_finish(&scratch);
	return compiled;
}

/* false: given up. */
static bool run(const struct regex *r, struct str text, size_t from, uint32_t limit,
				bool *ret_found) {
	if (r->code == NULL && !compile_late((struct regex *)r)) {
		return false;
	}
	const char *subject = text.len > 0 ? text.ptr : "";
	int found = pcre2_match(r->code, (PCRE2_SPTR)subject, text.len, from, 0, shared_match(r),
							limited_to(limit));
	if (found <= 0 && found != PCRE2_ERROR_NOMATCH) {
		return false;
	}
	*ret_found = found > 0;
	return true;
}

#define STEADY_ROOM 5000      /* numbers of workspace */
#define STEADY_STATE 6        /* of them for one state */
#define STEADY_WORK 10000000u /* looks at states: a hundredth of a second */

/* Room for as many states as can be possible at once. The work for each character grows with their square, so for a long text
 * they must be few. 0: too few to try. */
static size_t steady_room(size_t length) {
	size_t room = STEADY_ROOM, states = room / STEADY_STATE;
	while (states * states > STEADY_WORK / (length + 1)) {
		room /= 2;
		states = room / STEADY_STATE;
	}
	return states < 16 ? 0 : room;
}

static bool compile_steady(struct regex *r) {
	struct arena scratch;
	const char *error;
	if (r->steady == NULL) {
		arena_init(&scratch);
		r->steady = compile(r, 0, &scratch, &error);
		arena_finish(&scratch);
	}
	return r->steady != NULL;
}

/* Whether it can only match from the beginning on, as PCRE2 has found out. */
static bool is_anchored(const pcre2_code *code) {
	uint32_t options = 0;
	pcre2_pattern_info(code, PCRE2_INFO_ALLOPTIONS, &options);
	return (options & PCRE2_ANCHORED) != 0;
}

/* PCRE2's algorithm that goes through the text once, with all states that are possible: slower where the other one is well, and
 * steady. It says whether the pattern matches, and nothing of its groups. */
static bool run_steady(const struct regex *r, struct str text, bool *ret_matches) {
	int workspace[STEADY_ROOM];
	if (!utf8_valid(text) || !compile_steady((struct regex *)r)) {
		return false;
	}
	size_t room = steady_room(is_anchored(r->steady) ? text.len : text.len * (text.len + 1));
	if (room == 0) {
		return false;
	}
	int found = pcre2_dfa_match(r->steady, (PCRE2_SPTR)(text.len > 0 ? text.ptr : ""), text.len, 0,
								PCRE2_NO_UTF_CHECK | PCRE2_DFA_SHORTEST, shared_match(r),
								limited_to(REGEX_MATCH_LIMIT), workspace, room);
	if (found < 0 && found != PCRE2_ERROR_NOMATCH) {
		return false;
	}
	*ret_matches = found >= 0;
	return true;
}

/* A pattern that went beyond the quick limit once is likely to do so again. */
static bool run_engine(const struct regex *r, struct str text, bool *ret_matches) {
	return (r->steady == NULL && run(r, text, 0, QUICK_LIMIT, ret_matches)) ||
		   run_steady(r, text, ret_matches) || run(r, text, 0, REGEX_MATCH_LIMIT, ret_matches);
}

const char *regex_describe_failure(const struct regex *r, struct str text, struct arena *a) {
	return arena_printf(
		a,
		"matching the regular expression `%.*s%s` against a text of %zu bytes takes more "
		"steps than the limit of %u; write it with fewer repetitions within repetitions",
		STR_FMT(str_slice(r->source, 0, SHOWN_BYTES)), r->source.len > SHOWN_BYTES ? "…" : "",
		text.len, REGEX_MATCH_LIMIT);
}

static bool any_literal(const struct regex *r, struct str text) {
	for (size_t i = 0; i < r->literal_count; i++) {
		if (str_equal(r->literals[i], text)) {
			return true;
		}
	}
	return false;
}

bool regex_matches(const struct regex *r, struct str text, bool *ret_matches) {
	switch (r->shape) {
	case SHAPE_LITERALS: *ret_matches = any_literal(r, text); return true;
	case SHAPE_PREFIX: *ret_matches = str_starts_with(text, r->literals[0]); return true;
	case SHAPE_SUFFIX: *ret_matches = str_ends_with(text, r->literals[0]); return true;
	case SHAPE_CONTAINS:
		*ret_matches = r->literals[0].len == 0 || str_find(text, r->literals[0]) < text.len;
		return true;
	case SHAPE_NONEMPTY: *ret_matches = text.len > 0; return true;
	case SHAPE_ENGINE: break;
	}
	if (r->first != '\0' && (text.len == 0 || text.ptr[0] != r->first)) {
		*ret_matches = false;
		return true;
	}
	return run_engine(r, text, ret_matches);
}

size_t regex_group_count(const struct regex *r) {
	return r->groups.count;
}

#define CODE_BYTES(pattern) (200 + 8 * (pattern).len) /* of a simple one, about */

size_t regex_bytes(const struct regex *r) {
	size_t code = r->shape == SHAPE_ENGINE ? CODE_BYTES(r->source) : 0;
	if (r->code != NULL) {
		pcre2_pattern_info(r->code, PCRE2_INFO_SIZE, &code);
	}
	return sizeof(*r) + strlen(r->translated) + r->arena.bytes + code;
}

bool regex_find(const struct regex *r, struct str text, size_t from, size_t *ret_spans,
				bool *ret_found) {
	bool found;
	if (!run(r, text, from, REGEX_MATCH_LIMIT, &found)) {
		/* Without a match there are no groups to ask for. */
		if (from > 0 || !run_steady(r, text, &found) || found) {
			return false;
		}
	}
	if (found) {
		const PCRE2_SIZE *spans = pcre2_get_ovector_pointer(shared_match(r));
		memcpy(ret_spans, spans, 2 * (r->groups.count + 1) * sizeof(*ret_spans));
	}
	*ret_found = found;
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

bool regex_expand(const struct regex *r, struct str replacement, struct str text,
				  const size_t *spans, struct strbuf *out) {
	struct str s = replacement;
	size_t start = out->len;
	while (s.len > 0 && out->len - start <= REGEX_MAX_MADE) {
		size_t dollar = str_find(s, STR("$"));
		strbuf_add(out, str_slice(s, 0, dollar));
		if (dollar == s.len) {
			break;
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
	return out->len - start <= REGEX_MAX_MADE;
}

const char *regex_describe_length(const struct regex *r, struct arena *a) {
	return arena_printf(a, "replacing what `%.*s` matches makes a text of more than %u bytes",
						STR_FMT(str_slice(r->source, 0, r->source.len < 200 ? r->source.len : 200)),
						REGEX_MAX_MADE);
}

static size_t rune_length(struct str text, size_t at) {
	size_t len = 1;
	while (at + len < text.len && ((unsigned char)text.ptr[at + len] & 0xc0) == 0x80) {
		len++;
	}
	return len;
}

#define FEW_GROUPS 16 /* nearly every pattern has fewer: their places need no heap */

/* As Go: an empty match right behind the match before it does not count. */
bool regex_replace_all(const struct regex *r, struct str text, struct str replacement,
					   struct strbuf *out) {
	size_t few[2 * FEW_GROUPS], *many = NULL, groups = regex_group_count(r) + 1;
	size_t *spans = groups <= FEW_GROUPS ? few : (many = mem_calloc(2 * groups, sizeof(*spans)));
	size_t copied = 0, from = 0, start = out->len;
	bool after_match = false, found = true, good = true;
	while (from <= text.len && good && found) {
		good = regex_find(r, text, from, spans, &found);
		if (!good || !found) {
			break;
		}
		strbuf_add(out, str_slice(text, copied, spans[0]));
		if (spans[1] > copied || !after_match || spans[0] == 0) {
			good = regex_expand(r, replacement, text, spans, out) &&
				   out->len - start <= REGEX_MAX_MADE;
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
	free(many);
	return good;
}

const struct str *regex_literals(const struct regex *r, size_t *ret_count) {
	*ret_count = r->shape == SHAPE_LITERALS ? r->literal_count : 0;
	return r->literals;
}
