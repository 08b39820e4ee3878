/* No excerpt of a configuration shows a secret, whatever an error is about and wherever the secret stands. */
#include "engine/config/config_access_private.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const secret_keys[] = {"password", "credentials", "bearer_token",
										  "key",      "secrets",     "proxy_url"};
/* Mappings that somebody may fill with the secret itself. */
static const char *const secret_sections[] = {"basic_auth", "authorization", "http_headers",
											  "headers"};

static bool is_one_of(struct str key, const char *const *names, size_t count) {
	for (size_t i = 0; i < count; i++) {
		if (str_equal(key, str_from(names[i]))) {
			return true;
		}
	}
	return false;
}

/* One of those, or one that is misspelt: a secret under it is a secret all the same. */
static bool is_secret_key(struct str key) {
	static const char *const stems[] = {"pass", "pwd", "tok", "cred", "secret", "bearer"};
	if (str_ends_with(key, STR("_file"))) {
		return false;
	}
	for (size_t i = 0; i < COUNT(stems); i++) {
		if (str_find(key, str_from(stems[i])) < key.len) {
			return true;
		}
	}
	return is_one_of(key, secret_keys, COUNT(secret_keys));
}

/* "password:hunter2", where a blank is missing, is a key. */
static bool has_secret_in_it(struct str key) {
	size_t end = 0;
	while (end < key.len && key.ptr[end] != ':' && key.ptr[end] != '=') {
		end++;
	}
	return end < key.len && is_secret_key(str_slice(key, 0, end));
}

static void hide_pair(struct diags *diags, const struct yaml_pair *pair, bool in_section) {
	static const char *const harmless[] = {"username", "username_file",    "password_file",
										   "type",     "credentials_file", "values",
										   "files"};
	struct str key = pair->key->text;
	bool is_section = is_one_of(key, secret_sections, COUNT(secret_sections));
	bool is_odd = in_section && !is_one_of(key, harmless, COUNT(harmless));
	if (has_secret_in_it(key) || (is_odd && pair->value->kind == YAML_NULL)) {
		diags_hide(diags, pair->key->span);
	}
	if (is_secret_key(key) || ((is_section || is_odd) && pair->value->kind != YAML_MAPPING)) {
		diags_hide(diags, pair->value->span);
	}
}

/* `in_section`: the node is one of the sections, or within one. The depth is that of yaml_parse's trees, which is bounded. */
static void hide(struct diags *diags, const struct yaml_node *node, bool in_section) {
	for (size_t i = 0; node->kind == YAML_SEQUENCE && i < node->count; i++) {
		hide(diags, node->items[i], false);
	}
	for (size_t i = 0; node->kind == YAML_MAPPING && i < node->count; i++) {
		const struct yaml_pair *pair = &node->pairs[i];
		bool is_section = is_one_of(pair->key->text, secret_sections, COUNT(secret_sections));
		hide_pair(diags, pair, in_section);
		hide(diags, pair->value, in_section || is_section);
	}
}

void config_access_hide(struct diags *diags, const struct yaml_node *root) {
	hide(diags, root, false);
}

/* As a word of its own: password_file is none. */
static bool names_secret(struct str text) {
	for (size_t i = 0; i < COUNT(secret_keys); i++) {
		struct str name = str_from(secret_keys[i]), rest = text;
		for (size_t at; (at = str_find(rest, name)) < rest.len;) {
			rest = str_slice(rest, at + name.len, rest.len);
			if (rest.len == 0 || !strchr("_abcdefghijklmnopqrstuvwxyz", rest.ptr[0])) {
				return true;
			}
		}
	}
	return false;
}

void config_access_hide_all(struct diags *diags, size_t first, struct str text) {
	if (!names_secret(text)) {
		return;
	}
	for (size_t i = first; i < diags->count; i++) {
		diags->items[i].secret = true;
		if (strstr(diags->items[i].message, "cannot decode") != NULL) {
			diags->items[i].message = "yaml: the value is not of the kind that its tag says";
		}
		if (strstr(diags->items[i].message, "unknown anchor") != NULL) {
			diags->items[i].message =
				"yaml: unknown anchor; a value that begins with * needs quotes";
		}
	}
}
