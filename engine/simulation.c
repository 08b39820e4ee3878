#include "engine/simulation.h"

#include "base/bug.h"
#include "base/mem.h"
#include "engine/schedule.h"

struct simulation {
	struct rule_set *set;
	const struct pql_store *store;
	const struct evaluation_settings *settings;
	enum pql_series_form form;
	const char *failure; /* NULL: samples are given */
	struct outputs *outputs;
	struct group_state **groups;
	size_t group_count;
};

struct simulation *simulation_create(struct rule_set *set, const struct pql_store *store,
									 const struct evaluation_settings *settings,
									 dur_ms default_interval, enum pql_series_form form) {
	struct simulation *s = mem_calloc(1, sizeof(*s));
	*s = (struct simulation){.set = rule_set_hold(set),
							 .store = store,
							 .settings = settings,
							 .form = form,
							 .outputs = outputs_create(INT64_MAX / 4), /* all there ever was */
							 .groups = mem_calloc(set->group_count, sizeof(struct group_state *))};
	s->group_count = set->group_count;
	for (size_t i = 0; i < set->group_count; i++) {
		s->groups[i] = group_state_create(set->groups[i], default_interval);
		group_state_set_mode(s->groups[i], EVALUATION_LOCAL, false);
	}
	return s;
}

void simulation_destroy(struct simulation *s) {
	if (s == NULL) {
		return;
	}
	for (size_t i = 0; i < s->group_count; i++) {
		group_state_destroy(s->groups[i], NULL, 0);
	}
	free(s->groups);
	outputs_destroy(s->outputs);
	rule_set_destroy(s->set);
	free(s);
}

void simulation_break(struct simulation *s, const char *message) {
	s->failure = message;
}

static void supply(struct simulation *s, struct evaluation *e, size_t index, struct arena *a) {
	struct pql_time_options options = {.lookback = s->settings->lookback,
									   .default_subquery_step = s->settings->default_subquery_step};
	const struct pql_need *need = evaluation_need(e, index);
	struct pql_series_set set;
	BUG_ON(need->kind == PQL_NEED_EXPRESSION); /* groups of a simulation evaluate here */
	const char *failure = s->failure;
	bool stored = s->form == PQL_SERIES_STORED;
	if (failure == NULL && (stored ? pql_store_select : pql_store_look_up)(s->store, need, &options,
																		   a, &set, &failure)) {
		evaluation_supply(e, index, set, 0);
	} else {
		evaluation_refuse(e, index, failure, false, 0);
	}
}

static void evaluate(struct simulation *s, struct group_state *group, ts_ms ts,
					 simulation_watch *watch, void *data) {
	struct arena a;
	size_t supplied = 0;
	arena_init(&a);
	struct evaluation *e = evaluation_begin(group, s->settings, s->outputs, ts, ts);
	enum evaluation_progress progress;
	do {
		for (; supplied < evaluation_need_count(e); supplied++) {
			supply(s, e, supplied, &a);
		}
		progress = evaluation_step(e, ts);
		if (progress == EVALUATION_WRITES) {
			evaluation_written(e, NULL); /* there is no database behind what is in memory */
		}
	} while (progress != EVALUATION_DONE);
	if (watch != NULL) {
		watch(group, evaluation_result(e), ts, data);
	}
	evaluation_destroy(e);
	arena_finish(&a);
}

void simulation_step(struct simulation *s, ts_ms ts, simulation_watch *watch, void *data) {
	for (size_t i = 0; i < s->group_count; i++) {
		if (schedule_slot(s->groups[i]->interval, ts) == ts) {
			evaluate(s, s->groups[i], ts, watch, data);
		}
	}
}

size_t simulation_group_count(const struct simulation *s) {
	return s->group_count;
}

const struct group_state *simulation_group(const struct simulation *s, size_t index) {
	return s->groups[index];
}

const struct outputs *simulation_outputs(const struct simulation *s) {
	return s->outputs;
}
