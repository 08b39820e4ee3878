/* Inside of the outbox: one entry per alert, in lists by the kind of its latest word.
 *
 * An entry holds up to three words on its alert:
 *
 *     flying    in the delivery that is under way
 *     ended     "resolved", of an episode that was over before `latest` began
 *     latest    the newest
 *
 * and gives out `ended` before `latest`, in separate deliveries: Alertmanager merges words that overlap in time, and would
 * otherwise make one long episode of two. */
#ifndef NOTIFIERS_OUTBOX_PRIVATE_H
#define NOTIFIERS_OUTBOX_PRIVATE_H

#include "base/hmap.h"
#include "notifiers/backoff.h"
#include "notifiers/outbox.h"

struct outbox_word {
	struct notice *notice; /* owned; NULL: no word */
	dur_ms validity;       /* firing: how long the receiver may believe it, from when it is told */
};

/* OUTBOX_BLIND: firing, and not sure when it came. In the order in which room is made. */
enum outbox_list { OUTBOX_RESOLVED, OUTBOX_BLIND, OUTBOX_FIRING, OUTBOX_LISTS };

enum outbox_stage {
	OUTBOX_IDLE,    /* no delivery is under way */
	OUTBOX_ASKING,  /* it was given out to be asked about */
	OUTBOX_LEARNT,  /* it is to be given out to be sent */
	OUTBOX_SENDING, /* it was */
};

struct outbox_entry {
	struct outbox_word ended, latest, flying;
	uint64_t hash;     /* of the labels */
	uint64_t position; /* in the order of delivery; lists are sorted by it */
	enum outbox_list list;
	ts_ms linked_at;
	bool linked; /* in a list: it has a word to give out */
	struct outbox_entry *previous, *next;
};

/* An alert that was refused alone. Known by the hash of its labels: another alert with the same one waits with it. */
struct outbox_refused {
	uint64_t hash;
	ts_ms at;
	dur_ms pause; /* until the next try */
};

/* When the receiver last took "firing" on an alert. Known by the hash of its labels: two with the same one pass for one. */
struct outbox_told {
	uint64_t hash;
	ts_ms at;
};

struct outbox_queue {
	struct outbox_entry *head, *tail;
};

#define OUTBOX_PARTS_MAX 64 /* halvings of a batch: more than a size_t has bits */

struct outbox {
	struct outbox_options options;
	struct hmap entries; /* of struct outbox_entry by labels */
	struct outbox_queue queues[OUTBOX_LISTS];
	uint64_t next_position, next_id;

	/* The delivery under way: its entries in order. */
	enum outbox_stage stage;
	struct outbox_entry **batch;
	size_t batch_count;
	struct strbuf body;

	/* Sizes of the next batches after one was refused, the next one last: the bisection. */
	size_t parts[OUTBOX_PARTS_MAX];
	size_t part_count;

	struct hmap told;    /* of struct outbox_told */
	struct hmap refused; /* of struct outbox_refused */
	unsigned refusals;   /* of single alerts, in a row */
	struct backoff backoff;

	uint64_t sent, dropped, errors, withheld;
	ts_ms last_ok;
	char *last_error; /* NULL: none */
};

void outbox_word_free(struct outbox_word *w);

/* Takes a new word on the alert. */
void outbox_entry_push(struct outbox_entry *e, struct outbox_word w);
/* Moves the word that is to be told first to `flying`. */
void outbox_entry_take(struct outbox_entry *e);
/* Puts `flying` back among the words to tell, unless a newer word made it needless. */
void outbox_entry_return(struct outbox_entry *e);
bool outbox_entry_waiting(const struct outbox_entry *e);
/* Where it belongs, by its latest word. */
enum outbox_list outbox_entry_list(const struct outbox_entry *e, ts_ms now);

/* outbox_refused.c */
void outbox_refused_add(struct outbox *o, uint64_t hash, ts_ms now);
bool outbox_refused_waits(const struct outbox *o, uint64_t hash, ts_ms now);
void outbox_refused_remove(struct outbox *o, uint64_t hash);
void outbox_refused_finish(struct outbox *o);

/* outbox_learn.c */
bool outbox_word_is_sure(const struct outbox_word *w, ts_ms now);
/* The receiver took the entry's `flying`. */
void outbox_told(struct outbox *o, const struct outbox_entry *e, ts_ms now);
void outbox_told_finish(struct outbox *o);

/* At the end, a new position. */
void outbox_link(struct outbox *o, struct outbox_entry *e, ts_ms now);
void outbox_link_first(struct outbox *o,
					   struct outbox_entry *e); /* before all others, at its old position */
void outbox_unlink(struct outbox *o, struct outbox_entry *e);
/* The one to be told next; NULL: none now. */
struct outbox_entry *outbox_first(const struct outbox *o, ts_ms now);
/* When there may be one; TS_NONE: not before the next push or done. */
ts_ms outbox_first_at(const struct outbox *o, ts_ms now);

/* Forgets an entry that has no word left. */
void outbox_remove(struct outbox *o, struct outbox_entry *e);

/* The entry's `flying` is through: the entry goes, or waits with its next word. */
void outbox_land(struct outbox *o, struct outbox_entry *e);

#endif
