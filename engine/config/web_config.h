/* How the HTTP API is served, in the format that Prometheus and its exporters share (web.config.file): TLS, passwords, headers,
 * a limit on requests. The text alone: the files that it names are the shell's. */
#ifndef ENGINE_WEB_CONFIG_H
#define ENGINE_WEB_CONFIG_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/timestamp.h"

/* A bcrypt hash of this cost takes about 5 s to check; each step more doubles that. */
#define WEB_BCRYPT_COST_MAX 16
#define WEB_BCRYPT_COST_MIN 4
#define WEB_BCRYPT_LENGTH 60

/* Go's names, which the format has, and GnuTLS' words for the parts. Those of TLS 1.3 have no kx: there, all are always on. */
struct web_cipher {
	const char *name, *kx, *cipher, *mac;
};
struct web_curve {
	const char *name, *group;
};

enum web_tls_version { WEB_TLS10, WEB_TLS11, WEB_TLS12, WEB_TLS13 };

enum web_client_auth {
	WEB_CLIENT_NONE,            /* no certificate is asked for */
	WEB_CLIENT_REQUEST,         /* one is asked for, and any will do, or none */
	WEB_CLIENT_REQUIRE,         /* there must be one, and any will do */
	WEB_CLIENT_VERIFY_IF_GIVEN, /* if there is one, the CA must have signed it */
	WEB_CLIENT_VERIFY,          /* there must be one that the CA signed */
};

/* Empty: not given. The span is of the value, for what is found out later. */
struct web_text {
	struct str text;
	struct span span;
};

struct web_tls {
	bool on;                                      /* and nothing is wrong with it */
	struct span span;                             /* of its key */
	struct web_text cert, key, ca;                /* PEM, in the file itself; ca is for clients */
	struct web_text cert_file, key_file, ca_file; /* relative to the file's folder */
	enum web_client_auth client_auth;
	const struct str *sans; /* names of clients, one of which must be in the certificate */
	size_t san_count;
	enum web_tls_version min_version, max_version; /* TLS12, TLS13 */
	const struct web_cipher **ciphers; /* up to TLS 1.2, in order; none: the usual ones */
	size_t cipher_count;
	const struct web_curve **curves; /* in order; none: the usual ones */
	size_t curve_count;
	bool server_order; /* of two good ciphers the server's first one counts; true */
};

struct web_user {
	struct str name, hash;
};

struct web_header {
	const char *name;
	struct str value;
};

#define WEB_HEADERS_MAX 5 /* that may be configured at all */

/* Strings are in the arena or borrowed from the text. */
struct web_config {
	struct web_tls tls;
	struct web_header headers[WEB_HEADERS_MAX];
	size_t header_count;
	const struct web_user *users; /* none: everybody may come in */
	size_t user_count;
	int64_t rate_interval_ns; /* between requests; 0: no limit */
	int64_t rate_burst;       /* that may come at once all the same */
};

/* Every error at its place; false when there was one. Hashes and keys are in no excerpt. */
bool web_config_parse(struct str text, struct arena *a, struct diags *diags,
					  struct web_config *ret_config);

/* Whether a mapping with these keys is rather this than tocsin's own configuration. */
bool web_config_has_key(struct str key);

#endif
