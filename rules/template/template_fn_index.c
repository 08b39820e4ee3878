/* index, slice, len, call, args */
#include "rules/template/template_private.h"

static bool index_argument(const struct tcall *call, const struct tvalue *index, size_t most,
						   size_t *ret_index) {
	enum tkind kind = ttype_kind(index->type);
	if (kind == TKIND_INVALID) {
		return tcall_fail(call, "cannot index slice/array with nil");
	}
	if (kind != TKIND_INT && kind != TKIND_UINT) {
		return tcall_fail(call, "cannot index slice/array with type %s", ttype_name(index->type));
	}
	if (index->i < 0 || index->u > most) {
		return tcall_fail(call, "index out of range: %lld", (long long)index->i);
	}
	*ret_index = (size_t)index->i;
	return true;
}

static bool index_list(const struct tcall *call, const struct tvalue *index, struct tvalue *item) {
	size_t at = 0, length = tvalue_length(item);
	if (!index_argument(call, index, length, &at)) {
		return false;
	}
	bool text = ttype_kind(item->type) == TKIND_STRING;
	if (at == length) {
		return tcall_fail(call, text ? "reflect: string index out of range"
									 : "reflect: slice index out of range");
	}
	if (text) {
		unsigned char byte = (unsigned char)item->s.ptr[at];
		*item = (struct tvalue){.type = TTYPE_UINT8, .u = byte};
	} else {
		const struct template_sample *sample = item->result->samples[at];
		*item = (struct tvalue){.type = TTYPE_SAMPLE_POINTER, .sample = sample};
	}
	return true;
}

static bool index_map(const struct tcall *call, const struct tvalue *index, struct tvalue *item) {
	if (index->type == TTYPE_NIL) {
		return tcall_fail(call, "value is nil; should be of type string");
	}
	if (index->type != TTYPE_STRING) {
		return tcall_fail(call, "value has type %s; should be string", ttype_name(index->type));
	}
	*item = tvalue_map_get(item, index->s);
	return true;
}

bool tfn_index(const struct tcall *call, struct tvalue *ret_value) {
	struct tvalue item = call->args[0];
	if (item.type == TTYPE_NIL) {
		return tcall_fail(call, "index of untyped nil");
	}
	for (size_t i = 1; i < call->count; i++) {
		bool is_nil, good;
		item = tvalue_indirect(item, &is_nil);
		if (is_nil) {
			return tcall_fail(call, "index of nil pointer");
		}
		enum tkind kind = ttype_kind(item.type);
		if (kind == TKIND_STRING || kind == TKIND_SLICE) {
			good = index_list(call, &call->args[i], &item);
		} else if (kind == TKIND_MAP) {
			good = index_map(call, &call->args[i], &item);
		} else {
			good = tcall_fail(call, "can't index item of type %s", ttype_name(item.type));
		}
		if (!good) {
			return false;
		}
	}
	*ret_value = item;
	return true;
}

static struct tvalue cut(const struct tcall *call, struct tvalue item, size_t from, size_t to) {
	if (ttype_kind(item.type) == TKIND_STRING) {
		item.s = str_slice(item.s, from, to);
	} else if (item.result != NULL) {
		struct tresult *result = ARENA_NEW(call->x->arena, struct tresult);
		result->samples = item.result->samples + from;
		result->count = to - from;
		item.result = result;
	}
	return item;
}

bool tfn_slice(const struct tcall *call, struct tvalue *ret_value) {
	bool is_nil;
	struct tvalue item = call->args[0];
	if (item.type == TTYPE_NIL) {
		return tcall_fail(call, "slice of untyped nil");
	}
	item = tvalue_indirect(item, &is_nil);
	if (is_nil) {
		return tcall_fail(call, "slice of nil pointer");
	}
	if (call->count > 4) {
		return tcall_fail(call, "too many slice indexes: %zu", call->count - 1);
	}
	enum tkind kind = ttype_kind(item.type);
	if (kind != TKIND_STRING && kind != TKIND_SLICE) {
		return tcall_fail(call, "can't slice item of type %s", ttype_name(item.type));
	}
	if (kind == TKIND_STRING && call->count == 4) {
		return tcall_fail(call, "cannot 3-index slice a string");
	}
	size_t bounds[3] = {0, tvalue_length(&item), 0};
	for (size_t i = 1; i < call->count; i++) {
		if (call->args[i].boxed) {
			return tcall_fail(call, "cannot index slice/array with type interface {}");
		}
		if (!index_argument(call, &call->args[i], tvalue_length(&item), &bounds[i - 1])) {
			return false;
		}
	}
	for (size_t i = 0; i + 1 < (call->count == 4 ? 3u : 2u); i++) {
		if (bounds[i] > bounds[i + 1]) {
			return tcall_fail(call, "invalid slice index: %zu > %zu", bounds[i], bounds[i + 1]);
		}
	}
	*ret_value = cut(call, item, bounds[0], bounds[1]);
	return true;
}

bool tfn_len(const struct tcall *call, struct tvalue *ret_value) {
	bool is_nil;
	struct tvalue item = tvalue_indirect(call->args[0], &is_nil);
	enum tkind kind = ttype_kind(item.type);
	if (is_nil) {
		return tcall_fail(call, "len of nil pointer");
	}
	if (kind == TKIND_INVALID) {
		return tcall_fail(call, "reflect: call of reflect.Value.Type on zero Value");
	}
	if (kind != TKIND_STRING && kind != TKIND_SLICE && kind != TKIND_MAP) {
		return tcall_fail(call, "len of type %s", ttype_name(item.type));
	}
	*ret_value = tvalue_int((int64_t)tvalue_length(&item));
	return true;
}

/* There is no value that is a function. Behind the arguments stands the text of the first one. */
bool tfn_call(const struct tcall *call, struct tvalue *ret_value) {
	(void)ret_value;
	const struct tvalue *callee = &call->args[0];
	if (callee->type == TTYPE_NIL) {
		return tcall_fail(call, "call of nil");
	}
	return tcall_fail(call, "non-function %.*s of type %s", STR_FMT(call->args[call->count].s),
					  ttype_name(callee->type));
}

bool tfn_args(const struct tcall *call, struct tvalue *ret_value) {
	if (call->count > TEMPLATE_MAX_ARGS) {
		return tcall_fail(call, "more than %d arguments", TEMPLATE_MAX_ARGS);
	}
	struct arena *a = call->x->arena;
	struct str *names = ARENA_ARRAY(a, struct str, call->count);
	for (size_t i = 0; i < call->count; i++) {
		names[i] = str_from(arena_printf(a, "arg%zu", i));
	}
	*ret_value = (struct tvalue){
		.type = TTYPE_ARGS,
		.args = {.names = names, .values = call->args, .count = call->count},
	};
	return true;
}
