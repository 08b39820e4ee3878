/* Text and actions: if, range, with, define, block, template, break, continue. */
#include "rules/template/template_private.h"

#include "base/mem.h"
#include "base/utf8.h"

static struct tnode *parse_list(struct tparser *p, struct tnode **ret_end);

static const char *print_node(struct tparser *p, const struct tnode *node) {
	struct strbuf b = STRBUF_INIT;
	tnode_print(&b, node);
	const char *text = arena_dup(p->arena, strbuf_str(&b)).ptr;
	strbuf_finish(&b);
	return text;
}

/* Nested actions and parentheses count together. */
static bool enter(struct tparser *p) {
	if (p->depth == TEMPLATE_MAX_DEPTH) {
		tparser_fail(p, "exceeded maximum depth of %d", TEMPLATE_MAX_DEPTH);
		return false;
	}
	p->depth++;
	return true;
}

static const struct control {
	enum token_type token;
	enum tnode_kind kind;
	const char *word;
} controls[] = {
	{TOKEN_IF, TNODE_IF, "if"},
	{TOKEN_RANGE, TNODE_RANGE, "range"},
	{TOKEN_WITH, TNODE_WITH, "with"},
};

static struct tnode *parse_control(struct tparser *p, const struct control *control);

/* Behind `else`: another list up to `end`, or an `if` whose end ends this one too. */
static struct tnode *parse_otherwise(struct tparser *p, const struct control *control,
									 const struct tnode *otherwise) {
	struct token token = tparser_peek(p);
	if (control->kind != TNODE_RANGE && token.type == control->token) {
		tparser_next(p);
		struct tnode *list = tnode_create(p->arena, TNODE_LIST, otherwise->pos);
		tnode_list_add(p->arena, &list->list, parse_control(p, control));
		return list;
	}
	struct tnode *end;
	struct tnode *list = parse_list(p, &end);
	if (end->kind != TNODE_END) {
		tparser_fail(p, "expected end; found %s", print_node(p, end));
	}
	return list;
}

/* {{word pipeline}} list {{end}}   or   {{word pipeline}} list {{else}} list {{end}} */
static struct tnode *parse_control(struct tparser *p, const struct control *control) {
	size_t variables = p->variable_count;
	struct tnode *node = tnode_create(p->arena, control->kind, 0), *end;
	bool entered = enter(p);
	node->control.pipe = tparser_pipeline(p, control->word, TOKEN_RIGHT_DELIM);
	node->pos = node->control.pipe->pos;
	p->range_depth += control->kind == TNODE_RANGE;
	node->control.list = parse_list(p, &end);
	p->range_depth -= control->kind == TNODE_RANGE;
	if (end->kind == TNODE_ELSE) {
		node->control.otherwise = parse_otherwise(p, control, end);
	}
	p->depth -= entered;
	p->variable_count = variables;
	return node;
}

static struct tnode *parse_jump(struct tparser *p, enum tnode_kind kind, const char *text,
								size_t pos) {
	struct token token = tparser_next_non_space(p);
	if (token.type != TOKEN_RIGHT_DELIM) {
		tparser_unexpected(p, token, text);
	}
	if (p->range_depth == 0) {
		tparser_fail(p, "%s outside {{range}}", text);
	}
	return tnode_create(p->arena, kind, pos);
}

static struct tnode *parse_else(struct tparser *p) {
	struct token token = tparser_peek_non_space(p);
	if (token.type != TOKEN_IF && token.type != TOKEN_WITH) {
		token = tparser_expect(p, TOKEN_RIGHT_DELIM, "else");
	}
	return tnode_create(p->arena, TNODE_ELSE, token.pos);
}

static struct str parse_name(struct tparser *p, struct token token, const char *context) {
	struct str name = STR_EMPTY;
	if (token.type != TOKEN_STRING && token.type != TOKEN_RAW_STRING) {
		tparser_unexpected(p, token, context);
	} else if (!template_unquote(token.text, p->arena, &name)) {
		tparser_fail(p, "invalid syntax");
	}
	return name;
}

/* Nothing but blanks. */
static bool is_empty(const struct tnode *list) {
	for (size_t i = 0; i < list->list.count; i++) {
		const struct tnode *node = list->list.items[i];
		if (node->kind != TNODE_TEXT || str_trim(node->text).len > 0) {
			return false;
		}
	}
	return true;
}

/* A definition may be given anew if one of the two is empty. */
static void define(struct tparser *p, struct str name, const struct tnode *root) {
	struct template *t = p->t;
	for (size_t i = 0; i < t->definition_count; i++) {
		struct template_definition *known = &t->definitions[i];
		if (!str_equal(known->name, name)) {
			continue;
		}
		if (is_empty(known->root)) {
			known->root = root;
		} else if (!is_empty(root)) {
			struct strbuf quoted = STRBUF_INIT;
			strbuf_add_quoted(&quoted, name);
			tparser_fail(p, "template: multiple definition of template %s", quoted.ptr);
			strbuf_finish(&quoted);
		}
		return;
	}
	if (t->definition_count == TEMPLATE_MAX_NAMES) {
		tparser_fail(p, "exceeded maximum of %d definitions", TEMPLATE_MAX_NAMES);
		return;
	}
	t->definitions = arena_grow(p->arena, t->definitions, t->definition_count,
								&p->definition_capacity, sizeof(t->definitions[0]));
	t->definitions[t->definition_count++] =
		(struct template_definition){.name = name, .root = root};
}

/* The list of a definition, in which only `$` is known. */
static void parse_definition(struct tparser *p, struct str name, const char *context) {
	struct tparser outer = *p;
	p->known = 1;
	p->variables = NULL;
	p->variable_count = p->variable_capacity = 0;
	p->range_depth = p->action_line = 0;
	struct tnode *end;
	bool entered = enter(p);
	struct tnode *root = parse_list(p, &end);
	if (end->kind != TNODE_END) {
		tparser_fail(p, "unexpected %s in %s", print_node(p, end), context);
	}
	p->depth -= entered;
	define(p, name, root);
	free(p->variables);
	p->known = outer.known;
	p->variables = outer.variables;
	p->variable_count = outer.variable_count;
	p->variable_capacity = outer.variable_capacity;
	p->range_depth = outer.range_depth;
	p->action_line = outer.action_line;
}

static struct tnode *parse_block(struct tparser *p) {
	static const char context[] = "block clause";
	struct token token = tparser_next_non_space(p);
	struct str name = parse_name(p, token, context);
	struct tnode *node = tnode_create(p->arena, TNODE_TEMPLATE, token.pos);
	node->call.name = name;
	node->call.pipe = tparser_pipeline(p, context, TOKEN_RIGHT_DELIM);
	parse_definition(p, name, context);
	return node;
}

static struct tnode *parse_call(struct tparser *p) {
	static const char context[] = "template clause";
	struct token token = tparser_next_non_space(p);
	struct tnode *node = tnode_create(p->arena, TNODE_TEMPLATE, token.pos);
	node->call.name = parse_name(p, token, context);
	if (p->error == NULL && tparser_next_non_space(p).type != TOKEN_RIGHT_DELIM) {
		tparser_back(p);
		node->call.pipe = tparser_pipeline(p, context, TOKEN_RIGHT_DELIM);
	}
	return node;
}

/* Behind `{{`. */
static struct tnode *parse_action(struct tparser *p) {
	struct token token = tparser_next_non_space(p);
	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
		if (token.type == controls[i].token) {
			return parse_control(p, &controls[i]);
		}
	}
	if (token.type == TOKEN_BLOCK) {
		return parse_block(p);
	}
	if (token.type == TOKEN_BREAK) {
		return parse_jump(p, TNODE_BREAK, "{{break}}", token.pos);
	}
	if (token.type == TOKEN_CONTINUE) {
		return parse_jump(p, TNODE_CONTINUE, "{{continue}}", token.pos);
	}
	if (token.type == TOKEN_ELSE) {
		return parse_else(p);
	}
	if (token.type == TOKEN_END) {
		return tnode_create(p->arena, TNODE_END, tparser_expect(p, TOKEN_RIGHT_DELIM, "end").pos);
	}
	if (token.type == TOKEN_TEMPLATE) {
		return parse_call(p);
	}
	tparser_back(p);
	struct tnode *node = tnode_create(p->arena, TNODE_ACTION, tparser_peek(p).pos);
	node->control.pipe = tparser_pipeline(p, "command", TOKEN_RIGHT_DELIM);
	return node;
}

static struct tnode *parse_text_or_action(struct tparser *p) {
	struct token token = tparser_next_non_space(p);
	if (token.type == TOKEN_TEXT) {
		struct tnode *node = tnode_create(p->arena, TNODE_TEXT, token.pos);
		node->text = token.text;
		return node;
	}
	if (token.type != TOKEN_LEFT_DELIM) {
		tparser_unexpected(p, token, "input");
		return tnode_create(p->arena, TNODE_END, token.pos);
	}
	p->action_line = token.line;
	struct tnode *node = parse_action(p);
	p->action_line = 0;
	return node;
}

/* Up to {{end}} or {{else}}, which go to *ret_end. */
static struct tnode *parse_list(struct tparser *p, struct tnode **ret_end) {
	struct tnode *list = tnode_create(p->arena, TNODE_LIST, tparser_peek_non_space(p).pos);
	while (tparser_peek_non_space(p).type != TOKEN_EOF) {
		struct tnode *node = parse_text_or_action(p);
		if (node->kind == TNODE_END || node->kind == TNODE_ELSE) {
			*ret_end = node;
			return list;
		}
		tnode_list_add(p->arena, &list->list, node);
	}
	tparser_fail(p, "unexpected EOF");
	*ret_end = tnode_create(p->arena, TNODE_END, 0);
	return list;
}

static void parse_define(struct tparser *p) {
	static const char context[] = "define clause";
	struct str name = parse_name(p, tparser_next_non_space(p), context);
	tparser_expect(p, TOKEN_RIGHT_DELIM, context);
	parse_definition(p, name, context);
}

bool tparser_parse(struct tparser *p) {
	struct tnode *root = tnode_create(p->arena, TNODE_LIST, 0);
	while (tparser_peek(p).type != TOKEN_EOF) {
		struct token delim = tparser_peek(p);
		if (delim.type == TOKEN_LEFT_DELIM) {
			tparser_next(p);
			if (tparser_next_non_space(p).type == TOKEN_DEFINE) {
				parse_define(p);
				continue;
			}
			p->tokens[1] = delim;
			p->peeked = 2;
		}
		struct tnode *node = parse_text_or_action(p);
		if (node->kind == TNODE_END || node->kind == TNODE_ELSE) {
			tparser_fail(p, "unexpected %s", print_node(p, node));
		} else {
			tnode_list_add(p->arena, &root->list, node);
		}
	}
	for (size_t i = 0; i < p->t->definition_count && p->error == NULL; i++) {
		const struct template_definition *d = &p->t->definitions[i];
		if (str_equal(d->name, p->t->name) && !is_empty(d->root)) {
			struct strbuf quoted = STRBUF_INIT;
			strbuf_add_quoted(&quoted, d->name);
			tparser_fail(p, "template: multiple definition of template %s", quoted.ptr);
			strbuf_finish(&quoted);
		}
	}
	p->t->root = root;
	return p->error == NULL;
}
