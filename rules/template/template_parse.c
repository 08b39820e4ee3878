/* Pipelines, commands and operands, and the tokens they are made of.
 *
 * After an error the lexer is at its end, so that every loop ends and the first message stands. */
#include "rules/template/template_private.h"

#include "base/mem.h"
#include "base/utf8.h"

/* The line is that of the token that was read last, ahead or not, as in Go; the span is that of the token blamed. */
static void fail(struct tparser *p, struct token blamed, const char *format, va_list args) {
	if (p->error != NULL) {
		return;
	}
	struct strbuf b = STRBUF_INIT;
	strbuf_printf(&b, "template: %.*s:%zu: ", STR_FMT(p->t->name), p->tokens[0].line);
	strbuf_vprintf(&b, format, args);
	p->error = arena_dup(p->arena, strbuf_str(&b)).ptr;
	bool empty = blamed.type == TOKEN_ERROR || blamed.type == TOKEN_EOF;
	p->error_span = (struct span){blamed.pos, blamed.pos + (empty ? 0 : blamed.text.len)};
	strbuf_finish(&b);
	p->lexer.failed = true;
	p->peeked = 0;
}

void tparser_fail(struct tparser *p, const char *format, ...) {
	va_list args;
	va_start(args, format);
	fail(p, p->tokens[0], format, args);
	va_end(args);
}

void tparser_fail_at(struct tparser *p, struct token blamed, const char *format, ...) {
	va_list args;
	va_start(args, format);
	fail(p, blamed, format, args);
	va_end(args);
}

/* As Go's fmt prints a token: keywords in <>, long texts cut. */
const char *token_print(struct arena *a, struct token token) {
	if (token.type == TOKEN_EOF || token.type == TOKEN_ERROR) {
		return arena_dup(a, token.text).ptr;
	}
	if (token.type > TOKEN_KEYWORD) {
		return arena_printf(a, "<%.*s>", STR_FMT(token.text));
	}
	struct strbuf b = STRBUF_INIT;
	size_t end = 0;
	bool cut = token.text.len > 10;
	for (int runes = 0; cut && runes < 10 && end < token.text.len; runes++) {
		uint32_t rune;
		end += utf8_decode(str_slice(token.text, end, token.text.len), &rune);
	}
	strbuf_add_quoted(&b, cut ? str_slice(token.text, 0, end) : token.text);
	strbuf_add_c(&b, cut ? "..." : "");
	const char *text = arena_dup(a, strbuf_str(&b)).ptr;
	strbuf_finish(&b);
	return text;
}

void tparser_unexpected(struct tparser *p, struct token token, const char *context) {
	if (token.type != TOKEN_ERROR) {
		tparser_fail_at(p, token, "unexpected %s in %s", token_print(p->arena, token), context);
		return;
	}
	const char *extra = "";
	if (p->action_line != 0 && p->action_line != token.line) {
		bool said = str_ends_with(token.text, STR(" action"));
		extra = arena_printf(p->arena, "%s started at %.*s:%zu", said ? "" : " in action",
							 STR_FMT(p->t->name), p->action_line);
	}
	tparser_fail_at(p, token, "%.*s%s", STR_FMT(token.text), extra);
}

struct token tparser_expect(struct tparser *p, enum token_type type, const char *context) {
	struct token token = tparser_next_non_space(p);
	if (token.type != type) {
		tparser_unexpected(p, token, context);
	}
	return token;
}

static size_t count_dots(struct str text) {
	size_t count = 0;
	for (size_t i = 0; i < text.len; i++) {
		count += text.ptr[i] == '.';
	}
	return count;
}

/* `.a.b` or `$x.a` as the names between the dots. */
static void split_names(struct arena *a, struct str text, struct tnode *node) {
	struct str *names = ARENA_ARRAY(a, struct str, count_dots(text) + 1);
	for (size_t at = 0; at <= text.len;) {
		size_t length = str_find(str_slice(text, at, text.len), STR("."));
		names[node->chain.count++] = str_slice(text, at, at + length);
		at += length + 1;
	}
	node->chain.names = names;
}

static struct tnode *new_variable(struct tparser *p, struct token token) {
	struct tnode *node = tnode_create(p->arena, TNODE_VARIABLE, token.pos);
	split_names(p->arena, token.text, node);
	return node;
}

void tparser_declare(struct tparser *p, struct str variable) {
	if (p->known + p->variable_count == TEMPLATE_MAX_NAMES) {
		tparser_fail(p, "exceeded maximum of %d variables", TEMPLATE_MAX_NAMES);
		return;
	}
	p->variables =
		mem_grow(p->variables, p->variable_count, &p->variable_capacity, sizeof(p->variables[0]));
	p->variables[p->variable_count++] = variable;
}

static bool is_among(struct str name, const struct str *names, size_t count) {
	for (size_t i = 0; i < count; i++) {
		if (str_equal(names[i], name)) {
			return true;
		}
	}
	return false;
}

static struct tnode *use_variable(struct tparser *p, struct token token) {
	static const struct str known[TEMPLATE_VARIABLES] = {
		{"$", 1}, {"$labels", 7}, {"$externalLabels", 15}, {"$externalURL", 12}, {"$value", 6}};
	struct tnode *node = new_variable(p, token);
	struct str name = node->chain.names[0];
	if (is_among(name, known, p->known) || is_among(name, p->variables, p->variable_count)) {
		return node;
	}
	struct strbuf quoted = STRBUF_INIT;
	strbuf_add_quoted(&quoted, name);
	tparser_fail_at(p, token, "undefined variable %s", quoted.ptr);
	strbuf_finish(&quoted);
	return node;
}

static struct tnode *parse_identifier(struct tparser *p, struct token token) {
	struct tnode *node = tnode_create(p->arena, TNODE_IDENTIFIER, token.pos);
	node->identifier.name = token.text;
	node->identifier.function = template_function_find(token.text);
	p->t->queries = p->t->queries || str_equal(token.text, STR("query"));
	if (node->identifier.function == NULL) {
		struct strbuf name = STRBUF_INIT;
		strbuf_add_quoted(&name, token.text);
		tparser_fail_at(p, token, "function %s not defined", name.ptr);
		strbuf_finish(&name);
	}
	return node;
}

static struct tnode *parse_number(struct tparser *p, struct token token) {
	struct tnode *node = tnode_create(p->arena, TNODE_NUMBER, token.pos);
	const char *error;
	struct template_number *number = ARENA_NEW(p->arena, struct template_number);
	node->number = number;
	if (!template_number_parse(token, p->arena, number, &error)) {
		tparser_fail_at(p, token, "%s", error);
	}
	return node;
}

static struct tnode *parse_string(struct tparser *p, struct token token) {
	struct tnode *node = tnode_create(p->arena, TNODE_STRING, token.pos);
	node->string.quoted = token.text;
	if (!template_unquote(token.text, p->arena, &node->string.text)) {
		tparser_fail_at(p, token, "invalid syntax");
	}
	return node;
}

static struct tnode *parse_parens(struct tparser *p, struct token token) {
	if (p->depth == TEMPLATE_MAX_DEPTH) {
		tparser_fail(p, "max expression depth exceeded");
		return tnode_create(p->arena, TNODE_NIL, token.pos);
	}
	p->depth++;
	struct tnode *node = tparser_pipeline(p, "parenthesized pipeline", TOKEN_RIGHT_PAREN);
	p->depth--;
	return node;
}

/* term: number | string | nil | bool | function | . | .Field | $variable | '(' pipeline ')'
 * NULL: the next token begins none. */
static struct tnode *parse_term(struct tparser *p) {
	struct token token = tparser_next_non_space(p);
	if (token.type == TOKEN_DOT || token.type == TOKEN_NIL) {
		return tnode_create(p->arena, token.type == TOKEN_DOT ? TNODE_DOT : TNODE_NIL, token.pos);
	}
	if (token.type == TOKEN_IDENTIFIER) {
		return parse_identifier(p, token);
	}
	if (token.type == TOKEN_VARIABLE) {
		return use_variable(p, token);
	}
	if (token.type == TOKEN_FIELD) {
		struct tnode *node = tnode_create(p->arena, TNODE_FIELD, token.pos);
		split_names(p->arena, str_slice(token.text, 1, token.text.len), node);
		return node;
	}
	if (token.type == TOKEN_BOOL) {
		struct tnode *node = tnode_create(p->arena, TNODE_BOOL, token.pos);
		node->truth = str_equal(token.text, STR("true"));
		return node;
	}
	if (token.type == TOKEN_CHAR_CONSTANT || token.type == TOKEN_COMPLEX ||
		token.type == TOKEN_NUMBER) {
		return parse_number(p, token);
	}
	if (token.type == TOKEN_LEFT_PAREN) {
		return parse_parens(p, token);
	}
	if (token.type == TOKEN_STRING || token.type == TOKEN_RAW_STRING) {
		return parse_string(p, token);
	}
	tparser_back(p);
	return NULL;
}

/* More names behind a term that has some already: `$x.a` and `.a` take them in, anything else becomes a chain. */
static struct tnode *add_fields(struct tparser *p, struct tnode *term) {
	size_t pos = tparser_peek(p).pos, count = 0, capacity = 0;
	struct str *names = NULL;
	bool joins = term->kind == TNODE_FIELD || term->kind == TNODE_VARIABLE;
	for (size_t i = 0; joins && i < term->chain.count; i++) {
		names = arena_grow(p->arena, names, count, &capacity, sizeof(names[0]));
		names[count++] = term->chain.names[i];
	}
	while (tparser_peek(p).type == TOKEN_FIELD) {
		struct str text = tparser_next(p).text;
		names = arena_grow(p->arena, names, count, &capacity, sizeof(names[0]));
		names[count++] = str_slice(text, 1, text.len);
	}
	struct tnode *node = tnode_create(p->arena, joins ? term->kind : TNODE_CHAIN, pos);
	node->chain.node = joins ? NULL : term;
	node->chain.names = names;
	node->chain.count = count;
	return node;
}

static bool is_literal(const struct tnode *node) {
	return node->kind == TNODE_BOOL || node->kind == TNODE_STRING || node->kind == TNODE_NUMBER ||
		   node->kind == TNODE_NIL || node->kind == TNODE_DOT;
}

/* operand: term .Field* */
static struct tnode *parse_operand(struct tparser *p) {
	struct tnode *node = parse_term(p);
	if (node == NULL || tparser_peek(p).type != TOKEN_FIELD) {
		return node;
	}
	if (is_literal(node)) {
		struct strbuf term = STRBUF_INIT, quoted = STRBUF_INIT;
		while (tparser_peek(p).type == TOKEN_FIELD) {
			tparser_next(p);
		}
		tnode_print(&term, node);
		strbuf_add_quoted(&quoted, strbuf_str(&term));
		tparser_fail(p, "unexpected . after term %s", quoted.ptr);
		strbuf_finish(&term);
		strbuf_finish(&quoted);
		return node;
	}
	return add_fields(p, node);
}

/* A pattern that is a constant is compiled once; what is wrong with it is said when it is used. */
static void prepare_regex(struct tparser *p, struct tnode *command) {
	struct tnode *first = command->list.items[0];
	if (first->kind != TNODE_IDENTIFIER || first->identifier.function == NULL ||
		first->identifier.function->special != TFUNCTION_REGEX || command->list.count < 2 ||
		command->list.items[1]->kind != TNODE_STRING) {
		return;
	}
	const char *error;
	struct regex *regex =
		regex_create(command->list.items[1]->string.text, REGEX_UNANCHORED, p->arena, &error);
	if (regex != NULL) {
		struct template *t = p->t;
		t->regexes = arena_grow(p->arena, t->regexes, t->regex_count, &p->regex_capacity,
								sizeof(t->regexes[0]));
		t->regexes[t->regex_count++] = regex;
		first->identifier.regex = regex;
	}
}

/* command: operand (space operand)*   up to a `|`, which is taken, or the end of the pipeline, which is left. */
static struct tnode *parse_command(struct tparser *p) {
	struct tnode *command = tnode_create(p->arena, TNODE_COMMAND, tparser_peek_non_space(p).pos);
	struct token token;
	do {
		tparser_peek_non_space(p);
		struct tnode *operand = parse_operand(p);
		if (operand != NULL) {
			tnode_list_add(p->arena, &command->list, operand);
		}
		token = tparser_next(p);
	} while (token.type == TOKEN_SPACE);
	if (token.type == TOKEN_RIGHT_DELIM || token.type == TOKEN_RIGHT_PAREN) {
		tparser_back(p);
	} else if (token.type != TOKEN_PIPE) {
		tparser_unexpected(p, token, "operand");
	}
	if (command->list.count == 0) {
		tparser_fail(p, "empty command");
		return NULL;
	}
	if (p->error == NULL) {
		prepare_regex(p, command);
	}
	return command;
}

/* Puts back the variable and the space behind it. */
static void put_back(struct tparser *p, struct token variable, struct token behind) {
	if (behind.type == TOKEN_SPACE) {
		p->tokens[1] = behind;
		p->tokens[2] = variable;
		p->peeked = 3;
	} else {
		p->tokens[1] = variable;
		p->peeked = 2;
	}
}

/* declarations: $x := | $x = | $i, $e :=   (the last one in range only) */
static void parse_declarations(struct tparser *p, struct tnode *pipe, const char *context) {
	while (tparser_peek_non_space(p).type == TOKEN_VARIABLE) {
		struct token variable = tparser_next_non_space(p);
		struct token behind = tparser_peek(p);
		struct token next = tparser_peek_non_space(p);
		bool comma = next.type == TOKEN_CHAR && str_equal(next.text, STR(","));
		if (!comma && next.type != TOKEN_ASSIGN && next.type != TOKEN_DECLARE) {
			put_back(p, variable, behind);
			return;
		}
		tparser_next_non_space(p);
		tnode_list_add(p->arena, &pipe->pipe.variables, new_variable(p, variable));
		tparser_declare(p, variable.text);
		if (!comma) {
			pipe->pipe.assigns = next.type == TOKEN_ASSIGN;
			return;
		}
		if (strcmp(context, "range") != 0 || pipe->pipe.variables.count > 1) {
			tparser_fail(p, "too many declarations in %s", context);
			return;
		}
		enum token_type type = tparser_peek_non_space(p).type;
		if (type != TOKEN_VARIABLE && type != TOKEN_RIGHT_DELIM && type != TOKEN_RIGHT_PAREN) {
			tparser_fail(p, "range can only initialize variables");
			return;
		}
	}
}

static void check_pipeline(struct tparser *p, const struct tnode *pipe, const char *context) {
	const struct tnode_list *commands = &pipe->pipe.commands;
	if (commands->count == 0) {
		tparser_fail(p, "missing value for %s", context);
	}
	for (size_t i = 1; i < commands->count; i++) {
		if (is_literal(commands->items[i]->list.items[0])) {
			tparser_fail(p, "non executable command in pipeline stage %zu", i + 1);
		}
	}
}

static bool starts_operand(enum token_type type) {
	return type == TOKEN_BOOL || type == TOKEN_CHAR_CONSTANT || type == TOKEN_COMPLEX ||
		   type == TOKEN_DOT || type == TOKEN_FIELD || type == TOKEN_IDENTIFIER ||
		   type == TOKEN_NUMBER || type == TOKEN_NIL || type == TOKEN_RAW_STRING ||
		   type == TOKEN_STRING || type == TOKEN_VARIABLE || type == TOKEN_LEFT_PAREN;
}

/* pipeline: declarations? command ('|' command)* */
struct tnode *tparser_pipeline(struct tparser *p, const char *context, enum token_type end) {
	struct tnode *pipe = tnode_create(p->arena, TNODE_PIPE, tparser_peek_non_space(p).pos);
	parse_declarations(p, pipe, context);
	while (p->error == NULL) {
		struct token token = tparser_next_non_space(p);
		if (token.type == end) {
			check_pipeline(p, pipe, context);
			break;
		}
		if (!starts_operand(token.type)) {
			tparser_unexpected(p, token, context);
			break;
		}
		tparser_back(p);
		struct tnode *command = parse_command(p);
		if (command != NULL) {
			tnode_list_add(p->arena, &pipe->pipe.commands, command);
		}
	}
	return pipe;
}
