/* The text of a node, as Go prints it in messages: `executing "…" at <humanize "abc">`. */
#include "rules/template/template_private.h"

#include "base/bug.h"

struct tnode *tnode_create(struct arena *a, enum tnode_kind kind, size_t pos) {
	struct tnode *node = ARENA_NEW(a, struct tnode);
	node->kind = kind;
	node->pos = (uint32_t)pos;
	return node;
}

void tnode_list_add(struct arena *a, struct tnode_list *list, struct tnode *node) {
	if (list->count == list->capacity) {
		uint32_t capacity = list->capacity == 0 ? 2 : list->capacity * 2;
		struct tnode **items = ARENA_ARRAY(a, struct tnode *, capacity);
		if (list->count > 0) {
			memcpy(items, list->items, list->count * sizeof(items[0]));
		}
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = node;
}

static void print_list(struct strbuf *out, const struct tnode_list *list, const char *separator) {
	for (size_t i = 0; i < list->count; i++) {
		strbuf_add_c(out, i > 0 ? separator : "");
		tnode_print(out, list->items[i]);
	}
}

static void print_names(struct strbuf *out, const struct tnode *node) {
	bool dotted = node->kind != TNODE_VARIABLE;
	for (size_t i = 0; i < node->chain.count; i++) {
		strbuf_add_c(out, dotted || i > 0 ? "." : "");
		strbuf_add(out, node->chain.names[i]);
	}
}

/* A pipeline that is a part of something else stands in parentheses. */
static void print_operand(struct strbuf *out, const struct tnode *node) {
	bool parens = node->kind == TNODE_PIPE;
	strbuf_add_c(out, parens ? "(" : "");
	tnode_print(out, node);
	strbuf_add_c(out, parens ? ")" : "");
}

static void print_command(struct strbuf *out, const struct tnode *node) {
	for (size_t i = 0; i < node->list.count; i++) {
		strbuf_add_c(out, i > 0 ? " " : "");
		print_operand(out, node->list.items[i]);
	}
}

static void print_pipe(struct strbuf *out, const struct tnode *node) {
	if (node->pipe.variables.count > 0) {
		print_list(out, &node->pipe.variables, ", ");
		strbuf_add_c(out, node->pipe.assigns ? " = " : " := ");
	}
	print_list(out, &node->pipe.commands, " | ");
}

static void print_control(struct strbuf *out, const struct tnode *node, const char *word) {
	strbuf_printf(out, "{{%s ", word);
	tnode_print(out, node->control.pipe);
	strbuf_add_c(out, "}}");
	print_list(out, &node->control.list->list, "");
	if (node->control.otherwise != NULL) {
		strbuf_add_c(out, "{{else}}");
		print_list(out, &node->control.otherwise->list, "");
	}
	strbuf_add_c(out, "{{end}}");
}

static void print_action(struct strbuf *out, const struct tnode *node) {
	strbuf_add_c(out, "{{");
	tnode_print(out, node->control.pipe);
	strbuf_add_c(out, "}}");
}

static void print_call(struct strbuf *out, const struct tnode *node) {
	strbuf_add_c(out, "{{template ");
	strbuf_add_quoted(out, node->call.name);
	if (node->call.pipe != NULL) {
		strbuf_add_char(out, ' ');
		tnode_print(out, node->call.pipe);
	}
	strbuf_add_c(out, "}}");
}

static void print_chain(struct strbuf *out, const struct tnode *node) {
	print_operand(out, node->chain.node);
	print_names(out, node);
}

void tnode_print(struct strbuf *out, const struct tnode *node) {
	switch (node->kind) {
	case TNODE_TEXT: strbuf_add(out, node->text); return;
	case TNODE_ACTION: print_action(out, node); return;
	case TNODE_IF: print_control(out, node, "if"); return;
	case TNODE_RANGE: print_control(out, node, "range"); return;
	case TNODE_WITH: print_control(out, node, "with"); return;
	case TNODE_TEMPLATE: print_call(out, node); return;
	case TNODE_BREAK: strbuf_add_c(out, "{{break}}"); return;
	case TNODE_CONTINUE: strbuf_add_c(out, "{{continue}}"); return;
	case TNODE_LIST: print_list(out, &node->list, ""); return;
	case TNODE_PIPE: print_pipe(out, node); return;
	case TNODE_COMMAND: print_command(out, node); return;
	case TNODE_IDENTIFIER: strbuf_add(out, node->identifier.name); return;
	case TNODE_FIELD:
	case TNODE_VARIABLE: print_names(out, node); return;
	case TNODE_CHAIN: print_chain(out, node); return;
	case TNODE_DOT: strbuf_add_char(out, '.'); return;
	case TNODE_NIL: strbuf_add_c(out, "nil"); return;
	case TNODE_BOOL: strbuf_add_c(out, node->truth ? "true" : "false"); return;
	case TNODE_NUMBER: strbuf_add(out, node->number->text); return;
	case TNODE_STRING: strbuf_add(out, node->string.quoted); return;
	case TNODE_END: strbuf_add_c(out, "{{end}}"); return;
	case TNODE_ELSE: strbuf_add_c(out, "{{else}}"); return;
	}
	BUG("unknown kind of node");
}
