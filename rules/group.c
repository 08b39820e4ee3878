#include "rules/group_private.h"

enum group_field {
	GROUP_NAME,
	GROUP_INTERVAL,
	GROUP_QUERY_OFFSET,
	GROUP_LIMIT,
	GROUP_RULES,
	GROUP_LABELS,
	GROUP_PARTIAL_RESPONSE_STRATEGY, /* of Thanos; in manifests only */
	GROUP_FIELDS,
};

static const struct field group_fields[GROUP_FIELDS] = {
	[GROUP_NAME] = {"name", FIELD_TEXT, NULL},
	[GROUP_INTERVAL] = {"interval", FIELD_DURATION, NULL},
	[GROUP_QUERY_OFFSET] = {"query_offset", FIELD_DURATION, NULL},
	[GROUP_LIMIT] = {"limit", FIELD_INT, NULL},
	[GROUP_RULES] = {"rules", FIELD_LIST, "[]rulefmt.Rule"},
	[GROUP_LABELS] = {"labels", FIELD_TEXTS, NULL},
	[GROUP_PARTIAL_RESPONSE_STRATEGY] = {"partial_response_strategy", FIELD_TEXT, NULL},
};

static void check_group(struct loader *l, const struct yaml_node *node,
						const struct field_value *v) {
	if (v[GROUP_NAME].text.len == 0 && !v[GROUP_NAME].bad) {
		diags_add(l->diags, DIAG_ERROR,
				  v[GROUP_NAME].node != NULL ? v[GROUP_NAME].span : node->span,
				  "Groupname must not be empty");
	}
	for (size_t i = 0; i < v[GROUP_LABELS].text_count; i++) {
		const struct text_pair *label = &v[GROUP_LABELS].texts[i];
		if (!label_name_is_valid(label->name) || str_equal(label->name, LABEL_NAME)) {
			diags_add(l->diags, DIAG_ERROR, label->name_node->span, "invalid label name: %.*s",
					  STR_FMT(label->name));
		}
	}
}

/* A group's labels go to Alertmanager with its alerts only. */
static void warn_of_labels(struct loader *l, const struct field_value *labels,
						   const struct yaml_node *rules) {
	bool alerting = false;
	for (size_t i = 0; labels->text_count > 0 && rules != NULL && i < rules->count; i++) {
		alerting = alerting || (rules->items[i]->kind == YAML_MAPPING &&
								yaml_find(rules->items[i], "alert") != NULL);
	}
	for (size_t i = 0; alerting && i < labels->text_count; i++) {
		rule_text_name_warn(l, "label", &labels->texts[i]);
	}
}

static bool is_full(struct loader *l, struct span span) {
	size_t bytes = l->arena->bytes - l->bytes_before + l->scratch->bytes + l->regex_bytes;
	if (bytes > RULE_FILE_MAX_MEMORY && !l->full) {
		l->full = true;
		diags_add(l->diags, DIAG_ERROR, span, "rules take more than %u MiB of memory (limit)",
				  RULE_FILE_MAX_MEMORY >> 20);
	}
	return l->full;
}

static bool passes_over(const struct loader *l, const struct yaml_node *node) {
	return l->walk != NULL && l->walk->recording_only &&
		   (node->kind != YAML_MAPPING || yaml_find(node, "record") == NULL);
}

static void visit_rule(struct loader *l, const struct group_context *context, size_t number,
					   const struct yaml_node *node, struct rule_view *view) {
	struct arena *kept = l->arena, *scratch = l->scratch, *shared = l->templates.arena;
	struct rule rule;
	view->number = number;
	l->arena = l->scratch = l->passing; /* what the rule needs on its way goes with it */
	l->templates.arena = l->walk != NULL ? shared : NULL;
	if (rule_load(l, context, number, node, &rule, view)) {
		view->rule = &rule;
		l->rule_count++;
		if (l->walk != NULL) {
			l->walk->visit(view, l->walk->data);
		}
		rule_finish(&rule);
	}
	arena_reset(l->passing);
	l->arena = kept;
	l->scratch = scratch;
	l->templates.arena = shared;
}

static void walk_rules(struct loader *l, const struct group_context *context,
					   const struct yaml_node *list, struct rule_view *view) {
	size_t number = 0;
	for (size_t i = 0; i < list->count && !is_full(l, list->items[i]->span); i++) {
		const struct yaml_node *node = list->items[i];
		number += node->kind != YAML_NULL; /* yaml.v3 drops null items */
		if (node->kind != YAML_NULL && !passes_over(l, node)) {
			visit_rule(l, context, number, node, view);
		}
	}
}

static void keep_rules(struct loader *l, const struct group_context *context,
					   const struct yaml_node *list, struct rule_group *g) {
	struct rule *rules = ARENA_ARRAY(l->arena, struct rule, list->count);
	size_t number = 0;
	for (size_t i = 0; i < list->count && !is_full(l, list->items[i]->span); i++) {
		if (list->items[i]->kind != YAML_NULL) {
			number++;
			g->rule_count +=
				rule_load(l, context, number, list->items[i], &rules[g->rule_count], NULL);
		}
	}
	g->rules = rules;
}

static void load_rules(struct loader *l, const struct yaml_node *node, const struct field_value *v,
					   bool kept, struct rule_group *g) {
	struct group_context context = {
		.name = v[GROUP_NAME].text,
		.labels = v[GROUP_LABELS].texts,
		.label_count = v[GROUP_LABELS].text_count,
	};
	struct rule_view view = {.group = g, .group_node = node, .group_labels = v[GROUP_LABELS].node};
	if (v[GROUP_RULES].node != NULL && kept) {
		keep_rules(l, &context, v[GROUP_RULES].node, g);
	} else if (v[GROUP_RULES].node != NULL) {
		walk_rules(l, &context, v[GROUP_RULES].node, &view);
	}
}

static bool is_kept(const struct loader *l, const struct rule_group *g) {
	const struct rule_file_options *o = l->options;
	return l->walk == NULL && (o->takes == NULL || o->takes(g->file, g->name, o->data));
}

bool group_load(struct loader *l, const struct yaml_node *node, struct rule_group *ret_group,
				bool *ret_kept) {
	struct field_value v[GROUP_FIELDS];
	size_t count = l->manifest ? GROUP_FIELDS : GROUP_PARTIAL_RESPONSE_STRATEGY;
	if (!fields_load(l, node, "rulefmt.RuleGroup", group_fields, count, v)) {
		return false;
	}
	v[GROUP_NAME].text = rule_name_check(l, v[GROUP_NAME].text, v[GROUP_NAME].span);
	struct rule_group group = {
		.name = arena_dup(l->lasting, v[GROUP_NAME].text),
		.file = l->part,
		.path = l->path,
		.interval = v[GROUP_INTERVAL].number,
		.query_offset = v[GROUP_QUERY_OFFSET].node != NULL ? v[GROUP_QUERY_OFFSET].number : TS_NONE,
		.limit = v[GROUP_LIMIT].number,
		.span = node->span,
	};
	check_group(l, node, v);
	*ret_kept = is_kept(l, &group);
	load_rules(l, node, v, *ret_kept, &group);
	warn_of_labels(l, &v[GROUP_LABELS], v[GROUP_RULES].node);
	*ret_group = group;
	return true;
}

void group_finish(const struct rule_group *g) {
	for (size_t i = 0; i < g->rule_count; i++) {
		rule_finish(&g->rules[i]);
	}
}
