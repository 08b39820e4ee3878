#include "engine/rule-tests/simulation_private.h"

#include "base/bug.h"
#include "base/mem.h"
#include "engine/schedule.h"

struct simulation *simulation_create(struct rule_set *set, const struct pql_store *store,
									 const struct evaluation_settings *settings,
									 const struct simulation_options *options) {
	struct simulation *s = mem_calloc(1, sizeof(*s));
	*s = (struct simulation){.set = rule_set_hold(set),
							 .store = store,
							 .settings = settings,
							 .options = *options,
							 .outputs = outputs_create(INT64_MAX / 4), /* all there ever was */
							 .groups = mem_calloc(set->group_count, sizeof(struct group_state *)),
							 .group_count = set->group_count,
							 .now = TS_NONE};
	for (size_t i = 0; i < set->group_count; i++) {
		const struct rule_group *group =
			set->groups[options->order != NULL ? options->order[i] : i];
		s->groups[i] = group_state_create(group, options->default_interval);
		if (options->one_interval) {
			s->groups[i]->interval = options->default_interval;
		}
		group_state_set_mode(s->groups[i], EVALUATION_LOCAL, false);
	}
	s->options.order = NULL;
	return s;
}

void simulation_destroy(struct simulation *s) {
	if (s == NULL) {
		return;
	}
	ahead_destroy(s->ahead);
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

void simulation_keep(struct simulation *s, const struct str *names, size_t count) {
	struct str none = STR_EMPTY; /* a list, though an empty one */
	outputs_keep(s->outputs, INT64_MAX / 4, count > 0 ? names : &none, count);
}

/* ---- samples ---- */

struct pql_time_options simulation_time_options(const struct simulation *s) {
	return (struct pql_time_options){.lookback = s->settings->lookback,
									 .default_subquery_step = s->settings->default_subquery_step};
}

static const char *fetch(const struct simulation *s, const struct pql_need *need, ts_ms now,
						 struct arena *a, struct pql_series_set *ret_set) {
	struct pql_time_options options = simulation_time_options(s);
	struct pql_need visible = *need;
	if (s->options.hides_future && visible.end > now) {
		visible.end = now;
	}
	bool stored = s->options.form == PQL_SERIES_STORED;
	const char *failure;
	bool good = (stored ? pql_store_select : pql_store_look_up)(s->store, &visible, &options, a,
																ret_set, &failure);
	return good ? NULL : failure;
}

const char *simulation_select(const struct simulation *s, const struct pql_need *need, ts_ms now,
							  struct arena *a, struct pql_series_set *ret_set) {
	struct pql_series_set fetched;
	const char *failure = fetch(s, need, now, a, &fetched);
	return failure != NULL
			   ? failure
			   : outputs_join(s->outputs, need, s->settings->lookback, fetched, a, ret_set);
}

const char *simulation_query_at(const struct simulation *s, const struct pql_expr *expr,
								struct pql_grid grid, ts_ms now, struct arena *a,
								struct pql_value *ret_value, struct pql_failure *ret_failure) {
	struct pql_time_options options = simulation_time_options(s);
	struct pql_need *needs;
	struct pql_series_set *sets = ARENA_ARRAY(a, struct pql_series_set, expr->selector_count);
	pql_needs(expr, grid, &options, a, &needs);
	for (size_t i = 0; i < expr->selector_count; i++) {
		if (needs[i].selector == NULL) {
			continue; /* it is not under the root: a part of a larger expression is asked for */
		}
		const char *failure = simulation_select(s, &needs[i], now, a, &sets[i]);
		if (failure != NULL) {
			*ret_failure =
				(struct pql_failure){.message = failure, .span = expr->selectors[i]->span};
			return failure;
		}
	}
	struct pql_eval_options eval = {.time = options,
									.limits = {.max_samples = s->settings->max_samples}};
	struct pql_notes notes = {0};
	bool good = pql_eval(expr, grid, &eval, sets, a, ret_value, &notes, ret_failure);
	return good ? NULL : ret_failure->message;
}

const char *simulation_query(const struct simulation *s, const struct pql_expr *expr,
							 struct pql_grid grid, struct arena *a, struct pql_value *ret_value,
							 struct pql_failure *ret_failure) {
	return simulation_query_at(s, expr, grid, s->now, a, ret_value, ret_failure);
}

/* ---- steps ---- */

static void supply(struct simulation *s, struct evaluation *e, size_t index, ts_ms now,
				   struct arena *a) {
	const struct pql_need *need = evaluation_need(e, index);
	struct pql_series_set set;
	const char *failure = s->failure;
	if (failure == NULL) {
		failure = fetch(s, need, now, a, &set);
	}
	if (failure != NULL) {
		evaluation_refuse(e, index, failure, false, 0);
	} else {
		evaluation_supply(e, index, set, 0);
	}
}

/* The values of rules that were worked out before. */
static void supply_given(struct simulation *s, size_t group, struct evaluation *e, ts_ms ts,
						 struct arena *a) {
	const struct group_state *g = s->groups[group];
	for (size_t i = 0; i < g->rule_count; i++) {
		if (g->rules[i].course == RULE_GIVEN) {
			struct pql_series_set set;
			ahead_value(s, group, i, ts, a, &set);
			evaluation_supply(e, evaluation_rule_need(e, i), set, 0);
		}
	}
}

/* A series of the store that a rule records, too: of two samples at one time the first is kept, and the rule's comes after those
 * of the store. NULL: it was taken. In the words of Prometheus' storage. */
static const char *judge_sample(const struct simulation *s, const struct output_sample *sample,
								ts_ms ts, ts_ms now, struct arena *a) {
	struct pql_series stored;
	size_t count = 0;
	if (pql_store_find(s->store, sample->labels, &stored)) {
		count = pql_times_after(stored.times, stored.count, now);
	}
	if (count == 0 || stored.times[count - 1] < ts) {
		return NULL;
	}
	if (stored.times[count - 1] > ts) {
		return "out of order sample";
	}
	struct output_sample there = {
		.value = stored.values[count - 1],
		.histogram = stored.histograms == NULL ? NULL : stored.histograms[count - 1]};
	return outputs_judge_duplicate(ts, &there, sample, a);
}

static void judge_recorded(struct simulation *s, struct group_state *g, ts_ms ts, struct arena *a) {
	dur_ms offset =
		g->group->query_offset == TS_NONE ? s->settings->query_offset : g->group->query_offset;
	for (size_t i = 0; i < g->rule_count; i++) {
		struct rule_state *r = &g->rules[i];
		bool both = r->rule->kind == RULE_RECORDING && r->course != RULE_SKIPPED &&
					pql_store_has_metric(s->store, r->rule->name);
		for (size_t k = 0; both && r->last_error == NULL && k < r->writer.count; k++) {
			struct output_sample sample = outputs_writer_sample(&r->writer, k);
			const char *error = judge_sample(s, &sample, ts - offset, ts, a);
			if (error != NULL) {
				rule_state_set_error(r, error);
			}
		}
	}
}

static void evaluate(struct simulation *s, size_t group, ts_ms ts, simulation_watch *watch,
					 void *data) {
	struct arena a;
	size_t supplied = 0;
	arena_init(&a);
	struct evaluation *e = evaluation_begin(s->groups[group], s->settings, s->outputs, ts, ts);
	enum evaluation_progress progress;
	if (s->ahead != NULL) {
		supply_given(s, group, e, ts, &a);
	}
	do {
		for (; supplied < evaluation_need_count(e); supplied++) {
			if (evaluation_need(e, supplied)->kind != PQL_NEED_EXPRESSION) {
				supply(s, e, supplied, ts, &a);
			}
		}
		progress = evaluation_step(e, ts);
		BUG_ON(progress == EVALUATION_WRITES); /* groups of a simulation evaluate here */
	} while (progress != EVALUATION_DONE);
	if (watch != NULL) {
		watch(s->groups[group], evaluation_result(e), ts, data);
	}
	evaluation_destroy(e);
	if (s->options.hides_future) {
		judge_recorded(s, s->groups[group], ts, &a);
	}
	arena_finish(&a);
}

bool simulation_is_due(const struct simulation *s, const struct group_state *group, ts_ms ts) {
	return schedule_slot(group->interval, ts - s->options.origin) == ts - s->options.origin;
}

void simulation_step(struct simulation *s, ts_ms ts, simulation_watch *watch, void *data) {
	s->now = ts;
	if (s->ahead != NULL) {
		ahead_enter(s, ts);
	}
	for (size_t i = 0; i < s->group_count; i++) {
		if (simulation_is_due(s, s->groups[i], ts) &&
			(s->ahead == NULL || ahead_set_course(s, i, ts))) {
			evaluate(s, i, ts, watch, data);
		}
	}
}

ts_ms simulation_next(const struct simulation *s, ts_ms ts) {
	ts_ms next = INT64_MAX;
	for (size_t i = 0; i < s->group_count; i++) {
		dur_ms interval = s->groups[i]->interval;
		ts_ms due = schedule_slot(interval, ts - s->options.origin) + interval + s->options.origin;
		next = due < next ? due : next;
	}
	return next;
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
