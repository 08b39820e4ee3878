#include "tests/io/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

/* ---- the loop of a test ---- */

void bench_init(struct bench *b) {
	assert_int_equal(uv_loop_init(&b->loop), 0);
	uv_timer_init(&b->loop, &b->guard);
}

static void handle_guard(uv_timer_t *timer) {
	(void)
		timer; /* only turns the loop: UV_RUN_ONCE goes on waiting for events after a timer did what we wait for */
}

static bool run_until(struct bench *b, const bool *flag, unsigned ms) {
	uv_update_time(&b->loop);
	uint64_t end = uv_now(&b->loop) + ms;
	uv_timer_start(&b->guard, handle_guard, 2, 2);
	while (!*flag && uv_now(&b->loop) < end) {
		uv_run(&b->loop, UV_RUN_ONCE);
	}
	uv_timer_stop(&b->guard);
	return *flag;
}

void bench_run_until(struct bench *b, const bool *flag) {
	assert_true(run_until(b, flag, 20000));
}

void bench_run_for(struct bench *b, unsigned ms) {
	const bool never = false;
	run_until(b, &never, ms);
}

void bench_finish(struct bench *b) {
	uv_close((uv_handle_t *)&b->guard, NULL);
	uv_run(&b->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&b->loop), 0);
}

/* ---- connections ---- */

struct peer_connection {
	uv_tcp_t tcp;
	uv_timer_t drip;
	struct peer *peer;
	struct peer_connection *previous, *next;
	int handles;
	struct strbuf in;
	struct str dripping;
	unsigned drip_ms;
	size_t flood;
	uv_write_t flood_write;
	char buffer[65536];
};

static void handle_closed(uv_handle_t *handle) {
	struct peer_connection *c = handle->data;
	if (--c->handles == 0) {
		strbuf_finish(&c->in);
		free(c);
	}
}

static void connection_unlink(struct peer_connection *c) {
	*(c->previous != NULL ? &c->previous->next : &c->peer->first) = c->next;
	if (c->next != NULL) {
		c->next->previous = c->previous;
	}
}

static void connection_close(struct peer_connection *c) {
	if (uv_is_closing((uv_handle_t *)&c->tcp)) {
		return;
	}
	connection_unlink(c);
	uv_close((uv_handle_t *)&c->tcp, handle_closed);
	uv_close((uv_handle_t *)&c->drip, handle_closed);
}

void peer_reset(struct peer_connection *c) {
	if (!uv_is_closing((uv_handle_t *)&c->tcp)) {
		connection_unlink(c);
		uv_tcp_close_reset(&c->tcp, handle_closed);
		uv_close((uv_handle_t *)&c->drip, handle_closed);
	}
}

struct write {
	uv_write_t request;
	bool last;
	char bytes[];
};

static void handle_written(uv_write_t *request, int status) {
	struct write *w = (struct write *)request;
	if (status == 0 && w->last) {
		connection_close(request->handle->data);
	}
	free(w);
}

static void write_bytes(struct peer_connection *c, struct str bytes, bool last) {
	if (uv_is_closing((uv_handle_t *)&c->tcp)) {
		return;
	}
	struct write *w = mem_calloc(1, sizeof *w + bytes.len + 1);
	w->last = last;
	memcpy(w->bytes, bytes.ptr, bytes.len);
	uv_buf_t buffer = uv_buf_init(w->bytes, (unsigned)bytes.len);
	uv_write(&w->request, (uv_stream_t *)&c->tcp, &buffer, 1, handle_written);
}

void peer_write(struct peer_connection *c, struct str bytes) {
	write_bytes(c, bytes, false);
}

void peer_end(struct peer_connection *c) {
	write_bytes(c, STR_EMPTY, true);
}

static void handle_drip(uv_timer_t *timer) {
	struct peer_connection *c = timer->data;
	if (c->dripping.len == 0) {
		uv_timer_stop(timer);
		return;
	}
	peer_write(c, str_slice(c->dripping, 0, 1));
	c->dripping = str_slice(c->dripping, 1, c->dripping.len);
}

void peer_drip(struct peer_connection *c, struct str bytes, unsigned ms) {
	c->dripping = bytes;
	uv_timer_start(&c->drip, handle_drip, ms, ms);
}

static void flood_more(struct peer_connection *c);

static void handle_flooded(uv_write_t *request, int status) {
	if (status == 0) {
		flood_more(request->handle->data);
	}
}

static void flood_more(struct peer_connection *c) {
	static char xs[65536];
	memset(xs, 'x', sizeof xs);
	if (c->flood == 0 || uv_is_closing((uv_handle_t *)&c->tcp)) {
		return;
	}
	size_t piece = c->flood < sizeof xs ? c->flood : sizeof xs;
	c->flood -= piece;
	uv_buf_t buffer = uv_buf_init(xs, (unsigned)piece);
	uv_write(&c->flood_write, (uv_stream_t *)&c->tcp, &buffer, 1, handle_flooded);
}

void peer_flood(struct peer_connection *c, size_t total) {
	c->flood = total;
	flood_more(c);
}

void peer_answer(struct peer_connection *c, const char *status, const char *headers,
				 const char *body) {
	struct strbuf out = STRBUF_INIT;
	strbuf_printf(&out, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s", status, headers,
				  strlen(body), body);
	peer_write(c, strbuf_str(&out));
	strbuf_finish(&out);
}

/* ---- requests ---- */

/* Length of the request at the front, 0 while it is not whole. */
static size_t request_length(struct str in) {
	size_t head = str_find(in, STR("\r\n\r\n"));
	if (head == in.len) {
		return 0;
	}
	size_t at = str_find(str_slice(in, 0, head), STR("Content-Length: "));
	size_t body = at < head ? strtoul(in.ptr + at + 16, NULL, 10) : 0;
	return in.len >= head + 4 + body ? head + 4 + body : 0;
}

static void handle_requests(struct peer_connection *c) {
	size_t length;
	while (c->in.len > 0 && (length = request_length(strbuf_str(&c->in))) > 0) {
		struct strbuf request = STRBUF_INIT;
		strbuf_add(&request, str_slice(strbuf_str(&c->in), 0, length));
		memmove(c->in.ptr, c->in.ptr + length, c->in.len - length + 1);
		c->in.len -= length;
		c->peer->requests++;
		c->peer->handle(c, strbuf_str(&request), c->peer->data);
		strbuf_finish(&request);
	}
}

static void handle_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buffer) {
	(void)size;
	struct peer_connection *c = handle->data;
	*buffer = uv_buf_init(c->buffer, sizeof c->buffer);
}

static void handle_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer) {
	struct peer_connection *c = stream->data;
	if (count < 0) {
		connection_close(c);
		return;
	}
	strbuf_add(&c->in, (struct str){buffer->base, (size_t)count});
	handle_requests(c);
}

static void handle_accept(uv_stream_t *listener, int status) {
	assert_int_equal(status, 0);
	struct peer *p = listener->data;
	struct peer_connection *c = mem_calloc(1, sizeof *c);
	c->peer = p;
	c->handles = 2;
	uv_tcp_init(listener->loop, &c->tcp);
	uv_timer_init(listener->loop, &c->drip);
	c->tcp.data = c->drip.data = c;
	assert_int_equal(uv_accept(listener, (uv_stream_t *)&c->tcp), 0);
	c->next = p->first;
	if (p->first != NULL) {
		p->first->previous = c;
	}
	p->first = c;
	p->connections++;
	uv_read_start((uv_stream_t *)&c->tcp, handle_alloc, handle_read);
}

void peer_hang_up(struct peer *p) {
	while (p->first != NULL) {
		connection_close(p->first);
	}
}

void peer_init(struct peer *p, uv_loop_t *loop, peer_handle *handle, void *data) {
	*p = (struct peer){.handle = handle, .data = data};
	uv_tcp_init(loop, &p->listener);
	p->listener.data = p;
	struct sockaddr_in address;
	uv_ip4_addr("127.0.0.1", 0, &address);
	assert_int_equal(uv_tcp_bind(&p->listener, (const struct sockaddr *)&address, 0), 0);
	assert_int_equal(uv_listen((uv_stream_t *)&p->listener, 128, handle_accept), 0);
	int length = sizeof address;
	uv_tcp_getsockname(&p->listener, (struct sockaddr *)&address, &length);
	p->port = ntohs(address.sin_port);
}

void peer_close(struct peer *p) {
	peer_hang_up(p);
	uv_close((uv_handle_t *)&p->listener, NULL);
}

const char *peer_url(const struct peer *p, const char *path) {
	static char url[200];
	snprintf(url, sizeof url, "http://127.0.0.1:%u%s", p->port, path);
	return url;
}
