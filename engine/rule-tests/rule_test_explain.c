/* Why a check may have failed: what the parts of the expression were worth at that time, what the series looked like before, and
 * how the alerts went. */
#include "engine/rule-tests/rule_test_private.h"

#include "engine/schedule.h"

#define MAX_RULES 10 /* of one alert's name */
#define CHART_STEPS 200

struct explainer {
	struct rule_test_run *run;
	struct rule_test_explanation *explanation;
	struct rule_test_expression *expression; /* under way */
	ts_ms t;
	size_t capacity; /* of its parts */
};

/* ---- parts ---- */

/* A part by itself: its selectors keep their numbers. */
static struct pql_expr part_of(const struct pql_expr *expr, struct pql_node *node) {
	struct pql_expr part = *expr;
	part.root = node;
	return part;
}

static void add_part(struct explainer *x, struct pql_node *n, unsigned depth) {
	struct rule_test_expression *e = x->expression;
	struct arena *a = x->run->arena;
	struct pql_failure failure;
	struct pql_expr part = part_of(e->expr, n);
	e->parts = arena_grow(a, e->parts, e->part_count, &x->capacity, sizeof(*e->parts));
	struct rule_test_part *p = &e->parts[e->part_count++];
	*p = (struct rule_test_part){.text = str_slice(e->expr->text, n->span.start, n->span.end),
								 .depth = depth};
	p->failure = simulation_query(x->run->simulation, &part, (struct pql_grid){x->t, x->t, 1}, a,
								  &p->value, &failure);
}

/* Numbers and strings are their own explanation; a selector within a range says less than the range. */
static void add_parts(struct explainer *x, struct pql_node *n, unsigned depth) {
	switch (n->kind) {
	case PQL_NUMBER:
	case PQL_STRING:
	case PQL_DURATION: return;
	case PQL_PAREN: add_parts(x, n->paren, depth); return;
	case PQL_SELECTOR:
	case PQL_RANGE: add_part(x, n, depth); return;
	case PQL_SUBQUERY:
		add_part(x, n, depth); /* within it there are other times than this one */
		return;
	case PQL_UNARY:
		add_part(x, n, depth);
		add_parts(x, n->unary.inner, depth + 1);
		return;
	case PQL_BINARY:
		add_part(x, n, depth);
		add_parts(x, n->binary.lhs, depth + 1);
		add_parts(x, n->binary.rhs, depth + 1);
		return;
	case PQL_AGGREGATE:
		add_part(x, n, depth);
		add_parts(x, n->aggregate.inner, depth + 1);
		return;
	case PQL_CALL:
		add_part(x, n, depth);
		for (size_t i = 0; i < n->call.count; i++) {
			add_parts(x, n->call.args[i], depth + 1);
		}
		return;
	}
}

/* ---- series over time ---- */

static dur_ms chart_step(const struct rule_test_run *run, ts_ms t) {
	dur_ms step = run->group->interval, length = t - run->start;
	return length / CHART_STEPS > step ? length / CHART_STEPS : step;
}

/* Without its range, and without offset and @: what the series were. */
static void add_series(struct explainer *x) {
	struct rule_test_run *run = x->run;
	struct rule_test_expression *e = x->expression;
	struct pql_grid grid = {run->start, x->t, chart_step(run, x->t)};
	e->series_count = e->expr->selector_count;
	e->series = ARENA_ARRAY(run->arena, struct pql_value, e->series_count);
	for (size_t i = 0; i < e->series_count && x->t > run->start; i++) {
		struct pql_failure failure;
		struct pql_node bare = *e->expr->selectors[i];
		struct pql_expr part = part_of(e->expr, &bare);
		struct pql_node **selectors =
			ARENA_ARRAY(run->arena, struct pql_node *, e->expr->selector_count);
		bare.selector.shift = (struct pql_shift){0};
		bare.selector.mode = PQL_MODE_PLAIN;
		bare.type = PQL_TYPE_VECTOR;
		memcpy(selectors, e->expr->selectors, e->series_count * sizeof(struct pql_node *));
		selectors[i] = &bare;
		part.selectors = selectors;
		if (simulation_query(run->simulation, &part, grid, run->arena, &e->series[i], &failure) !=
			NULL) {
			e->series[i] = (struct pql_value){0};
		}
	}
}

static void explain_expression(struct explainer *x, const struct rule *rule,
							   const struct rule_group *group, const struct pql_expr *expr,
							   dur_ms time) {
	struct rule_test_expression *e =
		&x->explanation->expressions[x->explanation->expression_count++];
	*e = (struct rule_test_expression){.rule = rule, .group = group, .expr = expr, .time = time};
	x->expression = e;
	x->capacity = 0;
	x->t = x->run->start + time;
	add_parts(x, expr->root, 0);
	add_series(x);
}

/* ---- alerts ---- */

static void explain_rules(struct explainer *x, const struct test_alert_case *c) {
	struct rule_test_run *run = x->run;
	x->explanation->expressions = ARENA_ARRAY(run->arena, struct rule_test_expression, MAX_RULES);
	for (size_t i = 0; i < simulation_group_count(run->simulation); i++) {
		const struct group_state *g = simulation_group(run->simulation, i);
		dur_ms offset = g->group->query_offset == TS_NONE ? 0 : g->group->query_offset;
		for (size_t k = 0; k < g->rule_count; k++) {
			const struct rule *rule = g->rules[k].rule;
			bool is_it = rule->kind == RULE_ALERTING && str_equal(rule->name, c->alertname.text);
			if (is_it && x->explanation->expression_count < MAX_RULES) {
				explain_expression(x, rule, g->group, rule->expr,
								   schedule_slot(g->interval, c->eval_time) - offset);
			}
		}
	}
}

static bool is_asked_about(const struct test_alert_case *c, const struct rule_test_change *change) {
	bool is_it = str_equal(change->rule->name, c->alertname.text);
	for (size_t i = 0; i < c->with_labels.count && is_it; i++) {
		const struct label *l = &c->with_labels.items[i];
		is_it = str_equal(labels_get(change->labels, l->name), l->value);
	}
	return is_it;
}

static void add_changes(struct explainer *x, const struct test_alert_case *c) {
	struct rule_test_run *run = x->run;
	struct rule_test_explanation *e = x->explanation;
	struct rule_test_change *changes =
		ARENA_ARRAY(run->arena, struct rule_test_change, run->change_count);
	for (size_t i = 0; i < run->change_count; i++) {
		if (run->changes[i].time <= c->eval_time && is_asked_about(c, &run->changes[i])) {
			changes[e->change_count++] = run->changes[i];
		}
	}
	e->changes = changes;
	e->changes_dropped = run->changes_dropped;
}

void rule_test_explain(struct rule_test_run *run, struct rule_test_check *check) {
	if (run->explained == RULE_TEST_MAX_EXPLAINED) {
		return;
	}
	run->explained++;
	struct explainer x = {.run = run,
						  .explanation = ARENA_NEW(run->arena, struct rule_test_explanation)};
	if (check->alert != NULL) {
		explain_rules(&x, check->alert);
		add_changes(&x, check->alert);
	} else {
		x.explanation->expressions = ARENA_ARRAY(run->arena, struct rule_test_expression, 1);
		explain_expression(&x, NULL, NULL, check->expr->parsed, check->time);
	}
	check->explanation = x.explanation;
}
