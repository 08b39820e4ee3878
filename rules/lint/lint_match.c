/* The two sides of a binary operation, and whether their labels can be equal. */
#include "rules/lint/lint_private.h"

/* What a side has to say about the label of a clash. */
static const char *side_text(const struct lint_rule *r, struct str value, bool has) {
	return value.len > 0 ? arena_printf(r->scratch, "has the value \"%.*s\"", STR_FMT(value))
		   : has         ? "always has it"
						 : "never has it";
}

static void report_values(struct lint_rule *r, const struct pql_node *n, struct pql_clash c) {
	struct diag *d = lint_report_expr(
		r, LINT_MATCHING_NEVER, n->binary.op_span,
		"the sides can never match: the label \"%.*s\" is \"%.*s\" on the left and \"%.*s\" on the "
		"right",
		STR_FMT(c.label), STR_FMT(c.left), STR_FMT(c.right));
	lint_help(d, r, "add ignoring (%.*s) behind the operator, or on (…) with what is to be equal",
			  STR_FMT(c.label));
}

void lint_matching_never(struct lint_rule *r, const struct pql_node *n) {
	struct pql_clash c = lint_facts(r, n)->clash;
	if (c.certainty != PQL_CLASH_CERTAIN) {
		return;
	}
	if (c.left.len > 0 && c.right.len > 0) {
		report_values(r, n, c);
		return;
	}
	struct diag *d = lint_report_expr(
		r, LINT_MATCHING_NEVER, n->binary.op_span,
		"the sides can never match: of the label \"%.*s\", the left side %s and the "
		"right side %s",
		STR_FMT(c.label), side_text(r, c.left, c.on_left), side_text(r, c.right, !c.on_left));
	lint_help(d, r, "aggregate both sides by the same labels, or add on (…) behind the operator");
}

void lint_matching_unlikely(struct lint_rule *r, const struct pql_node *n) {
	struct pql_clash c = lint_facts(r, n)->clash;
	if (c.certainty != PQL_CLASH_LIKELY) {
		return;
	}
	struct diag *d = lint_report_expr(
		r, LINT_MATCHING_UNLIKELY, n->binary.op_span,
		"the sides match only where the label \"%.*s\" is missing: the %s side has it, the other "
		"one does not",
		STR_FMT(c.label), c.on_left ? "left" : "right");
	lint_help(d, r, "aggregate both sides by the same labels, or add on (…) behind the operator");
}

/* Labels that a side is grouped by, of which the matching knows nothing: each of their values is one more element. */
static bool find_extra_label(const struct pql_node *n, const struct pql_facts *side,
							 struct str *ret_label) {
	for (size_t i = 0; side->others == PQL_LABEL_NEVER && i < side->label_count; i++) {
		const struct pql_label_fact *l = &side->labels[i];
		bool listed = false;
		for (size_t j = 0; j < n->binary.label_count; j++) {
			listed = listed || str_equal(n->binary.labels[j], l->name);
		}
		bool matched = n->binary.on == listed;
		if (!matched && l->state >= PQL_LABEL_LIKELY && l->value.len == 0) {
			*ret_label = l->name;
			return true;
		}
	}
	return false;
}

void lint_missing_group_left(struct lint_rule *r, const struct pql_node *n) {
	struct str left, right;
	if (n->binary.lhs->type != PQL_TYPE_VECTOR || n->binary.rhs->type != PQL_TYPE_VECTOR ||
		n->binary.cardinality != PQL_ONE_TO_ONE) {
		return;
	}
	bool many_left = find_extra_label(n, lint_facts(r, n->binary.lhs), &left);
	bool many_right = find_extra_label(n, lint_facts(r, n->binary.rhs), &right);
	if (many_left == many_right) {
		return; /* of both: it is the same label more often than not */
	}
	struct diag *d = lint_report_expr(
		r, LINT_MISSING_GROUP_LEFT, n->binary.op_span,
		"the evaluation fails as soon as the %s side has two values of the label \"%.*s\" for one "
		"element of the other",
		many_left ? "left" : "right", STR_FMT(many_left ? left : right));
	lint_help(d, r, "add group_%s () behind the labels that are matched",
			  many_left ? "left" : "right");
}
