/* A server that misbehaves as it is told, on the test's own loop, and a guard that ends a test that hangs. */
#ifndef TESTS_IO_PEER_H
#define TESTS_IO_PEER_H

#include <stdbool.h>
#include <uv.h>

#include "base/str.h"
#include "base/strbuf.h"

/* ---- the loop of a test ---- */

struct bench {
	uv_loop_t loop;
	uv_timer_t guard;
};

void bench_init(struct bench *b);
/* Turns the loop until *flag, or fails after twenty seconds. */
void bench_run_until(struct bench *b, const bool *flag);
void bench_run_for(struct bench *b, unsigned ms);
/* Turns the loop until nothing is left in it, and expects uv_loop_close() == 0. */
void bench_finish(struct bench *b);

/* ---- the peer ---- */

struct peer_connection;

/* Called with each request that came in whole: request line, headers and body. */
typedef void peer_handle(struct peer_connection *c, struct str request, void *data);

struct peer {
	uv_tcp_t listener;
	peer_handle *handle;
	void *data;
	unsigned port;
	unsigned connections; /* accepted so far */
	unsigned requests;    /* that came in whole, so far */
	struct peer_connection *first;
};

void peer_init(struct peer *p, uv_loop_t *loop, peer_handle *handle, void *data);
void peer_hang_up(struct peer *p); /* ends its connections */
/* Also ends its connections. */
void peer_close(struct peer *p);
const char *peer_url(const struct peer *p, const char *path); /* valid until the next call */

void peer_write(struct peer_connection *c, struct str bytes); /* copied */
void peer_drip(struct peer_connection *c, struct str bytes,
			   unsigned ms); /* one byte each `ms`; borrowed */
void peer_flood(struct peer_connection *c,
				size_t total);              /* that many bytes of 'x' as they are taken */
void peer_end(struct peer_connection *c);   /* after what was written: an orderly end */
void peer_reset(struct peer_connection *c); /* at once: RST */

/* A status line, headers and the body. `headers` has a CRLF behind each. */
void peer_answer(struct peer_connection *c, const char *status, const char *headers,
				 const char *body);

#endif
