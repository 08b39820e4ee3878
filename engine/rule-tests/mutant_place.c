#include "engine/rule-tests/mutant_place.h"

void mutant_places_init(struct mutant_places *p, struct str text) {
	struct diags ignored;
	*p = (struct mutant_places){0};
	arena_init(&p->arena);
	diags_init(&ignored, &p->arena);
	yaml_parse(text, &p->arena, &ignored, &p->documents, &p->count);
}

void mutant_places_finish(struct mutant_places *p) {
	if (p != NULL) {
		arena_finish(&p->arena);
	}
}

/* Only where the text of the node holds that of the rule; what an alias stands for is elsewhere, and is found where it is
 * defined. */
static const struct yaml_node *find_mapping(const struct yaml_node *n, struct span span) {
	if (n == NULL || n->span.start > span.start || n->span.end < span.end) {
		return NULL;
	}
	if (n->kind == YAML_MAPPING && n->span.start == span.start && n->span.end == span.end &&
		yaml_find(n, "expr") != NULL) {
		return n;
	}
	const struct yaml_node *found = NULL;
	for (size_t i = 0; i < n->count && found == NULL; i++) {
		if (n->kind == YAML_MAPPING) {
			found = find_mapping(n->pairs[i].value, span);
		} else if (n->kind == YAML_SEQUENCE) {
			found = find_mapping(n->items[i], span);
		}
	}
	return found;
}

struct span mutant_places_find(const struct mutant_places *p, const struct rule *rule,
							   const struct mutant *m) {
	bool waits = m->op == MUTANT_FOR || m->op == MUTANT_KEEP_FIRING_FOR;
	const struct yaml_node *node = NULL;
	for (size_t i = 0; i < p->count && node == NULL; i++) {
		node = find_mapping(p->documents[i].root, rule->span);
	}
	const struct yaml_node *field =
		node == NULL ? NULL : yaml_find(node, waits ? mutant_operator_word[m->op] : "expr");
	if (field == NULL) {
		return rule->expr_span;
	}
	return waits ? field->span : yaml_span(field, m->shown);
}
