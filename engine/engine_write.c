/* Own outputs on their way to the database: what rules produced, in order, until it is taken. */
#include "base/duration.h"
#include "base/hash.h"
#include "base/mem.h"
#include "engine/engine_private.h"
#include "engine/limits.h"
#include "engine/remote_write.h"

#define BATCH_BYTES (1u << 20) /* before compression; Prometheus takes 32 MiB */
#define PIECE_SERIES 100       /* of one piece: what a refusal costs at most */
#define RETRY_MIN 1000
#define RETRY_MAX 5000 /* rules may wait for it */

static void stop(struct engine *e) {
	struct engine_writer *w = &e->writer;
	write_queue_destroy(w->queue);
	outage_finish(&w->outage);
	outage_finish(&w->refusal);
	free((void *)w->url.ptr);
	free(w->waiters);
	*w = (struct engine_writer){0};
}

/* Those whose samples are written, or given up, go on; after a failed try all of them do, and their rules fail: to wait on would
 * keep their groups from being evaluated at all. */
static void release_waiters(struct engine *e, const char *failure) {
	struct engine_writer *w = &e->writer;
	size_t kept = 0;
	for (size_t i = 0; i < w->waiter_count; i++) {
		struct write_waiter waiter = w->waiters[i];
		if (failure == NULL && !write_queue_reached(w->queue, waiter.mark)) {
			w->waiters[kept++] = waiter;
			continue;
		}
		evaluation_written(waiter.evaluation->evaluation, failure);
		tick_release(waiter.evaluation);
	}
	w->waiter_count = kept;
}

static void start(struct engine *e, struct str url) {
	e->writer.queue = write_queue_create(
		&(struct write_queue_options){.batch_bytes = BATCH_BYTES,
									  .capacity_bytes = e->config.limit_write_bytes,
									  .retry_min = RETRY_MIN,
									  .retry_max = RETRY_MAX,
									  .seed = hash_str(url)});
	e->writer.url = (struct str){.ptr = mem_dup_str(url), .len = url.len};
}

/* Another place knows nothing of what was written before: what is queued for the old one goes. */
void write_load(struct engine *e) {
	struct str url = e->config.remote_write.url;
	if (e->writer.queue != NULL && !str_equal(e->writer.url, url)) {
		for (size_t i = 0; i < e->exchange_count; i++) {
			if (e->exchanges[i]->kind == EXCHANGE_REMOTE_WRITE) {
				e->exchanges[i]->delivery_id = 0;
			}
		}
		release_waiters(e, "remote_write was changed");
		stop(e);
	}
	if (e->writer.queue == NULL && url.len > 0) {
		start(e, url);
	}
	outputs_list(e->outputs, url.len > 0);
}

void write_finish(struct engine *e) {
	stop(e);
}

void write_collect(struct engine *e) {
	size_t count;
	const struct output_write *writes = outputs_listed(e->outputs, &count);
	struct strbuf piece = STRBUF_INIT;
	for (size_t at = 0; at < count && e->writer.queue != NULL; at += PIECE_SERIES) {
		size_t part = count - at < PIECE_SERIES ? count - at : PIECE_SERIES;
		strbuf_clear(&piece);
		remote_write_print(&piece, writes + at, part);
		write_queue_push(e->writer.queue, strbuf_str(&piece), part);
	}
	strbuf_finish(&piece);
	outputs_clear_list(e->outputs);
}

void write_wait(struct engine *e, struct tick_evaluation *te) {
	struct engine_writer *w = &e->writer;
	uint64_t mark = w->queue == NULL ? 0 : write_queue_mark(w->queue);
	if (w->queue == NULL || write_queue_reached(w->queue, mark)) {
		evaluation_written(te->evaluation, NULL);
		return;
	}
	if (w->outage.on) {
		/* The next try will come; nobody's evaluation is to wait for it. */
		evaluation_written(te->evaluation, w->outage.reason);
		return;
	}
	w->waiters = mem_grow(w->waiters, w->waiter_count, &w->waiter_capacity, sizeof(*w->waiters));
	w->waiters[w->waiter_count++] = (struct write_waiter){.evaluation = te, .mark = mark};
	te->open++;
}

void write_forget(struct engine *e, const struct tick_evaluation *te) {
	struct engine_writer *w = &e->writer;
	size_t kept = 0;
	for (size_t i = 0; i < w->waiter_count; i++) {
		if (w->waiters[i].evaluation != te) {
			w->waiters[kept++] = w->waiters[i];
		}
	}
	w->waiter_count = kept;
}

bool write_next(struct engine *e, ts_ms now, struct exchange *ret_exchange) {
	struct engine_writer *w = &e->writer;
	struct write_delivery delivery;
	if (w->queue == NULL || w->busy || !write_queue_next(w->queue, now, &delivery)) {
		return false;
	}
	struct engine_exchange *x = engine_add_exchange(e, EXCHANGE_REMOTE_WRITE);
	x->delivery_id = delivery.id;
	remote_write_compress(&x->body, delivery.body);
	w->busy = true;
	*ret_exchange = (struct exchange){.id = x->id,
									  .peer = EXCHANGE_REMOTE_WRITE,
									  .content_type = STR(REMOTE_WRITE_CONTENT_TYPE),
									  .headers = remote_write_headers,
									  .body = strbuf_str(&x->body),
									  .timeout = e->config.remote_write.timeout,
									  .max_answer_bytes = LIMIT_ALERTMANAGER_ANSWER_BYTES};
	return true;
}

/* As for alerts: only a refusal says that it is the samples. */
static enum write_outcome outcome_of(const struct exchange_answer *answer, struct arena *a,
									 const char **ret_message) {
	int status = answer->status;
	if (status >= 200 && status < 300) {
		*ret_message = "";
		return WRITE_OK;
	}
	if (status == 0) {
		*ret_message = answer->failure != NULL ? answer->failure : "no answer";
		return WRITE_RETRY;
	}
	*ret_message = promapi_error_text(status, answer->body, a);
	return promapi_is_refusal(status, answer->body) ? WRITE_DROP : WRITE_RETRY;
}

static struct labels fields_of(const struct engine_writer *w, struct label *item) {
	*item = (struct label){STR("url"), w->url};
	return (struct labels){.items = item, .count = 1};
}

static void say_outcome(struct engine *e, enum write_outcome outcome, const char *message,
						uint64_t dropped, ts_ms now) {
	struct engine_writer *w = &e->writer;
	struct label item;
	bool began;
	if (outcome == WRITE_OK) {
		outage_end(&w->refusal);
		if (outage_end(&w->outage)) {
			engine_say(e, ENGINE_INFO, fields_of(w, &item), "own outputs are written again");
		}
	} else if (outcome == WRITE_RETRY) {
		bool news = outage_fail(&w->outage, message, now, &began);
		engine_say(e, news ? ENGINE_WARN : ENGINE_DEBUG, fields_of(w, &item),
				   "own outputs were not written, to be tried again: %s", message);
	} else if (dropped > 0) {
		bool news = outage_fail(&w->refusal, message, now, &began);
		engine_say(e, news ? ENGINE_ERROR : ENGINE_DEBUG, fields_of(w, &item),
				   "%llu samples of own outputs are refused and dropped: %s",
				   (unsigned long long)dropped, message);
	}
}

void write_answer(struct engine *e, struct engine_exchange *x, const struct exchange_answer *answer,
				  ts_ms now) {
	struct engine_writer *w = &e->writer;
	struct write_queue_stats before, after;
	if (x->delivery_id == 0) {
		return; /* it was configured away */
	}
	struct arena a;
	arena_init(&a);
	const char *message;
	enum write_outcome outcome = outcome_of(answer, &a, &message);
	w->busy = false;
	metrics_observe(&w->latency, (double)answer->took / 1e6);
	write_queue_stats(w->queue, &before);
	write_queue_done(w->queue, x->delivery_id, outcome, message, answer->retry_after, now);
	write_queue_stats(w->queue, &after);
	say_outcome(e, outcome, message, after.dropped - before.dropped, now);
	release_waiters(e, outcome == WRITE_RETRY ? message : NULL);
	arena_finish(&a);
	tick_run_ready(e, now);
}

void write_remind(struct engine *e, ts_ms now) {
	struct engine_writer *w = &e->writer;
	struct label item;
	if (w->queue == NULL || !outage_remind(&w->outage, now)) {
		return;
	}
	struct strbuf lasts = STRBUF_INIT;
	struct write_queue_stats stats;
	write_queue_stats(w->queue, &stats);
	duration_print(&lasts, (now - w->outage.since) / 1000 * 1000);
	engine_say(e, ENGINE_WARN, fields_of(w, &item),
			   "own outputs have not been written for %s, %zu samples are queued: %s", lasts.ptr,
			   stats.queued_samples, w->outage.reason);
	strbuf_finish(&lasts);
}

bool write_idle(const struct engine *e) {
	struct write_queue_stats stats = {0};
	if (e->writer.queue != NULL) {
		write_queue_stats(e->writer.queue, &stats);
	}
	return !e->writer.busy && stats.queued_bytes == 0;
}
