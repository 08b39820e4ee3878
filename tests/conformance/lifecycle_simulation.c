/* A suite's rules evaluated by the engine's own simulation; notices go through an outbox. */
#include <stdio.h>
#include <stdlib.h>

#include "engine/rule-tests/simulation.h"
#include "notifiers/outbox.h"
#include "promql-lite/parser.h"
#include "tests/conformance/lifecycle.h"
#include "tests/conformance/load.h"

#define SEEN_MAX 16

struct run {
	const struct suite_policy *policy;
	struct judge *judge;
	struct arena arena;
	struct rule_set *set;
	struct pql_store *store;
	struct evaluation_settings settings;
	struct simulation *simulation;
	struct outbox *outbox;
	struct pql_expr *alerts_series;
};

static void stop(const char *what) {
	printf("%s\n", what);
	exit(1);
}

static void begin_run(struct run *r, struct suite *s, dur_ms phase) {
	struct strbuf error = STRBUF_INIT;
	struct diags diags;
	arena_init(&r->arena);
	diags_init(&diags, &r->arena);
	r->settings = (struct evaluation_settings){
		.alerting = {.resend_delay = r->policy->resend,
					 .resolved_retention = r->policy->retention,
					 .external_url = STR("http://prometheus:9090"),
					 .max_alerts = 1000},
		.lookback = 300000,
		.default_subquery_step = 60000,
		.keep_alive = true,
	};
	r->set = rule_set_create();
	r->store = pql_store_create();
	r->alerts_series = pql_parse_selector(STR("ALERTS"), &r->arena, &diags);
	if (!rule_set_add_file(r->set, STR("rules.yml"), suite_read(s, r->policy->rules), &diags)) {
		stop(diags.items[0].message);
	}
	if (!load_blocks(s->data, SUITE_GRID - phase, r->store, &error)) {
		stop(error.ptr);
	}
	strbuf_finish(&error);
	r->simulation =
		simulation_create(r->set, r->store, &r->settings,
						  &(struct simulation_options){.default_interval = SUITE_INTERVAL,
													   .form = PQL_SERIES_LOOKED_UP});
	r->outbox = outbox_create(&(struct outbox_options){
		.batch_max = 256, .capacity = 1000, .retry_min = 1000, .retry_max = 30000});
}

static void end_run(struct run *r) {
	outbox_destroy(r->outbox);
	simulation_destroy(r->simulation);
	rule_set_destroy(r->set);
	pql_store_destroy(r->store);
	pql_expr_finish(r->alerts_series);
	arena_finish(&r->arena);
}

/* ---- posts ---- */

static ts_ms active_since(const struct group_state *group, struct labels labels) {
	for (size_t i = 0; i < group->rule_count; i++) {
		const struct alerting *a = &group->rules[i].alerting;
		for (size_t k = 0; k < a->count; k++) {
			if (labels_equal(a->alerts[k]->labels, labels)) {
				return a->alerts[k]->active_at;
			}
		}
	}
	return TS_NONE;
}

static void push_notices(const struct group_state *group, const struct evaluation_result *result,
						 ts_ms ts, void *data) {
	struct run *r = data;
	for (size_t i = 0; i < result->notices.count; i++) {
		struct notice n = result->notices.items[i];
		if (r->policy->starts_active) {
			n.starts_at = active_since(group, n.labels);
		}
		if (r->policy->no_texts && n.resolved) {
			n.annotations = LABELS_EMPTY;
		}
		outbox_push(r->outbox, &n, ts);
	}
}

static void deliver(struct run *r, ts_ms ts) {
	struct outbox_delivery d;
	while (outbox_next(r->outbox, ts, &d)) {
		cJSON *alerts = cJSON_ParseWithLength(d.body.ptr, d.body.len);
		const cJSON *alert;
		cJSON_ArrayForEach(alert, alerts) {
			judge_post(r->judge, alert, ts + r->policy->late);
		}
		cJSON_Delete(alerts);
		outbox_done(r->outbox, d.id, OUTBOX_OK, "", 0, ts);
	}
}

/* ---- polls ---- */

static void poll_states(const struct run *r, const struct group_state *group, ts_ms ts) {
	struct judge_seen seen[SEEN_MAX];
	size_t count = 0;
	for (size_t i = 0; i < group->rule_count; i++) {
		const struct alerting *a = &group->rules[i].alerting;
		if (group->rules[i].health != RULE_HEALTH_OK) {
			judge_complain(r->judge, "%s", group->rules[i].last_error);
		}
		for (size_t k = 0; k < a->count && count < SEEN_MAX; k++) {
			const struct alert *alert = a->alerts[k];
			if (alert_is_active(alert)) {
				seen[count++] = (struct judge_seen){.labels = alert->labels,
													.state = alert->state,
													.value = alert->value,
													.active_at = alert->active_at,
													.annotations = alert->annotations};
			}
		}
	}
	judge_poll(r->judge, "alerts", group->group->name, seen, count, ts, ts + SUITE_INTERVAL);
}

static enum alert_state state_of(struct str name) {
	return str_equal(name, STR("firing")) ? ALERT_FIRING : ALERT_PENDING;
}

/* The series ALERTS as a query at t finds them. */
static void poll_series(const struct run *r, struct str group, ts_ms t) {
	struct judge_seen seen[SEEN_MAX];
	struct pql_time_options options = {.lookback = 300000, .default_subquery_step = 60000};
	struct pql_series_set none = {.form = PQL_SERIES_LOOKED_UP}, set;
	struct pql_need *needs;
	struct arena a;
	size_t count = 0;
	arena_init(&a);
	pql_needs(r->alerts_series, (struct pql_grid){t, t, 1}, &options, &a, &needs);
	const char *failure = outputs_join(simulation_outputs(r->simulation), &needs[0],
									   options.lookback, none, &a, &set);
	if (failure != NULL) {
		stop(failure);
	}
	for (size_t i = 0; i < set.count && count < SEEN_MAX; i++) {
		struct labels labels = set.items[i].labels;
		if (str_equal(labels_get(labels, STR("rulegroup")), group)) {
			struct labels_builder b;
			labels_builder_init_from(&b, &a, labels);
			labels_builder_remove(&b, LABEL_NAME);
			seen[count++] = (struct judge_seen){
				.labels = labels_builder_take(&b),
				.state = state_of(labels_get(labels, STR("alertstate"))),
				.plain = true,
			};
		}
	}
	judge_poll(r->judge, "ALERTS", group, seen, count, t, t + 1);
	arena_finish(&a);
}

void suite_run_simulation(struct suite *s, const struct suite_policy *policy, dur_ms phase,
						  struct judge *j) {
	struct run r = {.policy = policy, .judge = j};
	begin_run(&r, s, phase);
	ts_ms end = j->begin + SUITE_LENGTH;
	for (ts_ms ts = SUITE_GRID; ts < end && j->complaint_count == 0; ts += SUITE_INTERVAL) {
		simulation_step(r.simulation, ts, push_notices, &r);
		deliver(&r, ts);
		for (size_t i = 0; i < simulation_group_count(r.simulation); i++) {
			const struct group_state *group = simulation_group(r.simulation, i);
			poll_states(&r, group, ts);
			poll_series(&r, group->group->name, ts);
			poll_series(&r, group->group->name, ts + SUITE_INTERVAL - 1);
		}
	}
	judge_end(j);
	end_run(&r);
}
