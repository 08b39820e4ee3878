/* The engine's exchanges as HTTP requests. */
#include "base/bug.h"
#include "base/mem.h"
#include "engine/io/clock.h"
#include "engine/io/runner_private.h"
#include "engine/view.h"

#define KEPT_BYTES (64u << 10) /* of an answer that is only read for its error text */

static void begin_errand(struct runner *r, struct errand *w) {
	w->next = r->errands;
	r->errands = w;
}

static void end_errand(struct runner *r, struct errand *w) {
	struct errand **at = &r->errands;
	while (*at != w) {
		at = &(*at)->next;
	}
	*at = w->next;
	strbuf_finish(&w->body);
	free(w);
}

static bool handle_receive(int status, struct str bytes, void *data) {
	struct errand *w = data;
	if (w->streams && status == 200) {
		return engine_receive(w->runner->engine, w->id, bytes);
	}
	size_t room = KEPT_BYTES - w->body.len;
	strbuf_add(&w->body, str_slice(bytes, 0, bytes.len < room ? bytes.len : room));
	return w->body.len < KEPT_BYTES;
}

static void handle_done(const struct http_answer *answer, void *data) {
	struct errand *w = data;
	struct runner *r = w->runner;
	const struct exchange_answer given = {.status = answer->status,
										  .failure = answer->failure,
										  .too_large = answer->too_large,
										  .redirected = answer->redirected,
										  .body = strbuf_str(&w->body),
										  .retry_after = answer->retry_after,
										  .date = answer->date,
										  .took = answer->took};
	engine_answer(r->engine, w->id, &given, clock_wall());
	end_errand(r, w);
	r->answered = r->status_due = true;
	runner_turn(r);
}

/* Over the loopback, compressing costs more than it saves. */
static bool is_near(struct str url) {
	static const char *const hosts[] = {"://localhost", "://127.", "://[::1]"};
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		if (str_find(url, str_from(hosts[i])) < url.len) {
			return true;
		}
	}
	return false;
}

/* Of two Alertmanagers with the same URL the first one counts, as for the engine. */
static const struct config_peer *find_alertmanager(const struct runner *r, size_t index) {
	struct engine_peer_view peer;
	engine_peer(r->engine, index, &peer);
	for (size_t i = 0; i < r->config.alertmanager_count; i++) {
		if (str_equal(r->config.alertmanagers[i].url, peer.url)) {
			return &r->config.alertmanagers[i];
		}
	}
	BUG("an Alertmanager that is not configured");
}

static const struct config_peer *find_peer(const struct runner *r, const struct exchange *x) {
	switch (x->peer) {
	case EXCHANGE_PROMETHEUS: return &r->config.prometheus;
	case EXCHANGE_REMOTE_WRITE: return &r->config.remote_write;
	case EXCHANGE_ALERTMANAGER: return find_alertmanager(r, x->peer_index);
	}
	BUG("a peer of another kind");
}

void runner_send(struct runner *r, const struct exchange *x) {
	struct errand *w = mem_calloc(1, sizeof *w);
	w->runner = r;
	w->id = x->id;
	w->peer = x->peer;
	w->deadline = clock_monotonic() + x->timeout;
	begin_errand(r, w);
	bool is_get = x->content_type.len == 0;
	w->streams = x->peer == EXCHANGE_PROMETHEUS || is_get;
	const struct config_peer *peer = find_peer(r, x);
	struct strbuf url = STRBUF_INIT;
	strbuf_add(&url, peer->url);
	strbuf_add(&url, x->path);
	char *content_type = is_get ? NULL : mem_dup_str(x->content_type);
	const struct http_request request = {
		.url = url.ptr,
		.content_type = content_type,
		.headers = x->headers,
		.body = x->body,
		.timeout = x->timeout,
		.max_bytes = x->max_answer_bytes,
		.limit_name = x->peer == EXCHANGE_PROMETHEUS ? "limits.answer_bytes" : NULL,
		.compressed = !is_near(peer->url),
		.access = access_resolve(r->access, &peer->access),
	};
	const struct http_callbacks callbacks = {handle_receive, handle_done, w};
	http_send(r->client, &request, &callbacks);
	free(content_type);
	strbuf_finish(&url);
}
