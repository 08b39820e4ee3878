#include "rules/template/template_private.h"

#include "base/mem.h"

static const struct template *finish_parse(struct tparser *p, struct template *t,
										   const char **ret_error, struct span *ret_span) {
	bool good = tparser_parse(p);
	free(p->variables);
	if (good) {
		return t;
	}
	template_destroy(t);
	*ret_error = p->error;
	*ret_span = p->error_span;
	return NULL;
}

/* Of every label and annotation: printf would take as long as the rest of a short text. */
struct str template_name(struct str name, struct arena *a) {
	static const struct str prefix = {"__alert_", 8};
	char *text = arena_alloc(a, prefix.len + name.len + 1);
	memcpy(text, prefix.ptr, prefix.len);
	memcpy(text + prefix.len, name.ptr, name.len);
	text[prefix.len + name.len] = '\0';
	return (struct str){text, prefix.len + name.len};
}

const struct template *template_parse(struct str name, struct str source, struct arena *a,
									  const char **ret_error, struct span *ret_span) {
	struct template *t = ARENA_NEW(a, struct template);
	t->name = template_name(name, a);
	t->source = source;
	if (source.len > TEMPLATE_MAX_SOURCE_BYTES) {
		*ret_error = arena_printf(a, "template: %.*s:1: text of more than %u bytes",
								  STR_FMT(t->name), TEMPLATE_MAX_SOURCE_BYTES);
		*ret_span = (struct span){0};
		return NULL;
	}
	struct tparser p = {.arena = a, .t = t, .known = TEMPLATE_VARIABLES};
	template_lexer_init(&p.lexer, t->source, a);
	return finish_parse(&p, t, ret_error, ret_span);
}

struct str template_source(const struct template *t) {
	return t->source;
}

bool template_queries(const struct template *t) {
	return t->queries;
}

size_t template_regex_bytes(const struct template *t) {
	size_t bytes = 0;
	for (size_t i = 0; i < t->regex_count; i++) {
		bytes += regex_bytes(t->regexes[i]);
	}
	return bytes;
}

void template_destroy(const struct template *t) {
	for (size_t i = 0; t != NULL && i < t->regex_count; i++) {
		regex_destroy(t->regexes[i]);
	}
}
