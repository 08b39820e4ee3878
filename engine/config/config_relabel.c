/* Lists of relabelling rules, as Prometheus reads them: null is a value of its own (the empty one), any scalar is a text. */
#include "base/regex.h"
#include "base/strbuf.h"
#include "engine/config/config_private.h"

/* A rule being read, and what stands at its keys: NULL where a key is missing. */
struct relabel_reading {
	const struct yaml_node *nodes[RELABEL_FIELDS];
};

static void keep_node(struct config_reader *r, const struct yaml_node *node, void *target) {
	(void)r;
	*(const struct yaml_node **)target = node;
}

static void add_quoted_error(struct config_reader *r, const struct yaml_node *node,
							 const char *format, struct str text) {
	struct strbuf quoted = STRBUF_INIT;
	strbuf_add_quoted(&quoted, text);
	diags_add(r->diags, DIAG_ERROR, node->span, format, quoted.ptr);
	strbuf_finish(&quoted);
}

/* Missing keys leave what is there. */
static void read_string(struct config_reader *r, const struct yaml_node *node, struct str *text) {
	if (node == NULL) {
		return;
	}
	if (node->kind == YAML_NULL) {
		*text = STR_EMPTY;
	} else if (config_expect_kind(r, node, YAML_SCALAR)) {
		*text = arena_dup(r->arena, node->text);
	}
}

static void read_source_labels(struct config_reader *r, const struct yaml_node *node,
							   struct relabel_rule *rule) {
	if (node == NULL || node->kind == YAML_NULL || !config_expect_kind(r, node, YAML_SEQUENCE)) {
		return;
	}
	struct str *names = ARENA_ARRAY(r->arena, struct str, node->count);
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *item = node->items[i];
		names[i] = STR_EMPTY;
		read_string(r, item, &names[i]);
		if (item->kind == YAML_SCALAR && !label_name_is_valid(names[i])) {
			add_quoted_error(r, item, "%s is not a valid label name", names[i]);
		}
	}
	rule->source_labels = names;
	rule->source_label_count = node->count;
	rule->source_labels_given = true;
}

static void read_regex(struct config_reader *r, const struct yaml_node *node,
					   struct relabel_rule *rule) {
	read_string(r, node, &rule->regex);
	rule->regex_given = node != NULL;
	const char *error;
	struct regex *regex = regex_create(rule->regex, REGEX_WRAPPED, r->arena, &error);
	if (regex == NULL) {
		config_add_error(r, node, error);
	}
	regex_destroy(regex);
}

static void read_modulus(struct config_reader *r, const struct yaml_node *node,
						 struct relabel_rule *rule) {
	if (node == NULL || node->kind == YAML_NULL || !config_expect_kind(r, node, YAML_SCALAR)) {
		return;
	}
	if (!yaml_get_uint(node, &rule->modulus)) {
		add_quoted_error(r, node, "%s is not a whole number", node->text);
	}
}

static void read_action(struct config_reader *r, const struct yaml_node *node,
						struct relabel_rule *rule) {
	if (node == NULL) {
		return;
	}
	if (node->kind == YAML_NULL) {
		config_add_error(r, node, "relabel action cannot be empty");
	} else if (config_expect_kind(r, node, YAML_SCALAR) &&
			   !relabel_find_action(node->text, &rule->action)) {
		add_quoted_error(r, node, "unknown relabel action %s", node->text);
	}
}

static void read_fields(struct config_reader *r, const struct yaml_node *node, const char *what,
						struct relabel_reading *reading) {
	struct setting rows[RELABEL_FIELDS];
	for (size_t i = 0; i < RELABEL_FIELDS; i++) {
		rows[i] = (struct setting){.name = relabel_field_name[i],
								   .kind = SETTING_NODE,
								   .offset = i * sizeof(reading->nodes[0]),
								   .read = keep_node};
	}
	config_read_fields(r, node, rows, RELABEL_FIELDS, reading->nodes, what);
}

/* A rule in which something is wrong by itself is not judged further: what does not go together may be that one mistake. */
static void read_rule(struct config_reader *r, const struct yaml_node *node, const char *what,
					  struct relabel_rule *rule) {
	struct relabel_reading reading = {0};
	const struct yaml_node *const *nodes = reading.nodes;
	size_t errors = r->diags->errors;
	*rule = relabel_default_rule;
	read_fields(r, node, what, &reading);
	read_source_labels(r, nodes[RELABEL_SOURCE_LABELS], rule);
	read_string(r, nodes[RELABEL_SEPARATOR], &rule->separator);
	read_string(r, nodes[RELABEL_TARGET_LABEL], &rule->target_label);
	read_regex(r, nodes[RELABEL_REGEX], rule);
	read_modulus(r, nodes[RELABEL_MODULUS], rule);
	read_string(r, nodes[RELABEL_REPLACEMENT], &rule->replacement);
	read_action(r, nodes[RELABEL_ACTION], rule);
	const char *error;
	enum relabel_field field;
	if (r->diags->errors == errors && !relabel_check(rule, r->arena, &error, &field)) {
		config_add_error(r, nodes[field] != NULL ? nodes[field] : node, error);
	}
}

static void read_rules(struct config_reader *r, const struct yaml_node *node, const char *what,
					   const char *null_rule, struct relabel_rules *ret_rules) {
	if (node->kind == YAML_NULL || !config_expect_kind(r, node, YAML_SEQUENCE)) {
		return;
	}
	struct relabel_rule *rules = ARENA_ARRAY(r->arena, struct relabel_rule, node->count);
	for (size_t i = 0; i < node->count; i++) {
		if (node->items[i]->kind == YAML_NULL) {
			config_add_error(r, node->items[i], null_rule);
		} else if (config_expect_kind(r, node->items[i], YAML_MAPPING)) {
			read_rule(r, node->items[i], what, &rules[i]);
		}
	}
	*ret_rules = (struct relabel_rules){.items = rules, .count = node->count};
}

void config_read_relabel(struct config_reader *r, const struct yaml_node *node, void *target) {
	read_rules(r, node, "alert_relabel_configs", "empty or null alert relabeling rule", target);
}

void config_read_peer_relabel(struct config_reader *r, const struct yaml_node *node, void *target) {
	read_rules(r, node, "alert_relabel_configs", "empty or null Alertmanager alert relabeling rule",
			   target);
}

bool config_parse_relabel(struct str text, struct arena *a, struct diags *diags,
						  struct relabel_rules *ret_rules) {
	struct config_reader r = {.arena = a, .diags = diags};
	struct relabel_rules rules = {0};
	struct yaml_document *documents;
	size_t count, errors = diags->errors;
	if (!yaml_parse(text, a, diags, &documents, &count)) {
		return false;
	}
	if (count > 0 && documents[0].root != NULL) {
		config_read_relabel(&r, documents[0].root, &rules);
	}
	if (diags->errors > errors) {
		return false;
	}
	*ret_rules = rules;
	return true;
}

/* ---- printing ---- */

static void print_field(struct strbuf *out, size_t indent, enum relabel_field field,
						struct str value) {
	config_print_pair(out, indent, str_from(relabel_field_name[field]), value);
}

static void print_source_labels(struct strbuf *out, size_t indent, const struct relabel_rule *r) {
	config_print_key(out, indent, str_from(relabel_field_name[RELABEL_SOURCE_LABELS]));
	strbuf_add_c(out, " [");
	for (size_t i = 0; i < r->source_label_count; i++) {
		strbuf_add_c(out, i > 0 ? ", " : "");
		if (r->source_labels[i].len > 0) {
			strbuf_add_quoted(out, r->source_labels[i]);
		} else {
			strbuf_add_c(out, "null"); /* only that reads back as an empty name */
		}
	}
	strbuf_add_c(out, "]\n");
}

static void print_rule(struct strbuf *out, size_t indent, const struct relabel_rule *r) {
	const struct relabel_rule *usual = &relabel_default_rule;
	if (r->source_labels_given) {
		print_source_labels(out, indent, r);
	}
	if (!str_equal(r->separator, usual->separator)) {
		print_field(out, indent, RELABEL_SEPARATOR, r->separator);
	}
	if (r->target_label.len > 0) {
		print_field(out, indent, RELABEL_TARGET_LABEL, r->target_label);
	}
	if (r->regex_given) {
		print_field(out, indent, RELABEL_REGEX, r->regex);
	}
	if (r->modulus > 0) {
		config_print_key(out, indent, str_from(relabel_field_name[RELABEL_MODULUS]));
		strbuf_printf(out, " %llu\n", (unsigned long long)r->modulus);
	}
	if (!str_equal(r->replacement, usual->replacement)) {
		print_field(out, indent, RELABEL_REPLACEMENT, r->replacement);
	}
	print_field(out, indent, RELABEL_ACTION, str_from(relabel_action_name[r->action]));
}

void config_print_relabel(struct strbuf *out, const struct config *c, const void *target,
						  size_t indent) {
	const struct relabel_rules *rules = target;
	(void)c;
	if (rules->count == 0) {
		return;
	}
	config_print_key(out, indent, STR("alert_relabel_configs"));
	strbuf_add_char(out, '\n');
	for (size_t i = 0; i < rules->count; i++) {
		struct strbuf mapping = STRBUF_INIT;
		print_rule(&mapping, indent + 4, &rules->items[i]);
		config_print_item(out, indent + 2, &mapping);
		strbuf_finish(&mapping);
	}
}
