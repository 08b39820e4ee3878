#include "rules/lint/lint.h"

#include "base/bug.h"
#include "base/hash.h"
#include "base/mem.h"
#include "rules/lint/lint_private.h"

/* ---- the table ---- */

static const struct lint table[LINT_COUNT] = {
#define RULE_LINT(id, name, severity, pint, function, summary)                                     \
	[LINT_##id] = {name, DIAG_##severity, pint, summary, false},
#define NODE_LINT(id, name, severity, pint, kinds, function, summary)                              \
	[LINT_##id] = {name, DIAG_##severity, pint, summary, false},
#define FILE_LINT(id, name, severity, pint, summary)                                               \
	[LINT_##id] = {name, DIAG_##severity, pint, summary, false},
#define SERVER_LINT(id, name, severity, pint, summary)                                             \
	[LINT_##id] = {name, DIAG_##severity, pint, summary, true},
#include "rules/lint/lints.def"
#undef RULE_LINT
#undef NODE_LINT
#undef FILE_LINT
#undef SERVER_LINT
};

static const struct {
	enum lint_id id;
	void (*run)(struct lint_rule *r);
} rule_lints[] = {
#define RULE_LINT(id, name, severity, pint, function, summary) {LINT_##id, function},
#define NODE_LINT(id, name, severity, pint, kinds, function, summary)
#define FILE_LINT(id, name, severity, pint, summary)
#define SERVER_LINT(id, name, severity, pint, summary)
#include "rules/lint/lints.def"
#undef RULE_LINT
#undef NODE_LINT
#undef FILE_LINT
#undef SERVER_LINT
};
#define RULE_LINT_COUNT (sizeof(rule_lints) / sizeof(rule_lints[0]))

/* Sets of kinds of nodes. */
#define SELECTORS (1u << PQL_SELECTOR)
#define BINARIES (1u << PQL_BINARY)
#define AGGREGATES (1u << PQL_AGGREGATE)
#define CALLS (1u << PQL_CALL)

static const struct {
	enum lint_id id;
	unsigned kinds;
	void (*run)(struct lint_rule *r, const struct pql_node *n);
} node_lints[] = {
#define RULE_LINT(id, name, severity, pint, function, summary)
#define NODE_LINT(id, name, severity, pint, kinds, function, summary) {LINT_##id, kinds, function},
#define FILE_LINT(id, name, severity, pint, summary)
#define SERVER_LINT(id, name, severity, pint, summary)
#include "rules/lint/lints.def"
#undef RULE_LINT
#undef NODE_LINT
#undef FILE_LINT
#undef SERVER_LINT
};
#define NODE_LINT_COUNT (sizeof(node_lints) / sizeof(node_lints[0]))

const struct lint *lint_get(enum lint_id id) {
	BUG_ON(id >= LINT_COUNT);
	return &table[id];
}

enum lint_id lint_find(struct str name) {
	int id = 0;
	while (id < LINT_COUNT && !str_equal(name, str_from(table[id].name))) {
		id++;
	}
	return (enum lint_id)id;
}

_Static_assert(LINT_COUNT <= 64, "a lint_set has 64 bits");
#define ALL_LINTS ((UINT64_C(1) << LINT_COUNT) - 1)

bool lint_set_switch(struct lint_set *s, struct str name, bool on) {
	enum lint_id id = lint_find(name);
	uint64_t bits = str_equal(name, STR("all")) ? ALL_LINTS
					: id < LINT_COUNT           ? UINT64_C(1) << id
												: 0;
	s->bits = on ? s->bits | bits : s->bits & ~bits;
	return bits != 0;
}

void lint_options_init(struct lint_options *o) {
	*o = (struct lint_options){.enabled = {ALL_LINTS}};
}

/* ---- recordings ---- */

static bool recording_equal(const void *value, const void *key) {
	return str_equal(((const struct recording *)value)->name, *(const struct str *)key);
}

const struct recording *linter_find_recording(const struct linter *l, struct str name) {
	return hmap_find(&l->recordings, hash_str(name), recording_equal, &name);
}

bool linter_records(const struct linter *l, struct str name) {
	return linter_find_recording(l, name) != NULL;
}

static const struct pql_facts *find_metric(struct str name, void *data) {
	const struct linter *l = data;
	const struct recording *r = linter_find_recording(l, name);
	return r != NULL ? &r->facts : metric_find_facts(name);
}

struct linter *linter_create(const struct lint_options *options) {
	struct linter *l = mem_calloc(1, sizeof(*l));
	l->options = options;
	l->source = (struct pql_facts_source){true, find_metric, l};
	arena_init(&l->arena);
	arena_init(&l->scratch);
	hmap_init(&l->recordings, NULL);
	return l;
}

void linter_destroy(struct linter *l) {
	if (l != NULL) {
		hmap_finish(&l->recordings);
		arena_finish(&l->scratch);
		arena_finish(&l->arena);
		free(l);
	}
}

/* ---- one rule ---- */

static bool visit_node(struct pql_node *n, void *data) {
	struct lint_rule *r = data;
	for (uint32_t left = r->run->linter->node_lints[n->kind]; left != 0; left &= left - 1) {
		node_lints[__builtin_ctz(left)].run(r, n);
	}
	return n->kind != PQL_DURATION;
}

static void visit_rule(const struct rule_view *view, void *data) {
	struct lint_run *run = data;
	struct linter *l = run->linter;
	arena_reset(&l->scratch);
	struct lint_rule r = {
		.run = run,
		.options = l->options,
		.view = view,
		.rule = view->rule,
		.expr = view->rule->expr,
		.facts = pql_facts_make(view->rule->expr, &l->source, &l->scratch),
		/* Comments are about a rule where it stands, also when what is wrong with it is an alias of something elsewhere. */
		.silenced = lint_silenced_at(&run->silences, view->node->span.start),
		.scratch = &l->scratch,
	};
	for (size_t i = 0; i < RULE_LINT_COUNT; i++) {
		if (lint_set_has(r.options->enabled, rule_lints[i].id)) {
			rule_lints[i].run(&r);
		}
	}
	lint_duplicate_rules(&r);
	pql_walk(r.expr->root, visit_node, &r);
	if (run->visit != NULL) {
		run->visit(view, (struct lint_set){r.options->enabled.bits & ~r.silenced.bits},
				   run->visit_data);
	}
}

/* ---- files ---- */

static const struct pql_syntax plain_syntax;

static bool is_same(const struct diag *a, const struct diag *b) {
	return a->span.start == b->span.start && a->span.end == b->span.end && a->code == b->code &&
		   strcmp(a->message, b->message) == 0;
}

/* What many rules share by an alias is said once. */
static void drop_repeated(struct diags *d) {
	size_t kept = 0;
	diags_sort(d);
	for (size_t i = 0; i < d->count; i++) {
		if (kept > 0 && is_same(&d->items[i], &d->items[kept - 1])) {
			d->errors -= d->items[i].severity == DIAG_ERROR;
			d->others -= d->items[i].severity != DIAG_ERROR;
		} else {
			d->items[kept++] = d->items[i];
		}
	}
	d->count = kept;
}

_Static_assert(NODE_LINT_COUNT <= 32, "a set of them has 32 bits");

static void sort_node_lints(struct linter *l) {
	memset(l->node_lints, 0, sizeof(l->node_lints));
	for (size_t i = 0; i < NODE_LINT_COUNT; i++) {
		for (int kind = 0; kind <= PQL_DURATION; kind++) {
			bool wanted = (node_lints[i].kinds >> kind & 1) != 0 &&
						  lint_set_has(l->options->enabled, node_lints[i].id);
			l->node_lints[kind] |= (uint32_t)wanted << i;
		}
	}
}

bool linter_check(struct linter *l, const struct lint_file *file, lint_visit *visit, void *data,
				  struct diags *diags, struct rule_counts *ret_counts) {
	struct diags found;
	struct lint_run run = {
		.linter = l, .file = file, .diags = &found, .visit = visit, .visit_data = data};
	const struct rule_walk walk = {.syntax = &plain_syntax,
								   .ignore_unknown = l->options->ignore_unknown,
								   .visit = visit_rule,
								   .data = &run};
	sort_node_lints(l);
	diags_init(&found, diags->arena);
	arena_init(&run.arena);
	hmap_init(&run.rules, NULL);
	run.silences = lint_read_comments(file, l->options->enabled, &run.arena, &found);
	bool good = rule_documents_walk(file->documents, file->count, file->yaml_diags, &walk, diags,
									ret_counts);
	drop_repeated(&found);
	diags_add_all(diags, &found);
	diags_sort(diags);
	hmap_finish(&run.rules);
	arena_finish(&run.arena);
	return good;
}
