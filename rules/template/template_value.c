/* Values and their Go types. */
#include "rules/template/template_private.h"

#include "base/bug.h"

#define DATA_TYPE                                                                                  \
	"struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; "    \
	"Value interface {} }"

static const struct {
	const char *name;
	enum tkind kind;
} types[TTYPE_COUNT] = {
	[TTYPE_NIL] = {"<nil>", TKIND_INVALID},
	[TTYPE_BOOL] = {"bool", TKIND_BOOL},
	[TTYPE_INT] = {"int", TKIND_INT},
	[TTYPE_INT64] = {"int64", TKIND_INT},
	[TTYPE_UINT8] = {"uint8", TKIND_UINT},
	[TTYPE_UINT64] = {"uint64", TKIND_UINT},
	[TTYPE_FLOAT] = {"float64", TKIND_FLOAT},
	[TTYPE_COMPLEX] = {"complex128", TKIND_COMPLEX},
	[TTYPE_STRING] = {"string", TKIND_STRING},
	[TTYPE_HTML] = {"template.HTML", TKIND_STRING},
	[TTYPE_LABELS] = {"map[string]string", TKIND_MAP},
	[TTYPE_ARGS] = {"map[string]interface {}", TKIND_MAP},
	[TTYPE_DATA] = {DATA_TYPE, TKIND_STRUCT},
	[TTYPE_SAMPLE] = {"template.sample", TKIND_STRUCT},
	[TTYPE_SAMPLE_POINTER] = {"*template.sample", TKIND_POINTER},
	[TTYPE_RESULT] = {"template.queryResult", TKIND_SLICE},
	[TTYPE_TIME] = {"time.Time", TKIND_STRUCT},
	[TTYPE_TIME_POINTER] = {"*time.Time", TKIND_POINTER},
	[TTYPE_DURATION] = {"time.Duration", TKIND_INT},
	[TTYPE_DURATION_POINTER] = {"*time.Duration", TKIND_POINTER},
	[TTYPE_MONTH] = {"time.Month", TKIND_INT},
	[TTYPE_WEEKDAY] = {"time.Weekday", TKIND_INT},
	[TTYPE_LOCATION_POINTER] = {"*time.Location", TKIND_POINTER},
};

const char *ttype_name(enum ttype type) {
	return types[type].name;
}

enum tkind ttype_kind(enum ttype type) {
	return types[type].kind;
}

const char *tvalue_type_name(const struct tvalue *v) {
	return v->boxed ? "interface {}" : types[v->type].name;
}

bool tvalue_is_true(const struct tvalue *v) {
	switch (types[v->type].kind) {
	case TKIND_INVALID: return false;
	case TKIND_BOOL: return v->truth;
	case TKIND_INT: return v->i != 0;
	case TKIND_UINT: return v->u != 0;
	case TKIND_FLOAT: return v->f != 0;
	case TKIND_COMPLEX: return v->f != 0 || v->imaginary != 0;
	case TKIND_STRING:
	case TKIND_MAP:
	case TKIND_SLICE: return tvalue_length(v) > 0;
	case TKIND_STRUCT: return true;
	case TKIND_POINTER: return !tvalue_is_nil(v);
	}
	BUG("unknown kind of value");
}

bool tvalue_is_nil(const struct tvalue *v) {
	switch (v->type) {
	case TTYPE_NIL: return true;
	case TTYPE_LOCATION_POINTER: return v->i == 0;
	case TTYPE_SAMPLE_POINTER: return v->sample == NULL;
	case TTYPE_RESULT: return v->result == NULL;
	case TTYPE_BOOL:
	case TTYPE_INT:
	case TTYPE_INT64:
	case TTYPE_UINT8:
	case TTYPE_UINT64:
	case TTYPE_FLOAT:
	case TTYPE_COMPLEX:
	case TTYPE_STRING:
	case TTYPE_HTML:
	case TTYPE_LABELS:
	case TTYPE_ARGS:
	case TTYPE_DATA:
	case TTYPE_SAMPLE:
	case TTYPE_TIME:
	case TTYPE_TIME_POINTER:
	case TTYPE_DURATION:
	case TTYPE_DURATION_POINTER:
	case TTYPE_MONTH:
	case TTYPE_WEEKDAY:
	case TTYPE_COUNT: return false;
	}
	BUG("unknown type of value");
}

struct tvalue tvalue_indirect(struct tvalue v, bool *ret_is_nil) {
	static const struct {
		enum ttype pointer, pointed;
	} pointers[] = {
		{TTYPE_SAMPLE_POINTER, TTYPE_SAMPLE},
		{TTYPE_TIME_POINTER, TTYPE_TIME},
		{TTYPE_DURATION_POINTER, TTYPE_DURATION},
	};
	*ret_is_nil = types[v.type].kind == TKIND_POINTER && tvalue_is_nil(&v);
	if (v.type == TTYPE_NIL && v.boxed) {
		*ret_is_nil = true;
		return v;
	}
	v.boxed = false;
	for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]) && !*ret_is_nil; i++) {
		if (v.type == pointers[i].pointer) {
			v.type = pointers[i].pointed;
			break;
		}
	}
	return v;
}

size_t tvalue_length(const struct tvalue *v) {
	switch (v->type) {
	case TTYPE_STRING:
	case TTYPE_HTML: return v->s.len;
	case TTYPE_LABELS: return v->labels.count;
	case TTYPE_ARGS: return v->args.count;
	case TTYPE_RESULT: return v->result == NULL ? 0 : v->result->count;
	case TTYPE_NIL:
	case TTYPE_BOOL:
	case TTYPE_INT:
	case TTYPE_INT64:
	case TTYPE_UINT8:
	case TTYPE_UINT64:
	case TTYPE_FLOAT:
	case TTYPE_COMPLEX:
	case TTYPE_DATA:
	case TTYPE_SAMPLE:
	case TTYPE_SAMPLE_POINTER:
	case TTYPE_TIME:
	case TTYPE_TIME_POINTER:
	case TTYPE_DURATION:
	case TTYPE_DURATION_POINTER:
	case TTYPE_MONTH:
	case TTYPE_WEEKDAY:
	case TTYPE_LOCATION_POINTER:
	case TTYPE_COUNT: break;
	}
	BUG("value without a length");
}

/* The keys of what `args` returns: arg0, arg1, … */
static bool is_arg_name(struct str key, size_t *ret_index) {
	struct str prefix = STR("arg");
	size_t index = 0;
	if (!str_starts_with(key, prefix) || key.len == prefix.len || key.len > prefix.len + 2 ||
		(key.ptr[prefix.len] == '0' && key.len > prefix.len + 1)) {
		return false;
	}
	for (size_t i = prefix.len; i < key.len; i++) {
		if (key.ptr[i] < '0' || key.ptr[i] > '9') {
			return false;
		}
		index = index * 10 + (size_t)(key.ptr[i] - '0');
	}
	*ret_index = index;
	return true;
}

/* The index of the i-th name in byte order among arg0 … arg(count-1): 0, 1, 10, 11, …, 2, 20, … */
static size_t sorted_arg(size_t i, size_t count) {
	size_t at = 0;
	for (size_t tens = 0; tens < 10; tens++) {
		if (tens < count && at++ == i) {
			return tens;
		}
		for (size_t n = tens * 10; tens > 0 && n < tens * 10 + 10 && n < count; n++) {
			if (at++ == i) {
				return n;
			}
		}
	}
	BUG("argument out of range");
}

void tvalue_map_entry(const struct tvalue *map, size_t i, struct tvalue *ret_key,
					  struct tvalue *ret_value) {
	if (map->type == TTYPE_LABELS) {
		*ret_key = tvalue_string(map->labels.items[i].name);
		*ret_value = tvalue_string(map->labels.items[i].value);
		return;
	}
	size_t n = sorted_arg(i, map->args.count);
	*ret_key = tvalue_string(map->args.names[n]);
	*ret_value = map->args.values[n];
	ret_value->boxed = true;
}

struct tvalue tvalue_map_get(const struct tvalue *map, struct str key) {
	if (map->type == TTYPE_LABELS) {
		return tvalue_string(labels_get(map->labels, key));
	}
	struct tvalue value = {.type = TTYPE_NIL};
	size_t index;
	if (is_arg_name(key, &index) && index < map->args.count) {
		value = map->args.values[index];
	}
	value.boxed = true;
	return value;
}

static bool data_field(const struct template_data *data, size_t i, const char **ret_name,
					   struct tvalue *ret_value) {
	switch (i) {
	case 0:
		*ret_name = "Labels";
		*ret_value = (struct tvalue){.type = TTYPE_LABELS, .labels = data->labels};
		return true;
	case 1:
		*ret_name = "ExternalLabels";
		*ret_value = (struct tvalue){.type = TTYPE_LABELS, .labels = data->external_labels};
		return true;
	case 2:
		*ret_name = "ExternalURL";
		*ret_value = tvalue_string(data->external_url);
		return true;
	case 3:
		*ret_name = "Value";
		*ret_value = tvalue_float(data->value);
		ret_value->boxed = true;
		return true;
	default: return false;
	}
}

static bool sample_field(const struct template_sample *sample, size_t i, const char **ret_name,
						 struct tvalue *ret_value) {
	if (i == 0) {
		*ret_name = "Labels";
		*ret_value = (struct tvalue){.type = TTYPE_LABELS, .labels = sample->labels};
	} else if (i == 1) {
		*ret_name = "Value";
		*ret_value = tvalue_float(sample->value);
		ret_value->boxed = true;
	}
	return i < 2;
}

#define SECONDS_BEFORE_1970                                                                        \
	INT64_C(62135596800) /* since January 1st of the year 1, where Go counts from */

static bool time_field(struct ttime t, size_t i, const char **ret_name, struct tvalue *ret_value) {
	if (i == 0) {
		*ret_name = "wall";
		*ret_value = (struct tvalue){.type = TTYPE_UINT64, .u = (uint64_t)t.nanoseconds};
	} else if (i == 1) {
		*ret_name = "ext";
		*ret_value = (struct tvalue){.type = TTYPE_INT64, .i = t.seconds + SECONDS_BEFORE_1970};
	} else if (i == 2) {
		*ret_name = "loc";
		*ret_value = (struct tvalue){.type = TTYPE_LOCATION_POINTER}; /* UTC is a nil one inside */
	}
	return i < 3;
}

bool tvalue_field(const struct tvalue *v, size_t i, const char **ret_name,
				  struct tvalue *ret_value) {
	if (v->type == TTYPE_DATA) {
		return data_field(v->data, i, ret_name, ret_value);
	}
	if (v->type == TTYPE_SAMPLE) {
		return sample_field(v->sample, i, ret_name, ret_value);
	}
	return v->type == TTYPE_TIME && time_field(v->time, i, ret_name, ret_value);
}
