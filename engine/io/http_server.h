/* Our own HTTP API on the loop. libmicrohttpd does the talking through its epoll descriptor; it has no thread. */
#ifndef ENGINE_IO_HTTP_SERVER_H
#define ENGINE_IO_HTTP_SERVER_H

#include <stdbool.h>
#include <uv.h>

#include "base/strbuf.h"
#include "engine/api/api.h"

struct http_server;

struct http_server_options {
	const char *
		listen; /* "127.0.0.1:9099", ":9099" (all addresses), "[::1]:0"; port 0: the kernel's choice */
	unsigned connections_max; /* more wait to be accepted until one ends */
	dur_ms
		turn_max; /* a connection that completes no request for so long is closed: idle, dripping or not reading */
	size_t body_bytes_max; /* of a request */
};

/* Fills the response, whose body is initialised. `now` of the request is the handler's to set. */
typedef void http_server_handle(struct api_request *request, struct api_response *response,
								void *data);

/* NULL: `out_error` says why, with the address: "cannot listen on 127.0.0.1:9099: address already in use". */
struct http_server *http_server_create(uv_loop_t *loop, const struct http_server_options *options,
									   http_server_handle *handle, void *data,
									   struct strbuf *out_error);

unsigned http_server_port(const struct http_server *s);

/* Ends all connections; frees it when the loop let go of it, then calls `closed`. */
typedef void http_server_closed(void *data);
void http_server_close(struct http_server *s, http_server_closed *closed, void *data);

#endif
