#include "rules/lint/rule_format.h"

#include <stdlib.h>

#include "base/mem.h"
#include "promql-lite/lexer.h"
#include "promql-lite/print.h"

struct formatter {
	const struct lint_file *file;
	struct arena *arena;
	struct text_edit *edits;
	size_t count, capacity;
	size_t commented;
};

/* ---- how a scalar is written ---- */

enum quoting { QUOTING_PLAIN, QUOTING_SINGLE, QUOTING_DOUBLE, QUOTING_BLOCK };

static enum quoting quoting_of(struct str file, const struct yaml_node *scalar) {
	switch (scalar->span.start < file.len ? file.ptr[scalar->span.start] : '\0') {
	case '\'': return QUOTING_SINGLE;
	case '"': return QUOTING_DOUBLE;
	case '|':
	case '>': return scalar->plain ? QUOTING_PLAIN : QUOTING_BLOCK;
	default: return QUOTING_PLAIN;
	}
}

static bool has_any(struct str s, const char *chars) {
	for (size_t i = 0; i < s.len; i++) {
		if (strchr(chars, s.ptr[i]) != NULL) {
			return true;
		}
	}
	return false;
}

/* Whether a text reads as a plain scalar where another one stood. One that had a bracket or a comma stood outside of [] and {}. */
static bool is_plain_text(struct str text, struct str before) {
	static const char flow[] = ",[]{}";
	bool starts = strchr("-?:,[]{}#&*!|>'\"%@`", text.ptr[0]) == NULL;
	bool minus = text.ptr[0] == '-' && text.len > 1 && text.ptr[1] != ' ';
	return (starts || minus) && str_find(text, STR(": ")) == text.len &&
		   str_find(text, STR(" #")) == text.len && text.ptr[text.len - 1] != ':' &&
		   (has_any(before, flow) || !has_any(text, flow));
}

static void add_single_quoted(struct strbuf *out, struct str text) {
	strbuf_add_char(out, '\'');
	for (size_t i = 0; i < text.len; i++) {
		strbuf_add_char(out, text.ptr[i]);
		if (text.ptr[i] == '\'') {
			strbuf_add_char(out, '\'');
		}
	}
	strbuf_add_char(out, '\'');
}

/* ---- one expression ---- */

/* The lexer passes over comments: what is between tokens and no blank is one. */
static bool has_comment(struct str expr, struct arena *a) {
	struct pql_lexer lexer;
	struct pql_token token = {0};
	if (expr.len == 0 || memchr(expr.ptr, '#', expr.len) == NULL) {
		return false;
	}
	pql_lexer_init(&lexer, expr, a);
	for (size_t end = 0;; end = token.span.end) {
		pql_lexer_next(&lexer, &token);
		size_t start = token.kind == PQL_TOKEN_END_OF_INPUT ? expr.len : token.span.start;
		if (memchr(expr.ptr + end, '#', start - end) != NULL) {
			return true;
		}
		if (token.kind == PQL_TOKEN_END_OF_INPUT || token.kind == PQL_TOKEN_ERROR) {
			return false;
		}
	}
}

static void add_edit(struct formatter *f, struct span span, struct str text) {
	struct str before = str_slice(f->file->text, span.start, span.end);
	if (str_equal(before, text)) {
		return;
	}
	f->edits = mem_grow(f->edits, f->count, &f->capacity, sizeof f->edits[0]);
	f->edits[f->count++] = (struct text_edit){span, arena_dup(f->arena, text)};
}

static void format_line(struct formatter *f, const struct yaml_node *scalar,
						const struct pql_expr *expr) {
	struct strbuf text = STRBUF_INIT, written = STRBUF_INIT;
	struct str before = str_slice(f->file->text, scalar->span.start, scalar->span.end);
	enum quoting quoting = quoting_of(f->file->text, scalar);
	pql_print(&text, expr->root);
	if (quoting == QUOTING_DOUBLE) {
		strbuf_add_quoted(&written, strbuf_str(&text));
	} else if (quoting == QUOTING_SINGLE || !is_plain_text(strbuf_str(&text), before)) {
		add_single_quoted(&written, strbuf_str(&text));
	} else {
		strbuf_add(&written, strbuf_str(&text));
	}
	add_edit(f, scalar->span, strbuf_str(&written));
	strbuf_finish(&text);
	strbuf_finish(&written);
}

static size_t line_start(struct str text, size_t at) {
	while (at > 0 && text.ptr[at - 1] != '\n') {
		at--;
	}
	return at;
}

/* Column of the key, or of the entry, that the scalar at `at` belongs to: what YAML counts a block's indentation from. */
static size_t parent_column(struct str file, size_t at) {
	size_t start = line_start(file, at), i = start;
	while (i < at && (file.ptr[i] == ' ' || (file.ptr[i] == '-' && file.ptr[i + 1] == ' '))) {
		i++;
	}
	return i - start;
}

/* From `|` to the first line. A text that begins with a blank needs the block's indentation said: it is else taken for the text's.
 * false: it cannot be said. */
static bool add_block_header(struct strbuf *out, struct str file, struct str header, size_t at,
							 size_t indentation, bool begins_blank) {
	size_t parent = parent_column(file, at);
	struct str rest = str_slice(header, 1, header.len);
	bool is_said =
		!begins_blank || has_any(str_slice(rest, 0, rest.len < 2 ? rest.len : 2), "123456789");
	if (!is_said && (indentation <= parent || indentation - parent > 9)) {
		return false;
	}
	strbuf_add_char(out, header.ptr[0]);
	if (!is_said) {
		strbuf_add_char(out, (char)('0' + (indentation - parent)));
	}
	strbuf_add(out, rest);
	return true;
}

/* Behind the blanks that the block is indented by. */
static void add_block_lines(struct strbuf *out, struct str text, size_t indentation, bool returns) {
	for (bool later = false; text.len > 0; later = true) {
		size_t end = str_find(text, STR("\n"));
		strbuf_add_c(out, !later ? "" : returns ? "\r\n" : "\n");
		strbuf_add_repeat(out, ' ', indentation);
		strbuf_add(out, str_slice(text, 0, end));
		text = str_slice(text, end < text.len ? end + 1 : end, text.len);
	}
}

static void format_block(struct formatter *f, const struct yaml_node *scalar,
						 const struct pql_expr *expr) {
	struct str file = f->file->text;
	struct span span = scalar->span;
	size_t first = scalar->piece_count > 0 ? yaml_pieces(scalar)[0].file_offset : span.end;
	size_t start = line_start(file, first);
	if (first >= span.end || start <= span.start) {
		return;
	}
	bool returns = start >= 2 && file.ptr[start - 2] == '\r';
	struct strbuf text = STRBUF_INIT, written = STRBUF_INIT;
	pql_print_pretty(&text, expr->root);
	struct str header = str_slice(file, span.start, start);
	if (add_block_header(&written, file, header, span.start, first - start,
						 strbuf_str(&text).ptr[0] == ' ')) {
		size_t same = str_equal(strbuf_str(&written), header) ? header.len : 0;
		add_block_lines(&written, strbuf_str(&text), first - start, returns);
		span.start += same;
		span.end -= file.ptr[span.end - 1] == '\r';
		add_edit(f, span, str_slice(strbuf_str(&written), same, written.len));
	}
	strbuf_finish(&text);
	strbuf_finish(&written);
}

/* Quotes and plain scalars that go over several lines have a layout that somebody chose, and no canonical one. */
static bool is_one_line(struct str file, struct span span) {
	return memchr(file.ptr + span.start, '\n', span.end - span.start) == NULL;
}

static void visit_rule(const struct rule_view *view, void *data) {
	struct formatter *f = data;
	const struct yaml_node *scalar = view->expr;
	const struct pql_expr *expr = view->rule->expr;
	bool block = quoting_of(f->file->text, scalar) == QUOTING_BLOCK;
	if (has_comment(expr->text, f->arena)) {
		f->commented++;
	} else if (block) {
		format_block(f, scalar, expr);
	} else if (is_one_line(f->file->text, scalar->span)) {
		format_line(f, scalar, expr);
	}
}

/* ---- the whole ---- */

static int compare_edits(const void *a, const void *b) {
	const struct text_edit *x = a, *y = b;
	return x->span.start < y->span.start ? -1 : x->span.start > y->span.start;
}

/* What aliases repeat is edited once. */
static void sort_edits(struct formatter *f) {
	size_t kept = 0;
	if (f->count > 1) {
		qsort(f->edits, f->count, sizeof f->edits[0], compare_edits);
	}
	for (size_t i = 0; i < f->count; i++) {
		if (kept == 0 || f->edits[i].span.start >= f->edits[kept - 1].span.end) {
			f->edits[kept++] = f->edits[i];
		}
	}
	f->count = kept;
}

static struct str apply_edits(const struct formatter *f) {
	struct strbuf out = STRBUF_INIT;
	struct str text = f->file->text;
	size_t at = 0;
	for (size_t i = 0; i < f->count; i++) {
		strbuf_add(&out, str_slice(text, at, f->edits[i].span.start));
		strbuf_add(&out, f->edits[i].text);
		at = f->edits[i].span.end;
	}
	strbuf_add(&out, str_slice(text, at, text.len));
	struct str whole = arena_dup(f->arena, strbuf_str(&out));
	strbuf_finish(&out);
	return whole;
}

/* ---- the proof ---- */

static void add_texts(struct strbuf *out, const struct rule_text *texts, size_t count) {
	for (size_t i = 0; i < count; i++) {
		strbuf_add_quoted(out, texts[i].name);
		strbuf_add_quoted(out, texts[i].source);
	}
	strbuf_add_char(out, '\n');
}

/* Everything that a rule is. */
static void describe_rule(const struct rule_view *view, void *data) {
	const struct rule *r = view->rule;
	struct strbuf *out = data;
	strbuf_add_quoted(out, view->group->name);
	strbuf_printf(out, " %lld %lld %lld %zu ", (long long)view->group->interval,
				  (long long)view->group->query_offset, (long long)view->group->limit,
				  view->number);
	strbuf_add_quoted(out, r->name);
	strbuf_printf(out, " %d %lld %lld ", (int)r->kind, (long long)r->hold,
				  (long long)r->keep_firing_for);
	pql_print(out, r->expr->root);
	add_texts(out, r->labels, r->label_count);
	add_texts(out, r->annotations, r->annotation_count);
}

static bool walk(const struct lint_file *file, bool ignore_unknown,
				 void (*visit)(const struct rule_view *, void *), void *data) {
	static const struct pql_syntax plain;
	const struct rule_walk rules = {
		.syntax = &plain, .ignore_unknown = ignore_unknown, .visit = visit, .data = data};
	struct arena a;
	struct diags ignored;
	struct rule_counts counts;
	arena_init(&a);
	diags_init(&ignored, &a);
	bool good = rule_documents_walk(file->documents, file->count, file->yaml_diags, &rules,
									&ignored, &counts);
	arena_finish(&a);
	return good;
}

/* The new text is read anew. */
static bool is_same_rules(const struct lint_file *before, struct str text, bool ignore_unknown) {
	struct strbuf old = STRBUF_INIT, new = STRBUF_INIT;
	struct arena a;
	struct diags yaml_diags;
	struct yaml_document *documents;
	struct lint_file after = {.text = text, .yaml_diags = &yaml_diags};
	arena_init(&a);
	diags_init(&yaml_diags, &a);
	bool same = yaml_parse(text, &a, &yaml_diags, &documents, &after.count);
	after.documents = documents;
	same = same && walk(before, ignore_unknown, describe_rule, &old) &&
		   walk(&after, ignore_unknown, describe_rule, &new) &&
		   str_equal(strbuf_str(&old), strbuf_str(&new));
	strbuf_finish(&old);
	strbuf_finish(&new);
	arena_finish(&a);
	return same;
}

bool rule_format_make(const struct lint_file *file, bool ignore_unknown, struct arena *a,
					  struct rule_format *ret) {
	struct formatter f = {.file = file, .arena = a};
	bool good = walk(file, ignore_unknown, visit_rule, &f);
	sort_edits(&f);
	struct text_edit *edits = ARENA_ARRAY(a, struct text_edit, f.count);
	if (f.count > 0) {
		memcpy(edits, f.edits, f.count * sizeof edits[0]);
	}
	*ret = (struct rule_format){.loads = good,
								.edits = edits,
								.count = f.count,
								.text = f.count > 0 ? apply_edits(&f) : file->text,
								.commented = f.commented};
	free(f.edits);
	return good && (f.count == 0 || is_same_rules(file, ret->text, ignore_unknown));
}
