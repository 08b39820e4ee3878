#include <math.h>

#include "base/gofloat.h"
#include "promql-lite/functions.h"
#include "promql-lite/lexer.h"
#include "rules/lint/lint_private.h"

/* ---- reporting ---- */

static struct diag *report(struct lint_rule *r, enum lint_id id, struct span span,
						   const char *format, va_list args) {
	if (!lint_set_has(r->options->enabled, id) || lint_set_has(r->silenced, id)) {
		return NULL;
	}
	struct diag *d = diags_vadd(r->run->diags, lint_get(id)->severity, span, format, args);
	if (d != NULL) {
		d->code = lint_get(id)->name;
	}
	return d;
}

struct diag *lint_report(struct lint_rule *r, enum lint_id id, struct span span, const char *format,
						 ...) {
	va_list args;
	va_start(args, format);
	struct diag *d = report(r, id, span, format, args);
	va_end(args);
	return d;
}

struct diag *lint_report_node(struct lint_rule *r, enum lint_id id, const struct pql_node *n,
							  const char *format, ...) {
	va_list args;
	va_start(args, format);
	struct diag *d = report(r, id, yaml_span(r->view->expr, n->span), format, args);
	va_end(args);
	return d;
}

struct diag *lint_report_expr(struct lint_rule *r, enum lint_id id, struct span span,
							  const char *format, ...) {
	va_list args;
	va_start(args, format);
	struct diag *d = report(r, id, yaml_span(r->view->expr, span), format, args);
	va_end(args);
	return d;
}

void lint_help(struct diag *d, struct lint_rule *r, const char *format, ...) {
	if (d == NULL) {
		return;
	}
	struct strbuf text = STRBUF_INIT;
	va_list args;
	va_start(args, format);
	strbuf_vprintf(&text, format, args);
	va_end(args);
	d->help = arena_dup(r->run->diags->arena, strbuf_str(&text)).ptr;
	strbuf_finish(&text);
}

/* Whether a text may stand in the scalar as it is: in quotes some characters have to be written otherwise. */
static bool fits_scalar(const struct lint_rule *r, struct str text) {
	struct str file = r->run->file->text;
	size_t start = r->view->expr->span.start;
	char quote = start < file.len ? file.ptr[start] : '\0';
	if (quote == '\'') {
		return memchr(text.ptr, '\'', text.len) == NULL;
	}
	return quote != '"' ||
		   (memchr(text.ptr, '"', text.len) == NULL && memchr(text.ptr, '\\', text.len) == NULL);
}

void lint_fix_expr(struct diag *d, struct lint_rule *r, struct span span, struct str text) {
	if (d != NULL && text.len > 0 && fits_scalar(r, text)) {
		d->fix.span = yaml_span(r->view->expr, span);
		d->fix.text = arena_dup(r->run->diags->arena, text);
	}
}

/* ---- trees ---- */

const struct pql_node *lint_peel(const struct pql_node *n) {
	while (n->kind == PQL_PAREN) {
		n = n->paren;
	}
	return n;
}

#define TEXT_MAX_BYTES 60

static bool is_space(char c) {
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

const char *lint_text(const struct lint_rule *r, const struct pql_node *n) {
	struct str text = str_slice(r->expr->text, n->span.start, n->span.end);
	struct strbuf out = STRBUF_INIT;
	for (size_t i = 0; i < text.len && out.len < TEXT_MAX_BYTES; i++) {
		bool again = is_space(text.ptr[i]) && i > 0 && is_space(text.ptr[i - 1]);
		if (!again) {
			strbuf_add_char(&out, is_space(text.ptr[i]) ? ' ' : text.ptr[i]);
		}
	}
	if (out.len >= TEXT_MAX_BYTES) {
		while (out.len > 0 && ((unsigned char)out.ptr[out.len - 1] & 0x80) != 0) {
			out.len--; /* not in the middle of a rune */
		}
		strbuf_add_c(&out, "…");
	}
	const char *kept = arena_dup(r->scratch, strbuf_str(&out)).ptr;
	strbuf_finish(&out);
	return kept;
}

bool lint_is_call(const struct pql_node *n, const char *function) {
	return n->kind == PQL_CALL && n->call.function->name[0] == function[0] &&
		   strcmp(n->call.function->name, function) == 0;
}

struct str lint_metric_name(const struct pql_node *n) {
	return pql_selector_metric(&n->selector);
}

/* The lexer is asked again where the parts of the selector are: the tree does not keep that. */
struct span lint_matcher_span(const struct lint_rule *r, const struct pql_node *n, size_t wanted) {
	struct pql_lexer lexer;
	struct pql_token token = {0};
	struct span part = {0};
	struct str name = n->selector.matchers[wanted].name;
	size_t number = 0;
	bool inside = false, named = false;
	pql_lexer_init(&lexer, str_slice(r->expr->text, 0, n->span.end), r->scratch);
	lexer.at = n->span.start;
	for (;;) {
		pql_lexer_next(&lexer, &token);
		bool ends = token.kind == PQL_TOKEN_COMMA || token.kind == PQL_TOKEN_RIGHT_BRACE;
		if (token.kind == PQL_TOKEN_ERROR || token.kind == PQL_TOKEN_END_OF_INPUT) {
			return n->span;
		}
		if (inside && ends && number++ == wanted) {
			return named ? part : n->span;
		}
		if (ends || token.kind == PQL_TOKEN_LEFT_BRACE) {
			inside = true;
			part = (struct span){0};
		} else if (part.end == 0) {
			part = token.span;
			named = str_equal(token.text, name);
		} else {
			part.end = token.span.end;
		}
	}
}

struct search {
	lint_wanted *wanted;
	const struct pql_node *found;
};

static bool visit_search(struct pql_node *n, void *data) {
	struct search *s = data;
	if (s->found == NULL && n->kind == PQL_SELECTOR && s->wanted(n)) {
		s->found = n;
	}
	return s->found == NULL;
}

const struct pql_node *lint_find_selector(const struct pql_node *n, lint_wanted *wanted) {
	struct search s = {.wanted = wanted};
	pql_walk((struct pql_node *)n, visit_search, &s);
	return s.found;
}

bool lint_constant(const struct lint_rule *r, const struct pql_node *n, double *ret_value) {
	const struct pql_facts *f = lint_facts(r, n);
	bool constant = n->type == PQL_TYPE_SCALAR && f->value.min == f->value.max && !f->value.nan;
	if (constant) {
		*ret_value = f->value.min;
	}
	return constant;
}

const char *lint_number(const struct lint_rule *r, double v) {
	struct strbuf out = STRBUF_INIT;
	gofloat_print(&out, v, fabs(v) < 1e21 ? 'f' : 'g');
	const char *text = arena_dup(r->scratch, strbuf_str(&out)).ptr;
	strbuf_finish(&out);
	return text;
}
