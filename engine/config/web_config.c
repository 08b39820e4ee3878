#include "engine/config/web_config.h"

#include "engine/config/web_config_private.h"

/* ---- reading ---- */

void web_add_error(struct web_reader *r, const struct yaml_node *node, const char *format, ...) {
	va_list args;
	va_start(args, format);
	diags_vadd(r->diags, DIAG_ERROR, node->span, format, args);
	va_end(args);
}

bool web_expect_kind(struct web_reader *r, const struct yaml_node *node, enum yaml_kind kind) {
	if (node->kind == kind) {
		return true;
	}
	if (node->kind != YAML_NULL) {
		web_add_error(r, node, "expected a %s, got a %s", yaml_kind_name(kind),
					  yaml_kind_name(node->kind));
	}
	return false;
}

void web_read_fields(struct web_reader *r, const struct yaml_node *node,
					 const struct web_field *fields, size_t count, void *target, const char *what) {
	for (size_t i = 0; web_expect_kind(r, node, YAML_MAPPING) && i < node->count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		size_t row = 0;
		while (row < count && !str_equal(key->text, str_from(fields[row].name))) {
			row++;
		}
		if (row == count) {
			/* "ann:$2y$…" without a blank is a key too */
			struct str shown = str_slice(key->text, 0, str_find(key->text, STR(":")));
			web_add_error(r, key, "unknown key \"%.*s\"%s", STR_FMT(shown), what);
		} else {
			fields[row].read(r, node->pairs[i].value, (char *)target + fields[row].offset);
		}
	}
}

void web_read_text(struct web_reader *r, const struct yaml_node *node, void *target) {
	if (web_expect_kind(r, node, YAML_SCALAR)) {
		*(struct web_text *)target = (struct web_text){.text = node->text, .span = node->span};
	}
}

/* The words of YAML 1.1, which the exporters take; in quotes they are text. */
void web_read_bool(struct web_reader *r, const struct yaml_node *node, void *target) {
	static const char *const words[2][11] = {
		{"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"},
		{"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"},
	};
	if (!web_expect_kind(r, node, YAML_SCALAR)) {
		return;
	}
	for (size_t i = 0; node->plain && i < 2 * COUNT(words[0]); i++) {
		bool yes = i >= COUNT(words[0]);
		if (str_equal(node->text, str_from(words[yes][i % COUNT(words[0])]))) {
			*(bool *)target = yes;
			return;
		}
	}
	web_add_error(r, node, "expected true or false");
}

/* What is read for the check alone. */
static void read_bool_for_nothing(struct web_reader *r, const struct yaml_node *node,
								  void *target) {
	bool ignored;
	(void)target;
	web_read_bool(r, node, &ignored);
}

/* ---- headers ---- */

static const struct {
	const char *name, *first, *second; /* the values that it may have; NULL: any */
} known_headers[WEB_HEADERS_MAX] = {
	{"Content-Security-Policy", NULL, NULL},   {"Strict-Transport-Security", NULL, NULL},
	{"X-Content-Type-Options", "nosniff", ""}, {"X-Frame-Options", "deny", "sameorigin"},
	{"X-XSS-Protection", NULL, NULL},
};

static bool value_is_allowed(struct web_reader *r, const struct yaml_node *value, size_t row) {
	const char *name = known_headers[row].name, *first = known_headers[row].first,
			   *second = known_headers[row].second;
	for (size_t i = 0; i < value->text.len; i++) {
		if ((unsigned char)value->text.ptr[i] < ' ' || value->text.ptr[i] == 0x7f) {
			web_add_error(r, value, "a header is one line, without control characters");
			return false;
		}
	}
	if (first == NULL || str_equal(value->text, str_from(first)) ||
		(second[0] != '\0' && str_equal(value->text, str_from(second)))) {
		return true;
	}
	web_add_error(r, value,
				  "invalid value for %s. Expected one of: [\"%s\"%s%s%s], but got: \"%.*s\"", name,
				  first, second[0] != '\0' ? " \"" : "", second, second[0] != '\0' ? "\"" : "",
				  STR_FMT(value->text));
	return false;
}

/* Null is an empty value here, as it is to the exporters. */
static bool is_text(struct web_reader *r, const struct yaml_node *value) {
	return value->kind == YAML_NULL || web_expect_kind(r, value, YAML_SCALAR);
}

static void read_headers(struct web_reader *r, const struct yaml_node *node, void *target) {
	struct web_config *c = target;
	for (size_t i = 0; web_expect_kind(r, node, YAML_MAPPING) && i < node->count; i++) {
		const struct yaml_node *key = node->pairs[i].key, *value = node->pairs[i].value;
		size_t row = 0;
		while (row < WEB_HEADERS_MAX && !str_equal(key->text, str_from(known_headers[row].name))) {
			row++;
		}
		if (row == WEB_HEADERS_MAX) {
			web_add_error(r, key, "HTTP header \"%.*s\" can not be configured", STR_FMT(key->text));
		} else if (is_text(r, value) && value_is_allowed(r, value, row) && value->text.len > 0) {
			c->headers[c->header_count++] =
				(struct web_header){.name = known_headers[row].name, .value = value->text};
		}
	}
}

static const struct web_field http_fields[] = {
	{"http2", read_bool_for_nothing, 0},
	{"headers", read_headers, 0},
};

static void read_http(struct web_reader *r, const struct yaml_node *node, void *target) {
	web_read_fields(r, node, http_fields, COUNT(http_fields), target, " in http_server_config");
}

/* ---- users ---- */

static bool is_digit(char c) {
	return c >= '0' && c <= '9';
}

/* $2y$10$ and 53 characters of bcrypt's own base 64. */
static bool is_bcrypt(struct str hash) {
	const char *p = hash.ptr;
	if (hash.len != WEB_BCRYPT_LENGTH || p[0] != '$' || p[1] != '2' ||
		memchr("abxy", p[2], 4) == NULL || p[3] != '$' || !is_digit(p[4]) || !is_digit(p[5]) ||
		p[6] != '$') {
		return false;
	}
	for (size_t i = 7; i < hash.len; i++) {
		char lower = (char)(p[i] | 0x20);
		if (!is_digit(p[i]) && p[i] != '.' && p[i] != '/' && (lower < 'a' || lower > 'z')) {
			return false;
		}
	}
	return true;
}

static bool judge_hash(struct web_reader *r, const struct yaml_node *value) {
	int cost = 0;
	if (is_bcrypt(value->text)) {
		cost = (value->text.ptr[4] - '0') * 10 + value->text.ptr[5] - '0';
	}
	if (cost > WEB_BCRYPT_COST_MAX) {
		web_add_error(r, value,
					  "the hash's cost is above %d: checking one password would take longer than "
					  "people wait",
					  WEB_BCRYPT_COST_MAX);
	} else if (cost < WEB_BCRYPT_COST_MIN) {
		web_add_error(r, value, "not a bcrypt hash; htpasswd -nBC 10 \"\" makes one of a password");
	}
	return cost >= WEB_BCRYPT_COST_MIN && cost <= WEB_BCRYPT_COST_MAX;
}

static void read_users(struct web_reader *r, const struct yaml_node *node, void *target) {
	struct web_config *c = target;
	if (!web_expect_kind(r, node, YAML_MAPPING)) {
		return;
	}
	struct web_user *users = ARENA_ARRAY(r->arena, struct web_user, node->count);
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *key = node->pairs[i].key, *value = node->pairs[i].value;
		if (value->kind == YAML_NULL) {
			web_add_error(r, key, "the user has no hash of a password");
		} else if (web_expect_kind(r, value, YAML_SCALAR) && judge_hash(r, value)) {
			users[c->user_count++] = (struct web_user){.name = key->text, .hash = value->text};
		}
		if (memchr(key->text.ptr, ':', key->text.len) != NULL) {
			web_add_error(r, key, "no client can send a user name with a colon in it");
		}
	}
	c->users = users;
}

/* ---- sections ---- */

static const struct web_field fields[] = {
	{"tls_server_config", web_read_tls, offsetof(struct web_config, tls)},
	{"http_server_config", read_http, 0},
	{"rate_limit", web_read_rate, 0},
	{"basic_auth_users", read_users, 0},
};

bool web_config_has_key(struct str key) {
	for (size_t i = 0; i < COUNT(fields); i++) {
		if (str_equal(key, str_from(fields[i].name))) {
			return true;
		}
	}
	return false;
}

/* ---- secrets ---- */

static bool looks_secret(struct str text) {
	return str_find(text, STR("$2")) < text.len || str_find(text, STR("PRIVATE KEY")) < text.len;
}

/* Hashes, what stands where they should, and keys, wherever they are: in excerpts there are asterisks. `all`: everything in the
 * node. The depth is that of yaml_parse's trees, which is bounded. */
static void hide(struct diags *diags, const struct yaml_node *node, bool all) {
	if (node->kind == YAML_SCALAR && (all || looks_secret(node->text))) {
		diags_hide(diags, node->span);
	}
	for (size_t i = 0; node->kind == YAML_SEQUENCE && i < node->count; i++) {
		hide(diags, node->items[i], all);
	}
	for (size_t i = 0; node->kind == YAML_MAPPING && i < node->count; i++) {
		struct str key = node->pairs[i].key->text;
		bool is_secret = str_equal(key, STR("basic_auth_users")) || str_equal(key, STR("key"));
		hide(diags, node->pairs[i].key, false);
		hide(diags, node->pairs[i].value, all || is_secret);
	}
}

/* Text that is no YAML has no nodes to hide. */
static void hide_lines(struct diags *diags) {
	for (size_t i = 0; i < diags->count; i++) {
		diags->items[i].secret = true;
	}
}

/* ---- the whole ---- */

bool web_config_parse(struct str text, struct arena *a, struct diags *diags,
					  struct web_config *ret_config) {
	struct web_reader r = {.arena = a, .diags = diags};
	struct yaml_document *documents;
	size_t count, errors = diags->errors;
	*ret_config = (struct web_config){
		.tls = {.min_version = WEB_TLS12, .max_version = WEB_TLS13, .server_order = true}};
	bool parsed = yaml_parse(text, a, diags, &documents, &count);
	hide_lines(diags);
	if (!parsed) {
		return false;
	}
	if (count > 1 && documents[1].root != NULL) {
		web_add_error(&r, documents[1].root, "a web configuration is one document");
	}
	const struct yaml_node *root = count > 0 ? documents[0].root : NULL;
	if (root != NULL && root->kind == YAML_MAPPING) {
		for (size_t i = 0; i < root->count; i++) {
			if (str_equal(root->pairs[i].key->text, STR("tls_server_config"))) {
				ret_config->tls.span = root->pairs[i].key->span;
			}
		}
	}
	if (root != NULL) {
		hide(diags, root, false);
		web_read_fields(&r, root, fields, COUNT(fields), ret_config, "");
	}
	return diags->errors == errors;
}
