/* Certificates made when a test runs, and a folder for them and what else a web configuration names. */
#ifndef TESTS_IO_CERTIFICATES_H
#define TESTS_IO_CERTIFICATES_H

#include <gnutls/x509.h>

#include "base/str.h"

/* For the DNS name `name` and 127.0.0.1, good for an hour; signs others too. */
struct certificate {
	gnutls_x509_crt_t crt;
	gnutls_x509_privkey_t key;
	char *crt_pem, *key_pem; /* owned */
};

/* `issuer` NULL: signs itself. */
void certificate_init(struct certificate *c, const char *name, gnutls_pk_algorithm_t algorithm,
					  const struct certificate *issuer);
void certificate_finish(struct certificate *c);

struct folder {
	char path[64];
	char file[200]; /* what folder_path gave last */
};

void folder_init(struct folder *f);
/* With all that is in it. */
void folder_finish(struct folder *f);
const char *folder_path(struct folder *f, const char *name); /* valid until the next call */
void folder_write(struct folder *f, const char *name, const char *text);

#endif
