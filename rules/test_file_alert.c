/* alert_rule_test, and what stands there beyond promtool. */
#include "base/duration.h"
#include "rules/test_file_private.h"

enum case_field {
	CASE_EVAL_TIME,
	CASE_ALERTNAME,
	CASE_EXP_ALERTS,
	/* ours */
	CASE_EXP_PENDING,
	CASE_EXP_RESOLVED,
	CASE_EXP_NOTIFICATIONS,
	CASE_FIRES_BETWEEN,
	CASE_WITH_LABELS,
	CASE_FIELDS,
	CASE_OWN = CASE_FIELDS - CASE_EXP_PENDING,
};

static const struct field case_fields[CASE_FIELDS] = {
	[CASE_EVAL_TIME] = {"eval_time", FIELD_DURATION, NULL},
	[CASE_ALERTNAME] = {"alertname", FIELD_TEXT, NULL},
	[CASE_EXP_ALERTS] = {"exp_alerts", FIELD_LIST, "[]main.alert"},
	[CASE_EXP_PENDING] = {"exp_pending", FIELD_LIST, "a list of alerts"},
	[CASE_EXP_RESOLVED] = {"exp_resolved", FIELD_LIST, "a list of alerts"},
	[CASE_EXP_NOTIFICATIONS] = {"exp_notifications", FIELD_LIST, "a list of notifications"},
	[CASE_FIRES_BETWEEN] = {"fires_between", FIELD_LIST, "a list of times"},
	[CASE_WITH_LABELS] = {"with_labels", FIELD_TEXTS, NULL},
};

enum alert_field {
	ALERT_LABELS,
	ALERT_ANNOTATIONS,
	/* ours */
	ALERT_LABELS_INCLUDE,
	ALERT_LABELS_MATCH,
	ALERT_ANNOTATIONS_INCLUDE,
	ALERT_ANNOTATIONS_MATCH,
	ALERT_VALUE,
	ALERT_ACTIVE_AT,
	ALERT_RESOLVED_AT,
	ALERT_STATUS,
	ALERT_STARTS_AT,
	ALERT_ENDS_AT,
	ALERT_FIELDS,
	ALERT_OWN = ALERT_FIELDS - ALERT_LABELS_INCLUDE,
};

static const struct field alert_fields[ALERT_FIELDS] = {
	[ALERT_LABELS] = {"exp_labels", FIELD_TEXTS, NULL},
	[ALERT_ANNOTATIONS] = {"exp_annotations", FIELD_TEXTS, NULL},
	[ALERT_LABELS_INCLUDE] = {"exp_labels_include", FIELD_TEXTS, NULL},
	[ALERT_LABELS_MATCH] = {"exp_labels_match", FIELD_TEXTS, NULL},
	[ALERT_ANNOTATIONS_INCLUDE] = {"exp_annotations_include", FIELD_TEXTS, NULL},
	[ALERT_ANNOTATIONS_MATCH] = {"exp_annotations_match", FIELD_TEXTS, NULL},
	[ALERT_VALUE] = {"exp_value", FIELD_NUMBER, NULL},
	[ALERT_ACTIVE_AT] = {"exp_active_at", FIELD_DURATION, NULL},
	[ALERT_RESOLVED_AT] = {"exp_resolved_at", FIELD_DURATION, NULL},
	[ALERT_STATUS] = {"exp_status", FIELD_TEXT, NULL},
	[ALERT_STARTS_AT] = {"exp_starts_at", FIELD_DURATION, NULL},
	[ALERT_ENDS_AT] = {"exp_ends_at", FIELD_DURATION, NULL},
};

/* ---- one alert ---- */

static struct regex *make_regex(struct test_loader *l, const struct text_pair *pair) {
	const char *error;
	struct regex *regex = regex_create(pair->value, REGEX_ANCHORED, l->loader.arena, &error);
	if (regex == NULL) {
		test_error_add(l, pair->value_node->span, "%s", error);
		return NULL;
	}
	l->regexes = arena_grow(l->loader.arena, l->regexes, l->regex_count, &l->regex_capacity,
							sizeof(struct regex *));
	return l->regexes[l->regex_count++] = regex;
}

static struct test_texts load_texts(struct test_loader *l, const struct field_value *whole,
									const struct field_value *include,
									const struct field_value *match) {
	struct test_texts texts = {.whole = include->node == NULL && match->node == NULL};
	if (!texts.whole && whole->node != NULL) {
		test_error_add(l, whole->span,
					   "this says what all of them are: it cannot stand beside _include or _match");
	}
	texts.exact = test_labels_of(l, texts.whole ? whole : include);
	struct test_pattern *patterns =
		ARENA_ARRAY(l->loader.arena, struct test_pattern, match->text_count);
	for (size_t i = 0; i < match->text_count; i++) {
		const struct text_pair *pair = &match->texts[i];
		patterns[texts.pattern_count] = (struct test_pattern){
			.name = pair->name, .pattern = pair->value, .regex = make_regex(l, pair)};
		texts.pattern_count += patterns[texts.pattern_count].regex != NULL;
	}
	texts.patterns = patterns;
	return texts;
}

/* Promtool puts the alert's name over whatever stands there. */
static struct labels with_alertname(struct test_loader *l, struct labels labels, struct str name) {
	struct label *items = ARENA_ARRAY(l->loader.arena, struct label, labels.count + 1);
	size_t count = 0;
	bool added = false;
	for (size_t i = 0; i < labels.count; i++) {
		int order = str_compare(LABEL_ALERTNAME, labels.items[i].name);
		if (order <= 0 && !added) {
			items[count++] = (struct label){LABEL_ALERTNAME, name};
			added = true;
		}
		if (order != 0) {
			items[count++] = labels.items[i];
		}
	}
	if (!added) {
		items[count++] = (struct label){LABEL_ALERTNAME, name};
	}
	return (struct labels){.items = items, .count = count};
}

static dur_ms time_of(const struct field_value *v) {
	return v->node != NULL ? v->number : TEST_TIME_NONE;
}

static enum test_status load_status(struct test_loader *l, const struct field_value *v) {
	if (v->node == NULL || str_equal(v->text, STR("firing"))) {
		return v->node == NULL ? TEST_STATUS_ANY : TEST_STATUS_FIRING;
	}
	if (!str_equal(v->text, STR("resolved"))) {
		test_error_add(l, v->span, "exp_status is firing or resolved");
	}
	return TEST_STATUS_RESOLVED;
}

/* Which of our fields mean something in which list. */
enum list_kind { LIST_FIRING, LIST_PENDING, LIST_RESOLVED, LIST_NOTIFICATIONS };

static const struct {
	enum alert_field field;
	bool lists[4];
} uses[] = {
	{ALERT_VALUE, {true, true, true, false}},         {ALERT_ACTIVE_AT, {true, true, true, false}},
	{ALERT_RESOLVED_AT, {false, false, true, false}}, {ALERT_STATUS, {false, false, false, true}},
	{ALERT_STARTS_AT, {false, false, false, true}},   {ALERT_ENDS_AT, {false, false, false, true}},
};

static void check_uses(struct test_loader *l, const struct field_value *v, enum list_kind list) {
	static const char *const names[] = {"exp_alerts", "exp_pending", "exp_resolved",
										"exp_notifications"};
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		if (v[uses[i].field].node != NULL && !uses[i].lists[list]) {
			test_error_add(l, v[uses[i].field].span, "%s says nothing in %s",
						   alert_fields[uses[i].field].key, names[list]);
		}
	}
}

static void load_alert(struct test_loader *l, const struct yaml_node *node, struct str alertname,
					   enum list_kind list, struct test_alert *ret) {
	struct field_value v[ALERT_FIELDS];
	*ret = (struct test_alert){.span = node->span};
	if (!test_fields_load(l, node, "main.alert", alert_fields, ALERT_FIELDS, ALERT_OWN, v)) {
		return;
	}
	check_uses(l, v, list);
	ret->labels = load_texts(l, &v[ALERT_LABELS], &v[ALERT_LABELS_INCLUDE], &v[ALERT_LABELS_MATCH]);
	ret->annotations = load_texts(l, &v[ALERT_ANNOTATIONS], &v[ALERT_ANNOTATIONS_INCLUDE],
								  &v[ALERT_ANNOTATIONS_MATCH]);
	if (ret->labels.whole) {
		ret->labels.exact = with_alertname(l, ret->labels.exact, alertname);
	}
	ret->has_value = v[ALERT_VALUE].node != NULL;
	ret->value = v[ALERT_VALUE].real;
	ret->active_at = time_of(&v[ALERT_ACTIVE_AT]);
	ret->resolved_at = time_of(&v[ALERT_RESOLVED_AT]);
	ret->status = load_status(l, &v[ALERT_STATUS]);
	ret->starts_at = time_of(&v[ALERT_STARTS_AT]);
	ret->ends_at = time_of(&v[ALERT_ENDS_AT]);
}

static struct test_alerts load_list(struct test_loader *l, const struct field_value *v,
									struct str alertname, enum list_kind kind) {
	struct test_alerts list = {.given = v->node != NULL, .span = v->span};
	size_t count = list.given ? v->node->count : 0;
	struct test_alert *items = ARENA_ARRAY(l->loader.arena, struct test_alert, count);
	for (size_t i = 0; i < count; i++) {
		load_alert(l, v->node->items[i], alertname, kind, &items[i]);
	}
	list.items = items;
	list.count = count;
	return list;
}

/* ---- fires_between ---- */

static bool load_time(struct test_loader *l, const struct yaml_node *node, dur_ms *ret) {
	const char *error;
	if (node->kind != YAML_SCALAR) {
		test_error_add(l, node->span, "fires_between is [from, to], or a list of those");
		return false;
	}
	if (!duration_parse(node->text, l->loader.arena, ret, &error)) {
		test_error_add(l, node->span, "%s", error);
		return false;
	}
	return true;
}

static bool load_window(struct test_loader *l, const struct yaml_node *node, dur_ms end,
						struct test_window *ret) {
	*ret = (struct test_window){.to = end};
	if (node->kind != YAML_SEQUENCE || node->count < 1 || node->count > 2) {
		test_error_add(l, node->span, "fires_between is [from, to], or a list of those");
		return false;
	}
	if (!load_time(l, node->items[0], &ret->from) ||
		(node->count == 2 && !load_time(l, node->items[1], &ret->to))) {
		return false;
	}
	if (ret->to < ret->from || ret->to > end) {
		test_error_add(l, node->span,
					   ret->to > end ? "fires_between reaches beyond eval_time"
									 : "fires_between ends before it begins");
		return false;
	}
	return true;
}

static void load_windows(struct test_loader *l, const struct field_value *v,
						 struct test_alert_case *ret) {
	const struct yaml_node *list = v->node;
	ret->has_windows = list != NULL;
	ret->windows_span = v->span;
	if (list == NULL) {
		return;
	}
	bool one = list->count > 0 && list->items[0]->kind == YAML_SCALAR;
	size_t count = one ? 1 : list->count;
	struct test_window *windows = ARENA_ARRAY(l->loader.arena, struct test_window, count);
	for (size_t i = 0; i < count; i++) {
		const struct yaml_node *node = one ? list : list->items[i];
		ret->window_count += load_window(l, node, ret->eval_time, &windows[ret->window_count]);
	}
	ret->windows = windows;
}

/* ---- a case ---- */

static void check_alertname(struct test_loader *l, const struct test_alert_case *c) {
	if (c->alertname.text.len > 0) {
		return;
	}
	struct strbuf time = STRBUF_INIT;
	duration_print(&time, c->eval_time);
	struct str name = l->group->name;
	test_error_add(l, c->alertname.span,
				   "an item under alert_rule_test misses required attribute alertname at eval_time "
				   "%s%s%.*s%s",
				   time.ptr, name.len > 0 ? " (in TestGroup " : "", STR_FMT(name),
				   name.len > 0 ? ")" : "");
	strbuf_finish(&time);
}

static void load_case(struct test_loader *l, const struct yaml_node *node,
					  struct test_alert_case *ret) {
	struct field_value v[CASE_FIELDS];
	*ret = (struct test_alert_case){.span = node->span, .node = node};
	if (!test_fields_load(l, node, "main.alertTestCase", case_fields, CASE_FIELDS, CASE_OWN, v)) {
		return;
	}
	ret->eval_time = v[CASE_EVAL_TIME].number;
	ret->alertname = test_text_of(&v[CASE_ALERTNAME]);
	check_alertname(l, ret);
	struct str name = ret->alertname.text;
	ret->firing = load_list(l, &v[CASE_EXP_ALERTS], name, LIST_FIRING);
	ret->pending = load_list(l, &v[CASE_EXP_PENDING], name, LIST_PENDING);
	ret->resolved = load_list(l, &v[CASE_EXP_RESOLVED], name, LIST_RESOLVED);
	ret->notifications = load_list(l, &v[CASE_EXP_NOTIFICATIONS], name, LIST_NOTIFICATIONS);
	load_windows(l, &v[CASE_FIRES_BETWEEN], ret);
	ret->with_labels = test_labels_of(l, &v[CASE_WITH_LABELS]);
}

void test_alerts_load(struct test_loader *l, const struct yaml_node *list) {
	size_t count = list != NULL ? list->count : 0;
	struct test_alert_case *cases = ARENA_ARRAY(l->loader.arena, struct test_alert_case, count);
	for (size_t i = 0; i < count; i++) {
		load_case(l, list->items[i], &cases[i]);
	}
	l->group->alerts = cases;
	l->group->alert_count = count;
}
