/* The HTTP server: passwords, what else a web configuration says, and that nobody who asks keeps the loop from its work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <crypt.h>
#include <stdio.h>
#include <zlib.h>

#include "engine/io/http_pack.h"
#include "engine/io/http_server.h"
#include "engine/io/password_check.h"
#include "tests/io/certificates.h"
#include "tests/io/client.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TURN_MAX 5000 /* ms */
#define CONNECTIONS_MAX 300
#define ANSWERS_BYTES_MAX (25u << 20)

/* ---- the server, and a watch on the loop ---- */

struct fixture {
	struct bench bench;
	struct folder folder;
	struct http_server *server;
	unsigned port;
	int requests;
	size_t body_bytes; /* of the answer; 0: "hello" */
	uint64_t burning;  /* ns that an answer takes to be made */
	bool closed;
	uv_timer_t watch; /* each ms */
	unsigned ticks;
	int answers_at_tick, most_answers; /* between two ticks */
	uint64_t ticked_at, longest;       /* ns between two ticks */
};

static void handle_api(struct api_request *request, struct api_response *response, void *data) {
	struct fixture *f = data;
	(void)request;
	f->requests++;
	for (uint64_t end = uv_hrtime() + f->burning; uv_hrtime() < end;) {
	}
	response->status = 200;
	if (f->body_bytes > 0) {
		strbuf_add_repeat(&response->body, 'y', f->body_bytes);
	} else {
		strbuf_add_c(&response->body, "hello");
	}
}

static void handle_tick(uv_timer_t *timer) {
	struct fixture *f = timer->data;
	uint64_t now = uv_hrtime();
	int answers = f->requests - f->answers_at_tick;
	f->most_answers = answers > f->most_answers ? answers : f->most_answers;
	f->longest = now - f->ticked_at > f->longest ? now - f->ticked_at : f->longest;
	f->answers_at_tick = f->requests;
	f->ticked_at = now;
	f->ticks++;
}

static void start_watch(struct fixture *f) {
	f->answers_at_tick = f->requests;
	f->ticked_at = uv_hrtime();
	f->most_answers = 0;
	f->longest = f->ticks = 0;
	uv_timer_start(&f->watch, handle_tick, 1, 1);
}

static void write_hash(const char *password, int cost, char *ret_hash) {
	struct crypt_data data = {0};
	char setting[40];
	snprintf(setting, sizeof setting, "$2y$%02d$abcdefghijklmnopqrstuu", cost);
	snprintf(ret_hash, 61, "%s", crypt_r(password, setting, &data));
}

static struct web_access *load(struct fixture *f, const char *text) {
	struct strbuf messages = STRBUF_INIT;
	bool unreadable;
	folder_write(&f->folder, "web.yml", text);
	struct web_access *access = web_access_load(str_from(folder_path(&f->folder, "web.yml")),
												(struct diag_style){0}, &messages, &unreadable);
	if (access == NULL) {
		fail_msg("%s", messages.ptr);
	}
	strbuf_finish(&messages);
	return access;
}

static void fixture_init(struct fixture *f, const char *text) {
	*f = (struct fixture){0};
	bench_init(&f->bench);
	folder_init(&f->folder);
	struct strbuf error = STRBUF_INIT;
	const struct http_server_options options = {.listen = "127.0.0.1:0",
												.connections_max = CONNECTIONS_MAX,
												.turn_max = TURN_MAX,
												.body_bytes_max = 1000,
												.packs_near = true,
												.answers_bytes_max = ANSWERS_BYTES_MAX};
	struct web_access *access = load(f, text);
	f->server = http_server_create(&f->bench.loop, &options, access, handle_api, f, &error);
	assert_non_null(f->server);
	web_access_release(access);
	f->port = http_server_port(f->server);
	uv_timer_init(&f->bench.loop, &f->watch);
	f->watch.data = f;
	strbuf_finish(&error);
}

/* Ann's password is "secret". */
static void fixture_init_users(struct fixture *f, int cost) {
	char text[200], hash[61];
	write_hash("secret", cost, hash);
	snprintf(text, sizeof text, "basic_auth_users: {ann: '%s'}\n", hash);
	fixture_init(f, text);
}

static void handle_closed(void *data) {
	*(bool *)data = true;
}

static void fixture_finish(struct fixture *f) {
	uv_close((uv_handle_t *)&f->watch, NULL);
	http_server_close(f->server, handle_closed, &f->closed);
	bench_run_until(&f->bench, &f->closed);
	bench_finish(&f->bench);
	folder_finish(&f->folder);
}

/* ---- asking ---- */

#define HEAD(headers) "GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" headers "\r\n"
#define LOGIN(coded) HEAD("Authorization: Basic " coded "\r\n")
#define ANN "YW5uOnNlY3JldA==" /* ann:secret */

/* The answer, which the caller finishes, to one request on a connection of its own. */
static struct client ask(struct fixture *f, const char *request) {
	struct client c;
	static struct client kept;
	client_init(&kept, &f->bench, f->port);
	client_read(&kept);
	client_write(&kept, str_from(request));
	bench_run_until(&f->bench, &kept.ended);
	c = kept;
	kept.in = STRBUF_INIT;
	client_finish(&kept, &f->bench);
	return c;
}

static bool has(const struct client *c, const char *text) {
	return c->in.ptr != NULL && strstr(c->in.ptr, text) != NULL;
}

static void expect_status(struct fixture *f, const char *request, const char *status) {
	struct client c = ask(f, request);
	if (!str_starts_with(strbuf_str(&c.in), str_from(status))) {
		fail_msg("%s\nwas answered:\n%s", request, c.in.ptr);
	}
	strbuf_finish(&c.in);
}

#define OK "HTTP/1.1 200 OK\r\n"
#define UNAUTHORIZED "HTTP/1.1 401 Unauthorized\r\n"

/* ---- passwords ---- */

static const struct {
	const char *request, *status;
} logins[] = {
	{LOGIN(ANN), OK},
	{HEAD("authorization: bASIC " ANN "\r\n"), OK},
	{HEAD(""), UNAUTHORIZED},
	{HEAD("Authorization: Bearer " ANN "\r\n"), UNAUTHORIZED},
	{HEAD("Authorization: " ANN "\r\n"), UNAUTHORIZED},
	{HEAD("Authorization: Basic\r\n"), UNAUTHORIZED},
	{LOGIN(""), UNAUTHORIZED},
	{LOGIN("!!!!"), UNAUTHORIZED},
	{LOGIN("YW5u"), UNAUTHORIZED},                     /* ann */
	{LOGIN("YW5uOg=="), UNAUTHORIZED},                 /* ann: */
	{LOGIN("Og=="), UNAUTHORIZED},                     /* : */
	{LOGIN("YW5uOndyb25n"), UNAUTHORIZED},             /* ann:wrong */
	{LOGIN("YW5uOnNlY3JldAB4"), UNAUTHORIZED},         /* ann:secret, a NUL, x */
	{LOGIN("QW5uOnNlY3JldA=="), UNAUTHORIZED},         /* Ann:secret */
	{LOGIN("Ym9iOnNlY3JldA=="), UNAUTHORIZED},         /* bob:secret */
	{LOGIN("OnNlY3JldA=="), UNAUTHORIZED},             /* :secret */
	{LOGIN("YW5uOnNlY3JldDpzZWNyZXQ="), UNAUTHORIZED}, /* ann:secret:secret */
	{"POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", UNAUTHORIZED},
	{"POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
	 UNAUTHORIZED},
	{"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	 UNAUTHORIZED},
	{"POST /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic " ANN
	 "\r\nContent-Length: 5\r\n\r\nhello",
	 OK},
	{"OPTIONS /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", UNAUTHORIZED},
};

static void test_logins(void **state) {
	(void)state;
	struct fixture f;
	int let_in = 0;
	fixture_init_users(&f, 4);
	for (size_t i = 0; i < COUNT(logins); i++) {
		expect_status(&f, logins[i].request, logins[i].status);
		let_in += strcmp(logins[i].status, OK) == 0;
	}
	assert_int_equal(f.requests, let_in);
	struct client c = ask(&f, HEAD(""));
	assert_true(has(&c, "\r\nWWW-Authenticate: Basic\r\n"));
	assert_true(has(&c, "\r\n\r\nUnauthorized\n"));
	strbuf_finish(&c.in);
	fixture_finish(&f);
}

static void run_until_answers(struct fixture *f, const struct client *c, size_t count) {
	for (size_t found = 0; found < count;) {
		uv_run(&f->bench.loop, UV_RUN_ONCE);
		found = 0;
		for (const char *at = c->in.ptr; at != NULL && (at = strstr(at, "HTTP/1.1 ")) != NULL;
			 at++) {
			found++;
		}
	}
}

/* A refusal does not end the connection, and each request stands for itself. */
static void test_login_on_one_connection(void **state) {
	(void)state;
	struct fixture f;
	struct client c;
	fixture_init_users(&f, 4);
	client_init(&c, &f.bench, f.port);
	client_read(&c);
	client_write(&c, STR("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
						 "GET /x HTTP/1.1\r\nHost: x\r\nAuthorization: Basic " ANN "\r\n\r\n"
						 "GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
						 "GET /x HTTP/1.1\r\nHost: x\r\nAuthorization: Basic " ANN "\r\n\r\n"));
	run_until_answers(&f, &c, 4);
	assert_int_equal(f.requests, 2);
	assert_false(c.ended);
	client_finish(&c, &f.bench);
	fixture_finish(&f);
}

/* Other users from one request to the next. */
static void test_users_change(void **state) {
	(void)state;
	struct fixture f;
	fixture_init_users(&f, 4);
	expect_status(&f, LOGIN(ANN), OK);
	struct web_access *closed =
		load(&f,
			 "basic_auth_users: {ann: "
			 "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi}\n");
	assert_true(http_server_set_access(f.server, closed));
	web_access_release(closed);
	expect_status(&f, LOGIN(ANN), UNAUTHORIZED);
	struct web_access *open = load(&f, "");
	assert_true(http_server_set_access(f.server, open));
	web_access_release(open);
	expect_status(&f, HEAD(""), OK);
	fixture_finish(&f);
}

/* ---- the rest of the configuration ---- */

static void test_headers(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f,
				 "http_server_config:\n"
				 "  headers:\n"
				 "    X-Frame-Options: sameorigin\n"
				 "    X-Content-Type-Options: nosniff\n"
				 "    Content-Security-Policy: \"default-src 'self' *.test.example.net\"\n"
				 "    Strict-Transport-Security: ''\n");
	struct client c = ask(&f, HEAD(""));
	assert_true(has(&c, "\r\nX-Frame-Options: sameorigin\r\n"));
	assert_true(has(&c, "\r\nContent-Security-Policy: default-src 'self' *.test.example.net\r\n"));
	assert_false(has(&c, "Strict-Transport-Security"));
	const char *first = strstr(c.in.ptr, "X-Content-Type-Options");
	assert_non_null(first);
	assert_null(strstr(first + 1, "X-Content-Type-Options"));
	strbuf_finish(&c.in);
	fixture_finish(&f);
}

static void test_rate_limit(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f, "rate_limit: {interval: 1h, burst: 3}\n");
	for (int i = 0; i < 3; i++) {
		expect_status(&f, HEAD(""), OK);
	}
	expect_status(&f, HEAD(""), "HTTP/1.1 429 Too Many Requests\r\n");
	assert_int_equal(f.requests, 3);
	fixture_finish(&f);
}

/* ---- compression ---- */

static void test_accepted(void **state) {
	(void)state;
	static const char *const yes[] = {"gzip", "gzip, deflate, br", "br,gzip", " deflate ,\tgzip "};
	static const char *const no[] = {"", "identity", "gzip;q=0", "x-gzip", "gzip2, br", "GZIP"};
	for (size_t i = 0; i < COUNT(yes); i++) {
		assert_true(http_pack_is_accepted(yes[i]));
	}
	for (size_t i = 0; i < COUNT(no); i++) {
		assert_false(http_pack_is_accepted(no[i]));
	}
	assert_false(http_pack_is_accepted(NULL));
}

/* The body of an answer, decompressed if it says that it has to be. */
static struct strbuf unpack(const struct client *c) {
	struct strbuf out = STRBUF_INIT;
	const char *body = strstr(c->in.ptr, "\r\n\r\n") + 4;
	struct str left = str_slice(strbuf_str(&c->in), (size_t)(body - c->in.ptr), c->in.len);
	if (!has(c, "\r\nContent-Encoding: gzip\r\n")) {
		strbuf_add(&out, left);
		return out;
	}
	z_stream z = {.next_in = (Bytef *)(uintptr_t)left.ptr, .avail_in = (uInt)left.len};
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	int code = Z_OK;
	while (code == Z_OK) {
		char piece[4096];
		z.next_out = (Bytef *)piece;
		z.avail_out = sizeof piece;
		code = inflate(&z, Z_NO_FLUSH);
		strbuf_add(&out, (struct str){piece, sizeof piece - z.avail_out});
	}
	assert_int_equal(code, Z_STREAM_END);
	assert_int_equal(z.avail_in, 0);
	inflateEnd(&z);
	return out;
}

static void test_packed_answers(void **state) {
	(void)state;
	static const struct {
		const char *request;
		size_t bytes;
		bool is_packed;
	} packed[] = {
		{HEAD("Accept-Encoding: gzip\r\n"), HTTP_PACK_MIN - 1, false},
		{HEAD("Accept-Encoding: gzip\r\n"), HTTP_PACK_MIN, true},
		{HEAD("Accept-Encoding: deflate\r\n"), HTTP_PACK_MIN, false},
		{HEAD(""), HTTP_PACK_MIN, false},
		{HEAD("Accept-Encoding: br, gzip\r\n"), HTTP_PACK_AT_ONCE_MAX, true},
		{HEAD("Accept-Encoding: gzip\r\n"), HTTP_PACK_AT_ONCE_MAX + 1, true},
		{HEAD("Accept-Encoding: gzip\r\n"), 5 << 20, true},
	};
	struct fixture f;
	fixture_init(&f, "");
	for (size_t i = 0; i < COUNT(packed); i++) {
		f.body_bytes = packed[i].bytes;
		struct client c = ask(&f, packed[i].request);
		struct strbuf body = unpack(&c);
		assert_int_equal(has(&c, "\r\nContent-Encoding: gzip\r\n"), packed[i].is_packed);
		assert_int_equal(has(&c, "\r\nVary: Accept-Encoding\r\n"),
						 packed[i].bytes >= HTTP_PACK_MIN);
		assert_int_equal(body.len, packed[i].bytes);
		assert_true(!packed[i].is_packed || c.in.len < body.len);
		strbuf_finish(&body);
		strbuf_finish(&c.in);
	}
	struct client c = ask(&f,
						  "HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
						  "Accept-Encoding: gzip\r\n\r\n");
	assert_false(has(&c, "Content-Encoding"));
	strbuf_finish(&c.in);
	fixture_finish(&f);
}

/* Large answers, one after the other on one connection, and the end while others are being compressed. */
static void test_packing_on_one_connection(void **state) {
	(void)state;
	static const char one[] = "GET /x HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n";
	struct fixture f;
	struct client c;
	fixture_init(&f, "");
	f.body_bytes = 1 << 20;
	client_init(&c, &f.bench, f.port);
	client_read(&c);
	for (int i = 0; i < 10; i++) {
		client_write(&c, STR(one));
	}
	while (f.requests < 10) {
		uv_run(&f.bench.loop, UV_RUN_ONCE);
	}
	assert_false(c.ended);
	client_finish(&c, &f.bench);
	fixture_finish(&f);
}

/* ---- the loop ---- */

enum { MANY = 120 };
static struct client clients[MANY];

static void start_many(struct fixture *f, const char *format) {
	static char requests[MANY][300];
	for (int i = 0; i < MANY; i++) {
		client_init(&clients[i], &f->bench, f->port);
		client_read(&clients[i]);
	}
	for (int i = 0; i < MANY; i++) {
		snprintf(requests[i], sizeof requests[i], format, 'a' + i / 26, 'a' + i % 26);
		client_write(&clients[i], str_from(requests[i]));
	}
}

static void finish_many(struct fixture *f) {
	for (int i = 0; i < MANY; i++) {
		bench_run_until(&f->bench, &clients[i].ended);
	}
}

static size_t count_status(const char *status) {
	size_t count = 0;
	for (int i = 0; i < MANY; i++) {
		count += str_starts_with(strbuf_str(&clients[i].in), str_from(status));
	}
	return count;
}

static void forget_many(struct fixture *f) {
	for (int i = 0; i < MANY; i++) {
		client_finish(&clients[i], &f->bench);
	}
}

/* All ask at once, and each answer takes a while: the loop does its other work between them. */
static void test_one_answer_at_a_time(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f, "");
	f.burning = 3000000;
	start_watch(&f);
	start_many(&f, HEAD("X: %c%c\r\n"));
	while (f.requests < 3) {
		uv_run(&f.bench.loop, UV_RUN_ONCE);
	}
	expect_status(&f, "GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", OK);
	assert_true(f.requests < MANY / 2); /* it did not wait for all of them */
	finish_many(&f);
	assert_int_equal(count_status(OK), MANY);
	assert_in_range(f.most_answers, 1, 4);
	forget_many(&f);
	fixture_finish(&f);
}

/* A different wrong password from everybody, each of which takes long. */
static void test_flood_of_passwords(void **state) {
	(void)state;
	struct fixture f;
	fixture_init_users(&f, 7);
	expect_status(&f, LOGIN(ANN), OK);
	start_watch(&f);
	start_many(&f, LOGIN("YW5uOnNlY3Jl%c%cAA"));
	unsigned before = f.ticks;
	expect_status(&f, LOGIN(ANN), OK); /* who is known comes in meanwhile */
	finish_many(&f);
	size_t refused = count_status(UNAUTHORIZED), busy = count_status("HTTP/1.1 503 ");
	assert_int_equal(refused + busy, MANY);
	assert_true(refused >= PASSWORD_CHECKS_MAX && busy > 0);
	assert_true(f.ticks - before > 100);
	assert_true(f.longest < 1000000000);
	forget_many(&f);
	fixture_finish(&f);
}

/* Answers that nobody reads, together, stay below the limit; those who have waited longest go. */
static void test_unread_answers(void **state) {
	(void)state;
	enum { READERS = 8, BYTES = 10 << 20 };
	struct fixture f;
	struct client c[READERS];
	fixture_init(&f, "");
	f.body_bytes = BYTES;
	for (int i = 0; i < READERS; i++) {
		client_init(&c[i], &f.bench, f.port);
		client_write(&c[i], STR("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"));
		while (f.requests <= i) {
			uv_run(&f.bench.loop, UV_RUN_ONCE);
		}
	}
	f.body_bytes = 0;
	expect_status(&f, HEAD(""), OK);
	int cut = 0;
	for (int i = 0; i < READERS; i++) {
		bool last_two = i >= READERS - 2;
		client_read(&c[i]);
		while (!c[i].ended && c[i].in.len < BYTES) {
			uv_run(&f.bench.loop, UV_RUN_ONCE);
		}
		cut += c[i].ended;
		assert_true(c[i].ended != last_two);
		client_finish(&c[i], &f.bench);
	}
	assert_int_equal(cut, READERS - 2);
	fixture_finish(&f);
}

/* The end comes while passwords are being checked and answers are queued. */
static void test_close(void **state) {
	(void)state;
	struct fixture f;
	fixture_init_users(&f, 8);
	expect_status(&f, LOGIN(ANN), OK);
	f.burning = 2000000;
	start_many(&f, LOGIN("YW5uOnNlY3Jl%c%cAA"));
	struct client known[20];
	for (size_t i = 0; i < COUNT(known); i++) {
		client_init(&known[i], &f.bench, f.port);
		client_write(&known[i], STR(LOGIN(ANN)));
	}
	while (f.requests < 3) {
		uv_run(&f.bench.loop, UV_RUN_ONCE);
	}
	for (size_t i = 0; i < COUNT(known); i++) {
		client_finish(&known[i], &f.bench);
	}
	forget_many(&f);
	fixture_finish(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_logins),
		cmocka_unit_test(test_login_on_one_connection),
		cmocka_unit_test(test_users_change),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_rate_limit),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_packed_answers),
		cmocka_unit_test(test_packing_on_one_connection),
		cmocka_unit_test(test_one_answer_at_a_time),
		cmocka_unit_test(test_flood_of_passwords),
		cmocka_unit_test(test_unread_answers),
		cmocka_unit_test(test_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
