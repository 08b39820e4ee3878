/* The checker: types every node from the leaves up and reports what does not fit, in Prometheus' words and order
 * (checkAST in promql/parser/parse.go). */
#include <stdlib.h>

#include "base/bug.h"
#include "base/mem.h"
#include "promql-lite/functions.h"
#include "promql-lite/parser_private.h"

struct checker {
	struct str text;
	struct diags *diags;
};

static enum pql_type check_node(struct checker *c, struct pql_node *n);

/* As Go's %q; lives as long as the messages. */
static const char *quoted(const struct checker *c, struct str s) {
	struct strbuf out = STRBUF_INIT;
	const char *text;

	strbuf_add_quoted(&out, s);
	text = arena_dup(c->diags->arena, strbuf_str(&out)).ptr;
	strbuf_finish(&out);
	return text;
}

static void check_expected(struct checker *c, const struct pql_node *n, enum pql_type wanted,
						   const char *where, const char *function) {
	if (n->type != wanted) {
		diags_add(c->diags, DIAG_ERROR, n->span, "expected type %s in %s%s%s%s, got %s",
				  pql_type_name(wanted), where, function != NULL ? "\"" : "",
				  function != NULL ? function : "", function != NULL ? "\"" : "",
				  pql_type_name(n->type));
	}
}

/* ---- selectors ---- */

static const struct matcher *find_name_matcher(const struct pql_selector *s) {
	for (size_t i = 0; i + 1 < s->matcher_count; i++) {
		if (str_equal(s->matchers[i].name, LABEL_NAME)) {
			return &s->matchers[i];
		}
	}
	return NULL;
}

static bool selects_everything(const struct pql_selector *s) {
	for (size_t i = 0; i < s->matcher_count; i++) {
		if (!s->matchers[i].matches_empty) {
			return false;
		}
	}
	return true;
}

static void check_selector(struct checker *c, const struct pql_node *n) {
	const struct pql_selector *s = &n->selector;
	const struct matcher *twice = s->name.len > 0 ? find_name_matcher(s) : NULL;

	if (twice != NULL) {
		diags_add(c->diags, DIAG_ERROR, n->span, "metric name must not be set twice: %s or %s",
				  quoted(c, s->name), quoted(c, twice->value));
	}
	if (s->name.len == 0 && selects_everything(s)) {
		diags_add(c->diags, DIAG_ERROR, n->span,
				  "vector selector must contain at least one non-empty matcher");
	}
}

/* ---- operators ---- */

static bool is_space(char ch) {
	return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r';
}

/* From the end of the left side to the begin of the right one, without white space: operator and modifiers. */
static struct span op_span(const struct checker *c, const struct pql_node *n) {
	struct span span = {n->binary.lhs->span.end, n->binary.rhs->span.start};

	while (span.start < span.end && is_space(c->text.ptr[span.start])) {
		span.start++;
	}
	while (span.end > span.start && is_space(c->text.ptr[span.end - 1])) {
		span.end--;
	}
	return span;
}

static void check_bool(struct checker *c, const struct pql_node *n) {
	bool comparison = pql_op_is_comparison(n->binary.op);

	if (n->binary.return_bool && !comparison) {
		diags_add(c->diags, DIAG_ERROR, op_span(c, n),
				  "bool modifier can only be used on comparison operators");
	}
	if (comparison && !n->binary.return_bool && n->binary.lhs->type == PQL_TYPE_SCALAR &&
		n->binary.rhs->type == PQL_TYPE_SCALAR) {
		diags_add(c->diags, DIAG_ERROR, op_span(c, n),
				  "comparisons between scalars must use BOOL modifier");
	}
}

static int compare_labels(const void *a, const void *b) {
	return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/* Sorted first: the lists may be as long as the text. */
static void check_label_lists(struct checker *c, const struct pql_node *n) {
	size_t count = n->binary.include_count;
	struct str *include;

	if (!n->binary.on || count == 0) {
		return;
	}
	include = mem_calloc(count, sizeof(*include));
	memcpy(include, n->binary.include, count * sizeof(*include));
	qsort(include, count, sizeof(*include), compare_labels);
	for (size_t i = 0; i < n->binary.label_count; i++) {
		const struct str *label = &n->binary.labels[i];

		if (bsearch(label, include, count, sizeof(*include), compare_labels) != NULL) {
			diags_add(c->diags, DIAG_ERROR, op_span(c, n),
					  "label %s must not occur in ON and GROUP clause at once", quoted(c, *label));
		}
	}
	free(include);
}

static bool is_operand(const struct pql_node *n) {
	return n->type == PQL_TYPE_SCALAR || n->type == PQL_TYPE_VECTOR;
}

static void check_operands(struct checker *c, const struct pql_node *n) {
	const struct pql_node *sides[] = {n->binary.lhs, n->binary.rhs};

	for (int i = 0; i < 2; i++) {
		if (!is_operand(sides[i])) {
			diags_add(c->diags, DIAG_ERROR, sides[i]->span,
					  "binary expression must contain only scalar and instant vector types");
		}
	}
}

/* Matching between anything but two vectors: refused when it would mean something, else forgotten. */
static void check_no_matching(struct checker *c, struct pql_node *n) {
	if (n->binary.label_count > 0) {
		diags_add(c->diags, DIAG_ERROR, n->span,
				  "vector matching only allowed between instant vectors");
	}
	if (n->binary.has_fill_left || n->binary.has_fill_right) {
		diags_add(c->diags, DIAG_ERROR, n->span,
				  "filling in missing series only allowed between instant vectors");
	}
	n->binary.cardinality = PQL_ONE_TO_ONE;
	n->binary.on = n->binary.has_matching = false;
	n->binary.label_count = n->binary.include_count = 0;
	n->binary.has_fill_left = n->binary.has_fill_right = false;
}

static void check_set_matching(struct checker *c, const struct pql_node *n) {
	const char *op = pql_op_text(n->binary.op);

	if (n->binary.cardinality == PQL_MANY_TO_ONE || n->binary.cardinality == PQL_ONE_TO_MANY) {
		diags_add(c->diags, DIAG_ERROR, n->span, "no grouping allowed for \"%s\" operation", op);
		diags_add(c->diags, DIAG_ERROR, n->span, "set operations must always be many-to-many");
	}
	if (n->binary.has_fill_left || n->binary.has_fill_right) {
		diags_add(c->diags, DIAG_ERROR, n->span,
				  "filling in missing series not allowed for set operators");
	}
}

static void check_binary(struct checker *c, struct pql_node *n) {
	enum pql_type lhs = check_node(c, n->binary.lhs), rhs = check_node(c, n->binary.rhs);
	bool set = pql_op_is_set(n->binary.op);

	check_bool(c, n);
	if (set && n->binary.cardinality == PQL_ONE_TO_ONE) {
		n->binary.cardinality = PQL_MANY_TO_MANY;
	}
	check_label_lists(c, n);
	check_operands(c, n);
	if (lhs != PQL_TYPE_VECTOR || rhs != PQL_TYPE_VECTOR) {
		check_no_matching(c, n);
	} else if (set) {
		check_set_matching(c, n);
	}
	if (set && (lhs == PQL_TYPE_SCALAR || rhs == PQL_TYPE_SCALAR)) {
		diags_add(c->diags, DIAG_ERROR, n->span,
				  "set operator \"%s\" not allowed in binary scalar expression",
				  pql_op_text(n->binary.op));
	}
	n->type = lhs == PQL_TYPE_SCALAR && rhs == PQL_TYPE_SCALAR ? PQL_TYPE_SCALAR : PQL_TYPE_VECTOR;
}

static void check_unary(struct checker *c, struct pql_node *n) {
	enum pql_type type = check_node(c, n->unary.inner);

	if (!is_operand(n->unary.inner)) {
		diags_add(c->diags, DIAG_ERROR, n->span,
				  "unary expression only allowed on expressions of type scalar or instant vector, "
				  "got \"%s\"",
				  pql_type_name(type));
	}
	n->type = type;
}

/* ---- aggregations, calls, subqueries ---- */

static void check_aggregate(struct checker *c, struct pql_node *n) {
	enum pql_type wanted =
		n->aggregate.op == PQL_AGG_COUNT_VALUES ? PQL_TYPE_STRING : PQL_TYPE_SCALAR;

	check_node(c, n->aggregate.inner);
	check_expected(c, n->aggregate.inner, PQL_TYPE_VECTOR, "aggregation expression", NULL);
	if (n->aggregate.param != NULL) {
		check_node(c, n->aggregate.param);
		check_expected(c, n->aggregate.param, wanted, "aggregation parameter", NULL);
	}
	n->type = PQL_TYPE_VECTOR;
}

static void check_arg_count(struct checker *c, const struct pql_node *n, size_t count) {
	const struct pql_function *f = n->call.function;
	size_t declared = (size_t)f->arg_count;

	if (f->variadic == 0) {
		if (count != declared) {
			diags_add(c->diags, DIAG_ERROR, n->span,
					  "expected %zu argument(s) in call to \"%s\", got %zu", declared, f->name,
					  count);
		}
		return;
	}
	if (count < declared - 1) {
		diags_add(c->diags, DIAG_ERROR, n->span,
				  "expected at least %zu argument(s) in call to \"%s\", got %zu", declared - 1,
				  f->name, count);
	} else if (f->variadic > 0 && count > declared - 1 + (size_t)f->variadic) {
		diags_add(c->diags, DIAG_ERROR, n->span,
				  "expected at most %zu argument(s) in call to \"%s\", got %zu",
				  declared - 1 + (size_t)f->variadic, f->name, count);
	}
}

/* The type that a node will have, without a look at whether it fits together. */
static enum pql_type future_type(const struct pql_node *n) {
	switch (n->kind) {
	case PQL_NUMBER:
	case PQL_DURATION: return PQL_TYPE_SCALAR;
	case PQL_STRING: return PQL_TYPE_STRING;
	case PQL_SELECTOR:
	case PQL_AGGREGATE: return PQL_TYPE_VECTOR;
	case PQL_RANGE:
	case PQL_SUBQUERY: return PQL_TYPE_MATRIX;
	case PQL_PAREN: return future_type(n->paren);
	case PQL_UNARY: return future_type(n->unary.inner);
	case PQL_CALL: return n->call.function->result;
	case PQL_BINARY: break;
	}
	return future_type(n->binary.lhs) == PQL_TYPE_SCALAR &&
				   future_type(n->binary.rhs) == PQL_TYPE_SCALAR
			   ? PQL_TYPE_SCALAR
			   : PQL_TYPE_VECTOR;
}

/* info()'s second argument is a selector without a name that nobody evaluates: it may select everything. */
static void check_info(struct checker *c, struct pql_node *n) {
	struct pql_node *arg = n->call.args[1];
	enum pql_type type = future_type(arg);

	if (type != PQL_TYPE_VECTOR) {
		diags_add(c->diags, DIAG_ERROR, n->span,
				  "expected type %s in call to function \"info\", got %s",
				  pql_type_name(PQL_TYPE_VECTOR), pql_type_name(type));
	}
	if (arg->kind != PQL_SELECTOR) {
		diags_add(c->diags, DIAG_ERROR, arg->span, "expected label selectors only");
	} else if (arg->selector.name.len > 0) {
		diags_add(c->diags, DIAG_ERROR, arg->span,
				  "expected label selectors only, got vector selector instead");
	}
}

static enum pql_type arg_type(const struct pql_function *f, size_t i) {
	size_t declared = (size_t)f->arg_count;

	return f->args[i < declared ? i : declared - 1];
}

static void check_call(struct checker *c, struct pql_node *n) {
	const struct pql_function *f = n->call.function;

	check_arg_count(c, n, n->call.count);
	if (strcmp(f->name, "info") == 0 && n->call.count > 1) {
		check_info(c, n);
	}
	for (size_t i = 0; i < n->call.count; i++) {
		struct pql_node *arg = n->call.args[i];

		if (f->variadic == 0 && i >= (size_t)f->arg_count) {
			break;
		}
		check_node(c, arg);
		check_expected(c, arg, arg_type(f, i), "call to function ", f->name);
	}
	n->type = f->result;
}

static void check_subquery(struct checker *c, struct pql_node *n) {
	enum pql_type type = check_node(c, n->subquery.inner);

	if (type != PQL_TYPE_VECTOR) {
		diags_add(c->diags, DIAG_ERROR, n->span,
				  "subquery is only allowed on instant vector, got %s instead",
				  pql_type_word(type));
	}
	n->type = PQL_TYPE_MATRIX;
}

static enum pql_type check_node(struct checker *c, struct pql_node *n) {
	switch (n->kind) {
	case PQL_NUMBER: n->type = PQL_TYPE_SCALAR; break;
	case PQL_STRING: n->type = PQL_TYPE_STRING; break;
	case PQL_SELECTOR:
		check_selector(c, n);
		n->type = PQL_TYPE_VECTOR;
		break;
	case PQL_RANGE:
		check_node(c, n->range.selector);
		n->type = PQL_TYPE_MATRIX;
		break;
	case PQL_SUBQUERY: check_subquery(c, n); break;
	case PQL_PAREN: n->type = check_node(c, n->paren); break;
	case PQL_UNARY: check_unary(c, n); break;
	case PQL_BINARY: check_binary(c, n); break;
	case PQL_AGGREGATE: check_aggregate(c, n); break;
	case PQL_CALL: check_call(c, n); break;
	case PQL_DURATION: BUG("a duration is no expression of its own");
	}
	return n->type;
}

void pql_check(struct pql_node *root, struct str text, struct diags *diags) {
	struct checker c = {text, diags};

	check_node(&c, root);
}
