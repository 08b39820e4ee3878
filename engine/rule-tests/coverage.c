#include "engine/rule-tests/coverage_private.h"

#include "base/hash.h"
#include "base/mem.h"
#include "rules/yaml/yaml.h"

const char *const coverage_kind_name[COVERAGE_KINDS] = {
	[COVERAGE_TESTED] = "tested",     [COVERAGE_PENDING] = "pending",
	[COVERAGE_FIRED] = "fired",       [COVERAGE_DROPPED] = "dropped",
	[COVERAGE_RESOLVED] = "resolved", [COVERAGE_KEPT] = "kept_firing",
	[COVERAGE_RECORDED] = "recorded", [COVERAGE_PASSED] = "passed",
	[COVERAGE_HELD] = "held_back",    [COVERAGE_LEFT] = "left",
	[COVERAGE_ADDED] = "right",       [COVERAGE_STAYED] = "stayed",
	[COVERAGE_CUT] = "left_out",      [COVERAGE_ABSENT] = "absent",
	[COVERAGE_PRESENT] = "present",
};

struct coverage *coverage_create(void) {
	struct coverage *c = mem_calloc(1, sizeof(*c));
	arena_init(&c->arena);
	hmap_init(&c->by_path, &c->arena);
	return c;
}

void coverage_destroy(struct coverage *c) {
	if (c == NULL) {
		return;
	}
	arena_finish(&c->arena);
	free(c);
}

/* ---- counting ---- */

static void add_count(struct coverage_count *sum, struct coverage_count more) {
	sum->points += more.points;
	sum->reached += more.reached;
}

struct coverage_count coverage_count_rule(const struct coverage_rule *rule) {
	struct coverage_count count = {.points = rule->point_count};
	for (size_t i = 0; i < rule->point_count; i++) {
		count.reached += rule->points[i].reached;
	}
	return count;
}

struct coverage_count coverage_count_file(const struct coverage_file *file) {
	struct coverage_count count = {0};
	for (size_t i = 0; i < file->rule_count; i++) {
		add_count(&count, coverage_count_rule(&file->rules[i]));
	}
	return count;
}

struct coverage_count coverage_count(const struct coverage *c) {
	struct coverage_count count = {0};
	for (size_t i = 0; i < c->file_count; i++) {
		add_count(&count, coverage_count_file(c->files[i]));
	}
	return count;
}

static struct coverage_point *find_point(const struct covered_rule *r, enum coverage_kind kind) {
	size_t count = r->target != NULL ? r->target->point_count - 2 * r->site_count : 0;
	for (size_t i = 0; i < count; i++) {
		if (r->target->points[i].kind == kind) {
			return &r->target->points[i];
		}
	}
	return NULL;
}

void coverage_reach(struct covered_rule *r, enum coverage_kind kind) {
	struct coverage_point *point = find_point(r, kind);
	if (point != NULL) {
		point->reached = true;
	}
}

bool coverage_is_reached(const struct covered_rule *r, enum coverage_kind kind) {
	const struct coverage_point *point = find_point(r, kind);
	return point == NULL || point->reached;
}

/* ---- where expressions stand in the file ---- */

static bool node_starts_at(const void *value, const void *key) {
	return ((const struct yaml_node *)value)->span.start == *(const size_t *)key;
}

uint64_t coverage_hash(size_t number) {
	return hash_str((struct str){(const char *)&number, sizeof(number)});
}

static void add_expression(struct hmap *map, struct yaml_node *node) {
	uint64_t hash = coverage_hash(node->span.start);
	if (hmap_find(map, hash, node_starts_at, &node->span.start) == NULL) {
		hmap_add(map, hash, node);
	}
}

/* Of any mapping: a rule file may be a manifest, where groups stand deeper. */
static void add_expressions(struct hmap *map, const struct yaml_node *node) {
	for (size_t i = 0; node->kind == YAML_SEQUENCE && i < node->count; i++) {
		add_expressions(map, node->items[i]);
	}
	for (size_t i = 0; node->kind == YAML_MAPPING && i < node->count; i++) {
		struct yaml_node *value = node->pairs[i].value;
		if (value->kind == YAML_SCALAR && str_equal(node->pairs[i].key->text, STR("expr"))) {
			add_expression(map, value);
		}
		add_expressions(map, value);
	}
}

/* The scalars that hold expressions, by where they begin: they know where each byte of the text stands in the file. */
static void find_expressions(struct str text, struct arena *a, struct hmap *ret_map) {
	struct yaml_document *documents;
	struct diags ignored;
	size_t count;
	hmap_init(ret_map, a);
	diags_init(&ignored, a);
	yaml_parse(text, a, &ignored, &documents, &count);
	for (size_t i = 0; i < count; i++) {
		if (documents[i].root != NULL) {
			add_expressions(ret_map, documents[i].root);
		}
	}
}

/* ---- the points of a rule ---- */

struct point_list {
	struct arena *arena;
	struct coverage_point *items;
	size_t count, capacity;
};

static void add_point(struct point_list *list, enum coverage_kind kind, struct span span) {
	list->items =
		arena_grow(list->arena, list->items, list->count, &list->capacity, sizeof(list->items[0]));
	list->items[list->count++] = (struct coverage_point){.kind = kind, .span = span};
}

static struct span place_of(const struct hmap *expressions, const struct rule *rule,
							struct span in_text) {
	size_t start = rule->expr_span.start;
	const struct yaml_node *node =
		hmap_find(expressions, coverage_hash(start), node_starts_at, &start);
	return node != NULL ? yaml_span(node, in_text) : rule->expr_span;
}

static void add_rule_points(struct point_list *list, const struct hmap *expressions,
							const struct rule *rule) {
	add_point(list, COVERAGE_TESTED, rule->name_span);
	if (rule->kind == RULE_RECORDING) {
		add_point(list, COVERAGE_RECORDED, place_of(expressions, rule, rule->expr->root->span));
		return;
	}
	bool ends = !coverage_always_gives(rule->expr);
	if (rule->hold > 0) {
		add_point(list, COVERAGE_PENDING, rule->name_span);
	}
	add_point(list, COVERAGE_FIRED, rule->name_span);
	if (rule->hold > 0 && ends) {
		add_point(list, COVERAGE_DROPPED, rule->name_span);
	}
	if (ends && rule->keep_firing_for > 0) {
		add_point(list, COVERAGE_KEPT, rule->name_span);
	}
	if (ends) {
		add_point(list, COVERAGE_RESOLVED, rule->name_span);
	}
}

static void make_points(struct coverage *c, const struct hmap *expressions, const struct rule *rule,
						struct arena *scratch, struct coverage_rule *ret_rule) {
	struct point_list list = {.arena = scratch};
	size_t count;
	struct coverage_site *sites = coverage_sites(rule->expr, scratch, &count);
	add_rule_points(&list, expressions, rule);
	for (size_t i = 0; i < count; i++) {
		for (enum coverage_kind side = sites[i].kind; side <= sites[i].kind + 1; side++) {
			add_point(&list, side,
					  place_of(expressions, rule, coverage_site_span(&sites[i], side)));
		}
	}
	ret_rule->points = ARENA_ARRAY(&c->arena, struct coverage_point, list.count);
	ret_rule->point_count = list.count;
	memcpy(ret_rule->points, list.items, list.count * sizeof(list.items[0]));
}

/* false: there are too many points already. */
static bool add_rule(struct coverage *c, const struct hmap *expressions,
					 const struct rule_group *group, const struct rule *rule,
					 struct coverage_rule *ret_rule) {
	struct arena scratch;
	arena_init(&scratch);
	*ret_rule = (struct coverage_rule){.kind = rule->kind,
									   .name = arena_dup(&c->arena, rule->name),
									   .group = arena_dup(&c->arena, group->name),
									   .span = rule->span,
									   .name_span = rule->name_span};
	make_points(c, expressions, rule, &scratch, ret_rule);
	arena_finish(&scratch);
	c->points += ret_rule->point_count;
	return c->points <= COVERAGE_MAX_POINTS;
}

/* ---- files ---- */

static bool file_is(const void *value, const void *key) {
	const struct coverage_file *file = value, *wanted = key;
	return str_equal(file->path, wanted->path) && str_equal(file->text, wanted->text);
}

static size_t count_rules(const struct rule_file *file) {
	size_t count = 0;
	for (size_t i = 0; i < file->group_count; i++) {
		count += file->groups[i].rule_count;
	}
	return count;
}

static void add_rules(struct coverage *c, const struct rule_file *from,
					  struct coverage_file *file) {
	struct arena scratch;
	struct hmap expressions;
	size_t count = count_rules(from);
	arena_init(&scratch);
	find_expressions(file->text, &scratch, &expressions);
	file->rules = ARENA_ARRAY(&c->arena, struct coverage_rule, count);
	bool room = true;
	for (size_t i = 0; i < from->group_count; i++) {
		for (size_t k = 0; k < from->groups[i].rule_count && room; k++) {
			room = add_rule(c, &expressions, &from->groups[i], &from->groups[i].rules[k],
							&file->rules[file->rule_count]);
			file->rule_count += room;
		}
	}
	c->rules_left_out += count - file->rule_count;
	arena_finish(&scratch);
}

static struct coverage_file *get_file(struct coverage *c, const struct rule_set_file *from,
									  struct str path) {
	struct coverage_file wanted = {.path = path, .text = from->text};
	struct coverage_file *file = hmap_find(&c->by_path, hash_str(path), file_is, &wanted);
	if (file != NULL) {
		return file;
	}
	file = ARENA_NEW(&c->arena, struct coverage_file);
	file->path = arena_dup(&c->arena, path);
	file->text = arena_dup(&c->arena, from->text);
	add_rules(c, &from->file, file);
	hmap_add(&c->by_path, hash_str(path), file);
	c->files =
		arena_grow(&c->arena, c->files, c->file_count, &c->file_capacity, sizeof(c->files[0]));
	c->files[c->file_count++] = file;
	return file;
}

/* ---- the set ---- */

static bool is_of_group(const void *value, const void *key) {
	return ((const struct covered_group *)value)->group == key;
}

struct covered_group *coverage_find_group(const struct coverage_set *s,
										  const struct rule_group *group) {
	return hmap_find(&s->by_group, coverage_hash((size_t)(uintptr_t)group), is_of_group, group);
}

static void cover_group(struct coverage_set *s, const struct rule_group *group,
						struct coverage_file *file, size_t *next) {
	struct covered_group *g = &s->groups[s->group_count++];
	*g = (struct covered_group){
		.group = group, .rules = ARENA_ARRAY(&s->arena, struct covered_rule, group->rule_count)};
	for (size_t i = 0; i < group->rule_count; i++, (*next)++) {
		struct covered_rule *r = &g->rules[i];
		r->rule = &group->rules[i];
		r->target = *next < file->rule_count ? &file->rules[*next] : NULL;
		r->sites = coverage_sites(r->rule->expr, &s->arena, &r->site_count);
	}
	hmap_add(&s->by_group, coverage_hash((size_t)(uintptr_t)group), g);
}

struct coverage_set *coverage_open(struct coverage *c, struct rule_set *set,
								   const struct str *paths) {
	struct coverage_set *s = mem_calloc(1, sizeof(*s));
	s->coverage = c;
	s->set = rule_set_hold(set);
	arena_init(&s->arena);
	hmap_init(&s->by_group, &s->arena);
	s->groups = ARENA_ARRAY(&s->arena, struct covered_group, set->group_count);
	for (size_t i = 0; i < set->file_count; i++) {
		const struct rule_file *from = &set->files[i].file;
		struct coverage_file *file = get_file(c, &set->files[i], paths[i]);
		size_t next = 0;
		for (size_t k = 0; k < from->group_count; k++) {
			cover_group(s, &from->groups[k], file, &next);
		}
	}
	coverage_list_names(s);
	return s;
}

void coverage_close(struct coverage_set *s) {
	if (s == NULL) {
		return;
	}
	coverage_spread(s);
	rule_set_destroy(s->set);
	arena_finish(&s->arena);
	free(s);
}
