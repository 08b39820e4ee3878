/* What recording rules put out, as far as it is known: selectors of the recorded names start from there. */
#include "base/hash.h"
#include "rules/lint_private.h"

static struct pql_facts dup_facts(struct arena *a, struct pql_facts f) {
	struct pql_label_fact *labels = ARENA_ARRAY(a, struct pql_label_fact, f.label_count);
	for (size_t i = 0; i < f.label_count; i++) {
		labels[i] = f.labels[i];
		labels[i].name = arena_dup(a, f.labels[i].name);
		labels[i].value = arena_dup(a, f.labels[i].value);
	}
	f.labels = labels;
	f.clash = (struct pql_clash){0};
	return f;
}

/* The labels of the rule are set last, and an empty one takes the label away. */
static struct pql_facts facts_of_rule(struct linter *l, const struct rule *rule) {
	const struct pql_facts *all = pql_facts_make(rule->expr, &l->source, &l->scratch);
	struct pql_facts f = all[rule->expr->root->index];
	for (size_t i = 0; i < rule->label_count; i++) {
		f = pql_facts_set_label(&f, rule->labels[i].name, rule->labels[i].source, true,
								&l->scratch);
	}
	return f;
}

static void visit_recording(const struct rule_view *view, void *data) {
	struct linter *l = data;
	const struct rule *rule = view->rule;
	arena_reset(&l->scratch);
	struct pql_facts f = facts_of_rule(l, rule);
	bool sums = lint_sums_counters(rule->expr->root);
	struct recording *known = (struct recording *)linter_find_recording(l, rule->name);
	if (known != NULL) {
		f = pql_facts_join(&known->facts, &f, &l->scratch);
		known->facts = dup_facts(&l->arena, f);
		known->sums_counters = known->sums_counters || sums;
		return;
	}
	known = ARENA_NEW(&l->arena, struct recording);
	*known = (struct recording){
		.name = arena_dup(&l->arena, rule->name),
		.facts = dup_facts(&l->arena, f),
		.sums_counters = sums,
	};
	hmap_add(&l->recordings, hash_str(known->name), known);
}

void linter_add_recordings(struct linter *l, const struct lint_file *file) {
	static const struct pql_syntax plain;
	const struct rule_walk walk = {.syntax = &plain,
								   .recording_only = true,
								   .ignore_unknown = true,
								   .visit = visit_recording,
								   .data = l};
	struct arena a;
	struct diags ignored;
	struct rule_counts counts;
	arena_init(&a);
	diags_init(&ignored, &a); /* errors are reported when the file is checked */
	rule_documents_walk(file->documents, file->count, file->yaml_diags, &walk, &ignored, &counts);
	arena_finish(&a);
}
