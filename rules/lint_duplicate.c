/* Rules of one file that put out the same series: promtool's duplicate-rules. Recorded, the one overwrites the other; alerts of
 * both are one alert to Alertmanager. */
#include "base/hash.h"
#include "rules/lint_private.h"

/* A rule that was seen: everything that makes its series, as one text. */
struct seen {
	struct str key;
	size_t line;
};

static void add_part(struct strbuf *key, struct str part) {
	strbuf_add(key, (struct str){(const char *)&part.len, sizeof(part.len)});
	strbuf_add(key, part);
}

static bool seen_equal(const void *value, const void *key) {
	return str_equal(((const struct seen *)value)->key, *(const struct str *)key);
}

void lint_duplicate_rules(struct lint_rule *r) {
	struct lint_run *run = r->run;
	struct strbuf text = STRBUF_IN(r->scratch);
	if (!lint_set_has(r->options->enabled, LINT_DUPLICATE_RULES)) {
		return;
	}
	add_part(&text, r->rule->name);
	for (size_t i = 0; i < r->rule->label_count; i++) {
		add_part(&text, r->rule->labels[i].name);
		add_part(&text, r->rule->labels[i].source);
	}
	struct str key = strbuf_str(&text);
	uint64_t hash = hash_str(key);
	const struct seen *first = hmap_find(&run->rules, hash, seen_equal, &key);
	if (first == NULL) {
		struct seen *seen = ARENA_NEW(&run->arena, struct seen);
		*seen = (struct seen){.key = arena_dup(&run->arena, key), .line = r->view->name->line};
		hmap_add(&run->rules, hash, seen);
	} else {
		struct diag *d = lint_report(
			r, LINT_DUPLICATE_RULES, r->view->name->span,
			"a rule with the same name and the same labels stands on line %zu", first->line);
		lint_help(d, r, "%s",
				  r->rule->kind == RULE_RECORDING
					  ? "the later one overwrites what the earlier one records"
					  : "their alerts are the same to Alertmanager: join them, or tell them apart "
						"by a label");
	}
}
