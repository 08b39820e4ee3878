/* Rule groups over data, evaluated tick by tick: states, alerts, what is sent and what the groups' own outputs look like.
 * Everything is brought into lines of text and compared as sets of lines: order does not matter. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/gofloat.h"
#include "base/mem.h"
#include "engine/rule-tests/simulation.h"
#include "tests/conformance/answers.h"
#include "tests/conformance/load.h"

struct lines {
	char **items; /* owned */
	size_t count, capacity;
};

struct lifecycle {
	struct arena arena;
	struct rule_set *set;
	struct pql_store *store;
	struct evaluation_settings settings;
	struct simulation *simulation;
	struct pql_expr *outputs; /* the selector of everything that groups put out */
	struct lines got, wanted;
};

static void add_line(struct lines *l, struct strbuf *text) {
	l->items = mem_grow(l->items, l->count, &l->capacity, sizeof(*l->items));
	l->items[l->count++] = strbuf_take(text);
}

static void clear_lines(struct lines *l) {
	for (size_t i = 0; i < l->count; i++) {
		free(l->items[i]);
	}
	l->count = 0;
}

static int compare_lines(const void *a, const void *b) {
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* ---- the case's side ---- */

static int compare_members(const void *a, const void *b) {
	return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

/* {a="b",c=""}: empty values too, which annotations may have. */
static void print_object(struct strbuf *out, const cJSON *object) {
	size_t count = (size_t)cJSON_GetArraySize(object), i = 0;
	const cJSON **members = mem_calloc(count, sizeof(*members));
	for (const cJSON *m = object->child; m != NULL; m = m->next) {
		members[i++] = m;
	}
	qsort(members, count, sizeof(*members), compare_members);
	strbuf_add_char(out, '{');
	for (i = 0; i < count; i++) {
		strbuf_printf(out, "%s%s=", i > 0 ? "," : "", members[i]->string);
		strbuf_add_quoted(out, str_from(members[i]->valuestring));
	}
	strbuf_add_char(out, '}');
	free(members);
}

static void print_labels(struct strbuf *out, struct labels l) {
	strbuf_add_char(out, '{');
	for (size_t i = 0; i < l.count; i++) {
		strbuf_printf(out, "%s%.*s=", i > 0 ? "," : "", STR_FMT(l.items[i].name));
		strbuf_add_quoted(out, l.items[i].value);
	}
	strbuf_add_char(out, '}');
}

static void print_time(struct strbuf *out, const char *name, ts_ms t) {
	if (t != TS_NONE) {
		strbuf_printf(out, " %s %" PRId64, name, t);
	}
}

static void print_member_time(struct strbuf *out, const cJSON *item, const char *name) {
	const cJSON *number = cJSON_GetObjectItemCaseSensitive(item, name);
	if (cJSON_IsNumber(number)) {
		print_time(out, name, (ts_ms)llround(number->valuedouble));
	}
}

static void print_number(struct strbuf *out, struct str text) {
	double v = 0;
	gofloat_parse(text, &v, NULL);
	gofloat_print(out, v, 'g');
}

static const char *const alert_times[] = {"activeAt", "firedAt", "keepFiringSince", "resolvedAt"};

static void want_alert(struct lines *lines, const cJSON *rule, const cJSON *alert) {
	struct strbuf out = STRBUF_INIT;
	struct str name = answers_string(rule, "name"), state = answers_string(alert, "state");
	strbuf_printf(&out, "alert of %.*s %.*s ", STR_FMT(name), STR_FMT(state));
	print_object(&out, cJSON_GetObjectItem(alert, "labels"));
	print_object(&out, cJSON_GetObjectItem(alert, "annotations"));
	strbuf_add_char(&out, ' ');
	print_number(&out, answers_string(alert, "value"));
	for (size_t i = 0; i < 4; i++) {
		print_member_time(&out, alert, alert_times[i]);
	}
	add_line(lines, &out);
}

static void want_rule(struct lines *lines, const cJSON *rule) {
	struct strbuf out = STRBUF_INIT;
	struct str group = answers_string(rule, "group"), name = answers_string(rule, "name");
	struct str health = answers_string(rule, "health"), state = answers_string(rule, "state");
	struct str error = answers_string(rule, "lastError");
	strbuf_printf(&out, "rule %.*s of %.*s: %.*s %.*s %.*s", STR_FMT(name), STR_FMT(group),
				  STR_FMT(health), STR_FMT(state), STR_FMT(error));
	add_line(lines, &out);
	const cJSON *alert;
	cJSON_ArrayForEach(alert, cJSON_GetObjectItem(rule, "alerts")) {
		want_alert(lines, rule, alert);
	}
}

static void want_sent(struct lines *lines, const cJSON *sent) {
	struct strbuf out = STRBUF_INIT;
	struct str url = answers_string(sent, "generatorURL");
	strbuf_add_c(&out, "sent ");
	print_object(&out, cJSON_GetObjectItem(sent, "labels"));
	print_object(&out, cJSON_GetObjectItem(sent, "annotations"));
	print_member_time(&out, sent, "startsAt");
	print_member_time(&out, sent, "endsAt");
	strbuf_printf(&out, " %.*s", STR_FMT(url));
	add_line(lines, &out);
}

static void want_series(struct lines *lines, const cJSON *series) {
	struct strbuf out = STRBUF_INIT;
	strbuf_add_c(&out, "series ");
	print_object(&out, cJSON_GetObjectItem(series, "metric"));
	strbuf_add_char(&out, ' ');
	print_number(&out, answers_string(series, "value"));
	add_line(lines, &out);
}

static void want_tick(struct lines *lines, const cJSON *tick) {
	const cJSON *item;
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(tick, "due")) {
		struct strbuf out = STRBUF_INIT;
		strbuf_printf(&out, "due %s", item->valuestring);
		add_line(lines, &out);
	}
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(tick, "rules")) {
		want_rule(lines, item);
	}
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(tick, "sent")) {
		want_sent(lines, item);
	}
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(tick, "series")) {
		want_series(lines, item);
	}
}

/* ---- our side ---- */

static void note_alert(struct lines *lines, const struct rule *rule, const struct alert *a) {
	const ts_ms times[] = {a->active_at, a->fired_at, a->keep_firing_since, a->resolved_at};
	struct strbuf out = STRBUF_INIT;
	strbuf_printf(&out, "alert of %.*s %s ", STR_FMT(rule->name), alert_state_name[a->state]);
	print_labels(&out, a->labels);
	print_labels(&out, a->annotations);
	strbuf_add_char(&out, ' ');
	gofloat_print(&out, a->value, 'g');
	for (size_t i = 0; i < 4; i++) {
		print_time(&out, alert_times[i], times[i]);
	}
	add_line(lines, &out);
}

static void note_rule(struct lines *lines, const struct group_state *g,
					  const struct rule_state *r) {
	struct strbuf out = STRBUF_INIT;
	bool alerting = r->rule->kind == RULE_ALERTING;
	strbuf_printf(&out, "rule %.*s of %.*s: %s %s %s", STR_FMT(r->rule->name),
				  STR_FMT(g->group->name), rule_health_name[r->health],
				  alerting ? alert_state_name[r->alerting.state] : "",
				  r->last_error == NULL ? "" : r->last_error);
	add_line(lines, &out);
	for (size_t i = 0; i < r->alerting.count; i++) {
		note_alert(lines, r->rule, r->alerting.alerts[i]);
	}
}

static void note_sent(struct lines *lines, const struct notice *n) {
	struct strbuf out = STRBUF_INIT;
	strbuf_add_c(&out, "sent ");
	print_labels(&out, n->labels);
	print_labels(&out, n->annotations);
	print_time(&out, "startsAt", n->starts_at);
	print_time(&out, "endsAt", n->ends_at);
	strbuf_printf(&out, " %.*s", STR_FMT(n->generator_url));
	add_line(lines, &out);
}

static void note_group(const struct group_state *g, const struct evaluation_result *result,
					   ts_ms ts, void *data) {
	struct lifecycle *l = data;
	struct strbuf out = STRBUF_INIT;
	(void)ts;
	strbuf_printf(&out, "due %.*s", STR_FMT(g->group->name));
	add_line(&l->got, &out);
	for (size_t i = 0; i < result->notices.count; i++) {
		note_sent(&l->got, &result->notices.items[i]);
	}
}

static void note_series(struct lifecycle *l, ts_ms t) {
	struct arena a;
	struct pql_series_set none = {.form = PQL_SERIES_LOOKED_UP}, set;
	struct pql_need *needs;
	struct pql_time_options options = {.lookback = 300000, .default_subquery_step = 60000};
	arena_init(&a);
	pql_needs(l->outputs, (struct pql_grid){t, t, 1}, &options, &a, &needs);
	BUG_ON(outputs_join(simulation_outputs(l->simulation), &needs[0], options.lookback, none, &a,
						&set) != NULL);
	for (size_t i = 0; i < set.count; i++) {
		struct strbuf out = STRBUF_INIT;
		strbuf_add_c(&out, "series ");
		print_labels(&out, set.items[i].labels);
		strbuf_add_char(&out, ' ');
		gofloat_print(&out, set.items[i].values[0], 'g');
		add_line(&l->got, &out);
	}
	arena_finish(&a);
}

static bool is_due(const cJSON *tick, struct str group) {
	const cJSON *item;
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(tick, "due")) {
		if (str_equal(str_from(item->valuestring), group)) {
			return true;
		}
	}
	return false;
}

/* Rules are listed for the groups that were due. */
static void note_rules(struct lifecycle *l, const cJSON *tick) {
	for (size_t i = 0; i < simulation_group_count(l->simulation); i++) {
		const struct group_state *g = simulation_group(l->simulation, i);
		for (size_t j = 0; is_due(tick, g->group->name) && j < g->rule_count; j++) {
			note_rule(&l->got, g, &g->rules[j]);
		}
	}
}

/* ---- a case ---- */

static struct labels external_labels(struct lifecycle *l, const cJSON *item) {
	struct labels_builder b;
	const cJSON *label;
	labels_builder_init(&b, &l->arena);
	cJSON_ArrayForEach(label, cJSON_GetObjectItem(item, "external")) {
		labels_builder_set(&b, str_from(label->string), str_from(label->valuestring));
	}
	return labels_builder_take(&b);
}

/* A server that has not restored its alerts' `for` yet puts out no ALERTS; whether the case is of such
 * a one is seen from its series. */
static bool has_alert_series(const cJSON *item) {
	const cJSON *tick, *series;
	cJSON_ArrayForEach(tick, cJSON_GetObjectItem(item, "ticks")) {
		cJSON_ArrayForEach(series, cJSON_GetObjectItem(tick, "series")) {
			struct str name = answers_string(cJSON_GetObjectItem(series, "metric"), "__name__");
			if (str_starts_with(name, STR("ALERTS"))) {
				return true;
			}
		}
	}
	return false;
}

static bool begin_case(struct lifecycle *l, const cJSON *item, struct strbuf *difference) {
	struct diags diags;
	dur_ms interval = (dur_ms)cJSON_GetObjectItem(item, "interval")->valuedouble;
	*l = (struct lifecycle){0};
	arena_init(&l->arena);
	diags_init(&diags, &l->arena);
	l->set = rule_set_create();
	l->store = pql_store_create();
	l->outputs = pql_parse_selector(STR("{__name__=~\"rec:.*|ALERTS|ALERTS_FOR_STATE\"}"),
									&l->arena, &diags);
	/* As Prometheus does it, where the engine would do better. */
	l->settings = (struct evaluation_settings){
		.alerting = {.resend_delay = 60000,
					 .resolved_retention = 900000,
					 .external_labels = external_labels(l, item),
					 .external_url = answers_string(item, "url"),
					 .max_alerts = 100000,
					 .limit_forgets = true},
		.lookback = 300000,
		.default_subquery_step = 60000,
		.no_alert_series = !has_alert_series(item),
		.keep_alive = false,
	};
	if (!rule_set_add_file(l->set, STR("rules.yml"), answers_string(item, "rules"), &diags)) {
		strbuf_add_c(difference, diags.items[0].message);
		return false;
	}
	l->simulation = simulation_create(
		l->set, l->store, &l->settings,
		&(struct simulation_options){.default_interval = interval, .form = PQL_SERIES_LOOKED_UP});
	return load_blocks(answers_string(item, "load"), 0, l->store, difference);
}

static void end_case(struct lifecycle *l) {
	simulation_destroy(l->simulation);
	rule_set_destroy(l->set);
	pql_store_destroy(l->store);
	pql_expr_finish(l->outputs);
	clear_lines(&l->got);
	clear_lines(&l->wanted);
	free(l->got.items);
	free(l->wanted.items);
	arena_finish(&l->arena);
}

/* The first line that only one side has. */
static bool compare_tick(struct lifecycle *l, ts_ms t, struct strbuf *difference) {
	struct lines *got = &l->got, *wanted = &l->wanted;
	qsort(got->items, got->count, sizeof(char *), compare_lines);
	qsort(wanted->items, wanted->count, sizeof(char *), compare_lines);
	for (size_t i = 0; i < got->count || i < wanted->count; i++) {
		const char *ours = i < got->count ? got->items[i] : "(nothing more)";
		const char *theirs = i < wanted->count ? wanted->items[i] : "(nothing more)";
		if (strcmp(ours, theirs) != 0) {
			strbuf_printf(difference, "at %" PRId64 ": %s\n    instead of %s", t, ours, theirs);
			return false;
		}
	}
	return true;
}

static bool check_lifecycle(struct answers_run *run, const cJSON *item, struct strbuf *difference) {
	struct lifecycle l;
	const cJSON *tick;
	bool ok = begin_case(&l, item, difference);
	(void)run;
	cJSON_ArrayForEach(tick, cJSON_GetObjectItem(item, "ticks")) {
		if (!ok) {
			break;
		}
		ts_ms t = (ts_ms)llround(cJSON_GetObjectItem(tick, "t")->valuedouble);
		clear_lines(&l.got);
		clear_lines(&l.wanted);
		simulation_step(l.simulation, t, note_group, &l);
		note_rules(&l, tick);
		note_series(&l, t);
		want_tick(&l.wanted, tick);
		ok = compare_tick(&l, t, difference);
	}
	end_case(&l);
	return ok;
}

const struct answers_kind answers_lifecycle = {"lifecycle", check_lifecycle};
