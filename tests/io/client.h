/* A client on the test's own loop that writes what it is told and reads only if it likes. */
#ifndef TESTS_IO_CLIENT_H
#define TESTS_IO_CLIENT_H

#include "tests/io/peer.h"

struct client {
	uv_tcp_t tcp;
	uv_timer_t timer;
	uv_connect_t connect;
	struct strbuf in;
	bool connected, ended, closed;
	struct str drip;
	char buffer[4096];
};

/* Connects to a port of the loopback. */
void client_init(struct client *c, struct bench *b, unsigned port);
/* Only when the loop has let go of it. */
void client_finish(struct client *c, struct bench *b);

void client_read(struct client *c);                                /* from now on, all */
void client_write(struct client *c, struct str bytes);             /* which must stay */
void client_drip(struct client *c, struct str bytes, unsigned ms); /* one byte each `ms` */

#endif
