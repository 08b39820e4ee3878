/* What recording rules put out, as far as it is known: selectors of the recorded names start from there. */
#include <ctype.h>
#include <string.h>

#include "base/hash.h"
#include "rules/lint/lint_private.h"

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

/* Recorded by a rule that we do not have: the last part of its name tells a range, as in job:errors:rate5m. */
static bool tells_range(struct str name) {
	size_t colon = name.len, i = name.len;
	while (colon > 0 && name.ptr[colon - 1] != ':') {
		colon--;
	}
	if (colon == 0 || name.ptr[i - 1] < 'a' || strchr("smhdwy", name.ptr[i - 1]) == NULL) {
		return false;
	}
	for (i--; i > colon && isdigit((unsigned char)name.ptr[i - 1]);) {
		i--;
	}
	return isdigit((unsigned char)name.ptr[i]);
}

struct search {
	const struct linter *linter;
	bool found;
};

/* ALERTS has waited already. */
static bool visit_selector(struct pql_node *n, void *data) {
	struct search *s = data;
	if (n->kind == PQL_SELECTOR) {
		struct str name = lint_metric_name(n);
		const struct recording *known = linter_find_recording(s->linter, name);
		s->found =
			s->found || (known != NULL ? known->reads_single_samples
									   : !str_equal(name, STR("ALERTS")) && !tells_range(name));
	}
	return n->kind != PQL_RANGE && n->kind != PQL_SUBQUERY;
}

bool linter_reads_single_samples(const struct linter *l, const struct pql_node *root) {
	struct search s = {.linter = l};
	pql_walk((struct pql_node *)root, visit_selector, &s);
	return s.found;
}

static void visit_recording(const struct rule_view *view, void *data) {
	struct linter *l = data;
	const struct rule *rule = view->rule;
	arena_reset(&l->scratch);
	struct pql_facts f = facts_of_rule(l, rule);
	bool sums = lint_sums_counters(rule->expr->root);
	bool single = linter_reads_single_samples(l, rule->expr->root);
	struct recording *known = (struct recording *)linter_find_recording(l, rule->name);
	if (known != NULL) {
		f = pql_facts_join(&known->facts, &f, &l->scratch);
		known->facts = dup_facts(&l->arena, f);
		known->sums_counters = known->sums_counters || sums;
		known->reads_single_samples = known->reads_single_samples || single;
		return;
	}
	known = ARENA_NEW(&l->arena, struct recording);
	*known = (struct recording){
		.name = arena_dup(&l->arena, rule->name),
		.facts = dup_facts(&l->arena, f),
		.sums_counters = sums,
		.reads_single_samples = single,
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
