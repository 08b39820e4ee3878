/* Alerts that fire always, never or too soon, and what every alert should have. */
#include <math.h>

#include "rules/lint/lint_private.h"

/* ---- no condition ---- */

/* The part that is to blame: of `or`, a side that always has a result. */
static const struct pql_node *find_unconditional(const struct lint_rule *r) {
	const struct pql_node *n = lint_peel(r->expr->root);
	while (n->kind == PQL_BINARY && n->binary.op == PQL_OP_OR) {
		bool right = lint_facts(r, n->binary.rhs)->presence >= PQL_WITH_SERIES;
		n = lint_peel(right ? n->binary.rhs : n->binary.lhs);
	}
	return n;
}

static bool is_filter(const struct pql_node *n) {
	return n->kind == PQL_BINARY && pql_op_is_comparison(n->binary.op) && !n->binary.return_bool;
}

void lint_no_condition(struct lint_rule *r) {
	const struct pql_node *root = r->expr->root;
	/* Without any series it is meant: vector(1) is how people check that alerts get through at all. */
	if (r->rule->kind != RULE_ALERTING || r->expr->selector_count == 0 ||
		lint_facts(r, root)->presence < PQL_WITH_SERIES) {
		return;
	}
	const struct pql_node *n = find_unconditional(r);
	struct diag *d;
	if (n->kind == PQL_BINARY && pql_op_is_comparison(n->binary.op) && n->binary.return_bool) {
		d = lint_report_node(r, LINT_NO_CONDITION, n,
							 "the alert always fires: `bool` makes 0 or 1 of the comparison, and "
							 "either is a result");
		lint_help(d, r, "leave out `bool`");
	} else if (is_filter(n)) {
		d = lint_report_node(r, LINT_NO_CONDITION, n,
							 "the alert fires for every series: this comparison always holds");
		lint_help(d, r, "compare with a value that is not always passed");
	} else if (n != lint_peel(root)) {
		d = lint_report_node(r, LINT_NO_CONDITION, n,
							 "the alert always fires: this side of `or` has a result whether or "
							 "not there is something wrong");
		lint_help(d, r, "comparisons bind tighter than `or`: (a or b) > 5 is not a or b > 5");
	} else {
		d = lint_report_node(r, LINT_NO_CONDITION, n,
							 "the alert has no condition: it fires for every series, whatever "
							 "the value");
		lint_help(d, r, "compare with a threshold, such as > 0");
	}
}

/* ---- nothing can come of it ---- */

static const char *range_text(const struct lint_rule *r, struct pql_interval v) {
	if (v.min == v.max) {
		return arena_printf(r->scratch, "always %s", lint_number(r, v.min));
	}
	if (isinf(v.max)) {
		return arena_printf(r->scratch, "at least %s", lint_number(r, v.min));
	}
	if (isinf(v.min)) {
		return arena_printf(r->scratch, "at most %s", lint_number(r, v.max));
	}
	return arena_printf(r->scratch, "from %s to %s", lint_number(r, v.min), lint_number(r, v.max));
}

static bool is_bounded(struct pql_interval v) {
	return !isinf(v.min) || !isinf(v.max);
}

/* Counting what is not there gives nothing, and not 0. */
static bool counts(const struct pql_node *n) {
	n = lint_peel(n);
	return (n->kind == PQL_AGGREGATE && n->aggregate.op == PQL_AGG_COUNT) ||
		   lint_is_call(n, "count_over_time") ||
		   (n->kind == PQL_AGGREGATE && counts(n->aggregate.inner));
}

static struct diag *report_comparison(struct lint_rule *r, enum lint_id id,
									  const struct pql_node *n) {
	const struct pql_node *lhs = n->binary.lhs, *rhs = n->binary.rhs;
	bool left = lhs->type != PQL_TYPE_SCALAR && is_bounded(lint_facts(r, lhs)->value);
	const struct pql_node *bounded = left ? lhs : rhs;
	struct diag *d =
		lint_report_node(r, id, n, "this can never hold: `%s` is %s", lint_text(r, bounded),
						 range_text(r, lint_facts(r, bounded)->value));
	if (counts(bounded)) {
		lint_help(
			d, r,
			"where there is nothing to count there is no result, not even 0: use absent(…) or "
			"… or vector(0)");
	}
	return d;
}

static void report_dead(struct lint_rule *r, enum lint_id id, const struct pql_node *n) {
	if (is_filter(n)) {
		report_comparison(r, id, n);
	} else {
		lint_report_node(r, id, n, "this can never have a result");
	}
}

struct dead_search {
	const struct lint_rule *rule;
	const struct pql_node *found;
	bool skip_root;
	const struct pql_node **all;
	size_t count, capacity;
};

static bool is_dead(const struct lint_rule *r, const struct pql_node *n) {
	return n->kind != PQL_DURATION && lint_facts(r, n)->presence == PQL_NEVER;
}

static void note_child(const struct lint_rule *r, const struct pql_node *child, bool *dead) {
	*dead = *dead || (child != NULL && is_dead(r, child));
}

/* Of several nodes below each other without a result, the lowest is the reason. */
static bool has_dead_child(const struct lint_rule *r, const struct pql_node *n) {
	bool dead = false;
	switch (n->kind) {
	case PQL_RANGE: note_child(r, n->range.selector, &dead); break;
	case PQL_SUBQUERY: note_child(r, n->subquery.inner, &dead); break;
	case PQL_PAREN: note_child(r, n->paren, &dead); break;
	case PQL_UNARY: note_child(r, n->unary.inner, &dead); break;
	case PQL_BINARY:
		note_child(r, n->binary.lhs, &dead);
		note_child(r, n->binary.rhs, &dead);
		break;
	case PQL_AGGREGATE: note_child(r, n->aggregate.inner, &dead); break;
	case PQL_CALL:
		for (size_t i = 0; i < n->call.count; i++) {
			note_child(r, n->call.args[i], &dead);
		}
		break;
	case PQL_NUMBER:
	case PQL_STRING:
	case PQL_SELECTOR:
	case PQL_DURATION: break;
	}
	return dead;
}

/* Selectors and matching have lints of their own. */
static bool is_reported_elsewhere(const struct lint_rule *r, const struct pql_node *n) {
	return n->kind == PQL_SELECTOR ||
		   (n->kind == PQL_BINARY && lint_facts(r, n)->clash.certainty == PQL_CLASH_CERTAIN);
}

static bool visit_dead(struct pql_node *n, void *data) {
	struct dead_search *s = data;
	if (is_dead(s->rule, n) && !has_dead_child(s->rule, n) && !is_reported_elsewhere(s->rule, n)) {
		s->all = arena_grow(s->rule->scratch, s->all, s->count, &s->capacity, sizeof(s->all[0]));
		s->all[s->count++] = n;
	}
	return n->kind != PQL_DURATION;
}

static bool any_dead(const struct lint_rule *r) {
	for (unsigned i = 0; i < r->expr->node_count; i++) {
		if (r->facts[i].presence == PQL_NEVER) {
			return true;
		}
	}
	return false;
}

static void report_all_dead(struct lint_rule *r, enum lint_id id) {
	struct dead_search s = {.rule = r};
	if (any_dead(r)) {
		pql_walk(r->expr->root, visit_dead, &s);
		for (size_t i = 0; i < s.count; i++) {
			report_dead(r, id, s.all[i]);
		}
	}
}

static bool is_dead_alert(const struct lint_rule *r) {
	return r->rule->kind == RULE_ALERTING && is_dead(r, r->expr->root);
}

void lint_never_fires(struct lint_rule *r) {
	if (is_dead_alert(r)) {
		report_all_dead(r, LINT_NEVER_FIRES);
	}
}

void lint_dead_branch(struct lint_rule *r) {
	if (!is_dead_alert(r)) {
		report_all_dead(r, LINT_DEAD_BRANCH);
	}
}

/* ---- what every alert should have ---- */

void lint_missing_for(struct lint_rule *r) {
	if (r->rule->kind == RULE_ALERTING && r->view->hold == NULL &&
		linter_reads_single_samples(r->run->linter, r->expr->root)) {
		struct diag *d = lint_report(r, LINT_MISSING_FOR, r->view->name->span,
									 "without `for`, a single sample makes the alert fire");
		lint_help(d, r, "add `for: 5m`, or `for: 0s` if that is meant");
	}
}

static const struct rule_text *find_text(const struct rule_text *texts, size_t count,
										 struct str name) {
	for (size_t i = 0; i < count; i++) {
		if (str_equal(texts[i].name, name)) {
			return &texts[i];
		}
	}
	return NULL;
}

void lint_missing_severity(struct lint_rule *r) {
	if (r->rule->kind == RULE_ALERTING &&
		find_text(r->rule->labels, r->rule->label_count, STR("severity")) == NULL) {
		struct diag *d = lint_report(r, LINT_MISSING_SEVERITY, r->view->name->span,
									 "the alert has no label \"severity\"");
		lint_help(d, r, "routes and inhibition rules of Alertmanager usually go by it");
	}
}

static void judge_requirement(struct lint_rule *r, const struct lint_requirement *q) {
	const char *what = q->annotation ? "annotation" : "label";
	const struct rule_text *text =
		q->annotation ? find_text(r->rule->annotations, r->rule->annotation_count, q->name)
					  : find_text(r->rule->labels, r->rule->label_count, q->name);
	if (text == NULL || text->source.len == 0) {
		lint_report(r, LINT_MISSING_REQUIRED, r->view->name->span,
					"the alert has no %s \"%.*s\", which is required", what, STR_FMT(q->name));
		return;
	}
	bool matches = true;
	if (q->value != NULL && text->template == NULL &&
		regex_matches(q->value, text->source, &matches) && !matches) {
		lint_report(r, LINT_MISSING_REQUIRED, r->view->name->span,
					"the %s \"%.*s\" is \"%.*s\"; %.*s is required", what, STR_FMT(q->name),
					STR_FMT(text->source), STR_FMT(q->pattern));
	}
}

void lint_missing_required(struct lint_rule *r) {
	for (size_t i = 0; r->rule->kind == RULE_ALERTING && i < r->options->required_count; i++) {
		judge_requirement(r, &r->options->required[i]);
	}
}

bool lint_requirement_parse(struct str text, struct arena *a, struct lint_requirement *ret,
							const char **ret_error) {
	struct lint_requirement q = {.annotation = str_starts_with(text, STR("annotation:"))};
	if (!q.annotation && !str_starts_with(text, STR("label:"))) {
		*ret_error =
			"expected label:NAME or annotation:NAME, with =REGEX behind it if the value matters";
		return false;
	}
	struct str rest = str_slice(text, str_find(text, STR(":")) + 1, text.len);
	size_t equals = str_find(rest, STR("="));
	q.name = arena_dup(a, str_slice(rest, 0, equals));
	if (!label_name_is_valid(q.name)) {
		*ret_error = "expected the name of a label or annotation behind the colon";
		return false;
	}
	if (equals < rest.len) {
		q.pattern = arena_dup(a, str_slice(rest, equals + 1, rest.len));
		q.value = regex_create(q.pattern, REGEX_ANCHORED, a, ret_error);
		if (q.value == NULL) {
			return false;
		}
	}
	*ret = q;
	return true;
}

void lint_requirement_finish(struct lint_requirement *r) {
	regex_destroy(r->value);
}
