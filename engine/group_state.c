#include "engine/group_state.h"

#include "base/hash.h"
#include "base/mem.h"

const char *const rule_health_name[3] = {"unknown", "ok", "err"};

static void init_rule(struct rule_state *r, const struct rule *rule) {
	*r = (struct rule_state){.rule = rule, .last_evaluation = TS_NONE};
	alerting_init(&r->alerting, rule);
}

struct group_state *group_state_create(const struct rule_group *group, dur_ms default_interval) {
	struct group_state *g = mem_calloc(1, sizeof(*g));
	*g = (struct group_state){.group = group,
							  .interval = group->interval > 0 ? group->interval : default_interval,
							  .rules = mem_calloc(group->rule_count, sizeof(struct rule_state)),
							  .rule_count = group->rule_count,
							  .last_evaluation = TS_NONE,
							  .last_slot = TS_NONE};
	for (size_t i = 0; i < g->rule_count; i++) {
		init_rule(&g->rules[i], &group->rules[i]);
	}
	return g;
}

void group_state_destroy(struct group_state *g, struct outputs *outputs, ts_ms ts) {
	if (g == NULL) {
		return;
	}
	for (size_t i = 0; i < g->rule_count; i++) {
		alerting_finish(&g->rules[i].alerting);
		if (outputs != NULL) {
			outputs_writer_finish(&g->rules[i].writer, outputs, ts);
		}
		free(g->rules[i].writer.previous);
		free(g->rules[i].last_error);
		free(g->rules[i].template_error);
	}
	free(g->rules);
	free(g);
}

static bool texts_equal(const struct rule_text *a, size_t a_count, const struct rule_text *b,
						size_t b_count) {
	if (a_count != b_count) {
		return false;
	}
	for (size_t i = 0; i < a_count; i++) {
		if (!str_equal(a[i].name, b[i].name) || !str_equal(a[i].source, b[i].source)) {
			return false;
		}
	}
	return true;
}

bool rule_same_identity(const struct rule *a, const struct rule *b) {
	return a->kind == b->kind && str_equal(a->name, b->name) &&
		   texts_equal(a->labels, a->label_count, b->labels, b->label_count);
}

uint64_t rule_identity_hash(const struct rule *r) {
	uint64_t hash = hash_add(HASH_START, r->name);
	for (size_t i = 0; i < r->label_count; i++) {
		hash = hash_add(hash_add(hash, r->labels[i].name), r->labels[i].source);
	}
	return hash_finish(hash);
}

static bool rule_equal(const struct rule *a, const struct rule *b) {
	return rule_same_identity(a, b) && str_equal(a->query, b->query) && a->hold == b->hold &&
		   a->keep_firing_for == b->keep_firing_for &&
		   texts_equal(a->annotations, a->annotation_count, b->annotations, b->annotation_count);
}

bool rule_group_equal(const struct rule_group *a, const struct rule_group *b) {
	if (!str_equal(a->name, b->name) || !str_equal(a->file, b->file) ||
		a->interval != b->interval || a->query_offset != b->query_offset || a->limit != b->limit ||
		a->rule_count != b->rule_count) {
		return false;
	}
	for (size_t i = 0; i < a->rule_count; i++) {
		if (!rule_equal(&a->rules[i], &b->rules[i])) {
			return false;
		}
	}
	return true;
}

void group_state_rebind(struct group_state *g, const struct rule_group *group) {
	g->group = group;
	for (size_t i = 0; i < g->rule_count; i++) {
		g->rules[i].rule = &group->rules[i];
		g->rules[i].alerting.rule = &group->rules[i];
	}
}

void rule_state_move(struct rule_state *from, struct rule_state *to) {
	const struct rule *rule = to->rule;
	alerting_finish(&to->alerting);
	free(to->writer.previous);
	free(to->last_error);
	free(to->template_error);
	*to = *from;
	to->rule = to->alerting.rule = rule;
	init_rule(from, from->rule);
}

void rule_state_set_error(struct rule_state *r, const char *message_or_null) {
	free(r->last_error);
	r->last_error = message_or_null == NULL ? NULL : mem_dup_str(str_from(message_or_null));
	r->health = message_or_null == NULL ? RULE_HEALTH_OK : RULE_HEALTH_ERR;
}

void group_state_set_back(struct group_state *g, dur_ms by) {
	for (size_t i = 0; i < g->rule_count; i++) {
		alerting_set_back(&g->rules[i].alerting, by);
		g->rules[i].remote_until -= g->rules[i].remote_until == TS_NONE ? 0 : by;
	}
}

static const char only_here[] = "it reads what rules put out, and remote_write is off";

void group_state_set_mode(struct group_state *g, enum evaluation_mode mode, bool writes) {
	bool was_auto = g->mode == EVALUATION_AUTO;
	g->mode = mode;
	for (size_t i = 0; i < g->rule_count; i++) {
		struct rule_state *r = &g->rules[i];
		bool stays = mode == EVALUATION_AUTO && was_auto && r->remote;
		bool possible = writes || !r->reads_outputs;
		if (stays && possible) {
			continue;
		}
		r->remote = mode == EVALUATION_REMOTE && possible;
		r->remote_until = TS_NONE;
		r->mode_reason = mode == EVALUATION_REMOTE && !possible ? only_here : NULL;
	}
}
