/* One request and its answer: the easy handle, its options and what it calls back. */
#include "base/bug.h"
#include "base/mem.h"
#include "engine/io/clock.h"
#include "engine/io/http_client_private.h"

/* Returning less than was offered ends the transfer. */
#define STOP 0

static size_t handle_header(char *bytes, size_t size, size_t count, void *data) {
	(void)bytes;
	struct http_exchange *e = data;
	e->header_bytes += size * count;
	if (e->header_bytes > HTTP_HEADER_BYTES_MAX) {
		e->is_header_too_large = true;
		return STOP;
	}
	return size * count;
}

/* A length that is said before the body saves fetching it. An error's body is only read as far as the receiver likes. */
static bool is_said_too_large(struct http_exchange *e, long status) {
	curl_off_t said = -1;
	curl_easy_getinfo(e->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &said);
	return status == 200 && said > 0 && (size_t)said > e->max_bytes;
}

static size_t handle_body(char *bytes, size_t size, size_t count, void *data) {
	struct http_exchange *e = data;
	size_t length = size * count;
	if (e->is_cancelled) {
		return STOP;
	}
	long status = 0;
	curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &status);
	if (length > e->max_bytes - e->received || is_said_too_large(e, status)) {
		e->is_too_large = true;
		return STOP;
	}
	e->received += length;
	if (e->callbacks.receive == NULL || (e->follows_redirects && http_is_redirect(status))) {
		return length;
	}
	if (!e->callbacks.receive((int)status, (struct str){bytes, length}, e->callbacks.data)) {
		e->is_enough = true;
		return STOP;
	}
	return length;
}

static void set_limits(CURL *easy, const struct http_request *r) {
	long timeout = (long)(r->timeout > 0 ? r->timeout : 1); /* 0 would mean for ever */
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, timeout);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT,
					 1L); /* else ending an exchange waits for a name server that is silent */
#endif
}

static void set_callbacks(struct http_exchange *e) {
	curl_easy_setopt(e->easy, CURLOPT_PRIVATE, e);
	curl_easy_setopt(e->easy, CURLOPT_ERRORBUFFER, e->error);
	curl_easy_setopt(e->easy, CURLOPT_WRITEFUNCTION, handle_body);
	curl_easy_setopt(e->easy, CURLOPT_WRITEDATA, e);
	curl_easy_setopt(e->easy, CURLOPT_HEADERFUNCTION, handle_header);
	curl_easy_setopt(e->easy, CURLOPT_HEADERDATA, e);
}

static void add_header(struct http_exchange *e, const char *line) {
	struct curl_slist *longer = curl_slist_append(e->headers, line);
	BUG_ON(longer == NULL);
	e->headers = longer;
}

static void set_body(struct http_exchange *e, const struct http_request *r) {
	if (r->content_type == NULL) {
		return;
	}
	curl_easy_setopt(e->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(e->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
	curl_easy_setopt(e->easy, CURLOPT_POSTFIELDS, r->body.len > 0 ? r->body.ptr : "");
	struct strbuf line = STRBUF_INIT;
	strbuf_printf(&line, "Content-Type: %s", r->content_type);
	add_header(e, line.ptr);
	strbuf_finish(&line);
	add_header(
		e,
		"Expect:"); /* else a large body waits a second for a "100 Continue" that few servers send */
}

static void set_options(struct http_exchange *e, const struct http_request *r) {
	curl_easy_setopt(e->easy, CURLOPT_USERAGENT, e->client->user_agent);
	curl_easy_setopt(e->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	if (r->compressed) {
		curl_easy_setopt(e->easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
	}
	set_limits(e->easy, r);
	set_callbacks(e);
	set_body(e, r);
	for (size_t i = 0; r->headers != NULL && r->headers[i] != NULL; i++) {
		add_header(e, r->headers[i]);
	}
	http_access_apply(e, r->url, r->access);
}

struct http_exchange *http_exchange_create(struct http_client *c, const struct http_request *r,
										   const struct http_callbacks *callbacks) {
	struct http_exchange *e = mem_calloc(1, sizeof *e);
	e->client = c;
	e->callbacks = *callbacks;
	e->timeout = r->timeout;
	e->max_bytes = r->max_bytes;
	e->limit_name = r->limit_name;
	e->started_at = clock_fine();
	e->easy = curl_easy_init();
	BUG_ON(e->easy == NULL);
	set_options(e, r);
	return e;
}

void http_exchange_destroy(struct http_exchange *e) {
	curl_easy_cleanup(e->easy);
	http_access_finish(e);
	free(e);
}
