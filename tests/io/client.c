#include "tests/io/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

static void handle_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buffer) {
	(void)size;
	struct client *c = handle->data;
	*buffer = uv_buf_init(c->buffer, sizeof c->buffer);
}

static void handle_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer) {
	struct client *c = stream->data;
	if (count < 0) {
		c->ended = true;
		uv_read_stop(stream);
		uv_timer_stop(&c->timer);
		return;
	}
	strbuf_add(&c->in, (struct str){buffer->base, (size_t)count});
}

static void handle_connect(uv_connect_t *connect, int status) {
	assert_int_equal(status, 0);
	struct client *c = connect->data;
	c->connected = true;
}

void client_read(struct client *c) {
	uv_read_start((uv_stream_t *)&c->tcp, handle_alloc, handle_read);
}

static void handle_written(uv_write_t *request, int status) {
	(void)status; /* the server may have ended the connection meanwhile */
	free(request);
}

void client_write(struct client *c, struct str bytes) {
	uv_write_t *request = mem_calloc(1, sizeof *request);
	uv_buf_t buffer = {.base = (char *)(uintptr_t)bytes.ptr, .len = bytes.len};
	uv_write(request, (uv_stream_t *)&c->tcp, &buffer, 1, handle_written);
}

static void drip(uv_timer_t *timer) {
	struct client *c = timer->data;
	if (c->drip.len > 0) {
		client_write(c, str_slice(c->drip, 0, 1));
		c->drip = str_slice(c->drip, 1, c->drip.len);
	}
}

void client_drip(struct client *c, struct str bytes, unsigned ms) {
	c->drip = bytes;
	uv_timer_start(&c->timer, drip, ms, ms);
}

void client_init(struct client *c, struct bench *b, unsigned port) {
	*c = (struct client){0};
	uv_tcp_init(&b->loop, &c->tcp);
	uv_timer_init(&b->loop, &c->timer);
	c->tcp.data = c->timer.data = c->connect.data = c;
	struct sockaddr_in address;
	uv_ip4_addr("127.0.0.1", (int)port, &address);
	assert_int_equal(
		uv_tcp_connect(&c->connect, &c->tcp, (const struct sockaddr *)&address, handle_connect), 0);
	bench_run_until(b, &c->connected);
}

static void handle_client_closed(uv_handle_t *handle) {
	struct client *c = handle->data;
	c->closed = true;
}

void client_finish(struct client *c, struct bench *b) {
	uv_close((uv_handle_t *)&c->timer, NULL);
	uv_close((uv_handle_t *)&c->tcp, handle_client_closed);
	bench_run_until(b, &c->closed);
	strbuf_finish(&c->in);
}
