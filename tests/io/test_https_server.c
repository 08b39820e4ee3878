/* The HTTP server with TLS, against clients that may and may not come in, and those that misbehave before they can say so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "engine/io/http_server.h"
#include "tests/io/client.h"
#include "tests/io/tls_client.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TURN_MAX 2000 /* ms */
#define GET "GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

/* ---- the server ---- */

struct fixture {
	struct bench bench;
	struct folder folder;
	struct certificate ca, other_ca, server, client, stranger;
	struct http_server *server_part;
	unsigned port;
	int requests;
	size_t body_bytes; /* of the answer; 0: "hello" */
	bool closed;
	uv_prepare_t prepare;
	unsigned turns; /* of the loop */
};

static void handle_api(struct api_request *request, struct api_response *response, void *data) {
	struct fixture *f = data;
	(void)request;
	f->requests++;
	response->status = 200;
	if (f->body_bytes > 0) {
		strbuf_add_repeat(&response->body, 'y', f->body_bytes);
	} else {
		strbuf_add_c(&response->body, "hello");
	}
}

static struct web_access *load(struct fixture *f, const char *settings) {
	char text[1000];
	struct strbuf messages = STRBUF_INIT;
	bool unreadable;
	snprintf(text, sizeof text,
			 "tls_server_config: {cert_file: server.pem, key_file: server.key%s%s}\n",
			 settings[0] != '\0' ? ", " : "", settings);
	folder_write(&f->folder, "web.yml", text);
	struct web_access *access = web_access_load(str_from(folder_path(&f->folder, "web.yml")),
												(struct diag_style){0}, &messages, &unreadable);
	if (access == NULL) {
		fail_msg("%s", messages.ptr);
	}
	strbuf_finish(&messages);
	return access;
}

static void use_server_certificate(struct fixture *f, const struct certificate *c) {
	folder_write(&f->folder, "server.pem", c->crt_pem);
	folder_write(&f->folder, "server.key", c->key_pem);
}

static void count_turn(uv_prepare_t *prepare) {
	((struct fixture *)prepare->data)->turns++;
}

static void fixture_init(struct fixture *f, const char *settings) {
	*f = (struct fixture){0};
	bench_init(&f->bench);
	folder_init(&f->folder);
	certificate_init(&f->ca, "ca.example", GNUTLS_PK_ECDSA, NULL);
	certificate_init(&f->other_ca, "other-ca.example", GNUTLS_PK_ECDSA, NULL);
	certificate_init(&f->server, "localhost", GNUTLS_PK_RSA, &f->ca);
	certificate_init(&f->client, "client.example", GNUTLS_PK_ECDSA, &f->ca);
	certificate_init(&f->stranger, "stranger.example", GNUTLS_PK_ECDSA, &f->other_ca);
	folder_write(&f->folder, "ca.pem", f->ca.crt_pem);
	use_server_certificate(f, &f->server);
	struct strbuf error = STRBUF_INIT;
	const struct http_server_options options = {.listen = "127.0.0.1:0",
												.connections_max = 200,
												.turn_max = TURN_MAX,
												.body_bytes_max = 100000,
												.answers_bytes_max = 100 << 20};
	struct web_access *access = load(f, settings);
	f->server_part = http_server_create(&f->bench.loop, &options, access, handle_api, f, &error);
	assert_non_null(f->server_part);
	web_access_release(access);
	f->port = http_server_port(f->server_part);
	uv_prepare_init(&f->bench.loop, &f->prepare);
	f->prepare.data = f;
	uv_prepare_start(&f->prepare, count_turn);
	strbuf_finish(&error);
}

static void handle_closed(void *data) {
	*(bool *)data = true;
}

static void fixture_finish(struct fixture *f) {
	uv_close((uv_handle_t *)&f->prepare, NULL);
	http_server_close(f->server_part, handle_closed, &f->closed);
	bench_run_until(&f->bench, &f->closed);
	bench_finish(&f->bench);
	folder_finish(&f->folder);
	certificate_finish(&f->ca);
	certificate_finish(&f->other_ca);
	certificate_finish(&f->server);
	certificate_finish(&f->client);
	certificate_finish(&f->stranger);
}

static void set_access(struct fixture *f, const char *settings) {
	struct web_access *access = load(f, settings);
	assert_true(http_server_set_access(f->server_part, access));
	web_access_release(access);
}

static bool ends_well(const struct tls_client *c) {
	return c->connected && str_starts_with(strbuf_str(&c->in), STR("HTTP/1.1 200 OK\r\n")) &&
		   str_ends_with(strbuf_str(&c->in), STR("\r\n\r\nhello"));
}

/* A client that does everything right is answered. */
static void expect_alive(struct fixture *f) {
	struct tls_client c = {.port = f->port, .ca = &f->ca, .request = STR(GET)};
	tls_client_run(&c, &f->bench);
	assert_true(ends_well(&c));
	tls_client_finish(&c);
}

/* ---- who may come in ---- */

#define CA ", client_ca_file: ca.pem"
enum identity { NOBODY, CLIENT, STRANGER };
static const struct {
	const char *settings;
	bool comes_in[3]; /* without a certificate, with one of the CA, with another one */
} client_cases[] = {
	{"", {true, true, true}},
	{"client_auth_type: NoClientCert", {true, true, true}},
	{"client_auth_type: RequestClientCert", {true, true, true}},
	{"client_auth_type: RequireAnyClientCert", {false, true, true}},
	{"client_auth_type: VerifyClientCertIfGiven" CA, {true, true, false}},
	{"client_auth_type: RequireAndVerifyClientCert" CA, {false, true, false}},
	/* the system trusts none of ours */
	{"client_auth_type: RequireAndVerifyClientCert", {false, false, false}},
	{"client_auth_type: RequireAnyClientCert, client_allowed_sans: [client.example]",
	 {false, true, false}},
	{"client_auth_type: RequireAnyClientCert, client_allowed_sans: [x, 127.0.0.1]",
	 {false, true, true}},
	{"client_auth_type: RequireAndVerifyClientCert" CA ", client_allowed_sans: [127.0.0.2, "
	 "CLIENT.example]",
	 {false, false, false}},
	{"client_auth_type: VerifyClientCertIfGiven" CA ", client_allowed_sans: [nobody.example]",
	 {false, false, false}},
	{"client_auth_type: VerifyClientCertIfGiven" CA ", client_allowed_sans: [client.example]",
	 {false, true, false}},
	{"client_auth_type: RequestClientCert, client_allowed_sans: [client.example]",
	 {false, true, false}},
};

static void test_client_certificates(void **state) {
	(void)state;
	static const char *const versions[] = {"NORMAL:-VERS-ALL:+VERS-TLS1.2",
										   "NORMAL:-VERS-ALL:+VERS-TLS1.3"};
	struct fixture f;
	fixture_init(&f, "");
	const struct certificate *identities[] = {NULL, &f.client, &f.stranger};
	for (size_t i = 0; i < COUNT(client_cases); i++) {
		set_access(&f, client_cases[i].settings);
		for (size_t k = 0; k < COUNT(identities) * COUNT(versions); k++) {
			struct tls_client c = {.port = f.port,
								   .ca = &f.ca,
								   .priority = versions[k % 2],
								   .identity = identities[k / 2],
								   .request = STR(GET)};
			tls_client_run(&c, &f.bench);
			if (ends_well(&c) != client_cases[i].comes_in[k / 2]) {
				fail_msg("%s, identity %zu, %s: %s", client_cases[i].settings, k / 2,
						 versions[k % 2], gnutls_strerror(c.error));
			}
			tls_client_finish(&c);
		}
	}
	fixture_finish(&f);
}

/* ---- on which terms ---- */

#define ONLY(version) "NORMAL:-VERS-ALL:+VERS-TLS" version
#define AES256 "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
#define AES128 "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
#define CBC "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"
static const struct {
	const char *settings, *priority, *terms; /* NULL: they do not agree */
} terms_cases[] = {
	{"", NULL, "TLS1.3 AES-128-GCM SECP256R1"},
	{"", ONLY("1.2"), "TLS1.2 AES-128-GCM SECP256R1"},
	{"", ONLY("1.1"), NULL},
	{"", ONLY("1.2") ":-KX-ALL:+RSA", NULL},
	{"", ONLY("1.2") ":-CIPHER-ALL:+AES-256-CBC:+AES-128-CBC", "TLS1.2 AES-128-CBC SECP256R1"},
	{"min_version: TLS13", ONLY("1.2"), NULL},
	{"max_version: TLS12", NULL, "TLS1.2 AES-128-GCM SECP256R1"},
	{"max_version: TLS12", ONLY("1.3"), NULL},
	{"min_version: TLS11", ONLY("1.1"), "TLS1.1 AES-128-CBC SECP256R1"},
	{"min_version: TLS10, max_version: TLS10", NULL, "TLS1.0 AES-128-CBC SECP256R1"},
	{"cipher_suites: [" AES256 "]", ONLY("1.2"), "TLS1.2 AES-256-GCM SECP256R1"},
	{"cipher_suites: [" AES256 "]", ONLY("1.2") ":-CIPHER-ALL:+AES-128-GCM", NULL},
	/* those of TLS 1.3 are always on */
	{"cipher_suites: [" AES256 "]", ONLY("1.3") ":-CIPHER-ALL:+AES-128-GCM",
	 "TLS1.3 AES-128-GCM SECP256R1"},
	{"cipher_suites: [TLS_AES_128_GCM_SHA256]", ONLY("1.2"), NULL},
	{"cipher_suites: [TLS_AES_128_GCM_SHA256]", ONLY("1.3") ":-CIPHER-ALL:+AES-256-GCM",
	 "TLS1.3 AES-256-GCM SECP256R1"},
	{"cipher_suites: [" CBC "], max_version: TLS12", NULL, "TLS1.2 AES-128-CBC SECP256R1"},
	{"cipher_suites: [" CBC "], min_version: TLS10", ONLY("1.0"), "TLS1.0 AES-128-CBC SECP256R1"},
	/* of several good ones the server's first, or the client's */
	{"cipher_suites: [" AES256 ", " AES128 "]",
	 ONLY("1.2") ":-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM", "TLS1.2 AES-256-GCM SECP256R1"},
	{"cipher_suites: [" AES256 ", " AES128 "], prefer_server_cipher_suites: false",
	 ONLY("1.2") ":-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM", "TLS1.2 AES-128-GCM SECP256R1"},
	{"curve_preferences: [X25519]", NULL, "TLS1.3 AES-128-GCM X25519"},
	{"curve_preferences: [CurveP384, CurveP521]", ONLY("1.2"), "TLS1.2 AES-128-GCM SECP384R1"},
	{"curve_preferences: [CurveP521]", "NORMAL:-GROUP-ALL:+GROUP-SECP256R1", NULL},
};

static void test_terms(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f, "");
	for (size_t i = 0; i < COUNT(terms_cases); i++) {
		struct tls_client c = {
			.port = f.port, .ca = &f.ca, .priority = terms_cases[i].priority, .request = STR(GET)};
		set_access(&f, terms_cases[i].settings);
		tls_client_run(&c, &f.bench);
		const char *got = ends_well(&c) ? c.terms : "no";
		const char *wanted = terms_cases[i].terms != NULL ? terms_cases[i].terms : "no";
		if (strcmp(got, wanted) != 0) {
			fail_msg("%s, %s: %s instead of %s: %s", terms_cases[i].settings,
					 terms_cases[i].priority, got, wanted, gnutls_strerror(c.error));
		}
		tls_client_finish(&c);
	}
	fixture_finish(&f);
}

/* A new certificate counts for the next connection; old ones go on. */
static void test_renewal(void **state) {
	(void)state;
	struct fixture f;
	struct certificate renewed;
	fixture_init(&f, "");
	certificate_init(&renewed, "localhost", GNUTLS_PK_ECDSA, &f.other_ca);
	expect_alive(&f);
	use_server_certificate(&f, &renewed);
	set_access(&f, "");
	struct tls_client old = {.port = f.port, .ca = &f.ca, .request = STR(GET)};
	struct tls_client new = {.port = f.port, .ca = &f.other_ca, .request = STR(GET)};
	tls_client_run(&old, &f.bench);
	assert_int_equal(old.error, GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR);
	tls_client_run(&new, &f.bench);
	assert_true(ends_well(&new));
	tls_client_finish(&old);
	tls_client_finish(&new);
	certificate_finish(&renewed);
	fixture_finish(&f);
}

/* ---- much in one piece ---- */

/* What GnuTLS has decrypted is no event of the socket any more. */
static void test_pipeline(void **state) {
	(void)state;
	static const char one[] = "GET /x HTTP/1.1\r\nHost: x\r\n\r\n";
	struct fixture f;
	struct strbuf request = STRBUF_INIT;
	fixture_init(&f, "");
	for (int i = 0; i < 40; i++) {
		strbuf_add_c(&request, one);
	}
	strbuf_add_c(&request, "GET /x HTTP/1.1\r\nX: ");
	strbuf_add_repeat(&request, 'h', 14000);
	strbuf_add_c(&request,
				 "\r\nHost: x\r\n\r\nPOST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n");
	strbuf_add_repeat(&request, 'b', 90000);
	strbuf_add_c(&request, GET);
	struct tls_client c = {.port = f.port, .ca = &f.ca, .request = strbuf_str(&request)};
	tls_client_run(&c, &f.bench);
	assert_true(ends_well(&c));
	assert_int_equal(f.requests, 43);
	tls_client_finish(&c);
	strbuf_finish(&request);
	fixture_finish(&f);
}

static void test_large_answer(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f, "");
	f.body_bytes = 20 << 20;
	struct tls_client c = {.port = f.port, .ca = &f.ca, .request = STR(GET)};
	tls_client_run(&c, &f.bench);
	assert_true(c.in.len > f.body_bytes);
	f.body_bytes = 0;
	tls_client_finish(&c);
	expect_alive(&f);
	fixture_finish(&f);
}

/* ---- those that misbehave ---- */

/* The beginning of a hello of 512 bytes. */
#define HALF_HELLO "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"

/* It waits for the rest, and does nothing meanwhile. */
static void test_half_a_handshake(void **state) {
	(void)state;
	struct fixture f;
	struct client c[3];
	fixture_init(&f, "");
	for (size_t i = 0; i < COUNT(c); i++) {
		client_init(&c[i], &f.bench, f.port);
		client_read(&c[i]);
		client_write(&c[i], STR(HALF_HELLO));
	}
	bench_run_for(&f.bench, 100);
	f.turns = 0;
	bench_run_for(&f.bench, 300);
	assert_in_range(f.turns, 0, 1000); /* the bench itself makes 150 */
	expect_alive(&f);
	for (size_t i = 0; i < COUNT(c); i++) {
		assert_false(c[i].ended);
	}
	for (size_t i = 0; i < COUNT(c); i++) {
		bench_run_until(&f.bench, &c[i].ended); /* not for ever */
		client_finish(&c[i], &f.bench);
	}
	fixture_finish(&f);
}

static void test_dripping_handshake(void **state) {
	(void)state;
	static char hello[517] = HALF_HELLO;
	struct fixture f;
	struct client c;
	fixture_init(&f, "");
	client_init(&c, &f.bench, f.port);
	client_read(&c);
	client_drip(&c, (struct str){hello, sizeof hello}, 2);
	for (int i = 0; i < 5; i++) {
		expect_alive(&f);
		bench_run_for(&f.bench, 50);
	}
	bench_run_until(&f.bench, &c.ended); /* it is not a hello, after all */
	client_finish(&c, &f.bench);
	fixture_finish(&f);
}

static const char *const no_hellos[] = {
	"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x00\x05hello", "\x16\x03\x01\xff\xff",
	"\x15\x03\x03\x00\x02\x02\x28",      "\x80\x2e\x01\x00\x02", /* of SSL 2 */
};

static void test_no_handshake(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f, "");
	for (size_t i = 0; i < COUNT(no_hellos); i++) {
		struct client c;
		client_init(&c, &f.bench, f.port);
		client_read(&c);
		size_t len = i == 1 ? 10 : i == 2 ? 5 : i == 3 ? 7 : strlen(no_hellos[i]);
		client_write(&c, (struct str){no_hellos[i], len});
		bench_run_until(&f.bench, &c.ended);
		client_finish(&c, &f.bench);
	}
	assert_int_equal(f.requests, 0);
	expect_alive(&f);
	fixture_finish(&f);
}

/* Whoever opens many and says little must not keep others out, nor have much to be signed at one moment. */
static void test_many_newcomers(void **state) {
	(void)state;
	enum { MANY = 100 };
	static struct client c[MANY];
	struct fixture f;
	fixture_init(&f, "");
	size_t ended = 0;
	for (size_t i = 0; i < MANY; i++) {
		client_init(&c[i], &f.bench, f.port);
		client_read(&c[i]);
		client_write(&c[i], STR(HALF_HELLO));
	}
	expect_alive(&f);
	for (size_t i = 0; i < MANY; i++) {
		ended += c[i].ended;
		assert_true(i == 0 || c[i - 1].ended || !c[i].ended); /* the oldest went first */
	}
	assert_in_range(ended, MANY - 32, MANY - 30);
	for (size_t i = 0; i < MANY; i++) {
		client_finish(&c[i], &f.bench);
	}
	expect_alive(&f);
	fixture_finish(&f);
}

/* Closing while handshakes are under way. */
static void test_close(void **state) {
	(void)state;
	struct fixture f;
	struct client c;
	fixture_init(&f, "");
	client_init(&c, &f.bench, f.port);
	client_write(&c, STR(HALF_HELLO));
	bench_run_for(&f.bench, 20);
	client_finish(&c, &f.bench);
	fixture_finish(&f);
}

/* TLS goes on with the heir, on the same port, and the old server's end does not disturb it. */
static void test_heir(void **state) {
	(void)state;
	struct fixture f;
	bool unreadable;
	struct strbuf error = STRBUF_INIT;
	fixture_init(&f, "");
	struct web_access *plain =
		web_access_load(STR_EMPTY, (struct diag_style){0}, &error, &unreadable);
	assert_false(http_server_set_access(f.server_part, plain));
	const struct http_server_options options = {.heir_of = f.server_part,
												.connections_max = 200,
												.turn_max = TURN_MAX,
												.body_bytes_max = 1000,
												.answers_bytes_max = 1000};
	struct http_server *heir =
		http_server_create(&f.bench.loop, &options, plain, handle_api, &f, &error);
	assert_non_null(heir);
	web_access_release(plain);
	assert_int_equal(http_server_port(heir), f.port);
	http_server_close(f.server_part, handle_closed, &f.closed);
	bench_run_until(&f.bench, &f.closed);
	f.server_part = heir;
	f.closed = false;
	struct client c;
	client_init(&c, &f.bench, f.port);
	client_read(&c);
	client_write(&c, STR(GET));
	bench_run_until(&f.bench, &c.ended);
	assert_true(str_ends_with(strbuf_str(&c.in), STR("hello")));
	client_finish(&c, &f.bench);
	strbuf_finish(&error);
	fixture_finish(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_certificates),
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_renewal),
		cmocka_unit_test(test_pipeline),
		cmocka_unit_test(test_large_answer),
		cmocka_unit_test(test_half_a_handshake),
		cmocka_unit_test(test_dripping_handshake),
		cmocka_unit_test(test_no_handshake),
		cmocka_unit_test(test_many_newcomers),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_heir),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
