#include "rules/template/template_memo.h"

#include "base/hash.h"
#include "rules/template/template_private.h"

/* In the place of a text that each rule parses for itself. */
static const struct template unshared;

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
	if (m->arena == NULL) {
		return NULL;
	}
	if (m->texts == NULL) {
		m->texts = ARENA_ARRAY(m->scratch, const struct template *, TEMPLATE_MEMO_TEXTS);
	}
	const struct template **place = &m->texts[hash_str(source) % TEMPLATE_MEMO_TEXTS];
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
