#include "base/bug.h"
#include "notifiers/outbox_private.h"

static enum outbox_list entry_list(const struct outbox_entry *e) {
	return e->latest.notice->resolved ? OUTBOX_RESOLVED : OUTBOX_FIRING;
}

void outbox_link(struct outbox *o, struct outbox_entry *e) {
	BUG_ON(e->linked || e->latest.notice == NULL);
	e->list = entry_list(e);
	e->linked = true;
	e->position = o->next_position++;
	struct outbox_queue *q = &o->queues[e->list];
	e->previous = q->tail;
	e->next = NULL;
	*(q->tail != NULL ? &q->tail->next : &q->head) = e;
	q->tail = e;
}

void outbox_link_first(struct outbox *o, struct outbox_entry *e) {
	BUG_ON(e->linked || e->latest.notice == NULL);
	e->list = entry_list(e);
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

struct outbox_entry *outbox_first(const struct outbox *o) {
	struct outbox_entry *resolved = o->queues[OUTBOX_RESOLVED].head;
	struct outbox_entry *firing = o->queues[OUTBOX_FIRING].head;
	if (resolved == NULL || firing == NULL) {
		return resolved != NULL ? resolved : firing;
	}
	return resolved->position < firing->position ? resolved : firing;
}
