#include "engine/rule-tests/mutant_reads.h"

#include "base/hash.h"
#include "base/hmap.h"

/* A metric that rules put out, or an alert. */
struct output {
	struct str name;
	size_t *writers, *readers; /* rules */
	size_t writer_count, writer_capacity, reader_count, reader_capacity;
};

struct node {
	const struct rule *rule;
	struct output *writes[3]; /* NULL at the end */
	struct output **reads;
	size_t read_count, read_capacity;
	bool reads_all; /* what it reads is not known by name */
};

struct mutant_reads {
	struct arena *arena;
	struct hmap metrics, alerts; /* of struct output, by name */
	struct node *nodes;
	size_t node_count;
	size_t *first; /* number of each group's first rule */
};

/* ---- outputs ---- */

static bool output_has_name(const void *value, const void *key) {
	return str_equal(((const struct output *)value)->name, *(const struct str *)key);
}

static struct output *find_output(const struct hmap *map, struct str name) {
	return hmap_find(map, hash_str(name), output_has_name, &name);
}

static struct output *get_output(struct mutant_reads *r, struct hmap *map, struct str name) {
	struct output *o = find_output(map, name);
	if (o == NULL) {
		o = ARENA_NEW(r->arena, struct output);
		o->name = name;
		hmap_add(map, hash_str(name), o);
	}
	return o;
}

static void add_writer(struct mutant_reads *r, struct output *o, size_t rule) {
	o->writers =
		arena_grow(r->arena, o->writers, o->writer_count, &o->writer_capacity, sizeof(size_t));
	o->writers[o->writer_count++] = rule;
}

static void list_outputs(struct mutant_reads *r, size_t rule) {
	struct node *n = &r->nodes[rule];
	if (n->rule->kind == RULE_RECORDING) {
		n->writes[0] = get_output(r, &r->metrics, n->rule->name);
		add_writer(r, n->writes[0], rule);
		return;
	}
	n->writes[0] = get_output(r, &r->metrics, STR("ALERTS"));
	n->writes[1] = get_output(r, &r->metrics, STR("ALERTS_FOR_STATE"));
	add_writer(r, n->writes[0], rule);
	add_writer(r, n->writes[1], rule);
	add_writer(r, get_output(r, &r->alerts, n->rule->name), rule);
}

/* ---- what is read ---- */

static bool queries(const struct rule_text *texts, size_t count) {
	bool any = false;
	for (size_t i = 0; i < count; i++) {
		any = any || (texts[i].template != NULL && template_queries(texts[i].template));
	}
	return any;
}

static void list_reads(struct mutant_reads *r, size_t rule) {
	struct node *n = &r->nodes[rule];
	n->reads_all = queries(n->rule->labels, n->rule->label_count) ||
				   queries(n->rule->annotations, n->rule->annotation_count);
	for (size_t i = 0; i < n->rule->expr->selector_count; i++) {
		const struct matcher *exact = pql_selector_name(&n->rule->expr->selectors[i]->selector);
		struct output *o = exact != NULL ? find_output(&r->metrics, exact->value) : NULL;
		n->reads_all = n->reads_all || exact == NULL;
		if (o == NULL) {
			continue;
		}
		o->readers =
			arena_grow(r->arena, o->readers, o->reader_count, &o->reader_capacity, sizeof(size_t));
		o->readers[o->reader_count++] = rule;
		n->reads =
			arena_grow(r->arena, n->reads, n->read_count, &n->read_capacity, sizeof(n->reads[0]));
		n->reads[n->read_count++] = o;
	}
}

struct mutant_reads *mutant_reads_make(const struct rule_set *set, struct arena *a) {
	struct mutant_reads *r = ARENA_NEW(a, struct mutant_reads);
	r->arena = a;
	hmap_init(&r->metrics, a);
	hmap_init(&r->alerts, a);
	r->nodes = ARENA_ARRAY(a, struct node, set->rule_count);
	r->first = ARENA_ARRAY(a, size_t, set->group_count);
	for (size_t i = 0; i < set->group_count; i++) {
		r->first[i] = r->node_count;
		for (size_t k = 0; k < set->groups[i]->rule_count; k++) {
			r->nodes[r->node_count++].rule = &set->groups[i]->rules[k];
			list_outputs(r, r->node_count - 1);
		}
	}
	for (size_t i = 0; i < r->node_count; i++) {
		list_reads(r, i);
	}
	return r;
}

size_t mutant_reads_number(const struct mutant_reads *r, size_t group, size_t rule) {
	return r->first[group] + rule;
}

size_t mutant_reads_count(const struct mutant_reads *r) {
	return r->node_count;
}

/* ---- reach ---- */

static void push(struct mutant_reach *reach, bool *marks, size_t rule) {
	if (!marks[rule]) {
		marks[rule] = true;
		reach->stack[reach->depth++] = rule;
	}
}

static void spread_down(struct mutant_reach *reach, const struct mutant_reads *r) {
	while (reach->depth > 0) {
		const struct node *n = &r->nodes[reach->stack[--reach->depth]];
		for (size_t w = 0; n->writes[w] != NULL; w++) {
			for (size_t i = 0; i < n->writes[w]->reader_count; i++) {
				push(reach, reach->changed, n->writes[w]->readers[i]);
			}
		}
	}
}

void mutant_reach_init(struct mutant_reach *reach, const struct mutant_reads *r, size_t rule,
					   struct arena *a) {
	*reach = (struct mutant_reach){.changed = ARENA_ARRAY(a, bool, r->node_count),
								   .needed = ARENA_ARRAY(a, bool, r->node_count),
								   .stack = ARENA_ARRAY(a, size_t, r->node_count)};
	push(reach, reach->changed, rule);
	/* Whoever reads without a name may read this, or what follows from it. */
	for (size_t i = 0; i < r->node_count; i++) {
		if (r->nodes[i].reads_all) {
			reach->all = true;
			push(reach, reach->changed, i);
		}
	}
	spread_down(reach, r);
}

bool mutant_reach_alert(const struct mutant_reach *reach, const struct mutant_reads *r,
						struct str name) {
	const struct output *o = find_output(&r->alerts, name);
	bool changed = false;
	for (size_t i = 0; o != NULL && i < o->writer_count; i++) {
		changed = changed || reach->changed[o->writers[i]];
	}
	return changed;
}

bool mutant_reach_expr(struct mutant_reach *reach, const struct mutant_reads *r,
					   const struct pql_expr *expr) {
	bool changed = false;
	for (size_t i = 0; i < expr->selector_count && !changed; i++) {
		const struct matcher *exact = pql_selector_name(&expr->selectors[i]->selector);
		const struct output *o = exact != NULL ? find_output(&r->metrics, exact->value) : NULL;
		reach->all = reach->all || exact == NULL;
		changed = exact == NULL;
		for (size_t k = 0; o != NULL && k < o->writer_count; k++) {
			changed = changed || reach->changed[o->writers[k]];
		}
	}
	for (size_t i = 0; i < expr->selector_count && changed; i++) {
		const struct matcher *exact = pql_selector_name(&expr->selectors[i]->selector);
		const struct output *o = exact != NULL ? find_output(&r->metrics, exact->value) : NULL;
		for (size_t k = 0; o != NULL && k < o->writer_count; k++) {
			push(reach, reach->needed, o->writers[k]);
		}
	}
	return changed;
}

static void need_writers(struct mutant_reach *reach, const struct output *o) {
	for (size_t i = 0; o != NULL && i < o->writer_count; i++) {
		push(reach, reach->needed, o->writers[i]);
	}
}

/* Of rules that write the same series the second one fails: what writes the same as one that is needed is needed, too. */
static void need_siblings(struct mutant_reach *reach, const struct mutant_reads *r,
						  const struct node *n) {
	if (n->rule->kind == RULE_RECORDING) {
		need_writers(reach, n->writes[0]);
	} else {
		need_writers(reach, find_output(&r->alerts, n->rule->name));
	}
}

void mutant_reach_finish(struct mutant_reach *reach, const struct mutant_reads *r) {
	for (size_t i = 0; i < r->node_count; i++) {
		if (reach->all || reach->changed[i]) {
			push(reach, reach->needed, i);
		}
	}
	while (reach->depth > 0) {
		const struct node *n = &r->nodes[reach->stack[--reach->depth]];
		need_siblings(reach, r, n);
		for (size_t i = 0; i < n->read_count; i++) {
			need_writers(reach, n->reads[i]);
		}
	}
}
