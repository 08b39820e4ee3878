#include "promql-lite/print.h"

#include <math.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/duration.h"
#include "base/gofloat.h"
#include "base/mem.h"
#include "promql-lite/functions.h"
#include "promql-lite/print_private.h"

/* ---- literals and durations ---- */

/* A literal written as a duration, in the arithmetic of Go's model.Duration: seconds to nanoseconds, cut to milliseconds. */
static void print_seconds(struct strbuf *out, double seconds) {
	double ns = fabs(seconds) * 1e9;

	if (seconds < 0) {
		strbuf_add_char(out, '-');
	}
	duration_print(out, ns >= 9223372036854775807.0 ? INT64_MAX / 1000000 : (int64_t)ns / 1000000);
}

static void print_number(struct strbuf *out, const struct pql_node *n) {
	if (n->number.is_duration) {
		print_seconds(out, n->number.value);
	} else {
		gofloat_print(out, n->number.value, 'f');
	}
}

static void print_duration_node(struct strbuf *out, const struct pql_node *n);

static void print_duration_op(struct strbuf *out, const struct pql_node *n) {
	if (n->duration.lhs != NULL) {
		print_duration_node(out, n->duration.lhs);
		strbuf_printf(out, " %s ", pql_op_text(n->duration.op));
	} else if (n->duration.op == PQL_OP_SUB) {
		strbuf_add_char(out, '-');
	}
	print_duration_node(out, n->duration.rhs);
}

static void print_duration_pair(struct strbuf *out, const char *name, const struct pql_node *n) {
	strbuf_add_c(out, name);
	print_duration_node(out, n->duration.lhs);
	strbuf_add_c(out, ", ");
	print_duration_node(out, n->duration.rhs);
	strbuf_add_char(out, ')');
}

static void print_duration_node(struct strbuf *out, const struct pql_node *n) {
	if (n->kind == PQL_NUMBER) {
		print_number(out, n);
		return;
	}
	if (n->duration.parens) {
		strbuf_add_char(out, '(');
	}
	switch (n->duration.what) {
	case PQL_DUR_OP: print_duration_op(out, n); break;
	case PQL_DUR_STEP: strbuf_add_c(out, "step()"); break;
	case PQL_DUR_RANGE: strbuf_add_c(out, "range()"); break;
	case PQL_DUR_MIN: print_duration_pair(out, "min_of(", n); break;
	case PQL_DUR_MAX: print_duration_pair(out, "max_of(", n); break;
	}
	if (n->duration.parens) {
		strbuf_add_char(out, ')');
	}
}

static void print_stretch(struct strbuf *out, const struct pql_stretch *s) {
	if (s->expr != NULL) {
		print_duration_node(out, s->expr);
	} else {
		duration_print(out, s->fixed);
	}
}

static void print_at(struct strbuf *out, const struct pql_shift *shift) {
	switch (shift->at) {
	case PQL_AT_NONE: break;
	case PQL_AT_TIME:
		strbuf_add_c(out, " @ ");
		gofloat_print_precision(out, (double)shift->at_time / 1000, 'f', 3);
		break;
	case PQL_AT_START: strbuf_add_c(out, " @ start()"); break;
	case PQL_AT_END: strbuf_add_c(out, " @ end()"); break;
	}
}

/* Whether arithmetic begins with something that would end an offset: `offset 5m + 3m` reads as (… offset 5m) + 3m, and
 * `offset -2 ^ 2` as (… offset -2) ^ 2. */
static bool ends_early(const struct pql_node *n) {
	bool arithmetic = false;

	if (n->kind == PQL_DURATION && n->duration.what == PQL_DUR_OP && !n->duration.parens &&
		n->duration.lhs == NULL) {
		n = n->duration.rhs;
	}
	while (n->kind == PQL_DURATION && n->duration.what == PQL_DUR_OP && !n->duration.parens &&
		   n->duration.lhs != NULL) {
		arithmetic = true;
		n = n->duration.lhs;
	}
	return arithmetic && !(n->kind == PQL_DURATION && n->duration.parens);
}

static bool begins_with_paren(const struct pql_node *n) {
	if (ends_early(n)) {
		return true;
	}
	while (n->kind == PQL_DURATION && n->duration.what == PQL_DUR_OP && !n->duration.parens &&
		   n->duration.lhs != NULL) {
		n = n->duration.lhs;
	}
	return n->kind == PQL_DURATION && n->duration.parens;
}

bool pql_print_ends_open(const struct pql_node *node) {
	while (node->kind == PQL_BINARY || node->kind == PQL_UNARY) {
		node = node->kind == PQL_BINARY ? node->binary.rhs : node->unary.inner;
	}
	return node->kind == PQL_SELECTOR && node->selector.shift.offset.expr != NULL &&
		   begins_with_paren(node->selector.shift.offset.expr);
}

static void print_offset(struct strbuf *out, const struct pql_shift *shift) {
	bool parens = shift->offset.expr != NULL && ends_early(shift->offset.expr);

	if (shift->offset.expr != NULL || shift->offset.fixed != 0) {
		strbuf_add_c(out, parens ? " offset (" : " offset ");
		print_stretch(out, &shift->offset);
		strbuf_add_c(out, parens ? ")" : "");
	}
}

static void print_mode(struct strbuf *out, enum pql_range_mode mode) {
	switch (mode) {
	case PQL_MODE_PLAIN: break;
	case PQL_MODE_ANCHORED: strbuf_add_c(out, " anchored"); break;
	case PQL_MODE_SMOOTHED: strbuf_add_c(out, " smoothed"); break;
	}
}

/* ---- labels and matchers ---- */

static void print_label(struct strbuf *out, struct str label) {
	if (label_name_is_legacy(label)) {
		strbuf_add(out, label);
	} else {
		strbuf_add_quoted(out, label);
	}
}

/* ` word (a, b)` */
static void print_labels(struct strbuf *out, const char *word, const struct str *labels,
						 size_t count) {
	strbuf_printf(out, " %s (", word);
	for (size_t i = 0; i < count; i++) {
		strbuf_add_c(out, i > 0 ? ", " : "");
		print_label(out, labels[i]);
	}
	strbuf_add_char(out, ')');
}

static int compare_texts(const void *a, const void *b) {
	return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static bool is_printed(const struct pql_selector *s, size_t i) {
	const struct matcher *m = &s->matchers[i];

	if (s->implied_name && i + 1 == s->matcher_count) {
		return false;
	}
	return s->name.len == 0 || m->op != MATCH_EQUAL || !str_equal(m->name, LABEL_NAME) ||
		   !str_equal(m->value, s->name);
}

/* Offsets in `all` of one text per matcher, sorted by text. Returns how many. */
static size_t sort_matchers(const struct pql_selector *s, struct strbuf *all, struct str *texts) {
	size_t count = 0;

	for (size_t i = 0; i < s->matcher_count; i++) {
		const struct matcher *m = &s->matchers[i];
		size_t start = all->len;

		if (is_printed(s, i)) {
			print_label(all, m->name);
			strbuf_add_c(all, matcher_op_text[m->op]);
			strbuf_add_quoted(all, m->value);
			texts[count++].len = all->len - start;
		}
	}
	for (size_t i = 0, at = 0; i < count; i++) {
		texts[i].ptr = all->ptr + at;
		at += texts[i].len;
	}
	qsort(texts, count, sizeof(*texts), compare_texts);
	return count;
}

static void print_matchers(struct strbuf *out, const struct pql_selector *s) {
	struct strbuf all = STRBUF_INIT;
	struct str *texts = mem_calloc(s->matcher_count + 1, sizeof(*texts));
	size_t count = sort_matchers(s, &all, texts);

	for (size_t i = 0; i < count; i++) {
		strbuf_add_char(out, i == 0 ? '{' : ',');
		strbuf_add(out, texts[i]);
	}
	if (count > 0) {
		strbuf_add_char(out, '}');
	} else if (s->name.len == 0) {
		strbuf_add_c(out, "{}");
	}
	free(texts);
	strbuf_finish(&all);
}

static void print_name_and_matchers(struct strbuf *out, const struct pql_selector *s) {
	strbuf_add(out, s->name);
	print_matchers(out, s);
}

/* ---- nodes ---- */

static void print_selector(struct strbuf *out, const struct pql_selector *s) {
	print_name_and_matchers(out, s);
	print_at(out, &s->shift);
	print_mode(out, s->mode);
	print_offset(out, &s->shift);
}

static void print_range(struct strbuf *out, const struct pql_node *n) {
	const struct pql_selector *s = &n->range.selector->selector;

	print_name_and_matchers(out, s);
	strbuf_add_char(out, '[');
	print_stretch(out, &n->range.range);
	strbuf_add_char(out, ']');
	print_mode(out, s->mode);
	print_at(out, &s->shift);
	print_offset(out, &s->shift);
}

void print_subquery_tail(struct strbuf *out, const struct pql_node *n) {
	strbuf_add_char(out, '[');
	print_stretch(out, &n->subquery.range);
	strbuf_add_char(out, ':');
	if (n->subquery.step.expr != NULL || n->subquery.step.fixed != 0) {
		print_stretch(out, &n->subquery.step);
	}
	strbuf_add_char(out, ']');
	print_at(out, &n->subquery.shift);
	print_offset(out, &n->subquery.shift);
}

static void print_fill(struct strbuf *out, const char *word, double value) {
	strbuf_printf(out, " %s (", word);
	gofloat_print(out, value, 'g');
	strbuf_add_char(out, ')');
}

static void print_fills(struct strbuf *out, const struct pql_node *n) {
	if (n->binary.has_fill_left && n->binary.has_fill_right &&
		n->binary.fill_left == n->binary.fill_right) {
		print_fill(out, "fill", n->binary.fill_left);
		return;
	}
	if (n->binary.has_fill_left) {
		print_fill(out, "fill_left", n->binary.fill_left);
	}
	if (n->binary.has_fill_right) {
		print_fill(out, "fill_right", n->binary.fill_right);
	}
}

void print_operator(struct strbuf *out, const struct pql_node *n) {
	bool left = n->binary.cardinality == PQL_MANY_TO_ONE;
	bool grouped = left || n->binary.cardinality == PQL_ONE_TO_MANY;

	strbuf_add_c(out, pql_op_text(n->binary.op));
	if (n->binary.return_bool) {
		strbuf_add_c(out, " bool");
	}
	if (n->binary.label_count > 0 || n->binary.on || grouped) {
		print_labels(out, n->binary.on ? "on" : "ignoring", n->binary.labels,
					 n->binary.label_count);
	}
	if (grouped) {
		print_labels(out, left ? "group_left" : "group_right", n->binary.include,
					 n->binary.include_count);
	}
	print_fills(out, n);
}

/* `Inf ^ 2` is printed as `+Inf ^ 2`, as Prometheus does; read back, the plus is an operator before the power. It is left
 * out then, so that the text stays the same. */
const char *print_unary_sign(const struct pql_node *n) {
	const struct pql_node *inner = n->unary.inner;

	if (n->unary.op == PQL_OP_ADD && inner->kind == PQL_BINARY && inner->binary.op == PQL_OP_POW &&
		inner->binary.lhs->kind == PQL_NUMBER && isinf(inner->binary.lhs->number.value)) {
		return "";
	}
	return pql_op_text(n->unary.op);
}

static void print_binary(struct strbuf *out, const struct pql_node *n) {
	pql_print(out, n->binary.lhs);
	strbuf_add_char(out, ' ');
	print_operator(out, n);
	strbuf_add_char(out, ' ');
	pql_print(out, n->binary.rhs);
}

void print_aggregate_head(struct strbuf *out, const struct pql_node *n) {
	strbuf_add_c(out, pql_aggregation_name(n->aggregate.op));
	if (n->aggregate.without || n->aggregate.label_count > 0) {
		print_labels(out, n->aggregate.without ? "without" : "by", n->aggregate.labels,
					 n->aggregate.label_count);
		strbuf_add_char(out, ' ');
	}
}

static void print_aggregate(struct strbuf *out, const struct pql_node *n) {
	print_aggregate_head(out, n);
	strbuf_add_char(out, '(');
	if (n->aggregate.param != NULL) {
		pql_print(out, n->aggregate.param);
		strbuf_add_c(out, ", ");
	}
	pql_print(out, n->aggregate.inner);
	strbuf_add_char(out, ')');
}

size_t print_arg_count(const struct pql_node *call) {
	size_t count = call->call.count;
	const struct pql_node *last = count > 0 ? call->call.args[count - 1] : NULL;

	if (last != NULL && last->kind == PQL_SELECTOR && last->selector.implied_name &&
		last->span.start == last->span.end) {
		return count - 1;
	}
	return count;
}

static void print_call(struct strbuf *out, const struct pql_node *n) {
	size_t count = print_arg_count(n);

	strbuf_printf(out, "%s(", n->call.function->name);
	for (size_t i = 0; i < count; i++) {
		strbuf_add_c(out, i > 0 ? ", " : "");
		pql_print(out, n->call.args[i]);
	}
	strbuf_add_char(out, ')');
}

void pql_print(struct strbuf *out, const struct pql_node *n) {
	switch (n->kind) {
	case PQL_NUMBER: print_number(out, n); break;
	case PQL_STRING: strbuf_add_quoted(out, n->string); break;
	case PQL_SELECTOR: print_selector(out, &n->selector); break;
	case PQL_RANGE: print_range(out, n); break;
	case PQL_SUBQUERY:
		pql_print(out, n->subquery.inner);
		print_subquery_tail(out, n);
		break;
	case PQL_PAREN:
		strbuf_add_char(out, '(');
		pql_print(out, n->paren);
		strbuf_add_char(out, ')');
		break;
	case PQL_UNARY:
		strbuf_add_c(out, print_unary_sign(n));
		pql_print(out, n->unary.inner);
		break;
	case PQL_BINARY: print_binary(out, n); break;
	case PQL_AGGREGATE: print_aggregate(out, n); break;
	case PQL_CALL: print_call(out, n); break;
	case PQL_DURATION: print_duration_node(out, n); break;
	}
}
