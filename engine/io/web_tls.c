#include "engine/io/web_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/bug.h"
#include "base/mem.h"

#define CERTIFICATES_MAX 100 /* of a chain */

struct web_tls_terms {
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t offered;  /* at first */
	gnutls_priority_t up_to_12; /* once the client turns out to have no TLS 1.3; NULL: the same */
	enum web_client_auth client_auth;
	char **sans; /* owned, like the array */
	size_t san_count;
};

/* ---- terms ---- */

/* Only what Go offers too: with key exchange that keeps old traffic secret, and no ciphers that are broken. */
#define BASE "NORMAL:-VERS-ALL:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL:-MAC-ALL:+AEAD:+SHA1"
#define CIPHERS_13 ":+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305"
#define CIPHERS_12 ":+AES-128-CBC:+AES-256-CBC"

static void add_versions(struct strbuf *out, enum web_tls_version min, enum web_tls_version max) {
	static const char *const names[] = {
		[WEB_TLS10] = "1.0", [WEB_TLS11] = "1.1", [WEB_TLS12] = "1.2", [WEB_TLS13] = "1.3"};
	for (int v = (int)max; v >= (int)min; v--) {
		strbuf_printf(out, ":+VERS-TLS%s", names[v]);
	}
}

static void add_curves(struct strbuf *out, const struct web_tls *config) {
	strbuf_add_c(out, config->curve_count > 0 ? ":-GROUP-ALL" : "");
	for (size_t i = 0; i < config->curve_count; i++) {
		strbuf_printf(out, ":+GROUP-%s", config->curves[i]->group);
	}
	strbuf_add_c(out, config->server_order ? ":%SERVER_PRECEDENCE" : "");
}

static void add_ciphers(struct strbuf *out, const struct web_tls *config) {
	for (size_t i = 0; i < config->cipher_count; i++) {
		if (config->ciphers[i]->kx != NULL) {
			strbuf_printf(out, ":+%s", config->ciphers[i]->cipher);
		}
	}
}

static gnutls_priority_t make_priority(const struct strbuf *words) {
	gnutls_priority_t priority;
	int code = gnutls_priority_init(&priority, words->ptr, NULL);
	BUG_ON(code != GNUTLS_E_SUCCESS); /* the words are ours */
	return priority;
}

/* cipher_suites are of TLS 1.2 and older; GnuTLS has one list for all versions. So what is listed is laid down once the version is
 * known, and until then everything that may come of it is on offer. */
static void set_priorities(struct web_tls_terms *t, const struct web_tls *config) {
	struct strbuf words = STRBUF_INIT;
	enum web_tls_version min = config->min_version, max = config->max_version;
	bool any_12 = config->cipher_count == 0;
	for (size_t i = 0; i < config->cipher_count; i++) {
		any_12 = any_12 || config->ciphers[i]->kx != NULL;
	}
	strbuf_add_c(&words, BASE);
	add_ciphers(&words, config);
	strbuf_add_c(&words, CIPHERS_13);
	strbuf_add_c(&words, config->cipher_count == 0 ? CIPHERS_12 : "");
	add_versions(&words, any_12 ? min : WEB_TLS13, max);
	add_curves(&words, config);
	t->offered = make_priority(&words);
	if (config->cipher_count > 0 && any_12 && min < WEB_TLS13) {
		strbuf_clear(&words);
		strbuf_add_c(&words, BASE);
		add_ciphers(&words, config);
		add_versions(&words, min, max < WEB_TLS12 ? max : WEB_TLS12);
		add_curves(&words, config);
		t->up_to_12 = make_priority(&words);
	}
	strbuf_finish(&words);
}

static gnutls_datum_t datum(struct str text) {
	return (gnutls_datum_t){.data = (unsigned char *)(uintptr_t)text.ptr,
							.size = (unsigned)text.len};
}

/* A key may stand there. */
static bool complain(struct diags *diags, const struct web_text *file, const struct web_text *text,
					 const char *message) {
	const struct web_text *at = file->text.len > 0 ? file : text;
	diags_add_secret(diags, at->span, message);
	return false;
}

static bool load_key(gnutls_x509_privkey_t key, const struct web_tls *config, struct str text,
					 struct diags *diags) {
	gnutls_datum_t pem = datum(text);
	int code = gnutls_x509_privkey_import2(key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	return code == GNUTLS_E_SUCCESS || complain(diags, &config->key_file, &config->key,
												"not a private key in PEM format, or encrypted");
}

static bool load_pair(struct web_tls_terms *t, const struct web_tls *config,
					  const struct web_tls_texts *texts, struct diags *diags) {
	gnutls_x509_crt_t chain[CERTIFICATES_MAX];
	unsigned count = CERTIFICATES_MAX;
	gnutls_datum_t pem = datum(texts->cert);
	int code = gnutls_x509_crt_list_import(chain, &count, &pem, GNUTLS_X509_FMT_PEM,
										   GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);
	if (code < 0) {
		return complain(diags, &config->cert_file, &config->cert,
						"not a certificate in PEM format");
	}
	gnutls_x509_privkey_t key;
	code = gnutls_x509_privkey_init(&key);
	BUG_ON(code != GNUTLS_E_SUCCESS);
	bool good = load_key(key, config, texts->key, diags);
	if (good) {
		code = gnutls_certificate_set_x509_key(t->credentials, chain, (int)count, key);
		good = code >= 0 || complain(diags, &config->key_file, &config->key,
									 "the key does not belong to the certificate");
	}
	gnutls_x509_privkey_deinit(key);
	for (unsigned i = 0; i < count; i++) {
		gnutls_x509_crt_deinit(chain[i]);
	}
	return good;
}

/* Without one, whoever the system trusts, as in Go. */
static bool load_ca(struct web_tls_terms *t, const struct web_tls *config, struct str text,
					struct diags *diags) {
	if (text.len == 0) {
		if (t->client_auth == WEB_CLIENT_VERIFY || t->client_auth == WEB_CLIENT_VERIFY_IF_GIVEN) {
			gnutls_certificate_set_x509_system_trust(t->credentials);
		}
		return true;
	}
	gnutls_datum_t pem = datum(text);
	return gnutls_certificate_set_x509_trust_mem(t->credentials, &pem, GNUTLS_X509_FMT_PEM) > 0 ||
		   complain(diags, &config->ca_file, &config->ca, "no certificate in PEM format");
}

struct web_tls_terms *web_tls_create(const struct web_tls *config,
									 const struct web_tls_texts *texts, struct diags *diags) {
	struct web_tls_terms *t = mem_calloc(1, sizeof *t);
	int code = gnutls_certificate_allocate_credentials(&t->credentials);
	BUG_ON(code != GNUTLS_E_SUCCESS);
	t->client_auth = config->client_auth;
	t->sans = mem_calloc(config->san_count, sizeof *t->sans);
	for (; t->san_count < config->san_count; t->san_count++) {
		t->sans[t->san_count] = mem_dup_str(config->sans[t->san_count]);
	}
	set_priorities(t, config);
	if (!load_pair(t, config, texts, diags) || !load_ca(t, config, texts->ca, diags)) {
		web_tls_destroy(t);
		return NULL;
	}
	return t;
}

void web_tls_destroy(struct web_tls_terms *t) {
	if (t == NULL) {
		return;
	}
	gnutls_certificate_free_credentials(t->credentials);
	gnutls_priority_deinit(t->offered);
	if (t->up_to_12 != NULL) {
		gnutls_priority_deinit(t->up_to_12);
	}
	for (size_t i = 0; i < t->san_count; i++) {
		free(t->sans[i]);
	}
	free(t->sans);
	free(t);
}

/* ---- clients ---- */

static bool is_allowed_name(const struct web_tls_terms *t, const char *name) {
	for (size_t i = 0; i < t->san_count; i++) {
		if (strcmp(t->sans[i], name) == 0) {
			return true;
		}
	}
	return false;
}

/* Names as they are written, addresses as numbers. */
static bool is_allowed_san(const struct web_tls_terms *t, int type, const char *name, size_t len) {
	char address[INET6_ADDRSTRLEN];
	if (type == GNUTLS_SAN_IPADDRESS) {
		int family = len == 4 ? AF_INET : AF_INET6;
		return (len == 4 || len == 16) &&
			   inet_ntop(family, name, address, sizeof address) != NULL &&
			   is_allowed_name(t, address);
	}
	bool is_name =
		type == GNUTLS_SAN_DNSNAME || type == GNUTLS_SAN_RFC822NAME || type == GNUTLS_SAN_URI;
	return is_name && strlen(name) == len && is_allowed_name(t, name);
}

#define SAN_MAX 1024 /* bytes of one name */

static bool has_allowed_san(const struct web_tls_terms *t, gnutls_x509_crt_t certificate) {
	for (unsigned i = 0;; i++) {
		char name[SAN_MAX + 1];
		size_t len = SAN_MAX;
		int type = gnutls_x509_crt_get_subject_alt_name(certificate, i, name, &len, NULL);
		if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) {
			return false;
		}
		if (type >= 0) {
			name[len] = '\0';
			if (is_allowed_san(t, type, name, len)) {
				return true;
			}
		} else if (type != GNUTLS_E_SHORT_MEMORY_BUFFER) {
			return false;
		}
	}
}

static bool san_is_allowed(const struct web_tls_terms *t, const gnutls_datum_t *der) {
	gnutls_x509_crt_t certificate;
	if (t->san_count == 0) {
		return true;
	}
	int code = gnutls_x509_crt_init(&certificate);
	BUG_ON(code != GNUTLS_E_SUCCESS);
	bool allowed =
		gnutls_x509_crt_import(certificate, der, GNUTLS_X509_FMT_DER) == GNUTLS_E_SUCCESS &&
		has_allowed_san(t, certificate);
	gnutls_x509_crt_deinit(certificate);
	return allowed;
}

static bool ca_has_signed(gnutls_session_t session) {
	gnutls_typed_vdata_st purpose = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
									 .data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT};
	unsigned status;
	return gnutls_certificate_verify_peers(session, &purpose, 1, &status) == GNUTLS_E_SUCCESS &&
		   status == 0;
}

/* Not 0 ends the handshake. A certificate that must be there is demanded by the session itself. */
static int verify_client(gnutls_session_t session) {
	const struct web_tls_wire *wire = gnutls_transport_get_ptr(session);
	const struct web_tls_terms *t = wire->terms;
	bool verified =
		t->client_auth == WEB_CLIENT_VERIFY || t->client_auth == WEB_CLIENT_VERIFY_IF_GIVEN;
	unsigned count;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
	if (chain == NULL || count == 0) {
		return t->san_count > 0; /* who shows nothing has none of the names */
	}
	return (verified && !ca_has_signed(session)) || !san_is_allowed(t, &chain[0]);
}

static int handle_hello(gnutls_session_t session) {
	const struct web_tls_wire *wire = gnutls_transport_get_ptr(session);
	if (gnutls_protocol_get_version(session) > GNUTLS_TLS1_2) {
		return 0;
	}
	return gnutls_priority_set(session, wire->terms->up_to_12);
}

/* ---- the wire ---- */

static ssize_t pull(gnutls_transport_ptr_t data, void *bytes, size_t size) {
	struct web_tls_wire *w = data;
	ssize_t count = recv(w->fd, bytes, size, MSG_DONTWAIT);
	*w->moves += count >= 0 || (errno != EAGAIN && errno != EINTR);
	return count;
}

static ssize_t push(gnutls_transport_ptr_t data, const void *bytes, size_t size) {
	struct web_tls_wire *w = data;
	ssize_t count = send(w->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	*w->moves += count >= 0 || (errno != EAGAIN && errno != EINTR);
	return count;
}

static int pull_timeout(gnutls_transport_ptr_t data, unsigned ms) {
	struct web_tls_wire *w = data;
	struct pollfd p = {.fd = w->fd, .events = POLLIN};
	(void)ms; /* nothing here waits */
	return poll(&p, 1, 0);
}

static gnutls_certificate_request_t wanted(enum web_client_auth auth) {
	static const gnutls_certificate_request_t wants[] = {
		[WEB_CLIENT_NONE] = GNUTLS_CERT_IGNORE,
		[WEB_CLIENT_REQUEST] = GNUTLS_CERT_REQUEST,
		[WEB_CLIENT_REQUIRE] = GNUTLS_CERT_REQUIRE,
		[WEB_CLIENT_VERIFY_IF_GIVEN] = GNUTLS_CERT_REQUEST,
		[WEB_CLIENT_VERIFY] = GNUTLS_CERT_REQUIRE,
	};
	return wants[auth];
}

void web_tls_attach(const struct web_tls_terms *t, gnutls_session_t session,
					struct web_tls_wire *wire) {
	wire->terms = t;
	gnutls_transport_set_ptr(session, wire);
	gnutls_transport_set_pull_function(session, pull);
	gnutls_transport_set_push_function(session, push);
	gnutls_transport_set_pull_timeout_function(session, pull_timeout);
	gnutls_priority_set(session, t->offered);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, t->credentials);
	gnutls_certificate_server_set_request(session, wanted(t->client_auth));
	if (t->client_auth != WEB_CLIENT_NONE) {
		gnutls_session_set_verify_function(session, verify_client);
	}
	if (t->up_to_12 != NULL) {
		gnutls_handshake_set_post_client_hello_function(session, handle_hello);
	}
}
