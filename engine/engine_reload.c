/* A new rule set in the place of the old one: what did not change goes on, what is gone is resolved. */
#include "base/hash.h"
#include "base/mem.h"
#include "engine/engine_private.h"
#include "engine/leftovers.h"

static struct engine_group *create_group(const struct rule_group *group, dur_ms default_interval,
										 ts_ms now) {
	struct engine_group *g = mem_calloc(1, sizeof(*g));
	g->state = group_state_create(group, default_interval);
	schedule_init(&g->schedule, g->state->interval, now);
	return g;
}

static uint64_t hash_key(const struct rule_group *group) {
	return hash_finish(hash_add(hash_add(HASH_START, group->file), group->name));
}

static bool has_key(const void *value, const void *key) {
	const struct rule_group *a = ((const struct engine_group *)value)->state->group, *b = key;
	return str_equal(a->name, b->name) && str_equal(a->file, b->file);
}

/* Takes the old group of the same file and name; NULL: there is none. */
static struct engine_group *take_old(struct hmap *old, const struct rule_group *group) {
	return hmap_remove(old, hash_key(group), has_key, group);
}

static void destroy_group(struct engine *e, struct engine_group *g, ts_ms now) {
	group_state_destroy(g->state, e->outputs, now);
	free(g);
}

/* The new group, with what the old one of its name remembers. */
static struct engine_group *load_group(struct engine *e, const struct rule_group *group,
									   struct engine_group *old, struct leftovers *l, ts_ms now) {
	dur_ms interval = group->interval > 0 ? group->interval : e->config.evaluation_interval;
	if (old != NULL && old->state->interval == interval &&
		rule_group_equal(old->state->group, group)) {
		group_state_rebind(old->state, group);
		return old;
	}
	struct engine_group *g = create_group(group, e->config.evaluation_interval, now);
	if (old == NULL) {
		/* Only at the start: what is new later was not pending before. */
		g->state->restoring = e->set == NULL && e->config.remote_write.url.len > 0;
		return g;
	}
	if (old->running != NULL) {
		tick_cancel(e, old->running);
	}
	struct leftovers own;
	leftovers_init(&own, l->arena);
	leftovers_add_group(&own, old->state);
	leftovers_give(&own, g->state);
	g->state->iterations = old->state->iterations;
	g->state->restoring = old->state->restoring;
	g->state->restore_tries = old->state->restore_tries;
	g->state->missed = old->state->missed;
	g->state->evaluations = old->state->evaluations;
	g->state->failures = old->state->failures;
	for (size_t i = 0; i < own.count; i++) {
		struct rule_state *left = leftovers_get(&own, i);
		if (left != NULL) {
			leftovers_add(l, left);
		}
	}
	return g;
}

/* Alerts of rules that are gone are over now, and Alertmanager is told so. */
static void resolve_leftovers(struct engine *e, const struct leftovers *l, ts_ms now) {
	struct notices notices = {0};
	for (size_t i = 0; i < l->count; i++) {
		struct rule_state *r = leftovers_get(l, i);
		if (r != NULL && r->rule->kind == RULE_ALERTING) {
			alerting_resolve_all(&r->alerting, &e->settings.alerting, now, l->arena, &notices);
		}
	}
	notify_push(e, &notices, now);
	for (size_t i = 0; i < notices.count; i++) {
		engine_say(e, ENGINE_INFO, notices.items[i].labels, "alert resolved, its rule was removed");
	}
}

static int compare_groups(const void *a, const void *b) {
	const struct rule_group *x = (*(struct engine_group *const *)a)->state->group;
	const struct rule_group *y = (*(struct engine_group *const *)b)->state->group;
	int order = str_compare(x->file, y->file);
	return order != 0 ? order : str_compare(x->name, y->name);
}

/* Another engine has it from now on: what fires goes on firing there. */
static bool goes_elsewhere(const struct rule_set *set, const struct engine_group *g) {
	return rule_set_has_elsewhere(set, g->state->group->file, g->state->group->name);
}

/* What a reload is in the middle of. */
struct reload {
	const struct rule_set *set;
	struct hmap
		old; /* groups of the old set that nothing of the new one has taken yet, by file and name */
	struct leftovers leftovers;
	struct engine_group **over; /* old groups that end with the reload */
	size_t over_count;
	ts_ms now;
};

static struct engine_group **take_groups(struct engine *e, struct reload *r) {
	const struct rule_set *set = r->set;
	struct engine_group **groups = mem_calloc(set->group_count, sizeof(struct engine_group *));
	for (size_t i = 0; i < set->group_count; i++) {
		struct engine_group *before = take_old(&r->old, set->groups[i]);
		groups[i] = load_group(e, set->groups[i], before, &r->leftovers, r->now);
		if (before != NULL && groups[i] != before) {
			r->over[r->over_count++] = before;
		}
	}
	return groups;
}

static void give_up_groups(struct engine *e, struct reload *r) {
	for (size_t i = 0; i < e->group_count; i++) {
		struct engine_group *gone = take_old(&r->old, e->groups[i]->state->group);
		if (gone == NULL) {
			continue;
		}
		if (gone->running != NULL) {
			tick_cancel(e, gone->running);
		}
		if (!goes_elsewhere(r->set, gone)) {
			leftovers_add_group(&r->leftovers, gone->state);
		}
		r->over[r->over_count++] = gone;
	}
}

static void load_groups(struct engine *e, const struct rule_set *set, ts_ms now) {
	struct arena arena;
	arena_init(&arena);
	struct reload r = {.set = set, .now = now};
	r.over = ARENA_ARRAY(&arena, struct engine_group *, e->group_count);
	leftovers_init(&r.leftovers, &arena);
	hmap_init(&r.old, &arena);
	for (size_t i = 0; i < e->group_count; i++) {
		hmap_add(&r.old, hash_key(e->groups[i]->state->group), e->groups[i]);
	}
	struct engine_group **groups = take_groups(e, &r);
	give_up_groups(e, &r);
	for (size_t i = 0; i < set->group_count; i++) {
		leftovers_give(&r.leftovers, groups[i]->state); /* rules that moved to another group */
	}
	resolve_leftovers(e, &r.leftovers, now);
	for (size_t i = 0; i < r.over_count; i++) {
		destroy_group(e, r.over[i], now);
	}
	arena_finish(&arena);
	free(e->groups);
	qsort(groups, set->group_count, sizeof(struct engine_group *), compare_groups);
	e->groups = groups;
	e->group_count = set->group_count;
}

static struct evaluation_settings make_settings(const struct config *c) {
	return (struct evaluation_settings){
		.alerting = {.resend_delay = c->resend_delay,
					 .resolved_retention = c->resolved_retention,
					 .external_labels = c->external_labels,
					 .external_url = c->external_url.len > 0 ? c->external_url : c->prometheus.url,
					 .max_alerts = c->limit_alerts_per_rule,
					 .limit_forgets = c->forget_over_limit},
		.query_offset = c->query_offset,
		.lookback = c->lookback,
		.default_subquery_step = c->evaluation_interval,
		.max_samples = c->limit_samples,
		.writes = c->remote_write.url.len > 0,
		.auto_bytes = c->limit_auto_bytes,
		.restore = {.outage_tolerance = c->for_outage_tolerance,
					.grace_period = c->for_grace_period},
		.keep_alive = c->keep_alive,
	};
}

static bool texts_query(const struct rule_text *texts, size_t count) {
	for (size_t i = 0; i < count; i++) {
		if (texts[i].template != NULL && template_queries(texts[i].template)) {
			return true;
		}
	}
	return false;
}

/* A template that queries may ask for anything. */
static bool rule_queries(const struct rule *rule) {
	return texts_query(rule->annotations, rule->annotation_count) ||
		   texts_query(rule->labels, rule->label_count);
}

static bool any_rule_queries(const struct rule_set *set) {
	for (size_t i = 0; i < set->group_count; i++) {
		for (size_t j = 0; j < set->groups[i]->rule_count; j++) {
			if (rule_queries(&set->groups[i]->rules[j])) {
				return true;
			}
		}
	}
	return false;
}

/* Which groups go first, and with that who evaluates the rules. */
static void take_dependencies(struct engine *e, struct engine_group *g,
							  const struct dependencies_group *d) {
	g->dependencies = d;
	for (size_t i = 0; i < g->state->rule_count; i++) {
		g->state->rules[i].reads_outputs = d->reads_outputs[i];
	}
	group_state_set_mode(g->state, config_evaluation_mode(&e->config, g->state->group),
						 e->settings.writes);
}

/* Who goes before whom; and own outputs are kept only as far as some rule reads them. */
static void load_dependencies(struct engine *e, const struct rule_set *set) {
	const struct config *c = &e->config;
	struct arena *a = &e->config_arena;
	struct pql_time_options options = {.lookback = c->lookback,
									   .default_subquery_step = c->evaluation_interval};
	const struct rule_group **groups = ARENA_ARRAY(a, const struct rule_group *, e->group_count);
	struct dependencies d;
	for (size_t i = 0; i < e->group_count; i++) {
		groups[i] = e->groups[i]->state->group;
	}
	dependencies_find(groups, e->group_count, &options, a, &d);
	for (size_t i = 0; i < e->group_count; i++) {
		take_dependencies(e, e->groups[i], &d.groups[i]);
	}
	dur_ms horizon = d.horizon > c->lookback ? d.horizon : c->lookback;
	outputs_keep(e->outputs, horizon + c->query_offset + c->evaluation_interval,
				 any_rule_queries(set) ? NULL : d.names, d.name_count);
}

static void say_loaded(struct engine *e, const struct rule_set *set) {
	struct strbuf shard = STRBUF_INIT;
	strbuf_add_c(&shard, set->shard.count > 0 ? " of shard " : "");
	shard_print(&shard, set->shard);
	engine_say(e, ENGINE_INFO, LABELS_EMPTY, "rules loaded: %zu in %zu %s%s", set->rule_count,
			   set->group_count, set->group_count == 1 ? "group" : "groups", shard.ptr);
	strbuf_finish(&shard);
}

void engine_load(struct engine *e, const struct config *config, struct rule_set *set, ts_ms now) {
	struct arena old = e->config_arena;
	struct route_change *change = route_begin_load(e, config, now);
	arena_init(&e->config_arena);
	config_dup(&e->config_arena, config, &e->config);
	e->settings = make_settings(&e->config);
	route_load(e);
	e->settings.phases = &e->phases;
	notify_load_peers(e);
	write_load(e);
	load_groups(e, set, now);
	write_collect(e);
	route_end_load(e, change, now);
	load_dependencies(e, set);
	tick_run_ready(e, now);
	rule_set_destroy(e->set);
	e->set = set;
	arena_finish(&old);
	free(e->reload_message);
	e->reload_message = NULL;
	bool whole = rule_set_outdated_count(set) == 0;
	e->reload = (struct engine_reload_view){
		.loaded = true, .last_ok = true, .last_success = whole ? now : e->reload.last_success};
	say_loaded(e, set);
}

void engine_load_failed(struct engine *e, const char *message) {
	free(e->reload_message);
	e->reload_message = mem_dup_str(str_from(message));
	e->reload.last_ok = false;
	e->reload.message = e->reload_message;
}
