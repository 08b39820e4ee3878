/* Evaluating pipelines, commands, fields, methods and arguments. Each step says first where it is (x->at), for the messages. */
#include "rules/template/template_private.h"

#include "base/bug.h"

/* Arguments of a function or method as written, and the value that the pipeline brings (NULL: it is the first stage). */
struct arguments {
	struct tnode *const *nodes; /* the function itself first; NULL: none */
	size_t count;
	const struct tvalue *final;
};

static const struct arguments NO_ARGUMENTS = {NULL, 0, NULL};

static bool eval_argument(struct texec *x, const struct tvalue *dot, enum tparam param,
						  const struct tnode *node, struct tvalue *ret_value);

static bool not_a_function(struct texec *x, struct arguments args) {
	if (args.count > 1 || args.final != NULL) {
		struct strbuf b = STRBUF_IN(x->arena);
		tnode_print(&b, args.nodes[0]);
		texec_fail(x, "can't give argument to non-function %s", b.ptr);
		return false;
	}
	return true;
}

static bool constant(struct texec *x, const struct template_number *n, struct tvalue *ret_value) {
	struct str text = n->text;
	bool rune = text.len > 0 && text.ptr[0] == '\'', floating = false;
	bool hex = text.len > 2 && text.ptr[0] == '0' && (text.ptr[1] | 32) == 'x';
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		hex = hex && c != 'p' && c != 'P';
		floating = floating || c == '.' || (c | 32) == 'e' || (c | 32) == 'p';
	}
	if (n->is_complex) {
		*ret_value = (struct tvalue){.type = TTYPE_COMPLEX, .f = n->f, .imaginary = n->imaginary};
	} else if (n->is_float && !hex && !rune && floating) {
		*ret_value = tvalue_float(n->f);
	} else if (n->is_int) {
		*ret_value = tvalue_int(n->i);
	} else {
		return texec_fail(x, "%.*s overflows int", STR_FMT(text));
	}
	return true;
}

static const char *param_type(enum tparam param) {
	static const char *const names[] = {
		[TPARAM_ANY] = "interface {}",        [TPARAM_VALUE] = "reflect.Value",
		[TPARAM_STRING] = "string",           [TPARAM_INT] = "int",
		[TPARAM_SAMPLE] = "*template.sample", [TPARAM_RESULT] = "template.queryResult",
		[TPARAM_TIME] = "time.Time",          [TPARAM_DURATION] = "time.Duration",
	};
	return names[param];
}

/* The type that a parameter takes; TTYPE_NIL: any. */
static enum ttype wanted_type(enum tparam param) {
	static const enum ttype types[] = {
		[TPARAM_ANY] = TTYPE_NIL,
		[TPARAM_VALUE] = TTYPE_NIL,
		[TPARAM_STRING] = TTYPE_STRING,
		[TPARAM_INT] = TTYPE_INT,
		[TPARAM_SAMPLE] = TTYPE_SAMPLE_POINTER,
		[TPARAM_RESULT] = TTYPE_RESULT,
		[TPARAM_TIME] = TTYPE_TIME,
		[TPARAM_DURATION] = TTYPE_DURATION,
	};
	return types[param];
}

static bool can_be_nil(enum tparam param) {
	return param == TPARAM_ANY || param == TPARAM_VALUE || param == TPARAM_SAMPLE ||
		   param == TPARAM_RESULT;
}

/* One dereference is allowed to make the type fit. */
static bool validate(struct texec *x, enum tparam param, struct tvalue *value) {
	if (value->type == TTYPE_NIL && !value->boxed) {
		if (!can_be_nil(param)) {
			return texec_fail(x, "invalid value; expected %s", param_type(param));
		}
		value->type = wanted_type(param);
		value->sample = NULL;
		return true;
	}
	enum ttype wanted = wanted_type(param);
	if (wanted == TTYPE_NIL) {
		return true;
	}
	struct tvalue bare = *value;
	bare.boxed = value->boxed && value->type == TTYPE_NIL;
	if (bare.type != wanted) {
		bool is_nil;
		struct tvalue pointed = tvalue_indirect(bare, &is_nil);
		if (pointed.type != wanted || bare.boxed) {
			return texec_fail(x, "wrong type for value; expected %s; got %s", param_type(param),
							  tvalue_type_name(&bare));
		}
		bare = pointed;
	}
	*value = bare;
	return true;
}

/* What a function gets: its arguments and the value of the pipeline, each of the type it wants. */
static bool gather(struct texec *x, const struct tvalue *dot, const struct template_function *f,
				   struct arguments args, struct tvalue *ret_values) {
	size_t written = args.count > 0 ? args.count - 1 : 0;
	for (size_t i = 0; i < written; i++) {
		enum tparam param = f->params[i < f->param_count ? i : f->param_count - 1];
		if (!eval_argument(x, dot, param, args.nodes[i + 1], &ret_values[i])) {
			return false;
		}
	}
	if (args.final != NULL) {
		enum tparam param = f->params[written < f->param_count ? written : f->param_count - 1];
		ret_values[written] = *args.final;
		return validate(x, param, &ret_values[written]);
	}
	return true;
}

static bool check_count(struct texec *x, const struct template_function *f, const char *name,
						struct arguments args) {
	size_t written = args.count > 0 ? args.count - 1 : 0;
	size_t given = written + (args.final != NULL);
	if (f->variadic && given < f->param_count - 1) {
		return texec_fail(x, "wrong number of args for %s: want at least %zu got %zu", name,
						  f->param_count - 1, written);
	}
	if (!f->variadic && given != f->param_count) {
		return texec_fail(x, "wrong number of args for %s: want %zu got %zu", name, f->param_count,
						  given);
	}
	return true;
}

/* and, or: the first argument that decides, or the last one; the rest is not evaluated. */
static bool eval_and_or(struct texec *x, const struct tvalue *dot,
						const struct template_function *f, struct arguments args,
						struct tvalue *ret_value) {
	bool decides = f->special == TFUNCTION_OR;
	for (size_t i = 1; i < args.count; i++) {
		if (!eval_argument(x, dot, TPARAM_VALUE, args.nodes[i], ret_value)) {
			return false;
		}
		if (tvalue_is_true(ret_value) == decides) {
			return true;
		}
	}
	if (args.final != NULL) {
		*ret_value = *args.final;
	}
	return true;
}

/* How the message of `call` names what is no function: as written, or as Go's reflection prints what the pipeline brings. */
static struct tvalue name_callee(struct texec *x, struct arguments args) {
	struct strbuf name = STRBUF_IN(x->arena);
	if (args.count > 1) {
		tnode_print(&name, args.nodes[1]);
	} else if (args.final != NULL && ttype_kind(args.final->type) == TKIND_STRING) {
		strbuf_add(&name, args.final->s);
	} else if (args.final != NULL) {
		strbuf_printf(&name, "<%s Value>", ttype_name(args.final->type));
	}
	return tvalue_string(strbuf_str(&name));
}

/* `receiver` is NULL for a function. `node` is what the message of a failing call points at. */
static bool eval_call(struct texec *x, const struct tvalue *dot, const struct template_function *f,
					  const struct tvalue *receiver, const struct tnode *node,
					  struct arguments args, const struct regex *regex, struct tvalue *ret_value) {
	if (!check_count(x, f, f->name, args)) {
		return false;
	}
	if (f->refusal != NULL) {
		return texec_fail(x, "%s", f->refusal);
	}
	if (f->special == TFUNCTION_AND || f->special == TFUNCTION_OR) {
		return eval_and_or(x, dot, f, args, ret_value);
	}
	size_t written = args.count > 0 ? args.count - 1 : 0;
	size_t given = written + (args.final != NULL);
	struct tvalue *values = ARENA_ARRAY(x->arena, struct tvalue, given + 2);
	if (receiver != NULL) {
		values[0] = *receiver;
	}
	values++;
	if (!gather(x, dot, f, args, values)) {
		return false;
	}
	struct tcall call = {.x = x, .args = values, .count = given, .regex = regex};
	if (f->special == TFUNCTION_CALL) {
		values[given] = name_callee(x, args);
	}
	if (!f->call(&call, ret_value)) {
		x->at = node;
		return texec_fail(x, "error calling %s: %s", f->name, x->call_error);
	}
	return true;
}

static bool eval_function(struct texec *x, const struct tvalue *dot, const struct tnode *node,
						  const struct tnode *command, struct arguments args,
						  struct tvalue *ret_value) {
	x->at = node;
	return eval_call(x, dot, node->identifier.function, NULL, command, args, node->identifier.regex,
					 ret_value);
}

static bool find_struct_field(const struct tvalue *v, struct str name, struct tvalue *ret_value) {
	const char *field;
	for (size_t i = 0; tvalue_field(v, i, &field, ret_value); i++) {
		if (str_equal(name, str_from(field))) {
			return true;
		}
	}
	return false;
}

static bool eval_struct_field(struct texec *x, const struct tvalue *v, const char *type,
							  struct str name, bool has_args, struct tvalue *ret_value) {
	if (v->type == TTYPE_TIME) {
		return texec_fail(x, "%.*s is an unexported field of struct type %s", STR_FMT(name), type);
	}
	if (has_args) {
		return texec_fail(x, "%.*s has arguments but cannot be invoked as function", STR_FMT(name));
	}
	return find_struct_field(v, name, ret_value);
}

/* .Name of a value: a method, a struct's field or a map's element. */
static bool eval_field(struct texec *x, const struct tvalue *dot, struct str name,
					   const struct tnode *node, struct arguments args, struct tvalue receiver,
					   struct tvalue *ret_value) {
	if (receiver.type == TTYPE_NIL && !receiver.boxed) {
		*ret_value = receiver;
		return true;
	}
	const char *type = tvalue_type_name(&receiver);
	bool is_nil, has_args = args.count > 1 || args.final != NULL;
	struct tvalue v = tvalue_indirect(receiver, &is_nil), field;
	if (v.type == TTYPE_NIL ||
		(is_nil && v.type == TTYPE_SAMPLE_POINTER &&
		 (str_equal(name, STR("Labels")) || str_equal(name, STR("Value"))))) {
		return texec_fail(x, "nil pointer evaluating %s.%.*s", type, STR_FMT(name));
	}
	const struct template_function *method = template_method_find(v.type, name);
	if (method != NULL) {
		return eval_call(x, dot, method, &v, node, args, NULL, ret_value);
	}
	if (find_struct_field(&v, name, &field)) {
		return eval_struct_field(x, &v, type, name, has_args, ret_value);
	}
	if (ttype_kind(v.type) == TKIND_MAP) {
		if (has_args) {
			return texec_fail(x, "%.*s is not a method but has arguments", STR_FMT(name));
		}
		*ret_value = tvalue_map_get(&v, name);
		return true;
	}
	return texec_fail(x, "can't evaluate field %.*s in type %s", STR_FMT(name), type);
}

/* The last name of the chain gets the arguments. */
static bool eval_fields(struct texec *x, const struct tvalue *dot, const struct tnode *node,
						size_t first, struct arguments args, struct tvalue receiver,
						struct tvalue *ret_value) {
	*ret_value = receiver;
	for (size_t i = first; i < node->chain.count; i++) {
		struct arguments given = i + 1 == node->chain.count ? args : NO_ARGUMENTS;
		struct tvalue at = *ret_value;
		if (!eval_field(x, dot, node->chain.names[i], node, given, at, ret_value)) {
			return false;
		}
	}
	return true;
}

static bool eval_variable(struct texec *x, const struct tvalue *dot, const struct tnode *node,
						  struct arguments args, struct tvalue *ret_value) {
	x->at = node;
	for (size_t i = x->variable_count; i > x->variable_base; i--) {
		const struct tvariable *variable = &x->variables[i - 1];
		if (!str_equal(variable->name, node->chain.names[0])) {
			continue;
		}
		if (node->chain.count == 1) {
			*ret_value = variable->value;
			return args.nodes == NULL || not_a_function(x, args);
		}
		return eval_fields(x, dot, node, 1, args, variable->value, ret_value);
	}
	return texec_fail(x, "undefined variable: %.*s", STR_FMT(node->chain.names[0]));
}

static bool eval_chain(struct texec *x, const struct tvalue *dot, const struct tnode *node,
					   struct arguments args, struct tvalue *ret_value) {
	struct tvalue receiver;
	x->at = node;
	if (node->chain.node->kind == TNODE_NIL) {
		struct strbuf b = STRBUF_IN(x->arena);
		tnode_print(&b, node);
		texec_fail(x, "indirection through explicit nil in %s", b.ptr);
		return false;
	}
	return eval_argument(x, dot, TPARAM_VALUE, node->chain.node, &receiver) &&
		   eval_fields(x, dot, node, 0, args, receiver, ret_value);
}

static bool eval_field_node(struct texec *x, const struct tvalue *dot, const struct tnode *node,
							struct arguments args, struct tvalue *ret_value) {
	x->at = node;
	return eval_fields(x, dot, node, 0, args, *dot, ret_value);
}

static bool eval_literal(struct texec *x, const struct tvalue *dot, const struct tnode *node,
						 struct tvalue *ret_value) {
	x->at = node;
	if (node->kind == TNODE_BOOL) {
		*ret_value = tvalue_bool(node->truth);
	} else if (node->kind == TNODE_DOT) {
		*ret_value = *dot;
	} else if (node->kind == TNODE_STRING) {
		*ret_value = tvalue_string(node->string.text);
	} else if (node->kind == TNODE_NUMBER) {
		return constant(x, node->number, ret_value);
	} else {
		return texec_fail(x, "nil is not a command");
	}
	return true;
}

static bool eval_command(struct texec *x, const struct tvalue *dot, const struct tnode *command,
						 const struct tvalue *final, struct tvalue *ret_value) {
	const struct tnode *first = command->list.items[0];
	struct arguments args = {command->list.items, command->list.count, final};
	switch (first->kind) {
	case TNODE_FIELD: return eval_field_node(x, dot, first, args, ret_value);
	case TNODE_CHAIN: return eval_chain(x, dot, first, args, ret_value);
	case TNODE_IDENTIFIER: return eval_function(x, dot, first, command, args, ret_value);
	case TNODE_VARIABLE: return eval_variable(x, dot, first, args, ret_value);
	case TNODE_PIPE:
		return not_a_function(x, args) && texec_eval_pipeline(x, dot, first, ret_value);
	case TNODE_DOT:
	case TNODE_NIL:
	case TNODE_BOOL:
	case TNODE_NUMBER:
	case TNODE_STRING:
		x->at = first;
		return not_a_function(x, args) && eval_literal(x, dot, first, ret_value);
	case TNODE_TEXT:
	case TNODE_ACTION:
	case TNODE_IF:
	case TNODE_RANGE:
	case TNODE_WITH:
	case TNODE_TEMPLATE:
	case TNODE_BREAK:
	case TNODE_CONTINUE:
	case TNODE_LIST:
	case TNODE_COMMAND:
	case TNODE_END:
	case TNODE_ELSE: break;
	}
	BUG("no command");
}

bool texec_eval_pipeline(struct texec *x, const struct tvalue *dot, const struct tnode *pipe,
						 struct tvalue *ret_value) {
	struct tvalue value = {.type = TTYPE_NIL}, before;
	x->at = pipe;
	for (size_t i = 0; i < pipe->pipe.commands.count; i++) {
		before = value;
		if (!texec_step(x) ||
			!eval_command(x, dot, pipe->pipe.commands.items[i], i > 0 ? &before : NULL, &value)) {
			return false;
		}
		value.boxed = false;
	}
	for (size_t i = 0; i < pipe->pipe.variables.count; i++) {
		struct str name = pipe->pipe.variables.items[i]->chain.names[0];
		if (!pipe->pipe.assigns) {
			texec_push(x, name, value);
		} else if (!texec_set_variable(x, name, value)) {
			return false;
		}
	}
	*ret_value = value;
	return true;
}

/* A literal where the parameter has a type of its own. */
static bool eval_typed_literal(struct texec *x, enum tparam param, const struct tnode *node,
							   struct tvalue *ret_value) {
	struct strbuf text = STRBUF_IN(x->arena);
	bool good = false;
	tnode_print(&text, node);
	if (param == TPARAM_STRING) {
		good = node->kind == TNODE_STRING ? (*ret_value = tvalue_string(node->string.text), true)
										  : texec_fail(x, "expected string; found %s", text.ptr);
	} else if (param == TPARAM_INT || param == TPARAM_DURATION) {
		good = node->kind == TNODE_NUMBER && node->number->is_int;
		if (good) {
			*ret_value = tvalue_int(node->number->i);
			ret_value->type = wanted_type(param);
		} else {
			texec_fail(x, "expected integer; found %s", text.ptr);
		}
	} else {
		texec_fail(x, "can't handle %s for arg of type %s", text.ptr, param_type(param));
	}
	return good;
}

static bool eval_nil(struct texec *x, enum tparam param, struct tvalue *ret_value) {
	if (!can_be_nil(param)) {
		return texec_fail(x, "cannot assign nil to %s", param_type(param));
	}
	*ret_value = (struct tvalue){.type = wanted_type(param)};
	return true;
}

static bool eval_argument(struct texec *x, const struct tvalue *dot, enum tparam param,
						  const struct tnode *node, struct tvalue *ret_value) {
	x->at = node;
	if (node->kind == TNODE_NIL) {
		return eval_nil(x, param, ret_value);
	}
	bool literal =
		node->kind == TNODE_BOOL || node->kind == TNODE_NUMBER || node->kind == TNODE_STRING;
	if (literal && wanted_type(param) != TTYPE_NIL) {
		return eval_typed_literal(x, param, node, ret_value);
	}
	struct arguments alone = {NULL, 0, NULL};
	bool good = false;
	if (node->kind == TNODE_DOT || literal) {
		good = eval_literal(x, dot, node, ret_value);
	} else if (node->kind == TNODE_FIELD) {
		good = eval_field_node(x, dot, node, alone, ret_value);
	} else if (node->kind == TNODE_VARIABLE) {
		good = eval_variable(x, dot, node, alone, ret_value);
	} else if (node->kind == TNODE_PIPE) {
		good = texec_eval_pipeline(x, dot, node, ret_value);
	} else if (node->kind == TNODE_IDENTIFIER) {
		good = eval_function(x, dot, node, node, alone, ret_value);
	} else if (node->kind == TNODE_CHAIN) {
		good = eval_chain(x, dot, node, alone, ret_value);
	} else {
		BUG("no argument");
	}
	return good && validate(x, param, ret_value);
}
