#include "engine/api/rule_filter.h"

#include <inttypes.h>

/* Whether the text, in lower case, is the word. */
static bool equal_fold(struct str text, const char *word) {
	struct str other = str_from(word);
	if (text.len != other.len) {
		return false;
	}
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if ((c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c) != word[i]) {
			return false;
		}
	}
	return true;
}

/* `what` holds one %s for the quoted value. */
static bool fail_quoting(struct api_response *response, const char *parameter, const char *what,
						 struct str value) {
	struct strbuf quoted = STRBUF_INIT, text = STRBUF_INIT;
	strbuf_add_quoted(&quoted, value);
	strbuf_printf(&text, what, quoted.ptr);
	api_fail(response, 400, "bad_data", "invalid parameter \"%s\": %s", parameter, text.ptr);
	strbuf_finish(&text);
	strbuf_finish(&quoted);
	return false;
}

static bool parse_type(struct rule_filter *f, struct api_response *response) {
	const struct str *type = api_parameter(f->request, "type");
	if (type == NULL || type->len == 0) {
		return true;
	}
	if (equal_fold(*type, "alert")) {
		f->type = RULE_FILTER_ALERTING;
	} else if (equal_fold(*type, "record")) {
		f->type = RULE_FILTER_RECORDING;
	} else {
		return fail_quoting(response, "type", "not supported value %s", *type);
	}
	return true;
}

/* As Go's strconv.ParseBool, in any case. */
static bool parse_exclude(struct rule_filter *f, struct api_response *response) {
	static const char *const words[] = {"1", "t", "true", "0", "f", "false"};
	const struct str *text = api_parameter(f->request, "exclude_alerts");
	if (text == NULL || text->len == 0) {
		return true;
	}
	for (size_t i = 0; i < 6; i++) {
		if (equal_fold(*text, words[i])) {
			f->exclude_alerts = i < 3;
			return true;
		}
	}
	return fail_quoting(response, "exclude_alerts",
						"error converting exclude_alerts: strconv.ParseBool: parsing %s: invalid "
						"syntax",
						*text);
}

/* A whole number of 32 bits with a sign. */
static bool parse_int32(struct str text, int64_t *ret_value) {
	bool negative = text.len > 0 && text.ptr[0] == '-';
	size_t at = text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+');
	int64_t value = 0;
	if (at == text.len) {
		return false;
	}
	for (; at < text.len; at++) {
		char c = text.ptr[at];
		if (c < '0' || c > '9' || value > INT32_MAX) {
			return false;
		}
		value = value * 10 + (c - '0');
	}
	*ret_value = negative ? -value : value;
	return value <= INT32_MAX;
}

static bool parse_page(struct rule_filter *f, struct api_response *response) {
	const struct str *limit = api_parameter(f->request, "group_limit");
	const struct str *token = api_parameter(f->request, "group_next_token");
	int64_t value;
	f->token = token == NULL ? STR_EMPTY : *token;
	if (limit == NULL || limit->len == 0) {
		if (f->token.len == 0) {
			return true;
		}
		api_fail(response, 400, "bad_data",
				 "invalid parameter \"group_next_token\": group_limit needs to be present in "
				 "order to paginate over the groups");
		return false;
	}
	if (!parse_int32(*limit, &value)) {
		return fail_quoting(response, "group_limit",
							"group_limit needs to be a valid number: strconv.ParseInt: parsing "
							"%s: invalid syntax",
							*limit);
	}
	if (value <= 0) {
		api_fail(response, 400, "bad_data",
				 "invalid parameter \"group_limit\": group_limit needs to be greater than 0");
		return false;
	}
	f->group_limit = (size_t)value;
	return true;
}

static bool selects_everything(const struct pql_selector *s) {
	for (size_t i = 0; i < s->matcher_count; i++) {
		if (!s->matchers[i].matches_empty) {
			return false;
		}
	}
	return true;
}

static bool add_selector(struct rule_filter *f, struct str text, struct api_response *response) {
	struct diags diags;
	diags_init(&diags, &f->arena);
	struct pql_expr *e = pql_parse_selector(text, &f->arena, &diags);
	if (e == NULL) {
		struct strbuf message = STRBUF_INIT;
		pql_error_text(&message, &diags.items[0], text);
		api_fail(response, 400, "bad_data", "%s", message.ptr);
		strbuf_finish(&message);
		return false;
	}
	f->selectors[f->selector_count++] = e;
	if (selects_everything(&e->root->selector)) {
		api_fail(response, 400, "bad_data", "match[] must contain at least one non-empty matcher");
		return false;
	}
	return true;
}

static bool parse_selectors(struct rule_filter *f, struct api_response *response) {
	const struct api_request *r = f->request;
	f->selectors = ARENA_ARRAY(&f->arena, struct pql_expr *, r->parameter_count);
	for (size_t i = 0; i < r->parameter_count; i++) {
		if (str_equal(r->parameters[i].name, STR("match[]")) &&
			!add_selector(f, r->parameters[i].value, response)) {
			return false;
		}
	}
	return true;
}

bool rule_filter_init(struct rule_filter *f, const struct api_request *request,
					  struct api_response *response) {
	*f = (struct rule_filter){.request = request};
	arena_init(&f->arena);
	return parse_selectors(f, response) && parse_type(f, response) && parse_exclude(f, response) &&
		   parse_page(f, response);
}

void rule_filter_finish(struct rule_filter *f) {
	for (size_t i = 0; i < f->selector_count; i++) {
		pql_expr_finish(f->selectors[i]);
	}
	arena_finish(&f->arena);
}

/* Whether the value is among the parameters of that name; true when there are none. */
static bool is_listed(const struct rule_filter *f, const char *name, struct str value) {
	bool any = false;
	for (size_t i = 0; i < f->request->parameter_count; i++) {
		const struct api_parameter *p = &f->request->parameters[i];
		if (str_equal(p->name, str_from(name))) {
			any = true;
			if (str_equal(p->value, value)) {
				return true;
			}
		}
	}
	return !any;
}

static struct str rule_label(const struct rule *rule, struct str name) {
	for (size_t i = 0; i < rule->label_count; i++) {
		if (str_equal(rule->labels[i].name, name)) {
			return rule->labels[i].source;
		}
	}
	return STR_EMPTY;
}

/* The labels as configured: templates are not expanded. */
static bool selector_takes(struct rule_filter *f, const struct pql_selector *s,
						   const struct rule *rule) {
	bool matches = true;
	for (size_t i = 0; i < s->matcher_count && matches; i++) {
		const struct matcher *m = &s->matchers[i];
		struct str value = rule_label(rule, m->name);
		if (!matcher_matches(m, value, &matches)) {
			f->failure = regex_describe_failure(m->regex, value, &f->arena);
			return false;
		}
	}
	return matches;
}

bool rule_filter_takes(struct rule_filter *f, const struct rule *rule) {
	bool alerting = rule->kind == RULE_ALERTING;
	bool selected = f->selector_count == 0;
	for (size_t i = 0; i < f->selector_count && !selected && f->failure == NULL; i++) {
		selected = selector_takes(f, &f->selectors[i]->root->selector, rule);
	}
	return selected &&
		   (f->type == RULE_FILTER_ALL || (f->type == RULE_FILTER_ALERTING) == alerting) &&
		   is_listed(f, "rule_name[]", rule->name);
}

bool rule_filter_takes_group(struct rule_filter *f, const struct group_state *g) {
	if (!is_listed(f, "rule_group[]", g->group->name) || !is_listed(f, "file[]", g->group->file)) {
		return false;
	}
	for (size_t i = 0; i < g->rule_count; i++) {
		if (rule_filter_takes(f, g->rules[i].rule)) {
			return true;
		}
	}
	return false;
}
