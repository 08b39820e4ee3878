#include "base/bug.h"
#include "notifiers/outbox_private.h"

void outbox_word_free(struct outbox_word *w) {
	free(w->notice);
	*w = (struct outbox_word){0};
}

static void word_move(struct outbox_word *from, struct outbox_word *to) {
	BUG_ON(to->notice != NULL);
	*to = *from;
	*from = (struct outbox_word){0};
}

/*      latest      pushed      kept
 *      firing      firing      pushed
 *      firing      resolved    pushed: what was never told need not be
 *      resolved    resolved    pushed
 *      resolved    firing      both
 * A resolved word ends whatever the receiver knows, so it makes `ended` needless; several episodes that came and went unheard
 * leave the last of their endings. */
void outbox_entry_push(struct outbox_entry *e, struct outbox_word w) {
	if (w.notice->resolved) {
		outbox_word_free(&e->ended);
	} else if (e->latest.notice != NULL && e->latest.notice->resolved) {
		outbox_word_free(&e->ended);
		word_move(&e->latest, &e->ended);
	}
	outbox_word_free(&e->latest);
	e->latest = w;
}

void outbox_entry_take(struct outbox_entry *e) {
	word_move(e->ended.notice != NULL ? &e->ended : &e->latest, &e->flying);
}

void outbox_entry_return(struct outbox_entry *e) {
	if (e->latest.notice == NULL) {
		word_move(&e->flying, &e->latest);
	} else if (e->flying.notice->resolved && !e->latest.notice->resolved &&
			   e->ended.notice == NULL) {
		word_move(&e->flying, &e->ended);
	} else {
		outbox_word_free(&e->flying);
	}
}

bool outbox_entry_waiting(const struct outbox_entry *e) {
	return e->latest.notice != NULL;
}

enum outbox_list outbox_entry_list(const struct outbox_entry *e, ts_ms now) {
	if (e->latest.notice->resolved) {
		return OUTBOX_RESOLVED;
	}
	return outbox_word_is_sure(&e->latest, now) ? OUTBOX_FIRING : OUTBOX_BLIND;
}
