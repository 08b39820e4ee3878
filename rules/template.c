#include "rules/template_private.h"

static const struct template *finish_parse(struct tparser *p, struct template *t,
										   const char **ret_error, struct span *ret_span) {
	if (tparser_parse(p)) {
		return t;
	}
	template_destroy(t);
	*ret_error = p->error;
	*ret_span = p->error_span;
	return NULL;
}

const struct template *template_parse(struct str name, struct str source, struct arena *a,
									  const char **ret_error, struct span *ret_span) {
	static const char *const known[] = {"$", "$labels", "$externalLabels", "$externalURL",
										"$value"};
	enum { KNOWN = sizeof(known) / sizeof(known[0]) };
	struct template *t = ARENA_NEW(a, struct template);
	t->name = str_from(arena_printf(a, "__alert_%.*s", STR_FMT(name)));
	t->source = arena_dup(a, source);
	struct tparser p = {.arena = a, .t = t};
	template_lexer_init(&p.lexer, t->source, a);
	p.variables = ARENA_ARRAY(a, struct str, KNOWN);
	p.variable_capacity = KNOWN;
	for (; p.variable_count < KNOWN; p.variable_count++) {
		p.variables[p.variable_count] = str_from(known[p.variable_count]);
	}
	return finish_parse(&p, t, ret_error, ret_span);
}

void template_destroy(const struct template *t) {
	for (size_t i = 0; t != NULL && i < t->regex_count; i++) {
		regex_destroy(t->regexes[i]);
	}
}
