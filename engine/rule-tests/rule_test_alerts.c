/* Alerts as they are at a time of the test, and what Alertmanager is told of them. */
#include "engine/rule-tests/rule_test_private.h"

#include "base/hash.h"
#include "engine/rule-tests/coverage_run.h"
#include "engine/schedule.h"

static dur_ms since_start(const struct rule_test_run *run, ts_ms t) {
	return t == TS_NONE ? TEST_TIME_NONE : t - run->start;
}

static bool has_labels(struct labels labels, struct labels wanted) {
	for (size_t i = 0; i < wanted.count; i++) {
		if (!str_equal(labels_get(labels, wanted.items[i].name), wanted.items[i].value)) {
			return false;
		}
	}
	return true;
}

static bool is_of_case(const struct test_alert_case *c, const struct rule *rule) {
	return rule->kind == RULE_ALERTING && str_equal(rule->name, c->alertname.text);
}

static bool state_fits(enum rule_test_kind kind, const struct alert *alert) {
	switch ((int)kind) {
	case RULE_TEST_FIRING: return alert->state == ALERT_FIRING;
	case RULE_TEST_PENDING: return alert->state == ALERT_PENDING;
	default: return alert->state == ALERT_INACTIVE && alert->resolved_at != TS_NONE;
	}
}

/* ---- lists of alerts ---- */

struct got_list {
	struct rule_test_run *run;
	struct rule_test_alert *items;
	size_t count, capacity;
};

static struct rule_test_alert *add_got(struct got_list *list) {
	list->items = arena_grow(list->run->arena, list->items, list->count, &list->capacity,
							 sizeof(*list->items));
	struct rule_test_alert *got = &list->items[list->count++];
	*got = (struct rule_test_alert){.partner = RULE_TEST_NONE, .similar = RULE_TEST_NONE};
	return got;
}

static void add_alert(struct got_list *list, const struct rule *rule, const struct alert *alert) {
	struct rule_test_run *run = list->run;
	struct rule_test_alert *got = add_got(list);
	got->rule = rule;
	got->labels = labels_dup(run->arena, alert->labels);
	got->annotations = labels_dup(run->arena, alert->annotations);
	got->value = alert->value;
	got->active_at = since_start(run, alert->active_at);
	got->resolved_at = since_start(run, alert->resolved_at);
}

static void collect_alerts(struct got_list *list, const struct test_alert_case *c,
						   enum rule_test_kind kind, bool *ret_known) {
	struct rule_test_run *run = list->run;
	for (size_t i = 0; i < simulation_group_count(run->simulation); i++) {
		const struct group_state *g = simulation_group(run->simulation, i);
		for (size_t k = 0; k < g->rule_count; k++) {
			const struct rule_state *r = &g->rules[k];
			if (!is_of_case(c, r->rule)) {
				continue;
			}
			*ret_known = true;
			for (size_t n = 0; n < r->alerting.count; n++) {
				const struct alert *alert = r->alerting.alerts[n];
				if (state_fits(kind, alert) && has_labels(alert->labels, c->with_labels)) {
					add_alert(list, r->rule, alert);
				}
			}
		}
	}
}

/* ---- notifications ---- */

static void add_notice(struct rule_test_run *run, struct rule_test_sent *sent, size_t *capacity,
					   const struct notice *n) {
	sent->items = arena_grow(run->arena, sent->items, sent->count, capacity, sizeof(*sent->items));
	struct rule_test_alert *got = &sent->items[sent->count++];
	struct labels labels;
	/* Without rules: only the external labels are added. */
	relabel_apply(run->relabel, n->labels, run->group->external_labels, run->arena, &labels);
	*got = (struct rule_test_alert){.labels = labels_dup(run->arena, labels),
									.annotations = labels_dup(run->arena, n->annotations),
									.resolved = n->resolved,
									.starts_at = since_start(run, n->starts_at),
									.ends_at = since_start(run, n->ends_at),
									.active_at = TEST_TIME_NONE,
									.resolved_at = TEST_TIME_NONE,
									.partner = RULE_TEST_NONE,
									.similar = RULE_TEST_NONE};
}

/* Only the times that somebody asks about. */
static bool is_asked_about(const struct rule_test_run *run, const struct group_state *g, ts_ms ts) {
	for (size_t i = run->next_alert; i < run->group->alert_count; i++) {
		const struct test_alert_case *c = run->alerts[i];
		if (c->notifications.given && schedule_slot(g->interval, c->eval_time) == ts - run->start) {
			return true;
		}
	}
	return false;
}

static void note_sent(struct rule_test_run *run, const struct group_state *group,
					  const struct notices *notices, ts_ms ts) {
	for (size_t i = 0; i < simulation_group_count(run->simulation); i++) {
		if (simulation_group(run->simulation, i) == group) {
			struct rule_test_sent *sent = &run->sent[i];
			size_t capacity = 0;
			*sent = (struct rule_test_sent){.ts = ts};
			for (size_t k = 0; k < notices->count; k++) {
				add_notice(run, sent, &capacity, &notices->items[k]);
			}
		}
	}
}

/* A group that was passed over sent nothing: what it sent before has another time. */
static void collect_sent(struct got_list *list, const struct test_alert_case *c) {
	struct rule_test_run *run = list->run;
	for (size_t i = 0; i < simulation_group_count(run->simulation); i++) {
		const struct rule_test_sent *sent = &run->sent[i];
		dur_ms interval = simulation_group(run->simulation, i)->interval;
		bool latest = sent->ts == run->start + schedule_slot(interval, c->eval_time);
		for (size_t k = 0; k < sent->count && latest; k++) {
			struct labels labels = sent->items[k].labels;
			if (str_equal(labels_get(labels, LABEL_ALERTNAME), c->alertname.text) &&
				has_labels(labels, c->with_labels)) {
				*add_got(list) = sent->items[k];
			}
		}
	}
}

/* ---- what happened ---- */

static bool is_tested(const struct rule_test_run *run, const struct rule *rule) {
	for (size_t i = 0; i < run->group->alert_count; i++) {
		if (is_of_case(&run->group->alerts[i], rule)) {
			return true;
		}
	}
	return false;
}

static void note_change(struct rule_test_run *run, const struct alert_transition *t, ts_ms ts) {
	if (run->change_count == RULE_TEST_MAX_HISTORY) {
		run->changes_dropped++;
		return;
	}
	run->changes = arena_grow(run->arena, run->changes, run->change_count, &run->change_capacity,
							  sizeof(*run->changes));
	run->changes[run->change_count++] =
		(struct rule_test_change){.time = ts - run->start,
								  .change = t->change,
								  .rule = t->rule,
								  .labels = labels_dup(run->arena, t->labels),
								  .value = t->value};
}

static bool has_alert(const void *value, const void *key) {
	const struct alert *alert = value;
	return alert_is_active(alert) && labels_equal(alert->labels, *(const struct labels *)key);
}

/* A rule that has, or had, an alert of these labels. */
struct rule_test_owner {
	struct labels labels; /* of the first in a list */
	const struct rule *rule;
	struct rule_test_owner *next;
};

static bool owns(const void *value, const void *key) {
	const struct rule_test_owner *first = value;
	return labels_equal(first->labels, *(const struct labels *)key);
}

static bool is_state_of(const void *value, const void *key) {
	return ((const struct rule_state *)value)->rule == key;
}

static uint64_t rule_hash(const struct rule *rule) {
	return hash_str((struct str){(const char *)&rule, sizeof(rule)});
}

void rule_test_find_states(struct rule_test_run *run) {
	hmap_init(&run->owners, run->arena);
	hmap_init(&run->states, run->arena);
	for (size_t i = 0; i < simulation_group_count(run->simulation); i++) {
		const struct group_state *g = simulation_group(run->simulation, i);
		for (size_t k = 0; k < g->rule_count; k++) {
			hmap_add(&run->states, rule_hash(g->rules[k].rule), &g->rules[k]);
		}
	}
}

static void add_owner(struct rule_test_run *run, struct rule_test_owner *first,
					  const struct alert_transition *t) {
	struct rule_test_owner *added = arena_alloc(run->arena, sizeof(*added));
	*added = (struct rule_test_owner){.rule = t->rule};
	if (first == NULL) {
		added->labels = labels_dup(run->arena, t->labels);
		hmap_add(&run->owners, labels_hash(t->labels), added);
	} else {
		added->next = first->next;
		first->next = added;
	}
}

/* Whether another rule has this alert, too: it began with it at some time, and was noted here then. */
static bool is_had_twice(struct rule_test_run *run, const struct alert_transition *t) {
	uint64_t hash = labels_hash(t->labels);
	struct rule_test_owner *first = hmap_find(&run->owners, hash, owns, &t->labels);
	bool known = false;
	for (const struct rule_test_owner *o = first; o != NULL; o = o->next) {
		if (o->rule == t->rule) {
			known = true;
			continue;
		}
		const struct rule_state *r =
			hmap_find(&run->states, rule_hash(o->rule), is_state_of, o->rule);
		if (hmap_find(&r->alerting.by_labels, hash, has_alert, &t->labels) != NULL) {
			return true;
		}
	}
	if (!known) {
		add_owner(run, first, t);
	}
	return false;
}

void rule_test_note_result(const struct group_state *group, const struct evaluation_result *result,
						   ts_ms ts, void *data) {
	struct rule_test_run *run = data;
	if (run->options->coverage != NULL) {
		coverage_note_result(run->options->coverage, group, result);
	}
	if (run->wants_sent && is_asked_about(run, group, ts)) {
		note_sent(run, group, &result->notices, ts);
	}
	for (size_t i = 0; i < result->transitions.count; i++) {
		const struct alert_transition *t = &result->transitions.items[i];
		bool begins = t->change == ALERT_APPEARED || t->change == ALERT_FIRED;
		if (begins && run->options->alerted != NULL) {
			run->options->alerted(t->rule, run->options->alerted_data);
		}
		run->overlaps = run->overlaps || (begins && !run->keeps_alerts && is_had_twice(run, t));
		if (run->options->explains && is_tested(run, t->rule)) {
			note_change(run, t, ts);
		}
	}
}

/* ---- fires_between ---- */

static bool fires_now(const struct rule_test_run *run, const struct test_alert_case *c) {
	for (size_t i = 0; i < simulation_group_count(run->simulation); i++) {
		const struct group_state *g = simulation_group(run->simulation, i);
		for (size_t k = 0; k < g->rule_count; k++) {
			const struct alerting *a = &g->rules[k].alerting;
			if (!is_of_case(c, g->rules[k].rule)) {
				continue;
			}
			for (size_t n = 0; n < a->count; n++) {
				if (a->alerts[n]->state == ALERT_FIRING &&
					has_labels(a->alerts[n]->labels, c->with_labels)) {
					return true;
				}
			}
		}
	}
	return false;
}

static bool should_fire(const struct test_alert_case *c, dur_ms time) {
	for (size_t i = 0; i < c->window_count; i++) {
		if (time >= c->windows[i].from && time <= c->windows[i].to) {
			return true;
		}
	}
	return false;
}

static void note_fire(struct rule_test_run *run, struct rule_test_fires *f, dur_ms time) {
	bool on = fires_now(run, f->alert);
	if (on && !f->on) {
		f->windows =
			arena_grow(run->arena, f->windows, f->count, &f->capacity, sizeof(*f->windows));
		f->windows[f->count++].from = time;
	}
	if (on) {
		f->windows[f->count - 1].to = time;
	}
	f->on = on;
	f->wrong = f->wrong || on != should_fire(f->alert, time);
}

void rule_test_note_firing(struct rule_test_run *run) {
	dur_ms time = run->now - run->start;
	for (size_t i = 0; i < run->fires_count; i++) {
		struct rule_test_fires *f = &run->fires[i];
		if (time <= f->alert->eval_time) {
			note_fire(run, f, time);
		}
	}
}

/* ---- the checks of a case ---- */

static struct rule_test_check *open_check(struct rule_test_run *run, enum rule_test_kind kind,
										  const struct test_alert_case *c) {
	struct rule_test_check *check = rule_test_add_check(run, kind);
	check->alert = c;
	check->time = c->eval_time;
	check->span = c->span;
	return check;
}

static void check_list(struct rule_test_run *run, enum rule_test_kind kind,
					   const struct test_alert_case *c, const struct test_alerts *expected) {
	struct rule_test_check *check = open_check(run, kind, c);
	struct got_list list = {.run = run};
	if (kind == RULE_TEST_NOTIFICATIONS) {
		collect_sent(&list, c);
	}
	struct got_list alerts = {.run = run};
	collect_alerts(kind == RULE_TEST_NOTIFICATIONS ? &alerts : &list, c, kind, &check->known);
	check->expected = expected;
	check->got = list.items;
	check->got_count = list.count;
	rule_test_finish_check(run, check, rule_test_match(run, check));
}

static void check_windows(struct rule_test_run *run, const struct test_alert_case *c) {
	for (size_t i = 0; i < run->fires_count; i++) {
		const struct rule_test_fires *f = &run->fires[i];
		if (f->alert == c) {
			struct rule_test_check *check = open_check(run, RULE_TEST_FIRES_BETWEEN, c);
			struct got_list none = {.run = run};
			collect_alerts(&none, c, RULE_TEST_FIRING, &check->known);
			check->windows = f->windows;
			check->window_count = f->count;
			check->span = c->windows_span;
			rule_test_finish_check(run, check, !f->wrong);
		}
	}
}

void rule_test_check_alerts(struct rule_test_run *run, const struct test_alert_case *c) {
	/* fires_between says whether any fires at this time, too */
	if (c->firing.given || !c->has_windows) {
		check_list(run, RULE_TEST_FIRING, c, &c->firing);
	}
	if (c->pending.given) {
		check_list(run, RULE_TEST_PENDING, c, &c->pending);
	}
	if (c->resolved.given) {
		check_list(run, RULE_TEST_RESOLVED, c, &c->resolved);
	}
	if (c->notifications.given) {
		check_list(run, RULE_TEST_NOTIFICATIONS, c, &c->notifications);
	}
	check_windows(run, c);
}
