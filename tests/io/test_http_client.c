/* The HTTP client against peers that misbehave. Every test ends with a loop that has nothing left in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/io/http_client.h"
#include "tests/io/peer.h"

#define TIMEOUT 80    /* ms; of what shall time out */
#define PATIENCE 4000 /* of all else: a test machine may be slow */

struct result {
	bool done;
	int calls;
	int status;
	char failure[400];
	char content_type[100];
	dur_ms retry_after;
	ts_ms date;
	struct strbuf body;
	size_t enough; /* stop receiving after so many bytes; 0: never */
};

static bool handle_receive(int status, struct str bytes, void *data) {
	struct result *r = data;
	assert_in_range(status, 100, 599);
	strbuf_add(&r->body, bytes);
	return r->enough == 0 || r->body.len < r->enough;
}

static void handle_done(const struct http_answer *answer, void *data) {
	struct result *r = data;
	r->done = true;
	r->calls++;
	r->status = answer->status;
	r->retry_after = answer->retry_after;
	r->date = answer->date;
	assert_true((answer->status == 0) == (answer->failure != NULL));
	snprintf(r->failure, sizeof r->failure, "%s", answer->failure != NULL ? answer->failure : "");
	snprintf(r->content_type, sizeof r->content_type, "%s", answer->content_type);
}

struct fixture {
	struct bench bench;
	struct http_client *client;
	struct peer peer;
	bool closed;
};

static void handle_client_closed(void *data) {
	*(bool *)data = true;
}

static void fixture_init(struct fixture *f, peer_handle *handle, void *data) {
	*f = (struct fixture){0};
	bench_init(&f->bench);
	f->client = http_client_create(&f->bench.loop, "tocsin/test");
	peer_init(&f->peer, &f->bench.loop, handle, data);
}

static void fixture_finish(struct fixture *f) {
	http_client_close(f->client, handle_client_closed, &f->closed);
	assert_false(f->closed); /* never from inside */
	bench_run_until(&f->bench, &f->closed);
	peer_close(&f->peer);
	bench_finish(&f->bench);
}

static struct http_request request_to(const char *url) {
	return (struct http_request){.url = url,
								 .content_type = "application/json",
								 .body = STR("[]"),
								 .timeout = PATIENCE,
								 .max_bytes = 1 << 20,
								 .limit_name = "limits.answer_bytes",
								 .compressed = true};
}

static struct http_exchange *send_to(struct fixture *f, const char *url, struct result *r) {
	const struct http_request request = request_to(url);
	const struct http_callbacks callbacks = {handle_receive, handle_done, r};
	struct http_exchange *e = http_send(f->client, &request, &callbacks);
	assert_false(r->done);
	return e;
}

/* ---- one behaviour a line ---- */

enum then { KEEP, END, RESET, DRIP, FLOOD, LATE_RESET };

struct behaviour {
	const char *name;
	const char *answer; /* what the peer writes */
	enum then then;
	int status;          /* expected; 0: a failure */
	const char *failure; /* expected; one that ends with "within " is a time-out */
	const char *body;    /* expected, of an answer */
};

#define OK "HTTP/1.1 200 OK\r\n"
#define TOO_LARGE "the answer is larger than 1 MiB (limits.answer_bytes)"

static const struct behaviour behaviours[] = {
	{"answer", OK "Content-Length: 2\r\n\r\nhi", KEEP, 200, "", "hi"},
	{"empty answer", OK "Content-Length: 0\r\n\r\n", KEEP, 200, "", ""},
	{"no content", "HTTP/1.1 204 No Content\r\n\r\n", KEEP, 204, "", ""},
	{"chunked", OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n3\r\n ho\r\n0\r\n\r\n", KEEP, 200,
	 "", "hi ho"},
	{"until the end of the connection", OK "\r\nhi", END, 200, "", "hi"},
	{"continue first", "HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 2\r\n\r\nhi", KEEP, 200,
	 "", "hi"},
	{"503", "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy", KEEP, 503, "",
	 "busy"},
	{"422 with an error body",
	 "HTTP/1.1 422 Unprocessable Entity\r\nContent-Length: 18\r\n\r\n{\"status\":\"error\"}", KEEP,
	 422, "", "{\"status\":\"error\"}"},
	{"HTML", OK "Content-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", KEEP, 200, "",
	 "<html>"},
	{"silence", "", KEEP, 0, "no answer within ", NULL},
	{"half a header", "HTTP/1.1 200 OK\r\nContent-Le", KEEP, 0, "no whole answer within ", NULL},
	{"half an answer", OK "Content-Length: 10\r\n\r\nhalf", KEEP, 0, "no whole answer within ",
	 NULL},
	{"half an answer, then the end", OK "Content-Length: 10\r\n\r\nhalf", END, 0,
	 "the connection was closed in the middle of the answer", NULL},
	{"half a chunk, then the end", OK "Transfer-Encoding: chunked\r\n\r\nff\r\nhalf", END, 0,
	 "the connection was closed in the middle of the answer", NULL},
	{"half an answer, then reset", OK "Content-Length: 10\r\n\r\nhalf", LATE_RESET, 0,
	 "the connection was reset in the middle of the answer", NULL},
	{"end before the answer", "", END, 0, "the connection was closed before the answer", NULL},
	{"reset before the answer", "", RESET, 0, "the connection was reset before the answer", NULL},
	{"slow bytes", OK "Content-Length: 100\r\n\r\n0123456789012345678901234567890123456789", DRIP,
	 0, "no whole answer within ", NULL},
	{"1 GiB that is said", OK "Content-Length: 1073741824\r\n\r\n", FLOOD, 0, TOO_LARGE, NULL},
	{"1 GiB that is not said", OK "\r\n", FLOOD, 0, TOO_LARGE, NULL},
	{"endless header", OK "X: ", FLOOD, 0, "the answer's headers are larger than 64 KiB", NULL},
	{"redirect",
	 "HTTP/1.1 302 Found\r\nLocation: http://elsewhere:9090/x\r\nContent-Length: 0\r\n\r\n", KEEP,
	 0,
	 "redirected (302) to \"http://elsewhere:9090/x\": redirects are not followed, configure the "
	 "final URL",
	 NULL},
	{"redirect with a password",
	 "HTTP/1.1 302 Found\r\nLocation: http://me:hunter2@x/y?token=hunter2\r\n\r\n", END, 0,
	 "redirected (302) to \"http://***@x/y?***\": redirects are not followed, configure the final "
	 "URL",
	 NULL},
	{"redirect to a file", "HTTP/1.1 301 Moved\r\nLocation: file:///etc/passwd\r\n\r\n", END, 0,
	 "redirected (301) to \"file:///etc/passwd\": redirects are not followed, configure the final "
	 "URL",
	 NULL},
	{"not HTTP", "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", KEEP, 0, "the answer is not HTTP", NULL},
	{"broken gzip", OK "Content-Encoding: gzip\r\nContent-Length: 8\r\n\r\nnot gzip", KEEP, 0,
	 "the answer is badly compressed", NULL},
};

static void handle_behaviour(struct peer_connection *c, struct str request, void *data) {
	const struct behaviour *b = data;
	assert_true(str_starts_with(request, STR("POST /x HTTP/1.1\r\n")));
	assert_true(str_find(request, STR("\r\nUser-Agent: tocsin/test\r\n")) < request.len);
	assert_true(str_ends_with(request, STR("\r\n\r\n[]")));
	if (b->then == DRIP) {
		peer_drip(c, str_from(b->answer), 3);
		return;
	}
	peer_write(c, str_from(b->answer));
	switch (b->then) {
	case END: peer_end(c); break;
	case RESET: peer_reset(c); break;
	case FLOOD: peer_flood(c, (size_t)1 << 30); break;
	case LATE_RESET: /* by the test, when the client has seen the half */
	case DRIP:
	case KEEP: break;
	}
}

static struct result behave(const struct behaviour *b, dur_ms timeout) {
	struct fixture f;
	struct result r = {0};
	fixture_init(&f, handle_behaviour, (void *)b);
	const struct http_callbacks callbacks = {handle_receive, handle_done, &r};
	struct http_request request = request_to(peer_url(&f.peer, "/x"));
	request.timeout = timeout;
	http_send(f.client, &request, &callbacks);
	if (b->then == LATE_RESET) {
		while (r.body.len == 0) {
			uv_run(&f.bench.loop, UV_RUN_ONCE);
		}
		peer_reset(f.peer.first);
	}
	bench_run_until(&f.bench, &r.done);
	fixture_finish(&f);
	assert_int_equal(r.calls, 1);
	assert_int_equal(r.status, b->status);
	assert_true(r.body.len <= 1 << 20);
	assert_true(b->body == NULL || str_equal(strbuf_str(&r.body), str_from(b->body)));
	strbuf_finish(&r.body);
	return r;
}

/* A machine may be too busy for what comes before the peer falls silent: then there is more time for it. */
static void behave_until_timeout(const struct behaviour *b) {
	static const struct {
		dur_ms timeout;
		const char *text;
	} times[] = {{TIMEOUT, "80ms"}, {800, "800ms"}, {8000, "8s"}};
	bool in_time = false;
	for (size_t i = 0; i < sizeof times / sizeof times[0] && !in_time; i++) {
		char expected[100];
		snprintf(expected, sizeof expected, "%s%s", b->failure, times[i].text);
		struct result r = behave(b, times[i].timeout);
		in_time = strcmp(r.failure, expected) == 0;
		if (!in_time && strstr(r.failure, " within ") == NULL) {
			assert_string_equal(r.failure, expected);
		}
	}
	assert_true(in_time);
}

static void run_behaviour(const struct behaviour *b) {
	if (str_ends_with(str_from(b->failure), STR("within "))) {
		behave_until_timeout(b);
	} else {
		struct result r = behave(b, PATIENCE);
		assert_string_equal(r.failure, b->failure);
	}
}

static void test_behaviours(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof behaviours / sizeof behaviours[0]; i++) {
		print_message("# %s\n", behaviours[i].name);
		run_behaviour(&behaviours[i]);
	}
}

/* ---- before there is a connection ---- */

static void check_failure(const char *url, dur_ms timeout, const char *failure) {
	struct fixture f;
	struct result r = {0};
	fixture_init(&f, handle_behaviour, NULL);
	const struct http_callbacks callbacks = {handle_receive, handle_done, &r};
	struct http_request request = request_to(url);
	request.timeout = timeout;
	http_send(f.client, &request, &callbacks);
	bench_run_until(&f.bench, &r.done);
	assert_string_equal(r.failure, failure);
	assert_int_equal(r.status, 0);
	fixture_finish(&f);
}

/* A socket on a port of its own, and its URL. */
static int bind_socket(struct sockaddr_in *ret_address, char *ret_url, size_t size) {
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
	} a = {.v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof a;
	assert_int_equal(bind(fd, &a.any, length), 0);
	assert_int_equal(getsockname(fd, &a.any, &length), 0);
	*ret_address = a.v4;
	snprintf(ret_url, size, "http://127.0.0.1:%u/", ntohs(a.v4.sin_port));
	return fd;
}

/* A port that is taken, but on which nobody listens. */
static void test_nobody_there(void **state) {
	(void)state;
	struct sockaddr_in address;
	char url[100];
	const int fd = bind_socket(&address, url, sizeof url);
	check_failure(url, PATIENCE, "connection refused");
	close(fd);
}

/* The kernel does not answer for somebody who has a queue of connections before the door. */
static void test_no_connection(void **state) {
	(void)state;
	enum { QUEUE = 4 };
	struct sockaddr_in address;
	char url[100];
	const int fd = bind_socket(&address, url, sizeof url);
	int queue[QUEUE];
	assert_int_equal(listen(fd, 0), 0);
	for (int i = 0; i < QUEUE; i++) {
		queue[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(queue[i], (const struct sockaddr *)&address, sizeof address);
	}
	check_failure(url, TIMEOUT, "no connection within 80ms");
	for (int i = 0; i < QUEUE; i++) {
		close(queue[i]);
	}
	close(fd);
}

static void test_bad_urls(void **state) {
	(void)state;
	check_failure("ftp://127.0.0.1/x", PATIENCE, "only http and https URLs are possible");
	check_failure("file:///etc/passwd", PATIENCE, "only http and https URLs are possible");
	check_failure("http://127.0.0.1:99999/x", PATIENCE, "the URL is malformed");
	check_failure("http://a b/", PATIENCE, "the URL is malformed");
	check_failure("http://no-such-host.invalid/", PATIENCE,
				  "cannot resolve host \"no-such-host.invalid\"");
}

/* ---- one answer after another ---- */

static void handle_plain(struct peer_connection *c, struct str request, void *data) {
	(void)request;
	(void)data;
	peer_answer(c, "200 OK", "Content-Type: application/json; charset=utf-8\r\n", "{}");
}

static void test_keep_alive(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f, handle_plain, NULL);
	for (int i = 0; i < 10; i++) {
		struct result r = {0};
		send_to(&f, peer_url(&f.peer, "/"), &r);
		bench_run_until(&f.bench, &r.done);
		assert_int_equal(r.status, 200);
		assert_string_equal(r.content_type, "application/json; charset=utf-8");
		strbuf_finish(&r.body);
	}
	assert_int_equal(f.peer.requests, 10);
	assert_int_equal(f.peer.connections, 1);
	fixture_finish(&f);
}

/* On a connection that was kept, failures read as on a new one. */
static void handle_second(struct peer_connection *c, struct str request, void *data) {
	if (str_starts_with(request, STR("POST /first "))) {
		peer_answer(c, "200 OK", "", "{}");
	} else {
		peer_write(c, str_from(data));
	}
}

static void test_kept_connection_fails(void **state) {
	(void)state;
	const struct {
		char answer[20];
		const char *failure;
	} cases[] = {{"", "no answer within 80ms"}, {"SSH-2.0\r\n", "the answer is not HTTP"}};
	for (size_t i = 0; i < 2; i++) {
		struct fixture f;
		struct result first = {0};
		struct result second = {0};
		char answer[20];
		memcpy(answer, cases[i].answer, sizeof answer);
		fixture_init(&f, handle_second, answer);
		send_to(&f, peer_url(&f.peer, "/first"), &first);
		bench_run_until(&f.bench, &first.done);
		const struct http_callbacks callbacks = {handle_receive, handle_done, &second};
		struct http_request request = request_to(peer_url(&f.peer, "/second"));
		request.timeout = i == 0 ? TIMEOUT : PATIENCE;
		http_send(f.client, &request, &callbacks);
		bench_run_until(&f.bench, &second.done);
		assert_string_equal(second.failure, cases[i].failure);
		assert_int_equal(f.peer.connections, 1);
		strbuf_finish(&first.body);
		fixture_finish(&f);
	}
}

/* The peer ends the connection that the client keeps: the next request must not fail because of it. */
static void test_kept_connection_ends(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f, handle_plain, NULL);
	for (int i = 0; i < 3; i++) {
		struct result r = {0};
		send_to(&f, peer_url(&f.peer, "/"), &r);
		bench_run_until(&f.bench, &r.done);
		assert_int_equal(r.status, 200);
		strbuf_finish(&r.body);
		peer_end(f.peer.first);
		bench_run_for(&f.bench, 5);
	}
	assert_int_equal(f.peer.connections, 3);
	fixture_finish(&f);
}

static void test_many_at_once(void **state) {
	(void)state;
	enum { MANY = 100 };
	struct fixture f;
	fixture_init(&f, handle_plain, NULL);
	static struct result r[MANY];
	memset(r, 0, sizeof r);
	for (int i = 0; i < MANY; i++) {
		const struct http_callbacks callbacks = {handle_receive, handle_done, &r[i]};
		const struct http_request request = request_to(peer_url(&f.peer, "/"));
		http_send(f.client, &request, &callbacks);
	}
	for (int i = 0; i < MANY; i++) {
		bench_run_until(&f.bench, &r[i].done);
		assert_int_equal(r[i].status, 200);
		assert_int_equal(r[i].calls, 1);
		strbuf_finish(&r[i].body);
	}
	fixture_finish(&f);
}

static void handle_retry_after(struct peer_connection *c, struct str request, void *data) {
	(void)request;
	(void)data;
	peer_answer(c, "429 Too Many Requests",
				"Retry-After: 7\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "");
}

static void test_retry_after(void **state) {
	(void)state;
	struct fixture f;
	struct result r = {0};
	fixture_init(&f, handle_retry_after, NULL);
	send_to(&f, peer_url(&f.peer, "/"), &r);
	bench_run_until(&f.bench, &r.done);
	assert_int_equal(r.status, 429);
	assert_int_equal(r.retry_after, 7000);
	assert_int_equal(r.date, 784111777000);
	fixture_finish(&f);
}

/* 1 KiB of gzip that unpacks to 1 MiB of zeros and a little more: the cap counts what comes out. */
static void handle_bomb(struct peer_connection *c, struct str request, void *data) {
	assert_true(str_find(request, STR("Accept-Encoding: gzip, deflate\r\n")) < request.len);
	const struct str *gzip = data;
	struct strbuf out = STRBUF_INIT;
	strbuf_printf(&out, OK "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", gzip->len);
	strbuf_add(&out, *gzip);
	peer_write(c, strbuf_str(&out));
	strbuf_finish(&out);
}

/* A gzip member of one deflate stream with fixed codes: a literal zero, then `copies` matches of length 258 at distance 1. */
static struct str make_gzip(struct strbuf *out, size_t copies) {
	static const char header[10] = "\x1f\x8b\x08\0\0\0\0\0\0\x03";
	strbuf_add(out, (struct str){header, 10});
	unsigned bits = 3, count = 3; /* last block, fixed codes */
	/* literal 0: 00110000, msb first; match 258: 11000101, then distance code 0: 00000 */
	const char *codes[2] = {"00110000", "1100010100000"};
	for (size_t i = 0; i < copies + 2; i++) {
		const char *code = i == 0 ? codes[0] : i <= copies ? codes[1] : "0000000";
		for (; *code != '\0'; code++) {
			bits |= (unsigned)(*code - '0') << count;
			if (++count == 8) {
				strbuf_add_char(out, (char)bits);
				bits = count = 0;
			}
		}
	}
	strbuf_add_char(out, (char)bits);
	return strbuf_str(out);
}

static void test_compression_bomb(void **state) {
	(void)state;
	struct strbuf gzip = STRBUF_INIT;
	struct str bytes = make_gzip(&gzip, 400000); /* 100 MB from 650 KB */
	struct fixture f;
	struct result r = {0};
	fixture_init(&f, handle_bomb, &bytes);
	send_to(&f, peer_url(&f.peer, "/"), &r);
	bench_run_until(&f.bench, &r.done);
	assert_string_equal(r.failure, TOO_LARGE);
	assert_in_range(r.body.len, 1 << 19, 1 << 20);
	strbuf_finish(&r.body);
	strbuf_finish(&gzip);
	fixture_finish(&f);
}

static void test_receiver_has_enough(void **state) {
	(void)state;
	const struct behaviour flood = {"", OK "\r\n", FLOOD, 200, "", NULL};
	struct fixture f;
	struct result r = {.enough = 1000};
	fixture_init(&f, handle_behaviour, (void *)&flood);
	send_to(&f, peer_url(&f.peer, "/x"), &r);
	bench_run_until(&f.bench, &r.done);
	assert_int_equal(r.status, 200);
	assert_in_range(r.body.len, 1000, 100000);
	strbuf_finish(&r.body);
	fixture_finish(&f);
}

/* ---- cancellation ---- */

enum cancel_when { AT_ONCE, CONNECTING, WAITING, RECEIVING, TWICE, CLOSING, WHEN_COUNT };

static void run_cancel(enum cancel_when when) {
	const struct behaviour half = {"", OK "Content-Length: 10\r\n\r\nhalf", KEEP, 0, "", NULL};
	const struct behaviour silent = {"", "", KEEP, 0, "", NULL};
	struct fixture f;
	struct result r = {0};
	fixture_init(&f, handle_behaviour, (void *)(when == RECEIVING ? &half : &silent));
	struct http_exchange *e = send_to(&f, peer_url(&f.peer, "/x"), &r);
	if (when == CONNECTING) {
		uv_run(&f.bench.loop, UV_RUN_NOWAIT);
	}
	while ((when == WAITING && f.peer.requests == 0) || (when == RECEIVING && r.body.len == 0)) {
		uv_run(&f.bench.loop, UV_RUN_ONCE);
	}
	if (when != CLOSING) {
		http_cancel(e);
		assert_false(r.done);
	}
	if (when == TWICE) {
		http_cancel(e);
	}
	if (when != CLOSING) {
		bench_run_until(&f.bench, &r.done);
	}
	fixture_finish(&f);
	assert_int_equal(r.calls, 1);
	assert_string_equal(r.failure, "cancelled");
	strbuf_finish(&r.body);
}

static void test_cancel(void **state) {
	(void)state;
	for (int when = 0; when < WHEN_COUNT; when++) {
		run_cancel((enum cancel_when)when);
	}
}

/* Callbacks that act: the first answer cancels the second exchange, which is half received, and sends a third. */
struct chain {
	struct fixture *f;
	struct result second, third;
	struct http_exchange *second_exchange;
	bool done;
};

static void handle_chain_done(const struct http_answer *answer, void *data) {
	struct chain *c = data;
	assert_int_equal(answer->status, 200);
	http_cancel(c->second_exchange);
	assert_false(c->second.done);
	send_to(c->f, peer_url(&c->f->peer, "/ok"), &c->third);
	c->done = true;
}

static void handle_chain(struct peer_connection *c, struct str request, void *data) {
	(void)data;
	if (str_starts_with(request, STR("POST /ok "))) {
		peer_answer(c, "200 OK", "", "{}");
	} else {
		peer_write(c, STR(OK "Content-Length: 10\r\n\r\nhalf"));
	}
}

static void test_callbacks_that_act(void **state) {
	(void)state;
	struct fixture f;
	struct chain c = {.f = &f};
	fixture_init(&f, handle_chain, NULL);
	c.second_exchange = send_to(&f, peer_url(&f.peer, "/half"), &c.second);
	while (c.second.body.len == 0) {
		uv_run(&f.bench.loop, UV_RUN_ONCE);
	}
	const struct http_callbacks callbacks = {NULL, handle_chain_done,
											 &c}; /* not interested in the body */
	struct http_request request = request_to(peer_url(&f.peer, "/ok"));
	http_send(f.client, &request, &callbacks);
	bench_run_until(&f.bench, &c.third.done);
	bench_run_until(&f.bench, &c.second.done);
	assert_string_equal(c.second.failure, "cancelled");
	assert_int_equal(c.second.calls, 1);
	assert_int_equal(c.third.status, 200);
	strbuf_finish(&c.second.body);
	strbuf_finish(&c.third.body);
	fixture_finish(&f);
}

/* ---- the way in ---- */

static void send_with(struct fixture *f, const char *url, const struct http_access *access,
					  struct result *r) {
	const struct http_callbacks callbacks = {handle_receive, handle_done, r};
	struct http_request request = request_to(url);
	request.access = access;
	http_send(f->client, &request, &callbacks);
	assert_false(r->done);
	bench_run_until(&f->bench, &r->done);
	assert_int_equal(r->calls, 1);
}

static bool has_line(struct str request, const char *line) {
	char whole[200];
	snprintf(whole, sizeof whole, "\r\n%s\r\n", line);
	return str_find(request, str_from(whole)) < request.len;
}

static void handle_identified(struct peer_connection *c, struct str request, void *data) {
	(void)data;
	assert_true(has_line(request, "Authorization: Basic YWxpY2U6aHVudGVyMg=="));
	assert_true(has_line(request, "X-A: 1"));
	assert_true(has_line(request, "X-Empty:"));
	assert_true(has_line(request, "Content-Type: application/json"));
	assert_false(has_line(request, "Expect: 100-continue"));
	peer_answer(c, "200 OK", "", "{}");
}

static void handle_unknown(struct peer_connection *c, struct str request, void *data) {
	(void)data;
	assert_true(str_find(request, STR("Authorization")) == request.len);
	assert_true(str_find(request, STR("X-A")) == request.len);
	peer_answer(c, "200 OK", "", "{}");
}

/* Who we are belongs to one request, not to the connection. */
static void test_identity(void **state) {
	(void)state;
	const struct http_header headers[] = {{"X-A", "1"}, {"X-Empty", ""}};
	const struct http_access access = {
		.username = "alice", .password = "hunter2", .headers = headers, .header_count = 2};
	struct fixture f;
	fixture_init(&f, handle_identified, NULL);
	for (int i = 0; i < 4; i++) {
		struct result r = {0};
		f.peer.handle = i % 2 == 0 ? handle_identified : handle_unknown;
		send_with(&f, peer_url(&f.peer, "/"), i % 2 == 0 ? &access : NULL, &r);
		assert_int_equal(r.status, 200);
		strbuf_finish(&r.body);
	}
	assert_int_equal(f.peer.connections, 1);
	fixture_finish(&f);
}

/* Where there is no way in, nothing is sent, and `done` says why, from the loop as ever. */
static void test_no_access(void **state) {
	(void)state;
	const struct http_access access = {.failure = "/x: no such file or directory"};
	struct fixture f;
	struct result r = {0};
	fixture_init(&f, handle_plain, NULL);
	send_with(&f, peer_url(&f.peer, "/"), &access, &r);
	assert_string_equal(r.failure, "/x: no such file or directory");
	assert_int_equal(f.peer.connections, 0);
	fixture_finish(&f);
}

/* "/7" leads to "/6", and "/0" is the end. */
static void handle_steps(struct peer_connection *c, struct str request, void *data) {
	(void)data;
	int left = 0;
	char location[100];
	assert_true(str_ends_with(request, STR("\r\n\r\n[]"))); /* the body goes along */
	assert_int_equal(sscanf(request.ptr, "POST /%d HTTP", &left), 1);
	snprintf(location, sizeof location, "Location: /%d\r\n", left - 1);
	peer_answer(c, left > 0 ? "302 Found" : "200 OK", left > 0 ? location : "",
				left > 0 ? "moved" : "{}");
}

static void test_redirects(void **state) {
	(void)state;
	const struct http_access access = {.follows_redirects = true};
	static const struct {
		const char *path;
		int status;
		unsigned requests;
		const char *failure; /* its beginning */
	} cases[] = {
		{"/0", 200, 1, ""},
		{"/1", 200, 2, ""},
		{"/10", 200, 11, ""},
		{"/11", 0, 11, "redirected again and again (302) to \"http://127.0.0.1:"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fixture f;
		struct result r = {0};
		fixture_init(&f, handle_steps, NULL);
		send_with(&f, peer_url(&f.peer, cases[i].path), &access, &r);
		assert_int_equal(r.status, cases[i].status);
		assert_int_equal(f.peer.requests, cases[i].requests);
		assert_true(str_starts_with(str_from(r.failure), str_from(cases[i].failure)));
		assert_true(str_equal(strbuf_str(&r.body), str_from(r.status == 200 ? "{}" : "")));
		strbuf_finish(&r.body);
		fixture_finish(&f);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_behaviours),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_no_connection),
		cmocka_unit_test(test_bad_urls),
		cmocka_unit_test(test_keep_alive),
		cmocka_unit_test(test_kept_connection_fails),
		cmocka_unit_test(test_kept_connection_ends),
		cmocka_unit_test(test_many_at_once),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_compression_bomb),
		cmocka_unit_test(test_receiver_has_enough),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_callbacks_that_act),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_no_access),
		cmocka_unit_test(test_redirects),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
