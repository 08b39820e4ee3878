/* What one test group reaches. Places in expressions are evaluated by themselves, over all evaluation times at once where that is
 * the same as one after the other; a comparison as if it were written with `bool`, which tells 0 from nothing. */
#include "engine/rule-tests/coverage_run.h"

#include "engine/rule-tests/coverage_private.h"
#include "engine/rule-tests/simulation_private.h"
#include "promql-lite/stretch.h"

#define STEPS_AT_ONCE 1024 /* bounds the memory of the columns */

/* ---- alerts ---- */

static const enum coverage_kind kind_of_change[] = {
	[ALERT_UNCHANGED] = COVERAGE_KINDS, [ALERT_APPEARED] = COVERAGE_PENDING,
	[ALERT_FIRED] = COVERAGE_FIRED,     [ALERT_RESOLVED] = COVERAGE_RESOLVED,
	[ALERT_DROPPED] = COVERAGE_DROPPED, [ALERT_LOWERED] = COVERAGE_KINDS,
	[ALERT_FORGOTTEN] = COVERAGE_KINDS,
};

static void note_kept(struct covered_rule *r, const struct alerting *alerting) {
	for (size_t i = 0; i < alerting->count && !coverage_is_reached(r, COVERAGE_KEPT); i++) {
		const struct alert *alert = alerting->alerts[i];
		if (alert->state == ALERT_FIRING && alert->keep_firing_since != TS_NONE) {
			coverage_reach(r, COVERAGE_KEPT);
		}
	}
}

void coverage_note_result(struct coverage_set *s, const struct group_state *group,
						  const struct evaluation_result *result) {
	struct covered_group *g = coverage_find_group(s, group->group);
	for (size_t i = 0; i < result->transitions.count; i++) {
		const struct alert_transition *t = &result->transitions.items[i];
		coverage_reach(&g->rules[t->rule - group->group->rules], kind_of_change[t->change]);
	}
	for (size_t i = 0; i < group->rule_count; i++) {
		if (g->rules[i].rule->keep_firing_for > 0) {
			note_kept(&g->rules[i], &group->rules[i].alerting);
		}
	}
}

/* ---- expressions ---- */

struct examiner {
	const struct simulation *simulation;
	struct arena arena; /* of one evaluation */
	const struct covered_rule *rule;
	ts_ms now; /* what the store has after it is not there yet */
};

static bool evaluate(struct examiner *x, struct pql_node *node, struct pql_grid grid,
					 struct pql_value *ret_value) {
	struct pql_expr part = *x->rule->rule->expr; /* the selectors keep their numbers */
	struct pql_failure failure;
	part.root = node;
	return simulation_query_at(x->simulation, &part, grid, x->now, &x->arena, ret_value,
							   &failure) == NULL;
}

static size_t count_present(const struct pql_value *v) {
	size_t count = 0;
	for (size_t i = 0; i < v->row_count; i++) {
		for (size_t k = 0; k < v->steps; k++) {
			count += v->rows[i].present[k];
		}
	}
	return count;
}

/* How many values it has over the grid; 0 when it cannot be evaluated. */
static size_t count_values(struct examiner *x, const struct pql_node *node, struct pql_grid grid) {
	struct pql_value v;
	return evaluate(x, (struct pql_node *)node, grid, &v) ? count_present(&v) : 0;
}

/* Where the answers go: the two points of a place. */
struct sides {
	bool first, second;
};

static void note_truth(struct sides *sides, double v) {
	sides->first = sides->first || v != 0;
	sides->second = sides->second || v == 0;
}

/* Without `bool`, because the names that it takes away tell series apart. */
static void compare_with_names(struct examiner *x, const struct pql_node *n, struct pql_grid grid,
							   struct sides *sides) {
	const struct pql_node *vector =
		n->binary.lhs->type == PQL_TYPE_VECTOR ? n->binary.lhs : n->binary.rhs;
	bool one = n->binary.lhs->type == PQL_TYPE_SCALAR || n->binary.rhs->type == PQL_TYPE_SCALAR;
	size_t passed = count_values(x, n, grid);
	sides->first = passed > 0;
	sides->second = one && count_values(x, vector, grid) > passed;
}

static void examine_comparison(struct examiner *x, const struct pql_node *n, struct pql_grid grid,
							   struct sides *sides) {
	struct pql_node with_bool = *n;
	struct pql_value v;
	with_bool.binary.return_bool = true;
	if (!evaluate(x, &with_bool, grid, &v)) {
		if (!n->binary.return_bool) {
			compare_with_names(x, n, grid, sides);
		}
		return;
	}
	for (size_t k = 0; k < v.steps && v.type == PQL_TYPE_SCALAR; k++) {
		note_truth(sides, v.scalars[k]);
	}
	for (size_t i = 0; i < v.row_count; i++) {
		for (size_t k = 0; k < v.steps; k++) {
			if (v.rows[i].present[k]) {
				note_truth(sides, v.rows[i].values[k]);
			}
		}
	}
}

static struct sides examine(struct examiner *x, const struct coverage_site *site,
							struct pql_grid grid) {
	struct sides sides = {0};
	if (site->kind == COVERAGE_PASSED) {
		examine_comparison(x, site->node, grid, &sides);
		return sides;
	}
	struct pql_value whole;
	if (!evaluate(x, (struct pql_node *)site->node, grid, &whole)) {
		return sides;
	}
	size_t all = count_present(&whole);
	if (site->kind == COVERAGE_ABSENT) {
		sides = (struct sides){all > 0, all < whole.steps};
	} else {
		size_t left = count_values(x, site->node->binary.lhs, grid);
		sides = site->kind == COVERAGE_LEFT ? (struct sides){left > 0, all > left}
											: (struct sides){all > 0, all < left};
	}
	return sides;
}

/* ---- times ---- */

/* The times at which what is in the subquery is evaluated, as in needs.c. */
static struct pql_grid grid_within(const struct examiner *x, const struct coverage_window *window,
								   struct pql_grid grid) {
	if (window == NULL) {
		return grid;
	}
	const struct pql_node *n = window->subquery;
	const struct pql_shift *shift = &n->subquery.shift;
	dur_ms step = n->subquery.step.fixed > 0 ? n->subquery.step.fixed
											 : x->simulation->settings->default_subquery_step;
	grid = grid_within(x, window->around, grid);
	if (shift->at == PQL_AT_TIME) {
		grid.start = grid.end = shift->at_time;
	}
	ts_ms first =
		pql_time_minus(pql_time_minus(grid.start, shift->offset.fixed), n->subquery.range.fixed);
	ts_ms start = pql_subquery_first_step(first, step);
	return (struct pql_grid){start, pql_time_minus(grid.end, shift->offset.fixed), step};
}

static void examine_over(struct examiner *x, const struct coverage_site *site,
						 struct coverage_point *points, struct pql_grid grid) {
	size_t steps = pql_grid_count(grid), done = 0;
	steps = steps > COVERAGE_MAX_STEPS && site->within != NULL ? COVERAGE_MAX_STEPS : steps;
	while (done < steps && !(points[0].reached && points[1].reached)) {
		size_t count = steps - done < STEPS_AT_ONCE ? steps - done : STEPS_AT_ONCE;
		ts_ms start = grid.start + (ts_ms)done * grid.step;
		ts_ms end = start + (ts_ms)(count - 1) * grid.step;
		struct sides sides = examine(x, site, (struct pql_grid){start, end, grid.step});
		points[0].reached = points[0].reached || sides.first;
		points[1].reached = points[1].reached || sides.second;
		arena_reset(&x->arena);
		done += count;
	}
}

static void examine_sites(struct examiner *x, struct pql_grid grid) {
	const struct covered_rule *r = x->rule;
	struct coverage_point *points = r->target->points + r->target->point_count - 2 * r->site_count;
	for (size_t i = 0; i < r->site_count; i++) {
		const struct coverage_site *site = &r->sites[i];
		if (!(points[2 * i].reached && points[2 * i + 1].reached)) {
			examine_over(x, site, points + 2 * i, grid_within(x, site->within, grid));
		}
	}
}

static bool any_left(const struct coverage_rule *rule) {
	struct coverage_count count = coverage_count_rule(rule);
	return count.reached < count.points;
}

static void examine_recorded(struct examiner *x, struct covered_rule *r, struct pql_grid grid) {
	struct pql_value v;
	if (!coverage_is_reached(r, COVERAGE_RECORDED) && evaluate(x, r->rule->expr->root, grid, &v) &&
		(v.type == PQL_TYPE_SCALAR || count_present(&v) > 0)) {
		coverage_reach(r, COVERAGE_RECORDED);
	}
	arena_reset(&x->arena);
}

static void examine_at(struct examiner *x, struct covered_rule *r, struct pql_grid grid) {
	examine_sites(x, grid);
	if (r->rule->kind == RULE_RECORDING) {
		examine_recorded(x, r, grid);
	}
}

/* `grid`: of the rule's evaluations. */
static void examine_rule(struct examiner *x, struct covered_rule *r, struct pql_grid grid,
						 dur_ms offset) {
	size_t steps = pql_grid_count(grid);
	bool pinned = simulation_is_pinned(x->simulation, r->rule->expr, &x->arena);
	size_t most = pinned ? 1 : STEPS_AT_ONCE;
	x->rule = r;
	arena_reset(&x->arena);
	for (size_t done = 0; done < steps && any_left(r->target); done += most) {
		size_t count = steps - done < most ? steps - done : most;
		ts_ms start = grid.start + (ts_ms)done * grid.step;
		ts_ms end = start + (ts_ms)(count - 1) * grid.step;
		x->now = pinned ? start : x->simulation->now;
		examine_at(x, r, (struct pql_grid){start - offset, end - offset, grid.step});
	}
}

void coverage_note_values(struct coverage_set *s, const struct simulation *simulation, ts_ms start,
						  ts_ms end) {
	struct examiner x = {.simulation = simulation};
	arena_init(&x.arena);
	for (size_t i = 0; i < simulation_group_count(simulation); i++) {
		const struct group_state *state = simulation_group(simulation, i);
		struct covered_group *g = coverage_find_group(s, state->group);
		dur_ms offset = state->group->query_offset == TS_NONE ? simulation->settings->query_offset
															  : state->group->query_offset;
		for (size_t k = 0; k < state->rule_count; k++) {
			if (g->rules[k].target != NULL && any_left(g->rules[k].target)) {
				examine_rule(&x, &g->rules[k], (struct pql_grid){start, end, state->interval},
							 offset);
			}
		}
	}
	arena_finish(&x.arena);
}
