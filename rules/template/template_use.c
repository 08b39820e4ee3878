#include "rules/template/template_use.h"

#include "base/bug.h"
#include "rules/template/template_private.h"

struct walk {
	template_use_visit *visit;
	void *data;
	bool
		dot_is_alert; /* `.` is what the template was given, and not an element of a range or the like */
	bool to_output; /* what is found gets into the text, and does not only decide what does */
};

static void walk_node(struct walk *w, const struct tnode *n);

static void report(const struct walk *w, enum template_use_kind kind, struct str text,
				   struct span span) {
	w->visit(&(struct template_use){kind, text, span}, w->data);
}

static void walk_list(struct walk *w, const struct tnode_list *list) {
	for (size_t i = 0; i < list->count; i++) {
		walk_node(w, list->items[i]);
	}
}

/* Of a name in a chain. The place of a chain is the dot before the name that was joined first, which is number 1; a chain of one
 * name stands where it stands. */
static struct span name_span(const struct tnode *n, size_t number) {
	size_t start = n->pos + 1;
	for (size_t i = 1; i < number; i++) {
		start += n->chain.names[i].len + 1;
	}
	return (struct span){start, start + n->chain.names[number].len};
}

/* Names from number `first` on are fields of what the template was given. */
static void walk_data(const struct walk *w, const struct tnode *n, size_t first) {
	if (n->chain.count <= first) {
		return;
	}
	struct str field = n->chain.names[first];
	if (str_equal(field, STR("Labels")) && n->chain.count > first + 1) {
		report(w, TEMPLATE_USES_LABEL, n->chain.names[first + 1], name_span(n, first + 1));
	} else if (str_equal(field, STR("Value")) && w->to_output) {
		report(w, TEMPLATE_USES_VALUE, STR("$value"), name_span(n, first));
	}
}

static void walk_variable(const struct walk *w, const struct tnode *n) {
	struct str name = n->chain.names[0];
	if (str_equal(name, STR("$"))) {
		walk_data(w, n, 1);
	} else if (str_equal(name, STR("$labels")) && n->chain.count > 1) {
		report(w, TEMPLATE_USES_LABEL, n->chain.names[1], name_span(n, 1));
	} else if (str_equal(name, STR("$value")) && w->to_output) {
		report(w, TEMPLATE_USES_VALUE, name, (struct span){n->pos, n->pos + name.len});
	}
}

static bool is_labels(const struct walk *w, const struct tnode *n) {
	const struct str *names = n->chain.names;
	if (n->kind == TNODE_VARIABLE && n->chain.count == 1) {
		return str_equal(names[0], STR("$labels"));
	}
	if (n->kind == TNODE_VARIABLE) {
		return n->chain.count == 2 && str_equal(names[0], STR("$")) &&
			   str_equal(names[1], STR("Labels"));
	}
	return n->kind == TNODE_FIELD && w->dot_is_alert && n->chain.count == 1 &&
		   str_equal(names[0], STR("Labels"));
}

static bool is_function(const struct tnode *n, struct str name) {
	return n->kind == TNODE_IDENTIFIER && str_equal(n->identifier.name, name);
}

static struct span string_span(const struct tnode *n) {
	return (struct span){n->pos, n->pos + n->string.quoted.len};
}

static void walk_command(struct walk *w, const struct tnode *n) {
	struct tnode *const *items = n->list.items;
	size_t count = n->list.count;
	if (count >= 3 && is_function(items[0], STR("index")) && is_labels(w, items[1]) &&
		items[2]->kind == TNODE_STRING) {
		report(w, TEMPLATE_USES_LABEL, items[2]->string.text, string_span(items[2]));
	} else if (count >= 2 && is_function(items[0], STR("query")) &&
			   items[1]->kind == TNODE_STRING) {
		report(w, TEMPLATE_USES_QUERY, items[1]->string.text, string_span(items[1]));
	} else if (is_function(items[0], STR("now")) && w->to_output) {
		report(w, TEMPLATE_USES_VALUE, STR("now"), (struct span){items[0]->pos, items[0]->pos + 3});
	}
	walk_list(w, &n->list);
}

/* "up" | query */
static void walk_pipe(struct walk *w, const struct tnode *n) {
	bool to_output = w->to_output;
	w->to_output = to_output && n->pipe.variables.count == 0;
	const struct tnode_list *commands = &n->pipe.commands;
	for (size_t i = 0; i < commands->count; i++) {
		const struct tnode_list *command = &commands->items[i]->list;
		const struct tnode *next = i + 1 < commands->count ? commands->items[i + 1] : NULL;
		if (next != NULL && next->list.count == 1 && command->count == 1 &&
			is_function(next->list.items[0], STR("query")) &&
			command->items[0]->kind == TNODE_STRING) {
			report(w, TEMPLATE_USES_QUERY, command->items[0]->string.text,
				   string_span(command->items[0]));
		}
		walk_command(w, commands->items[i]);
	}
	w->to_output = to_output;
}

static void walk_condition(struct walk *w, const struct tnode *pipe) {
	bool to_output = w->to_output;
	w->to_output = false;
	walk_node(w, pipe);
	w->to_output = to_output;
}

static bool is_dot(const struct tnode *pipe) {
	const struct tnode_list *commands = &pipe->pipe.commands;
	return commands->count == 1 && commands->items[0]->list.count == 1 &&
		   commands->items[0]->list.items[0]->kind == TNODE_DOT;
}

static void walk_control(struct walk *w, const struct tnode *n) {
	bool dot_is_alert = w->dot_is_alert;
	walk_condition(w, n->control.pipe);
	w->dot_is_alert =
		dot_is_alert && (n->kind == TNODE_IF || (n->kind == TNODE_WITH && is_dot(n->control.pipe)));
	walk_node(w, n->control.list);
	w->dot_is_alert = dot_is_alert;
	if (n->control.otherwise != NULL) {
		walk_node(w, n->control.otherwise);
	}
}

static void walk_node(struct walk *w, const struct tnode *n) {
	switch (n->kind) {
	case TNODE_LIST: walk_list(w, &n->list); return;
	case TNODE_ACTION: walk_node(w, n->control.pipe); return;
	case TNODE_IF:
	case TNODE_WITH:
	case TNODE_RANGE: walk_control(w, n); return;
	case TNODE_TEMPLATE:
		if (n->call.pipe != NULL) {
			walk_condition(w, n->call.pipe);
		}
		return;
	case TNODE_PIPE: walk_pipe(w, n); return;
	case TNODE_COMMAND: walk_command(w, n); return;
	case TNODE_VARIABLE: walk_variable(w, n); return;
	case TNODE_FIELD:
		if (w->dot_is_alert) {
			walk_data(w, n, 0);
		}
		return;
	case TNODE_CHAIN: walk_node(w, n->chain.node); return;
	case TNODE_TEXT:
	case TNODE_BREAK:
	case TNODE_CONTINUE:
	case TNODE_IDENTIFIER:
	case TNODE_DOT:
	case TNODE_NIL:
	case TNODE_BOOL:
	case TNODE_NUMBER:
	case TNODE_STRING:
	case TNODE_END:
	case TNODE_ELSE: return;
	}
	BUG("unknown kind of node");
}

void template_visit_uses(const struct template *t, template_use_visit *visit, void *data) {
	struct walk w = {.visit = visit, .data = data, .dot_is_alert = true, .to_output = true};
	walk_node(&w, t->root);
	w.dot_is_alert = false;
	for (size_t i = 0; i < t->definition_count; i++) {
		walk_node(&w, t->definitions[i].root);
	}
}
