#include "engine/config/config_access.h"

#include <strings.h>

#include "base/mem.h"
#include "engine/config/config_access_private.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ROW(name, kind, field) CONFIG_ACCESS_LEAF("", 0, name, kind, field)

static const struct setting basic_auth_rows[] = {
	ROW("username", SETTING_TEXT, basic_auth.username),
	ROW("username_file", SETTING_FILE, basic_auth.username_file),
	ROW("password", SETTING_SECRET, basic_auth.password),
	ROW("password_file", SETTING_FILE, basic_auth.password_file),
};

static const struct setting authorization_rows[] = {
	ROW("type", SETTING_TEXT, authorization.type),
	ROW("credentials", SETTING_SECRET, authorization.credentials),
	ROW("credentials_file", SETTING_FILE, authorization.credentials_file),
};

static const struct setting tls_rows[] = {
	ROW("ca", SETTING_TEXT, tls.ca),
	ROW("ca_file", SETTING_FILE, tls.ca_file),
	ROW("cert", SETTING_TEXT, tls.cert),
	ROW("cert_file", SETTING_FILE, tls.cert_file),
	ROW("key", SETTING_SECRET, tls.key),
	ROW("key_file", SETTING_FILE, tls.key_file),
	ROW("server_name", SETTING_TEXT, tls.server_name),
	ROW("insecure_skip_verify", SETTING_CHOICE, tls.insecure_skip_verify),
	ROW("min_version", SETTING_TLS_VERSION, tls.min_version),
	ROW("max_version", SETTING_TLS_VERSION, tls.max_version),
};

static const struct setting other_rows[] = {CONFIG_ACCESS_LEAVES("", 0)};

static const struct config_access_section sections[] = {
	{"basic_auth", basic_auth_rows, COUNT(basic_auth_rows)},
	{"authorization", authorization_rows, COUNT(authorization_rows)},
	{"tls_config", tls_rows, COUNT(tls_rows)},
	{"", other_rows, COUNT(other_rows)},
};

const struct config_access_section *config_access_sections(size_t *ret_count) {
	*ret_count = COUNT(sections);
	return sections;
}

/* ---- all texts of it ---- */

static bool is_text(enum setting_kind kind) {
	return kind == SETTING_TEXT || kind == SETTING_FILE || kind == SETTING_SECRET ||
		   kind == SETTING_PROXY;
}

static void dup_texts(struct arena *a, struct config_access *access,
					  const struct config_access_section *section) {
	for (size_t i = 0; i < section->count; i++) {
		if (is_text(section->rows[i].kind)) {
			struct str *text = (struct str *)((char *)access + section->rows[i].offset);
			*text = arena_dup(a, *text);
		}
	}
}

void config_access_dup(struct arena *a, struct config_access *access) {
	for (size_t i = 0; i < COUNT(sections); i++) {
		dup_texts(a, access, &sections[i]);
	}
	struct config_header *headers = ARENA_ARRAY(a, struct config_header, access->header_count);
	for (size_t i = 0; i < access->header_count; i++) {
		headers[i] = (struct config_header){.name = arena_dup(a, access->headers[i].name),
											.kind = access->headers[i].kind,
											.text = arena_dup(a, access->headers[i].text)};
	}
	access->headers = headers;
}

struct str config_join_path(struct arena *a, struct str folder, struct str path) {
	if (folder.len == 0 || path.len == 0 || path.ptr[0] == '/') {
		return path;
	}
	return str_from(arena_printf(a, "%.*s/%.*s", STR_FMT(folder), STR_FMT(path)));
}

void config_access_set_folder(struct config_access *access, struct str folder, struct arena *a) {
	for (size_t i = 0; i < COUNT(sections); i++) {
		for (size_t k = 0; k < sections[i].count; k++) {
			if (sections[i].rows[k].kind == SETTING_FILE) {
				struct str *path = (struct str *)((char *)access + sections[i].rows[k].offset);
				*path = config_join_path(a, folder, *path);
			}
		}
	}
	struct config_header *headers = ARENA_ARRAY(a, struct config_header, access->header_count);
	for (size_t i = 0; i < access->header_count; i++) {
		headers[i] = access->headers[i];
		if (headers[i].kind == CONFIG_HEADER_FILE) {
			headers[i].text = config_join_path(a, folder, headers[i].text);
		}
	}
	access->headers = headers;
}

/* ---- the file, and what is given outside of it ---- */

static bool has_basic_auth(const struct config_access *a) {
	const struct config_basic_auth *b = &a->basic_auth;
	return b->username.len + b->username_file.len + b->password.text.len + b->password_file.len > 0;
}

static bool has_authorization(const struct config_access *a) {
	const struct config_authorization *z = &a->authorization;
	return z->type.len + z->credentials.text.len + z->credentials_file.len > 0;
}

static bool has_bearer(const struct config_access *a) {
	return a->bearer_token.text.len + a->bearer_token_file.len > 0;
}

/* A text and the file in its stead are one thing. */
static void outdo_pair(struct str *text, struct str *file, struct str given_text,
					   struct str given_file) {
	if (given_text.len + given_file.len > 0) {
		*text = given_text;
		*file = given_file;
	}
}

static void outdo_identity(struct config_access *a, const struct config_access *given) {
	struct config_basic_auth *b = &a->basic_auth;
	bool basic = has_basic_auth(given), other = has_authorization(given);
	if (basic || other) {
		a->bearer_token.text = a->bearer_token_file = STR_EMPTY;
	}
	if (basic) {
		a->authorization = given->authorization;
	}
	if (other) {
		a->authorization = given->authorization;
		*b = (struct config_basic_auth){0};
	}
	outdo_pair(&b->username, &b->username_file, given->basic_auth.username,
			   given->basic_auth.username_file);
	outdo_pair(&b->password.text, &b->password_file, given->basic_auth.password.text,
			   given->basic_auth.password_file);
}

static void outdo_tls(struct config_tls *tls, const struct config_tls *given) {
	outdo_pair(&tls->ca, &tls->ca_file, given->ca, given->ca_file);
	outdo_pair(&tls->cert, &tls->cert_file, given->cert, given->cert_file);
	outdo_pair(&tls->key.text, &tls->key_file, given->key.text, given->key_file);
	tls->server_name = given->server_name.len > 0 ? given->server_name : tls->server_name;
	if (given->insecure_skip_verify != CONFIG_UNSAID) {
		tls->insecure_skip_verify = given->insecure_skip_verify;
	}
}

static bool names_header(const struct config_access *a, struct str name) {
	for (size_t i = 0; i < a->header_count; i++) {
		if (str_equal(a->headers[i].name, name)) {
			return true;
		}
	}
	return false;
}

static void outdo_headers(struct config_access *a, const struct config_access *given,
						  struct arena *arena) {
	struct config_header *all =
		ARENA_ARRAY(arena, struct config_header, a->header_count + given->header_count);
	size_t count = 0;
	for (size_t i = 0; i < a->header_count; i++) {
		if (!names_header(given, a->headers[i].name)) {
			all[count++] = a->headers[i];
		}
	}
	for (size_t i = 0; i < given->header_count; i++) {
		all[count++] = given->headers[i];
	}
	a->headers = all;
	a->header_count = count;
}

void config_access_outdo(struct config_access *access, const struct config_access *given,
						 struct arena *a) {
	outdo_identity(access, given);
	outdo_tls(&access->tls, &given->tls);
	outdo_headers(access, given, a);
}

/* ---- what contradicts itself ---- */

static bool has_basic_auth_and_bearer(const struct config_access *a) {
	return has_basic_auth(a) && has_bearer(a);
}

static bool has_authorization_and_bearer(const struct config_access *a) {
	return has_authorization(a) && has_bearer(a);
}

static bool has_basic_auth_and_authorization(const struct config_access *a) {
	return has_basic_auth(a) && has_authorization(a);
}

static bool is_basic_in_disguise(const struct config_access *a) {
	struct str type = str_trim(a->authorization.type);
	return type.len == 5 && strncasecmp(type.ptr, "basic", 5) == 0;
}

static bool has_control(struct str text) {
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if ((c < ' ' && c != '\t') || c == 0x7f) {
			return true;
		}
	}
	return false;
}

static bool has_odd_type(const struct config_access *a) {
	return has_control(a->authorization.type);
}

static bool has_odd_credentials(const struct config_access *a) {
	return has_control(a->authorization.credentials.text);
}

static bool has_odd_bearer(const struct config_access *a) {
	return has_control(a->bearer_token.text);
}

static bool has_cert(const struct config_access *a) {
	return a->tls.cert.len + a->tls.cert_file.len > 0;
}

static bool has_key(const struct config_access *a) {
	return a->tls.key.text.len + a->tls.key_file.len > 0;
}

static bool has_cert_without_key(const struct config_access *a) {
	return has_cert(a) && !has_key(a);
}

static bool has_key_without_cert(const struct config_access *a) {
	return has_key(a) && !has_cert(a);
}

static bool has_odd_server_name(const struct config_access *a) {
	struct str name = a->tls.server_name;
	for (size_t i = 0; i < name.len; i++) {
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:",
					name.ptr[i])) {
			return true;
		}
	}
	return false;
}

static bool has_no_version(const struct config_access *a) {
	return a->tls.max_version != CONFIG_TLS_ANY && a->tls.max_version < a->tls.min_version;
}

static bool has_two_proxies(const struct config_access *a) {
	return a->proxy_from_environment && a->proxy_url.text.len > 0;
}

static bool has_two_exceptions(const struct config_access *a) {
	return a->proxy_from_environment && a->no_proxy.len > 0;
}

static bool has_exception_without_proxy(const struct config_access *a) {
	return a->no_proxy.len > 0 && a->proxy_url.text.len == 0 && !a->proxy_from_environment;
}

#define AT(field) offsetof(struct config_access, field)

/* Of two texts only one may be there. The words are Prometheus', here and below. */
static const struct {
	size_t text, file;
	const char *key, *message;
} pairs[] = {
	{AT(basic_auth.username), AT(basic_auth.username_file), "basic_auth.username_file",
	 "at most one of basic_auth username & username_file must be configured"},
	{AT(basic_auth.password), AT(basic_auth.password_file), "basic_auth.password_file",
	 "at most one of basic_auth password & password_file must be configured"},
	{AT(authorization.credentials), AT(authorization.credentials_file),
	 "authorization.credentials_file",
	 "at most one of authorization credentials & credentials_file must be configured"},
	{AT(bearer_token), AT(bearer_token_file), "bearer_token_file",
	 "at most one of bearer_token & bearer_token_file must be configured"},
	{AT(tls.ca), AT(tls.ca_file), "tls_config.ca_file",
	 "at most one of ca and ca_file must be configured"},
	{AT(tls.cert), AT(tls.cert_file), "tls_config.cert_file",
	 "at most one of cert and cert_file must be configured"},
	{AT(tls.key), AT(tls.key_file), "tls_config.key_file",
	 "at most one of key and key_file must be configured"},
};

static const struct {
	bool (*is_broken)(const struct config_access *a);
	const char *key, *message;
} rules[] = {
	{has_basic_auth_and_bearer, "basic_auth",
	 "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured"},
	{has_authorization_and_bearer, "authorization",
	 "authorization is not compatible with bearer_token & bearer_token_file"},
	{has_basic_auth_and_authorization, "authorization",
	 "at most one of basic_auth, oauth2 & authorization must be configured"},
	{is_basic_in_disguise, "authorization.type",
	 "authorization type cannot be set to \"basic\", use \"basic_auth\" instead"},
	{has_odd_type, "authorization.type", "a line break or control character in the type"},
	{has_odd_credentials, "authorization.credentials",
	 "a line break or control character in the credentials"},
	{has_odd_bearer, "bearer_token", "a line break or control character in the token"},
	{has_cert_without_key, "tls_config",
	 "exactly one of key or key_file must be configured when a client certificate is configured"},
	{has_key_without_cert, "tls_config",
	 "exactly one of cert or cert_file must be configured when a client key is configured"},
	{has_odd_server_name, "tls_config.server_name", "the server_name is no host name"},
	{has_no_version, "tls_config.max_version",
	 "tls_config.max_version must be greater than or equal to tls_config.min_version if both are "
	 "specified"},
	{has_two_proxies, "proxy_url",
	 "if proxy_from_environment is configured, proxy_url must not be configured"},
	{has_two_exceptions, "no_proxy",
	 "if proxy_from_environment is configured, no_proxy must not be configured"},
	{has_exception_without_proxy, "no_proxy",
	 "if no_proxy is configured, proxy_url must also be configured"},
};

static bool has_both(const struct config_access *a, size_t text, size_t file) {
	return ((const struct str *)((const char *)a + text))->len > 0 &&
		   ((const struct str *)((const char *)a + file))->len > 0;
}

const char *config_access_judge(const struct config_access *access, size_t *at,
								const char **ret_key) {
	while (*at < COUNT(pairs)) {
		size_t i = (*at)++;
		if (has_both(access, pairs[i].text, pairs[i].file)) {
			*ret_key = pairs[i].key;
			return pairs[i].message;
		}
	}
	while (*at < COUNT(pairs) + COUNT(rules)) {
		size_t i = (*at)++ - COUNT(pairs);
		if (rules[i].is_broken(access)) {
			*ret_key = rules[i].key;
			return rules[i].message;
		}
	}
	return NULL;
}
