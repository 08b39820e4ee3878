/* Walking the tree: text, actions, if, range, with, template. */
#include "rules/template/template_private.h"

#include "base/bug.h"

#define MAX_NESTING 1000 /* nodes within nodes, templates followed: the walk recurses */

enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE, FLOW_STOP };

static enum flow walk_list(struct texec *x, const struct tvalue *dot, const struct tnode *list);

/* Line and column as Go counts them: the prologue stands before the first line; columns from 0 on the first line, else too. */
static void print_place(struct strbuf *b, const struct texec *x) {
	size_t line = 1, start = 0;
	for (size_t i = 0; i < x->at->pos; i++) {
		if (x->t->source.ptr[i] == '\n') {
			line++;
			start = i + 1;
		}
	}
	size_t column = x->at->pos - start + (line == 1 ? TEMPLATE_PROLOGUE_BYTES : 0);
	strbuf_printf(b, "%.*s:%zu:%zu", STR_FMT(x->t->name), line, column);
}

bool texec_fail(struct texec *x, const char *format, ...) {
	if (x->error != NULL || x->asks) {
		return false;
	}
	struct strbuf b = STRBUF_IN(x->arena);
	strbuf_printf(&b, "error executing template %.*s: template: ", STR_FMT(x->t->name));
	print_place(&b, x);
	strbuf_add_c(&b, ": executing ");
	strbuf_add_quoted(&b, x->template_name);
	strbuf_add_c(&b, " at <");
	tnode_print(&b, x->at);
	strbuf_add_c(&b, ">: ");
	va_list args;
	va_start(args, format);
	strbuf_vprintf(&b, format, args);
	va_end(args);
	x->error = strbuf_take(&b);
	return false;
}

bool texec_step(struct texec *x) {
	if (++x->steps > TEMPLATE_MAX_STEPS) {
		return texec_fail(x, "exceeded maximum of %u steps", TEMPLATE_MAX_STEPS);
	}
	if (x->arena->used - x->arena_start > TEMPLATE_MAX_MEMORY) {
		return texec_fail(x, "exceeded maximum memory of %u bytes", TEMPLATE_MAX_MEMORY);
	}
	if (x->out->len - x->out_start > TEMPLATE_MAX_OUTPUT_BYTES) {
		return texec_fail(x, "exceeded maximum output of %u bytes", TEMPLATE_MAX_OUTPUT_BYTES);
	}
	return true;
}

void texec_push(struct texec *x, struct str name, struct tvalue value) {
	x->variables = arena_grow(x->arena, x->variables, x->variable_count, &x->variable_capacity,
							  sizeof(x->variables[0]));
	x->variables[x->variable_count++] = (struct tvariable){.name = name, .value = value};
}

bool texec_set_variable(struct texec *x, struct str name, struct tvalue value) {
	for (size_t i = x->variable_count; i > x->variable_base; i--) {
		if (str_equal(x->variables[i - 1].name, name)) {
			x->variables[i - 1].value = value;
			return true;
		}
	}
	return texec_fail(x, "undefined variable: %.*s", STR_FMT(name));
}

static enum flow walk_if_or_with(struct texec *x, const struct tvalue *dot,
								 const struct tnode *node) {
	size_t mark = x->variable_count;
	struct tvalue value;
	if (!texec_eval_pipeline(x, dot, node->control.pipe, &value)) {
		return FLOW_STOP;
	}
	enum flow flow = FLOW_ON;
	if (tvalue_is_true(&value)) {
		flow = walk_list(x, node->kind == TNODE_WITH ? &value : dot, node->control.list);
	} else if (node->control.otherwise != NULL) {
		flow = walk_list(x, dot, node->control.otherwise);
	}
	x->variable_count = mark;
	return flow;
}

/* One round of a range: its variables are the topmost, or are assigned by name. */
static bool set_range_variables(struct texec *x, const struct tnode *pipe, struct tvalue index,
								struct tvalue element) {
	const struct tnode_list *variables = &pipe->pipe.variables;
	if (variables->count == 0) {
		return true;
	}
	bool both = variables->count > 1;
	if (!pipe->pipe.assigns) {
		x->variables[x->variable_count - 1].value = element;
		if (both) {
			x->variables[x->variable_count - 2].value = index;
		}
		return true;
	}
	const struct tnode *first = variables->items[0];
	if (!texec_set_variable(x, first->chain.names[0], both ? index : element)) {
		return false;
	}
	return !both || texec_set_variable(x, variables->items[1]->chain.names[0], element);
}

static enum flow walk_round(struct texec *x, const struct tnode *node, struct tvalue index,
							struct tvalue element) {
	size_t mark = x->variable_count;
	x->at = node->control.pipe;
	if (!texec_step(x) || !set_range_variables(x, node->control.pipe, index, element)) {
		return FLOW_STOP;
	}
	enum flow flow = walk_list(x, &element, node->control.list);
	x->variable_count = mark;
	return flow == FLOW_CONTINUE ? FLOW_ON : flow;
}

/* The round's index and element; false when there is no such round. */
static bool range_item(const struct tvalue *value, size_t i, struct tvalue *ret_index,
					   struct tvalue *ret_element) {
	switch (ttype_kind(value->type)) {
	case TKIND_INT:
		*ret_element = *value;
		ret_element->i = (int64_t)i;
		return value->i > 0 && i < (uint64_t)value->i;
	case TKIND_UINT:
		*ret_element = *value;
		ret_element->u = i;
		return i < value->u;
	case TKIND_SLICE:
		if (i >= tvalue_length(value)) {
			return false;
		}
		*ret_index = tvalue_int((int64_t)i);
		*ret_element =
			(struct tvalue){.type = TTYPE_SAMPLE_POINTER, .sample = value->result->samples[i]};
		return true;
	case TKIND_MAP:
		if (i >= tvalue_length(value)) {
			return false;
		}
		tvalue_map_entry(value, i, ret_index, ret_element);
		return true;
	case TKIND_INVALID:
	case TKIND_BOOL:
	case TKIND_FLOAT:
	case TKIND_COMPLEX:
	case TKIND_STRING:
	case TKIND_STRUCT:
	case TKIND_POINTER: return false;
	}
	BUG("unknown kind of value");
}

static const char *print_value(struct texec *x, const struct tvalue *value) {
	size_t start = x->out->len;
	tprint_value(x->arena, x->out, value);
	struct str text = arena_dup(x->arena, str_slice(strbuf_str(x->out), start, x->out->len));
	x->out->len = start;
	return text.ptr;
}

static bool check_range(struct texec *x, const struct tnode *node, const struct tvalue *value) {
	enum tkind kind = ttype_kind(value->type);
	if (kind == TKIND_INT || kind == TKIND_UINT) {
		return node->control.pipe->pipe.variables.count < 2 ||
			   texec_fail(x, "can't use %s to iterate over more than one variable",
						  print_value(x, value));
	}
	return kind == TKIND_MAP || kind == TKIND_SLICE || kind == TKIND_INVALID ||
		   texec_fail(x, "range can't iterate over %s", print_value(x, value));
}

static enum flow walk_range(struct texec *x, const struct tvalue *dot, const struct tnode *node) {
	size_t mark = x->variable_count, rounds = 0;
	struct tvalue value, index = {.type = TTYPE_NIL}, element;
	bool is_nil;
	if (!texec_eval_pipeline(x, dot, node->control.pipe, &value)) {
		return FLOW_STOP;
	}
	value = tvalue_indirect(value, &is_nil);
	if (!check_range(x, node, &value)) {
		return FLOW_STOP;
	}
	enum flow flow = FLOW_ON;
	while (flow == FLOW_ON && range_item(&value, rounds, &index, &element)) {
		flow = walk_round(x, node, index, element);
		rounds++;
	}
	if (rounds == 0 && node->control.otherwise != NULL) {
		flow = walk_list(x, dot, node->control.otherwise);
	} else if (flow == FLOW_BREAK) {
		flow = FLOW_ON;
	}
	x->variable_count = mark;
	return flow;
}

static const struct tnode *find_definition(const struct template *t, struct str name) {
	for (size_t i = 0; i < t->definition_count; i++) {
		if (str_equal(t->definitions[i].name, name)) {
			return t->definitions[i].root;
		}
	}
	return str_equal(name, t->name) ? t->root : NULL;
}

static enum flow walk_template(struct texec *x, const struct tvalue *dot,
							   const struct tnode *node) {
	const struct tnode *root = find_definition(x->t, node->call.name);
	if (root == NULL) {
		struct strbuf name = STRBUF_IN(x->arena);
		strbuf_add_quoted(&name, node->call.name);
		texec_fail(x, "template %s not defined", name.ptr);
		return FLOW_STOP;
	}
	if (x->template_depth == TEMPLATE_MAX_DEPTH) {
		texec_fail(x, "exceeded maximum template depth (%d)", TEMPLATE_MAX_DEPTH);
		return FLOW_STOP;
	}
	struct tvalue value = {.type = TTYPE_NIL};
	if (node->call.pipe != NULL && !texec_eval_pipeline(x, dot, node->call.pipe, &value)) {
		return FLOW_STOP;
	}
	struct str outer_name = x->template_name;
	size_t outer_base = x->variable_base, outer_count = x->variable_count;
	x->variable_base = outer_count;
	x->template_name = node->call.name;
	x->template_depth++;
	texec_push(x, STR("$"), value);
	enum flow flow = walk_list(x, &value, root);
	x->template_depth--;
	x->template_name = outer_name;
	x->variable_base = outer_base;
	x->variable_count = outer_count;
	return flow;
}

static enum flow walk_action(struct texec *x, const struct tvalue *dot, const struct tnode *node) {
	struct tvalue value;
	if (!texec_eval_pipeline(x, dot, node->control.pipe, &value)) {
		return FLOW_STOP;
	}
	if (node->control.pipe->pipe.variables.count == 0) {
		x->at = node;
		tprint_output(x->arena, x->out, &value);
	}
	return texec_step(x) ? FLOW_ON : FLOW_STOP;
}

static enum flow walk(struct texec *x, const struct tvalue *dot, const struct tnode *node) {
	x->at = node;
	if (!texec_step(x)) {
		return FLOW_STOP;
	}
	if (node->kind == TNODE_TEXT) {
		strbuf_add(x->out, node->text);
		return FLOW_ON;
	}
	if (node->kind == TNODE_ACTION) {
		return walk_action(x, dot, node);
	}
	if (node->kind == TNODE_IF || node->kind == TNODE_WITH) {
		return walk_if_or_with(x, dot, node);
	}
	if (node->kind == TNODE_RANGE) {
		return walk_range(x, dot, node);
	}
	if (node->kind == TNODE_TEMPLATE) {
		return walk_template(x, dot, node);
	}
	BUG_ON(node->kind != TNODE_BREAK && node->kind != TNODE_CONTINUE);
	return node->kind == TNODE_BREAK ? FLOW_BREAK : FLOW_CONTINUE;
}

static enum flow walk_list(struct texec *x, const struct tvalue *dot, const struct tnode *list) {
	enum flow flow = FLOW_ON;
	if (x->depth == MAX_NESTING) {
		texec_fail(x, "exceeded maximum depth of %d", MAX_NESTING);
		return FLOW_STOP;
	}
	x->depth++;
	for (size_t i = 0; i < list->list.count && flow == FLOW_ON; i++) {
		flow = walk(x, dot, list->list.items[i]);
	}
	x->depth--;
	return flow;
}

/* The variables that the prologue sets. */
static void push_known(struct texec *x, const struct tvalue *dot) {
	const struct template_data *data = x->data;
	texec_push(x, STR("$"), *dot);
	texec_push(x, STR("$labels"), (struct tvalue){.type = TTYPE_LABELS, .labels = data->labels});
	texec_push(x, STR("$externalLabels"),
			   (struct tvalue){.type = TTYPE_LABELS, .labels = data->external_labels});
	texec_push(x, STR("$externalURL"), tvalue_string(data->external_url));
	texec_push(x, STR("$value"), tvalue_float(data->value));
}

enum template_outcome template_expand(const struct template *t, const struct template_data *data,
									  struct arena *a, struct strbuf *out, struct str *ret_text) {
	struct texec x = {
		.t = t,
		.data = data,
		.arena = a,
		.arena_start = a->used,
		.out = out,
		.out_start = out->len,
		.template_name = t->name,
		.at = t->root,
	};
	struct tvalue dot = {.type = TTYPE_DATA, .data = data};
	push_known(&x, &dot);
	if (walk_list(&x, &dot, t->root) != FLOW_STOP && texec_step(&x)) {
		return TEMPLATE_DONE;
	}
	out->len = x.out_start;
	if (out->ptr != NULL) {
		out->ptr[out->len] = '\0';
	}
	*ret_text = x.asks ? x.query : str_from(x.error);
	return x.asks ? TEMPLATE_ASKS : TEMPLATE_FAILS;
}
