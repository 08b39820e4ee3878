/* Our own HTTP API on the loop. libmicrohttpd does the talking through its epoll descriptor; it has no thread. */
#ifndef ENGINE_IO_HTTP_SERVER_H
#define ENGINE_IO_HTTP_SERVER_H

#include <stdbool.h>
#include <uv.h>

#include "base/strbuf.h"
#include "engine/api/api.h"
#include "engine/io/web_access.h"

struct http_server;

struct http_server_options {
	const char *
		listen; /* "127.0.0.1:9099", ":9099" (all addresses), "[::1]:0"; port 0: the kernel's choice */
	const struct http_server
		*heir_of;             /* listens where this one does, instead; NULL: opens `listen` */
	int passed;               /* a socket that listens already, instead; borrowed; 0: none */
	unsigned connections_max; /* more wait to be accepted until one ends */
	dur_ms
		turn_max; /* a connection that completes no request for so long is closed: idle, dripping or not reading */
	size_t body_bytes_max; /* of a request */
	bool packs_near;       /* compresses also over the loopback */
	size_t
		answers_bytes_max; /* of all answers that wait to be read; past it, who has waited longest is cut off */
};

/* Fills the response, whose body is initialised. `now` and `process` of the request are the handler's to set. */
typedef void http_server_handle(struct api_request *request, struct api_response *response,
								void *data);

/* `access` is held. NULL: `out_error` says why, with the address: "cannot listen on 127.0.0.1:9099: address already in use". */
struct http_server *http_server_create(uv_loop_t *loop, const struct http_server_options *options,
									   struct web_access *access, http_server_handle *handle,
									   void *data, struct strbuf *out_error);

/* For what comes from now on; held. false: TLS would go on or off, and only another server can do that. */
bool http_server_set_access(struct http_server *s, struct web_access *access);

unsigned http_server_port(const struct http_server *s); /* 0: it has none */
void http_server_print_address(const struct http_server *s, struct strbuf *out);
bool http_server_has_tls(const struct http_server *s);

/* Accepts nobody any more; who comes waits in the socket, for another process that has it too. */
void http_server_quiesce(struct http_server *s);
/* Whether somebody who was accepted waits for an answer, or has not asked yet. */
bool http_server_is_asked(const struct http_server *s);

/* Ends all connections; frees it when the loop let go of it, then calls `closed`. */
typedef void http_server_closed(void *data);
void http_server_close(struct http_server *s, http_server_closed *closed, void *data);

#endif
