/* A web.config file and the certificates that it names: what is said about what is wrong, and when it is read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "engine/io/web_access.h"
#include "tests/io/certificates.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct fixture {
	struct folder folder;
	struct certificate one, other;
	struct strbuf messages;
	bool unreadable;
};

static void fixture_init(struct fixture *f) {
	*f = (struct fixture){0};
	folder_init(&f->folder);
	certificate_init(&f->one, "one.example", GNUTLS_PK_ECDSA, NULL);
	certificate_init(&f->other, "other.example", GNUTLS_PK_RSA, &f->one);
	folder_write(&f->folder, "one.pem", f->one.crt_pem);
	folder_write(&f->folder, "one.key", f->one.key_pem);
	folder_write(&f->folder, "other.key", f->other.key_pem);
	folder_write(&f->folder, "text", "hello\n");
	struct strbuf chain = STRBUF_INIT;
	strbuf_add_c(&chain, f->other.crt_pem);
	strbuf_add_c(&chain, f->one.crt_pem);
	folder_write(&f->folder, "chain.pem", chain.ptr);
	strbuf_finish(&chain);
}

static void fixture_finish(struct fixture *f) {
	strbuf_finish(&f->messages);
	certificate_finish(&f->one);
	certificate_finish(&f->other);
	folder_finish(&f->folder);
}

static struct web_access *load(struct fixture *f) {
	strbuf_clear(&f->messages);
	strbuf_add_c(&f->messages, "");
	return web_access_load(str_from(folder_path(&f->folder, "web.yml")), (struct diag_style){0},
						   &f->messages, &f->unreadable);
}

/* Messages without the excerpts, and without the folder, which has another name each time. */
static const char *shown(struct fixture *f) {
	static char text[2000];
	size_t len = 0;
	for (const char *at = f->messages.ptr; *at != '\0' && len + 1 < sizeof text;) {
		size_t skip = strlen(f->folder.path) + 1;
		if ((len == 0 || text[len - 1] == '\n') && strncmp(at, "    ", 4) == 0) {
			at = strchr(at, '\n') + 1;
		} else if (strncmp(at, f->folder.path, skip - 1) == 0) {
			at += skip;
		} else {
			text[len++] = *at++;
		}
	}
	text[len] = '\0';
	return text;
}

#define TLS(rest) "tls_server_config: {" rest "}\n"

static const struct {
	const char *text, *messages; /* NULL: it is good */
} cases[] = {
	{"", NULL},
	{TLS("cert_file: one.pem, key_file: one.key"), NULL},
	{TLS("cert_file: chain.pem, key_file: other.key"), NULL},
	{TLS("cert_file: one.pem, key_file: one.key, client_ca_file: chain.pem, client_auth_type: "
		 "RequireAndVerifyClientCert"),
	 NULL},
	{"basic_auth_users: {a: hunter2}\n",
	 "web.yml:1:23: error: not a bcrypt hash; htpasswd -nBC 10 \"\" makes one of a password\n"},
	{TLS("cert_file: none.pem, key_file: none.key"),
	 "web.yml:1:32: error: none.pem: no such file or directory\n"
	 "web.yml:1:52: error: none.key: no such file or directory\n"},
	{"rate_limit: {interval: 1s}\n" TLS("cert_file: none.pem, key_file: one.key"),
	 "web.yml:1:13: error: with a burst of 0 no request would ever be answered\n"
	 "web.yml:2:32: error: none.pem: no such file or directory\n"},
	{TLS("cert_file: text, key_file: one.key"),
	 "web.yml:1:32: error: not a certificate in PEM format\n"},
	{TLS("cert_file: one.pem, key_file: text"),
	 "web.yml:1:51: error: not a private key in PEM format, or encrypted\n"},
	{TLS("cert_file: one.pem, key_file: other.key"),
	 "web.yml:1:51: error: the key does not belong to the certificate\n"},
	{TLS("cert_file: one.pem, key_file: one.key, client_ca_file: text, client_auth_type: "
		 "RequireAndVerifyClientCert"),
	 "web.yml:1:76: error: no certificate in PEM format\n"},
	{TLS("cert_file: one.pem, key_file: ."), "web.yml:1:51: error: .: is a directory\n"},
};

static void test_messages(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f);
	for (size_t i = 0; i < COUNT(cases); i++) {
		folder_write(&f.folder, "web.yml", cases[i].text);
		struct web_access *access = load(&f);
		assert_true((access != NULL) == (cases[i].messages == NULL));
		assert_false(f.unreadable);
		assert_string_equal(shown(&f), cases[i].messages != NULL ? cases[i].messages : "");
		assert_null(strstr(f.messages.ptr, "hunter2"));
		web_access_release(access);
	}
	fixture_finish(&f);
}

/* What is a file's fault has a caret all the same. */
static void test_caret(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f);
	folder_write(&f.folder, "web.yml", TLS("cert_file: none.pem, key_file: one.key"));
	assert_null(load(&f));
	assert_non_null(strstr(f.messages.ptr,
						   "none.pem: no such file or directory\n"
						   "    tls_server_config: {cert_file: none.pem, key_file: one.key}\n"
						   "                                   ^~~~~~~~\n"));
	fixture_finish(&f);
}

static void test_unreadable(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f);
	assert_null(load(&f));
	assert_true(f.unreadable);
	assert_string_equal(
		shown(&f),
		"error: cannot read the web configuration: web.yml: no such file or directory\n");
	fixture_finish(&f);
}

/* Certificate and key in the configuration itself. */
static void test_inline(void **state) {
	(void)state;
	struct fixture f;
	struct strbuf text = STRBUF_INIT;
	fixture_init(&f);
	strbuf_add_c(&text, "tls_server_config:\n");
	const char *const keys[] = {"cert", "key", "client_ca"};
	const char *const pems[] = {f.one.crt_pem, f.one.key_pem, f.one.crt_pem};
	for (size_t i = 0; i < COUNT(keys); i++) {
		strbuf_printf(&text, "  %s: |\n    ", keys[i]);
		for (const char *at = pems[i]; *at != '\0'; at++) {
			strbuf_add_char(&text, *at);
			strbuf_add_c(&text, *at == '\n' ? "    " : "");
		}
		strbuf_add_c(&text, "\n");
	}
	strbuf_add_c(&text, "  client_auth_type: RequireAndVerifyClientCert\n");
	folder_write(&f.folder, "web.yml", text.ptr);
	struct web_access *access = load(&f);
	assert_string_equal(f.messages.ptr, "");
	assert_non_null(access);
	assert_non_null(access->tls);
	web_access_release(access);
	strbuf_finish(&text);
	fixture_finish(&f);
}

/* Any of its files. */
static void test_outdated(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f);
	static const char *const files[] = {"web.yml", "one.pem", "one.key", "chain.pem"};
	static const char text[] =
		TLS("cert_file: one.pem, key_file: one.key, client_ca_file: chain.pem, client_auth_type: "
			"VerifyClientCertIfGiven");
	for (size_t i = 0; i < COUNT(files); i++) {
		folder_write(&f.folder, "web.yml", text);
		folder_write(&f.folder, "one.pem", f.one.crt_pem);
		folder_write(&f.folder, "one.key", f.one.key_pem);
		folder_write(&f.folder, "chain.pem", f.one.crt_pem);
		struct web_access *access = load(&f);
		assert_non_null(access);
		assert_false(web_access_is_outdated(access));
		folder_write(&f.folder, "text", "another one");
		assert_false(web_access_is_outdated(access));
		folder_write(&f.folder, files[i], "changed");
		assert_true(web_access_is_outdated(access));
		assert_int_equal(remove(folder_path(&f.folder, files[i])), 0);
		assert_true(web_access_is_outdated(access));
		web_access_release(access);
	}
	fixture_finish(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),   cmocka_unit_test(test_caret),
		cmocka_unit_test(test_unreadable), cmocka_unit_test(test_inline),
		cmocka_unit_test(test_outdated),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
