#include "engine/io/ask.h"

#include <uv.h>

#include "base/bug.h"
#include "engine/io/access.h"
#include "engine/io/http_client.h"

struct asking {
	const struct ask_options *options;
	struct arena *arena;
	uv_loop_t loop;
	struct http_client *client;
	struct access *access;
	struct slot *slots;
	size_t count, next, running;
	const char *failure; /* the first one: nothing is sent after it */
	bool closing;
};

struct slot {
	struct asking *asking;
	struct ask *ask;
};

static bool handle_bytes(int status, struct str bytes, void *data) {
	struct slot *s = data;
	(void)status;
	strbuf_add(&s->ask->text, bytes);
	return true;
}

static void send_more(struct asking *g);

static void handle_done(const struct http_answer *answer, void *data) {
	struct slot *s = data;
	struct asking *g = s->asking;
	g->running--;
	s->ask->status = answer->status;
	if (answer->status == 0) {
		s->ask->failure = arena_printf(g->arena, "%s: %s", g->options->url, answer->failure);
		g->failure = g->failure != NULL ? g->failure : s->ask->failure;
	}
	send_more(g);
}

static void handle_closed(void *data) {
	(void)data;
}

static void send_one(struct asking *g, struct slot *s) {
	const struct config_access *access = g->options->access;
	struct http_request request = {
		.url = arena_printf(g->arena, "%s%s", g->options->url, s->ask->path),
		.content_type = s->ask->body.len > 0 ? "application/x-www-form-urlencoded" : NULL,
		.body = s->ask->body,
		.timeout = g->options->timeout,
		.max_bytes = g->options->answer_bytes,
		.compressed = true,
		.access = access != NULL ? access_resolve(g->access, access) : NULL,
	};
	struct http_callbacks callbacks = {.receive = handle_bytes, .done = handle_done, .data = s};
	g->running++;
	http_send(g->client, &request, &callbacks);
}

static void send_more(struct asking *g) {
	while (g->failure == NULL && g->next < g->count && g->running < g->options->parallel) {
		send_one(g, &g->slots[g->next++]);
	}
	if (g->running == 0 && !g->closing) {
		g->closing = true;
		http_client_close(g->client, handle_closed, g);
	}
}

void ask_all(const struct ask_options *options, struct ask *asks, size_t count, struct arena *a) {
	struct asking g = {.options = options, .arena = a, .count = count};
	g.slots = ARENA_ARRAY(a, struct slot, count);
	for (size_t i = 0; i < count; i++) {
		g.slots[i] = (struct slot){&g, &asks[i]};
	}
	BUG_ON(uv_loop_init(&g.loop) != 0);
	g.client = http_client_create(&g.loop, "tocsin-check");
	g.access = access_create();
	send_more(&g);
	uv_run(&g.loop, UV_RUN_DEFAULT);
	access_destroy(g.access);
	BUG_ON(uv_loop_close(&g.loop) != 0);
	for (size_t i = g.next; i < count; i++) {
		asks[i].failure = g.failure;
	}
}
