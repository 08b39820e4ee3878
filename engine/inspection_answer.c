/* What the server's answers mean. */
#include <cjson/cJSON.h>

#include "base/hash.h"
#include "engine/inspection_private.h"
#include "engine/promapi.h"

static bool name_equal(const void *value, const void *key) {
	return str_equal(*(const struct str *)value, *(const struct str *)key);
}

bool inspection_has_name(const struct inspection_topic *topic, struct str name) {
	return hmap_find(&topic->names, hash_str(name), name_equal, &name) != NULL;
}

static void add_name(struct inspection *i, struct inspection_topic *t, const char *text) {
	struct str name = str_from(text);
	if (!inspection_has_name(t, name)) {
		struct str *kept = ARENA_NEW(&i->arena, struct str);
		*kept = arena_dup(&i->arena, name);
		hmap_add(&t->names, hash_str(name), kept);
	}
}

/* {"data": ["a", "b"]} */
static bool read_names(struct inspection *i, struct inspection_topic *t, const cJSON *data) {
	const cJSON *item;
	if (!cJSON_IsArray(data)) {
		return false;
	}
	cJSON_ArrayForEach(item, data) {
		if (cJSON_IsString(item)) {
			add_name(i, t, item->valuestring);
		}
	}
	return true;
}

/* {"data": {"up": [{"type": "gauge", …}]}} */
static bool read_types(struct inspection *i, struct inspection_topic *t, const cJSON *data) {
	const cJSON *item;
	if (!cJSON_IsObject(data)) {
		return false;
	}
	cJSON_ArrayForEach(item, data) {
		const char *type = cJSON_GetStringValue(
			cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(item, 0), "type"));
		struct str name = str_from(item->string);
		if (type != NULL && hmap_find(&t->types, hash_str(name), name_equal, &name) == NULL) {
			struct declared *d = ARENA_NEW(&i->arena, struct declared);
			d->name = arena_dup(&i->arena, name);
			d->is_gauge = strcmp(type, "gauge") == 0;
			hmap_add(&t->types, hash_str(name), d);
		}
	}
	return true;
}

/* {"data": {"result": [{"value": [time, "12"]}]}}; no result: none. */
static bool read_series(struct inspection_topic *t, const cJSON *data) {
	const cJSON *result = cJSON_GetObjectItemCaseSensitive(data, "result");
	if (!cJSON_IsArray(result)) {
		return false;
	}
	const cJSON *first = cJSON_GetArrayItem(result, 0);
	const char *text = cJSON_GetStringValue(
		cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(first, "value"), 1));
	double count;
	if (text != NULL && promapi_parse_value(str_from(text), &count) && count >= 0 && count < 1e15) {
		t->series = (size_t)count;
	}
	return first == NULL || text != NULL;
}

static bool read_data(struct inspection *i, struct inspection_topic *t, struct str answer) {
	cJSON *root = cJSON_ParseWithLength(answer.ptr, answer.len);
	const cJSON *data = cJSON_GetObjectItemCaseSensitive(root, "data");
	bool good = false;
	switch (t->kind) {
	case TOPIC_NAMES:
	case TOPIC_LABELS: good = read_names(i, t, data); break;
	case TOPIC_TYPES: good = read_types(i, t, data); break;
	case TOPIC_SERIES: good = read_series(t, data); break;
	case TOPIC_EVALUATE: good = data != NULL; break;
	}
	cJSON_Delete(root);
	return good;
}

/* A refusal is an answer: of an expression, that it cannot be evaluated; of a selector that takes too long to count it is none. */
bool inspection_answer(struct inspection *i, struct inspection_question *q,
					   const char **ret_error) {
	struct inspection_topic *t = q->topic;
	if (q->failure != NULL) {
		*ret_error = arena_dup(&i->arena, str_from(q->failure)).ptr;
		return false;
	}
	if (q->status != 200) {
		const char *text = promapi_error_text(q->status, q->answer, &i->arena);
		if (t->kind == TOPIC_EVALUATE && promapi_is_refusal(q->status, q->answer)) {
			t->refusal = text;
			t->answered = true;
			return true;
		}
		if (t->kind == TOPIC_TYPES && q->status == 404) {
			return true; /* not every server knows types */
		}
		*ret_error = text;
		return false;
	}
	t->answered = read_data(i, t, q->answer);
	if (!t->answered) {
		*ret_error = arena_printf(&i->arena, "not an answer of Prometheus: %s",
								  promapi_quote_beginning(q->answer, &i->arena));
	}
	return t->answered;
}
