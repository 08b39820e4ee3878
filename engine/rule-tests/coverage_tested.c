/* Which rules tests look at: those that are named, those whose series an expression asks for, and what such rules read in turn. */
#include "base/hash.h"
#include "engine/rule-tests/coverage_private.h"
#include "engine/rule-tests/coverage_run.h"

static bool name_is(const void *value, const void *key) {
	return str_equal(((const struct coverage_name *)value)->name, *(const struct str *)key);
}

static struct coverage_name *find_name(const struct coverage_names *names, struct str name) {
	return hmap_find(&names->by_name, hash_str(name), name_is, &name);
}

static void add_rule(struct coverage_names *names, struct covered_rule *r, struct arena *a) {
	struct coverage_name *n = find_name(names, r->rule->name);
	if (n == NULL) {
		n = ARENA_NEW(a, struct coverage_name);
		n->name = r->rule->name;
		hmap_add(&names->by_name, hash_str(n->name), n);
		names->items =
			arena_grow(a, names->items, names->count, &names->capacity, sizeof(names->items[0]));
		names->items[names->count++] = n;
	}
	n->rules = arena_grow(a, n->rules, n->count, &n->capacity, sizeof(n->rules[0]));
	n->rules[n->count++] = r;
}

void coverage_list_names(struct coverage_set *s) {
	hmap_init(&s->alerts.by_name, &s->arena);
	hmap_init(&s->records.by_name, &s->arena);
	s->tested = ARENA_ARRAY(&s->arena, struct covered_rule *, s->set->rule_count);
	for (size_t i = 0; i < s->group_count; i++) {
		for (size_t k = 0; k < s->groups[i].group->rule_count; k++) {
			struct covered_rule *r = &s->groups[i].rules[k];
			add_rule(r->rule->kind == RULE_ALERTING ? &s->alerts : &s->records, r, &s->arena);
		}
	}
}

static void note(struct coverage_set *s, struct covered_rule *r) {
	if (!r->tested) {
		r->tested = true;
		s->tested[s->tested_count++] = r;
		coverage_reach(r, COVERAGE_TESTED);
	}
}

/* ---- selectors ---- */

/* The text of a label that a rule gives its series. false: it has none, or one that is not known before. */
static bool find_label(const struct rule *rule, struct str name, struct str *ret_value) {
	for (size_t i = 0; i < rule->label_count; i++) {
		if (str_equal(rule->labels[i].name, name)) {
			*ret_value = rule->labels[i].source;
			return rule->labels[i].template == NULL;
		}
	}
	return false;
}

/* Whether matchers on labels that are known accept them. What cannot be said counts as yes. */
static bool may_find(const struct pql_selector *selector, const struct rule *rule,
					 struct str metric) {
	for (size_t i = 0; i < selector->matcher_count; i++) {
		const struct matcher *m = &selector->matchers[i];
		struct str value;
		bool known = true, matches;
		if (str_equal(m->name, LABEL_NAME)) {
			value = metric;
		} else if (rule->kind == RULE_ALERTING && str_equal(m->name, LABEL_ALERTNAME)) {
			value = rule->name;
		} else {
			known = find_label(rule, m->name, &value);
		}
		if (known && matcher_matches(m, value, &matches) && !matches) {
			return false;
		}
	}
	return true;
}

static void note_found(struct coverage_set *s, const struct coverage_name *name,
					   const struct pql_selector *selector, struct str metric) {
	for (size_t i = 0; i < name->count; i++) {
		if (!name->rules[i]->tested && may_find(selector, name->rules[i]->rule, metric)) {
			note(s, name->rules[i]);
		}
	}
}

static const struct matcher *exact_matcher(const struct pql_selector *selector, struct str label) {
	for (size_t i = 0; i < selector->matcher_count; i++) {
		const struct matcher *m = &selector->matchers[i];
		if (m->op == MATCH_EQUAL && str_equal(m->name, label)) {
			return m;
		}
	}
	return NULL;
}

/* Of the names listed, the one that `exact` says, or all of them. */
static void note_names(struct coverage_set *s, const struct coverage_names *names,
					   const struct matcher *exact, const struct pql_selector *selector,
					   const struct str *metric) {
	if (exact != NULL) {
		const struct coverage_name *name = find_name(names, exact->value);
		if (name != NULL) {
			note_found(s, name, selector, metric != NULL ? *metric : name->name);
		}
		return;
	}
	for (size_t i = 0; i < names->count; i++) {
		note_found(s, names->items[i], selector, metric != NULL ? *metric : names->items[i]->name);
	}
}

static void note_selector(struct coverage_set *s, const struct pql_selector *selector) {
	static const struct str of_alerts[] = {{"ALERTS", 6}, {"ALERTS_FOR_STATE", 16}};
	const struct matcher *name = exact_matcher(selector, LABEL_NAME);
	note_names(s, &s->records, name, selector, NULL);
	for (size_t i = 0; i < sizeof(of_alerts) / sizeof(of_alerts[0]); i++) {
		if (name == NULL || str_equal(name->value, of_alerts[i])) {
			note_names(s, &s->alerts, exact_matcher(selector, LABEL_ALERTNAME), selector,
					   &of_alerts[i]);
		}
	}
}

static void note_expression(struct coverage_set *s, const struct pql_expr *expr) {
	for (size_t i = 0; i < expr->selector_count; i++) {
		note_selector(s, &expr->selectors[i]->selector);
	}
}

/* ---- test groups ---- */

/* with_labels may name another rule's labels. */
static bool is_meant(const struct test_alert_case *c, const struct rule *rule) {
	for (size_t i = 0; i < c->with_labels.count; i++) {
		struct str value;
		if (find_label(rule, c->with_labels.items[i].name, &value) &&
			!str_equal(value, c->with_labels.items[i].value)) {
			return false;
		}
	}
	return true;
}

void coverage_note_tested(struct coverage_set *s, const struct test_group *group) {
	for (size_t i = 0; i < group->alert_count; i++) {
		const struct coverage_name *name = find_name(&s->alerts, group->alerts[i].alertname.text);
		for (size_t k = 0; name != NULL && k < name->count; k++) {
			if (is_meant(&group->alerts[i], name->rules[k]->rule)) {
				note(s, name->rules[k]);
			}
		}
	}
	for (size_t i = 0; i < group->expr_count; i++) {
		note_expression(s, group->exprs[i].parsed);
	}
}

void coverage_spread(struct coverage_set *s) {
	while (s->spread < s->tested_count) {
		note_expression(s, s->tested[s->spread++]->rule->expr);
	}
}
