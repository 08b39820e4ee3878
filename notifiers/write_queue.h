/* Samples on their way into a database, in the order in which they were made: a series takes no sample that is older than its last
 * one. Pieces of encoded samples wait here until they are taken, whatever happens there. Pure: it never sends. */
#ifndef NOTIFIERS_WRITE_QUEUE_H
#define NOTIFIERS_WRITE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/timestamp.h"

struct write_queue;

struct write_queue_options {
	size_t batch_bytes;          /* of one delivery, unless a single piece is larger */
	size_t capacity_bytes;       /* held; past it the oldest pieces are dropped and counted */
	dur_ms retry_min, retry_max; /* of the backoff */
	uint64_t seed;               /* of its jitter */
};

enum write_outcome {
	WRITE_OK,
	WRITE_RETRY, /* not now: nobody there, 429, 5xx, 401, 404 */
	/* Never: 400, 413, 422. Several pieces are halved until the one that is meant is alone; that one is dropped. */
	WRITE_DROP,
};

struct write_delivery {
	uint64_t id;
	struct str
		body; /* the pieces, one after the other; the queue's own memory until write_queue_done */
	size_t samples;
};

struct write_queue_stats {
	size_t queued_bytes, queued_samples;
	uint64_t sent, dropped, errors; /* samples, samples, deliveries */
	const char *last_error;         /* "" when the last delivery went well; the queue's memory */
};

struct write_queue *write_queue_create(const struct write_queue_options *options);
void write_queue_destroy(struct write_queue *q); /* accepts NULL */

/* One piece, copied. Pieces must be such that several make one body when they stand behind each other. */
void write_queue_push(struct write_queue *q, struct str piece, size_t samples);

/* Where the queue ends now: everything that was pushed so far. */
uint64_t write_queue_mark(const struct write_queue *q);
/* Whether everything before the mark is written, or given up. */
bool write_queue_reached(const struct write_queue *q, uint64_t mark);

bool write_queue_next(struct write_queue *q, ts_ms now, struct write_delivery *ret_delivery);
/* `message` is copied; `retry_after` (0: none) is the receiver's wish. */
void write_queue_done(struct write_queue *q, uint64_t id, enum write_outcome outcome,
					  const char *message, dur_ms retry_after, ts_ms now);

/* TS_NONE: not before the next push or done. */
ts_ms write_queue_wake_at(const struct write_queue *q, ts_ms now);

void write_queue_stats(const struct write_queue *q, struct write_queue_stats *ret_stats);

#endif
