#include "tests/io/tls_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int connect_to(unsigned port) {
	const struct timeval patience = {.tv_sec = 15};
	struct sockaddr_in address = {.sin_family = AF_INET,
								  .sin_port = htons((uint16_t)port),
								  .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void note_terms(struct tls_client *c, gnutls_session_t session) {
	const char *group = gnutls_group_get_name(gnutls_group_get(session));
	snprintf(c->terms, sizeof c->terms, "%s %s %s",
			 gnutls_protocol_get_name(gnutls_protocol_get_version(session)),
			 gnutls_cipher_get_name(gnutls_cipher_get(session)), group != NULL ? group : "-");
}

/* In TLS 1.3 a server that refuses the client's certificate says so only to the first thing that is read. */
static int talk(struct tls_client *c, gnutls_session_t session) {
	char piece[16384];
	ssize_t count;
	do {
		count = gnutls_handshake(session);
	} while (count < 0 && gnutls_error_is_fatal((int)count) == 0);
	if (count < 0) {
		return (int)count;
	}
	note_terms(c, session);
	size_t sent = 0;
	while (sent < c->request.len) {
		count = gnutls_record_send(session, c->request.ptr + sent, c->request.len - sent);
		if (count < 0) {
			return (int)count;
		}
		sent += (size_t)count;
	}
	while ((count = gnutls_record_recv(session, piece, sizeof piece)) > 0) {
		c->connected = true;
		strbuf_add(&c->in, (struct str){piece, (size_t)count});
	}
	return (int)count;
}

static void work(uv_work_t *request) {
	struct tls_client *c = request->data;
	gnutls_certificate_credentials_t credentials;
	gnutls_session_t session;
	int fd = connect_to(c->port);
	c->error = GNUTLS_E_PUSH_ERROR;
	if (fd < 0) {
		return;
	}
	gnutls_certificate_allocate_credentials(&credentials);
	if (c->ca != NULL) {
		gnutls_certificate_set_x509_trust(credentials, (gnutls_x509_crt_t *)&c->ca->crt, 1);
	}
	if (c->identity != NULL) {
		gnutls_certificate_set_x509_key(credentials, (gnutls_x509_crt_t *)&c->identity->crt, 1,
										c->identity->key);
		gnutls_certificate_set_flags(credentials, GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH);
	}
	gnutls_init(&session, GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT | GNUTLS_NO_SIGNAL);
	gnutls_priority_set_direct(session, c->priority != NULL ? c->priority : "NORMAL", NULL);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
	if (c->ca != NULL) {
		gnutls_session_set_verify_cert(session, "localhost", 0);
	}
	gnutls_transport_set_int(session, fd);
	c->error = talk(c, session);
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(credentials);
	close(fd);
}

static void handle_done(uv_work_t *request, int status) {
	(void)status;
	struct tls_client *c = request->data;
	c->done = true;
}

void tls_client_start(struct tls_client *c, struct bench *b) {
	c->work.data = c;
	assert_int_equal(uv_queue_work(&b->loop, &c->work, work, handle_done), 0);
}

void tls_client_run(struct tls_client *c, struct bench *b) {
	tls_client_start(c, b);
	bench_run_until(b, &c->done);
}

void tls_client_finish(struct tls_client *c) {
	strbuf_finish(&c->in);
}
