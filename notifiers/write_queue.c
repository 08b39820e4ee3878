#include "notifiers/write_queue.h"

#include "base/bug.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "notifiers/backoff.h"

#define PIECES_SOUGHT 1024 /* a delivery of more pieces is one of any number */

struct piece {
	struct piece *next;
	size_t len, samples;
	char bytes[];
};

struct write_queue {
	struct write_queue_options options;
	struct piece *head, **tail;
	size_t bytes, samples;
	uint64_t pushed, settled; /* pieces; the queue holds those between */

	/* The delivery under way: the first pieces of the queue; 0: none. */
	size_t flying, flying_samples;
	uint64_t id;
	struct strbuf body;
	size_t
		pieces_max; /* of the next delivery, while it is sought which piece was refused; 0: any number */

	struct backoff backoff;
	uint64_t sent, dropped, errors;
	char *last_error; /* NULL: none */
};

struct write_queue *write_queue_create(const struct write_queue_options *options) {
	struct write_queue *q = mem_calloc(1, sizeof *q);
	q->options = *options;
	q->tail = &q->head;
	q->id = 1;
	q->backoff = (struct backoff){
		.min = options->retry_min, .max = options->retry_max, .random = options->seed};
	strbuf_init(&q->body);
	return q;
}

static void pop(struct write_queue *q) {
	struct piece *p = q->head;
	q->head = p->next;
	if (q->head == NULL) {
		q->tail = &q->head;
	}
	q->bytes -= p->len;
	q->samples -= p->samples;
	q->settled++;
	free(p);
}

void write_queue_destroy(struct write_queue *q) {
	if (q == NULL) {
		return;
	}
	while (q->head != NULL) {
		pop(q);
	}
	strbuf_finish(&q->body);
	free(q->last_error);
	free(q);
}

/* The oldest go, but not those under way: whoever sends them holds on to their order. */
static void make_room(struct write_queue *q, size_t len) {
	while (q->flying == 0 && q->head != NULL && q->bytes + len > q->options.capacity_bytes) {
		q->dropped += q->head->samples;
		pop(q);
	}
}

void write_queue_push(struct write_queue *q, struct str piece, size_t samples) {
	make_room(q, piece.len);
	if (q->bytes + piece.len > q->options.capacity_bytes && q->head != NULL) {
		q->dropped += samples; /* while a delivery hangs in a full queue */
		return;
	}
	struct piece *p = mem_alloc(sizeof *p + piece.len);
	*p = (struct piece){.len = piece.len, .samples = samples};
	memcpy(p->bytes, piece.ptr, piece.len);
	*q->tail = p;
	q->tail = &p->next;
	q->bytes += piece.len;
	q->samples += samples;
	q->pushed++;
}

uint64_t write_queue_mark(const struct write_queue *q) {
	return q->pushed;
}

bool write_queue_reached(const struct write_queue *q, uint64_t mark) {
	return q->settled >= mark;
}

static bool is_idle(const struct write_queue *q) {
	return q->flying > 0 || q->head == NULL;
}

ts_ms write_queue_wake_at(const struct write_queue *q, ts_ms now) {
	return is_idle(q) ? TS_NONE : backoff_until(&q->backoff, now);
}

static void fill(struct write_queue *q) {
	size_t most = q->pieces_max > 0 ? q->pieces_max : SIZE_MAX;
	strbuf_clear(&q->body);
	for (const struct piece *p = q->head; p != NULL && q->flying < most; p = p->next) {
		if (q->flying > 0 && q->body.len + p->len > q->options.batch_bytes) {
			return;
		}
		strbuf_add(&q->body, (struct str){p->bytes, p->len});
		q->flying++;
		q->flying_samples += p->samples;
	}
}

bool write_queue_next(struct write_queue *q, ts_ms now, struct write_delivery *ret_delivery) {
	if (is_idle(q) || !backoff_over(&q->backoff, now)) {
		return false;
	}
	fill(q);
	*ret_delivery = (struct write_delivery){
		.id = q->id, .body = strbuf_str(&q->body), .samples = q->flying_samples};
	return true;
}

static void settle_flying(struct write_queue *q) {
	for (; q->flying > 0; q->flying--) {
		pop(q);
	}
}

/* A refusal means one of the pieces. When it is alone it goes, and the others need not be halved any more. */
static void handle_refusal(struct write_queue *q) {
	if (q->flying > 1) {
		q->pieces_max = q->flying / 2;
		return;
	}
	q->dropped += q->flying_samples;
	q->pieces_max = 0;
	settle_flying(q);
}

/* Also while the refused piece is still sought: the next delivery may be larger again, for it may never come back. */
static void handle_success(struct write_queue *q) {
	q->sent += q->flying_samples;
	q->pieces_max = q->pieces_max < PIECES_SOUGHT ? q->pieces_max * 2 : 0;
	backoff_reset(&q->backoff);
	settle_flying(q);
}

void write_queue_done(struct write_queue *q, uint64_t id, enum write_outcome outcome,
					  const char *message, dur_ms retry_after, ts_ms now) {
	BUG_ON(q->flying == 0 || id != q->id);
	q->id++;
	free(q->last_error);
	q->last_error = outcome == WRITE_OK ? NULL : mem_dup_str(str_from(message));
	q->errors += outcome != WRITE_OK;
	switch (outcome) {
	case WRITE_OK: handle_success(q); break;
	case WRITE_RETRY: backoff_fail(&q->backoff, retry_after, now); break;
	case WRITE_DROP:
		backoff_end_pause(&q->backoff);
		handle_refusal(q);
		break;
	}
	q->flying = q->flying_samples = 0;
	make_room(q, 0);
}

void write_queue_stats(const struct write_queue *q, struct write_queue_stats *ret_stats) {
	*ret_stats = (struct write_queue_stats){
		.queued_bytes = q->bytes,
		.queued_samples = q->samples,
		.sent = q->sent,
		.dropped = q->dropped,
		.errors = q->errors,
		.last_error = q->last_error != NULL ? q->last_error : "",
	};
}
