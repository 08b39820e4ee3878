/* /api/v1/rules, as Prometheus answers it. */
#include "base/digest.h"
#include "engine/api/api_private.h"
#include "engine/api/rule_filter.h"

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

static void write_evaluation(struct json_writer *w, dur_us took, ts_ms at) {
	json_key(w, "evaluationTime");
	json_number(w, (double)took / 1e6);
	api_write_time(w, "lastEvaluation", at);
}

static void write_alerting_head(struct json_writer *w, const struct rule_filter *f,
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

/* Not Prometheus': there, nobody else could. */
static void write_evaluator(struct json_writer *w, const struct group_state *g,
							const struct rule_state *r) {
	static const char *const usual[EVALUATION_MODES] = {
		[EVALUATION_AUTO] = "auto: nothing speaks for the server",
		[EVALUATION_LOCAL] = "evaluation is set to local",
		[EVALUATION_REMOTE] = "evaluation is set to remote",
	};
	enum evaluation_mode mode = r->remote ? EVALUATION_REMOTE : EVALUATION_LOCAL;
	json_key(w, "evaluation");
	json_string(w, str_from(evaluation_mode_name[mode]));
	json_key(w, "evaluationReason");
	json_string(w, str_from(r->mode_reason != NULL ? r->mode_reason : usual[g->mode]));
}

static void write_rule(struct json_writer *w, const struct rule_filter *f,
					   const struct group_state *g, const struct rule_state *r) {
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
	write_evaluator(w, g, r);
	json_key(w, "type");
	json_string(w, alerting ? STR("alerting") : STR("recording"));
	json_close_object(w);
}

/* Not Prometheus': there, a bad file keeps all others from being loaded. */
static void write_outdated(struct json_writer *w, const struct engine *e,
						   const struct rule_group *group) {
	const struct rule_set_file *file = rule_set_find_file(engine_rule_set(e), group->path);
	if (file != NULL && file->outdated != NULL) {
		json_key(w, "fileError");
		json_string(w, str_from(file->outdated));
	}
}

static void write_group(struct json_writer *w, const struct engine *e, struct rule_filter *f,
						const struct group_state *g) {
	json_open_object(w);
	json_key(w, "name");
	json_string(w, g->group->name);
	json_key(w, "file");
	json_string(w, g->group->file);
	write_outdated(w, e, g->group);
	json_key(w, "rules");
	json_open_array(w);
	for (size_t i = 0; i < g->rule_count; i++) {
		if (rule_filter_takes(f, g->rules[i].rule)) {
			write_rule(w, f, g, &g->rules[i]);
		}
	}
	json_close_array(w);
	write_seconds(w, "interval", g->interval);
	json_key(w, "limit");
	json_int(w, g->group->limit);
	write_evaluation(w, g->evaluation_time, g->last_evaluation);
	json_close_object(w);
}

static struct str group_token(const struct group_state *g, struct strbuf *token) {
	struct strbuf key = STRBUF_INIT;
	uint8_t digest[DIGEST_SHA256_BYTES];
	strbuf_printf(&key, "%.*s;%.*s", STR_FMT(g->group->file), STR_FMT(g->group->name));
	strbuf_clear(token);
	digest_sha256(strbuf_str(&key), digest);
	digest_print(token, digest, sizeof(digest));
	strbuf_finish(&key);
	return strbuf_str(token);
}

/* The group at which the page begins; the number of groups when no group has the token. */
static size_t page_start(const struct engine *e, const struct rule_filter *f) {
	struct strbuf token = STRBUF_INIT;
	size_t i = 0;
	while (f->token.len > 0 && i < engine_group_count(e) &&
		   !str_equal(group_token(engine_group(e, i), &token), f->token)) {
		i++;
	}
	strbuf_finish(&token);
	return i;
}

/* The groups of the page. The index of the first one behind it, or the number of groups when there is none. */
static size_t write_page(struct json_writer *w, const struct engine *e, struct rule_filter *f,
						 size_t start) {
	size_t written = 0;
	for (size_t i = start; i < engine_group_count(e); i++) {
		const struct group_state *g = engine_group(e, i);
		if (!rule_filter_takes_group(f, g)) {
			continue;
		}
		if (f->group_limit > 0 && written == f->group_limit) {
			return i;
		}
		write_group(w, e, f, g);
		written++;
	}
	return engine_group_count(e);
}

static void write_groups(struct json_writer *w, const struct engine *e, struct rule_filter *f,
						 size_t start) {
	json_open_object(w);
	json_key(w, "groups");
	json_open_array(w);
	size_t next = write_page(w, e, f, start);
	json_close_array(w);
	if (next < engine_group_count(e)) {
		struct strbuf token = STRBUF_INIT;
		json_key(w, "groupNextToken");
		json_string(w, group_token(engine_group(e, next), &token));
		strbuf_finish(&token);
	}
	json_close_object(w);
}

void api_rules(const struct api_call *call, struct api_response *response) {
	const struct engine *e = call->engine;
	struct rule_filter filter;
	struct json_writer w;
	if (rule_filter_init(&filter, call, response)) {
		size_t start = page_start(e, &filter);
		if (filter.token.len > 0 && start == engine_group_count(e)) {
			api_fail(response, 400, "bad_data",
					 "invalid parameter \"group_next_token\": invalid group_next_token '%.*s'. "
					 "were rule groups changed?",
					 STR_FMT(filter.token));
		} else {
			api_open_data(&w, response);
			write_groups(&w, e, &filter, start);
			api_close_data(&w);
			if (filter.failure != NULL) {
				api_fail(response, 422, "execution", "%s", filter.failure);
			}
		}
	}
	rule_filter_finish(&filter);
}
