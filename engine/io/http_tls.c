/* What went wrong with TLS, in words for an operator: whom to ask, and which key to mend. */
#include <string.h>

#include "engine/io/http_client_private.h"

/* OpenSSL's verdicts on a certificate, as libcurl passes them on. The numbers are part of its binary interface. */
enum verdict {
	VERDICT_NO_ISSUER = 2,
	VERDICT_NOT_YET_VALID = 9,
	VERDICT_EXPIRED = 10,
	VERDICT_SELF_SIGNED = 18,
	VERDICT_SELF_SIGNED_IN_CHAIN = 19,
	VERDICT_NO_LOCAL_ISSUER = 20,
	VERDICT_NO_SIGNATURE = 21,
};

#define EXPIRED_CERT "the client certificate has expired"
#define UNKNOWN_CA "the server's certificate is from an unknown CA (tls_config: ca_file)"

static const struct {
	enum verdict verdict;
	const char *words;
} verdicts[] = {
	{VERDICT_NO_ISSUER, UNKNOWN_CA},
	{VERDICT_NO_LOCAL_ISSUER, UNKNOWN_CA},
	{VERDICT_NO_SIGNATURE, UNKNOWN_CA},
	{VERDICT_SELF_SIGNED_IN_CHAIN, UNKNOWN_CA},
	{VERDICT_SELF_SIGNED,
	 "the server's certificate is signed by itself, and nobody said that it can be trusted "
	 "(tls_config: ca_file)"},
	{VERDICT_EXPIRED, "the server's certificate has expired"},
	{VERDICT_NOT_YET_VALID,
	 "the server's certificate is not valid yet; is the clock of this machine right?"},
};

static const char *checked_name(const struct http_exchange *e) {
	if (e->server_name != NULL) {
		return e->server_name;
	}
	return e->origin.host != NULL ? e->origin.host : "";
}

/* The server's certificate is not good enough for us; or, as libcurl has it, ours for the server. */
static void print_verdict(struct strbuf *out, struct http_exchange *e) {
	long verdict = 0;
	curl_easy_getinfo(e->easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
	if (strstr(e->error, "subject name") != NULL) {
		strbuf_printf(out, "the server's certificate is not for \"%s\" (tls_config: server_name)",
					  checked_name(e));
		return;
	}
	if (e->has_cert && strcmp(e->error, "SSL certificate verification failed") == 0) {
		strbuf_add_c(out, EXPIRED_CERT);
		return;
	}
	for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
		if (verdict == (long)verdicts[i].verdict) {
			strbuf_add_c(out, verdicts[i].words);
			return;
		}
	}
	strbuf_printf(out, "the server's certificate is not accepted: %s", e->error);
}

#define NO_CERT "the server wants a client certificate (tls_config: cert_file, key_file)"

/* What the two sides could not agree on, as libcurl quotes OpenSSL. Alerts are the server's last words. */
static const struct {
	const char *quoted, *without_cert, *with_cert;
} alerts[] = {
	{"alert certificate required", NO_CERT, "the server did not accept the client certificate"},
	{"alert unknown ca", NULL, "the server does not know the CA of the client certificate"},
	{"alert certificate expired", NULL, EXPIRED_CERT},
	{"alert certificate revoked", NULL, "the client certificate was revoked"},
	{"alert bad certificate", NO_CERT, "the server did not accept the client certificate"},
	{"alert handshake failure",
	 "the server refused the TLS handshake; it may want a client certificate (tls_config: "
	 "cert_file, key_file)",
	 "the server refused the TLS handshake"},
	{"alert protocol version", NULL,
	 "the server offers no TLS version that is allowed here (tls_config: min_version, "
	 "max_version)"},
	{"unsupported protocol", NULL,
	 "the server offers no TLS version that is allowed here (tls_config: min_version, "
	 "max_version)"},
	{"no protocols available", NULL,
	 "the TLS versions that are allowed here are not offered by this system (tls_config: "
	 "min_version, max_version)"},
	{"wrong version number", NULL, "the server does not speak TLS on this port; is it http://?"},
	{"packet length too long", NULL, "the server does not speak TLS on this port; is it http://?"},
};

static bool print_alert(struct strbuf *out, struct http_exchange *e) {
	for (size_t i = 0; i < sizeof alerts / sizeof alerts[0]; i++) {
		if (strstr(e->error, alerts[i].quoted) == NULL) {
			continue;
		}
		bool without = !e->has_cert && alerts[i].without_cert != NULL;
		strbuf_add_c(out, without ? alerts[i].without_cert : alerts[i].with_cert);
		return true;
	}
	return false;
}

/* From TLS 1.3 on a client certificate is judged when the request is on its way already, and the server's last words about it may
 * be lost with the connection. */
static bool print_lost_alert(struct strbuf *out, struct http_exchange *e) {
	long connects = 0;
	curl_easy_getinfo(e->easy, CURLINFO_NUM_CONNECTS, &connects);
	if (connects == 0 || e->header_bytes > 0 || e->origin.scheme == NULL ||
		strcmp(e->origin.scheme, "https") != 0) {
		return false;
	}
	strbuf_printf(
		out, "the connection was closed before the answer; %s",
		e->has_cert
			? "it may be that the server does not accept the client certificate"
			: "it may be that the server wants a client certificate (tls_config: cert_file, "
			  "key_file)");
	return true;
}

bool http_tls_print(struct strbuf *out, struct http_exchange *e, CURLcode code) {
	switch ((int)code) {
	case CURLE_PEER_FAILED_VERIFICATION: print_verdict(out, e); return true;
	case CURLE_SSL_CACERT_BADFILE:
		strbuf_printf(out, "%s: the CA certificates cannot be used: %s", e->ca_place, e->error);
		return true;
	case CURLE_SSL_CERTPROBLEM:
		strbuf_printf(out,
					  "%s: the client certificate or its key cannot be used, or they do not belong "
					  "together: %s",
					  e->cert_place, e->error);
		return true;
	case CURLE_SSL_CONNECT_ERROR:
		if (!print_alert(out, e)) {
			strbuf_printf(out, "the TLS handshake failed: %s", e->error);
		}
		return true;
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR: return print_alert(out, e) || print_lost_alert(out, e);
	default: return false;
	}
}
