/* query, first, label, value, strvalue, sortByLabel */
#include "rules/template/template_private.h"

bool tfn_query(const struct tcall *call, struct tvalue *ret_value) {
	struct texec *x = call->x;
	for (size_t i = 0; i < x->data->answer_count; i++) {
		const struct template_answer *answer = &x->data->answers[i];
		if (!str_equal(answer->query, call->args[0].s)) {
			continue;
		}
		if (answer->failure != NULL) {
			return tcall_fail(call, "%s", answer->failure);
		}
		struct tresult *result = ARENA_NEW(x->arena, struct tresult);
		result->samples = ARENA_ARRAY(x->arena, const struct template_sample *, answer->count + 1);
		result->count = answer->count;
		for (size_t n = 0; n < answer->count; n++) {
			result->samples[n] = &answer->samples[n];
		}
		*ret_value = (struct tvalue){.type = TTYPE_RESULT, .result = result};
		return true;
	}
	x->asks = true;
	x->query = call->args[0].s;
	return false;
}

bool tfn_first(const struct tcall *call, struct tvalue *ret_value) {
	const struct tresult *result = call->args[0].result;
	if (result == NULL || result->count == 0) {
		return tcall_fail(call, "first() called on vector with no elements");
	}
	*ret_value = (struct tvalue){.type = TTYPE_SAMPLE_POINTER, .sample = result->samples[0]};
	return true;
}

static bool check_sample(const struct tcall *call, const struct tvalue *v) {
	return v->sample != NULL ||
		   tcall_fail(call, "runtime error: invalid memory address or nil pointer dereference");
}

bool tfn_label(const struct tcall *call, struct tvalue *ret_value) {
	if (!check_sample(call, &call->args[1])) {
		return false;
	}
	*ret_value = tvalue_string(labels_get(call->args[1].sample->labels, call->args[0].s));
	return true;
}

bool tfn_value(const struct tcall *call, struct tvalue *ret_value) {
	if (!check_sample(call, &call->args[0])) {
		return false;
	}
	*ret_value = tvalue_float(call->args[0].sample->value);
	ret_value->boxed = true;
	return true;
}

bool tfn_strvalue(const struct tcall *call, struct tvalue *ret_value) {
	if (!check_sample(call, &call->args[0])) {
		return false;
	}
	*ret_value = tvalue_string(labels_get(call->args[0].sample->labels, STR("__value__")));
	return true;
}

/* Stable and in place, as there: whoever holds the result sees it sorted. */
bool tfn_sort_by_label(const struct tcall *call, struct tvalue *ret_value) {
	struct str name = call->args[0].s;
	struct tresult *result = call->args[1].result;
	size_t count = result == NULL ? 0 : result->count;
	const struct template_sample **scratch =
		ARENA_ARRAY(call->x->arena, const struct template_sample *, count + 1);
	for (size_t width = 1; width < count; width *= 2) {
		for (size_t low = 0; low < count; low += 2 * width) {
			size_t middle = low + width < count ? low + width : count;
			size_t high = low + 2 * width < count ? low + 2 * width : count;
			size_t left = low, right = middle;
			for (size_t at = low; at < high; at++) {
				bool from_left =
					left < middle &&
					(right >= high ||
					 str_compare(labels_get(result->samples[left]->labels, name),
								 labels_get(result->samples[right]->labels, name)) <= 0);
				scratch[at] = result->samples[from_left ? left++ : right++];
			}
		}
		memcpy(result->samples, scratch, count * sizeof(scratch[0]));
	}
	*ret_value = call->args[1];
	return true;
}
