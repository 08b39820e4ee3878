/* Cases {"expr", "print", "pretty", "type"} or {"expr", "error"}: the canonical form, the form over several lines and the
 * type of an expression, or the message that refuses it. */
#include "promql-lite/parser.h"
#include "promql-lite/print.h"
#include "tests/conformance/answers.h"

static bool is_equal(const cJSON *item, const char *name, struct str got,
					 struct strbuf *difference) {
	struct str wanted = answers_string(item, name);

	if (str_equal(wanted, got)) {
		return true;
	}
	strbuf_printf(difference, "%s is\n  %.*s\nand should be\n  %.*s", name, STR_FMT(got),
				  STR_FMT(wanted));
	return false;
}

static bool check_expr(const cJSON *item, const struct pql_expr *e, struct strbuf *difference) {
	struct strbuf print = STRBUF_INIT, pretty = STRBUF_INIT;
	bool ok;

	pql_print(&print, e->root);
	pql_print_pretty(&pretty, e->root);
	ok = is_equal(item, "print", strbuf_str(&print), difference) &&
		 is_equal(item, "pretty", strbuf_str(&pretty), difference) &&
		 is_equal(item, "type", str_from(pql_type_word(e->root->type)), difference);
	strbuf_finish(&print);
	strbuf_finish(&pretty);
	return ok;
}

/* Up to the first comma of the message. Messages about what a parser's state would have taken may differ behind it. */
static struct str first_clause(struct str error) {
	struct str expected = STR(", expected ");
	size_t at = str_find(error, expected);

	return str_slice(error, 0, at);
}

static bool check_error(struct answers_run *run, const cJSON *item, struct str got,
						struct strbuf *difference) {
	struct str wanted = answers_string(item, "error");

	run->texts++;
	run->texts_equal += str_equal(wanted, got);
	if (str_equal(first_clause(wanted), first_clause(got))) {
		return true;
	}
	return is_equal(item, "error", got, difference);
}

/* The expression, with the NULs that it had. */
static struct str expression(const cJSON *item, struct arena *a) {
	static const struct str nul = {ANSWERS_NUL, sizeof(ANSWERS_NUL) - 1};
	struct str text = answers_string(item, "expr");
	char *out = arena_alloc(a, text.len + 1);
	size_t len = 0;

	for (size_t at = 0; at < text.len;) {
		bool is_nul = str_starts_with(str_slice(text, at, text.len), nul);

		out[len++] = is_nul ? '\0' : text.ptr[at];
		at += is_nul ? nul.len : 1;
	}
	return (struct str){out, len};
}

static bool check(struct answers_run *run, const cJSON *item, struct strbuf *difference) {
	struct str text;
	struct strbuf error = STRBUF_INIT;
	struct arena a;
	struct diags diags;
	struct pql_expr *e;
	bool ok;

	arena_init(&a);
	text = expression(item, &a);
	diags_init(&diags, &a);
	e = pql_parse(text, &pql_syntax_all, &a, &diags);
	strbuf_printf(difference, "%.*s: ", STR_FMT(text));
	if (e == NULL) {
		pql_error_text(&error, &diags.items[0], text);
	}
	if (answers_has(item, "error")) {
		ok = check_error(run, item, strbuf_str(&error), difference);
	} else if (e == NULL) {
		strbuf_printf(difference, "refused: %s", error.ptr);
		ok = false;
	} else {
		ok = check_expr(item, e, difference);
	}
	pql_expr_finish(e);
	strbuf_finish(&error);
	arena_finish(&a);
	return ok;
}

const struct answers_kind answers_parse = {"parse", check};
