#include "engine/rule-tests/rule_test_update_private.h"

#include "base/duration.h"

const struct yaml_pair *update_find(const struct yaml_node *mapping, const char *key) {
	for (size_t i = 0; mapping->kind == YAML_MAPPING && i < mapping->count; i++) {
		if (str_equal(mapping->pairs[i].key->text, str_from(key))) {
			return &mapping->pairs[i];
		}
	}
	return NULL;
}

/* ---- a list ---- */

static void print_flow_item(struct strbuf *out, const struct update_list *list, size_t got) {
	list->print(out, list, got, true, 0, "");
}

/* "- exp_labels: …" */
static void print_block_item(struct strbuf *out, struct rule_test_update *u,
							 const struct update_list *list, size_t got, size_t dash,
							 size_t offset) {
	strbuf_add_char(out, '-');
	strbuf_add_repeat(out, ' ', offset - 1);
	list->print(out, list, got, list->look->item_flow, dash + offset, u->edit.newline);
}

/* All that was got: ` [a, b]` without the blank, or lines. */
static void print_list(struct strbuf *out, struct rule_test_update *u,
					   const struct update_list *list, bool flow, size_t dash) {
	if (flow || list->got_count == 0) {
		strbuf_add_char(out, '[');
		for (size_t i = 0; i < list->got_count; i++) {
			strbuf_add_c(out, i > 0 ? ", " : "");
			print_flow_item(out, list, i);
		}
		strbuf_add_char(out, ']');
		return;
	}
	for (size_t i = 0; i < list->got_count; i++) {
		strbuf_add_c(out, u->edit.newline);
		strbuf_add_repeat(out, ' ', dash);
		print_block_item(out, u, list, i, dash, list->look->item_offset);
	}
}

static bool edit_list(struct rule_test_update *u, const struct update_list *list,
					  const struct yaml_pair *pair) {
	const struct yaml_node *items = pair->value;
	struct str text = u->edit.text;
	bool flow = yaml_edit_is_flow(text, items);
	size_t dash = flow ? 0 : yaml_edit_column(text, items);
	size_t offset = flow ? 0 : yaml_edit_item_offset(text, items);
	struct str *added = ARENA_ARRAY(u->arena, struct str, list->added_count);
	for (size_t i = 0; i < list->added_count; i++) {
		struct strbuf out = STRBUF_INIT;
		if (flow) {
			print_flow_item(&out, list, list->added[i]);
		} else {
			print_block_item(&out, u, list, list->added[i], dash, offset);
		}
		added[i] = arena_dup(u->arena, strbuf_str(&out));
		strbuf_finish(&out);
	}
	const struct yaml_entries entries = {
		.removed = list->removed, .added = added, .added_count = list->added_count};
	return list->edit_items(u, list, items) &&
		   yaml_edit_entries(&u->edit, items, pair, &entries, UPDATE_LIST);
}

/* Anew, in the manner of the file. */
static bool replace_list(struct rule_test_update *u, const struct update_list *list,
						 const struct yaml_pair *pair) {
	bool case_flow = yaml_edit_is_flow(u->edit.text, list->node);
	bool was_block = pair != NULL && pair->value->kind == YAML_SEQUENCE && pair->value->count > 0 &&
					 yaml_edit_in_place(list->node, pair->value) &&
					 !yaml_edit_is_flow(u->edit.text, pair->value);
	bool flow = case_flow || (list->look->list_flow && !was_block);
	size_t key = yaml_edit_column(u->edit.text, list->node);
	struct strbuf out = STRBUF_INIT;
	bool good;
	if (pair != NULL) {
		print_list(&out, u, list, flow, key + list->look->list_offset);
		good = yaml_edit_value(&u->edit, list->node, pair, strbuf_str(&out), UPDATE_LIST);
	} else {
		strbuf_printf(&out, "%s:%s", list->key, flow ? " " : "");
		print_list(&out, u, list, flow, key + list->look->list_offset);
		struct str entry = arena_dup(u->arena, strbuf_str(&out));
		const struct yaml_entries entries = {.added = &entry, .added_count = 1};
		good = yaml_edit_entries(&u->edit, list->node, NULL, &entries, UPDATE_CASE);
	}
	strbuf_finish(&out);
	return good;
}

bool update_list_write(struct rule_test_update *u, const struct update_list *list) {
	const struct yaml_pair *pair = update_find(list->node, list->key);
	size_t before = u->edit.count;
	if (pair != NULL && !yaml_edit_in_place(list->node, pair->key)) {
		pair = NULL; /* merged: the case's own key counts more */
	}
	if (pair != NULL && pair->value->kind == YAML_SEQUENCE && pair->value->count > 0 &&
		yaml_edit_in_place(list->node, pair->value)) {
		if (edit_list(u, list, pair)) {
			return true;
		}
		u->edit.count = before;
	}
	if (replace_list(u, list, pair)) {
		return true;
	}
	u->edit.count = before;
	return false;
}

/* ---- checks ---- */

static const char *const keys[] = {
	[RULE_TEST_FIRING] = "exp_alerts",           [RULE_TEST_PENDING] = "exp_pending",
	[RULE_TEST_RESOLVED] = "exp_resolved",       [RULE_TEST_NOTIFICATIONS] = "exp_notifications",
	[RULE_TEST_FIRES_BETWEEN] = "fires_between", [RULE_TEST_EXPR] = "exp_samples",
};

static const char *update_alerts(struct rule_test_update *u, const struct rule_test_check *check) {
	struct update_list list = {.node = check->alert->node,
							   .key = keys[check->kind],
							   .look = &u->alerts,
							   .got_count = check->got_count,
							   .print = update_print_alert,
							   .edit_items = update_edit_alerts,
							   .check = check};
	size_t expected = check->expected->count;
	list.removed = ARENA_ARRAY(u->arena, bool, expected);
	list.added = ARENA_ARRAY(u->arena, size_t, check->got_count);
	for (size_t i = 0; i < expected; i++) {
		list.removed[i] = check->partners[i] == RULE_TEST_NONE;
	}
	for (size_t i = 0; i < check->got_count; i++) {
		const struct rule_test_alert *got = &check->got[i];
		if (got->similar != RULE_TEST_NONE) {
			list.removed[got->similar] = false;
		} else if (got->partner == RULE_TEST_NONE) {
			list.added[list.added_count++] = i;
		}
	}
	return update_list_write(u, &list) ? NULL : u->edit.failure;
}

static const char *update_windows(struct rule_test_update *u, const struct rule_test_check *check) {
	const struct yaml_node *node = check->alert->node;
	const struct yaml_pair *pair = update_find(node, keys[check->kind]);
	const struct yaml_node *list = pair->value;
	bool nested =
		list->kind == YAML_SEQUENCE && list->count > 0 && list->items[0]->kind == YAML_SEQUENCE;
	struct strbuf out = STRBUF_INIT;
	update_print_windows(&out, check, nested);
	bool good = yaml_edit_value(&u->edit, node, pair, strbuf_str(&out), UPDATE_LIST);
	strbuf_finish(&out);
	return good ? NULL : u->edit.failure;
}

static const char *describe(struct rule_test_update *u, const struct rule_test_check *check) {
	struct strbuf time = STRBUF_INIT;
	struct str name = check->alert != NULL ? check->alert->alertname.text : check->expr->expr.text;
	duration_print(&time, check->time);
	const char *what = arena_printf(u->arena, "%s of %.*s at %s", keys[check->kind],
									STR_FMT(str_trim(name)), time.ptr);
	strbuf_finish(&time);
	return what;
}

static void update_check(struct rule_test_update *u, const struct rule_test_check *check) {
	u->notes =
		arena_grow(u->arena, u->notes, u->note_count, &u->note_capacity, sizeof(u->notes[0]));
	struct rule_test_note *note = &u->notes[u->note_count++];
	*note = (struct rule_test_note){.span = check->alert != NULL ? check->alert->span : check->span,
									.what = describe(u, check)};
	note->refused = check->kind == RULE_TEST_EXPR            ? update_samples(u, check)
					: check->kind == RULE_TEST_FIRES_BETWEEN ? update_windows(u, check)
															 : update_alerts(u, check);
	u->refused += note->refused != NULL;
}

void rule_test_update_add(struct rule_test_update *u, const struct rule_test_report *report) {
	for (size_t i = 0; i < report->check_count; i++) {
		if (!report->checks[i].passed) {
			update_check(u, &report->checks[i]);
		}
	}
}

void rule_test_update_init(struct rule_test_update *u, struct str text,
						   const struct test_file *file, struct arena *a) {
	*u = (struct rule_test_update){.arena = a};
	yaml_edit_init(&u->edit, text, file->root, a);
	update_look(u, file);
}
