#include "engine/evaluation_private.h"

#include <inttypes.h>

#include "base/bug.h"
#include "base/mem.h"

static struct pql_grid instant(ts_ms t) {
	return (struct pql_grid){.start = t, .end = t, .step = 1};
}

static struct pql_time_options time_options(const struct evaluation *e) {
	return (struct pql_time_options){
		.lookback = e->settings->lookback,
		.default_subquery_step = e->settings->default_subquery_step,
	};
}

void evaluation_add_need(struct evaluation *e, const struct pql_need *need) {
	e->needs = arena_grow(&e->arena, e->needs, e->need_count, &e->need_capacity, sizeof(*e->needs));
	e->needs[e->need_count++] = (struct evaluation_need){.need = *need};
}

size_t evaluation_add_needs(struct evaluation *e, const struct pql_expr *expr, ts_ms t) {
	struct pql_time_options options = time_options(e);
	struct pql_need *needs;
	size_t first = e->need_count;
	pql_needs(expr, instant(t), &options, &e->arena, &needs);
	for (size_t i = 0; i < expr->selector_count; i++) {
		evaluation_add_need(e, &needs[i]);
	}
	return first;
}

struct evaluation *evaluation_begin(struct group_state *group,
									const struct evaluation_settings *settings,
									struct outputs *outputs, ts_ms ts, ts_ms started) {
	const struct rule_group *rules = group->group;
	struct evaluation *e = mem_calloc(1, sizeof(*e));
	*e = (struct evaluation){
		.group = group, .settings = settings, .outputs = outputs, .ts = ts, .started = started};
	arena_init(&e->arena);
	arena_init(&e->current.arena);
	e->offset = rules->query_offset == TS_NONE ? settings->query_offset : rules->query_offset;
	e->first_need = ARENA_ARRAY(&e->arena, size_t, rules->rule_count + 1);
	for (size_t i = 0; i < rules->rule_count; i++) {
		e->first_need[i] = evaluation_add_needs(e, rules->rules[i].expr, ts - e->offset);
	}
	e->first_need[rules->rule_count] = e->need_count;
	return e;
}

void evaluation_destroy(struct evaluation *e) {
	if (e == NULL) {
		return;
	}
	evaluation_forget_asks(e);
	evaluation_forget_restoration(e);
	arena_finish(&e->current.arena);
	arena_finish(&e->arena);
	free(e);
}

size_t evaluation_need_count(const struct evaluation *e) {
	return e->need_count;
}

const struct pql_need *evaluation_need(const struct evaluation *e, size_t index) {
	return &e->needs[index].need;
}

void evaluation_supply(struct evaluation *e, size_t index, struct pql_series_set set, dur_ms took) {
	struct evaluation_need *n = &e->needs[index];
	n->settled = true;
	n->failure = NULL;
	n->set = set;
	n->took = took;
}

void evaluation_refuse(struct evaluation *e, size_t index, const char *message, dur_ms took) {
	struct evaluation_need *n = &e->needs[index];
	n->settled = true;
	n->failure = arena_dup(&e->arena, str_from(message)).ptr;
	n->took = took;
}

const char *evaluation_first_failure(const struct evaluation *e, size_t first, size_t count) {
	for (size_t i = first; i < first + count; i++) {
		BUG_ON(!e->needs[i].settled);
		if (e->needs[i].failure != NULL) {
			return e->needs[i].failure;
		}
	}
	return NULL;
}

static void add_notes(struct evaluation *e, const struct pql_notes *notes) {
	struct pql_notes *all = &e->result.notes;
	for (size_t i = 0; i < notes->count; i++) {
		all->items =
			arena_grow(&e->arena, all->items, all->count, &all->capacity, sizeof(*all->items));
		all->items[all->count++] = (struct pql_note){
			.is_warning = notes->items[i].is_warning,
			.message = arena_dup(&e->arena, str_from(notes->items[i].message)).ptr};
	}
}

static struct labels row_labels(const struct pql_row *row, struct arena *a) {
	struct labels_builder b;
	if (!row->drop_name) {
		return row->labels;
	}
	labels_builder_init_from(&b, a, row->labels);
	labels_builder_remove(&b, LABEL_NAME);
	return labels_builder_take(&b);
}

static void take_vector(const struct pql_value *value, struct arena *a,
						struct alerting_sample **ret_samples, size_t *ret_count) {
	struct alerting_sample *samples = ARENA_ARRAY(a, struct alerting_sample, value->row_count);
	size_t count = 0;
	for (size_t i = 0; i < value->row_count; i++) {
		const struct pql_row *row = &value->rows[i];
		if (row->present[0]) {
			samples[count++] =
				(struct alerting_sample){.labels = row_labels(row, a), .value = row->values[0]};
		}
	}
	*ret_samples = samples;
	*ret_count = count;
}

const char *evaluation_value(struct evaluation *e, const struct pql_expr *expr, size_t first_need,
							 ts_ms t, struct arena *a, struct alerting_sample **ret_samples,
							 size_t *ret_count) {
	struct pql_series_set *sets = ARENA_ARRAY(a, struct pql_series_set, expr->selector_count);
	for (size_t i = 0; i < expr->selector_count; i++) {
		const struct evaluation_need *n = &e->needs[first_need + i];
		outputs_join(e->outputs, &n->need, e->settings->lookback, n->set, a, &sets[i]);
	}
	struct pql_eval_options options = {.time = time_options(e),
									   .limits = {.max_samples = e->settings->max_samples}};
	struct pql_value value = {0};
	struct pql_notes notes = {0};
	struct pql_failure failure;
	if (!pql_eval(expr, instant(t), &options, sets, a, &value, &notes, &failure)) {
		return failure.message;
	}
	add_notes(e, &notes);
	if (value.type == PQL_TYPE_VECTOR) {
		take_vector(&value, a, ret_samples, ret_count);
		return NULL;
	}
	if (value.type == PQL_TYPE_SCALAR) {
		*ret_samples = ARENA_NEW(a, struct alerting_sample);
		(*ret_samples)->value = value.scalars[0];
		*ret_count = 1;
		return NULL;
	}
	return "rule result is not a vector or scalar";
}

static bool output_has_labels(const void *value, const void *key) {
	return labels_equal(((const struct output_sample *)value)->labels, *(const struct labels *)key);
}

/* Recorded series: the result under the rule's name, with its labels. NULL: it went well. */
static const char *make_recorded(struct evaluation *e, const struct rule *rule,
								 struct output_samples *out) {
	struct arena *a = &e->current.arena;
	struct hmap seen;
	hmap_init(&seen, a);
	out->items = ARENA_ARRAY(a, struct output_sample, e->current.count);
	for (size_t i = 0; i < e->current.count; i++) {
		struct labels_builder b;
		labels_builder_init_from(&b, a, e->current.samples[i].labels);
		labels_builder_set(&b, LABEL_NAME, rule->name);
		for (size_t j = 0; j < rule->label_count; j++) {
			labels_builder_set(&b, rule->labels[j].name, rule->labels[j].source);
		}
		struct output_sample *sample = &out->items[out->count++];
		*sample = (struct output_sample){.labels = labels_builder_take(&b),
										 .value = e->current.samples[i].value};
		uint64_t hash = labels_hash(sample->labels);
		if (hmap_find(&seen, hash, output_has_labels, &sample->labels) != NULL) {
			return "vector contains metrics with the same labelset after applying rule labels";
		}
		hmap_add(&seen, hash, sample);
	}
	int64_t limit = e->group->group->limit;
	if (limit > 0 && out->count > (uint64_t)limit) {
		return arena_printf(&e->arena, "exceeded limit of %" PRId64 " with %zu series", limit,
							out->count);
	}
	return NULL;
}

static const char *finish_recording(struct evaluation *e, struct rule_state *r) {
	struct output_samples out = {0};
	const char *error = make_recorded(e, r->rule, &out);
	if (error == NULL) {
		outputs_write(e->outputs, &r->writer, e->ts - e->offset, out.items, out.count);
		e->group->last_samples += out.count;
	}
	return error;
}

static size_t count_outputs(const struct alerting *a) {
	size_t count = 0;
	for (size_t i = 0; i < a->count; i++) {
		count += alert_is_active(a->alerts[i]) ? 2 : 0;
	}
	return count;
}

static const char *finish_alerting(struct evaluation *e, struct rule_state *r,
								   const struct alerting_candidate *candidates) {
	const struct alerting_settings *settings = &e->settings->alerting;
	const char *error = alerting_step(&r->alerting, settings, e->group->group, candidates,
									  e->current.count, e->ts, &e->arena, &e->result.transitions);
	if (error != NULL) {
		return error;
	}
	alerting_take_notices(&r->alerting, settings, e->group->interval, e->ts, &e->arena,
						  &e->result.notices);
	struct output_samples out = {0};
	bool hidden = e->settings->no_alert_series ||
				  (e->group->restoring && restore_concerns(r->rule, &e->settings->restore));
	if (!hidden && (outputs_takes(e->outputs, STR("ALERTS")) ||
					outputs_takes(e->outputs, STR("ALERTS_FOR_STATE")))) {
		alerting_add_outputs(&r->alerting, &e->current.arena, &out);
	}
	outputs_write(e->outputs, &r->writer, e->ts - e->offset, out.items, out.count);
	e->group->last_samples += count_outputs(&r->alerting);
	return NULL;
}

static void note_failure(struct evaluation *e, struct rule_state *r, const char *error) {
	size_t need = e->first_need[e->next_rule];
	size_t need_count = e->first_need[e->next_rule + 1] - need;
	struct evaluation_result *result = &e->result;
	bool first = r->last_error == NULL || strcmp(r->last_error, error) != 0;
	result->failures = arena_grow(&e->arena, result->failures, result->failure_count,
								  &result->failure_capacity, sizeof(*result->failures));
	result->failures[result->failure_count++] = (struct evaluation_failure){
		.rule = r->rule,
		.message = arena_dup(&e->arena, str_from(error)).ptr,
		.first = first,
		.fetch = evaluation_first_failure(e, need, need_count) != NULL,
	};
	e->group->failures++;
	if (r->rule->kind == RULE_ALERTING) {
		if (r->alerting.state == ALERT_UNKNOWN) {
			r->alerting.state = ALERT_INACTIVE;
		}
		if (e->settings->keep_alive) {
			alerting_take_notices(&r->alerting, &e->settings->alerting, e->group->interval, e->ts,
								  &e->arena, &result->notices);
		}
	}
}

static void note_recovery(struct evaluation *e, const struct rule *rule) {
	struct evaluation_result *result = &e->result;
	result->recovered = arena_grow(&e->arena, result->recovered, result->recovered_count,
								   &result->recovered_capacity, sizeof(*result->recovered));
	result->recovered[result->recovered_count++] = rule;
}

static dur_ms longest_wait(const struct evaluation *e, size_t rule) {
	dur_ms longest = 0;
	for (size_t i = e->first_need[rule]; i < e->first_need[rule + 1]; i++) {
		longest = e->needs[i].took > longest ? e->needs[i].took : longest;
	}
	return longest;
}

/* The rule is through, well or not. */
static void finish_rule(struct evaluation *e, struct rule_state *r, const char *error) {
	if (error != NULL) {
		note_failure(e, r, error);
	} else if (r->last_error != NULL) {
		note_recovery(e, r->rule);
	}
	rule_state_set_error(r, error);
	r->last_evaluation = e->started;
	r->evaluation_time = longest_wait(e, e->next_rule);
	e->group->evaluations++;
	evaluation_forget_asks(e);
	e->current.valued = false;
	arena_reset(&e->current.arena);
}

static void note_template_failure(struct evaluation *e, struct rule_state *r, const char *message) {
	struct evaluation_result *result = &e->result;
	if (message == NULL || (r->template_error != NULL && strcmp(r->template_error, message) == 0)) {
		return;
	}
	free(r->template_error);
	r->template_error = mem_dup_str(str_from(message));
	result->template_failures =
		arena_grow(&e->arena, result->template_failures, result->template_failure_count,
				   &result->template_failure_capacity, sizeof(*result->template_failures));
	result->template_failures[result->template_failure_count++] =
		(struct evaluation_template_failure){
			.rule = r->rule, .message = arena_dup(&e->arena, str_from(message)).ptr};
}

/* Labels and annotations; NULL: a template asked for something that has to be fetched first. */
static const struct alerting_candidate *expand(struct evaluation *e, struct rule_state *r) {
	struct evaluation_current *c = &e->current;
	struct alerting_candidate *candidates =
		ARENA_ARRAY(&c->arena, struct alerting_candidate, c->count + 1);
	while (evaluation_answer_asks(e)) {
		struct alerting_questions questions;
		alerting_expand(&r->alerting, &e->settings->alerting, c->samples, c->count, e->ts,
						evaluation_answers(e), c->ask_count, &c->arena, candidates, &questions,
						&e->group->templates);
		if (questions.count == 0) {
			note_template_failure(e, r, questions.failure);
			return candidates;
		}
		size_t before = c->ask_count;
		evaluation_add_asks(e, &questions);
		BUG_ON(c->ask_count == before); /* a template asks what was answered already */
	}
	return NULL;
}

/* false: it waits for what a template asked. */
static bool step_rule(struct evaluation *e) {
	struct evaluation_current *c = &e->current;
	struct rule_state *r = &e->group->rules[e->next_rule];
	size_t first = e->first_need[e->next_rule];
	const char *error = NULL;
	if (!c->valued) {
		error = evaluation_first_failure(e, first, e->first_need[e->next_rule + 1] - first);
		if (error == NULL) {
			error = evaluation_value(e, r->rule->expr, first, e->ts - e->offset, &c->arena,
									 &c->samples, &c->count);
		}
		c->valued = error == NULL;
	}
	if (error == NULL && r->rule->kind == RULE_RECORDING) {
		error = finish_recording(e, r);
	} else if (error == NULL) {
		const struct alerting_candidate *candidates = expand(e, r);
		if (candidates == NULL) {
			return false;
		}
		error = finish_alerting(e, r, candidates);
	}
	finish_rule(e, r, error);
	return true;
}

enum evaluation_progress evaluation_step(struct evaluation *e, ts_ms now) {
	struct group_state *g = e->group;
	if (e->next_rule == 0 && !e->current.valued) {
		g->last_samples = 0;
	}
	for (; e->next_rule < g->rule_count; e->next_rule++) {
		if (!step_rule(e)) {
			return EVALUATION_WANTS;
		}
	}
	if (!evaluation_restore(e, now)) {
		return EVALUATION_WANTS;
	}
	g->iterations++;
	g->last_evaluation = e->started;
	g->last_slot = e->ts;
	g->evaluation_time = now > e->started ? now - e->started : 0;
	return EVALUATION_DONE;
}

const struct evaluation_result *evaluation_result(const struct evaluation *e) {
	return &e->result;
}

struct group_state *evaluation_group(const struct evaluation *e) {
	return e->group;
}

ts_ms evaluation_timestamp(const struct evaluation *e) {
	return e->ts;
}
