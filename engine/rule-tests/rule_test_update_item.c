/* One alert of a list, made what was got, where it stands. */
#include "engine/rule-tests/rule_test_update_private.h"

#include <math.h>

#include "base/duration.h"
#include "base/regex_quote.h"

bool update_set_raw(struct rule_test_update *u, const struct yaml_node *mapping,
					const struct yaml_pair *pair, struct str value) {
	return yaml_edit_value(&u->edit, mapping, pair, value, UPDATE_TEXTS);
}

bool update_set_text(struct rule_test_update *u, const struct yaml_node *mapping,
					 const struct yaml_pair *pair, struct str value) {
	const struct yaml_node *old = pair->value;
	if (old->kind == YAML_SCALAR && yaml_edit_in_place(mapping, pair->key) &&
		yaml_edit_in_place(mapping, old) && old->span.start > pair->key->span.start) {
		return yaml_edit_scalar(&u->edit, old, value);
	}
	struct strbuf out = STRBUF_INIT;
	yaml_print_scalar(&out, value, 0);
	bool good = yaml_edit_value(&u->edit, mapping, pair, strbuf_str(&out), UPDATE_TEXTS);
	strbuf_finish(&out);
	return good;
}

/* ---- labels and annotations ---- */

static struct str name_pair(struct rule_test_update *u, const struct yaml_node *map,
							const struct label *l) {
	struct str text = u->edit.text;
	struct strbuf out = STRBUF_INIT;
	bool has = map->count > 0;
	char name = has ? yaml_edit_quote(text, map->pairs[0].key) : u->alerts.name_quote;
	char quote = has ? yaml_edit_quote(text, map->pairs[0].value) : u->alerts.text_quote;
	yaml_print_scalar(&out, l->name, name);
	strbuf_add_c(&out, ": ");
	yaml_print_scalar(&out, l->value, quote);
	struct str entry = arena_dup(u->arena, strbuf_str(&out));
	strbuf_finish(&out);
	return entry;
}

/* What the file says is all of it. `but` (the alert's name) stays as it is. */
static bool edit_map(struct rule_test_update *u, const struct yaml_pair *owner, struct labels got,
					 struct str but) {
	const struct yaml_node *map = owner->value;
	struct yaml_entries entries = {0};
	bool *removed = ARENA_ARRAY(u->arena, bool, map->count);
	struct str *added = ARENA_ARRAY(u->arena, struct str, got.count);
	bool changes = false;
	for (size_t i = 0; i < map->count; i++) {
		const struct yaml_pair *pair = &map->pairs[i];
		bool stays = pair->key->kind == YAML_NULL || str_equal(pair->key->text, but);
		removed[i] = !stays && !labels_has(got, pair->key->text);
		changes = changes || removed[i];
		if (!stays && !removed[i] &&
			!str_equal(labels_get(got, pair->key->text), pair->value->text) &&
			!update_set_text(u, map, pair, labels_get(got, pair->key->text))) {
			return false;
		}
	}
	for (size_t i = 0; i < got.count; i++) {
		const struct label *l = &got.items[i];
		const char *name = arena_dup(u->arena, l->name).ptr;
		if (!str_equal(l->name, but) && update_find(map, name) == NULL) {
			added[entries.added_count++] = name_pair(u, map, l);
		}
	}
	entries.removed = removed;
	entries.added = added;
	changes = changes || entries.added_count > 0;
	return !changes || yaml_edit_entries(&u->edit, map, owner, &entries, UPDATE_TEXTS);
}

static bool write_map(struct rule_test_update *u, const struct yaml_node *item, const char *key,
					  const struct yaml_pair *pair, struct labels got, struct str but) {
	bool flow = u->alerts.texts_flow || yaml_edit_is_flow(u->edit.text, item);
	size_t column = yaml_edit_column(u->edit.text, item) + 2;
	struct strbuf out = STRBUF_INIT;
	bool good;
	if (pair != NULL) {
		update_print_texts(&out, got, but, &u->alerts, flow, column, u->edit.newline);
		good = yaml_edit_value(&u->edit, item, pair, strbuf_str(&out), UPDATE_TEXTS);
	} else {
		strbuf_printf(&out, "%s:%s", key, flow ? " " : "");
		update_print_texts(&out, got, but, &u->alerts, flow, column, u->edit.newline);
		struct str entry = arena_dup(u->arena, strbuf_str(&out));
		const struct yaml_entries entries = {.added = &entry, .added_count = 1};
		good = yaml_edit_entries(&u->edit, item, NULL, &entries, UPDATE_ITEM);
	}
	strbuf_finish(&out);
	return good;
}

static bool edit_whole(struct rule_test_update *u, const struct yaml_node *item, const char *key,
					   const struct test_texts *want, struct labels got, struct str but) {
	const struct yaml_pair *pair = update_find(item, key);
	if (labels_equal(want->exact, got)) {
		return true;
	}
	if (pair != NULL && pair->value->kind == YAML_MAPPING && pair->value->count > 0 &&
		yaml_edit_in_place(item, pair->value)) {
		return edit_map(u, pair, got, but);
	}
	return write_map(u, item, key, pair, got, but);
}

/* Of exp_labels_match the pattern that finds what was got and nothing else. */
static bool edit_pair(struct rule_test_update *u, const struct yaml_node *map,
					  const struct yaml_pair *pair, struct str got, bool match) {
	struct strbuf pattern = STRBUF_INIT;
	regex_quote(&pattern, got);
	bool good = update_set_text(u, map, pair, match ? strbuf_str(&pattern) : got);
	strbuf_finish(&pattern);
	return good;
}

static bool fits(const struct test_texts *want, const struct yaml_pair *pair, struct str got,
				 bool match) {
	if (!match) {
		return str_equal(pair->value->text, got);
	}
	for (size_t i = 0; i < want->pattern_count; i++) {
		bool matches = false;
		if (str_equal(want->patterns[i].name, pair->key->text)) {
			return regex_matches(want->patterns[i].regex, got, &matches) && matches;
		}
	}
	return false;
}

/* What the file says is a part of it: nothing is added. */
static bool edit_part(struct rule_test_update *u, const struct yaml_node *item, const char *key,
					  const struct test_texts *want, struct labels got, bool match) {
	const struct yaml_pair *owner = update_find(item, key);
	bool changes = false;
	if (owner == NULL || owner->value->kind != YAML_MAPPING) {
		return true;
	}
	const struct yaml_node *map = owner->value;
	bool *removed = ARENA_ARRAY(u->arena, bool, map->count);
	for (size_t i = 0; i < map->count; i++) {
		const struct yaml_pair *pair = &map->pairs[i];
		struct str value = labels_get(got, pair->key->text);
		removed[i] = !labels_has(got, pair->key->text);
		changes = changes || removed[i];
		if (!removed[i] && !fits(want, pair, value, match) &&
			!edit_pair(u, map, pair, value, match)) {
			return false;
		}
	}
	const struct yaml_entries entries = {.removed = removed};
	return !changes || yaml_edit_entries(&u->edit, map, owner, &entries, UPDATE_TEXTS);
}

static bool edit_texts(struct rule_test_update *u, const struct yaml_node *item,
					   const struct test_texts *want, struct labels got, bool labels) {
	if (want->whole) {
		return edit_whole(u, item, labels ? "exp_labels" : "exp_annotations", want, got,
						  labels ? LABEL_ALERTNAME : STR_EMPTY);
	}
	return edit_part(u, item, labels ? "exp_labels_include" : "exp_annotations_include", want, got,
					 false) &&
		   edit_part(u, item, labels ? "exp_labels_match" : "exp_annotations_match", want, got,
					 true);
}

/* ---- the rest ---- */

static bool edit_time(struct rule_test_update *u, const struct yaml_node *item, const char *key,
					  dur_ms want, dur_ms got) {
	const struct yaml_pair *pair = update_find(item, key);
	if (want == TEST_TIME_NONE || want == got) {
		return true;
	}
	if (pair == NULL || got == TEST_TIME_NONE) {
		return false;
	}
	struct strbuf out = STRBUF_INIT;
	duration_print(&out, got);
	bool good = update_set_raw(u, item, pair, strbuf_str(&out));
	strbuf_finish(&out);
	return good;
}

static bool edit_value(struct rule_test_update *u, const struct yaml_node *item,
					   const struct test_alert *want, double got) {
	const struct yaml_pair *pair = update_find(item, "exp_value");
	bool equal = want->value == got || (isnan(want->value) && isnan(got));
	if (!want->has_value || equal || pair == NULL) {
		return true;
	}
	struct strbuf out = STRBUF_INIT;
	update_print_number(&out, got);
	bool good = update_set_raw(u, item, pair, strbuf_str(&out));
	strbuf_finish(&out);
	return good;
}

static bool edit_status(struct rule_test_update *u, const struct yaml_node *item,
						const struct test_alert *want, bool resolved) {
	const struct yaml_pair *pair = update_find(item, "exp_status");
	enum test_status got = resolved ? TEST_STATUS_RESOLVED : TEST_STATUS_FIRING;
	return want->status == TEST_STATUS_ANY || want->status == got || pair == NULL ||
		   update_set_text(u, item, pair, resolved ? STR("resolved") : STR("firing"));
}

static bool edit_alert(struct rule_test_update *u, const struct yaml_node *item,
					   const struct test_alert *want, const struct rule_test_alert *got) {
	return item->kind == YAML_MAPPING && item->count > 0 &&
		   edit_texts(u, item, &want->labels, got->labels, true) &&
		   edit_texts(u, item, &want->annotations, got->annotations, false) &&
		   edit_value(u, item, want, got->value) &&
		   edit_time(u, item, "exp_active_at", want->active_at, got->active_at) &&
		   edit_time(u, item, "exp_resolved_at", want->resolved_at, got->resolved_at) &&
		   edit_status(u, item, want, got->resolved) &&
		   edit_time(u, item, "exp_starts_at", want->starts_at, got->starts_at) &&
		   edit_time(u, item, "exp_ends_at", want->ends_at, got->ends_at);
}

bool update_edit_alerts(struct rule_test_update *u, const struct update_list *list,
						const struct yaml_node *items) {
	const struct rule_test_check *check = list->check;
	for (size_t i = 0; i < check->got_count; i++) {
		const struct rule_test_alert *got = &check->got[i];
		if (got->similar == RULE_TEST_NONE) {
			continue;
		}
		const struct yaml_node *item = items->items[got->similar];
		if (!yaml_edit_in_place(items, item) ||
			!edit_alert(u, item, &check->expected->items[got->similar], got)) {
			return false;
		}
	}
	return true;
}
