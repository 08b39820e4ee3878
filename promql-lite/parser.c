#include "promql-lite/parser.h"

#include <stdarg.h>

#include "promql-lite/parser_private.h"

const struct pql_syntax pql_syntax_all = {true, true, true, true};

void parser_read(struct pql_parser *p) {
	pql_lexer_next(&p->lexer, &p->token);
	p->has_token = true;
	if (p->token.kind == PQL_TOKEN_ERROR) {
		diags_add(p->diags, DIAG_ERROR, p->token.span, "%s", p->lexer.error);
	}
}

bool parser_expect(struct pql_parser *p, enum pql_token_kind kind, struct pql_token *ret_token) {
	if (parser_peek(p) != kind) {
		parser_unexpected(p);
		return false;
	}
	*ret_token = parser_take(p);
	return true;
}

void parser_unexpected_in(struct pql_parser *p, const char *context) {
	struct strbuf name = STRBUF_INIT;

	if (parser_peek(p) == PQL_TOKEN_ERROR) {
		return; /* reported when it was read */
	}
	pql_token_describe(&name, &p->token);
	diags_add(p->diags, DIAG_ERROR, p->token.span, "unexpected %s%s", name.ptr, context);
	strbuf_finish(&name);
}

void parser_unexpected(struct pql_parser *p) {
	parser_unexpected_in(p, p->context);
}

void parser_error(struct pql_parser *p, struct span span, const char *format, ...) {
	va_list args;

	va_start(args, format);
	diags_vadd(p->diags, DIAG_ERROR, span, format, args);
	va_end(args);
}

static void too_deep(struct pql_parser *p, struct span span) {
	parser_error(p, span, "expression is nested too deeply: the limit is %d levels", PQL_MAX_DEPTH);
}

bool parser_enter(struct pql_parser *p, struct span span) {
	if (p->depth >= PQL_MAX_DEPTH) {
		too_deep(p, span);
		return false;
	}
	p->depth++;
	return true;
}

void parser_leave(struct pql_parser *p) {
	p->depth--;
}

struct pql_node *parser_node(struct pql_parser *p, enum pql_kind kind, struct span span) {
	struct pql_node *node = ARENA_NEW(p->arena, struct pql_node);

	node->kind = kind;
	node->span = span;
	node->depth = 1;
	node->index = p->node_count++;
	return node;
}

bool parser_adopt(struct pql_parser *p, struct pql_node *node, const struct pql_node *child) {
	if (child->depth >= PQL_MAX_DEPTH) {
		too_deep(p, node->span);
		return false;
	}
	if (node->depth <= child->depth) {
		node->depth = child->depth + 1;
	}
	return true;
}

const char *parser_quote(struct pql_parser *p, struct str s) {
	struct strbuf quoted = STRBUF_INIT;
	const char *text;

	strbuf_add_quoted(&quoted, s);
	text = arena_dup(p->arena, strbuf_str(&quoted)).ptr;
	strbuf_finish(&quoted);
	return text;
}

/* ---- entry points ---- */

static void finish_matchers(const struct matcher *matchers, size_t count) {
	for (size_t i = 0; i < count; i++) {
		struct matcher m = matchers[i];

		matcher_finish(&m);
	}
}

static void finish_selectors(struct pql_node **selectors, size_t count) {
	for (size_t i = 0; i < count; i++) {
		finish_matchers(selectors[i]->selector.matchers, selectors[i]->selector.matcher_count);
	}
}

void pql_expr_finish(struct pql_expr *e) {
	if (e != NULL) {
		finish_selectors(e->selectors, e->selector_count);
		e->selector_count = 0;
	}
}

/* start: expr END_OF_INPUT */
static struct pql_node *parse_start(struct pql_parser *p) {
	struct pql_node *root;

	if (parser_peek(p) == PQL_TOKEN_END_OF_INPUT) {
		parser_error(p, (struct span){0, p->token.span.end}, "no expression found in input");
		return NULL;
	}
	root = parser_expr(p);
	if (root != NULL && parser_peek(p) != PQL_TOKEN_END_OF_INPUT) {
		parser_unexpected(p);
	}
	return root;
}

/* start_selector: (name | name? label_matchers) END_OF_INPUT */
static struct pql_node *parse_start_selector(struct pql_parser *p) {
	struct pql_token name;
	struct pql_node *root = NULL;

	if (parser_peek(p) == PQL_TOKEN_LEFT_BRACE) {
		root = parser_selector(p, NULL);
	} else if (pql_token_names_metric(parser_peek(p))) {
		name = parser_take(p);
		root = parser_selector(p, &name);
	} else {
		parser_unexpected(p);
	}
	if (root != NULL && parser_peek(p) != PQL_TOKEN_END_OF_INPUT) {
		parser_unexpected(p);
	}
	return root;
}

typedef struct pql_node *parse_start_symbol(struct pql_parser *p);

static struct pql_expr *parse_text(struct str text, const struct pql_syntax *syntax,
								   struct arena *a, struct diags *diags, parse_start_symbol *start,
								   bool check) {
	struct pql_parser p = {.syntax = syntax, .arena = a, .diags = diags, .context = ""};
	struct pql_expr *e = ARENA_NEW(a, struct pql_expr);
	size_t errors = diags->errors;

	e->text = arena_dup(a, text);
	if (text.len > PQL_MAX_TEXT_BYTES) {
		parser_error(&p, (struct span){0, 0}, "expression is too long: %zu bytes, the limit is %d",
					 text.len, PQL_MAX_TEXT_BYTES);
		return NULL;
	}
	pql_lexer_init(&p.lexer, e->text, a);
	e->root = start(&p);
	if (diags->errors == errors && check) {
		pql_check(e->root, e->text, diags);
	}
	if (diags->errors != errors) {
		finish_matchers(p.matchers, p.matcher_count);
		finish_selectors(p.selectors, p.selector_count);
		return NULL;
	}
	e->selectors = p.selectors;
	e->selector_count = p.selector_count;
	e->node_count = p.node_count;
	return e;
}

struct pql_expr *pql_parse(struct str text, const struct pql_syntax *syntax, struct arena *a,
						   struct diags *diags) {
	return parse_text(text, syntax, a, diags, parse_start, true);
}

struct pql_expr *pql_parse_selector(struct str text, struct arena *a, struct diags *diags) {
	struct pql_expr *e = parse_text(text, &pql_syntax_all, a, diags, parse_start_selector, false);

	if (e != NULL) {
		e->root->type = PQL_TYPE_VECTOR;
	}
	return e;
}

void pql_error_text(struct strbuf *out, const struct diag *d, struct str text) {
	struct diag_place place = diag_place(text, d->span.start);

	if (text.len == 0) {
		strbuf_add_c(out, "unknown position");
	} else {
		strbuf_printf(out, "%zu:%zu", place.line, place.column);
	}
	strbuf_printf(out, ": parse error: %s", d->message);
}
