/* Alerts on their way to the Alertmanagers: each has an outbox of its own. */
#include "base/hash.h"
#include "base/mem.h"
#include "engine/engine_private.h"
#include "engine/limits.h"

#define OUTBOX_BATCH 256       /* alerts in one request, as Prometheus */
#define OUTBOX_CAPACITY 100000 /* alerts held for one Alertmanager */
#define OUTBOX_RETRY_MIN 1000
#define OUTBOX_RETRY_MAX 30000

static struct engine_peer *create_peer(const struct config_peer *config) {
	struct engine_peer *p = mem_calloc(1, sizeof(*p));
	p->url = (struct str){.ptr = mem_dup_str(config->url), .len = config->url.len};
	p->outbox = outbox_create(&(struct outbox_options){.batch_max = OUTBOX_BATCH,
													   .capacity = OUTBOX_CAPACITY,
													   .retry_min = OUTBOX_RETRY_MIN,
													   .retry_max = OUTBOX_RETRY_MAX,
													   .seed = hash_str(config->url)});
	return p;
}

static void destroy_peer(struct engine *e, struct engine_peer *p) {
	for (size_t i = 0; i < e->exchange_count; i++) {
		if (e->exchanges[i]->peer == p) {
			e->exchanges[i]->peer = NULL;
		}
	}
	outbox_destroy(p->outbox);
	free((void *)p->url.ptr);
	free(p);
}

/* Takes the peer with the URL out of the old ones; NULL: there is none. */
static struct engine_peer *reuse_peer(struct engine *e, struct str url) {
	for (size_t i = 0; i < e->peer_count; i++) {
		if (e->peers[i] != NULL && str_equal(e->peers[i]->url, url)) {
			struct engine_peer *p = e->peers[i];
			e->peers[i] = NULL;
			return p;
		}
	}
	return NULL;
}

/* Of two entries with the same URL the first one counts. */
static bool is_repeated(const struct config *c, size_t index) {
	for (size_t i = 0; i < index; i++) {
		if (str_equal(c->alertmanagers[i].url, c->alertmanagers[index].url)) {
			return true;
		}
	}
	return false;
}

void notify_load_peers(struct engine *e) {
	const struct config *c = &e->config;
	struct engine_peer **peers = mem_calloc(c->alertmanager_count, sizeof(struct engine_peer *));
	size_t count = 0;
	for (size_t i = 0; i < c->alertmanager_count; i++) {
		if (is_repeated(c, i)) {
			continue;
		}
		struct engine_peer *p = reuse_peer(e, c->alertmanagers[i].url);
		if (p == NULL) {
			p = create_peer(&c->alertmanagers[i]);
		}
		p->timeout = c->alertmanagers[i].timeout;
		peers[count++] = p;
	}
	notify_finish(e);
	e->peers = peers;
	e->peer_count = count;
	e->next_peer = 0;
}

void notify_finish(struct engine *e) {
	for (size_t i = 0; i < e->peer_count; i++) {
		if (e->peers[i] != NULL) {
			destroy_peer(e, e->peers[i]);
		}
	}
	free(e->peers);
	e->peers = NULL;
	e->peer_count = 0;
}

/* External labels where the alert does not have them. */
static struct labels with_external(const struct engine *e, struct labels labels, struct arena *a) {
	struct labels external = e->config.external_labels;
	if (external.count == 0) {
		return labels;
	}
	struct labels_builder b;
	labels_builder_init_from(&b, a, labels);
	for (size_t i = 0; i < external.count; i++) {
		if (!labels_has(labels, external.items[i].name)) {
			labels_builder_set(&b, external.items[i].name, external.items[i].value);
		}
	}
	return labels_builder_take(&b);
}

void notify_push(struct engine *e, const struct notices *notices, ts_ms now) {
	struct arena a;
	arena_init(&a);
	for (size_t i = 0; i < notices->count; i++) {
		struct notice n = notices->items[i];
		n.labels = with_external(e, n.labels, &a);
		for (size_t j = 0; j < e->peer_count; j++) {
			outbox_push(e->peers[j]->outbox, &n, now);
		}
		arena_reset(&a);
	}
	arena_finish(&a);
}

bool notify_next(struct engine *e, ts_ms now, struct exchange *ret_exchange) {
	for (size_t turn = 0; turn < e->peer_count; turn++) {
		size_t index = (e->next_peer + turn) % e->peer_count;
		struct engine_peer *p = e->peers[index];
		struct outbox_delivery delivery;
		if (p->busy || !outbox_next(p->outbox, now, &delivery)) {
			continue;
		}
		struct engine_exchange *x = engine_add_exchange(e, EXCHANGE_ALERTMANAGER);
		x->peer = p;
		x->delivery_id = delivery.id;
		x->alerts = delivery.count;
		strbuf_add(&x->body, delivery.body); /* a copy: the outbox may go at a reload */
		p->busy = true;
		e->next_peer = (index + 1) % e->peer_count;
		*ret_exchange = (struct exchange){.id = x->id,
										  .peer = EXCHANGE_ALERTMANAGER,
										  .peer_index = index,
										  .path = STR("/api/v2/alerts"),
										  .content_type = STR("application/json"),
										  .body = strbuf_str(&x->body),
										  .timeout = p->timeout,
										  .max_answer_bytes = LIMIT_ALERTMANAGER_ANSWER_BYTES};
		return true;
	}
	return false;
}

/* Only these mean the alerts that were sent. Other answers, 401 or 404 as well, mean the way or the moment, and
 * somebody will mend it. */
static enum outbox_outcome outcome_of(int status) {
	if (status >= 200 && status < 300) {
		return OUTBOX_OK;
	}
	bool refused = status == 400 || status == 413 || status == 422;
	return refused ? OUTBOX_DROP : OUTBOX_RETRY;
}

static void say_outcome(struct engine *e, struct engine_peer *p, enum outbox_outcome outcome,
						size_t alerts, const char *message) {
	struct label item = {STR("alertmanager"), p->url};
	struct labels fields = {.items = &item, .count = 1};
	if (outcome == OUTBOX_OK) {
		if (p->failing) {
			engine_say(e, ENGINE_INFO, fields, "Alertmanager takes alerts again");
		}
	} else if (outcome == OUTBOX_DROP && alerts == 1) {
		engine_say(e, ENGINE_ERROR, fields, "Alertmanager refuses an alert, it is dropped: %s",
				   message);
	} else {
		bool first = outcome == OUTBOX_RETRY && !p->failing;
		engine_say(e, first ? ENGINE_WARN : ENGINE_DEBUG, fields,
				   "Alertmanager did not take %zu alerts, they are kept and sent again: %s", alerts,
				   message);
	}
	p->failing = outcome == OUTBOX_RETRY;
}

void notify_answer(struct engine *e, struct engine_exchange *x,
				   const struct exchange_answer *answer, ts_ms now) {
	struct engine_peer *p = x->peer;
	if (p == NULL) {
		return;
	}
	struct arena a;
	arena_init(&a);
	enum outbox_outcome outcome = outcome_of(answer->status);
	const char *message = "";
	if (outcome != OUTBOX_OK && answer->status == 0) {
		message = answer->failure != NULL ? answer->failure : "no answer";
	} else if (outcome != OUTBOX_OK) {
		message = promapi_error_text(answer->status, answer->body, &a);
	}
	p->busy = false;
	metrics_observe(&p->latency, (double)answer->took / 1000);
	outbox_done(p->outbox, x->delivery_id, outcome, message, answer->retry_after, now);
	say_outcome(e, p, outcome, x->alerts, message);
	arena_finish(&a);
}
