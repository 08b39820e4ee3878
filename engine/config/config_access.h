/* How to get into a server: who tocsin is there, over which TLS, through which proxy. The keys are those of Prometheus' HTTP
 * clients, so that they can be pasted. Every section of the configuration that names a server has one of these. */
#ifndef ENGINE_CONFIG_ACCESS_H
#define ENGINE_CONFIG_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/strbuf.h"

/* A text for nobody's eyes: wherever a configuration is shown, CONFIG_SECRET_SHOWN stands in its place. */
struct config_secret {
	struct str text;
};
#define CONFIG_SECRET_SHOWN "<secret>"

struct config_basic_auth {
	struct str username, username_file;
	struct config_secret password;
	struct str password_file;
};

struct config_authorization {
	struct str type; /* "" means Bearer */
	struct config_secret credentials;
	struct str credentials_file;
};

enum config_tls_version {
	CONFIG_TLS_ANY, /* from 1.2 on */
	CONFIG_TLS_10,
	CONFIG_TLS_11,
	CONFIG_TLS_12,
	CONFIG_TLS_13,
};

/* A switch that may be left alone, so that a flag can also turn off what the file turns on. */
enum config_choice { CONFIG_UNSAID, CONFIG_NO, CONFIG_YES };

/* Texts and files in PEM format. */
struct config_tls {
	struct str ca, ca_file; /* neither: those of the system */
	struct str cert, cert_file;
	struct config_secret key;
	struct str key_file;
	struct str server_name; /* in the certificate; "" means the URL's host */
	enum config_choice insecure_skip_verify;
	enum config_tls_version min_version, max_version;
};

enum config_header_kind { CONFIG_HEADER_VALUE, CONFIG_HEADER_SECRET, CONFIG_HEADER_FILE };

/* One line in the head of each request; a name may have several. */
struct config_header {
	struct str name;
	enum config_header_kind kind;
	struct str text; /* the value, or the path of the file that holds it */
};

/* Texts that are not given are empty. Files are looked at before each request. */
struct config_access {
	struct config_basic_auth basic_auth;
	struct config_authorization authorization;
	struct config_secret bearer_token; /* the older spelling of authorization */
	struct str bearer_token_file;
	struct config_tls tls;
	const struct config_header *headers;
	size_t header_count;
	struct config_secret proxy_url; /* may have a password in it */
	struct str no_proxy;
	bool proxy_from_environment;
	bool follow_redirects;
};

/* Deep copy: strings and lists in `a`. */
void config_access_dup(struct arena *a, struct config_access *access);

/* Paths of files that are relative begin at `folder`; "" leaves them as they are. */
void config_access_set_folder(struct config_access *access, struct str folder, struct arena *a);

/* What is given outside of the file stands for what is in it: user name, password, CA and so on each for itself, one way to
 * authenticate for the other ways. */
void config_access_outdo(struct config_access *access, const struct config_access *given,
						 struct arena *a);

/* What contradicts itself: the next complaint from *at on, which begins at 0. NULL: no more. *ret_key is the key to blame, such as
 * "tls_config.key_file". */
const char *config_access_judge(const struct config_access *access, size_t *at,
								const char **ret_key);

/* As YAML, a key per line, each line after `indent` blanks; only what is given, and no secret. */
void config_access_print(struct strbuf *out, const struct config_access *access, size_t indent);

#endif
