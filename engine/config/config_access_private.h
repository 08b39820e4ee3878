/* The rows for those tables of settings that have a `struct config_access` in them. */
#ifndef ENGINE_CONFIG_ACCESS_PRIVATE_H
#define ENGINE_CONFIG_ACCESS_PRIVATE_H

#include "engine/config/config_private.h"

#define CONFIG_ACCESS_PRINTED_ROW(name, kind, at, read, print)                                     \
	{ name, kind, at, NULL, NULL, NULL, NULL, read, print }
#define CONFIG_ACCESS_ROW(name, kind, at, read)                                                    \
	CONFIG_ACCESS_PRINTED_ROW(name, kind, at, read, config_print_nothing)
#define CONFIG_ACCESS_LEAF(prefix, base, name, kind, field)                                        \
	CONFIG_ACCESS_ROW(prefix name, kind, (base) + offsetof(struct config_access, field), NULL)

/* Those that take a text: `base` is where the config_access stands in the table's structure. */
#define CONFIG_ACCESS_LEAVES(prefix, base)                                                         \
	CONFIG_ACCESS_LEAF(prefix, base, "bearer_token", SETTING_SECRET, bearer_token),                \
		CONFIG_ACCESS_LEAF(prefix, base, "bearer_token_file", SETTING_FILE, bearer_token_file),    \
		CONFIG_ACCESS_LEAF(prefix, base, "proxy_url", SETTING_PROXY, proxy_url),                   \
		CONFIG_ACCESS_LEAF(prefix, base, "no_proxy", SETTING_TEXT, no_proxy),                      \
		CONFIG_ACCESS_LEAF(prefix, base, "proxy_from_environment", SETTING_BOOL,                   \
						   proxy_from_environment),                                                \
		CONFIG_ACCESS_LEAF(prefix, base, "follow_redirects", SETTING_BOOL, follow_redirects)

/* All of them. Whoever reads a section with these calls config_access_check() after it. */
#define CONFIG_ACCESS_ROWS(prefix, base)                                                           \
	CONFIG_ACCESS_PRINTED_ROW(prefix "basic_auth", SETTING_NODE, base,                             \
							  config_access_read_basic_auth, config_access_print_all),             \
		CONFIG_ACCESS_ROW(prefix "authorization", SETTING_NODE, base,                              \
						  config_access_read_authorization),                                       \
		CONFIG_ACCESS_ROW(prefix "oauth2", SETTING_NODE, base, config_access_read_oauth2),         \
		CONFIG_ACCESS_ROW(prefix "tls_config", SETTING_NODE, base, config_access_read_tls),        \
		CONFIG_ACCESS_ROW(prefix "http_headers", SETTING_NODE, base, config_access_read_headers),  \
		CONFIG_ACCESS_ROW(prefix "enable_http2", SETTING_NODE, base, config_access_read_http2),    \
		CONFIG_ACCESS_LEAVES(prefix, base)

/* The first row prints all of them. */
setting_print config_access_print_all, config_print_nothing;

/* `target` is the config_access. */
setting_read config_access_read_basic_auth, config_access_read_authorization,
	config_access_read_oauth2, config_access_read_tls, config_access_read_headers,
	config_access_read_http2;
/* NAME: VALUE, as the section remote_write of prometheus.yml had it before there was http_headers. Taken for secrets, as many
 * are. */
setting_read config_access_read_plain_headers;

/* What the keys of a section, `node`, say together. */
void config_access_check(struct config_reader *r, const struct yaml_node *node,
						 const struct config_access *access);

const char *config_tls_version_name(enum config_tls_version version); /* "TLS12", or "" */

/* NAME=VALUE, one more header. */
bool config_access_parse_header(struct str text, struct arena *a, struct config_access *access,
								const char **ret_error);

/* Hides the secrets of a configuration from excerpts, wherever they stand in it. */
void config_access_hide(struct diags *diags, const struct yaml_node *root);
/* A text that is no YAML has no nodes to hide: if it may have a secret in it, the messages from `first` on show nothing of it. */
void config_access_hide_all(struct diags *diags, size_t first, struct str text);

/* The rows of basic_auth, authorization, tls_config and, with an empty section, of the rest. */
struct config_access_section {
	const char *name;
	const struct setting *rows;
	size_t count;
};
const struct config_access_section *config_access_sections(size_t *ret_count);

#endif
