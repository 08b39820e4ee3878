#include "engine/rule-tests/mutant_reads.h"

#include "base/bug.h"
#include "base/hash.h"
#include "base/hmap.h"

/* A metric that rules put out, or an alert. */
struct output {
	struct str name;
	size_t number;             /* counted over metrics and alerts */
	size_t *writers, *readers; /* rules */
	size_t writer_count, writer_capacity, reader_count, reader_capacity;
};

struct node {
	const struct rule *rule;
	struct output *writes[3]; /* NULL at the end */
	struct output *alert;     /* NULL: it is a recording rule */
	struct output **reads;
	size_t read_count, read_capacity;
	bool reads_all; /* what it reads is not known by name */
};

struct mutant_reads {
	struct arena *arena;
	struct hmap metrics, alerts; /* of struct output, by name */
	struct node *nodes;
	size_t node_count, output_count;
	size_t *first;       /* number of each group's first rule */
	struct hmap by_rule; /* of struct node */
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
		o->number = r->output_count++;
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
	n->alert = get_output(r, &r->alerts, n->rule->name);
	add_writer(r, n->alert, rule);
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

static uint64_t rule_hash(const struct rule *rule) {
	return hash_str((struct str){(const char *)&rule, sizeof(rule)});
}

static bool is_node_of(const void *value, const void *key) {
	return ((const struct node *)value)->rule == key;
}

struct mutant_reads *mutant_reads_make(const struct rule_set *set, struct arena *a) {
	struct mutant_reads *r = ARENA_NEW(a, struct mutant_reads);
	r->arena = a;
	hmap_init(&r->metrics, a);
	hmap_init(&r->alerts, a);
	hmap_init(&r->by_rule, a);
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
		hmap_add(&r->by_rule, rule_hash(r->nodes[i].rule), &r->nodes[i]);
	}
	return r;
}

size_t mutant_reads_find(const struct mutant_reads *r, const struct rule *rule) {
	const struct node *n = hmap_find(&r->by_rule, rule_hash(rule), is_node_of, rule);
	BUG_ON(n == NULL);
	return (size_t)(n - r->nodes);
}

bool mutant_reads_is_alert(const struct mutant_reads *r, size_t number) {
	return r->nodes[number].alert != NULL;
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

/* Of an output that many rules write its readers are gone through once. */
static void spread_down(struct mutant_reach *reach, const struct mutant_reads *r) {
	while (reach->depth > 0) {
		const struct node *n = &r->nodes[reach->stack[--reach->depth]];
		for (size_t w = 0; n->writes[w] != NULL; w++) {
			const struct output *o = n->writes[w];
			for (size_t i = 0; i < o->reader_count && !reach->touched[o->number]; i++) {
				push(reach, reach->changed, o->readers[i]);
			}
			reach->touched[o->number] = true;
		}
		if (n->alert != NULL) {
			reach->touched[n->alert->number] = true;
		}
	}
}

void mutant_reach_init(struct mutant_reach *reach, const struct mutant_reads *r, size_t rule,
					   struct arena *a) {
	*reach = (struct mutant_reach){.changed = ARENA_ARRAY(a, bool, r->node_count),
								   .needed = ARENA_ARRAY(a, bool, r->node_count),
								   .touched = ARENA_ARRAY(a, bool, r->output_count),
								   .asked = ARENA_ARRAY(a, bool, r->output_count),
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
	return o != NULL && reach->touched[o->number];
}

/* All rules that write it; once, since rules that share a name may be many. */
static void need_writers(struct mutant_reach *reach, const struct output *o) {
	if (o == NULL || reach->asked[o->number]) {
		return;
	}
	reach->asked[o->number] = true;
	for (size_t i = 0; i < o->writer_count; i++) {
		push(reach, reach->needed, o->writers[i]);
	}
}

static const struct output *find_exact(const struct mutant_reads *r, const struct matcher *exact) {
	return exact != NULL ? find_output(&r->metrics, exact->value) : NULL;
}

bool mutant_reach_expr(struct mutant_reach *reach, const struct mutant_reads *r,
					   const struct pql_expr *expr) {
	bool changed = false;
	for (size_t i = 0; i < expr->selector_count && !changed; i++) {
		const struct matcher *exact = pql_selector_name(&expr->selectors[i]->selector);
		const struct output *o = find_exact(r, exact);
		reach->all = reach->all || exact == NULL;
		changed = exact == NULL || (o != NULL && reach->touched[o->number]);
	}
	for (size_t i = 0; i < expr->selector_count && changed; i++) {
		need_writers(reach, find_exact(r, pql_selector_name(&expr->selectors[i]->selector)));
	}
	return changed;
}

/* Of rules that write the same series the second one fails: what writes the same as one that is needed is needed, too. */
static void need_siblings(struct mutant_reach *reach, const struct node *n) {
	need_writers(reach, n->alert != NULL ? n->alert : n->writes[0]);
}

void mutant_reach_finish(struct mutant_reach *reach, const struct mutant_reads *r) {
	for (size_t i = 0; i < r->node_count; i++) {
		if (reach->all || reach->changed[i]) {
			push(reach, reach->needed, i);
		}
	}
	while (reach->depth > 0) {
		const struct node *n = &r->nodes[reach->stack[--reach->depth]];
		need_siblings(reach, n);
		for (size_t i = 0; i < n->read_count; i++) {
			need_writers(reach, n->reads[i]);
		}
	}
}
