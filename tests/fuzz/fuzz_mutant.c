/* Every mutant of every expression is one that a rule can have, and its place is in the text. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "engine/rule-tests/mutant.h"
#include "promql-lite/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try(const struct rule *rule, const struct mutant *m, struct arena *a) {
	struct rule changed;
	BUG_ON(m->span.start > m->span.end || m->span.end > rule->expr->text.len);
	BUG_ON(m->shown.start > m->shown.end || m->shown.end > rule->expr->text.len);
	BUG_ON(!mutant_apply(rule, m, a, &changed));
	mutant_rule_finish(&changed, rule);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena a;
	struct diags d;
	struct mutants mutants;
	arena_init(&a);
	diags_init(&d, &a);
	struct pql_expr *expr =
		pql_parse((struct str){(const char *)data, size}, &(struct pql_syntax){0}, &a, &d);
	if (expr != NULL) {
		struct strbuf query = STRBUF_IN(&a);
		pql_print(&query, expr->root);
		struct rule rule = {.expr = expr, .query = strbuf_str(&query), .hold = 90000};
		mutants_make(&rule, NULL, 0, &a, &mutants);
		for (size_t i = 0; i < mutants.count; i++) {
			struct rule changed;
			try(&rule, &mutants.items[i], &a);
			mutant_apply(&rule, &mutants.items[i], &a, &changed);
			BUG_ON(changed.expr != expr && str_equal(changed.query, rule.query));
			mutant_rule_finish(&changed, &rule);
		}
		for (size_t i = 0; i < mutants.equivalent_count; i++) {
			try(&rule, &mutants.equivalents[i], &a);
		}
	}
	pql_expr_finish(expr);
	arena_finish(&a);
	return 0;
}
