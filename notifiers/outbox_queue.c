#include "base/bug.h"
#include "notifiers/outbox_private.h"

void outbox_link(struct outbox *o, struct outbox_entry *e, ts_ms now) {
	BUG_ON(e->linked || e->latest.notice == NULL);
	e->list = outbox_entry_list(e, now);
	e->linked = true;
	e->linked_at = now;
	e->position = o->next_position++;
	struct outbox_queue *q = &o->queues[e->list];
	e->previous = q->tail;
	e->next = NULL;
	*(q->tail != NULL ? &q->tail->next : &q->head) = e;
	q->tail = e;
}

/* In its old list: a firing word that has waited is none that came unsure. */
void outbox_link_first(struct outbox *o, struct outbox_entry *e) {
	BUG_ON(e->linked || e->latest.notice == NULL);
	if (e->latest.notice->resolved) {
		e->list = OUTBOX_RESOLVED;
	} else if (e->list == OUTBOX_RESOLVED) {
		e->list = OUTBOX_FIRING;
	}
	e->linked = true;
	struct outbox_queue *q = &o->queues[e->list];
	e->previous = NULL;
	e->next = q->head;
	*(q->head != NULL ? &q->head->previous : &q->tail) = e;
	q->head = e;
}

void outbox_unlink(struct outbox *o, struct outbox_entry *e) {
	BUG_ON(!e->linked);
	struct outbox_queue *q = &o->queues[e->list];
	*(e->previous != NULL ? &e->previous->next : &q->head) = e->next;
	*(e->next != NULL ? &e->next->previous : &q->tail) = e->previous;
	e->previous = e->next = NULL;
	e->linked = false;
}

/* A clock that was set back ends the pause. */
static bool is_ready(const struct outbox_entry *e, ts_ms now) {
	return e->list != OUTBOX_BLIND || now < e->linked_at ||
		   now >= e->linked_at + OUTBOX_BLIND_PAUSE;
}

struct outbox_entry *outbox_first(const struct outbox *o, ts_ms now) {
	struct outbox_entry *first = NULL;
	for (size_t i = 0; i < OUTBOX_LISTS; i++) {
		struct outbox_entry *head = o->queues[i].head;
		if (head != NULL && is_ready(head, now) &&
			(first == NULL || head->position < first->position)) {
			first = head;
		}
	}
	return first;
}

ts_ms outbox_first_at(const struct outbox *o, ts_ms now) {
	if (outbox_first(o, now) != NULL) {
		return now;
	}
	const struct outbox_entry *blind = o->queues[OUTBOX_BLIND].head;
	return blind == NULL ? TS_NONE : blind->linked_at + OUTBOX_BLIND_PAUSE;
}
