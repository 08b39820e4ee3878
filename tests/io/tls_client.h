/* A TLS client that waits, in a thread of its own, while the loop serves it. */
#ifndef TESTS_IO_TLS_CLIENT_H
#define TESTS_IO_TLS_CLIENT_H

#include "tests/io/certificates.h"
#include "tests/io/peer.h"

struct tls_client {
	unsigned port;
	const char *priority;               /* of GnuTLS; NULL: "NORMAL" */
	const struct certificate *ca;       /* that must have signed the server's; NULL: any will do */
	const struct certificate *identity; /* the client's; NULL: none */
	struct str request;                 /* sent as it is, in one piece */
	/* What came of it. */
	bool done;
	int error;        /* of GnuTLS; 0: none until the server ended the connection */
	bool connected;   /* the handshake was good */
	char terms[80];   /* "TLS1.3 AES-128-GCM X25519" */
	struct strbuf in; /* owned */
	uv_work_t work;
};

/* Sends the request and reads until the server ends the connection. */
void tls_client_start(struct tls_client *c, struct bench *b);
/* Turns the loop until it is done. */
void tls_client_run(struct tls_client *c, struct bench *b);
void tls_client_finish(struct tls_client *c);

#endif
