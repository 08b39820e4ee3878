#include "engine/held.h"

#include "base/hmap.h"
#include "engine/json_cursor.h"
#include "engine/limits.h"

/* ---- walking ---- */

/* Reads the value of a member; false: it is not what it should be. */
typedef bool read_member(struct json_cursor *c, struct str name, void *data);

static bool read_object(struct json_cursor *c, read_member *read, void *data) {
	bool more = true;
	if (!json_cursor_take(c, '{')) {
		return false;
	}
	if (json_cursor_take(c, '}')) {
		return true;
	}
	while (more) {
		struct str name;
		if (!json_cursor_key(c, &name) || !read(c, name, data) ||
			!json_cursor_next(c, '}', &more)) {
			return false;
		}
	}
	return true;
}

static bool skip(struct json_cursor *c) {
	size_t items;
	return json_cursor_skip(c, &items);
}

static bool read_time(struct json_cursor *c, ts_ms *ret_time) {
	struct str text;
	return json_cursor_string(c, &text) && timestamp_parse(text, ret_time);
}

static bool at_end(struct json_cursor *c) {
	return json_cursor_peek(c) == '\0' && c->at == c->end;
}

/* ---- alerts ---- */

struct wanted {
	const struct labels *labels;
	ts_ms *since;
};

struct held_alert {
	struct labels_builder labels;
	size_t count; /* names read, twice or not */
	ts_ms since;
};

static bool has_labels(const void *value, const void *key) {
	return labels_equal(*((const struct wanted *)value)->labels, *(const struct labels *)key);
}

static bool read_label(struct json_cursor *c, struct str name, void *data) {
	struct held_alert *alert = data;
	struct str value;
	if (++alert->count > LIMIT_HELD_LABELS || !json_cursor_string(c, &value)) {
		return false;
	}
	labels_builder_set(&alert->labels, name, value);
	return true;
}

static bool read_alert_member(struct json_cursor *c, struct str name, void *data) {
	struct held_alert *alert = data;
	if (str_equal(name, STR("labels"))) {
		return read_object(c, read_label, alert);
	}
	if (str_equal(name, STR("startsAt"))) {
		return read_time(c, &alert->since);
	}
	return skip(c);
}

static bool read_alert(struct json_cursor *c, const struct hmap *wanted) {
	struct held_alert alert = {.since = TS_NONE};
	labels_builder_init(&alert.labels, c->arena);
	if (!read_object(c, read_alert_member, &alert) || alert.since == TS_NONE) {
		return false;
	}
	struct labels labels = labels_builder_take(&alert.labels);
	struct wanted *w = hmap_find(wanted, labels_hash(labels), has_labels, &labels);
	if (w != NULL) {
		*w->since = alert.since;
	}
	return true;
}

static bool read_alerts(struct str body, const struct hmap *wanted) {
	struct arena arena; /* of one alert */
	arena_init(&arena);
	struct json_cursor c = {.at = body.ptr, .end = body.ptr + body.len, .arena = &arena};
	bool more = true, ok = json_cursor_take(&c, '[');
	if (ok && json_cursor_take(&c, ']')) {
		more = false;
	}
	while (ok && more) {
		arena_reset(&arena);
		ok = read_alert(&c, wanted) && json_cursor_next(&c, ']', &more);
	}
	ok = ok && at_end(&c);
	arena_finish(&arena);
	return ok;
}

bool held_find(struct str body, const struct labels *alerts, size_t count, ts_ms *ret_since) {
	struct arena arena;
	struct hmap wanted;
	arena_init(&arena);
	hmap_init(&wanted, &arena);
	struct wanted *items = ARENA_ARRAY(&arena, struct wanted, count);
	for (size_t i = 0; i < count; i++) {
		items[i] = (struct wanted){.labels = &alerts[i], .since = &ret_since[i]};
		ret_since[i] = TS_NONE;
		hmap_add(&wanted, labels_hash(alerts[i]), &items[i]);
	}
	bool ok = read_alerts(body, &wanted);
	arena_finish(&arena);
	return ok;
}

/* ---- status ---- */

static bool read_status_member(struct json_cursor *c, struct str name, void *data) {
	return str_equal(name, STR("uptime")) ? read_time(c, data) : skip(c);
}

bool held_read_start(struct str body, ts_ms *ret_start) {
	struct arena arena;
	ts_ms start = TS_NONE;
	arena_init(&arena);
	struct json_cursor c = {.at = body.ptr, .end = body.ptr + body.len, .arena = &arena};
	bool ok = read_object(&c, read_status_member, &start) && at_end(&c) && start != TS_NONE;
	arena_finish(&arena);
	if (ok) {
		*ret_start = start;
	}
	return ok;
}
