/* A tick: the groups that are due at the same moment, their fetches, and each evaluation as soon as it has what it needs. */
#include "base/bug.h"
#include "base/mem.h"
#include "engine/engine_private.h"

static void destroy_tick(struct engine *e, struct tick *tick) {
	struct tick **link = &e->ticks;
	while (*link != tick) {
		link = &(*link)->next;
	}
	*link = tick->next;
	fetch_note_tick(e, tick);
	fetch_forget_tick(e, tick);
	rule_set_destroy(tick->set);
	arena_finish(&tick->arena);
	free(tick);
}

static void add_waiter(struct tick *tick, const struct plan_fetch *fetch,
					   struct tick_evaluation *te) {
	while (tick->waiter_capacity <= fetch->index) {
		size_t old = tick->waiter_capacity;
		tick->waiters = arena_grow(&tick->arena, tick->waiters, old, &tick->waiter_capacity,
								   sizeof(*tick->waiters));
	}
	struct tick_waiters *w = &tick->waiters[fetch->index];
	w->items = arena_grow(&tick->arena, w->items, w->count, &w->capacity, sizeof(*w->items));
	w->items[w->count++] = te;
}

/* Hands needs to the plan that it does not know yet. */
static void plan_needs(struct tick_evaluation *te) {
	struct tick *tick = te->tick;
	for (size_t i = te->fetch_count; i < evaluation_need_count(te->evaluation); i++) {
		struct plan_fetch *fetch = plan_add(&tick->plan, evaluation_need(te->evaluation, i));
		te->fetches = arena_grow(&tick->arena, te->fetches, te->fetch_count, &te->fetch_capacity,
								 sizeof(struct plan_fetch *));
		te->fetches[te->fetch_count++] = fetch;
		if (fetch != NULL && (fetch->state == PLAN_WAITING || fetch->state == PLAN_ASKED)) {
			add_waiter(tick, fetch, te);
			te->open++;
		}
	}
}

static void supply_needs(struct tick_evaluation *te) {
	for (; te->supplied < te->fetch_count; te->supplied++) {
		const struct plan_fetch *fetch = te->fetches[te->supplied];
		if (fetch != NULL && fetch->state == PLAN_FAILED) {
			evaluation_refuse(te->evaluation, te->supplied, fetch->failure, fetch->too_large,
							  fetch->took);
			continue;
		}
		struct pql_series_set set =
			plan_cut(&te->tick->plan, fetch, evaluation_need(te->evaluation, te->supplied));
		evaluation_supply(te->evaluation, te->supplied, set, fetch == NULL ? 0 : fetch->took);
		if (fetch != NULL) {
			evaluation_note_cost(te->evaluation, te->supplied, fetch->bytes / fetch->needs);
		}
	}
}

static void observe(struct engine *e, const struct group_state *group) {
	metrics_observe(&e->counters.group_duration, (double)group->evaluation_time / 1e6);
	for (size_t i = 0; i < group->rule_count; i++) {
		metrics_observe(&e->counters.rule_duration, (double)group->rules[i].evaluation_time / 1e6);
	}
}

void tick_release(struct tick_evaluation *te) {
	te->open--;
	if (te->open == 0 && te->group != NULL) {
		te->next_ready = te->tick->ready;
		te->tick->ready = te;
	}
}

static void end_evaluation(struct engine *e, struct tick_evaluation *te) {
	write_forget(e, te);
	evaluation_destroy(te->evaluation);
	te->evaluation = NULL;
	te->group->running = NULL;
	te->group = NULL;
	te->tick->running--;
	for (size_t i = 0; i < te->follower_count; i++) {
		tick_release(te->followers[i]);
	}
}

static void finish_evaluation(struct engine *e, struct tick_evaluation *te, ts_ms now) {
	const struct evaluation_result *result = evaluation_result(te->evaluation);
	const struct group_state *group = te->group->state;
	enum phase before = phase_enter(&e->phases, PHASE_SEND);
	notify_push(e, &result->notices, now);
	phase_enter(&e->phases, before);
	engine_say_transitions(e, result);
	engine_say_failures(e, group, result);
	engine_say_restoration(e, group, result);
	observe(e, group);
	end_evaluation(e, te);
}

/* As far as the data at hand allows. */
static void run(struct engine *e, struct tick_evaluation *te, ts_ms now) {
	while (te->open == 0) {
		enum phase before = phase_enter(&e->phases, PHASE_PLAN);
		supply_needs(te);
		phase_enter(&e->phases, before);
		enum evaluation_progress progress = evaluation_step(te->evaluation, now);
		before = phase_enter(&e->phases, PHASE_SEND);
		write_collect(e);
		phase_enter(&e->phases, before);
		if (progress == EVALUATION_DONE) {
			finish_evaluation(e, te, now);
			return;
		}
		if (progress == EVALUATION_WRITES) {
			write_wait(e, te);
		}
		plan_needs(te);
	}
}

/* Everything that waits for nothing; the tick goes when that was all. */
static void run_ready(struct engine *e, struct tick *tick, ts_ms now) {
	while (tick->ready != NULL) {
		struct tick_evaluation *te = tick->ready;
		tick->ready = te->next_ready;
		if (te->group != NULL) {
			run(e, te, now);
		}
	}
	if (tick->running == 0) {
		destroy_tick(e, tick);
	}
}

void tick_run_ready(struct engine *e, ts_ms now) {
	struct tick *next;
	for (struct tick *tick = e->ticks; tick != NULL; tick = next) {
		next = tick->next;
		run_ready(e, tick, now);
	}
}

/* Groups of the same tick whose outputs the group reads go first. */
static void wait_for_groups(struct engine *e, struct tick_evaluation *te) {
	struct tick *tick = te->tick;
	for (size_t i = 0; i < te->group->dependencies->count; i++) {
		struct tick_evaluation *first = e->groups[te->group->dependencies->after[i]]->running;
		if (first == NULL || first->tick != tick) {
			continue;
		}
		first->followers = arena_grow(&tick->arena, first->followers, first->follower_count,
									  &first->follower_capacity, sizeof(struct tick_evaluation *));
		first->followers[first->follower_count++] = te;
		te->open++;
	}
}

void tick_begin(struct engine *e, struct engine_group *const *due, const ts_ms *slots, size_t count,
				ts_ms now) {
	enum phase before = phase_enter(&e->phases, PHASE_PLAN);
	struct tick *tick = mem_calloc(1, sizeof(*tick)), **link = &e->ticks;
	arena_init(&tick->arena);
	plan_init(&tick->plan, &tick->arena);
	tick->set = rule_set_hold(e->set);
	tick->evaluations = ARENA_ARRAY(&tick->arena, struct tick_evaluation, count);
	tick->evaluation_count = tick->running = count;
	while (*link != NULL) {
		link = &(*link)->next;
	}
	*link = tick;
	for (size_t i = 0; i < count; i++) {
		struct tick_evaluation *te = &tick->evaluations[i];
		*te = (struct tick_evaluation){.tick = tick, .group = due[i]};
		te->evaluation = evaluation_begin(due[i]->state, &e->settings, e->outputs, slots[i], now);
		due[i]->running = te;
		plan_needs(te);
	}
	for (size_t i = 0; i < count; i++) {
		wait_for_groups(e, &tick->evaluations[i]);
	}
	outputs_trim(e->outputs, now);
	for (size_t i = count; i > 0; i--) {
		struct tick_evaluation *te = &tick->evaluations[i - 1];
		te->open++;
		tick_release(te); /* those that wait for nothing, in order */
	}
	phase_enter(&e->phases, before);
	run_ready(e, tick, now);
}

void tick_settled(struct engine *e, struct tick *tick, const struct plan_request *request,
				  ts_ms now) {
	for (size_t i = 0; i < request->count; i++) {
		size_t index = request->fetches[i]->index;
		struct tick_waiters *w = index < tick->waiter_capacity ? &tick->waiters[index] : NULL;
		for (size_t j = 0; w != NULL && j < w->count; j++) {
			tick_release(w->items[j]);
		}
	}
	run_ready(e, tick, now);
}

void tick_cancel(struct engine *e, struct tick_evaluation *te) {
	struct tick *tick = te->tick;
	end_evaluation(e, te);
	if (tick->running == 0) {
		destroy_tick(e, tick);
	}
}

void tick_cancel_all(struct engine *e) {
	for (struct tick *tick = e->ticks; tick != NULL; tick = tick->next) {
		for (size_t i = 0; i < tick->evaluation_count; i++) {
			tick->evaluations[i].follower_count = 0; /* nobody goes on */
		}
	}
	for (size_t i = 0; i < e->group_count; i++) {
		if (e->groups[i]->running != NULL) {
			tick_cancel(e, e->groups[i]->running);
		}
	}
	BUG_ON(e->ticks != NULL);
}
