/* Words that another engine may know better: what the receiver says decides which of them are told. */
#include "base/bug.h"
#include "base/mem.h"
#include "notifiers/outbox_private.h"

#define TOLD_OLD (24 * 3600 * 1000) /* what was not repeated for so long may be forgotten */

bool outbox_word_is_sure(const struct outbox_word *w, ts_ms now) {
	return now < w->notice->sure_until;
}

/* ---- what the receiver was told ---- */

static bool has_hash(const void *value, const void *key) {
	return ((const struct outbox_told *)value)->hash == *(const uint64_t *)key;
}

static void forget(struct outbox *o, uint64_t hash) {
	free(hmap_remove(&o->told, hash, has_hash, &hash));
}

/* Alerts that ended without a word of it. */
static void forget_old(struct outbox *o, ts_ms now) {
	uint64_t *old = mem_calloc(o->told.count, sizeof *old);
	size_t iterator = 0, count = 0;
	for (const struct outbox_told *t; (t = hmap_next(&o->told, &iterator)) != NULL;) {
		if (now < t->at || now - t->at > TOLD_OLD) {
			old[count++] = t->hash;
		}
	}
	for (size_t i = 0; i < count; i++) {
		forget(o, old[i]);
	}
	free(old);
}

void outbox_told(struct outbox *o, const struct outbox_entry *e, ts_ms now) {
	if (e->flying.notice->resolved) {
		forget(o, e->hash);
		return;
	}
	struct outbox_told *t = hmap_find(&o->told, e->hash, has_hash, &e->hash);
	if (t == NULL) {
		if (o->told.count >= o->options.capacity) {
			forget_old(o, now);
		}
		if (o->told.count >= o->options.capacity) {
			return; /* it counts as never told, and is sent when in doubt */
		}
		t = mem_calloc(1, sizeof *t);
		t->hash = e->hash;
		hmap_add(&o->told, e->hash, t);
	}
	t->at = now;
}

void outbox_told_finish(struct outbox *o) {
	size_t iterator = 0;
	for (struct outbox_told *t; (t = hmap_next(&o->told, &iterator)) != NULL;) {
		free(t);
	}
	hmap_finish(&o->told);
}

/* Whether the receiver, which has been running for `age`, was told since it started that the alert fires. */
static bool was_told(const struct outbox *o, uint64_t hash, dur_ms age, ts_ms now) {
	const struct outbox_told *t = hmap_find(&o->told, hash, has_hash, &hash);
	return t != NULL && now >= t->at && now - t->at + OUTBOX_CLOCK_SLACK < age;
}

/* ---- what it says ---- */

static bool is_ended(const struct outbox *o, const struct outbox_entry *e, ts_ms since, dur_ms age,
					 ts_ms now) {
	const struct notice *n = e->flying.notice;
	if (outbox_word_is_sure(&e->flying, now)) {
		return false;
	}
	if (n->resolved) {
		return since != TS_NONE && since > n->ends_at;
	}
	return since == TS_NONE && was_told(o, e->hash, age, now);
}

struct labels outbox_labels(const struct outbox *o, size_t index) {
	BUG_ON(index >= o->batch_count);
	return o->batch[index]->flying.notice->labels;
}

static size_t withhold(struct outbox *o, const struct outbox_report *report, ts_ms now) {
	size_t kept = 0, count = o->batch_count;
	for (size_t i = count; i-- > 0;) { /* so that those that wait on keep their order */
		if (is_ended(o, o->batch[i], report->since[i], report->age, now)) {
			outbox_land(o, o->batch[i]);
			o->batch[i] = NULL;
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (o->batch[i] != NULL) {
			o->batch[kept++] = o->batch[i];
		}
	}
	o->batch_count = kept;
	o->withheld += count - kept;
	return count - kept;
}

size_t outbox_learn(struct outbox *o, uint64_t id, const struct outbox_report *report, ts_ms now) {
	BUG_ON(o->stage != OUTBOX_ASKING || id != o->next_id);
	size_t withheld = report->known ? withhold(o, report, now) : 0;
	o->stage = OUTBOX_LEARNT;
	if (o->batch_count == 0) {
		o->next_id++;
		o->stage = OUTBOX_IDLE;
		o->last_ok = now;
		free(o->last_error);
		o->last_error = NULL;
		backoff_reset(&o->backoff);
	}
	return withheld;
}
