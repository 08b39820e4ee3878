#include "engine/alerting.h"

#include <inttypes.h>

#include "base/mem.h"

static bool alert_has_labels(const void *value, const void *key) {
	return labels_equal(((const struct alert *)value)->labels, *(const struct labels *)key);
}

static bool candidate_has_labels(const void *value, const void *key) {
	return labels_equal(((const struct alerting_candidate *)value)->labels,
						*(const struct labels *)key);
}

void alerting_init(struct alerting *a, const struct rule *rule) {
	*a = (struct alerting){.rule = rule, .state = ALERT_UNKNOWN, .evaluated_at = TS_NONE};
	hmap_init(&a->by_labels, NULL);
}

static void forget_all(struct alerting *a) {
	for (size_t i = 0; i < a->count; i++) {
		alert_destroy(a->alerts[i]);
	}
	a->count = 0;
	hmap_clear(&a->by_labels);
}

void alerting_finish(struct alerting *a) {
	if (a == NULL) {
		return;
	}
	forget_all(a);
	free(a->alerts);
	hmap_finish(&a->by_labels);
	*a = (struct alerting){0};
}

/* Two elements of the result that mean the same alert. */
static bool has_duplicates(const struct alerting_candidate *candidates, size_t count,
						   struct arena *arena) {
	struct hmap seen;
	hmap_init(&seen, arena);
	for (size_t i = 0; i < count; i++) {
		if (hmap_find(&seen, candidates[i].hash, candidate_has_labels, &candidates[i].labels)) {
			return true;
		}
		hmap_add(&seen, candidates[i].hash, (void *)&candidates[i]);
	}
	return false;
}

static struct alert_times times_of(const struct alerting *a,
								   const struct alerting_settings *settings) {
	return (struct alert_times){.hold = a->rule->hold,
								.keep_firing_for = a->rule->keep_firing_for,
								.resolved_retention = settings->resolved_retention};
}

/* How many alerts would be active after a step with these candidates: `present` is set by the caller. */
static size_t count_active(const struct alerting *a, size_t candidates,
						   const struct alert_times *times, ts_ms ts) {
	size_t active = candidates;
	for (size_t i = 0; i < a->count; i++) {
		const struct alert *alert = a->alerts[i];
		if (alert->state == ALERT_FIRING && !alert->present && times->keep_firing_for > 0) {
			ts_ms since = alert->keep_firing_since == TS_NONE ? ts : alert->keep_firing_since;
			active += ts - since < times->keep_firing_for;
		}
	}
	return active;
}

static void mark_present(struct alerting *a, const struct alerting_candidate *candidates,
						 size_t count) {
	for (size_t i = 0; i < a->count; i++) {
		a->alerts[i]->present = false;
	}
	for (size_t i = 0; i < count; i++) {
		struct alert *alert =
			hmap_find(&a->by_labels, candidates[i].hash, alert_has_labels, &candidates[i].labels);
		if (alert != NULL) {
			alert->present = true;
		}
	}
}

static void add_transition(struct alert_transitions *t, enum alert_change change,
						   const struct rule *rule, const struct alert *alert,
						   struct arena *arena) {
	t->items = arena_grow(arena, t->items, t->count, &t->capacity, sizeof(*t->items));
	t->items[t->count++] =
		(struct alert_transition){.change = change,
								  .rule = rule,
								  .labels = labels_dup(arena, alert->labels),
								  .annotations = labels_dup(arena, alert->annotations),
								  .value = alert->value,
								  .active_at = alert->active_at};
}

static void add_alert(struct alerting *a, struct alert *alert) {
	a->alerts = mem_grow(a->alerts, a->count, &a->capacity, sizeof(struct alert *));
	a->alerts[a->count++] = alert;
	hmap_add(&a->by_labels, alert->hash, alert);
}

static void take_candidates(struct alerting *a, const struct alerting_candidate *candidates,
							size_t count, ts_ms ts) {
	for (size_t i = 0; i < count; i++) {
		const struct alerting_candidate *c = &candidates[i];
		struct alert *alert = hmap_find(&a->by_labels, c->hash, alert_has_labels, &c->labels);
		if (alert == NULL) {
			add_alert(a, alert_create(c->labels, c->annotations, c->value, ts));
		} else if (alert->state == ALERT_INACTIVE) {
			/* A resolved alert that is back is a new one: its resolution is not sent again. */
			alert_start_anew(alert, c->annotations, c->value, ts);
		} else {
			alert_update(alert, c->annotations, c->value);
		}
	}
}

static void step_alerts(struct alerting *a, const struct alert_times *times, ts_ms ts,
						struct arena *arena, struct alert_transitions *transitions) {
	size_t kept = 0;
	a->state = ALERT_INACTIVE;
	for (size_t i = 0; i < a->count; i++) {
		struct alert *alert = a->alerts[i];
		bool is_new = alert->state == ALERT_PENDING && alert->active_at == ts;
		enum alert_change change = alert_step(alert, times, ts);
		if (change == ALERT_UNCHANGED && is_new) {
			change = ALERT_APPEARED;
		}
		if (change != ALERT_UNCHANGED) {
			add_transition(transitions, change, a->rule, alert, arena);
		}
		if (change == ALERT_DROPPED || change == ALERT_FORGOTTEN) {
			hmap_remove(&a->by_labels, alert->hash, alert_has_labels, &alert->labels);
			alert_destroy(alert);
			continue;
		}
		a->alerts[kept++] = alert;
		if (alert->state > a->state) {
			a->state = alert->state;
		}
	}
	a->count = kept;
}

/* NULL: within the limits. */
static const char *judge_limits(struct alerting *a, const struct alerting_settings *settings,
								const struct rule_group *group, size_t active,
								struct arena *arena) {
	if (active > settings->max_alerts) {
		return arena_printf(arena, "exceeded limit of %zu with %zu alerts (limits.alerts_per_rule)",
							settings->max_alerts, active);
	}
	if (group->limit > 0 && active > (uint64_t)group->limit) {
		if (settings->limit_forgets) {
			forget_all(a);
		}
		return arena_printf(arena, "exceeded limit of %" PRId64 " with %zu alerts", group->limit,
							active);
	}
	return NULL;
}

const char *alerting_step(struct alerting *a, const struct alerting_settings *settings,
						  const struct rule_group *group,
						  const struct alerting_candidate *candidates, size_t count, ts_ms ts,
						  struct arena *arena, struct alert_transitions *transitions) {
	struct alert_times times = times_of(a, settings);
	if (a->state == ALERT_UNKNOWN) {
		a->state = ALERT_INACTIVE;
	}
	if (has_duplicates(candidates, count, arena)) {
		return "vector contains metrics with the same labelset after applying alert labels";
	}
	mark_present(a, candidates, count);
	const char *error = judge_limits(a, settings, group, count_active(a, count, &times, ts), arena);
	if (error != NULL) {
		if (a->count == 0) {
			a->state = ALERT_INACTIVE;
		}
		return error;
	}
	a->evaluated_at = ts;
	take_candidates(a, candidates, count, ts);
	step_alerts(a, &times, ts, arena, transitions);
	return NULL;
}

/* As Go's url.QueryEscape. */
static void add_query_escaped(struct strbuf *b, struct str s) {
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		if (c != '\0' && strchr(plain, c) != NULL) {
			strbuf_add_char(b, c);
		} else if (c == ' ') {
			strbuf_add_char(b, '+');
		} else {
			strbuf_printf(b, "%%%02X", (unsigned)(unsigned char)c);
		}
	}
}

struct str alerting_generator_url(struct str url, struct str query, struct arena *arena) {
	struct strbuf b = STRBUF_INIT;
	strbuf_add(&b, url);
	strbuf_add_c(&b, "/graph?g0.expr=");
	add_query_escaped(&b, query);
	strbuf_add_c(&b, "&g0.tab=1");
	struct str result = arena_dup(arena, strbuf_str(&b));
	strbuf_finish(&b);
	return result;
}

/* Engines with the same rules evaluate them at the same times: none can know better before the next one. */
static ts_ms sure_until(const struct alerting *a, dur_ms interval) {
	return a->evaluated_at == TS_NONE ? TS_NONE : a->evaluated_at + interval;
}

static void add_notice(struct notices *notices, const struct alert *alert, ts_ms ends_at,
					   bool resolved, ts_ms sure, struct str generator_url, struct arena *arena) {
	notices->items = arena_grow(arena, notices->items, notices->count, &notices->capacity,
								sizeof(*notices->items));
	notices->items[notices->count++] = (struct notice){.labels = alert->labels,
													   .annotations = alert->annotations,
													   .starts_at = alert->fired_at,
													   .ends_at = ends_at,
													   .resolved = resolved,
													   .sure_until = sure,
													   .generator_url = generator_url};
}

void alerting_take_notices(struct alerting *a, const struct alerting_settings *settings,
						   dur_ms interval, ts_ms ts, struct arena *arena,
						   struct notices *notices) {
	dur_ms delta = interval > settings->resend_delay ? interval : settings->resend_delay;
	ts_ms sure = sure_until(a, interval);
	bool is_blind = ts >= sure, says_again = a->spoke_blind && !is_blind;
	struct str url = {0};
	for (size_t i = 0; i < a->count; i++) {
		struct alert *alert = a->alerts[i];
		bool resolved = alert->resolved_at != TS_NONE;
		bool over =
			resolved && (is_blind || ts - alert->resolved_at > settings->resolved_retention);
		bool again = says_again && alert->state == ALERT_FIRING;
		if (over || (!again && !alert_needs_sending(alert, ts, settings->resend_delay))) {
			continue;
		}
		if (url.ptr == NULL) {
			url = alerting_generator_url(settings->external_url, a->rule->query, arena);
		}
		alert->last_sent_at = ts;
		a->spoke_blind = a->spoke_blind || is_blind;
		add_notice(notices, alert, resolved ? alert->resolved_at : ts + 4 * delta, resolved, sure,
				   url, arena);
	}
	a->spoke_blind = a->spoke_blind && is_blind;
}

void alerting_add_firing(const struct alerting *a, const struct alerting_settings *settings,
						 dur_ms interval, ts_ms ts, struct arena *arena, struct notices *notices) {
	dur_ms delta = interval > settings->resend_delay ? interval : settings->resend_delay;
	struct str url = alerting_generator_url(settings->external_url, a->rule->query, arena);
	for (size_t i = 0; i < a->count; i++) {
		if (a->alerts[i]->state == ALERT_FIRING) {
			add_notice(notices, a->alerts[i], ts + 4 * delta, false, sure_until(a, interval), url,
					   arena);
		}
	}
}

void alerting_resolve_all(struct alerting *a, const struct alerting_settings *settings, ts_ms ts,
						  struct arena *arena, struct notices *notices) {
	struct str url = alerting_generator_url(settings->external_url, a->rule->query, arena);
	for (size_t i = 0; i < a->count; i++) {
		if (a->alerts[i]->state == ALERT_FIRING) {
			add_notice(notices, a->alerts[i], ts, true, ts + settings->resend_delay, url, arena);
		}
	}
}

/* One whose template gave nothing, so that the alert is without it, stands there as its template. */
struct labels alerting_series_labels(const struct rule *rule, struct labels alert,
									 struct arena *arena) {
	struct labels_builder b;
	labels_builder_init_from(&b, arena, alert);
	for (size_t i = 0; i < rule->label_count; i++) {
		const struct rule_text *label = &rule->labels[i];
		if (label->template != NULL && !labels_has(alert, label->name)) {
			labels_builder_set(&b, label->name, label->source);
		}
	}
	return labels_builder_take(&b);
}

static void add_output(struct labels labels, struct str name, const char *state, double value,
					   struct arena *arena, struct output_samples *samples) {
	struct labels_builder b;
	labels_builder_init_from(&b, arena, labels);
	labels_builder_set(&b, LABEL_NAME, name);
	if (state != NULL) {
		labels_builder_set(&b, STR("alertstate"), str_from(state));
	}
	samples->items = arena_grow(arena, samples->items, samples->count, &samples->capacity,
								sizeof(*samples->items));
	samples->items[samples->count++] =
		(struct output_sample){.labels = labels_builder_take(&b), .value = value};
}

void alerting_add_outputs(const struct alerting *a, struct arena *arena,
						  struct output_samples *samples) {
	for (size_t i = 0; i < a->count; i++) {
		const struct alert *alert = a->alerts[i];
		if (!alert_is_active(alert)) {
			continue;
		}
		struct labels labels = alerting_series_labels(a->rule, alert->labels, arena);
		add_output(labels, STR("ALERTS"), alert_state_name[alert->state], 1, arena, samples);
		ts_ms seconds = alert->active_at / 1000 - (alert->active_at % 1000 < 0);
		add_output(labels, STR("ALERTS_FOR_STATE"), NULL, (double)seconds, arena, samples);
	}
}

void alerting_set_back(struct alerting *a, dur_ms by) {
	if (a->evaluated_at != TS_NONE) {
		a->evaluated_at -= by;
	}
	for (size_t i = 0; i < a->count; i++) {
		alert_set_back(a->alerts[i], by);
	}
}
