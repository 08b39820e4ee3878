/* Alerts that were refused, and how long not to try them again. */
#include "base/mem.h"
#include "notifiers/outbox_private.h"

static bool has_hash(const void *value, const void *key) {
	return ((const struct outbox_refused *)value)->hash == *(const uint64_t *)key;
}

/* Also over when the clock was set back behind the refusal. */
static bool is_over(const struct outbox_refused *r, ts_ms now) {
	return now < r->at || now >= r->at + r->pause;
}

static void forget_old(struct outbox *o, ts_ms now) {
	struct outbox_refused *r, **old = mem_calloc(o->refused.count, sizeof(struct outbox_refused *));
	size_t iterator = 0, count = 0;
	while ((r = hmap_next(&o->refused, &iterator)) != NULL) {
		if (is_over(r, now)) {
			old[count++] = r;
		}
	}
	for (size_t i = 0; i < count; i++) {
		outbox_refused_remove(o, old[i]->hash);
	}
	free(old);
}

void outbox_refused_add(struct outbox *o, uint64_t hash, ts_ms now) {
	struct outbox_refused *r = hmap_find(&o->refused, hash, has_hash, &hash);
	if (r == NULL) {
		if (o->refused.count >= OUTBOX_REFUSED_ALERTS) {
			forget_old(o, now);
		}
		if (o->refused.count >= OUTBOX_REFUSED_ALERTS) {
			return; /* it is tried at every word on it */
		}
		r = mem_calloc(1, sizeof *r);
		r->hash = hash;
		hmap_add(&o->refused, hash, r);
	}
	dur_ms pause = r->pause == 0 ? OUTBOX_REFUSED_MIN : 2 * r->pause;
	r->pause = pause < OUTBOX_REFUSED_MAX ? pause : OUTBOX_REFUSED_MAX;
	r->at = now;
}

bool outbox_refused_waits(const struct outbox *o, uint64_t hash, ts_ms now) {
	if (o->refused.count == 0) {
		return false;
	}
	const struct outbox_refused *r = hmap_find(&o->refused, hash, has_hash, &hash);
	return r != NULL && !is_over(r, now);
}

void outbox_refused_remove(struct outbox *o, uint64_t hash) {
	if (o->refused.count > 0) {
		struct outbox_refused *r = hmap_find(&o->refused, hash, has_hash, &hash);
		if (r != NULL) {
			hmap_remove(&o->refused, hash, has_hash, &hash);
			free(r);
		}
	}
}

void outbox_refused_finish(struct outbox *o) {
	size_t iterator = 0;
	for (struct outbox_refused *r; (r = hmap_next(&o->refused, &iterator)) != NULL;) {
		free(r);
	}
	hmap_finish(&o->refused);
}
