/* A rule as it was written: defaults, what goes together, copies. */
#include "base/rune.h"
#include "base/strbuf.h"
#include "notifiers/relabel.h"

const char *const relabel_action_name[RELABEL_ACTIONS] = {
	[RELABEL_REPLACE] = "replace",     [RELABEL_KEEP] = "keep",
	[RELABEL_DROP] = "drop",           [RELABEL_KEEPEQUAL] = "keepequal",
	[RELABEL_DROPEQUAL] = "dropequal", [RELABEL_HASHMOD] = "hashmod",
	[RELABEL_LABELMAP] = "labelmap",   [RELABEL_LABELDROP] = "labeldrop",
	[RELABEL_LABELKEEP] = "labelkeep", [RELABEL_LOWERCASE] = "lowercase",
	[RELABEL_UPPERCASE] = "uppercase",
};

const char *const relabel_field_name[RELABEL_FIELDS] = {
	[RELABEL_SOURCE_LABELS] = "source_labels",
	[RELABEL_SEPARATOR] = "separator",
	[RELABEL_TARGET_LABEL] = "target_label",
	[RELABEL_REGEX] = "regex",
	[RELABEL_MODULUS] = "modulus",
	[RELABEL_REPLACEMENT] = "replacement",
	[RELABEL_ACTION] = "action",
};

const struct relabel_rule relabel_default_rule = {
	.action = RELABEL_REPLACE,
	.separator = {";", 1},
	.target_label = {"", 0},
	.regex = {"(.*)", 4},
	.replacement = {"$1", 2},
};

bool relabel_find_action(struct str name, enum relabel_action *ret_action) {
	struct strbuf lower = STRBUF_INIT;
	int found = 0;
	rune_add_lower(&lower, name);
	while (found < RELABEL_ACTIONS &&
		   !str_equal(strbuf_str(&lower), str_from(relabel_action_name[found]))) {
		found++;
	}
	strbuf_finish(&lower);
	if (found == RELABEL_ACTIONS) {
		return false;
	}
	*ret_action = (enum relabel_action)found;
	return true;
}

/* ---- what goes together ---- */

#define FINE RELABEL_FIELDS

static enum relabel_field no_modulus(const struct relabel_rule *r) {
	return r->modulus == 0 ? RELABEL_MODULUS : FINE;
}

static enum relabel_field no_target(const struct relabel_rule *r) {
	return r->target_label.len == 0 ? RELABEL_TARGET_LABEL : FINE;
}

static enum relabel_field bad_target(const struct relabel_rule *r) {
	return label_name_is_valid(r->target_label) ? FINE : RELABEL_TARGET_LABEL;
}

static enum relabel_field bad_replacement(const struct relabel_rule *r) {
	return label_name_is_valid(r->replacement) ? FINE : RELABEL_REPLACEMENT;
}

static enum relabel_field any_replacement(const struct relabel_rule *r) {
	return str_equal(r->replacement, relabel_default_rule.replacement) ? FINE : RELABEL_REPLACEMENT;
}

static enum relabel_field more_than_equality(const struct relabel_rule *r) {
	if (r->regex_given) {
		return RELABEL_REGEX;
	}
	if (r->modulus != 0) {
		return RELABEL_MODULUS;
	}
	if (!str_equal(r->separator, relabel_default_rule.separator)) {
		return RELABEL_SEPARATOR;
	}
	return any_replacement(r);
}

static enum relabel_field more_than_regex(const struct relabel_rule *r) {
	if (r->source_labels_given) {
		return RELABEL_SOURCE_LABELS;
	}
	if (r->target_label.len > 0) {
		return RELABEL_TARGET_LABEL;
	}
	if (r->modulus != 0) {
		return RELABEL_MODULUS;
	}
	if (!str_equal(r->separator, relabel_default_rule.separator)) {
		return RELABEL_SEPARATOR;
	}
	return any_replacement(r);
}

#define ONE(action) (1u << RELABEL_##action)
#define EQUALITY (ONE(KEEPEQUAL) | ONE(DROPEQUAL))
#define CASE (ONE(LOWERCASE) | ONE(UPPERCASE))

/* In Prometheus' order: the first one that fails is told. %1$s is the action, %2$s the field's text in quotes. */
static const struct {
	unsigned actions;
	enum relabel_field (*judge)(const struct relabel_rule *r); /* the field at fault, or FINE */
	const char *format;
} checks[] = {
	{ONE(HASHMOD), no_modulus, "relabel configuration for hashmod requires non-zero modulus"},
	{ONE(REPLACE) | ONE(HASHMOD) | CASE | EQUALITY, no_target,
	 "relabel configuration for %1$s action requires 'target_label' value"},
	{ONE(REPLACE) | CASE | EQUALITY, bad_target, "%2$s is invalid 'target_label' for %1$s action"},
	{CASE | EQUALITY, any_replacement, "'replacement' can not be set for %1$s action"},
	{ONE(LABELMAP), bad_replacement, "%2$s is invalid 'replacement' for %1$s action"},
	{ONE(HASHMOD), bad_target, "%2$s is invalid 'target_label' for %1$s action"},
	{EQUALITY, more_than_equality,
	 "%1$s action requires only 'source_labels' and `target_label`, and no other fields"},
	{ONE(LABELDROP) | ONE(LABELKEEP), more_than_regex,
	 "%1$s action requires only 'regex', and no other fields"},
};

bool relabel_check(const struct relabel_rule *rule, struct arena *a, const char **ret_error,
				   enum relabel_field *ret_field) {
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		enum relabel_field field =
			checks[i].actions & 1u << rule->action ? checks[i].judge(rule) : FINE;
		if (field == FINE) {
			continue;
		}
		struct strbuf text = STRBUF_INIT;
		strbuf_add_quoted(&text,
						  field == RELABEL_REPLACEMENT ? rule->replacement : rule->target_label);
		*ret_error = arena_printf(a, checks[i].format, relabel_action_name[rule->action], text.ptr);
		*ret_field = field;
		strbuf_finish(&text);
		return false;
	}
	return true;
}

/* ---- copies ---- */

struct relabel_rules relabel_rules_dup(struct arena *a, struct relabel_rules rules) {
	struct relabel_rule *copies = ARENA_ARRAY(a, struct relabel_rule, rules.count);
	for (size_t i = 0; i < rules.count; i++) {
		const struct relabel_rule *from = &rules.items[i];
		struct str *sources = ARENA_ARRAY(a, struct str, from->source_label_count);
		for (size_t j = 0; j < from->source_label_count; j++) {
			sources[j] = arena_dup(a, from->source_labels[j]);
		}
		copies[i] = *from;
		copies[i].source_labels = sources;
		copies[i].separator = arena_dup(a, from->separator);
		copies[i].target_label = arena_dup(a, from->target_label);
		copies[i].regex = arena_dup(a, from->regex);
		copies[i].replacement = arena_dup(a, from->replacement);
	}
	return (struct relabel_rules){.items = copies, .count = rules.count};
}

static bool sources_equal(const struct relabel_rule *a, const struct relabel_rule *b) {
	if (a->source_label_count != b->source_label_count) {
		return false;
	}
	for (size_t i = 0; i < a->source_label_count; i++) {
		if (!str_equal(a->source_labels[i], b->source_labels[i])) {
			return false;
		}
	}
	return true;
}

static bool rule_equal(const struct relabel_rule *a, const struct relabel_rule *b) {
	return a->action == b->action && a->modulus == b->modulus && sources_equal(a, b) &&
		   str_equal(a->separator, b->separator) && str_equal(a->target_label, b->target_label) &&
		   str_equal(a->regex, b->regex) && str_equal(a->replacement, b->replacement);
}

bool relabel_rules_equal(struct relabel_rules a, struct relabel_rules b) {
	if (a.count != b.count) {
		return false;
	}
	for (size_t i = 0; i < a.count; i++) {
		if (!rule_equal(&a.items[i], &b.items[i])) {
			return false;
		}
	}
	return true;
}
