/* Words that are not sure any more: the Alertmanager is asked what it holds before it is told them. Another engine with the same
 * rules may have told it better, and what was resolved there must not be made to fire again. */
#include "base/mem.h"
#include "engine/engine_private.h"
#include "engine/held.h"
#include "engine/limits.h"

static const char *const paths[] = {
	[INQUIRY_ALERTS] = "/api/v2/alerts",
	[INQUIRY_STATUS] = "/api/v2/status",
};

static void end(struct engine_inquiry *q) {
	free(q->since);
	q->since = NULL;
	q->step = INQUIRY_NONE;
}

void inquiry_finish(struct engine_inquiry *q) {
	end(q);
	outage_finish(&q->outage);
}

void inquiry_begin(struct engine_peer *p, const struct outbox_delivery *delivery) {
	p->inquiry.step = INQUIRY_ALERTS;
	p->inquiry.delivery_id = delivery->id;
	p->inquiry.count = delivery->count;
	p->inquiry.reached = false;
}

void inquiry_next(struct engine *e, struct engine_peer *p, struct exchange *ret_exchange) {
	struct engine_exchange *x = engine_add_exchange(e, EXCHANGE_ALERTMANAGER);
	x->peer = p;
	x->step = p->inquiry.step;
	*ret_exchange = (struct exchange){.id = x->id,
									  .peer = EXCHANGE_ALERTMANAGER,
									  .path = str_from(paths[x->step]),
									  .timeout = p->timeout,
									  .max_answer_bytes = x->step == INQUIRY_ALERTS
															  ? LIMIT_HELD_BYTES
															  : LIMIT_ALERTMANAGER_ANSWER_BYTES};
}

bool inquiry_receive(struct engine_exchange *x, struct str bytes) {
	strbuf_add(&x->answer, bytes);
	return x->answer.len <= LIMIT_HELD_BYTES;
}

/* ---- what the answers come to ---- */

static struct labels fields_of(struct label *item, const struct engine_peer *p) {
	*item = (struct label){STR("alertmanager"), p->url};
	return (struct labels){.items = item, .count = 1};
}

/* Told when it begins; blind words are repeated as long as an outage lasts, and so is this. */
static void say_withheld(struct engine *e, struct engine_peer *p, size_t withheld) {
	struct label item;
	if (withheld > 0) {
		engine_say(
			e, p->inquiry.withheld == 0 ? ENGINE_INFO : ENGINE_DEBUG, fields_of(&item, p),
			"alerts that are not repeated, because Alertmanager has them ended meanwhile: %zu",
			withheld);
	}
	p->inquiry.withheld = withheld;
}

static void conclude(struct engine *e, struct engine_peer *p, const struct outbox_report *report,
					 ts_ms now) {
	size_t count = p->inquiry.count;
	size_t withheld = outbox_learn(p->outbox, p->inquiry.delivery_id, report, now);
	end(&p->inquiry);
	if (report->known) {
		outage_end(&p->inquiry.outage);
		say_withheld(e, p, withheld);
	}
	if (withheld == count) {
		notify_back(e, p, now); /* no delivery will say so */
	}
}

static void give_up(struct engine *e, struct engine_peer *p, const char *reason, ts_ms now) {
	struct label item;
	bool began;
	bool news = outage_fail(&p->inquiry.outage, reason, now, &began);
	engine_say(e, news ? ENGINE_WARN : ENGINE_DEBUG, fields_of(&item, p),
			   "cannot read what Alertmanager holds, so it is told what may be outdated: %s",
			   reason);
	conclude(e, p, &(struct outbox_report){.known = false}, now);
}

static void retry(struct engine *e, struct engine_peer *p, const struct exchange_answer *answer,
				  const char *message, ts_ms now) {
	size_t count = p->inquiry.count;
	outbox_done(p->outbox, p->inquiry.delivery_id, OUTBOX_RETRY, message, answer->retry_after, now);
	end(&p->inquiry);
	notify_away(e, p, count, message, now);
}

static bool any_missing(const struct engine_inquiry *q) {
	for (size_t i = 0; i < q->count; i++) {
		if (q->since[i] == TS_NONE) {
			return true;
		}
	}
	return false;
}

static void handle_alerts(struct engine *e, struct engine_peer *p, struct str body, ts_ms now) {
	struct engine_inquiry *q = &p->inquiry;
	struct arena a;
	arena_init(&a);
	struct labels *alerts = ARENA_ARRAY(&a, struct labels, q->count);
	for (size_t i = 0; i < q->count; i++) {
		alerts[i] = outbox_labels(p->outbox, i);
	}
	q->since = mem_calloc(q->count, sizeof *q->since);
	if (!held_find(body, alerts, q->count, q->since)) {
		give_up(e, p, "the answer is not Alertmanager's", now);
	} else if (any_missing(q)) {
		q->step = INQUIRY_STATUS;
	} else {
		conclude(e, p, &(struct outbox_report){.known = true, .since = q->since}, now);
	}
	arena_finish(&a);
}

/* By its own clock, if it says what that shows. */
static void handle_status(struct engine *e, struct engine_peer *p, struct str body, ts_ms date,
						  ts_ms now) {
	ts_ms start;
	if (!held_read_start(body, &start)) {
		give_up(e, p, "its status does not say when it was started", now);
		return;
	}
	const struct outbox_report report = {
		.known = true, .since = p->inquiry.since, .age = (date > 0 ? date : now) - start};
	conclude(e, p, &report, now);
}

/* It is not there now, or has no time. */
static bool is_away(const struct exchange_answer *answer) {
	if (answer->status == 0) {
		return !answer->too_large && !answer->redirected;
	}
	return answer->status == 429 || answer->status >= 500;
}

static const char *failure_of(const struct exchange_answer *answer, struct arena *a) {
	if (answer->status == 0) {
		return answer->failure != NULL ? answer->failure : "no answer";
	}
	return promapi_error_text(answer->status, answer->body, a);
}

/* The first question may be too much for an Alertmanager that is there, or may have been under way when the connection was cut and
 * is no more. So what counts is an answer to the second one, and then none to the first again. */
static void handle_away(struct engine *e, struct engine_peer *p, enum inquiry_step step,
						const struct exchange_answer *answer, const char *message, ts_ms now) {
	if (step == INQUIRY_STATUS) {
		retry(e, p, answer, message, now);
	} else if (p->inquiry.reached) {
		give_up(e, p, message, now);
	} else {
		p->inquiry.step = INQUIRY_STATUS;
	}
}

void inquiry_answer(struct engine *e, struct engine_exchange *x,
					const struct exchange_answer *answer, ts_ms now) {
	struct engine_peer *p = x->peer;
	struct arena a;
	arena_init(&a);
	if (is_away(answer)) {
		handle_away(e, p, x->step, answer, failure_of(answer, &a), now);
	} else if (x->step == INQUIRY_STATUS && p->inquiry.since == NULL) {
		p->inquiry.reached = true;
		p->inquiry.step = INQUIRY_ALERTS;
	} else if (answer->status != 200) {
		give_up(e, p, failure_of(answer, &a), now);
	} else if (x->step == INQUIRY_ALERTS) {
		handle_alerts(e, p, strbuf_str(&x->answer), now);
	} else {
		handle_status(e, p, strbuf_str(&x->answer), answer->date, now);
	}
	arena_finish(&a);
}
