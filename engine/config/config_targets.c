/* Alertmanagers as prometheus.yml has them: scheme, path_prefix and static_configs instead of a url. */
#include "base/mem.h"
#include "base/url.h"
#include "engine/config/config_access_private.h"

void config_read_scheme(struct config_reader *r, const struct yaml_node *node, void *target) {
	(void)target;
	if (config_expect_kind(r, node, YAML_SCALAR) && !str_equal(node->text, STR("http")) &&
		!str_equal(node->text, STR("https"))) {
		config_add_error(r, node, "the scheme is http or https");
	}
}

void config_read_path_prefix(struct config_reader *r, const struct yaml_node *node, void *target) {
	(void)target;
	config_expect_kind(r, node, YAML_SCALAR);
}

void config_read_api_version(struct config_reader *r, const struct yaml_node *node, void *target) {
	(void)target;
	if (config_expect_kind(r, node, YAML_SCALAR) && !str_equal(node->text, STR("v2"))) {
		diags_add(r->diags, DIAG_ERROR, node->span,
				  "expected Alertmanager api version to be one of [v2] but got %.*s",
				  STR_FMT(node->text));
	}
}

static void judge_targets(struct config_reader *r, const struct yaml_node *targets) {
	if (!config_expect_kind(r, targets, YAML_SEQUENCE)) {
		return;
	}
	for (size_t i = 0; i < targets->count; i++) {
		config_expect_kind(r, targets->items[i], YAML_SCALAR);
	}
}

void config_read_static_configs(struct config_reader *r, const struct yaml_node *node,
								void *target) {
	(void)target;
	if (!config_expect_kind(r, node, YAML_SEQUENCE)) {
		return;
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *item = node->items[i];
		bool is_mapping = config_expect_kind(r, item, YAML_MAPPING);
		for (size_t k = 0; is_mapping && k < item->count; k++) {
			if (str_equal(item->pairs[k].key->text, STR("targets"))) {
				judge_targets(r, item->pairs[k].value);
			} else {
				config_add_unknown_key(r, item->pairs[k].key, "static_configs");
			}
		}
	}
}

/* The text of a scalar that may be missing. */
static struct str text_of(const struct yaml_node *node, const char *key, struct str otherwise) {
	const struct yaml_node *value = yaml_find(node, key);
	return value != NULL && value->kind == YAML_SCALAR ? value->text : otherwise;
}

static struct str trim_slashes(struct str s) {
	while (s.len > 0 && s.ptr[0] == '/') {
		s = str_slice(s, 1, s.len);
	}
	while (s.len > 0 && s.ptr[s.len - 1] == '/') {
		s.len--;
	}
	return s;
}

static void add_target(struct config_reader *r, const struct yaml_node *node,
					   const struct yaml_node *target, const struct config_peer *like) {
	struct str prefix = trim_slashes(text_of(node, "path_prefix", STR_EMPTY));
	struct str scheme = text_of(node, "scheme", STR("http"));
	struct config_peer peer = *like;
	const char *error;
	if (memchr(target->text.ptr, '/', target->text.len) != NULL) {
		struct strbuf masked = STRBUF_INIT;
		url_mask(&masked, target->text);
		const char *message = arena_printf(
			r->arena,
			"\"%s\" is not a valid hostname; HOST:PORT is wanted, and scheme and path_prefix beside it",
			masked.ptr);
		diags_add_secret(r->diags, target->span, message);
		strbuf_finish(&masked);
		return;
	}
	const char *url = arena_printf(r->arena, "%.*s://%.*s/%.*s", STR_FMT(scheme),
								   STR_FMT(target->text), STR_FMT(prefix));
	if (config_parse_url(str_from(url), r->arena, &peer.url, &error)) {
		config_add_peer(r->config, &peer, r->arena);
	} else {
		diags_add_secret(r->diags, target->span, error);
	}
}

static void add_targets(struct config_reader *r, const struct yaml_node *node,
						const struct yaml_node *list, const struct config_peer *like) {
	for (size_t i = 0; list->kind == YAML_SEQUENCE && i < list->count; i++) {
		const struct yaml_node *targets = yaml_find(list->items[i], "targets");
		for (size_t k = 0; targets != NULL && targets->kind == YAML_SEQUENCE && k < targets->count;
			 k++) {
			if (targets->items[k]->kind == YAML_SCALAR) {
				add_target(r, node, targets->items[k], like);
			}
		}
	}
}

static void refuse_with_url(struct config_reader *r, const struct yaml_node *node) {
	static const char *const keys[] = {"static_configs", "scheme", "path_prefix"};
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		const struct yaml_node *value = yaml_find(node, keys[i]);
		if (value != NULL) {
			diags_add(r->diags, DIAG_ERROR, value->span,
					  "an Alertmanager with a \"url\" has no \"%s\"", keys[i]);
		}
	}
}

void config_add_targets(struct config_reader *r, const struct yaml_node *node,
						const struct config_peer *like) {
	const struct yaml_node *list = yaml_find(node, "static_configs");
	if (yaml_find(node, "url") != NULL) {
		refuse_with_url(r, node);
	} else if (list == NULL) {
		config_add_error(r, node, "an Alertmanager needs a \"url\" or \"static_configs\"");
	} else {
		add_targets(r, node, list, like);
	}
}
