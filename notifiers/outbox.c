#include "notifiers/outbox.h"

#include "base/bug.h"
#include "base/mem.h"
#include "notifiers/outbox_private.h"

struct outbox *outbox_create(const struct outbox_options *options) {
	BUG_ON(options->batch_max == 0 || options->capacity == 0 || options->retry_min <= 0 ||
		   options->retry_max < options->retry_min);
	struct outbox *o = mem_calloc(1, sizeof *o);
	o->options = *options;
	o->backoff = (struct backoff){
		.min = options->retry_min, .max = options->retry_max, .random = options->seed};
	o->next_id = 1;
	o->last_ok = TS_NONE;
	o->batch = mem_calloc(options->batch_max, sizeof *o->batch);
	hmap_init(&o->entries, NULL);
	hmap_init(&o->told, NULL);
	hmap_init(&o->refused, NULL);
	strbuf_init(&o->body);
	return o;
}

static void entry_destroy(struct outbox_entry *e) {
	outbox_word_free(&e->ended);
	outbox_word_free(&e->latest);
	outbox_word_free(&e->flying);
	free(e);
}

void outbox_destroy(struct outbox *o) {
	if (o == NULL) {
		return;
	}
	size_t iterator = 0;
	for (struct outbox_entry *e; (e = hmap_next(&o->entries, &iterator)) != NULL;) {
		entry_destroy(e);
	}
	hmap_finish(&o->entries);
	outbox_told_finish(o);
	outbox_refused_finish(o);
	strbuf_finish(&o->body);
	free(o->batch);
	free(o->last_error);
	free(o);
}

static struct labels entry_labels(const struct outbox_entry *e) {
	const struct notice *n = e->latest.notice != NULL ? e->latest.notice : e->flying.notice;
	return n->labels;
}

static bool entry_equal(const void *value, const void *key) {
	return labels_equal(entry_labels(value), *(const struct labels *)key);
}

static bool entry_is(const void *value, const void *key) {
	return value == key;
}

void outbox_remove(struct outbox *o, struct outbox_entry *e) {
	BUG_ON(e->linked);
	hmap_remove(&o->entries, e->hash, entry_is, e);
	entry_destroy(e);
}

/* The alert that waits longest in a list, of those that are not under way: to drop a word on one of these makes no room. */
static struct outbox_entry *oldest_idle(const struct outbox_queue *q) {
	struct outbox_entry *e = q->head;
	while (e != NULL && e->flying.notice != NULL) {
		e = e->next;
	}
	return e;
}

/* Resolved alerts go first: Alertmanager resolves by itself what it hears no more of. */
static void make_room(struct outbox *o) {
	while (o->entries.count >= o->options.capacity) {
		struct outbox_entry *oldest = NULL;
		for (size_t i = 0; oldest == NULL && i < OUTBOX_LISTS; i++) {
			oldest = oldest_idle(&o->queues[i]);
		}
		if (oldest == NULL) {
			return; /* all are under way: a batch more than the capacity at most */
		}
		o->dropped++;
		outbox_unlink(o, oldest);
		outbox_remove(o, oldest);
	}
}

static struct outbox_entry *entry_add(struct outbox *o, uint64_t hash) {
	make_room(o);
	struct outbox_entry *e = mem_calloc(1, sizeof *e);
	e->hash = hash;
	return e;
}

void outbox_push(struct outbox *o, const struct notice *n, ts_ms now) {
	uint64_t hash = labels_hash(n->labels);
	if (outbox_refused_waits(o, hash, now)) {
		return;
	}
	struct outbox_entry *e = hmap_find(&o->entries, hash, entry_equal, &n->labels);
	bool is_new = e == NULL;
	if (is_new) {
		e = entry_add(o, hash);
	}
	outbox_entry_push(e, (struct outbox_word){.notice = notice_dup(n),
											  .validity = n->resolved ? 0 : n->ends_at - now});
	if (is_new) {
		hmap_add(&o->entries, hash, e);
	}
	if (e->linked && e->list == outbox_entry_list(e, now)) {
		return; /* it keeps its place */
	}
	if (e->linked) {
		outbox_unlink(o, e);
	}
	outbox_link(o, e, now);
}

void outbox_stats(const struct outbox *o, struct outbox_stats *ret_stats) {
	*ret_stats = (struct outbox_stats){
		.queued = o->entries.count,
		.sent = o->sent,
		.dropped = o->dropped,
		.errors = o->errors,
		.withheld = o->withheld,
		.last_ok = o->last_ok,
		.last_error = o->last_error != NULL ? o->last_error : "",
	};
}
