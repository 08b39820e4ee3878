/* Deliveries: which alerts go together, and what their outcome means for the next ones. */
#include "base/bug.h"
#include "base/mem.h"
#include "notifiers/outbox_private.h"

ts_ms outbox_wake_at(const struct outbox *o, ts_ms now) {
	if (o->stage != OUTBOX_IDLE) {
		return o->stage == OUTBOX_LEARNT ? now : TS_NONE;
	}
	ts_ms first = outbox_first_at(o, now), pause = backoff_until(&o->backoff, now);
	return first == TS_NONE || first > pause ? first : pause;
}

/* A firing word that waited long is still the truth as far as anybody knows, but told with its old end Alertmanager would take
 * it for resolved, at once or soon. So when less than half of its time is left it is given its whole time again, from now. */
static void word_refresh(struct outbox_word *w, ts_ms now) {
	struct notice *n = w->notice;
	if (!n->resolved && w->validity > 0 && n->ends_at - now < w->validity / 2) {
		n->ends_at = now + w->validity;
	}
}

static size_t batch_size(const struct outbox *o) {
	return o->part_count > 0 ? o->parts[o->part_count - 1] : o->options.batch_max;
}

/* An alert with two words to tell is out of the lists until the first one is told, so that the two never share a delivery. */
static void batch_fill(struct outbox *o, ts_ms now) {
	size_t limit = batch_size(o);
	struct outbox_entry *e;
	while (o->batch_count < limit && (e = outbox_first(o, now)) != NULL) {
		outbox_unlink(o, e);
		outbox_entry_take(e);
		word_refresh(&e->flying, now);
		o->batch[o->batch_count++] = e;
	}
}

static void batch_print(struct outbox *o) {
	strbuf_clear(&o->body);
	strbuf_add_char(&o->body, '[');
	for (size_t i = 0; i < o->batch_count; i++) {
		if (i > 0) {
			strbuf_add_char(&o->body, ',');
		}
		notice_print_json(&o->body, o->batch[i]->flying.notice);
	}
	strbuf_add_char(&o->body, ']');
}

static bool batch_is_sure(const struct outbox *o, ts_ms now) {
	for (size_t i = 0; i < o->batch_count; i++) {
		if (!outbox_word_is_sure(&o->batch[i]->flying, now)) {
			return false;
		}
	}
	return true;
}

bool outbox_next(struct outbox *o, ts_ms now, struct outbox_delivery *ret_delivery) {
	if (o->stage == OUTBOX_IDLE) {
		if (outbox_first(o, now) == NULL || !backoff_over(&o->backoff, now)) {
			return false;
		}
		batch_fill(o, now);
		o->stage = batch_is_sure(o, now) ? OUTBOX_SENDING : OUTBOX_ASKING;
	} else if (o->stage == OUTBOX_LEARNT) {
		o->stage = OUTBOX_SENDING;
	} else {
		return false;
	}
	strbuf_clear(&o->body);
	if (o->stage == OUTBOX_SENDING) {
		batch_print(o);
	}
	*ret_delivery = (struct outbox_delivery){.id = o->next_id,
											 .asks = o->stage == OUTBOX_ASKING,
											 .body = strbuf_str(&o->body),
											 .count = o->batch_count,
											 .labels = outbox_labels(o, 0)};
	return true;
}

void outbox_land(struct outbox *o, struct outbox_entry *e) {
	outbox_word_free(&e->flying);
	if (!outbox_entry_waiting(e)) {
		outbox_remove(o, e);
	} else if (!e->linked) {
		outbox_link_first(o, e);
	}
}

static void batch_forget(struct outbox *o) {
	for (size_t i = o->batch_count; i-- > 0;) {
		outbox_land(o, o->batch[i]);
	}
	o->batch_count = 0;
}

/* Back to the front, in their order. An alert on which a newer word came meanwhile stays where that word is. */
static void batch_return(struct outbox *o) {
	for (size_t i = o->batch_count; i-- > 0;) {
		struct outbox_entry *e = o->batch[i];
		outbox_entry_return(e);
		if (!e->linked) {
			outbox_link_first(o, e);
		}
	}
	o->batch_count = 0;
}

static void part_done(struct outbox *o) {
	if (o->part_count > 0) {
		o->part_count--;
	}
}

/* One of `count` alerts at the front is refused: the next two batches are their halves. That newer words may move alerts within
 * the queue meanwhile does no harm: only an alert that was refused alone is dropped. */
static void part_split(struct outbox *o, size_t count) {
	BUG_ON(o->part_count + 2 > OUTBOX_PARTS_MAX);
	o->parts[o->part_count++] = count - count / 2;
	o->parts[o->part_count++] = count / 2;
}

static void handle_failure(struct outbox *o, dur_ms retry_after, ts_ms now) {
	backoff_fail(&o->backoff, retry_after, now);
	batch_return(o);
}

static enum outbox_outcome handle_refusal(struct outbox *o, dur_ms retry_after, ts_ms now) {
	part_done(o);
	if (o->batch_count > 1) {
		part_split(o, o->batch_count);
		batch_return(o);
		return OUTBOX_DROP;
	}
	o->dropped++;
	outbox_refused_add(o, o->batch[0]->hash, now);
	batch_forget(o);
	if (++o->refusals < OUTBOX_REFUSALS_MAX) {
		return OUTBOX_DROP;
	}
	o->refusals = 0;
	o->part_count = 0;
	handle_failure(o, retry_after, now);
	return OUTBOX_RETRY;
}

static void set_error(struct outbox *o, const char *message) {
	free(o->last_error);
	o->last_error = message != NULL ? mem_dup_str(str_from(message)) : NULL;
}

enum outbox_outcome outbox_done(struct outbox *o, uint64_t id, enum outbox_outcome outcome,
								const char *message, dur_ms retry_after, ts_ms now) {
	BUG_ON((o->stage != OUTBOX_SENDING && (o->stage != OUTBOX_ASKING || outcome != OUTBOX_RETRY)) ||
		   id != o->next_id);
	o->next_id++;
	o->stage = OUTBOX_IDLE;
	set_error(o, outcome == OUTBOX_OK ? NULL : message);
	/* What is halved and tried again is not lost to an error yet. */
	if (outcome == OUTBOX_RETRY || (outcome == OUTBOX_DROP && o->batch_count == 1)) {
		o->errors += o->batch_count;
	}
	if (outcome == OUTBOX_RETRY) {
		handle_failure(o, retry_after, now);
		return outcome;
	}
	backoff_end_pause(&o->backoff);
	if (outcome == OUTBOX_DROP) {
		return handle_refusal(o, retry_after, now);
	}
	backoff_reset(&o->backoff);
	o->refusals = 0;
	part_done(o);
	o->last_ok = now;
	o->sent += o->batch_count;
	for (size_t i = 0; i < o->batch_count; i++) {
		outbox_refused_remove(o, o->batch[i]->hash);
		outbox_told(o, o->batch[i], now);
	}
	batch_forget(o);
	return outcome;
}
