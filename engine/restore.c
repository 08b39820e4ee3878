#include "engine/restore.h"

#include "base/regex_quote.h"

#define POINTS_PER_LOOKBACK 4

bool restore_concerns(const struct rule *rule, const struct restore_times *times) {
	return rule->kind == RULE_ALERTING && rule->hold >= times->grace_period;
}

bool restore_print_selector(const struct rule_group *group, const struct restore_times *times,
							struct strbuf *out) {
	struct strbuf names = STRBUF_INIT;
	bool any = false;
	for (size_t i = 0; i < group->rule_count; i++) {
		if (restore_concerns(&group->rules[i], times)) {
			strbuf_add_c(&names, any ? "|" : "");
			regex_quote(&names, group->rules[i].name);
			any = true;
		}
	}
	if (any) {
		strbuf_add_c(out, "ALERTS_FOR_STATE{alertname=~");
		strbuf_add_quoted(out, strbuf_str(&names));
		strbuf_add_char(out, '}');
	}
	strbuf_finish(&names);
	return any;
}

void restore_needs(const struct restore_times *times, dur_ms lookback,
				   const struct pql_selector *selector, ts_ms now, struct pql_need ret_needs[2]) {
	dur_ms step = lookback / POINTS_PER_LOOKBACK > 0 ? lookback / POINTS_PER_LOOKBACK : 1;
	struct pql_grid grid = {
		.start = now - times->outage_tolerance / step * step, .end = now, .step = step};
	ret_needs[0] = (struct pql_need){.kind = PQL_NEED_RANGE,
									 .selector = selector,
									 .grid = {.start = now, .end = now, .step = 1},
									 .start = now - times->outage_tolerance,
									 .end = now};
	ret_needs[1] = (struct pql_need){.kind = PQL_NEED_INSTANT,
									 .selector = selector,
									 .grid = grid,
									 .start = grid.start - lookback,
									 .end = now};
}

/* Whether these are the alert's labels, with another metric name. */
static bool is_of_alert(const void *value, const void *key) {
	struct labels series = ((const struct pql_series *)value)->labels;
	struct labels alert = *(const struct labels *)key;
	size_t at = 0;
	for (size_t i = 0; i < series.count; i++) {
		if (str_equal(series.items[i].name, LABEL_NAME)) {
			continue;
		}
		if (at == alert.count || !str_equal(series.items[i].name, alert.items[at].name) ||
			!str_equal(series.items[i].value, alert.items[at].value)) {
			return false;
		}
		at++;
	}
	return at == alert.count;
}

static void index_set(struct hmap *map, const struct pql_series_set *set, struct arena *a) {
	hmap_init(map, a);
	for (size_t i = 0; i < set->count; i++) {
		struct labels_builder b;
		labels_builder_init_from(&b, a, set->items[i].labels);
		labels_builder_remove(&b, LABEL_NAME);
		hmap_add(map, labels_hash(labels_builder_take(&b)), (void *)&set->items[i]);
	}
}

void restore_index(struct restore_answer *answer, struct arena *a) {
	index_set(&answer->samples_by_alert, &answer->samples, a);
	index_set(&answer->points_by_alert, &answer->points, a);
}

static const struct pql_series *find_series(const struct hmap *map, struct labels alert) {
	return hmap_find(map, labels_hash(alert), is_of_alert, &alert);
}

static bool has_point(const struct pql_series *points, ts_ms t) {
	size_t after = points == NULL ? 0 : pql_times_after(points->times, points->count, t);
	return after > 0 && points->times[after - 1] == t;
}

/* Whether the series was ended after its last sample. Unmarked, it would be found at each point up to the lookback after it: the
 * last of these tells. */
static bool was_ended(const struct restore_answer *answer, const struct pql_series *samples,
					  struct labels alert) {
	ts_ms last = samples->times[samples->count - 1];
	struct pql_grid grid = answer->grid;
	if (answer->samples.form == PQL_SERIES_STORED) {
		return pql_is_stale_nan(samples->values[samples->count - 1]);
	}
	ts_ms latest = last + answer->lookback - 1;
	latest = latest < grid.end ? latest : grid.end;
	ts_ms point = latest < grid.start ? grid.start - 1
									  : grid.start + (latest - grid.start) / grid.step * grid.step;
	return point > last && !has_point(find_series(&answer->points_by_alert, alert), point);
}

/* Since when the alert counts as pending. Times in the database are whole seconds. */
static ts_ms restored_at(dur_ms hold, const struct restore_times *times, ts_ms down_at,
						 ts_ms active_at, ts_ms now) {
	dur_ms remaining = hold - (down_at - active_at);
	if (remaining <= 0) {
		return active_at;
	}
	if (remaining < times->grace_period) {
		return now + times->grace_period - hold;
	}
	return active_at + (now - down_at);
}

static ts_ms whole_seconds(ts_ms t) {
	return t / 1000 * 1000;
}

/* true: the alert goes on where it was. */
static bool restore_alert(struct alert *alert, dur_ms hold, const struct restore_times *times,
						  const struct restore_answer *answer, struct labels labels, ts_ms now) {
	const struct pql_series *s = find_series(&answer->samples_by_alert, labels);
	if (s == NULL || s->count == 0 || was_ended(answer, s, labels)) {
		return false;
	}
	double seconds = s->values[s->count - 1];
	if (!(seconds >= 0 && seconds <= (double)(now / 1000))) {
		return false; /* no time that an alert can have begun at */
	}
	alert->active_at =
		restored_at(hold, times, whole_seconds(s->times[s->count - 1]), (ts_ms)seconds * 1000, now);
	return true;
}

size_t restore_alerts(struct alerting *a, const struct restore_times *times,
					  const struct restore_answer *answer, ts_ms now) {
	size_t restored = 0;
	struct arena arena;
	arena_init(&arena);
	for (size_t i = 0; i < a->count; i++) {
		struct alert *alert = a->alerts[i];
		if (alert->state == ALERT_PENDING) {
			struct labels labels = alerting_series_labels(a->rule, alert->labels, &arena);
			restored += restore_alert(alert, a->rule->hold, times, answer, labels, now);
		}
		arena_reset(&arena);
	}
	arena_finish(&arena);
	return restored;
}
