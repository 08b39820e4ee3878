#include "rules/template/template_private.h"
#include "rules/template/template_use.h"

static bool is_harmless_word(const struct tnode *n) {
	if (n->kind == TNODE_VARIABLE) {
		return n->chain.count == 1 || str_equal(n->chain.names[0], STR("$labels"));
	}
	return n->kind == TNODE_FIELD && n->chain.count == 2 &&
		   str_equal(n->chain.names[0], STR("Labels"));
}

static bool is_harmless_function(const struct tnode *command, const struct tnode *before) {
	static const char *const of_value[] = {"humanize", "humanize1024", "humanizePercentage",
										   "humanizeDuration", NULL};
	const struct tnode *f = command->list.items[0];
	bool value = command->list.count == 1 && before != NULL && before->list.count == 1 &&
				 before->list.items[0]->kind == TNODE_VARIABLE &&
				 str_equal(before->list.items[0]->chain.names[0], STR("$value"));
	if (f->kind != TNODE_IDENTIFIER) {
		return false;
	}
	for (size_t i = 0; of_value[i] != NULL; i++) {
		if (str_equal(f->identifier.name, str_from(of_value[i]))) {
			return value;
		}
	}
	return str_equal(f->identifier.name, STR("printf")) && command->list.count == 2 &&
		   command->list.items[1]->kind == TNODE_STRING;
}

static bool is_harmless_pipe(const struct tnode *pipe) {
	const struct tnode_list *commands = &pipe->pipe.commands;
	for (size_t i = 0; i < commands->count; i++) {
		const struct tnode *command = commands->items[i];
		bool word = i == 0 && command->list.count == 1 && is_harmless_word(command->list.items[0]);
		if (!word && !is_harmless_function(command, i > 0 ? commands->items[i - 1] : NULL)) {
			return false;
		}
	}
	return true;
}

bool template_is_harmless(const struct template *t) {
	for (size_t i = 0; i < t->root->list.count; i++) {
		const struct tnode *n = t->root->list.items[i];
		if (n->kind != TNODE_TEXT &&
			(n->kind != TNODE_ACTION || !is_harmless_pipe(n->control.pipe))) {
			return false;
		}
	}
	return true;
}
