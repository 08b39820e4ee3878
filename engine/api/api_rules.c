/* /api/v1/rules, as Prometheus answers it. */
#include "engine/api/api_private.h"

enum wanted { WANT_ALL, WANT_ALERTING, WANT_RECORDING };

struct filter {
	const struct api_request *request;
	enum wanted type;
	bool exclude_alerts;
};

static bool equal_fold(struct str a, const char *b) {
	struct str other = str_from(b);
	if (a.len != other.len) {
		return false;
	}
	for (size_t i = 0; i < a.len; i++) {
		char c = a.ptr[i];
		if ((c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c) != b[i]) {
			return false;
		}
	}
	return true;
}

static bool parse_bool(struct str text, bool *ret_value) {
	static const char *const words[] = {"1", "t", "true", "0", "f", "false"};
	for (size_t i = 0; i < 6; i++) {
		if (equal_fold(text, words[i])) {
			*ret_value = i < 3;
			return true;
		}
	}
	return false;
}

/* false: the response holds the error. */
static bool parse_filter(const struct api_request *request, struct api_response *response,
						 struct filter *ret_filter) {
	const struct str *type = api_parameter(request, "type");
	const struct str *exclude = api_parameter(request, "exclude_alerts");
	*ret_filter = (struct filter){.request = request};
	if (type != NULL && type->len > 0) {
		if (equal_fold(*type, "alert")) {
			ret_filter->type = WANT_ALERTING;
		} else if (equal_fold(*type, "record")) {
			ret_filter->type = WANT_RECORDING;
		} else {
			struct strbuf quoted = STRBUF_INIT;
			strbuf_add_quoted(&quoted, *type);
			api_fail(response, 400, "bad_data",
					 "invalid parameter \"type\": not supported value %s", quoted.ptr);
			strbuf_finish(&quoted);
			return false;
		}
	}
	if (exclude != NULL && exclude->len > 0 && !parse_bool(*exclude, &ret_filter->exclude_alerts)) {
		struct strbuf quoted = STRBUF_INIT;
		strbuf_add_quoted(&quoted, *exclude);
		api_fail(response, 400, "bad_data",
				 "invalid parameter \"exclude_alerts\": error converting exclude_alerts: "
				 "strconv.ParseBool: parsing %s: invalid syntax",
				 quoted.ptr);
		strbuf_finish(&quoted);
		return false;
	}
	return true;
}

/* Whether the value is among the parameters of that name; true when there are none. */
static bool is_listed(const struct filter *f, const char *name, struct str value) {
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

static bool rule_is_wanted(const struct filter *f, const struct rule *rule) {
	bool alerting = rule->kind == RULE_ALERTING;
	if (f->type != WANT_ALL && (f->type == WANT_ALERTING) != alerting) {
		return false;
	}
	return is_listed(f, "rule_name[]", rule->name);
}

static void write_seconds(struct json_writer *w, const char *key, dur_ms d) {
	json_key(w, key);
	json_number(w, (double)d / 1000);
}

static void write_texts(struct json_writer *w, const char *key, const struct rule_text *texts,
						size_t count) {
	json_key(w, key);
	json_open_object(w);
	for (size_t i = 0; i < count; i++) {
		json_key_str(w, texts[i].name);
		json_string(w, texts[i].source);
	}
	json_close_object(w);
}

static void write_evaluation(struct json_writer *w, dur_ms took, ts_ms at) {
	struct strbuf text = STRBUF_INIT;
	write_seconds(w, "evaluationTime", took);
	timestamp_print_rfc3339(&text, at);
	json_key(w, "lastEvaluation");
	json_string(w, strbuf_str(&text));
	strbuf_finish(&text);
}

static void write_alerting_head(struct json_writer *w, const struct filter *f,
								const struct rule_state *r) {
	const struct rule *rule = r->rule;
	json_key(w, "state");
	json_string(w, str_from(alert_state_name[r->alerting.state]));
	json_key(w, "name");
	json_string(w, rule->name);
	json_key(w, "query");
	json_string(w, rule->query);
	write_seconds(w, "duration", rule->hold);
	write_seconds(w, "keepFiringFor", rule->keep_firing_for);
	write_texts(w, "labels", rule->labels, rule->label_count);
	write_texts(w, "annotations", rule->annotations, rule->annotation_count);
	json_key(w, "alerts");
	if (f->exclude_alerts) {
		json_null(w);
		return;
	}
	json_open_array(w);
	api_write_alerts(w, &r->alerting);
	json_close_array(w);
}

static void write_recording_head(struct json_writer *w, const struct rule *rule) {
	json_key(w, "name");
	json_string(w, rule->name);
	json_key(w, "query");
	json_string(w, rule->query);
	write_texts(w, "labels", rule->labels, rule->label_count);
}

static void write_rule(struct json_writer *w, const struct filter *f, const struct rule_state *r) {
	bool alerting = r->rule->kind == RULE_ALERTING;
	json_open_object(w);
	if (alerting) {
		write_alerting_head(w, f, r);
	} else {
		write_recording_head(w, r->rule);
	}
	json_key(w, "health");
	json_string(w, str_from(rule_health_name[r->health]));
	if (r->last_error != NULL) {
		json_key(w, "lastError");
		json_string(w, str_from(r->last_error));
	}
	write_evaluation(w, r->evaluation_time, r->last_evaluation);
	json_key(w, "type");
	json_string(w, alerting ? STR("alerting") : STR("recording"));
	json_close_object(w);
}

/* A group of which the filter leaves nothing is left out. */
static bool group_is_wanted(const struct filter *f, const struct group_state *g) {
	if (!is_listed(f, "rule_group[]", g->group->name) || !is_listed(f, "file[]", g->group->file)) {
		return false;
	}
	for (size_t i = 0; i < g->rule_count; i++) {
		if (rule_is_wanted(f, g->rules[i].rule)) {
			return true;
		}
	}
	return false;
}

static void write_group(struct json_writer *w, const struct filter *f,
						const struct group_state *g) {
	json_open_object(w);
	json_key(w, "name");
	json_string(w, g->group->name);
	json_key(w, "file");
	json_string(w, g->group->file);
	json_key(w, "rules");
	json_open_array(w);
	for (size_t i = 0; i < g->rule_count; i++) {
		if (rule_is_wanted(f, g->rules[i].rule)) {
			write_rule(w, f, &g->rules[i]);
		}
	}
	json_close_array(w);
	write_seconds(w, "interval", g->interval);
	json_key(w, "limit");
	json_int(w, g->group->limit);
	write_evaluation(w, g->evaluation_time, g->last_evaluation);
	json_close_object(w);
}

void api_rules(struct engine *e, const struct api_request *request, struct api_response *response) {
	struct filter filter;
	struct json_writer w;
	if (!parse_filter(request, response, &filter)) {
		return;
	}
	api_open_data(&w, response);
	json_open_object(&w);
	json_key(&w, "groups");
	json_open_array(&w);
	for (size_t i = 0; i < engine_group_count(e); i++) {
		if (group_is_wanted(&filter, engine_group(e, i))) {
			write_group(&w, &filter, engine_group(e, i));
		}
	}
	json_close_array(&w);
	json_close_object(&w);
	api_close_data(&w);
}
