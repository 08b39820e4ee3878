/* Alerts on their way to the Alertmanagers: each has an outbox of its own. */
#include "base/duration.h"
#include "base/hash.h"
#include "base/mem.h"
#include "engine/engine_private.h"
#include "engine/json_cursor.h"
#include "engine/limits.h"

#define OUTBOX_BATCH 256 /* alerts in one request, as Prometheus */
#define OUTBOX_RETRY_MIN 1000
#define OUTBOX_RETRY_MAX 30000

#define REFUSALS_TOLD 10  /* lines about refused alerts … */
#define REFUSALS_IN 60000 /* … in this time, for one Alertmanager */

static struct engine_peer *create_peer(const struct config_peer *config) {
	struct engine_peer *p = mem_calloc(1, sizeof(*p));
	p->url = (struct str){.ptr = mem_dup_str(config->url), .len = config->url.len};
	p->outbox = outbox_create(&(struct outbox_options){.batch_max = OUTBOX_BATCH,
													   .capacity = LIMIT_OUTBOX_ALERTS,
													   .retry_min = OUTBOX_RETRY_MIN,
													   .retry_max = OUTBOX_RETRY_MAX,
													   .seed = hash_str(config->url)});
	p->told_all_at = TS_NONE;
	return p;
}

static void destroy_peer(struct engine *e, struct engine_peer *p) {
	for (size_t i = 0; i < e->exchange_count; i++) {
		if (e->exchanges[i]->peer == p) {
			e->exchanges[i]->peer = NULL;
		}
	}
	outbox_destroy(p->outbox);
	route_finish_peer(p);
	inquiry_finish(&p->inquiry);
	outage_finish(&p->outage);
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
		route_load_peer(e, p, &c->alertmanagers[i]);
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

void notify_push(struct engine *e, const struct notices *notices, ts_ms now) {
	route_push(e, e->peers, e->peer_count, notices, now);
}

/* An Alertmanager that comes back may have forgotten everything. Not more often than alerts are repeated anyway: one that
 * comes and goes is not to be flooded. */
static void tell_all(struct engine *e, struct engine_peer *p, ts_ms now) {
	bool recently = p->told_all_at != TS_NONE && now >= p->told_all_at &&
					now - p->told_all_at < e->settings.alerting.resend_delay;
	if (e->draining || recently) {
		return;
	}
	struct arena a;
	struct notices notices = {0};
	arena_init(&a);
	route_add_firing(e, now, &a, &notices);
	route_push(e, &p, 1, &notices, now);
	p->told_all_at = now;
	arena_finish(&a);
}

static void send(struct engine *e, struct engine_peer *p, const struct outbox_delivery *delivery,
				 struct exchange *ret_exchange) {
	struct engine_exchange *x = engine_add_exchange(e, EXCHANGE_ALERTMANAGER);
	x->peer = p;
	x->delivery_id = delivery->id;
	x->alerts = delivery->count;
	x->labels = delivery->labels;
	strbuf_add(&x->body, delivery->body); /* a copy: the outbox may go at a reload */
	*ret_exchange = (struct exchange){.id = x->id,
									  .peer = EXCHANGE_ALERTMANAGER,
									  .path = STR("/api/v2/alerts"),
									  .content_type = STR("application/json"),
									  .body = strbuf_str(&x->body),
									  .timeout = p->timeout,
									  .max_answer_bytes = LIMIT_ALERTMANAGER_ANSWER_BYTES};
}

/* What the peer is to be asked or told next. */
static bool next_of_peer(struct engine *e, struct engine_peer *p, ts_ms now,
						 struct exchange *ret_exchange) {
	struct outbox_delivery delivery;
	if (p->busy) {
		return false;
	}
	if (p->inquiry.step == INQUIRY_NONE) {
		if (!outbox_next(p->outbox, now, &delivery)) {
			return false;
		}
		if (!delivery.asks) {
			send(e, p, &delivery, ret_exchange);
			return true;
		}
		inquiry_begin(p, &delivery);
	}
	inquiry_next(e, p, ret_exchange);
	return true;
}

bool notify_next(struct engine *e, ts_ms now, struct exchange *ret_exchange) {
	for (size_t turn = 0; turn < e->peer_count; turn++) {
		size_t index = (e->next_peer + turn) % e->peer_count;
		struct engine_peer *p = e->peers[index];
		if (next_of_peer(e, p, now, ret_exchange)) {
			p->busy = true;
			ret_exchange->peer_index = index;
			e->next_peer = (index + 1) % e->peer_count;
			return true;
		}
	}
	return false;
}

/* Alertmanager says nothing, older ones and relays some JSON. A page to log in at says that the alerts went nowhere. */
static bool is_alertmanagers(struct str body, struct arena *a) {
	struct json_cursor c = {.at = body.ptr, .end = body.ptr + body.len, .arena = a};
	size_t items;
	if (str_trim(body).len == 0) {
		return true;
	}
	return json_cursor_skip(&c, &items) && json_cursor_peek(&c) == '\0' && c.at == c.end;
}

/* Only a refusal means the alerts that were sent. Other answers, 401 or 404 as well, mean the way or the moment, and
 * somebody will mend it. */
static enum outbox_outcome outcome_of(const struct exchange_answer *answer, struct arena *a,
									  const char **ret_message) {
	int status = answer->status;
	if (status == 0) {
		*ret_message = answer->failure != NULL ? answer->failure : "no answer";
		return OUTBOX_RETRY;
	}
	if (status >= 200 && status < 300) {
		if (is_alertmanagers(answer->body, a)) {
			*ret_message = "";
			return OUTBOX_OK;
		}
		*ret_message = arena_printf(a, "HTTP status %d, but the answer is not Alertmanager's: %s",
									status, promapi_quote_beginning(answer->body, a));
		return OUTBOX_RETRY;
	}
	*ret_message = promapi_error_text(status, answer->body, a);
	return promapi_is_refusal(status, answer->body) ? OUTBOX_DROP : OUTBOX_RETRY;
}

static const char *alerts_word(size_t count) {
	return count == 1 ? "alert" : "alerts";
}

static struct labels peer_fields(struct label *item, const struct engine_peer *p) {
	*item = (struct label){STR("alertmanager"), p->url};
	return (struct labels){.items = item, .count = 1};
}

/* The lines that were not written, as a number. */
static void sum_up_refusals(struct engine *e, struct engine_peer *p, ts_ms now) {
	struct label item;
	if (p->refused == 0 || (now - p->refused_since < REFUSALS_IN && now >= p->refused_since)) {
		return;
	}
	if (p->refused > REFUSALS_TOLD) {
		unsigned more = p->refused - REFUSALS_TOLD;
		engine_say(e, ENGINE_ERROR, peer_fields(&item, p),
				   "Alertmanager refused %u more %s, dropped as well", more, alerts_word(more));
	}
	p->refused = 0;
}

static void say_refused(struct engine *e, struct engine_peer *p, struct labels labels,
						const char *message, struct arena *a, ts_ms now) {
	sum_up_refusals(e, p, now);
	if (p->refused == 0) {
		p->refused_since = now;
	}
	if (++p->refused > REFUSALS_TOLD) {
		return;
	}
	struct label *items = ARENA_ARRAY(a, struct label, labels.count + 1);
	peer_fields(items, p);
	for (size_t i = 0; i < labels.count; i++) {
		items[i + 1] = labels.items[i];
	}
	engine_say(e, ENGINE_ERROR, (struct labels){.items = items, .count = labels.count + 1},
			   "Alertmanager refuses an alert, it is dropped: %s", message);
}

void notify_away(struct engine *e, struct engine_peer *p, size_t alerts, const char *message,
				 ts_ms now) {
	struct label item;
	bool began;
	bool news = outage_fail(&p->outage, message, now, &began);
	engine_say(e, news ? ENGINE_WARN : ENGINE_DEBUG, peer_fields(&item, p),
			   "Alertmanager did not take %zu %s, to be sent again: %s", alerts,
			   alerts_word(alerts), message);
}

void notify_remind(struct engine *e, ts_ms now) {
	for (size_t i = 0; i < e->peer_count; i++) {
		struct engine_peer *p = e->peers[i];
		struct label item;
		sum_up_refusals(e, p, now);
		if (outage_remind(&p->outage, now)) {
			struct strbuf lasts = STRBUF_INIT;
			struct outbox_stats stats;
			outbox_stats(p->outbox, &stats);
			duration_print(&lasts, (now - p->outage.since) / 1000 * 1000);
			engine_say(e, ENGINE_WARN, peer_fields(&item, p),
					   "Alertmanager has taken no alerts for %s, %zu %s queued: %s", lasts.ptr,
					   stats.queued, stats.queued == 1 ? "is" : "are", p->outage.reason);
			strbuf_finish(&lasts);
		}
	}
}

void notify_back(struct engine *e, struct engine_peer *p, ts_ms now) {
	struct label item;
	if (p->outage.on) {
		if (outage_end(&p->outage)) {
			engine_say(e, ENGINE_INFO, peer_fields(&item, p), "Alertmanager takes alerts again");
		}
		tell_all(e, p, now);
	}
}

void notify_answer(struct engine *e, struct engine_exchange *x,
				   const struct exchange_answer *answer, ts_ms now) {
	struct engine_peer *p = x->peer;
	if (p == NULL) {
		return;
	}
	p->busy = false;
	if (x->step != INQUIRY_NONE) {
		inquiry_answer(e, x, answer, now);
		return;
	}
	struct arena a;
	arena_init(&a);
	const char *message;
	enum outbox_outcome outcome = outcome_of(answer, &a, &message);
	if (outcome == OUTBOX_OK) {
		metrics_observe(&p->latency, (double)answer->took / 1e6);
	}
	if (outcome == OUTBOX_DROP && x->alerts == 1) {
		say_refused(e, p, x->labels, message, &a, now);
	}
	outcome = outbox_done(p->outbox, x->delivery_id, outcome, message, answer->retry_after, now);
	if (outcome == OUTBOX_RETRY) {
		notify_away(e, p, x->alerts, message, now);
	} else if (outcome == OUTBOX_OK) {
		notify_back(e, p, now);
	}
	arena_finish(&a);
}
