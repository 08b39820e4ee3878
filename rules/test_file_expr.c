/* promql_expr_test */
#include "rules/test_file_private.h"

enum expr_field { EXPR_EXPR, EXPR_EVAL_TIME, EXPR_EXP_SAMPLES, EXPR_FIELDS };

static const struct field expr_fields[EXPR_FIELDS] = {
	[EXPR_EXPR] = {"expr", FIELD_TEXT, NULL},
	[EXPR_EVAL_TIME] = {"eval_time", FIELD_DURATION, NULL},
	[EXPR_EXP_SAMPLES] = {"exp_samples", FIELD_LIST, "[]main.sample"},
};

enum sample_field { SAMPLE_LABELS, SAMPLE_VALUE, SAMPLE_HISTOGRAM, SAMPLE_FIELDS };

static const struct field sample_fields[SAMPLE_FIELDS] = {
	[SAMPLE_LABELS] = {"labels", FIELD_TEXT, NULL},
	[SAMPLE_VALUE] = {"value", FIELD_NUMBER, NULL},
	[SAMPLE_HISTOGRAM] = {"histogram", FIELD_TEXT, NULL},
};

static void add_notation_error(struct test_loader *l, const struct field_value *v,
							   const struct pql_notation_error *error) {
	struct strbuf text = STRBUF_INIT;
	struct span span = v->node != NULL ? yaml_span(v->node, error->span) : v->span;
	strbuf_add_quoted(&text, v->text);
	test_error_add(l, span, "%s: %s", text.ptr, error->message);
	strbuf_finish(&text);
}

static void load_sample(struct test_loader *l, const struct yaml_node *node,
						struct test_sample *ret) {
	struct field_value v[SAMPLE_FIELDS];
	struct pql_notation_error error;
	struct arena *a = l->loader.arena;
	*ret = (struct test_sample){.span = node->span};
	if (!test_fields_load(l, node, "main.sample", sample_fields, SAMPLE_FIELDS, 0, v)) {
		return;
	}
	ret->value = v[SAMPLE_VALUE].real;
	if (!pql_notation_parse_metric(v[SAMPLE_LABELS].text, a, &ret->labels, &error)) {
		add_notation_error(l, &v[SAMPLE_LABELS], &error);
	}
	if (v[SAMPLE_HISTOGRAM].text.len > 0 &&
		!pql_notation_parse_histogram(v[SAMPLE_HISTOGRAM].text, a, &ret->histogram, &error)) {
		add_notation_error(l, &v[SAMPLE_HISTOGRAM], &error);
	}
}

/* The parser's errors, each where it stands in the file. */
static void parse_expr(struct test_loader *l, struct test_expr_case *c) {
	struct diags found;
	diags_init(&found, l->loader.arena);
	c->parsed = pql_parse(c->expr.text, l->loader.syntax, l->loader.arena, &found);
	for (size_t i = 0; i < found.count; i++) {
		const struct diag *d = &found.items[i];
		struct span span = c->expr.node != NULL ? yaml_span(c->expr.node, d->span) : c->expr.span;
		struct strbuf text = STRBUF_INIT;
		pql_error_text(&text, d, c->expr.text);
		diags_add(&l->group->diags, d->severity, span, "%s", text.ptr);
		strbuf_finish(&text);
	}
	if (c->parsed != NULL && c->parsed->root->type != PQL_TYPE_VECTOR &&
		c->parsed->root->type != PQL_TYPE_SCALAR) {
		test_error_add(l, c->expr.span, "rule result is not a vector or scalar");
	}
}

static void load_case(struct test_loader *l, const struct yaml_node *node,
					  struct test_expr_case *ret) {
	struct field_value v[EXPR_FIELDS];
	*ret = (struct test_expr_case){.span = node->span, .node = node, .expr.text = STR_EMPTY};
	if (!test_fields_load(l, node, "main.promqlTestCase", expr_fields, EXPR_FIELDS, 0, v)) {
		return;
	}
	ret->expr = test_text_of(&v[EXPR_EXPR]);
	ret->eval_time = v[EXPR_EVAL_TIME].number;
	parse_expr(l, ret);
	const struct yaml_node *list = v[EXPR_EXP_SAMPLES].node;
	size_t count = list != NULL ? list->count : 0;
	struct test_sample *samples = ARENA_ARRAY(l->loader.arena, struct test_sample, count);
	for (size_t i = 0; i < count; i++) {
		load_sample(l, list->items[i], &samples[i]);
	}
	ret->samples = samples;
	ret->sample_count = count;
}

void test_exprs_load(struct test_loader *l, const struct yaml_node *list) {
	size_t count = list != NULL ? list->count : 0;
	struct test_expr_case *cases = ARENA_ARRAY(l->loader.arena, struct test_expr_case, count);
	for (size_t i = 0; i < count; i++) {
		load_case(l, list->items[i], &cases[i]);
	}
	l->group->exprs = cases;
	l->group->expr_count = count;
}
