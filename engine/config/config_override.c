/* What the configuration says of some groups only: rule files stay Prometheus', so it does not stand there. */
#include <fnmatch.h>

#include "engine/config/config_private.h"

#define ROW(key, kind, field)                                                                      \
	{ key, kind, offsetof(struct config_override, field), NULL, NULL, NULL, NULL, NULL, NULL }

static const struct setting rows[] = {
	ROW("group", SETTING_TEXT, group),
	ROW("file", SETTING_TEXT, file),
	ROW("evaluation", SETTING_EVALUATION, evaluation),
};

static void read_override(struct config_reader *r, const struct yaml_node *node) {
	struct config *c = r->config;
	struct config_override o = {.group = STR("*"), .file = STR("*"), .evaluation = c->evaluation};
	if (!config_expect_kind(r, node, YAML_MAPPING)) {
		return;
	}
	config_read_fields(r, node, rows, sizeof(rows) / sizeof(rows[0]), &o, "overrides");
	if (yaml_find(node, "evaluation") == NULL) {
		config_add_error(r, node, "an override needs an \"evaluation\": auto, local or remote");
		return;
	}
	struct config_override *items =
		ARENA_ARRAY(r->arena, struct config_override, c->override_count + 1);
	for (size_t i = 0; i < c->override_count; i++) {
		items[i] = c->overrides[i];
	}
	items[c->override_count] = o;
	c->overrides = items;
	c->override_count++;
}

void config_read_overrides(struct config_reader *r, const struct yaml_node *node, void *target) {
	(void)target; /* a list and its count, which stand side by side */
	if (!config_expect_kind(r, node, YAML_SEQUENCE)) {
		return;
	}
	for (size_t i = 0; i < node->count; i++) {
		read_override(r, node->items[i]);
	}
}

void config_print_overrides(struct strbuf *out, const struct config *c, const void *target,
							size_t indent) {
	(void)target;
	config_print_key(out, indent, STR("overrides"));
	strbuf_add_c(out, c->override_count == 0 ? " []\n" : "\n");
	for (size_t i = 0; i < c->override_count; i++) {
		struct strbuf mapping = STRBUF_INIT;
		config_print_fields(&mapping, c, rows, sizeof(rows) / sizeof(rows[0]), &c->overrides[i],
							indent + 4);
		config_print_item(out, indent + 2, &mapping);
		strbuf_finish(&mapping);
	}
}

const struct config_override *config_dup_overrides(struct arena *a, const struct config *c) {
	struct config_override *items = ARENA_ARRAY(a, struct config_override, c->override_count);
	for (size_t i = 0; i < c->override_count; i++) {
		items[i] = c->overrides[i];
		items[i].group = arena_dup(a, items[i].group);
		items[i].file = arena_dup(a, items[i].file);
	}
	return items;
}

static bool matches(struct str pattern, struct str name, struct arena *a) {
	return fnmatch(arena_dup(a, pattern).ptr, arena_dup(a, name).ptr, 0) == 0;
}

enum evaluation_mode config_evaluation_mode(const struct config *c,
											const struct rule_group *group) {
	enum evaluation_mode mode = c->evaluation;
	struct arena a;
	arena_init(&a);
	for (size_t i = 0; i < c->override_count; i++) {
		const struct config_override *o = &c->overrides[i];
		if (matches(o->group, group->name, &a) && matches(o->file, group->file, &a)) {
			mode = o->evaluation;
			break;
		}
	}
	arena_finish(&a);
	return mode;
}
