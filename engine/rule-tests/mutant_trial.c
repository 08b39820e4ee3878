#include "engine/rule-tests/mutant_trial.h"

#include "base/bug.h"
#include "base/mem.h"
#include "engine/rule-tests/mutant_reads.h"

struct mutant_trial_group {
	struct test_group group; /* with the checks that matter alone */
	const struct pql_store *input;
};

void mutant_suite_init(struct mutant_suite *s, const struct test_file *file, struct rule_set *set,
					   const bool *left_out, bool promtool) {
	*s =
		(struct mutant_suite){.file = file, .set = set, .left_out = left_out, .promtool = promtool};
	arena_init(&s->arena);
	s->reads = mutant_reads_make(set, &s->arena);
	s->inputs = ARENA_ARRAY(&s->arena, struct pql_store *, file->group_count);
	for (size_t i = 0; i < file->group_count; i++) {
		if (left_out == NULL || !left_out[i]) {
			s->inputs[i] = rule_test_load_input(file, &file->groups[i], &s->arena);
		}
	}
}

void mutant_suite_finish(struct mutant_suite *s) {
	if (s == NULL) {
		return;
	}
	for (size_t i = 0; i < s->file->group_count; i++) {
		pql_store_destroy(s->inputs[i]);
	}
	arena_finish(&s->arena);
}

/* ---- checks that matter ---- */

static void choose_checks(struct mutant_trial *t, struct mutant_reach *reach,
						  const struct test_group *from, struct test_group *to) {
	const struct mutant_reads *reads = t->suite->reads;
	struct test_alert_case *alerts =
		ARENA_ARRAY(&t->arena, struct test_alert_case, from->alert_count);
	struct test_expr_case *exprs = ARENA_ARRAY(&t->arena, struct test_expr_case, from->expr_count);
	*to = *from;
	to->alert_count = to->expr_count = 0;
	for (size_t i = 0; i < from->alert_count; i++) {
		if (mutant_reach_alert(reach, reads, from->alerts[i].alertname.text)) {
			alerts[to->alert_count++] = from->alerts[i];
		}
	}
	for (size_t i = 0; i < from->expr_count; i++) {
		if (mutant_reach_expr(reach, reads, from->exprs[i].parsed)) {
			exprs[to->expr_count++] = from->exprs[i];
		}
	}
	to->alerts = alerts;
	to->exprs = exprs;
}

/* Checks of the rule's own alert, and how many others there are. */
static bool names_rule(const struct mutant_trial *t, const struct test_group *g) {
	const struct rule *rule = &t->suite->set->groups[t->slot.group]->rules[t->slot.rule];
	for (size_t i = 0; i < g->alert_count; i++) {
		if (str_equal(g->alerts[i].alertname.text, rule->name)) {
			return true;
		}
	}
	return false;
}

static void move_to_front(struct mutant_trial *t, size_t at) {
	struct mutant_trial_group moving = t->groups[at];
	for (; at > 0; at--) {
		t->groups[at] = t->groups[at - 1];
	}
	t->groups[0] = moving;
}

static void choose_groups(struct mutant_trial *t, struct mutant_reach *reach) {
	const struct test_file *file = t->suite->file;
	t->groups = ARENA_ARRAY(&t->arena, struct mutant_trial_group, file->group_count);
	for (size_t i = 0; i < file->group_count; i++) {
		struct test_group *chosen = &t->groups[t->group_count].group;
		if (t->suite->left_out != NULL && t->suite->left_out[i]) {
			continue;
		}
		choose_checks(t, reach, &file->groups[i], chosen);
		if (chosen->alert_count + chosen->expr_count > 0) {
			t->checks += chosen->alert_count + chosen->expr_count;
			t->groups[t->group_count++].input = t->suite->inputs[i];
		}
	}
	for (size_t i = 1; i < t->group_count; i++) {
		if (names_rule(t, &t->groups[i].group)) {
			move_to_front(t, i);
		}
	}
}

/* ---- rules that matter ---- */

/* Copies of groups, so that a rule of them can be changed. */
static void choose_rules(struct mutant_trial *t, const bool *needed) {
	const struct rule_set *from = t->suite->set;
	t->set = rule_set_create();
	for (size_t i = 0; i < from->group_count; i++) {
		const struct rule_group *group = from->groups[i];
		struct rule *rules = ARENA_ARRAY(&t->arena, struct rule, group->rule_count);
		struct rule_group *copy = ARENA_NEW(&t->arena, struct rule_group);
		*copy = *group;
		copy->rules = rules;
		copy->rule_count = 0;
		for (size_t k = 0; k < group->rule_count; k++) {
			if (!needed[mutant_reads_number(t->suite->reads, i, k)]) {
				continue;
			}
			if (i == t->slot.group && k == t->slot.rule) {
				t->changed = &rules[copy->rule_count];
			}
			rules[copy->rule_count++] = group->rules[k];
		}
		if (copy->rule_count > 0) {
			t->set->groups = mem_grow(t->set->groups, t->set->group_count, &t->set->group_capacity,
									  sizeof(t->set->groups[0]));
			t->set->groups[t->set->group_count++] = copy;
			t->set->rule_count += copy->rule_count;
		}
	}
	BUG_ON(t->changed == NULL);
}

/* ---- the trial ---- */

static bool passes(struct mutant_trial *t, const struct mutant_trial_group *g) {
	struct arena a;
	struct rule_test_report report;
	struct rule_test_options options = {
		.promtool = t->suite->promtool, .stops_early = true, .input = g->input};
	arena_init(&a);
	rule_test_run(t->suite->file, &g->group, t->set, &options, &a, &report);
	bool passed = rule_test_passed(&report);
	rule_test_report_finish(&report);
	arena_finish(&a);
	return passed;
}

bool mutant_trial_notices(struct mutant_trial *t, const struct rule *rule) {
	struct rule before = *t->changed;
	bool noticed = false;
	*t->changed = *rule;
	for (size_t i = 0; i < t->group_count && !noticed; i++) {
		noticed = !passes(t, &t->groups[i]);
		if (noticed) {
			move_to_front(t, i);
		}
	}
	*t->changed = before;
	return noticed;
}

/* Times at which a window begins or ends are those of evaluations, of whichever group: with fewer groups a check may fail that
 * passed with all of them. Then all of them it is. */
static bool is_sound(struct mutant_trial *t) {
	bool sound = true;
	for (size_t i = 0; i < t->group_count && sound; i++) {
		sound = passes(t, &t->groups[i]);
	}
	return sound;
}

static void start(struct mutant_trial *t, bool whole) {
	struct mutant_reach reach;
	const struct mutant_reads *reads = t->suite->reads;
	mutant_reach_init(&reach, reads, mutant_reads_number(reads, t->slot.group, t->slot.rule),
					  &t->arena);
	choose_groups(t, &reach);
	reach.all = reach.all || whole;
	mutant_reach_finish(&reach, reads);
	choose_rules(t, reach.needed);
}

void mutant_trial_init(struct mutant_trial *t, const struct mutant_suite *suite,
					   struct mutant_slot slot) {
	*t = (struct mutant_trial){.suite = suite, .slot = slot};
	arena_init(&t->arena);
	start(t, false);
	if (!is_sound(t)) {
		mutant_trial_finish(t);
		*t = (struct mutant_trial){.suite = suite, .slot = slot};
		arena_init(&t->arena);
		start(t, true);
	}
}

void mutant_trial_finish(struct mutant_trial *t) {
	if (t != NULL) {
		rule_set_destroy(t->set);
		arena_finish(&t->arena);
	}
}
