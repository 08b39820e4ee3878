/* What is known of an expression before there are samples. */
#include <string.h>

#include "base/gofloat.h"
#include "promql-lite/facts.h"
#include "promql-lite/functions.h"
#include "promql-lite/parser.h"
#include "tests/unit/check.h"

static void add_labels(struct strbuf *out, const struct pql_facts *f) {
	static const char *const states[] = {"-", "?", "~", "+"};

	for (size_t i = 0; i < f->label_count; i++) {
		const struct pql_label_fact *l = &f->labels[i];
		strbuf_printf(out, "%s%.*s%s%.*s ", states[l->state], STR_FMT(l->name),
					  l->value.len > 0 ? "=" : "", STR_FMT(l->value));
	}
	strbuf_add_c(out, states[f->others]);
}

/* "sometimes {+job=a ~instance ?} [0, +Inf] NaN": - never, ? maybe, ~ likely, + always; the last is of all other labels. */
static void describe(struct strbuf *out, const struct pql_facts *f) {
	static const char *const presences[] = {"", "never", "sometimes", "with series", "always"};
	static const char *const clashes[] = {"", " likely clash: ", " clash: "};

	strbuf_printf(out, "%s {", presences[f->presence]);
	add_labels(out, f);
	strbuf_add_c(out, "} [");
	gofloat_print(out, f->value.min, 'g');
	strbuf_add_c(out, ", ");
	gofloat_print(out, f->value.max, 'g');
	strbuf_printf(out, "]%s%s", f->value.nan ? " NaN" : "", clashes[f->clash.certainty]);
	if (f->clash.certainty != PQL_CLASH_NONE) {
		strbuf_printf(out, "%.*s", STR_FMT(f->clash.label));
	}
}

struct fixture {
	struct arena arena;
	struct pql_expr *expr;
	const struct pql_facts *facts;
};

static void make(struct fixture *f, const char *text, const struct pql_facts_source *source) {
	struct diags diags;

	arena_init(&f->arena);
	diags_init(&diags, &f->arena);
	f->expr = pql_parse(str_from(text), &pql_syntax_all, &f->arena, &diags);
	if (f->expr == NULL) {
		fail_msg("%s: %s", text, diags.items[0].message);
	}
	f->facts = pql_facts_make(f->expr, source, &f->arena);
}

static void finish(struct fixture *f) {
	pql_expr_finish(f->expr);
	arena_finish(&f->arena);
}

struct facts_case {
	const char *expr, *facts;
};

static void run_cases(const struct facts_case *cases, size_t count,
					  const struct pql_facts_source *source) {
	size_t wrong = 0;
	for (size_t i = 0; i < count; i++) {
		struct fixture f;
		struct strbuf out = STRBUF_INIT;
		make(&f, cases[i].expr, source);
		describe(&out, &f.facts[f.expr->root->index]);
		if (strcmp(out.ptr, cases[i].facts) != 0) {
			print_error("%s\n is [%s]\nnot [%s]\n", cases[i].expr, out.ptr, cases[i].facts);
			wrong++;
		}
		strbuf_finish(&out);
		finish(&f);
	}
	assert_int_equal(wrong, 0);
}

/* Nothing is taken for granted. */
static const struct facts_case certain[] = {
#define CASE(expr, facts) {expr, facts},
#include "tests/unit/facts_cases.def"
#undef CASE
};

static void test_certain(void **state) {
	static const struct pql_facts_source nothing;
	(void)state;
	run_cases(certain, COUNT(certain), &nothing);
}

/* With what names usually mean. */
static const struct facts_case conventional[] = {
	{"x", "with series {~instance ~job ?} [-Inf, +Inf] NaN"},
	{"a:b:c", "sometimes {?} [-Inf, +Inf] NaN"},
	{"up", "with series {~instance ~job ?} [0, 1]"},
	{"up == 2", "never {~instance ~job ?} [0, 1]"},
	{"up >= 0", "with series {~instance ~job ?} [0, 1]"},
	{"avg(up) * 100 > 100", "never {-} [0, 100]"},
	{"avg(up) * 100 >= 100", "sometimes {-} [100, 100]"},
	{"1 - avg(up) < 0", "never {-} [0, 1]"},
	{"ALERTS", "sometimes {+alertname +alertstate ?} [1, 1]"},
	{"ALERTS == 0", "never {+alertname +alertstate ?} [1, 1]"},
	{"ALERTS{alertstate=\"on\"}", "never {+alertname +alertstate=on ?} [1, 1]"},
	{"ALERTS{alertstate=~\"fi.*\"}", "sometimes {+alertname +alertstate ?} [1, 1]"},
	{"sum by (a) (x)", "with series {~a -} [-Inf, +Inf] NaN"},
	{"sum by (a) (x) / y",
	 "with series {~a -instance -job -} [-Inf, +Inf] NaN likely clash: instance"},
	{"sum by (a) (x) / sum by (a, b) (y)",
	 "with series {~a -b -} [-Inf, +Inf] NaN likely clash: b"},
	{"sum by (a) (x) / on (a) sum by (a, b) (y)", "with series {~a -} [-Inf, +Inf] NaN"},
	{"x * on (job) group_left (v) y", "with series {~instance ~job ~v ?} [-Inf, +Inf] NaN"},
	{"label_replace(sum(x), \"a\", \"$1\", \"b\", \"(.*)\")",
	 "with series {~a -} [-Inf, +Inf] NaN"},
	{"label_join(sum(x), \"a\", \"\", \"b\")", "with series {~a -} [-Inf, +Inf] NaN"},
	{"rec", "sometimes {+r=1 -} [0, 1]"},
	{"rec{r=\"2\"}", "never {+r=1 -} [0, 1]"},
	{"rec{job=\"a\"}", "never {-job +r=1 -} [0, 1]"},
	{"{__name__=\"rec\"} > 1", "never {+r=1 -} [0, 1]"},
};

static const struct pql_facts *find_recorded(struct str name, void *data) {
	return str_equal(name, STR("rec")) ? data : NULL;
}

static void test_conventional(void **state) {
	struct pql_label_fact label = {STR("r"), PQL_LABEL_ALWAYS, STR("1")};
	struct pql_facts recorded = {
		.presence = PQL_SOMETIMES, .labels = &label, .label_count = 1, .value = {0, 1, false}};
	struct pql_facts_source source = {true, find_recorded, &recorded};
	(void)state;
	run_cases(conventional, COUNT(conventional), &source);
}

/* A call of each: the table of facts has a line for it, under its name. */
static void test_every_function(void **state) {
	static const char *const arguments[] = {[PQL_TYPE_SCALAR] = "1",
											[PQL_TYPE_VECTOR] = "x",
											[PQL_TYPE_MATRIX] = "x[5m]",
											[PQL_TYPE_STRING] = "\"a\""};
	static const struct pql_facts_source nothing;
	size_t count;
	const struct pql_function *functions = pql_functions(&count);
	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct strbuf text = STRBUF_INIT;
		struct fixture f;
		strbuf_printf(&text, "%s(", functions[i].name);
		bool is_info = strcmp(functions[i].name, "info") == 0;
		for (int j = 0; j < functions[i].arg_count; j++) {
			strbuf_printf(&text, "%s%s", j > 0 ? ", " : "",
						  is_info && j == 1 ? "{a=\"b\"}" : arguments[functions[i].args[j]]);
		}
		strbuf_add_c(&text, ")");
		make(&f, text.ptr, &nothing);
		strbuf_finish(&text);
		finish(&f);
	}
}

static const struct {
	const char *expr, *label, *remover;
} removers[] = {
	{"sum by (job) (x)", "instance", "sum by (job) (x)"},
	{"sum by (job) (x) > 5", "instance", "sum by (job) (x)"},
	{"max(sum by (job) (x)) > 5", "job", "max(sum by (job) (x))"},
	{"max(sum by (job) (x)) > 5", "instance", "sum by (job) (x)"},
	{"(a - on (job) b) > 1", "instance", "a - on (job) b"},
	{"sum without (le) (x) / 2", "le", "sum without (le) (x)"},
	{"absent(x{job=\"a\"})", "instance", "absent(x{job=\"a\"})"},
	{"sum(x) or vector(0)", "job", "sum(x)"},
	{"x{a=\"\"}", "a", "x{a=\"\"}"},
	{"vector(1)", "a", "vector(1)"},
	{"sort(-sum(x))", "a", "sum(x)"},
	{"(sum(x) + x)", "a", "sum(x)"},
	{"x + sum(x)", "a", "sum(x)"},
	{"x and on (job) sum(x)", "a", NULL},
	{"sum(x) * on () group_right x", "a", NULL},
};

static void test_removers(void **state) {
	static const struct pql_facts_source nothing;
	(void)state;
	for (size_t i = 0; i < COUNT(removers); i++) {
		struct fixture f;
		make(&f, removers[i].expr, &nothing);
		struct str label = str_from(removers[i].label);
		const struct pql_node *root = f.expr->root;
		bool never = pql_facts_label(&f.facts[root->index], label, NULL) == PQL_LABEL_NEVER;
		if (never != (removers[i].remover != NULL)) {
			fail_msg("%s: %s", removers[i].expr, never ? "never" : "not removed");
		}
		if (never) {
			struct span span = pql_facts_find_remover(f.facts, root, label)->span;
			struct str text = str_slice(f.expr->text, span.start, span.end);
			if (!str_equal(text, str_from(removers[i].remover))) {
				fail_msg("%s: %.*s", removers[i].expr, STR_FMT(text));
			}
		}
		finish(&f);
	}
}

/* More labels than are kept count: then nothing is said of any. */
static void test_many_labels(void **state) {
	static const struct pql_facts_source nothing;
	struct strbuf text = STRBUF_INIT;
	struct fixture f;
	(void)state;
	strbuf_add_c(&text, "sum by (a");
	for (int i = 0; i < PQL_FACTS_MAX_LABELS; i++) {
		strbuf_printf(&text, ", l%d", i);
	}
	strbuf_add_c(&text, ") (x)");
	make(&f, text.ptr, &nothing);
	const struct pql_facts *root = &f.facts[f.expr->root->index];
	assert_int_equal(root->label_count, 0);
	assert_int_equal(root->others, PQL_LABEL_MAYBE);
	strbuf_finish(&text);
	finish(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certain),        cmocka_unit_test(test_conventional),
		cmocka_unit_test(test_every_function), cmocka_unit_test(test_removers),
		cmocka_unit_test(test_many_labels),
	};
	return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
