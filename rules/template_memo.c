#include "rules/template_memo.h"

#include "base/hash.h"
#include "rules/template_private.h"

/* In the place of a text that each rule parses for itself. */
static const struct template unshared;

/* Eight bytes a step: byte by byte, hashing a text would take half as long as parsing it. */
static size_t place_of(struct str text) {
	uint64_t state = text.len, word = 0;
	for (; text.len >= sizeof(word); text = str_slice(text, sizeof(word), text.len)) {
		memcpy(&word, text.ptr, sizeof(word));
		state = (state ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		state ^= state >> 32;
	}
	word = 0;
	memcpy(&word, text.ptr, text.len);
	return hash_finish(state ^ word) % TEMPLATE_MEMO_TEXTS;
}

/* Not with errors, which name the alert; not with definitions, which may have the alert's name; not with regexes, which have one
 * owner. */
static const struct template *parse_for_all(struct template_memo *m, struct str source) {
	const char *error;
	struct span span;
	const struct template *t =
		template_parse(STR_EMPTY, arena_dup(m->arena, source), m->arena, &error, &span);
	if (t != NULL && t->definition_count == 0 && t->regex_count == 0) {
		return t;
	}
	template_destroy(t);
	return &unshared;
}

/* The first text that comes to a place keeps it. */
static const struct template *find_shared(struct template_memo *m, struct str source) {
	if (m->texts == NULL) {
		m->texts = ARENA_ARRAY(m->arena, const struct template *, TEMPLATE_MEMO_TEXTS);
	}
	const struct template **place = &m->texts[place_of(source)];
	if (*place == NULL) {
		*place = parse_for_all(m, source);
	}
	return *place != &unshared && str_equal((*place)->source, source) ? *place : NULL;
}

const struct template *template_memo_parse(struct template_memo *m, struct str name,
										   struct str source, struct arena *a,
										   const char **ret_error, struct span *ret_span) {
	const struct template *shared = find_shared(m, source);
	if (shared == NULL) {
		return template_parse(name, arena_dup(a, source), a, ret_error, ret_span);
	}
	struct template *t = ARENA_NEW(a, struct template);
	*t = *shared;
	t->name = template_name(name, a);
	return t;
}
