/* Expectations as YAML, in the manner of the file. */
#include "engine/rule-tests/rule_test_update_private.h"

#include <math.h>

#include "base/duration.h"
#include "base/gofloat.h"

/* ---- how the file writes them ---- */

static void look_at_texts(struct rule_test_look *look, struct str text,
						  const struct yaml_node *map) {
	look->texts_flow = yaml_edit_is_flow(text, map);
	if (map->count > 0) {
		look->name_quote = yaml_edit_quote(text, map->pairs[0].key);
		look->text_quote = yaml_edit_quote(text, map->pairs[0].value);
	}
}

static size_t line_column(struct str text, size_t at) {
	size_t start = at;
	while (start > 0 && text.ptr[start - 1] != '\n') {
		start--;
	}
	return at - start;
}

/* The first list of its kind that has something in it. */
static void look_at_list(struct rule_test_look *look, struct str text,
						 const struct yaml_node *parent, const char *key, const char *texts) {
	const struct yaml_pair *pair = update_find(parent, key);
	if (look->found || pair == NULL || pair->value->kind != YAML_SEQUENCE ||
		pair->value->count == 0 || !yaml_edit_in_place(parent, pair->value)) {
		return;
	}
	const struct yaml_node *list = pair->value, *item = list->items[0];
	const struct yaml_pair *inner = update_find(item, texts);
	if (item->kind != YAML_MAPPING || inner == NULL || !yaml_edit_in_place(list, inner->key)) {
		return;
	}
	look->found = true;
	look->list_flow = yaml_edit_is_flow(text, list);
	look->item_flow = yaml_edit_is_flow(text, item);
	if (!look->list_flow) {
		size_t key_column = line_column(text, pair->key->span.start);
		size_t column = yaml_edit_column(text, list);
		look->list_offset = column > key_column ? column - key_column : 0;
		look->item_offset = yaml_edit_item_offset(text, list);
	}
	if (inner->value->kind == YAML_MAPPING) {
		look_at_texts(look, text, inner->value);
	} else {
		look->text_quote = yaml_edit_quote(text, inner->value);
	}
}

/* Without an example: block lists, as far right as those of the cases. */
static struct rule_test_look default_look(struct str text, const struct test_file *file) {
	struct rule_test_look look = {.list_offset = 2, .item_offset = 2};
	const struct yaml_pair *tests = file->root != NULL ? update_find(file->root, "tests") : NULL;
	const struct yaml_node *group =
		tests != NULL && tests->value->count > 0 && tests->value->kind == YAML_SEQUENCE
			? tests->value->items[0]
			: NULL;
	static const char *const names[] = {"alert_rule_test", "promql_expr_test", "input_series"};
	for (size_t i = 0; group != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
		const struct yaml_pair *pair = update_find(group, names[i]);
		if (pair != NULL && pair->value->kind == YAML_SEQUENCE && pair->value->count > 0 &&
			!yaml_edit_is_flow(text, pair->value)) {
			size_t key = line_column(text, pair->key->span.start);
			look.list_offset = yaml_edit_column(text, pair->value) > key ? 2 : 0;
			return look;
		}
	}
	return look;
}

void update_look(struct rule_test_update *u, const struct test_file *file) {
	struct str text = u->edit.text;
	u->alerts = u->samples = default_look(text, file);
	for (size_t i = 0; i < file->group_count; i++) {
		const struct test_group *g = &file->groups[i];
		for (size_t k = 0; k < g->alert_count; k++) {
			look_at_list(&u->alerts, text, g->alerts[k].node, "exp_alerts", "exp_labels");
		}
		for (size_t k = 0; k < g->expr_count; k++) {
			look_at_list(&u->samples, text, g->exprs[k].node, "exp_samples", "labels");
		}
	}
}

/* ---- values ---- */

void update_print_number(struct strbuf *out, double v) {
	double size = fabs(v);
	if (isnan(v) || isinf(v)) {
		strbuf_add_c(out, isnan(v) ? ".nan" : v > 0 ? ".inf" : "-.inf");
	} else {
		gofloat_print(out, v, size != 0 && (size < 1e-6 || size >= 1e21) ? 'e' : 'f');
	}
}

void update_print_windows(struct strbuf *out, const struct rule_test_check *check, bool nested) {
	nested = nested || check->window_count > 1;
	strbuf_add_c(out, nested || check->window_count == 0 ? "[" : "");
	for (size_t i = 0; i < check->window_count; i++) {
		strbuf_add_c(out, i > 0 ? ", [" : "[");
		duration_print(out, check->windows[i].from);
		strbuf_add_c(out, ", ");
		duration_print(out, check->windows[i].to);
		strbuf_add_char(out, ']');
	}
	strbuf_add_c(out, nested || check->window_count == 0 ? "]" : "");
}

void update_print_texts(struct strbuf *out, struct labels texts, struct str but,
						const struct rule_test_look *look, bool flow, size_t column,
						const char *newline) {
	size_t count = 0;
	size_t most = texts.count - labels_has(texts, but);
	flow = flow || most == 0;
	strbuf_add_c(out, flow ? "{" : "");
	for (size_t i = 0; i < texts.count; i++) {
		if (str_equal(texts.items[i].name, but)) {
			continue;
		}
		if (!flow) {
			strbuf_add_c(out, newline);
			strbuf_add_repeat(out, ' ', column);
		} else if (count > 0) {
			strbuf_add_c(out, ", ");
		}
		count++;
		yaml_print_scalar(out, texts.items[i].name, look->name_quote);
		strbuf_add_c(out, ": ");
		yaml_print_scalar(out, texts.items[i].value, look->text_quote);
	}
	strbuf_add_c(out, flow ? "}" : "");
}

/* ---- items ---- */

/* The next pair of an item, on its line or a new one. */
static void begin_pair(struct strbuf *out, bool *follows, bool flow, size_t column,
					   const char *newline) {
	if (*follows && flow) {
		strbuf_add_c(out, ", ");
	} else if (*follows) {
		strbuf_add_c(out, newline);
		strbuf_add_repeat(out, ' ', column);
	}
	*follows = true;
}

void update_print_alert(struct strbuf *out, const struct update_list *list, size_t number,
						bool flow, size_t column, const char *newline) {
	const struct rule_test_alert *got = &list->check->got[number];
	bool texts_flow = flow || list->look->texts_flow, follows = false;
	bool has_labels = got->labels.count > labels_has(got->labels, LABEL_ALERTNAME);
	bool bare = !has_labels && got->annotations.count == 0;
	flow = flow || bare;
	strbuf_add_c(out, flow ? "{" : "");
	if (has_labels) {
		begin_pair(out, &follows, flow, column, newline);
		strbuf_add_c(out, texts_flow ? "exp_labels: " : "exp_labels:");
		update_print_texts(out, got->labels, LABEL_ALERTNAME, list->look, texts_flow, column + 2,
						   newline);
	}
	if (got->annotations.count > 0) {
		begin_pair(out, &follows, flow, column, newline);
		strbuf_add_c(out, texts_flow ? "exp_annotations: " : "exp_annotations:");
		update_print_texts(out, got->annotations, STR_EMPTY, list->look, texts_flow, column + 2,
						   newline);
	}
	strbuf_add_c(out, flow ? "}" : "");
}

void update_print_sample(struct strbuf *out, const struct update_list *list, size_t number,
						 bool flow, size_t column, const char *newline) {
	const struct rule_test_sample *got = &list->check->samples[number];
	struct strbuf text = STRBUF_INIT;
	bool follows = true;
	labels_print(&text, got->labels);
	strbuf_add_c(out, flow ? "{labels: " : "labels: ");
	yaml_print_scalar(out, strbuf_str(&text), list->look->text_quote);
	if (got->histogram == NULL || got->value != 0) {
		begin_pair(out, &follows, flow, column, newline);
		strbuf_add_c(out, "value: ");
		update_print_number(out, got->value);
	}
	if (got->histogram != NULL) {
		strbuf_clear(&text);
		pql_histogram_print(&text, got->histogram);
		begin_pair(out, &follows, flow, column, newline);
		strbuf_add_c(out, "histogram: ");
		yaml_print_scalar(out, strbuf_str(&text), '"');
	}
	strbuf_add_c(out, flow ? "}" : "");
	strbuf_finish(&text);
}
