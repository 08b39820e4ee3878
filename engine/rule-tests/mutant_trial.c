#include "engine/rule-tests/mutant_trial.h"

#include "base/bug.h"
#include "base/mem.h"
#include "engine/rule-tests/mutant_reads.h"

struct mutant_trial_group {
	struct test_group group; /* with the checks that matter alone */
	size_t number;           /* in the file */
	struct rule_set *set;    /* the rules that matter */
	struct rule *changed;    /* the rule under trial, among them */
};

/* ---- the suite ---- */

struct alerted_noting {
	struct mutant_suite *suite;
	struct mutant_alerted *list;
	bool *noted; /* per rule */
};

static void note_alerted(const struct rule *rule, void *data) {
	struct alerted_noting *n = data;
	struct mutant_alerted *list = n->list;
	size_t number = mutant_reads_find(n->suite->reads, rule);
	if (!n->noted[number]) {
		n->noted[number] = true;
		list->rules = arena_grow(&n->suite->arena, list->rules, list->count, &list->capacity,
								 sizeof(list->rules[0]));
		list->rules[list->count++] = number;
	}
}

static void find_alerted(struct mutant_suite *s, size_t group) {
	struct arena a;
	struct rule_test_report report;
	arena_init(&a);
	struct alerted_noting noting = {s, &s->alerted[group],
									ARENA_ARRAY(&a, bool, mutant_reads_count(s->reads))};
	struct rule_test_options options = {.promtool = s->promtool,
										.input = s->inputs[group],
										.alerted = note_alerted,
										.alerted_data = &noting};
	rule_test_run(s->file, &s->file->groups[group], s->set, &options, &a, &report);
	rule_test_report_finish(&report);
	arena_finish(&a);
}

void mutant_suite_init(struct mutant_suite *s, const struct test_file *file, struct rule_set *set,
					   const bool *left_out, bool promtool) {
	*s =
		(struct mutant_suite){.file = file, .set = set, .left_out = left_out, .promtool = promtool};
	arena_init(&s->arena);
	s->reads = mutant_reads_make(set, &s->arena);
	s->inputs = ARENA_ARRAY(&s->arena, struct pql_store *, file->group_count);
	s->alerted = ARENA_ARRAY(&s->arena, struct mutant_alerted, file->group_count);
	for (size_t i = 0; i < file->group_count; i++) {
		if (left_out == NULL || !left_out[i]) {
			s->inputs[i] = rule_test_load_input(file, &file->groups[i], &s->arena);
			find_alerted(s, i);
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
			t->groups[t->group_count++].number = i;
		}
	}
	for (size_t i = 1; i < t->group_count; i++) {
		if (names_rule(t, &t->groups[i].group)) {
			move_to_front(t, i);
		}
	}
}

/* ---- rules that matter ---- */

struct choice {
	struct mutant_trial *trial;
	const struct mutant_reach *reach;
	bool *alerted; /* per rule: in the test group at hand */
	bool whole;    /* all that are needed, alerts or not */
};

static bool is_chosen(const struct choice *c, size_t number) {
	return c->reach->needed[number] &&
		   (c->whole || c->reach->changed[number] || c->alerted[number] ||
			!mutant_reads_is_alert(c->trial->suite->reads, number));
}

/* A copy, so that a rule of it can be changed. */
static struct rule_group *copy_group(const struct choice *c, size_t index,
									 struct mutant_trial_group *to) {
	struct mutant_trial *t = c->trial;
	const struct rule_group *group = t->suite->set->groups[index];
	size_t first = mutant_reads_number(t->suite->reads, index, 0), count = 0;
	for (size_t k = 0; k < group->rule_count; k++) {
		count += is_chosen(c, first + k);
	}
	if (count == 0) {
		return NULL;
	}
	struct rule *rules = ARENA_ARRAY(&t->arena, struct rule, count);
	struct rule_group *copy = ARENA_NEW(&t->arena, struct rule_group);
	*copy = *group;
	copy->rules = rules;
	copy->rule_count = 0;
	for (size_t k = 0; k < group->rule_count; k++) {
		if (!is_chosen(c, first + k)) {
			continue;
		}
		if (index == t->slot.group && k == t->slot.rule) {
			to->changed = &rules[copy->rule_count];
		}
		rules[copy->rule_count++] = group->rules[k];
	}
	return copy;
}

static void choose_rules(const struct choice *c, struct mutant_trial_group *to) {
	const struct rule_set *from = c->trial->suite->set;
	struct rule_set *set = to->set = rule_set_create();
	for (size_t i = 0; i < from->group_count; i++) {
		struct rule_group *copy = copy_group(c, i, to);
		if (copy != NULL) {
			set->groups = mem_grow(set->groups, set->group_count, &set->group_capacity,
								   sizeof(set->groups[0]));
			set->groups[set->group_count++] = copy;
			set->rule_count += copy->rule_count;
		}
	}
	BUG_ON(to->changed == NULL);
}

static void choose_rules_of_all(struct mutant_trial *t, const struct mutant_reach *reach,
								bool whole) {
	size_t rules = mutant_reads_count(t->suite->reads);
	struct choice c = {t, reach, ARENA_ARRAY(&t->arena, bool, rules), whole};
	for (size_t i = 0; i < t->group_count; i++) {
		const struct mutant_alerted *alerted = &t->suite->alerted[t->groups[i].number];
		for (size_t k = 0; k < alerted->count; k++) {
			c.alerted[alerted->rules[k]] = true;
		}
		choose_rules(&c, &t->groups[i]);
		for (size_t k = 0; k < alerted->count; k++) {
			c.alerted[alerted->rules[k]] = false;
		}
	}
}

/* ---- the trial ---- */

static bool passes(struct mutant_trial *t, const struct mutant_trial_group *g) {
	struct arena a;
	struct rule_test_report report;
	struct rule_test_options options = {
		.promtool = t->suite->promtool, .stops_early = true, .input = t->suite->inputs[g->number]};
	arena_init(&a);
	rule_test_run(t->suite->file, &g->group, g->set, &options, &a, &report);
	bool passed = rule_test_passed(&report);
	rule_test_report_finish(&report);
	arena_finish(&a);
	return passed;
}

static bool notices(struct mutant_trial *t, struct mutant_trial_group *g, const struct rule *rule) {
	struct rule before = *g->changed;
	*g->changed = *rule;
	bool passed = passes(t, g);
	*g->changed = before;
	return !passed;
}

bool mutant_trial_notices(struct mutant_trial *t, const struct rule *rule) {
	for (size_t i = 0; i < t->group_count; i++) {
		if (notices(t, &t->groups[i], rule)) {
			move_to_front(t, i);
			return true;
		}
	}
	return false;
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
	choose_rules_of_all(t, &reach, whole);
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
		for (size_t i = 0; i < t->group_count; i++) {
			rule_set_destroy(t->groups[i].set);
		}
		arena_finish(&t->arena);
	}
}
