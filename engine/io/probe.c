#include "engine/io/probe.h"

#include <uv.h>

#include "base/bug.h"
#include "engine/io/access.h"
#include "engine/io/http_client.h"

struct probe {
	struct probe_answer answer;
	struct arena *arena;
	struct http_client *client;
	struct strbuf body;
};

static bool handle_bytes(int status, struct str bytes, void *data) {
	struct probe *p = data;
	(void)status;
	size_t room = PROBE_BODY_BYTES - p->body.len;
	strbuf_add(&p->body, str_slice(bytes, 0, bytes.len < room ? bytes.len : room));
	return p->body.len < PROBE_BODY_BYTES;
}

static void handle_closed(void *data) {
	(void)data;
}

static void handle_done(const struct http_answer *answer, void *data) {
	struct probe *p = data;
	p->answer.status = answer->status;
	p->answer.took = answer->took / 1000;
	if (answer->status == 0) {
		p->answer.failure = arena_dup(p->arena, str_from(answer->failure)).ptr;
	}
	http_client_close(p->client, handle_closed, NULL);
}

struct probe_answer probe_ask(const char *url, const struct config_access *access, dur_ms timeout,
							  struct arena *a) {
	struct probe p = {.arena = a};
	struct access *files = access_create();
	uv_loop_t loop;
	BUG_ON(uv_loop_init(&loop) != 0);
	p.client = http_client_create(&loop, "tocsin-health");
	struct http_request request = {.url = url,
								   .timeout = timeout,
								   .max_bytes = SIZE_MAX / 2, /* the receiver ends it before */
								   .access = access_resolve(files, access)};
	struct http_callbacks callbacks = {.receive = handle_bytes, .done = handle_done, .data = &p};
	http_send(p.client, &request, &callbacks);
	uv_run(&loop, UV_RUN_DEFAULT);
	BUG_ON(uv_loop_close(&loop) != 0);
	access_destroy(files);
	p.answer.body = arena_dup(a, strbuf_str(&p.body));
	strbuf_finish(&p.body);
	return p.answer;
}
