#include "rules/group_private.h"

struct kind_of_text {
	const char *word;
	const char *bad_name; /* the message */
};

static const struct kind_of_text kinds[] = {
	[RULE_TEXT_LABELS] = {"label", "invalid label name: %.*s"},
	[RULE_TEXT_ANNOTATIONS] = {"annotation", "invalid annotation name: %.*s"},
};

static bool name_is_valid(enum rule_text_what what, struct str name) {
	return label_name_is_valid(name) && (what != RULE_TEXT_LABELS || !str_equal(name, LABEL_NAME));
}

/* Alertmanager takes names of any characters from 0.27 on, Prometheus from 3.0. */
void rule_text_name_warn(struct loader *l, const char *what, const struct text_pair *pair) {
	if (!label_name_is_legacy(pair->name) && label_name_is_valid(pair->name)) {
		diags_add(l->diags, DIAG_WARNING, pair->name_node->span,
				  "Alertmanager before 0.27 refuses an alert with this %s name: %.*s", what,
				  STR_FMT(pair->name));
	}
}

static bool has_action(struct str source) {
	return str_find(source, STR("{{")) < source.len;
}

static struct rule_text plain_text(const struct rule_error *e, const struct text_pair *pair) {
	struct arena *a = e->loader->arena;
	return (struct rule_text){.name = arena_dup(a, pair->name),
							  .source = arena_dup(a, pair->value)};
}

static const struct template *parse_template(const struct rule_error *e, struct str source,
											 const char **ret_error, struct span *ret_span) {
	struct loader *l = e->loader;
	return template_memo_parse(&l->templates, e->rule_name, source, l->arena, ret_error, ret_span);
}

static struct rule_text template_text(const struct rule_error *e, const struct text_pair *pair,
									  const struct template *template) {
	return (struct rule_text){.name = arena_dup(e->loader->arena, pair->name),
							  .source = template_source(template),
							  .template = template};
}

static struct rule_text load_template(const struct rule_error *e, const char *word,
									  const struct text_pair *pair) {
	const char *error;
	struct span span;
	const struct template *template = parse_template(e, pair->value, &error, &span);
	if (template == NULL) {
		struct strbuf name = STRBUF_INIT;
		strbuf_add_quoted(&name, pair->name);
		rule_error_add(e, yaml_span(pair->value_node, span), "%s %s: %s", word, name.ptr, error);
		strbuf_finish(&name);
		return (struct rule_text){.name = pair->name};
	}
	return template_text(e, pair, template);
}

/* Prometheus checks a group's templates only when they are expanded, so a bad one loads, and the label says so. */
static struct rule_text load_group_template(const struct rule_error *e,
											const struct text_pair *pair) {
	const char *error;
	struct span span;
	const struct template *template = parse_template(e, pair->value, &error, &span);
	if (template == NULL) {
		struct arena *a = e->loader->arena;
		diags_add(e->loader->diags, DIAG_WARNING, yaml_span(pair->value_node, span), "%s", error);
		return (struct rule_text){
			.name = arena_dup(a, pair->name),
			.source = str_from(arena_printf(
				a, "<error expanding template: error parsing template __alert_%.*s: %s>",
				STR_FMT(e->rule_name), error)),
		};
	}
	return template_text(e, pair, template);
}

static int compare_texts(const void *a, const void *b) {
	return str_compare(((const struct rule_text *)a)->name, ((const struct rule_text *)b)->name);
}

/* `texts` holds the rule's own labels, sorted; they win. */
static size_t add_group_labels(const struct rule_error *e, bool templates, struct rule_text *texts,
							   size_t own) {
	size_t count = own;
	for (size_t i = 0; i < e->group->label_count; i++) {
		const struct text_pair *pair = &e->group->labels[i];
		struct rule_text wanted = {.name = pair->name};
		if (own > 0 && bsearch(&wanted, texts, own, sizeof(texts[0]), compare_texts) != NULL) {
			continue;
		}
		texts[count++] = templates && has_action(pair->value) ? load_group_template(e, pair)
															  : plain_text(e, pair);
	}
	return count;
}

const struct rule_text *rule_texts_load(const struct rule_error *e, enum rule_text_what what,
										const struct field_value *field, bool templates,
										size_t *ret_count) {
	size_t from_group = what == RULE_TEXT_LABELS ? e->group->label_count : 0, count = 0;
	struct rule_text *texts =
		ARENA_ARRAY(e->loader->arena, struct rule_text, field->text_count + from_group);
	for (size_t i = 0; i < field->text_count; i++) {
		const struct text_pair *pair = &field->texts[i];
		if (!name_is_valid(what, pair->name)) {
			rule_error_add(e, pair->name_node->span, kinds[what].bad_name, STR_FMT(pair->name));
		}
		if (templates) {
			rule_text_name_warn(e->loader, kinds[what].word, pair);
		}
		texts[count++] = templates && has_action(pair->value)
							 ? load_template(e, kinds[what].word, pair)
							 : plain_text(e, pair);
	}
	qsort(texts, count, sizeof(texts[0]), compare_texts);
	if (from_group > 0) {
		count = add_group_labels(e, templates, texts, count);
		qsort(texts, count, sizeof(texts[0]), compare_texts);
	}
	*ret_count = count;
	return texts;
}

void rule_texts_finish(const struct rule_text *texts, size_t count) {
	for (size_t i = 0; i < count; i++) {
		template_destroy(texts[i].template);
	}
}
