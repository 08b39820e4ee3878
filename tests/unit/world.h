/* Rules over series written down in a test, evaluated with invented time. */
#ifndef TESTS_UNIT_WORLD_H
#define TESTS_UNIT_WORLD_H

#include "base/gofloat.h"
#include "engine/rule-tests/simulation.h"
#include "promql-lite/series_notation.h"
#include "tests/unit/check.h"

struct world {
	struct arena arena;
	struct rule_set *set;
	struct pql_store *store;
	struct evaluation_settings settings;
	struct simulation *simulation;
	struct strbuf sent; /* of the last step: what Alertmanager is told, one line each */
};

static inline void world_start(struct world *w, enum pql_series_form form) {
	w->store = pql_store_create();
	w->settings = (struct evaluation_settings){
		.alerting = {.resend_delay = 60000,
					 .resolved_retention = 900000,
					 .external_url = STR("http://prom:9090"),
					 .max_alerts = 1000},
		.lookback = 300000,
		.default_subquery_step = 15000,
		.max_samples = 1000000,
		.keep_alive = true,
	};
	w->simulation =
		simulation_create(w->set, w->store, &w->settings,
						  &(struct simulation_options){.default_interval = 15000, .form = form});
}

static inline void world_init(struct world *w, const char *rules, enum pql_series_form form) {
	struct diags diags;
	*w = (struct world){0};
	arena_init(&w->arena);
	diags_init(&diags, &w->arena);
	w->set = rule_set_create();
	if (!rule_set_add_file(w->set, STR("rules.yml"), str_from(rules), &diags)) {
		fail_msg("%s", diags.items[0].message);
	}
	world_start(w, form);
}

static inline void world_init_preset(struct world *w, const struct config_preset *preset,
									 enum pql_series_form form) {
	const char *error = NULL;
	*w = (struct world){0};
	arena_init(&w->arena);
	w->set = rule_set_create();
	if (!rule_set_add_preset(w->set, preset, &error)) {
		fail_msg("%s", error);
	}
	world_start(w, form);
}

static inline void world_finish(struct world *w) {
	simulation_destroy(w->simulation);
	rule_set_destroy(w->set);
	pql_store_destroy(w->store);
	strbuf_finish(&w->sent);
	arena_finish(&w->arena);
}

/* `up{job="x"} 1 _ 0+1x3 stale`, one point every `step` from `start` on. */
static inline void world_add(struct world *w, ts_ms start, dur_ms step, const char *series) {
	struct labels labels;
	struct pql_points points;
	const char *error;
	if (!pql_notation_parse(str_from(series), &w->arena, &labels, &points, &error)) {
		fail_msg("%s: %s", series, error);
	}
	for (size_t i = 0; i < points.count; i++) {
		if (points.items[i].kind == PQL_POINT_VALUE) {
			pql_store_add(w->store, labels, start + (ts_ms)i * step, points.items[i].value);
		}
	}
}

static inline void world_note_sent(const struct group_state *group,
								   const struct evaluation_result *result, ts_ms ts, void *data) {
	struct world *w = data;
	(void)group;
	for (size_t i = 0; i < result->notices.count; i++) {
		const struct notice *n = &result->notices.items[i];
		strbuf_add_c(&w->sent, n->resolved ? "resolved " : "firing ");
		labels_print(&w->sent, n->labels);
		strbuf_printf(&w->sent, " %lld %+lld\n", (long long)n->starts_at,
					  (long long)(n->ends_at - ts));
	}
}

static inline void world_step(struct world *w, ts_ms ts) {
	strbuf_clear(&w->sent);
	simulation_step(w->simulation, ts, world_note_sent, w);
}

static inline void world_run(struct world *w, ts_ms from, ts_ms to, dur_ms step) {
	for (ts_ms t = from; t <= to; t += step) {
		world_step(w, t);
	}
}

static inline const struct rule_state *world_rule(const struct world *w, const char *name) {
	for (size_t i = 0; i < simulation_group_count(w->simulation); i++) {
		const struct group_state *g = simulation_group(w->simulation, i);
		for (size_t j = 0; j < g->rule_count; j++) {
			if (str_equal(g->rules[j].rule->name, str_from(name))) {
				return &g->rules[j];
			}
		}
	}
	fail_msg("no rule %s", name);
	return NULL;
}

static inline int world_compare_lines(const void *a, const void *b) {
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The active alerts of a rule, sorted: `firing {a="b"} 1.5`. NULL-terminated text in the world's arena. */
static inline const char *world_alerts(struct world *w, const char *rule) {
	const struct alerting *a = &world_rule(w, rule)->alerting;
	const char **lines = ARENA_ARRAY(&w->arena, const char *, a->count + 1);
	struct strbuf out = STRBUF_INIT;
	size_t count = 0;
	for (size_t i = 0; i < a->count; i++) {
		if (!alert_is_active(a->alerts[i])) {
			continue;
		}
		strbuf_clear(&out);
		strbuf_printf(&out, "%s ", alert_state_name[a->alerts[i]->state]);
		labels_print(&out, a->alerts[i]->labels);
		strbuf_add_char(&out, ' ');
		gofloat_print(&out, a->alerts[i]->value, 'g');
		lines[count++] = arena_dup(&w->arena, strbuf_str(&out)).ptr;
	}
	qsort(lines, count, sizeof(*lines), world_compare_lines);
	strbuf_clear(&out);
	for (size_t i = 0; i < count; i++) {
		strbuf_printf(&out, "%s\n", lines[i]);
	}
	const char *text = arena_dup(&w->arena, strbuf_str(&out)).ptr;
	strbuf_finish(&out);
	return text;
}

#endif
