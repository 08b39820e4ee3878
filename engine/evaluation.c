#include "engine/evaluation_private.h"

#include <inttypes.h>

#include "base/bug.h"
#include "base/mem.h"

void evaluation_add_need(struct evaluation *e, const struct pql_need *need) {
	e->needs = arena_grow(&e->arena, e->needs, e->need_count, &e->need_capacity, sizeof(*e->needs));
	e->needs[e->need_count++] = (struct evaluation_need){.need = *need};
}

#define REMOTE_FOR (60 * 60 * 1000)

/* A rule that the server evaluates and that reads what other rules put out is asked when its turn comes. */
static void begin_rule(struct evaluation *e, size_t index) {
	struct rule_state *r = &e->group->rules[index];
	if (r->remote && r->remote_until != TS_NONE && e->ts >= r->remote_until) {
		r->remote = false;
		r->mode_reason = NULL;
	}
	struct evaluation_inquiry *q = &e->inquiries[index];
	*q = (struct evaluation_inquiry){
		.expr = r->rule->expr, .text = r->rule->query, .t = e->ts - e->offset};
	if (r->course == RULE_GIVEN) {
		inquiry_open(e, q, true);
	} else if (r->course == RULE_EVALUATED && (!r->remote || !r->reads_outputs)) {
		inquiry_open(e, q, r->remote);
	}
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
	e->inquiries = ARENA_ARRAY(&e->arena, struct evaluation_inquiry, rules->rule_count);
	for (size_t i = 0; i < rules->rule_count; i++) {
		begin_rule(e, i);
	}
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

size_t evaluation_rule_need(const struct evaluation *e, size_t rule) {
	return e->inquiries[rule].first_need;
}

void evaluation_supply(struct evaluation *e, size_t index, struct pql_series_set set, dur_us took) {
	struct evaluation_need *n = &e->needs[index];
	n->settled = true;
	n->failure = NULL;
	n->set = set;
	n->took = took;
}

void evaluation_note_cost(struct evaluation *e, size_t index, size_t bytes) {
	e->needs[index].bytes = bytes;
}

void evaluation_refuse(struct evaluation *e, size_t index, const char *message, bool too_large,
					   dur_us took) {
	struct evaluation_need *n = &e->needs[index];
	n->settled = true;
	n->failure = arena_dup(&e->arena, str_from(message)).ptr;
	n->too_large = too_large;
	n->took = took;
}

void evaluation_written(struct evaluation *e, const char *failure) {
	e->current.written = true;
	e->current.write_failure =
		failure == NULL
			? NULL
			: arena_printf(&e->arena, "what other rules put out is not in the database: %s",
						   failure);
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

void evaluation_add_notes(struct evaluation *e, const struct pql_notes *notes) {
	struct pql_notes *all = &e->result.notes;
	for (size_t i = 0; i < notes->count; i++) {
		all->items =
			arena_grow(&e->arena, all->items, all->count, &all->capacity, sizeof(*all->items));
		all->items[all->count++] = (struct pql_note){
			.is_warning = notes->items[i].is_warning,
			.message = arena_dup(&e->arena, str_from(notes->items[i].message)).ptr};
	}
}

static bool output_has_labels(const void *value, const void *key) {
	return labels_equal(((const struct output_sample *)value)->labels, *(const struct labels *)key);
}

struct labels evaluation_recorded_labels(const struct rule *rule, struct labels element,
										 struct arena *a) {
	struct labels_builder b;
	labels_builder_init_from(&b, a, element);
	labels_builder_set(&b, LABEL_NAME, rule->name);
	for (size_t i = 0; i < rule->label_count; i++) {
		labels_builder_set(&b, rule->labels[i].name, rule->labels[i].source);
	}
	return labels_builder_take(&b);
}

/* Recorded series: the result under the rule's name, with its labels. NULL: it went well. */
static const char *make_recorded(struct evaluation *e, const struct rule *rule,
								 struct output_samples *out) {
	struct arena *a = &e->current.arena;
	struct hmap seen;
	hmap_init(&seen, a);
	out->items = ARENA_ARRAY(a, struct output_sample, e->current.count);
	for (size_t i = 0; i < e->current.count; i++) {
		const struct alerting_sample *element = &e->current.samples[i];
		struct output_sample *sample = &out->items[out->count++];
		*sample =
			(struct output_sample){.labels = evaluation_recorded_labels(rule, element->labels, a),
								   .value = element->value,
								   .histogram = element->histogram};
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
		e->current.dropped = outputs_write(e->outputs, &r->writer, e->ts - e->offset, out.items,
										   out.count, &e->arena);
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
	e->current.dropped =
		outputs_write(e->outputs, &r->writer, e->ts - e->offset, out.items, out.count, &e->arena);
	e->group->last_samples += count_outputs(&r->alerting);
	return NULL;
}

static void add_failure(struct evaluation *e, struct evaluation_failure failure) {
	struct evaluation_result *result = &e->result;
	failure.message = arena_dup(&e->arena, str_from(failure.message)).ptr;
	result->failures = arena_grow(&e->arena, result->failures, result->failure_count,
								  &result->failure_capacity, sizeof(*result->failures));
	result->failures[result->failure_count++] = failure;
}

static void note_failure(struct evaluation *e, struct rule_state *r, const char *error) {
	const struct evaluation_inquiry *q = &e->inquiries[e->next_rule];
	add_failure(e, (struct evaluation_failure){
					   .rule = r->rule,
					   .message = error,
					   .first = r->last_error == NULL || strcmp(r->last_error, error) != 0,
					   .fetch = q->open && inquiry_failure(e, q) != NULL,
				   });
	e->group->failures++;
	if (r->rule->kind == RULE_ALERTING) {
		if (r->alerting.state == ALERT_UNKNOWN) {
			r->alerting.state = ALERT_INACTIVE;
		}
		if (e->settings->keep_alive) {
			alerting_take_notices(&r->alerting, &e->settings->alerting, e->group->interval, e->ts,
								  &e->arena, &e->result.notices);
		}
	}
}

static void note_recovery(struct evaluation *e, const struct rule *rule) {
	struct evaluation_result *result = &e->result;
	result->recovered = arena_grow(&e->arena, result->recovered, result->recovered_count,
								   &result->recovered_capacity, sizeof(*result->recovered));
	result->recovered[result->recovered_count++] = rule;
}

/* The messages have times and values in them: the rule's health says whether it is new. */
static void note_dropped(struct evaluation *e, const struct rule_state *r) {
	add_failure(e, (struct evaluation_failure){.rule = r->rule,
											   .message = e->current.dropped,
											   .first = r->last_error == NULL,
											   .dropped = true});
}

/* The rule is through, well or not. As in Prometheus, one whose result could not be kept has an error but did not fail. */
static void finish_rule(struct evaluation *e, struct rule_state *r, const char *error) {
	if (error != NULL) {
		note_failure(e, r, error);
	} else if (e->current.dropped != NULL) {
		note_dropped(e, r);
		error = e->current.dropped;
	} else if (r->last_error != NULL) {
		note_recovery(e, r->rule);
	}
	e->current.dropped = NULL;
	rule_state_set_error(r, error);
	r->last_evaluation = e->started;
	r->evaluation_time = inquiry_took(e, &e->inquiries[e->next_rule]);
	e->group->evaluations++;
	evaluation_forget_asks(e);
	e->current.valued = e->current.written = false;
	e->current.write_failure = NULL;
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

/* Labels and annotations. EVALUATION_DONE: they stand in *ret_candidates. Else a template asked for something that has to be
 * fetched first. */
static enum evaluation_progress expand(struct evaluation *e, struct rule_state *r,
									   const struct alerting_candidate **ret_candidates) {
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
			*ret_candidates = candidates;
			return EVALUATION_DONE;
		}
		if (r->remote && !c->written) {
			return EVALUATION_WRITES; /* the template may ask for what rules have put out */
		}
		size_t before = c->ask_count;
		evaluation_add_asks(e, &questions);
		BUG_ON(c->ask_count == before); /* a template asks what was answered already */
	}
	return EVALUATION_WANTS;
}

/* What only the server has is not there for it before it is written; where nothing is written, it never is. */
static bool may_ask_server(const struct evaluation *e, const struct rule_state *r) {
	return e->settings->writes || !r->reads_outputs;
}

/* The server evaluates the rule for some time: what was too much today may have been an accident. */
static void turn_remote(struct evaluation *e, struct rule_state *r, const char *reason) {
	r->remote = true;
	r->remote_until = e->ts + REMOTE_FOR;
	r->mode_reason = reason;
}

/* Rules whose samples are much to read are cheaper where the samples are. */
static void note_cost(struct evaluation *e, struct rule_state *r,
					  const struct evaluation_inquiry *q) {
	size_t bytes = 0;
	for (size_t i = q->first_need; i < q->first_need + q->need_count; i++) {
		bytes += e->needs[i].bytes;
	}
	if (e->group->mode == EVALUATION_AUTO && !q->remote && may_ask_server(e, r) &&
		bytes > e->settings->auto_bytes) {
		turn_remote(e, r, "the samples that it needs pass limits.auto_bytes");
	}
}

/* EVALUATION_DONE: the samples stand, or *ret_error is why they do not. */
static enum evaluation_progress find_value(struct evaluation *e, struct rule_state *r,
										   const char **ret_error) {
	struct evaluation_current *c = &e->current;
	struct evaluation_inquiry *q = &e->inquiries[e->next_rule];
	const char *reason = q->open && e->group->mode == EVALUATION_AUTO && may_ask_server(e, r)
							 ? inquiry_reason_for_remote(e, q)
							 : NULL;
	if (reason != NULL) {
		turn_remote(e, r, reason);
		begin_rule(e, e->next_rule);
	}
	if (!q->open) {
		if (!c->written) {
			return EVALUATION_WRITES;
		}
		*ret_error = c->write_failure;
		if (*ret_error != NULL) {
			return EVALUATION_DONE;
		}
		inquiry_open(e, q, true);
	}
	if (!inquiry_is_settled(e, q)) {
		return EVALUATION_WANTS;
	}
	*ret_error = inquiry_failure(e, q);
	if (*ret_error == NULL) {
		enum phase before = phase_enter(e->settings->phases, PHASE_EVALUATE);
		*ret_error = inquiry_value(e, q, &c->arena, &c->samples, &c->count);
		phase_enter(e->settings->phases, before);
		note_cost(e, r, q);
	}
	if (q->too_large && e->group->mode == EVALUATION_AUTO && may_ask_server(e, r)) {
		return find_value(e, r, ret_error);
	}
	c->valued = *ret_error == NULL;
	return EVALUATION_DONE;
}

/* EVALUATION_DONE: the rule is through. */
static enum evaluation_progress step_rule(struct evaluation *e) {
	struct rule_state *r = &e->group->rules[e->next_rule];
	enum evaluation_progress progress = EVALUATION_DONE;
	const char *error = NULL;
	if (!e->current.valued) {
		progress = find_value(e, r, &error);
	}
	if (progress != EVALUATION_DONE) {
		return progress;
	}
	if (error == NULL && r->rule->kind == RULE_RECORDING) {
		error = finish_recording(e, r);
	} else if (error == NULL) {
		const struct alerting_candidate *candidates;
		progress = expand(e, r, &candidates);
		if (progress != EVALUATION_DONE) {
			return progress;
		}
		error = finish_alerting(e, r, candidates);
	}
	finish_rule(e, r, error);
	return EVALUATION_DONE;
}

/* All rules that can go on. */
static enum evaluation_progress step_rules(struct evaluation *e) {
	enum evaluation_progress progress = EVALUATION_DONE;
	enum phase before = phase_enter(e->settings->phases, PHASE_ALERTS);
	while (progress == EVALUATION_DONE && e->next_rule < e->group->rule_count) {
		bool skipped = e->group->rules[e->next_rule].course == RULE_SKIPPED;
		progress = skipped ? EVALUATION_DONE : step_rule(e);
		e->next_rule += progress == EVALUATION_DONE;
	}
	phase_enter(e->settings->phases, before);
	return progress;
}

/* The clock of the loop is a coarser one than that of requests. */
static dur_us time_of_group(const struct group_state *g, dur_us passed) {
	for (size_t i = 0; i < g->rule_count; i++) {
		passed = g->rules[i].evaluation_time > passed ? g->rules[i].evaluation_time : passed;
	}
	return passed;
}

enum evaluation_progress evaluation_step(struct evaluation *e, ts_ms now) {
	struct group_state *g = e->group;
	if (e->next_rule == 0 && !e->current.valued) {
		g->last_samples = 0;
	}
	enum evaluation_progress progress = step_rules(e);
	if (progress != EVALUATION_DONE) {
		return progress;
	}
	if (!evaluation_restore(e, now)) {
		return EVALUATION_WANTS;
	}
	g->iterations++;
	g->last_evaluation = e->started;
	g->last_slot = e->ts;
	g->evaluation_time = time_of_group(g, now > e->started ? (now - e->started) * 1000 : 0);
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
