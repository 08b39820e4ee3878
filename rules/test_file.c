#include "rules/test_file_private.h"

#include <math.h>

#include "base/gofloat.h"

enum file_field {
	FILE_RULE_FILES,
	FILE_EVALUATION_INTERVAL,
	FILE_GROUP_EVAL_ORDER,
	FILE_TESTS,
	FILE_FUZZY_COMPARE,
	FILE_FIELDS,
};

static const struct field file_fields[FILE_FIELDS] = {
	[FILE_RULE_FILES] = {"rule_files", FIELD_LIST, "[]string"},
	[FILE_EVALUATION_INTERVAL] = {"evaluation_interval", FIELD_DURATION, NULL},
	[FILE_GROUP_EVAL_ORDER] = {"group_eval_order", FIELD_LIST, "[]string"},
	[FILE_TESTS] = {"tests", FIELD_LIST, "[]main.testGroup"},
	[FILE_FUZZY_COMPARE] = {"fuzzy_compare", FIELD_BOOL, NULL},
};

enum group_field {
	GROUP_INTERVAL,
	GROUP_INPUT_SERIES,
	GROUP_ALERT_RULE_TEST,
	GROUP_PROMQL_EXPR_TEST,
	GROUP_EXTERNAL_LABELS,
	GROUP_EXTERNAL_URL,
	GROUP_NAME,
	GROUP_START_TIMESTAMP,
	GROUP_FIELDS,
};

static const struct field group_fields[GROUP_FIELDS] = {
	[GROUP_INTERVAL] = {"interval", FIELD_DURATION, NULL},
	[GROUP_INPUT_SERIES] = {"input_series", FIELD_LIST, "[]main.series"},
	[GROUP_ALERT_RULE_TEST] = {"alert_rule_test", FIELD_LIST, "[]main.alertTestCase"},
	[GROUP_PROMQL_EXPR_TEST] = {"promql_expr_test", FIELD_LIST, "[]main.promqlTestCase"},
	[GROUP_EXTERNAL_LABELS] = {"external_labels", FIELD_TEXTS, NULL},
	[GROUP_EXTERNAL_URL] = {"external_url", FIELD_TEXT, NULL},
	[GROUP_NAME] = {"name", FIELD_TEXT, NULL},
	[GROUP_START_TIMESTAMP] = {"start_timestamp", FIELD_TEXT, NULL},
};

void test_error_add(struct test_loader *l, struct span span, const char *format, ...) {
	va_list args;
	va_start(args, format);
	diags_vadd(&l->group->diags, DIAG_ERROR, span, format, args);
	va_end(args);
}

bool test_fields_load(struct test_loader *l, const struct yaml_node *node, const char *type_name,
					  const struct field *fields, size_t count, size_t own,
					  struct field_value *ret_values) {
	fields_init(ret_values, count, node->span);
	return node->kind == YAML_NULL ||
		   fields_load(&l->loader, node, type_name, fields,
					   l->options->promtool ? count - own : count, ret_values);
}

struct test_text test_text_of(const struct field_value *v) {
	return (struct test_text){.text = v->text, .span = v->span, .node = v->node};
}

static int compare_labels(const void *a, const void *b) {
	return str_compare(((const struct label *)a)->name, ((const struct label *)b)->name);
}

/* By hand: a builder takes no empty texts, and an annotation may be one. */
struct labels test_labels_of(struct test_loader *l, const struct field_value *v) {
	struct label *items = ARENA_ARRAY(l->loader.arena, struct label, v->text_count);
	for (size_t i = 0; i < v->text_count; i++) {
		items[i] = (struct label){.name = v->texts[i].name, .value = v->texts[i].value};
	}
	if (v->text_count > 0) {
		qsort(items, v->text_count, sizeof(items[0]), compare_labels);
	}
	return (struct labels){.items = items, .count = v->text_count};
}

/* ---- groups ---- */

/* Unix seconds with a fraction or RFC 3339. Milliseconds are cut off, not rounded, as promtool's way of reading it leaves them. */
static void load_start(struct test_loader *l, const struct field_value *v) {
	double seconds, whole;
	if (v->node == NULL) {
		return;
	}
	if (gofloat_parse(v->text, &seconds, NULL) && fabs(seconds) < 1e12) {
		double fraction = modf(seconds, &whole);
		double nanoseconds = trunc(fraction * 1e9);
		l->group->start = (ts_ms)whole * 1000 + (ts_ms)floor(nanoseconds / 1e6);
	} else if (!timestamp_parse(v->text, &l->group->start)) {
		struct strbuf text = STRBUF_INIT;
		strbuf_add_quoted(&text, v->text);
		diags_add(l->loader.diags, DIAG_ERROR, v->span,
				  "cannot parse %s to a valid timestamp: Unix seconds or RFC 3339 are expected",
				  text.ptr);
		strbuf_finish(&text);
	}
}

static void load_group(struct test_loader *l, const struct yaml_node *node, dur_ms interval) {
	struct field_value v[GROUP_FIELDS];
	diags_init(&l->group->diags, l->loader.arena);
	l->group->span = node->span;
	if (!test_fields_load(l, node, "main.testGroup", group_fields, GROUP_FIELDS, 0, v)) {
		return;
	}
	struct test_group *g = l->group;
	g->name = v[GROUP_NAME].text;
	g->interval = v[GROUP_INTERVAL].number > 0 ? v[GROUP_INTERVAL].number : interval;
	g->external_labels = test_labels_of(l, &v[GROUP_EXTERNAL_LABELS]);
	g->external_url = v[GROUP_EXTERNAL_URL].text;
	load_start(l, &v[GROUP_START_TIMESTAMP]);
	test_series_load(l, v[GROUP_INPUT_SERIES].node);
	test_alerts_load(l, v[GROUP_ALERT_RULE_TEST].node);
	test_exprs_load(l, v[GROUP_PROMQL_EXPR_TEST].node);
	diags_sort(&g->diags);
}

/* ---- the file ---- */

static bool load_text(struct test_loader *l, const struct yaml_node *node, struct str *ret_text) {
	*ret_text = STR_EMPTY;
	if (node->kind == YAML_SEQUENCE || node->kind == YAML_MAPPING) {
		yaml_add_type_error(l->loader.diags, node, "string");
		return false;
	}
	if (node->kind == YAML_SCALAR) {
		*ret_text = node->text;
	}
	return true;
}

static void load_rule_files(struct test_loader *l, const struct yaml_node *list,
							struct test_file *f) {
	size_t count = list != NULL ? list->count : 0;
	struct test_text *items = ARENA_ARRAY(l->loader.arena, struct test_text, count);
	for (size_t i = 0; i < count; i++) {
		struct str text;
		if (load_text(l, list->items[i], &text)) {
			items[f->rule_file_count++] = (struct test_text){
				.text = text, .span = list->items[i]->span, .node = list->items[i]};
		}
	}
	f->rule_files = items;
}

static void load_order(struct test_loader *l, const struct yaml_node *list, struct test_file *f) {
	size_t count = list != NULL ? list->count : 0;
	struct str *names = ARENA_ARRAY(l->loader.arena, struct str, count);
	for (size_t i = 0; i < count; i++) {
		struct str name;
		if (!load_text(l, list->items[i], &name)) {
			continue;
		}
		for (size_t k = 0; k < f->group_order_count; k++) {
			if (str_equal(names[k], name)) {
				diags_add(l->loader.diags, DIAG_ERROR, list->items[i]->span,
						  "group name repeated in evaluation order: %.*s", STR_FMT(name));
				break;
			}
		}
		names[f->group_order_count++] = name;
	}
	f->group_order = names;
}

static void load_groups(struct test_loader *l, const struct yaml_node *list, struct test_file *f) {
	f->group_count = list != NULL ? list->count : 0;
	f->groups = ARENA_ARRAY(l->loader.arena, struct test_group, f->group_count);
	for (size_t i = 0; i < f->group_count; i++) {
		l->group = &f->groups[i];
		l->group->number = i;
		load_group(l, list->items[i], f->evaluation_interval);
	}
}

static void load_root(struct test_loader *l, const struct yaml_node *root, struct test_file *f) {
	struct field_value v[FILE_FIELDS];
	f->evaluation_interval = TEST_DEFAULT_INTERVAL;
	if (root == NULL || root->kind == YAML_NULL ||
		!test_fields_load(l, root, "main.unitTestFile", file_fields, FILE_FIELDS, 0, v)) {
		return;
	}
	if (v[FILE_EVALUATION_INTERVAL].number > 0) {
		f->evaluation_interval = v[FILE_EVALUATION_INTERVAL].number;
	}
	f->fuzzy = v[FILE_FUZZY_COMPARE].flag;
	load_rule_files(l, v[FILE_RULE_FILES].node, f);
	load_order(l, v[FILE_GROUP_EVAL_ORDER].node, f);
	load_groups(l, v[FILE_TESTS].node, f);
}

/* Only the first document is read, and what is wrong behind it does no harm. */
static void take_yaml_diags(struct diags *to, const struct diags *from,
							const struct yaml_document *documents, size_t count) {
	bool whole = count > 0;
	size_t end = whole && documents[0].root != NULL ? documents[0].root->span.end : 0;
	for (size_t i = 0; i < from->count; i++) {
		const struct diag *d = &from->items[i];
		bool behind = whole && d->span.start >= end;
		diags_add(to, behind ? DIAG_WARNING : d->severity, d->span, "%s", d->message);
	}
}

bool test_file_load(struct str text, const struct test_file_options *options, struct arena *a,
					struct diags *diags, struct test_file *ret_file) {
	struct test_loader l = {
		.loader = {.arena = a,
				   .scratch = a,
				   .diags = diags,
				   .syntax = options->syntax,
				   .ignores_unknown = options->ignores_unknown && !options->promtool},
		.options = options};
	struct yaml_document *documents;
	size_t count, errors = diags->errors;
	struct diags found;
	diags_init(&found, a);
	*ret_file = (struct test_file){0};
	yaml_parse(text, a, &found, &documents, &count);
	take_yaml_diags(diags, &found, documents, count);
	if (count > 0) {
		ret_file->root = documents[0].root;
		load_root(&l, documents[0].root, ret_file);
	}
	ret_file->regexes = l.regexes;
	ret_file->regex_count = l.regex_count;
	diags_sort(diags);
	return diags->errors == errors;
}

void test_file_finish(struct test_file *f) {
	if (f == NULL) {
		return;
	}
	for (size_t i = 0; i < f->regex_count; i++) {
		regex_destroy(f->regexes[i]);
	}
	for (size_t i = 0; i < f->group_count; i++) {
		for (size_t k = 0; k < f->groups[i].expr_count; k++) {
			pql_expr_finish(f->groups[i].exprs[k].parsed);
		}
	}
	f->regex_count = f->group_count = 0;
}
