/* Inside of the HTTP client: the client owns the loop's handles, an exchange owns its easy handle. */
#ifndef ENGINE_IO_HTTP_CLIENT_PRIVATE_H
#define ENGINE_IO_HTTP_CLIENT_PRIVATE_H

#include <curl/curl.h>

#include "base/strbuf.h"
#include "engine/io/http_client.h"

#define HTTP_HEADER_BYTES_MAX (64u << 10) /* of an answer's headers in total */

#define HTTP_REDIRECTS_MAX 10 /* as most clients have it */

struct http_poll;

struct http_client {
	uv_loop_t *loop;
	CURLM *multi;
	uv_timer_t timer; /* libcurl's: only its timer callback starts or stops it */
	uv_timer_t soon;  /* runs `pending` as soon as the loop turns */
	size_t handles;   /* of the loop, not yet closed */
	char *user_agent;
	struct http_exchange *first;   /* all that are not done */
	struct http_exchange *pending; /* those that wait for `soon`, last one first */
	struct http_poll *polls;
	bool closing;
	http_client_closed *closed;
	void *closed_data;
};

/* A watched socket. On the heap: the loop lets go of it later than libcurl does. */
struct http_poll {
	uv_poll_t handle;
	curl_socket_t fd;
	struct http_client *client;
	struct http_poll *previous, *next;
};

/* Of a URL; all NULL: it has none. */
struct http_origin {
	char *scheme, *host, *port;
};

/*      http_send          soon             drive
 *   ────────────► waiting ─────► running ─────────► done, freed
 *                    └── cancelled ──┴── soon ────────► */
struct http_exchange {
	struct http_client *client;
	struct http_exchange *previous, *next;
	struct http_exchange *next_pending;
	bool is_pending, is_running, is_cancelled;

	struct http_callbacks callbacks;
	struct str body;
	dur_ms timeout;
	size_t max_bytes;
	const char *limit_name;
	dur_us started_at;

	CURL *easy;
	struct curl_slist *headers;        /* ours, then those of the access */
	struct curl_slist *last_header;    /* of ours; NULL: there are only others */
	struct curl_slist *connect_to;     /* the real host, where the URL has the certificate's name */
	struct http_origin origin;         /* of the URL that was asked for */
	char *server_name;                 /* NULL: the origin's host */
	char *ca_place, *cert_place;       /* NULL: there are none */
	char *refusal;                     /* NULL: it may be sent */
	bool follows_redirects, has_proxy; /* has_proxy: one was configured */
	bool has_cert;
	int redirects; /* followed so far */
	char error[CURL_ERROR_SIZE];
	size_t received, header_bytes;
	bool is_enough;    /* the receiver wants no more */
	bool is_too_large; /* more than max_bytes */
	bool is_header_too_large;
};

struct http_exchange *http_exchange_create(struct http_client *c, const struct http_request *r,
										   const struct http_callbacks *callbacks);
void http_exchange_destroy(struct http_exchange *e);

/* http_access.c: sets the URL and the options that an access asks for. */
void http_access_apply(struct http_exchange *e, const char *url, const struct http_access *access);
/* Turns a redirect into the next request. false: it is not to be followed. */
bool http_access_follow(struct http_exchange *e);
void http_access_finish(struct http_exchange *e);

/* http_tls.c: what went wrong in words, where TLS had to do with it. */
bool http_tls_print(struct strbuf *out, struct http_exchange *e, CURLcode code);

bool http_is_redirect(long status);

/* Says in `out` why there was no answer. */
void http_failure_print(struct strbuf *out, struct http_exchange *e, CURLcode code);

#endif
