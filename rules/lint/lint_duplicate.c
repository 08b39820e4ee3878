/* Rules of one file that put out the same series: promtool's duplicate-rules. Recorded, the one overwrites the other; alerts of
 * both are one alert to Alertmanager. */
#include "base/hash.h"
#include "rules/lint/lint_private.h"

/* A rule that was seen: everything that makes its series, as one text. */
struct seen {
	struct str key;
	size_t line;
};

static size_t part_bytes(struct str part) {
	return sizeof(uint32_t) + part.len;
}

static char *add_part(char *at, struct str part) {
	uint32_t length = (uint32_t)part.len;
	memcpy(at, &length, sizeof(length));
	memcpy(at + sizeof(length), part.ptr, part.len);
	return at + sizeof(length) + part.len;
}

static struct str make_key(const struct rule *r, struct arena *a) {
	size_t bytes = part_bytes(r->name);
	for (size_t i = 0; i < r->label_count; i++) {
		bytes += part_bytes(r->labels[i].name) + part_bytes(r->labels[i].source);
	}
	char *key = arena_alloc(a, bytes), *at = add_part(key, r->name);
	for (size_t i = 0; i < r->label_count; i++) {
		at = add_part(add_part(at, r->labels[i].name), r->labels[i].source);
	}
	return (struct str){key, bytes};
}

static bool seen_equal(const void *value, const void *key) {
	return str_equal(((const struct seen *)value)->key, *(const struct str *)key);
}

void lint_duplicate_rules(struct lint_rule *r) {
	struct lint_run *run = r->run;
	if (!lint_set_has(r->options->enabled, LINT_DUPLICATE_RULES)) {
		return;
	}
	struct str key = make_key(r->rule, &run->arena);
	uint64_t hash = hash_str(key);
	const struct seen *first = hmap_find(&run->rules, hash, seen_equal, &key);
	if (first == NULL) {
		struct seen *seen = ARENA_NEW(&run->arena, struct seen);
		*seen = (struct seen){.key = key, .line = r->view->name->line};
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
