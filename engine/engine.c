#include "engine/engine.h"

#include "base/bug.h"
#include "base/mem.h"
#include "engine/engine_private.h"

struct engine *engine_create(const struct config *config, engine_log *log, void *data) {
	struct engine *e = mem_calloc(1, sizeof(*e));
	e->log = log;
	e->log_data = data;
	e->next_exchange_id = 1;
	e->reload.last_success = TS_NONE;
	arena_init(&e->config_arena);
	config_dup(&e->config_arena, config, &e->config);
	e->outputs = outputs_create(config->lookback);
	return e;
}

static void destroy_exchange(struct engine_exchange *x) {
	promapi_decoder_destroy(x->decoder);
	strbuf_finish(&x->body);
	strbuf_finish(&x->answer);
	free(x);
}

void engine_watch_phases(struct engine *e, phase_watch *watch, void *data) {
	e->phases = (struct phase_clock){.watch = watch, .data = data};
}

void engine_destroy(struct engine *e) {
	if (e == NULL) {
		return;
	}
	tick_cancel_all(e);
	for (size_t i = 0; i < e->group_count; i++) {
		group_state_destroy(e->groups[i]->state, NULL, 0);
		free(e->groups[i]);
	}
	free(e->groups);
	notify_finish(e);
	route_finish(e);
	write_finish(e);
	for (size_t i = 0; i < e->exchange_count; i++) {
		destroy_exchange(e->exchanges[i]);
	}
	free(e->exchanges);
	outputs_destroy(e->outputs);
	rule_set_destroy(e->set);
	arena_finish(&e->config_arena);
	free(e->reload_message);
	outage_finish(&e->prometheus);
	free(e);
}

/* The later of two wake-ups does not count; TS_NONE is never. */
static ts_ms earlier(ts_ms a, ts_ms b) {
	if (a == TS_NONE || b == TS_NONE) {
		return a == TS_NONE ? b : a;
	}
	return a < b ? a : b;
}

ts_ms engine_wake_at(const struct engine *e, ts_ms now) {
	ts_ms at = TS_NONE;
	for (size_t i = 0; !e->draining && i < e->group_count; i++) {
		at = earlier(at, schedule_wake_at(&e->groups[i]->schedule, now));
	}
	for (size_t i = 0; i < e->peer_count; i++) {
		if (!e->peers[i]->busy) {
			at = earlier(at, outbox_wake_at(e->peers[i]->outbox, now));
		}
	}
	if (e->writer.queue != NULL && !e->writer.busy) {
		at = earlier(at, write_queue_wake_at(e->writer.queue, now));
	}
	return at;
}

/* The first of a row of missed slots is worth a warning. */
static void note_missed(struct engine *e, struct engine_group *g, uint64_t missed) {
	if (missed > 0) {
		struct label items[] = {{STR("file"), g->state->group->file},
								{STR("group"), g->state->group->name}};
		g->state->missed += missed;
		g->state->iterations += missed;
		engine_say(e, g->missing ? ENGINE_DEBUG : ENGINE_WARN,
				   (struct labels){.items = items, .count = 2}, "missed evaluations: %llu",
				   (unsigned long long)missed);
	}
}

static void set_clock_back(struct engine *e, struct engine_group *g, dur_ms by, ts_ms now) {
	engine_say(e, ENGINE_WARN, LABELS_EMPTY, "the clock was set back by %lld s",
			   (long long)(by / 1000));
	group_state_set_back(g->state, by);
	outputs_set_back(e->outputs, now);
}

/* While Prometheus keeps an evaluation waiting, Alertmanager is told what fires as after one that failed; otherwise it would
 * take it for resolved. */
static void keep_alive(struct engine *e, struct engine_group *g, ts_ms slot, ts_ms now) {
	struct arena arena;
	struct notices notices = {0};
	if (!e->settings.keep_alive) {
		return;
	}
	arena_init(&arena);
	for (size_t i = 0; i < g->state->rule_count; i++) {
		alerting_take_notices(&g->state->rules[i].alerting, &e->settings.alerting,
							  g->state->interval, slot, &arena, &notices);
	}
	notify_push(e, &notices, now);
	arena_finish(&arena);
}

/* Whether the group is to be evaluated now, and for which slot. */
static bool group_is_due(struct engine *e, struct engine_group *g, ts_ms now, ts_ms *ret_slot) {
	uint64_t missed = g->schedule.missed;
	dur_ms set_back;
	bool due = schedule_due(&g->schedule, now, ret_slot, &set_back);
	if (set_back > 0) {
		set_clock_back(e, g, set_back, now);
	}
	missed = g->schedule.missed - missed;
	if (due && g->running != NULL) {
		/* Still waiting for the data of an earlier slot. */
		missed++;
		due = false;
		keep_alive(e, g, *ret_slot, now);
	}
	note_missed(e, g, missed);
	g->missing = missed > 0 || (g->missing && !due);
	return due;
}

void engine_wake(struct engine *e, ts_ms now) {
	struct arena arena;
	notify_remind(e, now);
	write_remind(e, now);
	if (!e->draining) {
		fetch_remind(e, now);
	}
	if (e->draining || e->group_count == 0) {
		return;
	}
	arena_init(&arena);
	struct engine_group **due = ARENA_ARRAY(&arena, struct engine_group *, e->group_count);
	ts_ms *slots = ARENA_ARRAY(&arena, ts_ms, e->group_count);
	size_t count = 0;
	for (size_t i = 0; i < e->group_count; i++) {
		if (group_is_due(e, e->groups[i], now, &slots[count])) {
			due[count++] = e->groups[i];
		}
	}
	if (count > 0) {
		tick_begin(e, due, slots, count, now);
	}
	arena_finish(&arena);
}

struct engine_exchange *engine_add_exchange(struct engine *e, enum exchange_peer kind) {
	struct engine_exchange *x = mem_calloc(1, sizeof(*x));
	x->id = e->next_exchange_id++;
	x->kind = kind;
	e->exchanges = mem_grow(e->exchanges, e->exchange_count, &e->exchange_capacity,
							sizeof(struct engine_exchange *));
	e->exchanges[e->exchange_count++] = x;
	return x;
}

bool engine_next_exchange(struct engine *e, ts_ms now, struct exchange *ret_exchange) {
	enum phase before = phase_enter(&e->phases, PHASE_SEND);
	bool any = notify_next(e, now, ret_exchange) || write_next(e, now, ret_exchange);
	phase_enter(&e->phases, PHASE_PLAN);
	any = any || fetch_next(e, ret_exchange);
	phase_enter(&e->phases, before);
	return any;
}

static size_t find_exchange(const struct engine *e, uint64_t id) {
	for (size_t i = 0; i < e->exchange_count; i++) {
		if (e->exchanges[i]->id == id) {
			return i;
		}
	}
	BUG("an answer to an exchange that is not under way");
}

bool engine_receive(struct engine *e, uint64_t id, struct str bytes) {
	struct engine_exchange *x = e->exchanges[find_exchange(e, id)];
	if (x->kind == EXCHANGE_ALERTMANAGER) {
		return inquiry_receive(x, bytes);
	}
	e->counters.fetch_bytes += bytes.len;
	x->bytes += bytes.len;
	enum phase before = phase_enter(&e->phases, PHASE_DECODE);
	bool wants_more = x->decoder != NULL && promapi_decoder_push(x->decoder, bytes);
	phase_enter(&e->phases, before);
	return wants_more;
}

void engine_answer(struct engine *e, uint64_t id, const struct exchange_answer *answer, ts_ms now) {
	size_t at = find_exchange(e, id);
	struct engine_exchange *x = e->exchanges[at];
	e->exchanges[at] = e->exchanges[--e->exchange_count];
	switch (x->kind) {
	case EXCHANGE_PROMETHEUS: fetch_answer(e, x, answer, now); break;
	case EXCHANGE_ALERTMANAGER: notify_answer(e, x, answer, now); break;
	case EXCHANGE_REMOTE_WRITE: write_answer(e, x, answer, now); break;
	}
	destroy_exchange(x);
}

void engine_drain(struct engine *e, ts_ms now) {
	(void)now;
	e->draining = true;
	tick_cancel_all(e);
}

bool engine_is_evaluating(const struct engine *e) {
	return e->ticks != NULL;
}

bool engine_idle(const struct engine *e) {
	for (size_t i = 0; i < e->peer_count; i++) {
		struct outbox_stats stats;
		outbox_stats(e->peers[i]->outbox, &stats);
		if (e->peers[i]->busy || stats.queued > 0) {
			return false;
		}
	}
	return e->ticks == NULL && write_idle(e);
}
