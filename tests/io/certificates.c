#include "tests/io/certificates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define EXPECT_OK(call) assert_int_equal((call), GNUTLS_E_SUCCESS)

static void name_it(struct certificate *c, const char *name) {
	static const unsigned char loopback[] = {127, 0, 0, 1};
	EXPECT_OK(gnutls_x509_crt_set_dn_by_oid(c->crt, GNUTLS_OID_X520_COMMON_NAME, 0, name,
											(unsigned)strlen(name)));
	EXPECT_OK(gnutls_x509_crt_set_subject_alt_name(c->crt, GNUTLS_SAN_DNSNAME, name,
												   (unsigned)strlen(name), GNUTLS_FSAN_SET));
	EXPECT_OK(gnutls_x509_crt_set_subject_alt_name(c->crt, GNUTLS_SAN_IPADDRESS, loopback, 4,
												   GNUTLS_FSAN_APPEND));
}

static char *to_pem(int (*export_it)(void *what, gnutls_datum_t *out), void *what) {
	gnutls_datum_t pem;
	EXPECT_OK(export_it(what, &pem));
	char *text = strndup((const char *)pem.data, pem.size);
	gnutls_free(pem.data);
	return text;
}

static int export_crt(void *crt, gnutls_datum_t *out) {
	return gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, out);
}

static int export_key(void *key, gnutls_datum_t *out) {
	return gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, out);
}

void certificate_init(struct certificate *c, const char *name, gnutls_pk_algorithm_t algorithm,
					  const struct certificate *issuer) {
	static unsigned char serial[] = {1, 0};
	time_t now = time(NULL);
	unsigned bits =
		algorithm == GNUTLS_PK_RSA ? 2048 : GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
	EXPECT_OK(gnutls_x509_privkey_init(&c->key));
	EXPECT_OK(gnutls_x509_privkey_generate(c->key, algorithm, bits, 0));
	EXPECT_OK(gnutls_x509_crt_init(&c->crt));
	EXPECT_OK(gnutls_x509_crt_set_version(c->crt, 3));
	serial[1]++;
	EXPECT_OK(gnutls_x509_crt_set_serial(c->crt, serial, sizeof serial));
	EXPECT_OK(gnutls_x509_crt_set_activation_time(c->crt, now - 3600));
	EXPECT_OK(gnutls_x509_crt_set_expiration_time(c->crt, now + 3600));
	EXPECT_OK(gnutls_x509_crt_set_key(c->crt, c->key));
	EXPECT_OK(gnutls_x509_crt_set_ca_status(c->crt, 1));
	name_it(c, name);
	EXPECT_OK(gnutls_x509_crt_sign2(c->crt, issuer != NULL ? issuer->crt : c->crt,
									issuer != NULL ? issuer->key : c->key, GNUTLS_DIG_SHA256, 0));
	c->crt_pem = to_pem(export_crt, c->crt);
	c->key_pem = to_pem(export_key, c->key);
}

void certificate_finish(struct certificate *c) {
	gnutls_x509_crt_deinit(c->crt);
	gnutls_x509_privkey_deinit(c->key);
	free(c->crt_pem);
	free(c->key_pem);
}

void folder_init(struct folder *f) {
	snprintf(f->path, sizeof f->path, "/tmp/tocsin-test-XXXXXX");
	assert_non_null(mkdtemp(f->path));
}

void folder_finish(struct folder *f) {
	DIR *folder = opendir(f->path);
	assert_non_null(folder);
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		if (entry->d_name[0] != '.') {
			unlink(folder_path(f, entry->d_name));
		}
	}
	closedir(folder);
	rmdir(f->path);
}

const char *folder_path(struct folder *f, const char *name) {
	snprintf(f->file, sizeof f->file, "%s/%.100s", f->path, name);
	return f->file;
}

void folder_write(struct folder *f, const char *name, const char *text) {
	FILE *file = fopen(folder_path(f, name), "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}
