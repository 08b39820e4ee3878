/* The way into a server: what libcurl is told of TLS, names, passwords, headers and proxies, and where redirects may lead. */
#include <strings.h>

#include "base/bug.h"
#include "base/mem.h"
#include "engine/io/clock.h"
#include "engine/io/http_client_private.h"

/* ---- where to ---- */

static char *url_part(CURLU *parts, CURLUPart part, unsigned flags) {
	char *curls = NULL;
	if (curl_url_get(parts, part, &curls, flags) != CURLUE_OK) {
		return NULL;
	}
	char *ours = mem_dup_str(str_from(curls));
	curl_free(curls);
	return ours;
}

static void origin_finish(struct http_origin *o) {
	free(o->scheme);
	free(o->host);
	free(o->port);
	*o = (struct http_origin){0};
}

/* All NULL for what is no URL: libcurl says so when it is sent. */
static void origin_init(struct http_origin *o, const char *url) {
	CURLU *parts = curl_url();
	BUG_ON(parts == NULL);
	*o = (struct http_origin){0};
	if (curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK) {
		o->scheme = url_part(parts, CURLUPART_SCHEME, 0);
		o->host = url_part(parts, CURLUPART_HOST, 0);
		o->port = url_part(parts, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	}
	curl_url_cleanup(parts);
	if (o->scheme == NULL || o->host == NULL || o->port == NULL) {
		origin_finish(o);
	}
}

static bool is_https(const struct http_origin *o) {
	return o->scheme != NULL && strcmp(o->scheme, "https") == 0;
}

/* Also from http to https on the usual ports: the same server, better protected. */
static bool is_same(const struct http_origin *from, const struct http_origin *to) {
	if (from->host == NULL || to->host == NULL || strcasecmp(from->host, to->host) != 0) {
		return false;
	}
	bool same_scheme = strcmp(from->scheme, to->scheme) == 0;
	bool is_upgrade = !is_https(from) && is_https(to) && strcmp(from->port, "80") == 0 &&
					  strcmp(to->port, "443") == 0;
	return is_upgrade || (same_scheme && strcmp(from->port, to->port) == 0);
}

/* ---- names, passwords, headers ---- */

static void add_header(struct http_exchange *e, const char *name, const char *value) {
	struct strbuf line = STRBUF_INIT;
	/* "Name;" is how libcurl spells a header without a value; "Name:" would take one away */
	strbuf_printf(&line, value[0] != '\0' ? "%s: %s" : "%s;", name, value);
	struct curl_slist *longer = curl_slist_append(e->headers, line.ptr);
	BUG_ON(longer == NULL);
	e->headers = longer;
	strbuf_finish(&line);
}

/* Must be there before the headers are set: they are found behind it. */
static void mark_own_headers(struct http_exchange *e) {
	e->last_header = e->headers;
	while (e->last_header != NULL && e->last_header->next != NULL) {
		e->last_header = e->last_header->next;
	}
}

static void drop_headers(struct http_exchange *e) {
	struct curl_slist **first = e->last_header != NULL ? &e->last_header->next : &e->headers;
	curl_slist_free_all(*first);
	*first = NULL;
	curl_easy_setopt(e->easy, CURLOPT_HTTPHEADER, e->headers);
}

static void set_identity(struct http_exchange *e, const struct http_access *a) {
	if (a->username != NULL || a->password != NULL) {
		curl_easy_setopt(e->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(e->easy, CURLOPT_USERNAME, a->username != NULL ? a->username : "");
		curl_easy_setopt(e->easy, CURLOPT_PASSWORD, a->password != NULL ? a->password : "");
	}
	for (size_t i = 0; i < a->header_count; i++) {
		add_header(e, a->headers[i].name, a->headers[i].value);
	}
}

/* ---- TLS ---- */

static void set_pem(struct http_exchange *e, CURLoption option, struct str pem) {
	struct curl_blob blob = {.data = (void *)pem.ptr, .len = pem.len, .flags = CURL_BLOB_COPY};
	if (curl_easy_setopt(e->easy, option, &blob) != CURLE_OK && e->refusal == NULL) {
		e->refusal =
			mem_dup_str(STR("this libcurl cannot take certificates from memory; one that was "
							"built with OpenSSL can"));
	}
}

static void set_versions(CURL *easy, enum config_tls_version min, enum config_tls_version max) {
	static const long lowest[] = {[CONFIG_TLS_ANY] = CURL_SSLVERSION_TLSv1_2,
								  [CONFIG_TLS_10] = CURL_SSLVERSION_TLSv1_0,
								  [CONFIG_TLS_11] = CURL_SSLVERSION_TLSv1_1,
								  [CONFIG_TLS_12] = CURL_SSLVERSION_TLSv1_2,
								  [CONFIG_TLS_13] = CURL_SSLVERSION_TLSv1_3};
	static const long highest[] = {[CONFIG_TLS_ANY] = CURL_SSLVERSION_MAX_DEFAULT,
								   [CONFIG_TLS_10] = CURL_SSLVERSION_MAX_TLSv1_0,
								   [CONFIG_TLS_11] = CURL_SSLVERSION_MAX_TLSv1_1,
								   [CONFIG_TLS_12] = CURL_SSLVERSION_MAX_TLSv1_2,
								   [CONFIG_TLS_13] = CURL_SSLVERSION_MAX_TLSv1_3};
	bool is_old = min == CONFIG_TLS_ANY && (max == CONFIG_TLS_10 || max == CONFIG_TLS_11);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, lowest[is_old ? max : min] | highest[max]);
}

/* As texts and not as files: libcurl would keep what it read of a file for a day, and compares texts before it uses a connection
 * that was kept for somebody else. */
static void set_tls(struct http_exchange *e, const struct http_access *a) {
	if (a->ca.len > 0) {
		e->ca_place = mem_dup_str(str_from(a->ca_place));
		set_pem(e, CURLOPT_CAINFO_BLOB, a->ca);
		curl_easy_setopt(e->easy, CURLOPT_CAPATH, NULL); /* else the system's folder counts too */
	}
	if (a->cert.len > 0) {
		e->has_cert = true;
		e->cert_place = mem_dup_str(str_from(a->cert_place));
		set_pem(e, CURLOPT_SSLCERT_BLOB, a->cert);
		set_pem(e, CURLOPT_SSLKEY_BLOB, a->key);
		/* else a key that is encrypted makes OpenSSL ask the terminal and wait */
		curl_easy_setopt(e->easy, CURLOPT_KEYPASSWD, "");
	}
	if (a->is_insecure) {
		curl_easy_setopt(e->easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(e->easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	set_versions(e->easy, a->tls_min, a->tls_max);
}

/* ---- proxies ---- */

/* libcurl asks the environment unless it is told otherwise: a proxy that is meant for something else is not for us. */
static void set_proxy(struct http_exchange *e, const struct http_access *a) {
	e->has_proxy = a->proxy != NULL || a->has_environment_proxy;
	curl_easy_setopt(e->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	if (!a->has_environment_proxy) {
		curl_easy_setopt(e->easy, CURLOPT_PROXY, a->proxy != NULL ? a->proxy : "");
		curl_easy_setopt(e->easy, CURLOPT_NOPROXY, a->no_proxy != NULL ? a->no_proxy : "");
	}
}

/* ---- the URL ---- */

/* "[::1]" for "::1": as the part of a URL that a host is. */
static void add_host(struct strbuf *out, const char *host) {
	bool is_bare = strchr(host, ':') != NULL && host[0] != '[';
	strbuf_printf(out, is_bare ? "[%s]" : "%s", host);
}

/* The connection and the Host header get the host that the URL has lost. */
static void keep_host(struct http_exchange *e, const char *name) {
	const struct http_origin *o = &e->origin;
	struct strbuf line = STRBUF_INIT;
	strbuf_printf(&line, "%s:%s:%s:%s", name, o->port, o->host, o->port);
	e->connect_to = curl_slist_append(NULL, line.ptr);
	BUG_ON(e->connect_to == NULL);
	curl_easy_setopt(e->easy, CURLOPT_CONNECT_TO, e->connect_to);
	strbuf_clear(&line);
	strbuf_printf(&line, strcmp(o->port, "443") == 0 ? "%s" : "%s:%s", o->host, o->port);
	add_header(e, "Host", line.ptr);
	strbuf_finish(&line);
}

/* libcurl looks for the URL's host in the certificate. Where another name is to be there, the URL gets that name. */
static void rename_host(struct http_exchange *e, const char *url) {
	struct strbuf name = STRBUF_INIT;
	CURLU *parts = curl_url();
	BUG_ON(parts == NULL);
	add_host(&name, e->server_name);
	if (e->connect_to == NULL) {
		keep_host(e, name.ptr);
	}
	if (curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
		curl_url_set(parts, CURLUPART_HOST, name.ptr, 0) == CURLUE_OK) {
		char *renamed = url_part(parts, CURLUPART_URL, 0);
		curl_easy_setopt(e->easy, CURLOPT_URL, renamed);
		free(renamed);
	}
	curl_url_cleanup(parts);
	strbuf_finish(&name);
}

static void set_url(struct http_exchange *e, const char *url) {
	curl_easy_setopt(e->easy, CURLOPT_URL, url);
	if (e->server_name != NULL && is_https(&e->origin)) {
		rename_host(e, url);
	}
}

/* ---- all of it ---- */

void http_access_apply(struct http_exchange *e, const char *url, const struct http_access *access) {
	static const struct http_access none = {0};
	const struct http_access *a = access != NULL ? access : &none;
	origin_init(&e->origin, url);
	e->follows_redirects = a->follows_redirects;
	e->refusal = a->failure != NULL ? mem_dup_str(str_from(a->failure)) : NULL;
	e->server_name = a->server_name != NULL ? mem_dup_str(str_from(a->server_name)) : NULL;
	mark_own_headers(e);
	set_identity(e, a);
	set_tls(e, a);
	set_proxy(e, a);
	set_url(e, url);
	curl_easy_setopt(e->easy, CURLOPT_HTTPHEADER, e->headers);
}

void http_access_finish(struct http_exchange *e) {
	origin_finish(&e->origin);
	curl_slist_free_all(e->headers);
	curl_slist_free_all(e->connect_to);
	free(e->server_name);
	free(e->ca_place);
	free(e->cert_place);
	free(e->refusal);
}

/* ---- redirects ---- */

bool http_is_redirect(long status) {
	return status >= 300 && status < 400 && status != 304;
}

/* Somebody else's server: what is ours alone stays here, also for all that follows. */
static void forget_identity(struct http_exchange *e) {
	drop_headers(e);
	curl_easy_setopt(e->easy, CURLOPT_USERNAME, NULL);
	curl_easy_setopt(e->easy, CURLOPT_PASSWORD, NULL);
	curl_easy_setopt(e->easy, CURLOPT_SSLCERT_BLOB, NULL);
	curl_easy_setopt(e->easy, CURLOPT_SSLKEY_BLOB, NULL);
	e->has_cert = false;
}

/* The URL's host is the certificate's name already when the redirect was relative. */
static bool is_at_home(const struct http_exchange *e, const struct http_origin *to) {
	struct http_origin named = e->origin;
	named.host = e->server_name;
	return is_same(&e->origin, to) || is_same(&named, to);
}

static void swap(char **a, char **b) {
	char *other = *a;
	*a = *b;
	*b = other;
}

static void send_to(struct http_exchange *e, const char *url) {
	struct http_origin to;
	origin_init(&to, url);
	if (!is_at_home(e, &to)) {
		forget_identity(e);
		free(e->server_name);
		e->server_name = NULL;
		swap(&e->origin.host, &to.host);
	}
	swap(&e->origin.scheme, &to.scheme);
	swap(&e->origin.port, &to.port);
	origin_finish(&to);
	set_url(e, url);
	curl_easy_setopt(e->easy, CURLOPT_HTTPHEADER, e->headers);
}

bool http_access_follow(struct http_exchange *e) {
	long status = 0;
	char *url = NULL;
	dur_ms left = e->timeout - (clock_fine() - e->started_at) / 1000;
	curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(e->easy, CURLINFO_REDIRECT_URL, &url);
	bool is_web = url != NULL &&
				  (strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0);
	if (!e->follows_redirects || e->is_cancelled || !http_is_redirect(status) || !is_web ||
		e->redirects == HTTP_REDIRECTS_MAX || left <= 0) {
		return false;
	}
	char *copy = mem_dup_str(str_from(url)); /* libcurl's own goes with the next URL */
	e->redirects++;
	e->received = e->header_bytes = 0;
	curl_easy_setopt(e->easy, CURLOPT_TIMEOUT_MS, (long)left);
	send_to(e, copy);
	free(copy);
	return true;
}
