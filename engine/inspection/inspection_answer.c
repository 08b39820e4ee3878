/* What the server's answers mean. */
#include <cjson/cJSON.h>

#include "base/hash.h"
#include "engine/inspection/inspection_private.h"
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

static bool read_data(struct inspection *i, struct inspection_topic *t, const cJSON *data) {
	switch (t->kind) {
	case TOPIC_NAMES:
	case TOPIC_LABELS: return read_names(i, t, data);
	case TOPIC_TYPES: return read_types(i, t, data);
	case TOPIC_SERIES: return read_series(t, data);
	case TOPIC_EVALUATE: return data != NULL;
	}
	return false;
}

/* NULL: it is of use. An answer that is not whole would make what it leaves out look missing, and so would a server
 * without data. */
static const char *take_answer(struct inspection *i, struct inspection_question *q) {
	struct inspection_topic *t = q->topic;
	cJSON *root = cJSON_ParseWithLength(q->answer.ptr, q->answer.len);
	const cJSON *data = cJSON_GetObjectItemCaseSensitive(root, "data");
	const char *partial = i->options.partial ? NULL : promapi_find_partial(root, &i->arena);
	const char *error = NULL;
	if (!read_data(i, t, data)) {
		error = arena_printf(&i->arena, "not an answer of Prometheus: %s",
							 promapi_quote_beginning(q->answer, &i->arena));
	} else if (partial != NULL) {
		error =
			arena_printf(&i->arena, "the answer is partial: %s (--allow-partial-answers)", partial);
	} else if (t->kind == TOPIC_NAMES && cJSON_GetArraySize(data) == 0) {
		error =
			"there is no series of the last 24 hours: is it the right server, the right tenant?";
	}
	cJSON_Delete(root);
	t->answered = error == NULL;
	return error;
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
	*ret_error = take_answer(i, q);
	return *ret_error == NULL;
}
