#include "engine/inspection/inspection.h"

#include <inttypes.h>

#include "base/hash.h"
#include "base/mem.h"
#include "engine/inspection/inspection_private.h"
#include "engine/promapi.h"
#include "promql-lite/functions.h"
#include "promql-lite/print.h"

struct inspection *inspection_create(const struct inspection_options *options) {
	struct inspection *i = mem_calloc(1, sizeof *i);
	i->options = *options;
	arena_init(&i->arena);
	arena_init(&i->file);
	hmap_init(&i->topics, NULL);
	return i;
}

void inspection_destroy(struct inspection *i) {
	if (i != NULL) {
		hmap_finish(&i->topics);
		arena_finish(&i->file);
		arena_finish(&i->arena);
		free(i);
	}
}

/* ---- topics ---- */

struct topic_key {
	enum topic_kind kind;
	struct str text;
};

static bool topic_equal(const void *value, const void *key) {
	const struct inspection_topic *t = value;
	const struct topic_key *k = key;
	return t->kind == k->kind && str_equal(t->text, k->text);
}

static uint64_t topic_hash(struct topic_key key) {
	char kind = (char)key.kind;
	return hash_finish(hash_add(hash_add(HASH_START, (struct str){&kind, 1}), key.text));
}

const struct inspection_topic *inspection_find_topic(const struct inspection *i,
													 enum topic_kind kind, struct str text) {
	struct topic_key key = {kind, text};
	return hmap_find(&i->topics, topic_hash(key), topic_equal, &key);
}

struct inspection_topic *inspection_topic(struct inspection *i, enum topic_kind kind,
										  struct str text) {
	struct topic_key key = {kind, text};
	struct inspection_topic *topic = hmap_find(&i->topics, topic_hash(key), topic_equal, &key);
	if (topic == NULL) {
		topic = ARENA_NEW(&i->arena, struct inspection_topic);
		topic->kind = kind;
		topic->text = arena_dup(&i->arena, text);
		hmap_init(&topic->names, &i->arena);
		hmap_init(&topic->types, &i->arena);
		hmap_add(&i->topics, topic_hash(key), topic);
		i->pending = arena_grow(&i->arena, i->pending, i->pending_count, &i->pending_capacity,
								sizeof i->pending[0]);
		i->pending[i->pending_count++] = topic;
	}
	return topic;
}

/* ---- what a rule relies on ---- */

struct collector {
	struct inspection *inspection;
	const struct rule_view *view;
	struct lint_set active;
	struct rule_use *rule;
};

/* What is around a node on the way down. */
struct around {
	bool absent;
	const struct pql_node *rate;
};

static struct span span_in_file(const struct collector *c, struct span span) {
	return yaml_span(c->view->expr, span);
}

/* Without offset and @: what there is, and not what there was. */
static struct str selector_text(const struct collector *c, const struct pql_node *n) {
	struct pql_node plain = *n;
	struct strbuf text = STRBUF_INIT;
	plain.selector.shift = (struct pql_shift){0};
	plain.selector.mode = PQL_MODE_PLAIN;
	pql_print(&text, &plain);
	struct str kept = arena_dup(&c->inspection->file, strbuf_str(&text));
	strbuf_finish(&text);
	return kept;
}

static void collect_matchers(const struct collector *c, const struct pql_node *n,
							 struct series_use *use) {
	const struct pql_selector *s = &n->selector;
	struct label_use *labels =
		ARENA_ARRAY(&c->inspection->file, struct label_use, s->matcher_count);
	for (size_t i = 0; i < s->matcher_count; i++) {
		const struct matcher *m = &s->matchers[i];
		if (!str_equal(m->name, LABEL_NAME) && !m->matches_empty) {
			labels[use->label_count++] = (struct label_use){
				.label = arena_dup(&c->inspection->file, m->name), .span = use->span};
		}
	}
	use->labels = labels;
}

static bool is_own_series(const struct collector *c, struct str name) {
	return str_equal(name, STR("ALERTS")) || str_equal(name, STR("ALERTS_FOR_STATE")) ||
		   linter_records(c->inspection->options.linter, name);
}

static void ask_about(struct collector *c, const struct pql_node *n, struct series_use *use) {
	struct inspection *i = c->inspection;
	inspection_topic(i, TOPIC_NAMES, STR_EMPTY);
	if (use->label_count > 0 && lint_set_has(c->active, LINT_UNKNOWN_LABEL)) {
		inspection_topic(i, TOPIC_LABELS, use->metric);
	}
	if (use->rate != NULL && lint_set_has(c->active, LINT_DECLARED_GAUGE)) {
		inspection_topic(i, TOPIC_TYPES, STR_EMPTY);
	}
	if (i->options.max_series > 0 && lint_set_has(c->active, LINT_TOO_MANY_SERIES)) {
		use->series = inspection_topic(i, TOPIC_SERIES, selector_text(c, n));
	}
}

static void collect_selector(struct collector *c, const struct pql_node *n, struct around around) {
	struct rule_use *rule = c->rule;
	struct str name = pql_selector_metric(&n->selector);
	rule->uses = arena_grow(&c->inspection->file, rule->uses, rule->use_count, &rule->use_capacity,
							sizeof rule->uses[0]);
	struct series_use *use = &rule->uses[rule->use_count++];
	*use = (struct series_use){
		.metric = arena_dup(&c->inspection->file, name),
		.span = span_in_file(c, n->span),
		.active = c->active,
		.may_be_missing = around.absent || name.len == 0 || is_own_series(c, name),
		.rate = around.rate != NULL ? around.rate->call.function->name : NULL,
	};
	if (around.rate != NULL) {
		use->rate_span = span_in_file(c, around.rate->span);
	}
	if (!use->may_be_missing) {
		collect_matchers(c, n, use);
	}
	ask_about(c, n, use);
}

static bool is_one_of(const char *name, const char *const *names) {
	for (size_t i = 0; names[i] != NULL; i++) {
		if (strcmp(name, names[i]) == 0) {
			return true;
		}
	}
	return false;
}

static void collect_node(struct collector *c, const struct pql_node *n, struct around around);

static void collect_call(struct collector *c, const struct pql_node *n, struct around around) {
	static const char *const rates[] = {"rate", "irate", "increase", NULL};
	static const char *const absents[] = {"absent", "absent_over_time", NULL};
	around.absent = around.absent || is_one_of(n->call.function->name, absents);
	around.rate = is_one_of(n->call.function->name, rates) ? n : NULL;
	for (size_t i = 0; i < n->call.count; i++) {
		collect_node(c, n->call.args[i], around);
	}
}

static void collect_node(struct collector *c, const struct pql_node *n, struct around around) {
	struct around inner = {.absent = around.absent};
	switch (n->kind) {
	case PQL_SELECTOR: collect_selector(c, n, around); return;
	case PQL_RANGE: collect_node(c, n->range.selector, around); return;
	case PQL_SUBQUERY: collect_node(c, n->subquery.inner, inner); return;
	case PQL_PAREN: collect_node(c, n->paren, around); return;
	case PQL_UNARY: collect_node(c, n->unary.inner, inner); return;
	case PQL_AGGREGATE: collect_node(c, n->aggregate.inner, inner); return;
	case PQL_CALL: collect_call(c, n, around); return;
	case PQL_BINARY:
		collect_node(c, n->binary.lhs, inner);
		collect_node(c, n->binary.rhs, inner);
		return;
	case PQL_NUMBER:
	case PQL_STRING:
	case PQL_DURATION: return;
	}
}

void inspection_collect(struct inspection *i, const struct rule_view *view,
						struct lint_set active) {
	i->rules = arena_grow(&i->file, i->rules, i->rule_count, &i->rule_capacity, sizeof i->rules[0]);
	struct rule_use *rule = &i->rules[i->rule_count++];
	*rule = (struct rule_use){.span = view->expr->span, .active = active};
	if (lint_set_has(active, LINT_QUERY_FAILS)) {
		rule->evaluate = inspection_topic(i, TOPIC_EVALUATE, view->rule->expr->text);
	}
	struct collector c = {i, view, active, rule};
	collect_node(&c, view->rule->expr->root, (struct around){0});
}

/* ---- questions ---- */

/* From when on. Up to when is left to the server, whose clock may be another. */
static void add_window(struct strbuf *out, ts_ms now, char separator) {
	strbuf_printf(out, "%cstart=%" PRId64, separator, (now - INSPECTION_WINDOW_MS) / 1000);
}

static void print_question(const struct inspection *i, const struct inspection_topic *t,
						   struct strbuf *path, struct strbuf *body) {
	switch (t->kind) {
	case TOPIC_NAMES:
		strbuf_add_c(path, "/api/v1/label/__name__/values");
		add_window(path, i->options.now, '?');
		return;
	case TOPIC_TYPES: strbuf_add_c(path, "/api/v1/metadata?limit_per_metric=1"); return;
	case TOPIC_LABELS:
		strbuf_add_c(path, "/api/v1/labels");
		strbuf_add_c(body, "match[]=");
		struct strbuf selector = STRBUF_INIT;
		strbuf_add_c(&selector, "{__name__=");
		strbuf_add_quoted(&selector, t->text);
		strbuf_add_c(&selector, "}");
		promapi_add_form_value(body, strbuf_str(&selector));
		strbuf_finish(&selector);
		add_window(body, i->options.now, '&');
		return;
	case TOPIC_SERIES:
		strbuf_add_c(path, "/api/v1/query");
		strbuf_add_c(body, "query=count(");
		promapi_add_form_value(body, t->text);
		strbuf_add_c(body, ")");
		return;
	case TOPIC_EVALUATE:
		strbuf_add_c(path, "/api/v1/query");
		strbuf_add_c(body, "query=");
		promapi_add_form_value(body, t->text);
		return;
	}
}

size_t inspection_next(struct inspection *i, struct inspection_question **ret_questions) {
	size_t count = i->pending_count;
	struct inspection_question *questions =
		ARENA_ARRAY(&i->arena, struct inspection_question, count);
	for (size_t n = 0; n < count; n++) {
		struct strbuf path = STRBUF_INIT, body = STRBUF_INIT;
		print_question(i, i->pending[n], &path, &body);
		questions[n].path = arena_dup(&i->arena, strbuf_str(&path)).ptr;
		questions[n].body = body.len > 0 ? arena_dup(&i->arena, strbuf_str(&body)) : STR_EMPTY;
		questions[n].topic = i->pending[n];
		i->pending[n]->asked = true;
		strbuf_finish(&path);
		strbuf_finish(&body);
	}
	i->pending_count = 0;
	*ret_questions = questions;
	return count;
}
