/* not, eq, ne, lt, le, gt, ge */
#include "rules/template/template_private.h"

#include "base/bug.h"

bool tfn_not(const struct tcall *call, struct tvalue *ret_value) {
	*ret_value = tvalue_bool(!tvalue_is_true(&call->args[0]));
	return true;
}

/* The kinds that have an order or at least equality; the rest compares with nothing. */
static bool is_basic(enum tkind kind) {
	return kind == TKIND_BOOL || kind == TKIND_INT || kind == TKIND_UINT || kind == TKIND_FLOAT ||
		   kind == TKIND_COMPLEX || kind == TKIND_STRING;
}

static bool incompatible(const struct tcall *call, const struct tvalue *a, const struct tvalue *b) {
	return tcall_fail(call, "incompatible types for comparison: %s and %s", ttype_name(a->type),
					  ttype_name(b->type));
}

/* The messages have one of the two by %s and the other by %v. */
static const char *print_text(const struct tcall *call, const struct tvalue *v, const char *verb) {
	struct strbuf *out = call->x->out;
	size_t start = out->len;
	struct tvalue text;
	tprint_printf(call->x->arena, out, str_from(verb), v, 1);
	tcall_return_text(call, start, &text);
	return text.s.ptr;
}

static bool same_basic(enum tkind kind, const struct tvalue *a, const struct tvalue *b) {
	switch (kind) {
	case TKIND_BOOL: return a->truth == b->truth;
	case TKIND_INT:
	case TKIND_UINT: return a->u == b->u;
	case TKIND_FLOAT: return a->f == b->f;
	case TKIND_COMPLEX: return a->f == b->f && a->imaginary == b->imaginary;
	case TKIND_STRING: return str_equal(a->s, b->s);
	case TKIND_INVALID:
	case TKIND_MAP:
	case TKIND_STRUCT:
	case TKIND_SLICE:
	case TKIND_POINTER: break;
	}
	BUG("no basic kind");
}

/* Structs of comparable fields, and pointers (by what they point to: here no two point to the same by chance). */
static bool same_other(const struct tvalue *a, const struct tvalue *b) {
	if (a->type != b->type) {
		return false;
	}
	if (a->type == TTYPE_TIME || a->type == TTYPE_TIME_POINTER) {
		return a->time.seconds == b->time.seconds && a->time.nanoseconds == b->time.nanoseconds;
	}
	return a->type == TTYPE_DURATION_POINTER ? a->i == b->i : a->sample == b->sample;
}

static bool is_comparable(const struct tvalue *v) {
	return v->type != TTYPE_LABELS && v->type != TTYPE_ARGS && v->type != TTYPE_RESULT &&
		   v->type != TTYPE_DATA && v->type != TTYPE_SAMPLE;
}

/* Neither is of a basic kind: nothing equals nothing, pointers are compared, maps and slices cannot be. */
static bool equal_others(const struct tcall *call, const struct tvalue *a, const struct tvalue *b,
						 bool *ret_equal) {
	enum tkind ka = ttype_kind(a->type), kb = ttype_kind(b->type);
	if (ka != kb && ka != TKIND_INVALID && kb != TKIND_INVALID) {
		return tcall_fail(call, "non-comparable types %s: %s, %s: %s", print_text(call, a, "%s"),
						  ttype_name(a->type), ttype_name(b->type), print_text(call, b, "%v"));
	}
	if (tvalue_is_nil(a) || tvalue_is_nil(b)) {
		*ret_equal = tvalue_is_nil(a) == tvalue_is_nil(b);
		return true;
	}
	if (!is_comparable(b)) {
		return tcall_fail(call, "non-comparable type %s: %s", print_text(call, b, "%s"),
						  ttype_name(b->type));
	}
	*ret_equal = same_other(a, b);
	return true;
}

static bool equal(const struct tcall *call, const struct tvalue *a, const struct tvalue *b,
				  bool *ret_equal) {
	enum tkind ka = ttype_kind(a->type), kb = ttype_kind(b->type);
	*ret_equal = false;
	if (!is_basic(ka) && !is_basic(kb)) {
		return equal_others(call, a, b, ret_equal);
	}
	if (ka == kb) {
		*ret_equal = same_basic(ka, a, b);
		return true;
	}
	if ((ka == TKIND_INT && kb == TKIND_UINT) || (ka == TKIND_UINT && kb == TKIND_INT)) {
		*ret_equal = a->u == b->u && a->i >= 0;
		return true;
	}
	return ka == TKIND_INVALID || kb == TKIND_INVALID || incompatible(call, a, b);
}

/* eq a b c: a is one of the others. */
bool tfn_eq(const struct tcall *call, struct tvalue *ret_value) {
	if (call->count < 2) {
		return tcall_fail(call, "missing argument for comparison");
	}
	bool same = false;
	for (size_t i = 1; i < call->count && !same; i++) {
		if (!equal(call, &call->args[0], &call->args[i], &same)) {
			return false;
		}
	}
	*ret_value = tvalue_bool(same);
	return true;
}

bool tfn_ne(const struct tcall *call, struct tvalue *ret_value) {
	if (!tfn_eq(call, ret_value)) {
		return false;
	}
	ret_value->truth = !ret_value->truth;
	return true;
}

static bool less(const struct tcall *call, bool *ret_less) {
	const struct tvalue *a = &call->args[0], *b = &call->args[1];
	enum tkind ka = ttype_kind(a->type), kb = ttype_kind(b->type);
	if (!is_basic(ka) || !is_basic(kb)) {
		return tcall_fail(call, "invalid type for comparison");
	}
	if (ka == TKIND_INT && kb == TKIND_UINT) {
		*ret_less = a->i < 0 || a->u < b->u;
	} else if (ka == TKIND_UINT && kb == TKIND_INT) {
		*ret_less = b->i >= 0 && a->u < b->u;
	} else if (ka != kb) {
		return incompatible(call, a, b);
	} else if (ka == TKIND_BOOL || ka == TKIND_COMPLEX) {
		return tcall_fail(call, "invalid type for comparison");
	} else if (ka == TKIND_FLOAT) {
		*ret_less = a->f < b->f;
	} else if (ka == TKIND_STRING) {
		*ret_less = str_compare(a->s, b->s) < 0;
	} else {
		*ret_less = ka == TKIND_INT ? a->i < b->i : a->u < b->u;
	}
	return true;
}

static bool less_or_equal(const struct tcall *call, bool *ret_truth) {
	if (!less(call, ret_truth)) {
		return false;
	}
	return *ret_truth || equal(call, &call->args[0], &call->args[1], ret_truth);
}

bool tfn_lt(const struct tcall *call, struct tvalue *ret_value) {
	*ret_value = tvalue_bool(false);
	return less(call, &ret_value->truth);
}

bool tfn_le(const struct tcall *call, struct tvalue *ret_value) {
	*ret_value = tvalue_bool(false);
	return less_or_equal(call, &ret_value->truth);
}

/* Not less-or-equal: true for NaN, as in Go's templates. */
bool tfn_gt(const struct tcall *call, struct tvalue *ret_value) {
	*ret_value = tvalue_bool(false);
	bool good = less_or_equal(call, &ret_value->truth);
	ret_value->truth = !ret_value->truth;
	return good;
}

bool tfn_ge(const struct tcall *call, struct tvalue *ret_value) {
	*ret_value = tvalue_bool(false);
	bool good = less(call, &ret_value->truth);
	ret_value->truth = !ret_value->truth;
	return good;
}
