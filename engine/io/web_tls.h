/* TLS of the listener: a certificate, and the terms on which clients are let in. GnuTLS does the work, within libmicrohttpd; this
 * sets each of the daemon's sessions up, so that a new certificate counts for the next connection. */
#ifndef ENGINE_IO_WEB_TLS_H
#define ENGINE_IO_WEB_TLS_H

#include <gnutls/gnutls.h>

#include "engine/config/web_config.h"

struct web_tls_terms;

/* PEM. Empty: not given. */
struct web_tls_texts {
	struct str cert, key, ca;
};

/* NULL: diags say what is wrong, at its place in the configuration. */
struct web_tls_terms *web_tls_create(const struct web_tls *config,
									 const struct web_tls_texts *texts, struct diags *diags);
/* Not before the sessions that it set up are gone. Accepts NULL. */
void web_tls_destroy(struct web_tls_terms *t);

/* A connection as its session sees it; must stay where it is. */
struct web_tls_wire {
	int fd;
	const struct web_tls_terms *terms;
	uint64_t *moves; /* one more for everything that the peer sent, took or ended */
};

void web_tls_attach(const struct web_tls_terms *t, gnutls_session_t session,
					struct web_tls_wire *wire);

#endif
