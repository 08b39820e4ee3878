/* Templates of labels and annotations: what they look at, and whether they can work at all. */
#include "base/bug.h"
#include "rules/lint/lint_private.h"
#include "rules/template/template_use.h"

/* One template of a rule, in a label or an annotation. */
struct piece {
	struct lint_rule *rule;
	const struct rule_text *text;
	const struct yaml_node *node; /* the value */
	bool is_label;
};

static const struct yaml_node *find_value(const struct yaml_node *mapping, struct str name) {
	for (size_t i = 0; mapping != NULL && i < mapping->count; i++) {
		if (str_equal(mapping->pairs[i].key->text, name)) {
			return mapping->pairs[i].value;
		}
	}
	return NULL;
}

typedef void judge_piece(const struct piece *p);

static void judge_texts(struct lint_rule *r, bool labels, judge_piece *judge) {
	const struct rule_text *texts = labels ? r->rule->labels : r->rule->annotations;
	size_t count = labels ? r->rule->label_count : r->rule->annotation_count;
	for (size_t i = 0; i < count; i++) {
		if (texts[i].template == NULL) {
			continue;
		}
		struct piece p = {.rule = r, .text = &texts[i], .is_label = labels};
		p.node = find_value(labels ? r->view->labels : r->view->annotations, texts[i].name);
		if (p.node == NULL && labels) {
			p.node = find_value(r->view->group_labels, texts[i].name);
		}
		if (p.node != NULL) {
			judge(&p);
		}
	}
}

static struct span span_in_file(const struct piece *p, struct span span) {
	return yaml_span(p->node, span);
}

/* ---- labels that are not there ---- */

/* By what a label went. */
static void help_with_label(struct diag *d, struct lint_rule *r, const struct pql_node *remover,
							struct str label) {
	const char *text = lint_text(r, remover);
	if (remover->kind == PQL_AGGREGATE && remover->aggregate.has_grouping) {
		lint_help(d, r, "%s %.*s %s the labels of `%s`, or leave it out of the template",
				  remover->aggregate.without ? "take" : "add", STR_FMT(label),
				  remover->aggregate.without ? "from" : "to", text);
	} else if (remover->kind == PQL_AGGREGATE) {
		lint_help(d, r, "keep it with by (%.*s), or leave it out of the template", STR_FMT(label));
	} else {
		lint_help(d, r, "leave it out of the template, or keep it in `%s`", text);
	}
}

static bool is_own_label(const struct rule *rule, struct str label) {
	for (size_t i = 0; i < rule->label_count; i++) {
		if (str_equal(rule->labels[i].name, label)) {
			return true;
		}
	}
	return false;
}

/* A template that repeats a label is reported for it once. */
struct label_uses {
	const struct piece *piece;
	struct str *reported;
	size_t count, capacity;
};

static bool was_reported(struct label_uses *u, struct str label) {
	for (size_t i = 0; i < u->count; i++) {
		if (str_equal(u->reported[i], label)) {
			return true;
		}
	}
	u->reported = arena_grow(u->piece->rule->scratch, u->reported, u->count, &u->capacity,
							 sizeof(u->reported[0]));
	u->reported[u->count++] = label;
	return false;
}

static void judge_label(const struct template_use *use, void *data) {
	struct label_uses *u = data;
	struct lint_rule *r = u->piece->rule;
	const struct pql_node *root = r->expr->root;
	if (use->kind != TEMPLATE_USES_LABEL || str_equal(use->text, LABEL_NAME) ||
		pql_facts_label(lint_facts(r, root), use->text, NULL) != PQL_LABEL_NEVER ||
		was_reported(u, use->text)) {
		return;
	}
	const struct pql_node *remover = pql_facts_find_remover(r->facts, root, use->text);
	struct span span = span_in_file(u->piece, use->span);
	if (is_own_label(r->rule, use->text)) {
		struct diag *d = lint_report(
			r, LINT_TEMPLATE_LABEL, span,
			"this is always empty: labels that the rule sets are not among $labels, and "
			"the expression has no \"%.*s\"",
			STR_FMT(use->text));
		lint_help(d, r, "write the text itself");
		return;
	}
	struct diag *d = lint_report(r, LINT_TEMPLATE_LABEL, span,
								 "this is always empty: `%s` has no label \"%.*s\"",
								 lint_text(r, remover), STR_FMT(use->text));
	help_with_label(d, r, remover, use->text);
}

static void judge_labels(const struct piece *p) {
	struct label_uses u = {.piece = p};
	template_visit_uses(p->text->template, judge_label, &u);
}

void lint_template_label(struct lint_rule *r) {
	if (r->rule->kind == RULE_ALERTING) {
		judge_texts(r, true, judge_labels);
		judge_texts(r, false, judge_labels);
	}
}

/* ---- the value in a label ---- */

static void judge_value(const struct template_use *use, void *data) {
	const struct piece *p = data;
	if (use->kind == TEMPLATE_USES_VALUE) {
		struct diag *d = lint_report(
			p->rule, LINT_VALUE_IN_LABEL, span_in_file(p, use->span),
			"%.*s changes from one evaluation to the next, and each time with other labels it is "
			"another alert: `for` starts anew",
			STR_FMT(use->text));
		lint_help(d, p->rule,
				  "put it in an annotation, or in a condition: {{ if gt $value 90.0 }}");
	}
}

static void judge_values(const struct piece *p) {
	template_visit_uses(p->text->template, judge_value, (void *)p);
}

void lint_value_in_label(struct lint_rule *r) {
	if (r->rule->kind == RULE_ALERTING) {
		judge_texts(r, true, judge_values);
	}
}

/* ---- queries ---- */

static void judge_query(const struct template_use *use, void *data) {
	static const struct pql_syntax plain;
	const struct piece *p = data;
	struct diags diags;
	if (use->kind != TEMPLATE_USES_QUERY) {
		return;
	}
	diags_init(&diags, p->rule->scratch);
	struct pql_expr *expr = pql_parse(use->text, &plain, p->rule->scratch, &diags);
	if (expr == NULL) {
		lint_report(p->rule, LINT_TEMPLATE_QUERY, span_in_file(p, use->span),
					"this query does not parse: %s", diags.items[0].message);
	}
	pql_expr_finish(expr);
}

static void judge_queries(const struct piece *p) {
	if (template_queries(p->text->template)) {
		template_visit_uses(p->text->template, judge_query, (void *)p);
	}
}

void lint_template_query(struct lint_rule *r) {
	judge_texts(r, true, judge_queries);
	judge_texts(r, false, judge_queries);
}

/* ---- templates that fail ---- */

#define TRIAL_QUERIES 20 /* that one expansion may ask: more is not worth it here */

/* One attempt with invented data. */
struct trial {
	const struct template *template;
	struct arena *arena;
	struct labels labels;
	bool answers_empty;
	struct template_answer answers[TRIAL_QUERIES];
	size_t answer_count;
	struct str error;
};

static bool try_once(struct trial *t) {
	struct template_sample sample = {t->labels, 1.5};
	struct strbuf out = STRBUF_INIT;
	struct template_data data = {
		.labels = t->labels,
		.external_url = STR("http://localhost:9090"),
		.value = 1.5,
		.now = 1500000000000,
		.answers = t->answers,
	};
	enum template_outcome outcome = TEMPLATE_ASKS;
	struct str text;
	while (outcome == TEMPLATE_ASKS && t->answer_count < TRIAL_QUERIES) {
		outcome = template_expand(t->template, &data, t->arena, &out, &text);
		if (outcome == TEMPLATE_ASKS) {
			t->answers[t->answer_count++] = (struct template_answer){
				.query = text, .samples = &sample, .count = t->answers_empty ? 0 : 1};
			data.answer_count = t->answer_count;
		}
	}
	strbuf_finish(&out);
	t->error = outcome == TEMPLATE_FAILS ? text : STR_EMPTY;
	return outcome != TEMPLATE_FAILS;
}

static void add_label(const struct template_use *use, void *data) {
	if (use->kind == TEMPLATE_USES_LABEL) {
		labels_builder_set(data, use->text, STR("1"));
	}
}

/* With labels that read as numbers and without labels, with and without answers to queries. */
static bool always_fails(const struct piece *p, struct str *ret_error) {
	struct arena *a = p->rule->scratch;
	struct labels_builder b;
	labels_builder_init(&b, a);
	template_visit_uses(p->text->template, add_label, &b);
	struct labels labels = labels_builder_take(&b);
	for (int round = 0; round < 4; round++) {
		struct trial *t = ARENA_NEW(a, struct trial);
		t->template = p->text->template;
		t->arena = a;
		t->labels = round < 2 ? labels : LABELS_EMPTY;
		t->answers_empty = round % 2 == 1;
		if (try_once(t)) {
			return false;
		}
		if (round == 0) {
			*ret_error = t->error;
		}
	}
	return true;
}

/* From the last "at <…>: " on: what came before names the template. */
static struct str error_end(struct str error) {
	size_t at = str_find(error, STR(" at <"));
	return at < error.len ? str_slice(error, at + 1, error.len) : error;
}

static void judge_failure(const struct piece *p) {
	struct str error;
	if (!template_is_harmless(p->text->template) && always_fails(p, &error)) {
		struct str end = error_end(error);
		struct diag *d = lint_report(p->rule, LINT_TEMPLATE_FAILS, p->node->span,
									 "this template always fails: %.*s", STR_FMT(end));
		bool numbers = str_find(end, STR("incompatible types for comparison")) < end.len;
		lint_help(d, p->rule, "%s",
				  numbers ? "the value is a float: compare it with 5.0, not with 5"
						  : "the alert would have the error's text in place of it");
	}
}

void lint_template_fails(struct lint_rule *r) {
	judge_texts(r, true, judge_failure);
	judge_texts(r, false, judge_failure);
}
