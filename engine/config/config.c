#include "engine/config/config.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "engine/config/config_access_private.h"

void config_add_error(struct config_reader *r, const struct yaml_node *at, const char *message) {
	diags_add(r->diags, DIAG_ERROR, at->span, "%s", message);
}

void config_add_unknown_key(struct config_reader *r, const struct yaml_node *key,
							const char *what) {
	struct str name = key->text;
	size_t end = 0;
	while (end < name.len && name.ptr[end] != ':' && name.ptr[end] != '=') {
		end++;
	}
	bool is_cut = end < name.len;
	const char *in = what != NULL ? " in " : "", *hint = "";
	if (is_cut) {
		hint = "; a colon with a blank behind it stands between key and value";
	} else if (str_ends_with(name, STR("_sd_configs"))) {
		hint = "; servers are not discovered, list them in static_configs";
	}
	const char *message =
		arena_printf(r->arena, "unknown key \"%.*s\"%s%s%s", STR_FMT(str_slice(name, 0, end)), in,
					 what != NULL ? what : "", hint);
	if (is_cut) {
		diags_add_secret(r->diags, key->span, message);
	} else {
		config_add_error(r, key, message);
	}
}

bool config_expect_kind(struct config_reader *r, const struct yaml_node *node,
						enum yaml_kind kind) {
	if (node->kind == kind) {
		return true;
	}
	diags_add(r->diags, DIAG_ERROR, node->span, "expected a %s, got a %s", yaml_kind_name(kind),
			  yaml_kind_name(node->kind));
	return false;
}

static void read_setting(struct config_reader *r, const struct setting *s,
						 const struct yaml_node *node, void *target);

static void read_value(struct config_reader *r, const struct setting *s,
					   const struct yaml_node *node, void *target) {
	const char *error;
	if (node->kind == YAML_NULL) {
		diags_add(r->diags, DIAG_ERROR, node->span, "\"%s\" has no value", s->name);
		return;
	}
	if (!config_expect_kind(r, node, YAML_SCALAR)) {
		return;
	}
	if (!config_parse_value(s, node->text, r->arena, target, &error)) {
		if (config_setting_is_url(s) || config_setting_is_secret(s)) {
			diags_add_secret(r->diags, node->span, error);
		} else {
			config_add_error(r, node, error);
		}
	}
}

static bool label_is_valid(struct str name, struct str value, const char **ret_error) {
	if (!label_name_is_valid(name) || str_equal(name, LABEL_NAME)) {
		*ret_error = "invalid label name";
		return false;
	}
	if (!utf8_valid(value)) {
		*ret_error = "invalid label value";
		return false;
	}
	return true;
}

static void set_label(struct config *c, struct str name, struct str value, struct arena *a) {
	struct labels_builder b;
	labels_builder_init_from(&b, a, c->external_labels);
	labels_builder_set(&b, arena_dup(a, name), arena_dup(a, value));
	c->external_labels = labels_builder_take(&b);
}

static void read_labels(struct config_reader *r, const struct yaml_node *node) {
	if (!config_expect_kind(r, node, YAML_MAPPING)) {
		return;
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *key = node->pairs[i].key, *value = node->pairs[i].value;
		const char *error;
		if (!config_expect_kind(r, value, YAML_SCALAR)) {
			continue;
		}
		if (!label_is_valid(key->text, value->text, &error)) {
			config_add_error(r, key, error);
			continue;
		}
		set_label(r->config, key->text, value->text, r->arena);
	}
}

void config_read_fields(struct config_reader *r, const struct yaml_node *node,
						const struct setting *rows, size_t count, void *target, const char *what) {
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		size_t row = 0;
		while (row < count && !str_equal(key->text, str_from(rows[row].name))) {
			row++;
		}
		if (row == count) {
			config_add_unknown_key(r, key, what);
			continue;
		}
		read_setting(r, &rows[row], node->pairs[i].value, (char *)target + rows[row].offset);
	}
}

static void read_peer(struct config_reader *r, const struct yaml_node *node) {
	struct config_peer peer = {.timeout = config_default_peer.timeout};
	const char *error;
	size_t count;
	const struct setting *rows = peer_settings(&count);
	if (node->kind == YAML_SCALAR) {
		if (!config_parse_url(node->text, r->arena, &peer.url, &error)) {
			diags_add_secret(r->diags, node->span, error);
			return;
		}
	} else if (config_expect_kind(r, node, YAML_MAPPING)) {
		config_read_fields(r, node, rows, count, &peer, "alertmanagers");
		config_access_check(r, node, &peer.access);
		config_add_targets(r, node, &peer);
	}
	if (peer.url.len > 0) {
		config_add_peer(r->config, &peer, r->arena);
	}
}

static const struct preset_parameter *
read_parameters(struct config_reader *r, const struct yaml_node *node, size_t *ret_count) {
	*ret_count = 0;
	if (!config_expect_kind(r, node, YAML_MAPPING)) {
		return NULL;
	}
	struct preset_parameter *values = ARENA_ARRAY(r->arena, struct preset_parameter, node->count);
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *value = node->pairs[i].value;
		if (config_expect_kind(r, value, YAML_SCALAR)) {
			values[*ret_count] =
				(struct preset_parameter){.name = arena_dup(r->arena, node->pairs[i].key->text),
										  .value = arena_dup(r->arena, value->text)};
			*ret_count += 1;
		}
	}
	return values;
}

/* Each parameter that is bad by itself, at its value; false: none is, it is their company. */
static bool blame_parameters(struct config_reader *r, const struct config_preset *p,
							 const struct yaml_node *parameters) {
	size_t before = r->diags->errors, index = 0;
	for (size_t i = 0; i < parameters->count && index < p->count; i++) {
		const struct yaml_node *value = parameters->pairs[i].value;
		if (value->kind != YAML_SCALAR) {
			continue;
		}
		struct config_preset alone = {.name = p->name, .values = &p->values[index++], .count = 1};
		const char *error;
		if (!config_check_preset(&alone, r->arena, &error)) {
			config_add_error(r, value, error);
		}
	}
	return r->diags->errors > before;
}

/* Unknown parameters and bad values are found here already, at their place, and not only when the rules are made. `parameters`
 * is NULL when there are none. */
static void judge_preset(struct config_reader *r, const struct config_preset *p,
						 const struct yaml_node *parameters) {
	const char *error;
	if (config_check_preset(p, r->arena, &error)) {
		return;
	}
	if (preset_find(p->name) == NULL || parameters == NULL) {
		diags_add(r->diags, DIAG_ERROR, p->span, "%s", error);
	} else if (!blame_parameters(r, p, parameters)) {
		config_add_error(r, parameters, error);
	}
}

static void read_preset(struct config_reader *r, const struct yaml_node *node) {
	struct config_preset preset = {.span = node->span};
	const struct yaml_node *parameters = NULL;
	if (node->kind == YAML_SCALAR) {
		preset.name = arena_dup(r->arena, node->text);
	} else if (config_expect_kind(r, node, YAML_MAPPING)) {
		for (size_t i = 0; i < node->count; i++) {
			const struct yaml_node *key = node->pairs[i].key, *value = node->pairs[i].value;
			if (str_equal(key->text, STR("name"))) {
				if (config_expect_kind(r, value, YAML_SCALAR)) {
					preset.name = arena_dup(r->arena, value->text);
					preset.span = value->span;
				}
			} else if (str_equal(key->text, STR("parameters"))) {
				preset.values = read_parameters(r, value, &preset.count);
				parameters = value->kind == YAML_MAPPING ? value : NULL;
			} else {
				diags_add(r->diags, DIAG_ERROR, key->span, "unknown key \"%.*s\" in presets",
						  STR_FMT(key->text));
			}
		}
		if (yaml_find(node, "name") == NULL) {
			config_add_error(r, node, "a preset needs a \"name\"");
		}
	}
	if (preset.name.len > 0) {
		judge_preset(r, &preset, parameters);
		config_add_preset(r->config, &preset, r->arena);
	}
}

static void read_text(struct config_reader *r, const struct yaml_node *node) {
	if (!config_expect_kind(r, node, YAML_SCALAR)) {
		return;
	}
	if (node->text.len == 0 || !utf8_valid(node->text)) {
		config_add_error(r, node, "expected the name of a file");
		return;
	}
	config_add_text(&r->config->rule_files, &r->config->rule_file_count,
					arena_dup(r->arena, node->text), r->arena);
	config_drop_default_preset(r->config);
}

typedef void read_item(struct config_reader *r, const struct yaml_node *node);

static void read_list(struct config_reader *r, const struct yaml_node *node, read_item *item) {
	if (!config_expect_kind(r, node, YAML_SEQUENCE)) {
		return;
	}
	for (size_t i = 0; i < node->count; i++) {
		item(r, node->items[i]);
	}
}

static void read_setting(struct config_reader *r, const struct setting *s,
						 const struct yaml_node *node, void *target) {
	switch (s->kind) {
	case SETTING_NODE: s->read(r, node, target); return;
	case SETTING_LABELS: read_labels(r, node); return;
	case SETTING_PEERS:
		if (node->kind == YAML_SEQUENCE && node->count == 0) {
			r->config->alertmanagers = NULL; /* an empty list means: tell nobody */
			r->config->alertmanager_count = 0;
		}
		read_list(r, node, read_peer);
		return;
	case SETTING_TEXTS: read_list(r, node, read_text); return;
	case SETTING_PRESETS:
		if (node->kind == YAML_SEQUENCE && node->count == 0) {
			config_drop_default_preset(r->config);
		}
		read_list(r, node, read_preset);
		return;
	case SETTING_URL:
	case SETTING_OPTIONAL_URL:
	case SETTING_DURATION:
	case SETTING_OPTIONAL_DURATION:
	case SETTING_TEXT:
	case SETTING_SECRET:
	case SETTING_FILE:
	case SETTING_PROXY:
	case SETTING_TLS_VERSION:
	case SETTING_HEADERS:
	case SETTING_BOOL:
	case SETTING_CHOICE:
	case SETTING_REGEX:
	case SETTING_LISTEN:
	case SETTING_BYTES:
	case SETTING_COUNT:
	case SETTING_EVALUATION:
	case SETTING_SHARD:
	case SETTING_LOG_LEVEL:
	case SETTING_LOG_FORMAT: read_value(r, s, node, target); return;
	}
}

/* The row named `prefix.key` or, with an empty prefix, `key`; *ret_section when rows begin with `key.`. */
static const struct setting *find_setting(struct str prefix, struct str key, bool *ret_section) {
	size_t count;
	const struct setting *rows = settings(&count);
	*ret_section = false;
	for (size_t i = 0; i < count; i++) {
		struct str name = str_from(rows[i].name);
		size_t skip = prefix.len > 0 ? prefix.len + 1 : 0;
		if (skip > 0 && (!str_starts_with(name, prefix) || name.ptr[prefix.len] != '.')) {
			continue;
		}
		name = str_slice(name, skip, name.len);
		if (str_equal(name, key)) {
			return &rows[i];
		}
		if (name.len > key.len && str_starts_with(name, key) && name.ptr[key.len] == '.') {
			*ret_section = true;
		}
	}
	return NULL;
}

bool config_is_setting(struct str key) {
	bool section;
	return find_setting(STR_EMPTY, key, &section) != NULL || section;
}

/* Sections are one deep: "prometheus", "log", "limits". */
static void read_mapping(struct config_reader *r, const struct yaml_node *node, struct str prefix) {
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *key = node->pairs[i].key, *value = node->pairs[i].value;
		bool section = false, is_name = memchr(key->text.ptr, '.', key->text.len) == NULL;
		const struct setting *s = is_name ? find_setting(prefix, key->text, &section) : NULL;
		if (s != NULL) {
			read_setting(r, s, value, (char *)r->config + s->offset);
		} else if (section && prefix.len == 0) {
			if (config_expect_kind(r, value, YAML_MAPPING)) {
				read_mapping(r, value, key->text);
			}
		} else {
			config_add_unknown_key(r, key, prefix.len > 0 ? arena_dup(r->arena, prefix).ptr : NULL);
		}
	}
}

static void check_section(struct config_reader *r, const struct yaml_node *root, const char *name,
						  const struct config_access *access) {
	const struct yaml_node *section = yaml_find(root, name);
	if (section != NULL && section->kind == YAML_MAPPING) {
		config_access_check(r, section, access);
	}
}

static void read_root(struct config_reader *r, const struct yaml_node *root) {
	read_mapping(r, root, STR_EMPTY);
	check_section(r, root, "prometheus", &r->config->prometheus.access);
	check_section(r, root, "remote_write", &r->config->remote_write.access);
}

bool config_parse(struct str text, struct arena *a, struct diags *diags, struct config *c) {
	struct config_reader r = {.arena = a, .diags = diags, .config = c};
	struct yaml_document *documents;
	size_t count, errors = diags->errors, first = diags->count;
	bool is_yaml = yaml_parse(text, a, diags, &documents, &count);
	if (diags->errors > errors) {
		config_access_hide_all(diags, first, text);
	}
	if (!is_yaml) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (documents[i].root != NULL) {
			config_access_hide(diags, documents[i].root);
		}
	}
	if (count > 1 && documents[1].root != NULL) {
		config_add_error(&r, documents[1].root, "a configuration is one document");
	}
	if (count > 0 && documents[0].root != NULL && documents[0].root->kind != YAML_NULL &&
		config_expect_kind(&r, documents[0].root, YAML_MAPPING)) {
		read_root(&r, documents[0].root);
	}
	return diags->errors == errors;
}

/* NAME=VALUE */
static bool set_label_text(struct config *c, struct str text, struct arena *a,
						   const char **ret_error) {
	size_t equals = str_find(text, STR("="));
	if (equals == text.len) {
		*ret_error = "expected NAME=VALUE";
		return false;
	}
	struct str name = str_slice(text, 0, equals), value = str_slice(text, equals + 1, text.len);
	if (!label_is_valid(name, value, ret_error)) {
		return false;
	}
	set_label(c, name, value, a);
	return true;
}

static bool add_item(struct config *c, const struct setting *s, struct str value, struct arena *a,
					 const char **ret_error) {
	if (s->kind == SETTING_LABELS) {
		return set_label_text(c, value, a, ret_error);
	}
	if (s->kind == SETTING_PEERS) {
		struct config_peer peer = {.timeout = config_default_peer.timeout};
		if (!config_parse_url(value, a, &peer.url, ret_error)) {
			return false;
		}
		config_add_peer(c, &peer, a);
		return true;
	}
	if (value.len == 0) {
		*ret_error = "a name is expected";
		return false;
	}
	if (s->kind == SETTING_PRESETS) {
		struct config_preset preset;
		if (!config_parse_preset(value, a, &preset, ret_error)) {
			return false;
		}
		config_add_preset(c, &preset, a);
		return true;
	}
	config_add_text(&c->rule_files, &c->rule_file_count, arena_dup(a, value), a);
	config_drop_default_preset(c);
	return true;
}

bool config_set(struct config *c, struct str name, struct str value, struct arena *a,
				const char **ret_error) {
	bool section;
	const struct setting *s = find_setting(STR_EMPTY, name, &section);
	if (s == NULL) {
		*ret_error = arena_printf(a, "unknown setting \"%.*s\"", STR_FMT(name));
		return false;
	}
	if (s->kind == SETTING_LABELS || s->kind == SETTING_PEERS || s->kind == SETTING_TEXTS ||
		s->kind == SETTING_PRESETS) {
		return add_item(c, s, value, a, ret_error);
	}
	bool is_switch = (s->kind == SETTING_BOOL || s->kind == SETTING_CHOICE) && value.len == 0;
	return config_parse_value(s, is_switch ? STR("true") : value, a, (char *)c + s->offset,
							  ret_error);
}
