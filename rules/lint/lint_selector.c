/* Selectors: conditions that contradict each other, and regular expressions at the wrong place. */
#include "rules/lint/lint_private.h"

/* ---- contradictory matchers ---- */

static bool is_name(struct str name, const char *wanted) {
	return str_equal(name, str_from(wanted));
}

/* A label that a recording rule takes away or sets, and that the selector wants otherwise. */
static const struct matcher *find_against_recording(const struct lint_rule *r,
													const struct pql_node *n,
													const struct recording **ret_recording) {
	const struct recording *recording = linter_find_recording(r->run->linter, lint_metric_name(n));
	*ret_recording = recording;
	for (size_t i = 0; recording != NULL && i < n->selector.matcher_count; i++) {
		const struct matcher *m = &n->selector.matchers[i];
		struct str value;
		enum pql_label_state state = pql_facts_label(&recording->facts, m->name, &value);
		bool known = state == PQL_LABEL_NEVER || value.len > 0;
		if (!str_equal(m->name, LABEL_NAME) && known && matcher_refuses(m, value)) {
			return m;
		}
	}
	return NULL;
}

static bool matchers_contradict(const struct matcher *a, const struct matcher *b) {
	return a->op == MATCH_EQUAL && str_equal(a->name, b->name) && matcher_refuses(b, a->value);
}

static bool find_pair(const struct pql_selector *s, size_t *ret_first, size_t *ret_second) {
	for (size_t i = 0; i < s->matcher_count; i++) {
		for (size_t j = 0; j < s->matcher_count; j++) {
			if (matchers_contradict(&s->matchers[i], &s->matchers[j])) {
				*ret_first = i;
				*ret_second = j;
				return true;
			}
		}
	}
	return false;
}

static void report_recording(struct lint_rule *r, const struct pql_node *n,
							 const struct recording *recording, const struct matcher *m) {
	struct str value;
	struct span span = lint_matcher_span(r, n, (size_t)(m - n->selector.matchers));
	pql_facts_label(&recording->facts, m->name, &value);
	if (value.len > 0) {
		lint_report_expr(r, LINT_CONTRADICTORY_MATCHERS, span,
						 "no series can pass: the rule that records %.*s sets %.*s=\"%.*s\"",
						 STR_FMT(recording->name), STR_FMT(m->name), STR_FMT(value));
	} else {
		lint_report_expr(r, LINT_CONTRADICTORY_MATCHERS, span,
						 "no series can pass: the rule that records %.*s takes the label \"%.*s\" "
						 "away",
						 STR_FMT(recording->name), STR_FMT(m->name));
	}
}

void lint_contradictory_matchers(struct lint_rule *r, const struct pql_node *n) {
	const struct recording *recording;
	size_t first, second;
	if (lint_facts(r, n)->presence != PQL_NEVER) {
		return;
	}
	const struct matcher *against = find_against_recording(r, n, &recording);
	if (find_pair(&n->selector, &first, &second)) {
		struct diag *d =
			lint_report_expr(r, LINT_CONTRADICTORY_MATCHERS, lint_matcher_span(r, n, second),
							 "no series can pass this together with %.*s%s\"%.*s\"",
							 STR_FMT(n->selector.matchers[first].name),
							 matcher_op_text[n->selector.matchers[first].op],
							 STR_FMT(n->selector.matchers[first].value));
		lint_help(d, r,
				  "conditions of a selector all have to hold; for either of two values there is "
				  "=~\"a|b\"");
	} else if (is_name(lint_metric_name(n), "ALERTS")) {
		lint_report_node(r, LINT_CONTRADICTORY_MATCHERS, n,
						 "no series can pass: alertstate is \"pending\" or \"firing\"");
	} else if (against != NULL) {
		report_recording(r, n, recording, against);
	} else if (recording == NULL) {
		lint_report_node(r, LINT_CONTRADICTORY_MATCHERS, n, "no series can pass this selector");
	}
}

/* ---- regular expressions ---- */

/* The same condition with another operator and value, as it would be written. */
static void fix_matcher(struct diag *d, struct lint_rule *r, struct span span,
						const struct matcher *m, enum matcher_op op, struct str value) {
	struct strbuf text = STRBUF_INIT;
	if (label_name_is_legacy(m->name)) {
		strbuf_add(&text, m->name);
	} else {
		strbuf_add_quoted(&text, m->name);
	}
	strbuf_add_c(&text, matcher_op_text[op]);
	strbuf_add_quoted(&text, value);
	lint_fix_expr(d, r, span, strbuf_str(&text));
	strbuf_finish(&text);
}

static bool contains(struct str s, const char *part) {
	return str_find(s, str_from(part)) < s.len;
}

/* "5..": digits and dots of a status code. */
static bool is_status_pattern(struct str v) {
	return v.len == 3 && v.ptr[0] >= '1' && v.ptr[0] <= '5' && v.ptr[1] == '.' && v.ptr[2] == '.';
}

static bool looks_like_regex(struct str v) {
	if (str_find_any(v, ".[\\|^$") == v.len) {
		return false;
	}
	return contains(v, ".*") || contains(v, ".+") || contains(v, "[0-9]") || contains(v, "[a-z]") ||
		   contains(v, "\\.") || contains(v, "\\d") || is_status_pattern(v) ||
		   (contains(v, "|") && !contains(v, " ")) ||
		   (v.len > 1 && (v.ptr[0] == '^' || v.ptr[v.len - 1] == '$'));
}

void lint_literal_regex(struct lint_rule *r, const struct pql_node *n) {
	for (size_t i = 0; i < n->selector.matcher_count; i++) {
		const struct matcher *m = &n->selector.matchers[i];
		bool plain = m->op == MATCH_EQUAL || m->op == MATCH_NOT_EQUAL;
		if (plain && m->value.len > 0 && looks_like_regex(m->value)) {
			struct span span = lint_matcher_span(r, n, i);
			struct diag *d = lint_report_expr(
				r, LINT_LITERAL_REGEX, span,
				"%s compares with this text as it is, and it looks like a regular expression",
				matcher_op_text[m->op]);
			lint_help(d, r, "use %s", m->op == MATCH_EQUAL ? "=~" : "!~");
			fix_matcher(d, r, span, m, m->op == MATCH_EQUAL ? MATCH_REGEX : MATCH_NOT_REGEX,
						m->value);
		}
	}
}

/* The plain text that an expression stands for; false: it is one that is needed. */
static bool is_plain_text(const struct matcher *m) {
	size_t count;
	const struct str *literals = regex_literals(m->regex, &count);
	return count == 1 && str_equal(literals[0], m->value);
}

static bool is_anchored(struct str v) {
	return v.len > 1 && (v.ptr[0] == '^' || (v.ptr[v.len - 1] == '$' && v.ptr[v.len - 2] != '\\'));
}

static struct str without_anchors(struct str v) {
	size_t start = v.ptr[0] == '^';
	size_t end = v.len - (v.ptr[v.len - 1] == '$' && v.ptr[v.len - 2] != '\\');
	return str_slice(v, start, end);
}

static void judge_regex(struct lint_rule *r, const struct pql_node *n, size_t i) {
	const struct matcher *m = &n->selector.matchers[i];
	bool plain = is_plain_text(m), anchored = is_anchored(m->value);
	bool any = m->op == MATCH_REGEX && is_name(m->value, ".*");
	if (!plain && !anchored && !any) {
		return;
	}
	struct span span = lint_matcher_span(r, n, i);
	struct diag *d;
	if (plain) {
		enum matcher_op op = m->op == MATCH_REGEX ? MATCH_EQUAL : MATCH_NOT_EQUAL;
		d = lint_report_expr(r, LINT_NEEDLESS_REGEX, span,
							 "the regular expression is a plain text");
		lint_help(d, r, "use %s", matcher_op_text[op]);
		fix_matcher(d, r, span, m, op, m->value);
	} else if (anchored) {
		d = lint_report_expr(r, LINT_NEEDLESS_REGEX, span,
							 "^ and $ are there by themselves: the whole value has to match");
		lint_help(d, r, "leave them out");
		fix_matcher(d, r, span, m, m->op, without_anchors(m->value));
	} else {
		d = lint_report_expr(r, LINT_NEEDLESS_REGEX, span,
							 "every series passes this, with the label or without");
		lint_help(d, r, "leave it out, or use .+ if the label has to be there");
	}
}

void lint_needless_regex(struct lint_rule *r, const struct pql_node *n) {
	for (size_t i = 0; i < n->selector.matcher_count; i++) {
		if (n->selector.matchers[i].regex != NULL) {
			judge_regex(r, n, i);
		}
	}
}

static bool is_whole_number(struct str v) {
	for (size_t i = 0; i < v.len; i++) {
		if (v.ptr[i] < '0' || v.ptr[i] > '9') {
			return false;
		}
	}
	return v.len > 0;
}

void lint_whole_number_le(struct lint_rule *r, const struct pql_node *n) {
	bool buckets = str_ends_with(lint_metric_name(n), STR("_bucket"));
	for (size_t i = 0; i < n->selector.matcher_count; i++) {
		const struct matcher *m = &n->selector.matchers[i];
		bool bound = (buckets && is_name(m->name, "le")) || is_name(m->name, "quantile");
		if (bound && m->op == MATCH_EQUAL && is_whole_number(m->value)) {
			struct diag *d = lint_report_expr(
				r, LINT_WHOLE_NUMBER_LE, lint_matcher_span(r, n, i),
				"Prometheus 3 stores %.*s=\"%.*s.0\" when it scrapes %.*s=\"%.*s\"",
				STR_FMT(m->name), STR_FMT(m->value), STR_FMT(m->name), STR_FMT(m->value));
			lint_help(d, r, "%.*s=~\"%.*s(\\\\.0)?\" is true of both", STR_FMT(m->name),
					  STR_FMT(m->value));
		}
	}
}
