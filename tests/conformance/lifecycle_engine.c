/* A suite's rules in a whole engine: slots of its own schedule, fetches answered as JSON, outboxes, and polls of its HTTP API. */
#include "tests/conformance/lifecycle.h"

#include "engine/api/api.h"
#include "promql-lite/print.h"
#include "tests/conformance/load.h"
#include "tests/unit/driver.h"

#define SEEN_MAX 16

static const char configuration[] =
	"external_url: http://prometheus:9090\n"
	"alertmanagers: ['http://alertmanager:9093']\n";

static void answer_post(struct driver *d, const struct exchange *x, struct judge *j) {
	struct exchange_answer answer = {.status = 200, .took = 3000};
	cJSON *alerts = cJSON_ParseWithLength(x->body.ptr, x->body.len);
	const cJSON *alert;
	cJSON_ArrayForEach(alert, alerts) {
		judge_post(j, alert, d->now);
	}
	cJSON_Delete(alerts);
	engine_answer(d->engine, x->id, &answer, d->now);
}

static void carry_out(struct driver *d, struct judge *j) {
	struct exchange x;
	while (engine_next_exchange(d->engine, d->now, &x)) {
		if (x.peer == EXCHANGE_PROMETHEUS) {
			answer_prometheus(d, &x);
		} else {
			answer_post(d, &x, j);
		}
	}
}

static void go_on(struct driver *d, struct judge *j, ts_ms to) {
	carry_out(d, j);
	for (;;) {
		ts_ms at = engine_wake_at(d->engine, d->now);
		if (at == TS_NONE || at > to) {
			break;
		}
		d->now = at > d->now ? at : d->now;
		engine_wake(d->engine, d->now);
		carry_out(d, j);
	}
	d->now = to;
}

/* ---- polls ---- */

static cJSON *poll(struct driver *d, struct judge *j, const char *path) {
	struct api_request request = {.method = "GET", .path = path, .now = d->now};
	struct api_response response = {0};
	strbuf_init(&response.body);
	api_handle(d->engine, &request, &response);
	cJSON *answer = cJSON_ParseWithLength(response.body.ptr, response.body.len);
	const char *status = cJSON_GetStringValue(cJSON_GetObjectItem(answer, "status"));
	if (response.status != 200 || status == NULL || strcmp(status, "success") != 0) {
		judge_complain(j, "%s: status %d", path, response.status);
	}
	strbuf_finish(&response.body);
	return answer;
}

static struct str string_of(const cJSON *object, const char *name) {
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
	return str_from(text == NULL ? "" : text);
}

static struct labels labels_of(const cJSON *object, const char *name, struct arena *a) {
	struct labels_builder b;
	const cJSON *member;
	labels_builder_init(&b, a);
	cJSON_ArrayForEach(member, cJSON_GetObjectItemCaseSensitive(object, name)) {
		labels_builder_set(&b, str_from(member->string), str_from(cJSON_GetStringValue(member)));
	}
	return labels_builder_take(&b);
}

static enum alert_state state_of(struct str name) {
	for (size_t i = 0; i < 4; i++) {
		if (str_equal(name, str_from(alert_state_name[i]))) {
			return (enum alert_state)i;
		}
	}
	return ALERT_UNKNOWN;
}

/* Appends those of the group; gives the highest state. */
static enum alert_state read_alerts(const cJSON *alerts, struct str group, struct arena *a,
									struct judge_seen *seen, size_t *count) {
	enum alert_state highest = ALERT_INACTIVE;
	const cJSON *alert;
	cJSON_ArrayForEach(alert, alerts) {
		struct labels labels = labels_of(alert, "labels", a);
		if (!str_equal(labels_get(labels, STR("rulegroup")), group) || *count == SEEN_MAX) {
			continue;
		}
		struct judge_seen *s = &seen[(*count)++];
		*s = (struct judge_seen){.labels = labels,
								 .annotations = labels_of(alert, "annotations", a),
								 .state = state_of(string_of(alert, "state"))};
		gofloat_parse(string_of(alert, "value"), &s->value, NULL);
		timestamp_parse(string_of(alert, "activeAt"), &s->active_at);
		highest = s->state > highest ? s->state : highest;
	}
	return highest;
}

static bool texts_agree(const struct rule_text *texts, size_t count, struct labels l) {
	bool good = l.count == count;
	for (size_t i = 0; i < count && good; i++) {
		good = str_equal(labels_get(l, texts[i].name), texts[i].source);
	}
	return good;
}

/* However the expression is laid out, it means the rule's. */
static bool query_agrees(const struct rule *rule, struct str query, struct arena *a) {
	struct diags diags;
	struct strbuf text = STRBUF_INIT;
	diags_init(&diags, a);
	struct pql_expr *e = pql_parse(query, &pql_syntax_all, a, &diags);
	if (e == NULL) {
		return false;
	}
	pql_print(&text, e->root);
	bool good = str_equal(strbuf_str(&text), rule->query);
	strbuf_finish(&text);
	pql_expr_finish(e);
	return good;
}

static void check_rule(struct judge *j, const struct rule *rule, const cJSON *item,
					   enum alert_state state, struct arena *a) {
	bool good =
		str_equal(string_of(item, "name"), rule->name) &&
		str_equal(string_of(item, "type"), STR("alerting")) &&
		str_equal(string_of(item, "health"), STR("ok")) &&
		!cJSON_HasObjectItem(item, "lastError") && state_of(string_of(item, "state")) == state &&
		cJSON_GetNumberValue(cJSON_GetObjectItem(item, "duration")) * 1000 == (double)rule->hold &&
		texts_agree(rule->labels, rule->label_count, labels_of(item, "labels", a)) &&
		texts_agree(rule->annotations, rule->annotation_count, labels_of(item, "annotations", a)) &&
		query_agrees(rule, string_of(item, "query"), a);
	if (!good) {
		char *text = cJSON_PrintUnformatted(item);
		judge_complain(j, "rule %.*s of the API: %s", STR_FMT(rule->name), text);
		cJSON_free(text);
	}
}

static void check_group(struct driver *d, struct judge *j, const cJSON *item,
						const struct rule_group *group, struct arena *a) {
	const cJSON *rules = cJSON_GetObjectItem(item, "rules");
	struct judge_seen seen[SEEN_MAX];
	size_t count = 0;
	bool good = str_equal(string_of(item, "name"), group->name) &&
				cJSON_GetNumberValue(cJSON_GetObjectItem(item, "interval")) == 30 &&
				cJSON_GetArraySize(rules) == (int)group->rule_count;
	for (size_t i = 0; i < group->rule_count && good; i++) {
		const cJSON *rule = cJSON_GetArrayItem(rules, (int)i);
		enum alert_state state =
			read_alerts(cJSON_GetObjectItem(rule, "alerts"), group->name, a, seen, &count);
		check_rule(j, &group->rules[i], rule, state, a);
	}
	if (!good) {
		judge_complain(j, "group %.*s of the API", STR_FMT(group->name));
	}
	judge_poll(j, "/api/v1/rules", group->name, seen, count, d->now, d->now + SUITE_INTERVAL);
}

static const cJSON *data_of(const cJSON *answer, const char *name) {
	return cJSON_GetObjectItem(cJSON_GetObjectItem(answer, "data"), name);
}

/* The groups of the API are sorted by file and name. */
static void poll_all(struct driver *d, struct judge *j) {
	struct arena a;
	arena_init(&a);
	cJSON *rules = poll(d, j, "/api/v1/rules"), *alerts = poll(d, j, "/api/v1/alerts");
	for (size_t i = 0; i < engine_group_count(d->engine); i++) {
		const struct rule_group *group = engine_group(d->engine, i)->group;
		const cJSON *item = cJSON_GetArrayItem(data_of(rules, "groups"), (int)i);
		struct judge_seen seen[SEEN_MAX];
		size_t count = 0;
		check_group(d, j, item, group, &a);
		read_alerts(data_of(alerts, "alerts"), group->name, &a, seen, &count);
		judge_poll(j, "/api/v1/alerts", group->name, seen, count, d->now, d->now + SUITE_INTERVAL);
	}
	cJSON_Delete(rules);
	cJSON_Delete(alerts);
	arena_finish(&a);
}

void suite_run_engine(struct suite *s, dur_ms phase, struct judge *j) {
	struct driver d;
	struct strbuf error = STRBUF_INIT;
	struct str rules = arena_dup(&s->arena, suite_read(s, "rules.yml"));
	set_up_at(&d, rules.ptr, configuration, SUITE_GRID - 1);
	if (!load_blocks(s->data, SUITE_GRID - phase, d.store, &error)) {
		judge_complain(j, "%s", error.ptr);
	}
	for (ts_ms ts = SUITE_GRID; ts < j->begin + SUITE_LENGTH; ts += SUITE_INTERVAL) {
		go_on(&d, j, ts);
		poll_all(&d, j);
	}
	judge_end(j);
	strbuf_finish(&error);
	tear_down(&d);
}
