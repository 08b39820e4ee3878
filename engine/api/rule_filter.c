#include "engine/api/rule_filter.h"

#include "base/hash.h"
#include "base/rune.h"

static struct str lower(struct str text, struct arena *a) {
	struct strbuf out = STRBUF_INIT;
	rune_add_lower(&out, text);
	struct str copy = arena_dup(a, strbuf_str(&out));
	strbuf_finish(&out);
	return copy;
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

static bool parse_type(struct rule_filter *f, const struct api_query *query,
					   struct api_response *response) {
	struct str type = lower(api_query_get(query, "type"), f->arena);
	if (str_equal(type, STR("alert"))) {
		f->type = RULE_FILTER_ALERTING;
	} else if (str_equal(type, STR("record"))) {
		f->type = RULE_FILTER_RECORDING;
	} else if (type.len > 0) {
		return fail_quoting(response, "type", "not supported value %s", type);
	}
	return true;
}

/* As Go's strconv.ParseBool, in any case. */
static bool parse_exclude(struct rule_filter *f, const struct api_query *query,
						  struct api_response *response) {
	static const char *const words[] = {"1", "t", "true", "0", "f", "false", ""};
	struct str text = lower(api_query_get(query, "exclude_alerts"), f->arena);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_equal(text, str_from(words[i]))) {
			f->exclude_alerts = i < 3;
			return true;
		}
	}
	return fail_quoting(response, "exclude_alerts",
						"error converting exclude_alerts: strconv.ParseBool: parsing %s: invalid "
						"syntax",
						text);
}

/* As Go's strconv.ParseInt with 32 bits; the words of its error, or NULL. */
static const char *parse_int32(struct str text, int64_t *ret_value) {
	bool negative = text.len > 0 && text.ptr[0] == '-';
	size_t at = text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+');
	int64_t value = 0, max = negative ? INT64_C(1) << 31 : INT32_MAX;
	if (at == text.len) {
		return "invalid syntax";
	}
	for (; at < text.len; at++) {
		char c = text.ptr[at];
		if (c < '0' || c > '9') {
			return "invalid syntax";
		}
		value = value > max ? value : value * 10 + (c - '0');
	}
	*ret_value = negative ? -value : value;
	return value > max ? "value out of range" : NULL;
}

static bool parse_limit(struct rule_filter *f, struct str text, struct api_response *response) {
	int64_t value;
	const char *error = parse_int32(text, &value);
	if (error != NULL) {
		const char *what = arena_printf(f->arena,
										"group_limit needs to be a valid number: "
										"strconv.ParseInt: parsing %%s: %s",
										error);
		return fail_quoting(response, "group_limit", what, text);
	}
	if (value <= 0) {
		api_fail(response, 400, "bad_data",
				 "invalid parameter \"group_limit\": group_limit needs to be greater than 0");
		return false;
	}
	f->group_limit = (size_t)value;
	return true;
}

static bool parse_page(struct rule_filter *f, const struct api_query *query,
					   struct api_response *response) {
	struct str limit = api_query_get(query, "group_limit");
	f->token = api_query_get(query, "group_next_token");
	if (limit.len > 0) {
		return parse_limit(f, limit, response);
	}
	if (f->token.len > 0) {
		api_fail(response, 400, "bad_data",
				 "invalid parameter \"group_next_token\": group_limit needs to be present in "
				 "order to paginate over the groups");
		return false;
	}
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
	diags_init(&diags, f->arena);
	struct pql_expr *e = pql_parse_selector(text, f->arena, &diags);
	if (e == NULL) {
		struct strbuf message = STRBUF_INIT;
		pql_error_text(&message, &diags.items[0], text);
		api_fail(response, 400, "bad_data", "%s", message.ptr);
		strbuf_finish(&message);
		return false;
	}
	f->selectors[f->selector_count++] = e;
	return true;
}

/* All must parse before any is judged further. */
static bool parse_selectors(struct rule_filter *f, const struct api_query *query,
							struct api_response *response) {
	f->selectors = ARENA_ARRAY(f->arena, struct pql_expr *, query->count);
	for (size_t i = 0; i < query->count; i++) {
		if (str_equal(query->parameters[i].name, STR("match[]")) &&
			!add_selector(f, query->parameters[i].value, response)) {
			return false;
		}
	}
	for (size_t i = 0; i < f->selector_count; i++) {
		if (selects_everything(&f->selectors[i]->root->selector)) {
			api_fail(response, 400, "bad_data",
					 "match[] must contain at least one non-empty matcher");
			return false;
		}
	}
	return true;
}

static bool name_equal(const void *value, const void *key) {
	return str_equal(*(const struct str *)value, *(const struct str *)key);
}

static void read_names(struct hmap *names, const struct api_query *query, const char *parameter,
					   struct arena *a) {
	hmap_init(names, a);
	for (size_t i = 0; i < query->count; i++) {
		struct str *value = &query->parameters[i].value;
		uint64_t hash = hash_str(*value);
		if (str_equal(query->parameters[i].name, str_from(parameter)) &&
			hmap_find(names, hash, name_equal, value) == NULL) {
			hmap_add(names, hash, value);
		}
	}
}

static bool names_take(const struct hmap *names, struct str name) {
	return names->count == 0 || hmap_find(names, hash_str(name), name_equal, &name) != NULL;
}

bool rule_filter_init(struct rule_filter *f, const struct api_call *call,
					  struct api_response *response) {
	const struct api_query *query = &call->query;
	*f = (struct rule_filter){.arena = call->arena};
	if (query->error != NULL) {
		api_fail(response, 400, "bad_data", "error parsing form values: %s", query->error);
		return false;
	}
	read_names(&f->rules, query, "rule_name[]", f->arena);
	read_names(&f->groups, query, "rule_group[]", f->arena);
	read_names(&f->files, query, "file[]", f->arena);
	return parse_selectors(f, query, response) && parse_type(f, query, response) &&
		   parse_exclude(f, query, response) && parse_page(f, query, response);
}

void rule_filter_finish(struct rule_filter *f) {
	for (size_t i = 0; i < f->selector_count; i++) {
		pql_expr_finish(f->selectors[i]);
	}
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
			f->failure = regex_describe_failure(m->regex, value, f->arena);
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
		   names_take(&f->rules, rule->name);
}

bool rule_filter_takes_group(struct rule_filter *f, const struct group_state *g) {
	if (!names_take(&f->groups, g->group->name) || !names_take(&f->files, g->group->file)) {
		return false;
	}
	for (size_t i = 0; i < g->rule_count; i++) {
		if (rule_filter_takes(f, g->rules[i].rule)) {
			return true;
		}
	}
	return false;
}
