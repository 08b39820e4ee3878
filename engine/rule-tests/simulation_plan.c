/* Which rules may find what which others record: what looking ahead has to know. */
#include "base/hash.h"
#include "engine/dependencies.h"
#include "engine/rule-tests/simulation_private.h"

struct planner {
	struct simulation *simulation;
	struct simulation_ahead *ahead;
	struct hmap by_name; /* of struct ahead_metric */
};

static bool metric_has_name(const void *value, const void *key) {
	return str_equal(((const struct ahead_metric *)value)->name, *(const struct str *)key);
}

static struct ahead_metric *find_metric(const struct planner *p, struct str name) {
	return hmap_find(&p->by_name, hash_str(name), metric_has_name, &name);
}

static struct ahead_metric *get_metric(struct planner *p, struct str name) {
	struct simulation_ahead *ahead = p->ahead;
	struct ahead_metric *m = find_metric(p, name);
	if (m == NULL) {
		m = ARENA_NEW(&ahead->arena, struct ahead_metric);
		m->name = name;
		hmap_add(&p->by_name, hash_str(name), m);
		ahead->metrics = arena_grow(&ahead->arena, ahead->metrics, ahead->metric_count,
									&ahead->metric_capacity, sizeof(struct ahead_metric *));
		ahead->metrics[ahead->metric_count++] = m;
	}
	return m;
}

static bool has_queries(const struct rule_text *texts, size_t count) {
	for (size_t i = 0; i < count; i++) {
		if (texts[i].template != NULL && template_queries(texts[i].template)) {
			return true;
		}
	}
	return false;
}

static void add_rule(struct planner *p, struct rule_state *state, struct ahead_rule *r) {
	struct simulation_ahead *ahead = p->ahead;
	const struct rule *rule = state->rule;
	*r = (struct ahead_rule){.state = state, .position = ahead->rule_count};
	ahead->order[ahead->rule_count++] = r;
	r->queries = has_queries(rule->labels, rule->label_count) ||
				 has_queries(rule->annotations, rule->annotation_count);
	if (rule->kind == RULE_RECORDING) {
		struct ahead_metric *m = r->metric = get_metric(p, rule->name);
		m->writers = arena_grow(&ahead->arena, m->writers, m->writer_count, &m->writer_capacity,
								sizeof(struct ahead_rule *));
		m->writers[m->writer_count++] = r;
	}
}

static void add_groups(struct planner *p) {
	const struct simulation *s = p->simulation;
	struct simulation_ahead *ahead = p->ahead;
	size_t rules = 0;
	for (size_t i = 0; i < s->group_count; i++) {
		rules += s->groups[i]->rule_count;
	}
	ahead->order = ARENA_ARRAY(&ahead->arena, struct ahead_rule *, rules);
	ahead->groups = ARENA_ARRAY(&ahead->arena, struct ahead_group, s->group_count);
	for (size_t i = 0; i < s->group_count; i++) {
		struct group_state *state = s->groups[i];
		struct ahead_group *g = &ahead->groups[i];
		dur_ms offset = state->group->query_offset;
		g->state = state;
		g->offset = offset == TS_NONE ? s->settings->query_offset : offset;
		g->rules = ARENA_ARRAY(&ahead->arena, struct ahead_rule, state->rule_count);
		for (size_t k = 0; k < state->rule_count; k++) {
			add_rule(p, &state->rules[k], &g->rules[k]);
		}
	}
}

/* ---- reading ---- */

static void add_read(struct planner *p, struct ahead_rule *r, struct ahead_metric *m) {
	for (size_t i = 0; i < r->read_count; i++) {
		if (r->reads[i] == m) {
			return;
		}
	}
	r->reads = arena_grow(&p->ahead->arena, r->reads, r->read_count, &r->read_capacity,
						  sizeof(struct ahead_metric *));
	r->reads[r->read_count++] = m;
}

static void read_selector(struct planner *p, struct ahead_rule *r,
						  const struct pql_selector *selector) {
	const struct matcher *exact = pql_selector_name(selector);
	r->reads_alerts = r->reads_alerts || dependencies_reads(selector, STR("ALERTS")) ||
					  dependencies_reads(selector, STR("ALERTS_FOR_STATE"));
	if (exact != NULL) {
		struct ahead_metric *m = find_metric(p, exact->value);
		if (m != NULL) {
			add_read(p, r, m);
		}
		return;
	}
	for (size_t i = 0; i < p->ahead->metric_count; i++) {
		if (dependencies_reads(selector, p->ahead->metrics[i]->name)) {
			add_read(p, r, p->ahead->metrics[i]);
		}
	}
}

static bool shift_pins(const struct pql_shift *shift) {
	return shift->at != PQL_AT_NONE || shift->offset.expr != NULL;
}

/* Computed durations may hang on the grid: step(), range(). */
static bool note_pins(struct pql_node *n, void *data) {
	bool *pinned = data;
	if (n->kind == PQL_SELECTOR) {
		*pinned = *pinned || shift_pins(&n->selector.shift) || n->selector.mode != PQL_MODE_PLAIN;
	} else if (n->kind == PQL_RANGE) {
		*pinned = *pinned || n->range.range.expr != NULL;
	} else if (n->kind == PQL_SUBQUERY) {
		*pinned = *pinned || shift_pins(&n->subquery.shift) || n->subquery.range.expr != NULL ||
				  n->subquery.step.expr != NULL;
	}
	return !*pinned;
}

bool simulation_is_pinned(const struct simulation *s, const struct pql_expr *expr,
						  struct arena *a) {
	struct pql_time_options options = simulation_time_options(s);
	struct pql_need *needs;
	bool pinned = false;
	pql_walk(expr->root, note_pins, &pinned);
	pql_needs(expr, (struct pql_grid){.step = 1}, &options, a, &needs);
	for (size_t i = 0; i < expr->selector_count; i++) {
		pinned = pinned || needs[i].end > 0; /* at time 0: it looks into the future */
	}
	return pinned;
}

static void read_rule(struct planner *p, struct ahead_rule *r) {
	const struct pql_expr *expr = r->state->rule->expr;
	r->pinned = simulation_is_pinned(p->simulation, expr, &p->ahead->arena);
	for (size_t i = 0; i < expr->selector_count; i++) {
		read_selector(p, r, &expr->selectors[i]->selector);
	}
	r->stepwise = r->pinned || r->reads_alerts ||
				  (expr->root->type != PQL_TYPE_VECTOR && expr->root->type != PQL_TYPE_SCALAR);
}

void ahead_plan(struct simulation *s, struct simulation_ahead *ahead) {
	struct planner p = {.simulation = s, .ahead = ahead};
	hmap_init(&p.by_name, &ahead->arena);
	add_groups(&p);
	for (size_t i = 0; i < ahead->rule_count; i++) {
		read_rule(&p, ahead->order[i]);
	}
	/* What is recorded at another time than that of the step, or before a template that may ask for it, is written in its turn. */
	size_t asks = ahead->rule_count;
	for (size_t i = ahead->rule_count; i > 0; i--) {
		asks = ahead->order[i - 1]->queries ? i - 1 : asks;
	}
	for (size_t i = 0; i < s->group_count; i++) {
		for (size_t k = 0; k < s->groups[i]->rule_count; k++) {
			struct ahead_rule *r = &ahead->groups[i].rules[k];
			r->lazy = ahead->groups[i].offset != 0 || r->position > asks;
			if (r->metric != NULL && pql_store_has_metric(s->store, r->metric->name)) {
				r->lazy = r->stepwise = true; /* what it records may be refused */
			}
		}
	}
}
