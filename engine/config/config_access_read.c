/* The part of a configuration's tree that says how to get into a server. */
#include <strings.h>

#include "base/mem.h"
#include "engine/config/config_access_private.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- sections ---- */

static bool has_row(const struct config_access_section *s, struct str key) {
	for (size_t i = 0; i < s->count; i++) {
		if (str_equal(key, str_from(s->rows[i].name))) {
			return true;
		}
	}
	return false;
}

static void refuse_lone_word(struct config_reader *r, const struct yaml_node *word) {
	diags_add_secret(r->diags, word->span, "a key and its value are wanted, not a word alone");
}

/* `authorization: {Bearer abc}`: the word may be the secret itself, and is not repeated. */
static bool refuse_lone_words(struct config_reader *r, const struct yaml_node *node,
							  const struct config_access_section *s) {
	bool found = false;
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		if (node->pairs[i].value->kind == YAML_NULL && !has_row(s, key->text) &&
			memchr(key->text.ptr, ':', key->text.len) == NULL) {
			refuse_lone_word(r, key);
			found = true;
		}
	}
	return found;
}

static void read_section(struct config_reader *r, const struct yaml_node *node, void *target,
						 const char *name) {
	size_t count;
	const struct config_access_section *sections = config_access_sections(&count), *s = sections;
	while (strcmp(s->name, name) != 0) {
		s++;
	}
	if (config_expect_kind(r, node, YAML_MAPPING) && !refuse_lone_words(r, node, s)) {
		config_read_fields(r, node, s->rows, s->count, target, name);
	}
}

void config_access_read_basic_auth(struct config_reader *r, const struct yaml_node *node,
								   void *target) {
	read_section(r, node, target, "basic_auth");
}

void config_access_read_authorization(struct config_reader *r, const struct yaml_node *node,
									  void *target) {
	read_section(r, node, target, "authorization");
}

void config_access_read_tls(struct config_reader *r, const struct yaml_node *node, void *target) {
	read_section(r, node, target, "tls_config");
}

void config_access_read_oauth2(struct config_reader *r, const struct yaml_node *node,
							   void *target) {
	(void)target;
	config_add_error(r, node,
					 "oauth2 is not supported; let something else fetch the token into a file, "
					 "and name that as credentials_file in authorization");
}

/* Requests go over HTTP/1.1, whatever is allowed: it is taken so that a pasted section stays as it is. */
void config_access_read_http2(struct config_reader *r, const struct yaml_node *node, void *target) {
	static const struct setting row = {.name = "enable_http2", .kind = SETTING_BOOL};
	bool ignored;
	const char *error;
	(void)target;
	if (config_expect_kind(r, node, YAML_SCALAR) &&
		!config_parse_value(&row, node->text, r->arena, &ignored, &error)) {
		config_add_error(r, node, error);
	}
}

/* ---- headers ---- */

/* Those that belong to the connection, or that tocsin says itself; the list is Prometheus'. */
static const char *const reserved[] = {
	"Accept-Encoding",
	"Authorization",
	"Connection",
	"Content-Encoding",
	"Content-Length",
	"Content-Type",
	"Host",
	"Keep-Alive",
	"Proxy-Authenticate",
	"Proxy-Authorization",
	"User-Agent",
	"Www-Authenticate",
	"X-Amz-Content-Sha256",
	"X-Amz-Date",
	"X-Amz-Security-Token",
	"X-Prometheus-Remote-Read-Version",
	"X-Prometheus-Remote-Write-Version",
	"X-Prometheus-Scrape-Timeout-Seconds",
};

static bool is_token(struct str name) {
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.ptr[i];
		bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (c == '\0' || (!alnum && !strchr("!#$%&'*+-.^_`|~", c))) {
			return false;
		}
	}
	return name.len > 0;
}

static bool header_name_is_good(struct str name, struct arena *a, const char **ret_error) {
	if (!is_token(name)) {
		*ret_error = "the name of a header has letters, digits and dashes";
		return false;
	}
	for (size_t i = 0; i < COUNT(reserved); i++) {
		if (strlen(reserved[i]) == name.len && strncasecmp(reserved[i], name.ptr, name.len) == 0) {
			*ret_error = arena_printf(a, "setting header \"%s\" is not allowed", reserved[i]);
			return false;
		}
	}
	return true;
}

static bool header_value_is_good(struct str value, const char **ret_error) {
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];
		if ((c < ' ' && c != '\t') || c == 0x7f) {
			*ret_error = "a line break or control character in a header";
			return false;
		}
	}
	return true;
}

static void add_header(struct config_access *access, struct arena *a, struct config_header header) {
	struct config_header *all = ARENA_ARRAY(a, struct config_header, access->header_count + 1);
	if (access->header_count > 0) {
		memcpy(all, access->headers, access->header_count * sizeof(*all));
	}
	all[access->header_count] = (struct config_header){
		.name = arena_dup(a, header.name), .kind = header.kind, .text = arena_dup(a, header.text)};
	access->headers = all;
	access->header_count++;
}

static void read_lines(struct config_reader *r, struct config_access *access, struct str name,
					   const struct yaml_node *list, enum config_header_kind kind) {
	if (!config_expect_kind(r, list, YAML_SEQUENCE)) {
		return;
	}
	for (size_t i = 0; i < list->count; i++) {
		const struct yaml_node *item = list->items[i];
		const char *error;
		if (!config_expect_kind(r, item, YAML_SCALAR)) {
			continue;
		}
		if (!header_value_is_good(item->text, &error)) {
			diags_add_secret(r->diags, item->span, error);
			continue;
		}
		add_header(access, r->arena,
				   (struct config_header){.name = name, .kind = kind, .text = item->text});
	}
}

static void read_header(struct config_reader *r, struct config_access *access, struct str name,
						const struct yaml_node *node) {
	static const char *const keys[] = {[CONFIG_HEADER_VALUE] = "values",
									   [CONFIG_HEADER_SECRET] = "secrets",
									   [CONFIG_HEADER_FILE] = "files"};
	if (!config_expect_kind(r, node, YAML_MAPPING)) {
		return;
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		size_t kind = 0;
		while (kind < COUNT(keys) && !str_equal(key->text, str_from(keys[kind]))) {
			kind++;
		}
		if (kind == COUNT(keys) && node->pairs[i].value->kind == YAML_NULL) {
			refuse_lone_word(r, key);
			continue;
		}
		if (kind == COUNT(keys)) {
			config_add_unknown_key(r, key, "a header, which has values, secrets and files");
			continue;
		}
		read_lines(r, access, name, node->pairs[i].value, (enum config_header_kind)kind);
	}
}

void config_access_read_headers(struct config_reader *r, const struct yaml_node *node,
								void *target) {
	if (!config_expect_kind(r, node, YAML_MAPPING)) {
		return;
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		const char *error;
		if (header_name_is_good(key->text, r->arena, &error)) {
			read_header(r, target, key->text, node->pairs[i].value);
		} else {
			config_add_error(r, key, error);
		}
	}
}

void config_access_read_plain_headers(struct config_reader *r, const struct yaml_node *node,
									  void *target) {
	if (!config_expect_kind(r, node, YAML_MAPPING)) {
		return;
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *key = node->pairs[i].key, *value = node->pairs[i].value;
		const char *error;
		if (!header_name_is_good(key->text, r->arena, &error)) {
			config_add_error(r, key, error);
		} else if (!config_expect_kind(r, value, YAML_SCALAR)) {
			continue;
		} else if (!header_value_is_good(value->text, &error)) {
			diags_add_secret(r->diags, value->span, error);
		} else {
			add_header(target, r->arena,
					   (struct config_header){
						   .name = key->text, .kind = CONFIG_HEADER_SECRET, .text = value->text});
		}
	}
}

bool config_access_parse_header(struct str text, struct arena *a, struct config_access *access,
								const char **ret_error) {
	size_t equals = str_find(text, STR("="));
	if (equals == text.len) {
		*ret_error = "expected NAME=VALUE";
		return false;
	}
	/* A token, as often as not: no page shows it. */
	struct config_header header = {.kind = CONFIG_HEADER_SECRET,
								   .name = str_trim(str_slice(text, 0, equals)),
								   .text = str_trim(str_slice(text, equals + 1, text.len))};
	if (!header_name_is_good(header.name, a, ret_error) ||
		!header_value_is_good(header.text, ret_error)) {
		return false;
	}
	add_header(access, a, header);
	return true;
}

/* ---- the whole ---- */

/* Where "tls_config.key_file" stands, or as much of it as there is. */
static const struct yaml_node *find_key(const struct yaml_node *section, const char *dotted) {
	struct str rest = str_from(dotted);
	const struct yaml_node *at = section;
	while (rest.len > 0) {
		size_t end = str_find(rest, STR("."));
		struct str name = str_slice(rest, 0, end);
		const struct yaml_node *key = NULL, *value = NULL;
		for (size_t i = 0; at->kind == YAML_MAPPING && i < at->count; i++) {
			if (str_equal(at->pairs[i].key->text, name)) {
				key = at->pairs[i].key;
				value = at->pairs[i].value;
			}
		}
		if (key == NULL) {
			break;
		}
		rest = str_slice(rest, end < rest.len ? end + 1 : end, rest.len);
		at = rest.len > 0 ? value : key;
	}
	return at;
}

void config_access_check(struct config_reader *r, const struct yaml_node *node,
						 const struct config_access *access) {
	size_t at = 0;
	const char *key, *message;
	while ((message = config_access_judge(access, &at, &key)) != NULL) {
		config_add_error(r, find_key(node, key), message);
	}
}
