#include "engine/dependencies.h"

#include "base/hash.h"
#include "base/hmap.h"

/* A metric that groups put out. */
struct output_name {
	struct str name;
	bool is_alerts; /* ALERTS or ALERTS_FOR_STATE: every alerting rule writes it */
	bool read;
	size_t *groups; /* that write it, each once */
	size_t count, capacity;
};

struct search {
	const struct rule_group *const *groups;
	size_t group_count;
	const struct pql_time_options *options;
	struct arena *arena;
	struct hmap by_name;
	struct output_name **names; /* in order of appearance */
	size_t name_count, name_capacity;
	struct dependencies *result;
};

static bool output_has_name(const void *value, const void *key) {
	return str_equal(((const struct output_name *)value)->name, *(const struct str *)key);
}

static struct output_name *find_output(const struct search *s, struct str name) {
	return hmap_find(&s->by_name, hash_str(name), output_has_name, &name);
}

static void add_writer(struct search *s, struct str name, bool is_alerts, size_t group) {
	struct output_name *o = find_output(s, name);
	if (o == NULL) {
		o = ARENA_NEW(s->arena, struct output_name);
		*o = (struct output_name){.name = name, .is_alerts = is_alerts};
		hmap_add(&s->by_name, hash_str(name), o);
		s->names = arena_grow(s->arena, s->names, s->name_count, &s->name_capacity,
							  sizeof(struct output_name *));
		s->names[s->name_count++] = o;
	}
	if (o->count > 0 && o->groups[o->count - 1] == group) {
		return;
	}
	o->groups = arena_grow(s->arena, o->groups, o->count, &o->capacity, sizeof(size_t));
	o->groups[o->count++] = group;
}

static void list_outputs(struct search *s) {
	for (size_t i = 0; i < s->group_count; i++) {
		for (size_t j = 0; j < s->groups[i]->rule_count; j++) {
			const struct rule *rule = &s->groups[i]->rules[j];
			if (rule->kind == RULE_RECORDING) {
				add_writer(s, rule->name, false, i);
			} else {
				add_writer(s, STR("ALERTS"), true, i);
				add_writer(s, STR("ALERTS_FOR_STATE"), true, i);
			}
		}
	}
}

/* Whether all matchers on the label accept the value. What is not known counts as yes: one dependency too many does no harm. */
static bool label_matches(const struct pql_selector *selector, struct str label, struct str value) {
	bool matches;
	for (size_t i = 0; i < selector->matcher_count; i++) {
		if (str_equal(selector->matchers[i].name, label) &&
			matcher_matches(&selector->matchers[i], value, &matches) && !matches) {
			return false;
		}
	}
	return true;
}

bool dependencies_reads(const struct pql_selector *selector, struct str metric) {
	return label_matches(selector, LABEL_NAME, metric);
}

static bool writes_matching_alert(const struct rule_group *group,
								  const struct pql_selector *selector) {
	for (size_t i = 0; i < group->rule_count; i++) {
		const struct rule *rule = &group->rules[i];
		if (rule->kind == RULE_ALERTING && label_matches(selector, LABEL_ALERTNAME, rule->name)) {
			return true;
		}
	}
	return false;
}

static void add_edge(struct search *s, size_t group, size_t before) {
	struct dependencies_group *g = &s->result->groups[group];
	for (size_t i = 0; i < g->count; i++) {
		if (g->after[i] == before) {
			return;
		}
	}
	g->after = arena_grow(s->arena, g->after, g->count, &g->capacity, sizeof(size_t));
	g->after[g->count++] = before;
}

/* The rule under way. */
struct reader {
	size_t group, rule;
};

static void note_read(struct search *s, struct output_name *o, struct reader reader,
					  const struct pql_selector *selector, dur_ms back) {
	size_t group = reader.group;
	o->read = true;
	s->result->groups[group].reads_outputs[reader.rule] = true;
	s->result->horizon = back > s->result->horizon ? back : s->result->horizon;
	for (size_t i = 0; i < o->count; i++) {
		size_t writer = o->groups[i];
		if (writer != group &&
			(!o->is_alerts || writes_matching_alert(s->groups[writer], selector))) {
			add_edge(s, group, writer);
		}
	}
}

static void read_selector(struct search *s, struct reader reader,
						  const struct pql_selector *selector, dur_ms back) {
	const struct matcher *exact = pql_selector_name(selector);
	if (exact != NULL) {
		struct output_name *o = find_output(s, exact->value);
		if (o != NULL) {
			note_read(s, o, reader, selector, back);
		}
		return;
	}
	for (size_t i = 0; i < s->name_count; i++) {
		if (dependencies_reads(selector, s->names[i]->name)) {
			note_read(s, s->names[i], reader, selector, back);
		}
	}
}

/* The needs of an evaluation at time 0 begin as far before it as the rule looks back. */
static void read_rule(struct search *s, struct reader reader, const struct rule *rule) {
	struct pql_need *needs;
	pql_needs(rule->expr, (struct pql_grid){.step = 1}, s->options, s->arena, &needs);
	for (size_t i = 0; i < rule->expr->selector_count; i++) {
		bool range = needs[i].kind == PQL_NEED_RANGE;
		ts_ms start = range ? needs[i].start : needs[i].grid.start - s->options->lookback;
		read_selector(s, reader, needs[i].selector, -start);
	}
}

enum colour { WHITE, GREY, BLACK };

/* One group of the walk, and which of its edges comes next. */
struct visit {
	size_t group, next;
};

/* Depth first, without recursion; an edge back to a group whose own walk is not over closes a circle and is dropped. */
static void drop_circles_from(struct search *s, size_t root, enum colour *colours,
							  struct visit *stack) {
	size_t depth = 0;
	stack[depth++] = (struct visit){root, 0};
	colours[root] = GREY;
	while (depth > 0) {
		struct visit *v = &stack[depth - 1];
		struct dependencies_group *g = &s->result->groups[v->group];
		if (v->next == g->count) {
			colours[v->group] = BLACK;
			depth--;
			continue;
		}
		size_t to = g->after[v->next];
		if (colours[to] == GREY) {
			g->after[v->next] = g->after[--g->count];
			continue;
		}
		v->next++;
		if (colours[to] == WHITE) {
			colours[to] = GREY;
			stack[depth++] = (struct visit){to, 0};
		}
	}
}

static void drop_circles(struct search *s) {
	enum colour *colours = ARENA_ARRAY(s->arena, enum colour, s->group_count);
	struct visit *stack = ARENA_ARRAY(s->arena, struct visit, s->group_count + 1);
	/* From the last to the first, so that in a circle the earliest group is the one that does not wait. */
	for (size_t i = s->group_count; i > 0; i--) {
		if (colours[i - 1] == WHITE) {
			drop_circles_from(s, i - 1, colours, stack);
		}
	}
}

void dependencies_find(const struct rule_group *const *groups, size_t count,
					   const struct pql_time_options *options, struct arena *a,
					   struct dependencies *ret_dependencies) {
	struct dependencies result = {.groups = ARENA_ARRAY(a, struct dependencies_group, count)};
	struct search s = {
		.groups = groups, .group_count = count, .options = options, .arena = a, .result = &result};
	hmap_init(&s.by_name, a);
	list_outputs(&s);
	for (size_t i = 0; i < count; i++) {
		result.groups[i].reads_outputs = ARENA_ARRAY(a, bool, groups[i]->rule_count);
		for (size_t j = 0; j < groups[i]->rule_count; j++) {
			read_rule(&s, (struct reader){.group = i, .rule = j}, &groups[i]->rules[j]);
		}
	}
	drop_circles(&s);
	result.names = ARENA_ARRAY(a, struct str, s.name_count);
	for (size_t i = 0; i < s.name_count; i++) {
		if (s.names[i]->read) {
			result.names[result.name_count++] = s.names[i]->name;
		}
	}
	*ret_dependencies = result;
}
