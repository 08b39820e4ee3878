#include "rules/group_private.h"

#include "base/utf8.h"
#include "promql-lite/print.h"

enum rule_field {
	RULE_RECORD,
	RULE_ALERT,
	RULE_EXPR,
	RULE_FOR,
	RULE_KEEP_FIRING_FOR,
	RULE_LABELS,
	RULE_ANNOTATIONS,
	RULE_FIELDS,
};

static const struct field rule_fields[RULE_FIELDS] = {
	[RULE_RECORD] = {"record", FIELD_TEXT, NULL},
	[RULE_ALERT] = {"alert", FIELD_TEXT, NULL},
	[RULE_EXPR] = {"expr", FIELD_TEXT, NULL},
	[RULE_FOR] = {"for", FIELD_DURATION, NULL},
	[RULE_KEEP_FIRING_FOR] = {"keep_firing_for", FIELD_DURATION, NULL},
	[RULE_LABELS] = {"labels", FIELD_TEXTS, NULL},
	[RULE_ANNOTATIONS] = {"annotations", FIELD_TEXTS, NULL},
};

void rule_error_add(const struct rule_error *e, struct span span, const char *format, ...) {
	struct strbuf message = STRBUF_INIT;
	va_list args;
	strbuf_add_c(&message, "group ");
	strbuf_add_quoted(&message, e->group->name);
	strbuf_printf(&message, ", rule %zu, ", e->number);
	strbuf_add_quoted(&message, e->rule_name);
	strbuf_add_c(&message, ": ");
	va_start(args, format);
	strbuf_vprintf(&message, format, args);
	va_end(args);
	diags_add(e->loader->diags, DIAG_ERROR, span, "%s", message.ptr);
	strbuf_finish(&message);
}

struct str rule_name_check(struct loader *l, struct str name, struct span span) {
	if (name.len <= RULE_MAX_NAME_BYTES) {
		return name;
	}
	diags_add(l->diags, DIAG_ERROR, span, "name of more than %d bytes (limit)",
			  RULE_MAX_NAME_BYTES);
	return str_slice(name, 0, 64);
}

static void check_name(const struct rule_error *e, const struct field_value *v) {
	bool record = v[RULE_RECORD].text.len > 0, alert = v[RULE_ALERT].text.len > 0;
	if (record && alert) {
		rule_error_add(e, v[RULE_RECORD].span, "only one of 'record' and 'alert' must be set");
	}
	if (!record && !alert && !v[RULE_RECORD].bad && !v[RULE_ALERT].bad) {
		rule_error_add(e, v[RULE_ALERT].node != NULL ? v[RULE_ALERT].span : v[RULE_RECORD].span,
					   "one of 'record' or 'alert' must be set");
	}
}

static void check_recording(const struct rule_error *e, const struct field_value *v) {
	static const struct {
		enum rule_field field;
		const char *name;
	} foreign[] = {
		{RULE_ANNOTATIONS, "annotations"},
		{RULE_FOR, "for"},
		{RULE_KEEP_FIRING_FOR, "keep_firing_for"},
	};
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		const struct field_value *field = &v[foreign[i].field];
		if (field->text_count > 0 || field->number != 0) {
			rule_error_add(e, field->span, "invalid field '%s' in recording rule", foreign[i].name);
		}
	}
	struct str name = v[RULE_RECORD].text;
	if (str_find(name, STR("{")) < name.len || str_find(name, STR("}")) < name.len) {
		rule_error_add(e, v[RULE_RECORD].span,
					   "braces present in the recording rule name; should it be in expr?: %.*s",
					   STR_FMT(name));
	}
}

/* The parser's errors, each where it stands in the file. */
static void add_expr_errors(const struct rule_error *e, const struct field_value *expr,
							const struct diags *found) {
	for (size_t i = 0; i < found->count; i++) {
		const struct diag *d = &found->items[i];
		struct span span = yaml_span(expr->node, d->span);
		if (d->severity != DIAG_ERROR) {
			diags_add(e->loader->diags, d->severity, span, "%s", d->message);
			continue;
		}
		struct strbuf text = STRBUF_INIT;
		pql_error_text(&text, d, expr->text);
		rule_error_add(e, span, "could not parse expression: %s", text.ptr);
		strbuf_finish(&text);
	}
}

static struct pql_expr *load_expr(const struct rule_error *e, const struct field_value *expr) {
	if (expr->text.len == 0) {
		if (!expr->bad) {
			rule_error_add(e, expr->span, "field 'expr' must be set in rule");
		}
		return NULL;
	}
	struct loader *l = e->loader;
	struct diags found;
	diags_init(&found, l->scratch);
	struct pql_expr *parsed = pql_parse(expr->text, l->syntax, l->arena, &found);
	add_expr_errors(e, expr, &found);
	return parsed;
}

static struct str canonical_text(struct arena *a, const struct pql_expr *expr) {
	struct strbuf text = STRBUF_INIT;
	pql_print(&text, expr->root);
	struct str query = arena_dup(a, strbuf_str(&text));
	strbuf_finish(&text);
	return query;
}

static size_t template_bytes(const struct rule_text *texts, size_t count) {
	size_t bytes = 0;
	for (size_t i = 0; i < count; i++) {
		bytes += texts[i].template != NULL ? template_regex_bytes(texts[i].template) : 0;
	}
	return bytes;
}

static size_t count_regex_bytes(const struct rule *r) {
	size_t bytes = template_bytes(r->labels, r->label_count) +
				   template_bytes(r->annotations, r->annotation_count);
	for (size_t i = 0; i < r->expr->selector_count; i++) {
		const struct pql_selector *s = &r->expr->selectors[i]->selector;
		for (size_t j = 0; j < s->matcher_count; j++) {
			bytes += s->matchers[j].regex != NULL ? regex_bytes(s->matchers[j].regex) : 0;
		}
	}
	return bytes;
}

static void view_fields(const struct yaml_node *node, const struct field_value *v,
						const struct yaml_node *name, struct rule_view *ret_view) {
	ret_view->node = node;
	ret_view->name = name;
	ret_view->expr = v[RULE_EXPR].node;
	ret_view->hold = v[RULE_FOR].node;
	ret_view->labels = v[RULE_LABELS].node;
	ret_view->annotations = v[RULE_ANNOTATIONS].node;
}

bool rule_load(struct loader *l, const struct group_context *group, size_t number,
			   const struct yaml_node *node, struct rule *ret_rule, struct rule_view *ret_view) {
	struct field_value v[RULE_FIELDS];
	size_t errors = l->diags->errors;
	if (!fields_load(l, node, "rulefmt.Rule", rule_fields, RULE_FIELDS, v)) {
		return false;
	}
	bool alerting = v[RULE_ALERT].text.len > 0;
	enum rule_field name = alerting ? RULE_ALERT : RULE_RECORD;
	v[name].text = rule_name_check(l, v[name].text, v[name].span);
	struct rule_error e = {l, group, number, v[name].text};
	struct rule rule = {
		.kind = alerting ? RULE_ALERTING : RULE_RECORDING,
		.name = arena_dup(l->arena, v[name].text),
		.hold = v[RULE_FOR].number,
		.keep_firing_for = v[RULE_KEEP_FIRING_FOR].number,
		.span = node->span,
		.name_span = v[name].span,
		.expr_span = v[RULE_EXPR].span,
	};
	check_name(&e, v);
	rule.expr = load_expr(&e, &v[RULE_EXPR]);
	if (v[RULE_RECORD].text.len > 0) {
		check_recording(&e, v);
	}
	rule.labels =
		rule_texts_load(&e, RULE_TEXT_LABELS, &v[RULE_LABELS], alerting, &rule.label_count);
	rule.annotations = rule_texts_load(&e, RULE_TEXT_ANNOTATIONS, &v[RULE_ANNOTATIONS], alerting,
									   &rule.annotation_count);
	if (l->diags->errors != errors || rule.expr == NULL) {
		rule_finish(&rule);
		return false;
	}
	rule.expr_source = rule.expr->text;
	if (ret_view == NULL) {
		rule.query = canonical_text(l->arena, rule.expr);
		l->regex_bytes += count_regex_bytes(&rule);
	} else {
		view_fields(node, v, v[name].node, ret_view);
	}
	*ret_rule = rule;
	return true;
}

void rule_finish(const struct rule *r) {
	pql_expr_finish((struct pql_expr *)r->expr);
	rule_texts_finish(r->labels, r->label_count);
	rule_texts_finish(r->annotations, r->annotation_count);
}
