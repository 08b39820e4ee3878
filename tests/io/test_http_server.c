/* The HTTP server against clients that misbehave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "engine/io/http_server.h"
#include "tests/io/client.h"
#include "tests/io/peer.h"

#define TURN_MAX 60 /* ms */
#define CONNECTIONS_MAX 300

/* ---- the server ---- */

struct fixture {
	struct bench bench;
	struct http_server *server;
	unsigned port;
	int requests;
	size_t body_bytes; /* of the answer; 0: an echo */
	bool closed;
};

static void handle_api(struct api_request *request, struct api_response *response, void *data) {
	struct fixture *f = data;
	f->requests++;
	response->status = 200;
	if (f->body_bytes > 0) {
		strbuf_add_repeat(&response->body, 'y', f->body_bytes);
		return;
	}
	strbuf_printf(&response->body, "%s %s query=[%.*s] origin=[%s]", request->method, request->path,
				  STR_FMT(request->query), request->origin != NULL ? request->origin : "");
	if (strcmp(request->path, "/405") == 0) {
		response->status = 405;
		response->headers[response->header_count++] = (struct api_header){"Allow", "GET"};
	}
}

static void fixture_init_with(struct fixture *f, dur_ms turn_max) {
	*f = (struct fixture){0};
	bench_init(&f->bench);
	struct strbuf error = STRBUF_INIT;
	const struct http_server_options options = {.listen = "127.0.0.1:0",
												.connections_max = CONNECTIONS_MAX,
												.turn_max = turn_max,
												.body_bytes_max = 1000,
												.answers_bytes_max = 100 << 20};
	bool unreadable;
	struct web_access *access =
		web_access_load(STR_EMPTY, (struct diag_style){0}, &error, &unreadable);
	f->server = http_server_create(&f->bench.loop, &options, access, handle_api, f, &error);
	web_access_release(access);
	assert_non_null(f->server);
	f->port = http_server_port(f->server);
	assert_int_not_equal(f->port, 0);
	strbuf_finish(&error);
}

static void fixture_init(struct fixture *f) {
	fixture_init_with(f, TURN_MAX);
}

static void handle_server_closed(void *data) {
	*(bool *)data = true;
}

static void fixture_finish(struct fixture *f) {
	http_server_close(f->server, handle_server_closed, &f->closed);
	assert_false(f->closed);
	bench_run_until(&f->bench, &f->closed);
	bench_finish(&f->bench);
}

/* Turns the loop until the server ended the connection. */
static void run_until_ended(struct fixture *f, struct client *c) {
	client_read(c);
	bench_run_until(&f->bench, &c->ended);
}

static void expect_answer(const struct client *c, const char *status_line, const char *body) {
	struct str in = strbuf_str(&c->in);
	assert_true(str_starts_with(in, str_from(status_line)));
	assert_true(str_ends_with(in, str_from(body)));
}

/* ---- tests ---- */

static const struct {
	const char *request, *status_line, *body;
} exchanges[] = {
	{"GET /api/v1/rules?type=alert&a%20b=c+d&x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	 "HTTP/1.1 200 OK\r\n", "\r\n\r\nGET /api/v1/rules query=[type=alert&a%20b=c+d&x] origin=[]"},
	{"GET /405 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	 "HTTP/1.1 405 Method Not Allowed\r\n", "\r\n\r\nGET /405 query=[] origin=[]"},
	{"GET /%41%20?%41&x?y HTTP/1.1\r\nHost: x\r\nOrigin: http://o\r\nConnection: close\r\n\r\n",
	 "HTTP/1.1 200 OK\r\n", "\r\n\r\nGET /A  query=[%41&x?y] origin=[http://o]"},
	{"HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK\r\n", "\r\n\r\n"},
	{"POST /-/reload HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
	 "HTTP/1.1 200 OK\r\n", "\r\n\r\nPOST /-/reload query=[] origin=[]"},
	{"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", "HTTP/1.1 413 ",
	 "\r\n\r\nthe request is larger than 1000 bytes\n"},
	{"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n", "HTTP/1.1 4",
	 ""},
	{"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	 "HTTP/1.1 200 OK\r\n", "\r\n\r\nGET /../../etc/passwd query=[] origin=[]"},
	{"\x16\x03\x01 this is TLS\r\n\r\n", "", ""},
};

static void test_exchanges(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
		struct fixture f;
		struct client c;
		fixture_init(&f);
		client_init(&c, &f.bench, f.port);
		client_write(&c, str_from(exchanges[i].request));
		run_until_ended(&f, &c);
		expect_answer(&c, exchanges[i].status_line, exchanges[i].body);
		client_finish(&c, &f.bench);
		fixture_finish(&f);
	}
}

/* A new connection is answered at once. */
static void expect_alive(struct fixture *f) {
	struct client c;
	client_init(&c, &f->bench, f->port);
	uint64_t start = uv_hrtime();
	client_write(&c, STR("GET /alive HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
	run_until_ended(f, &c);
	assert_true(str_starts_with(strbuf_str(&c.in), STR("HTTP/1.1 200 OK\r\n")));
	assert_true(uv_hrtime() - start < 1000000000);
	client_finish(&c, &f->bench);
}

static void test_keep_alive(void **state) {
	(void)state;
	struct fixture f;
	struct client c;
	fixture_init(&f);
	client_init(&c, &f.bench, f.port);
	client_read(&c);
	for (int i = 1; i <= 5; i++) {
		client_write(&c, STR("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"));
		while (f.requests < i) {
			uv_run(&f.bench.loop, UV_RUN_ONCE);
		}
		bench_run_for(&f.bench,
					  TURN_MAX / 3); /* each request gives the connection its whole time again */
		assert_false(c.ended);
	}
	bench_run_until(&f.bench, &c.ended); /* and then nothing comes any more */
	client_finish(&c, &f.bench);
	fixture_finish(&f);
}

/* A header that drips and never ends, from a client that is never silent. */
static void test_endless_header(void **state) {
	(void)state;
	static char header[100000];
	memset(header, 'h', sizeof header);
	memcpy(header, "GET / HTTP/1.1\r\nX: ", 19);
	struct fixture f;
	struct client slow;
	struct client fast;
	fixture_init(&f);
	client_init(&slow, &f.bench, f.port);
	client_drip(&slow, (struct str){header, sizeof header}, 1);
	client_init(&fast, &f.bench, f.port);
	client_write(&fast, (struct str){header, sizeof header});
	expect_alive(&f);
	run_until_ended(&f, &fast);
	run_until_ended(&f, &slow);
	assert_true(slow.drip.len > 90000);
	assert_int_equal(f.requests, 1); /* the one of expect_alive */
	client_finish(&fast, &f.bench);
	client_finish(&slow, &f.bench);
	fixture_finish(&f);
}

/* A client that asks for much and reads nothing. */
static void test_slow_reader(void **state) {
	(void)state;
	struct fixture f;
	struct client c;
	fixture_init(&f);
	f.body_bytes = 50 << 20;
	client_init(&c, &f.bench, f.port);
	client_write(&c, STR("GET /big HTTP/1.1\r\nHost: x\r\n\r\n"));
	while (f.requests == 0) {
		uv_run(&f.bench.loop, UV_RUN_ONCE);
	}
	f.body_bytes = 0;
	expect_alive(&f);
	bench_run_for(&f.bench, 2 * TURN_MAX);
	run_until_ended(&f, &c); /* cut off long before the end */
	assert_true(c.in.len < 50 << 20);
	client_finish(&c, &f.bench);
	fixture_finish(&f);
}

static void test_idle_connections(void **state) {
	(void)state;
	enum { MANY = 200 };
	static struct client idle[MANY];
	struct fixture f;
	fixture_init(&f);
	for (int i = 0; i < MANY; i++) {
		client_init(&idle[i], &f.bench, f.port);
		client_read(&idle[i]);
	}
	expect_alive(&f);
	for (int i = 0; i < MANY; i++) {
		bench_run_until(&f.bench, &idle[i].ended);
		client_finish(&idle[i], &f.bench);
	}
	expect_alive(&f);
	fixture_finish(&f);
}

/* More connections than there may be, none of them over its time: the oldest make room. */
static void test_too_many_connections(void **state) {
	(void)state;
	enum { MANY = 2 * CONNECTIONS_MAX };
	static struct client idle[MANY];
	struct fixture f;
	fixture_init_with(&f, 60000);
	for (int i = 0; i < MANY; i++) {
		client_init(&idle[i], &f.bench, f.port);
		client_read(&idle[i]);
	}
	expect_alive(&f);
	int ended = 0;
	for (int i = 0; i < MANY; i++) {
		ended += idle[i].ended;
		assert_true(i == 0 || idle[i - 1].ended || !idle[i].ended);
		client_finish(&idle[i], &f.bench);
	}
	assert_in_range(ended, MANY - CONNECTIONS_MAX, MANY - CONNECTIONS_MAX / 2);
	fixture_finish(&f);
}

/* Chunks have no length that could be refused beforehand. */
static void test_big_request(void **state) {
	(void)state;
	struct fixture f;
	struct client c;
	fixture_init(&f);
	static char chunk[70000];
	memset(chunk, 'z', sizeof chunk);
	client_init(&c, &f.bench, f.port);
	client_write(&c,
				 STR("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n11170\r\n"));
	client_write(&c, (struct str){chunk, sizeof chunk});
	run_until_ended(&f, &c);
	assert_int_equal(f.requests, 0);
	expect_alive(&f);
	client_finish(&c, &f.bench);
	fixture_finish(&f);
}

static void count_turn(uv_prepare_t *prepare) {
	++*(int *)prepare->data;
}

static void handle_prepare_closed(uv_handle_t *handle) {
	*(int *)handle->data = -1;
}

/* Pieces of chunked bodies that libmicrohttpd waits with among the connections that are ready: others are answered meanwhile,
 * and the loop does not turn all the time. */
static void test_half_chunks(void **state) {
	(void)state;
	enum { LONG = 100000, TURNS_MAX = 1000 };
	static const char *const chunks[] = {"1;", "5\r\nab", "1", "1\r\na", "0\r\nA: b\r\n"};
	static char rest[LONG];
	memset(rest, 'a', sizeof rest);
	for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
		struct fixture f;
		struct client c;
		uv_prepare_t prepare;
		int turns = 0;
		fixture_init_with(&f, 60000);
		uv_prepare_init(&f.bench.loop, &prepare);
		prepare.data = &turns;
		client_init(&c, &f.bench, f.port);
		client_write(&c, STR("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"));
		client_write(&c, str_from(chunks[i]));
		if (i == 0) {
			client_write(&c, (struct str){rest, sizeof rest});
		}
		bench_run_for(&f.bench, 50);
		expect_alive(&f);
		uv_prepare_start(&prepare, count_turn);
		bench_run_for(&f.bench, 300);
		assert_in_range(turns, 1, TURNS_MAX);
		expect_alive(&f);
		uv_close((uv_handle_t *)&prepare, handle_prepare_closed);
		client_finish(&c, &f.bench);
		fixture_finish(&f);
		assert_int_equal(turns, -1);
	}
}

static void expect_not_possible(const char *listen, const char *error) {
	struct bench b;
	bench_init(&b);
	struct strbuf out = STRBUF_INIT;
	const struct http_server_options options = {
		.listen = listen, .connections_max = 10, .turn_max = 1000, .body_bytes_max = 1000};
	bool unreadable;
	struct web_access *access =
		web_access_load(STR_EMPTY, (struct diag_style){0}, &out, &unreadable);
	assert_null(http_server_create(&b.loop, &options, access, handle_api, NULL, &out));
	web_access_release(access);
	assert_string_equal(out.ptr, error);
	strbuf_finish(&out);
	bench_finish(&b);
}

static void test_port_not_free(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f);
	char listen[50];
	char error[100];
	snprintf(listen, sizeof listen, "127.0.0.1:%u", f.port);
	snprintf(error, sizeof error, "cannot listen on %s: address already in use", listen);
	expect_not_possible(listen, error);
	fixture_finish(&f);
}

static void test_bad_addresses(void **state) {
	(void)state;
	expect_not_possible("9099", "cannot listen on \"9099\": not of the form host:port");
	expect_not_possible("localhost:", "cannot listen on \"localhost:\": not of the form host:port");
	expect_not_possible("localhost:99999",
						"cannot listen on \"localhost:99999\": not of the form host:port");
	expect_not_possible("localhost:http",
						"cannot listen on \"localhost:http\": not of the form host:port");
	expect_not_possible("192.0.2.1:0",
						"cannot listen on 192.0.2.1:0: no such address on this machine");
}

/* Closing with every kind of connection open. */
static void test_close(void **state) {
	(void)state;
	struct fixture f;
	struct client idle;
	struct client half;
	struct client reading;
	fixture_init(&f);
	f.body_bytes = 20 << 20;
	client_init(&idle, &f.bench, f.port);
	client_init(&half, &f.bench, f.port);
	client_init(&reading, &f.bench, f.port);
	client_write(&half, STR("GET / HT"));
	client_write(&reading, STR("GET /big HTTP/1.1\r\nHost: x\r\n\r\n"));
	while (f.requests == 0) {
		uv_run(&f.bench.loop, UV_RUN_ONCE);
	}
	client_finish(&idle, &f.bench);
	client_finish(&half, &f.bench);
	client_finish(&reading, &f.bench);
	fixture_finish(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exchanges),
		cmocka_unit_test(test_keep_alive),
		cmocka_unit_test(test_endless_header),
		cmocka_unit_test(test_slow_reader),
		cmocka_unit_test(test_idle_connections),
		cmocka_unit_test(test_too_many_connections),
		cmocka_unit_test(test_big_request),
		cmocka_unit_test(test_half_chunks),
		cmocka_unit_test(test_port_not_free),
		cmocka_unit_test(test_bad_addresses),
		cmocka_unit_test(test_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
