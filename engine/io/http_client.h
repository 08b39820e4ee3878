/* HTTP requests on the loop: many at once, each with a time-out and a cap, connections kept alive. libcurl does the talking. */
#ifndef ENGINE_IO_HTTP_CLIENT_H
#define ENGINE_IO_HTTP_CLIENT_H

#include <stdbool.h>
#include <uv.h>

#include "base/str.h"
#include "base/timestamp.h"
#include "engine/config/config_access.h"

struct http_client;
struct http_exchange;

struct http_header {
	const char *name, *value;
};

/* Who we are to a server and how it is approached, as configured and with what stands in files. Of all zeros: nobody in particular,
 * over TLS with the system's CAs, not through a proxy, redirects are failures. */
struct http_access {
	const char *failure; /* not NULL: why there is none; the request fails with it, unsent */
	const char *username, *password; /* basic authentication; NULL: none */
	const struct http_header *headers;
	size_t header_count;
	struct str ca, cert, key;          /* PEM; empty: the system's, none, none */
	const char *ca_place, *cert_place; /* where they are from, for messages */
	const char *server_name;           /* in the server's certificate; NULL: the URL's host */
	bool is_insecure;                  /* any certificate will do */
	enum config_tls_version tls_min, tls_max;
	const char *proxy, *no_proxy; /* NULL: none */
	bool has_environment_proxy;   /* the environment says which */
	bool follows_redirects;
};

struct http_request {
	const char *url;            /* http or https; copied */
	const char *content_type;   /* of the body; copied; NULL: no body, a GET */
	const char *const *headers; /* more of them, "Name: value", up to a NULL; or NULL; copied */
	struct str body;            /* borrowed until `done` */
	dur_ms timeout;             /* of the whole exchange */
	size_t max_bytes;           /* of the answer's body, decompressed */
	const char
		*limit_name; /* what raises max_bytes, for the message; borrowed; NULL: nothing does */
	bool compressed; /* whether to offer gzip and deflate */
	const struct http_access *access; /* borrowed until http_send returns; NULL: as of all zeros */
};

struct http_answer {
	int status; /* of a whole answer, or of one that the receiver cut short; 0: none, and `failure` says why */
	const char *failure;      /* plain words: "connection refused"; NULL when there is a status */
	bool too_large;           /* no status, because the body is larger than max_bytes */
	bool redirected;          /* no status, because the server sends us elsewhere */
	const char *content_type; /* "" when it was not said */
	dur_ms retry_after;       /* 0: not said */
	ts_ms date;               /* the server's clock when it answered; 0: not said */
	dur_us took;
};

struct http_callbacks {
	/* Bytes of the body as they come, decompressed. false: no more is wanted; the connection is closed and `done` follows.
	 * Must not send or close, but may cancel. NULL: the body is not wanted. */
	bool (*receive)(int status, struct str bytes, void *data);
	/* Exactly once for each exchange, also after http_cancel and http_client_close, always from the loop and never from inside
	 * those calls. The exchange is gone after it. May send, cancel others, and close the client. */
	void (*done)(const struct http_answer *answer, void *data);
	void *data;
};

struct http_client *http_client_create(uv_loop_t *loop, const char *user_agent);

/* Cancels every exchange; after their `done`, and when the loop let go of every handle, calls `closed` and frees the client. */
typedef void http_client_closed(void *data);
void http_client_close(struct http_client *c, http_client_closed *closed, void *data);

/* A redirect is a failure that says where it leads: what is configured is where the requests go. Where redirects are followed, the
 * request is repeated as it is, body and all; to another server it goes without names, passwords and headers of ours. */
struct http_exchange *http_send(struct http_client *c, const struct http_request *request,
								const struct http_callbacks *callbacks);

/* `done` will be called with the failure "cancelled". */
void http_cancel(struct http_exchange *e);

#endif
