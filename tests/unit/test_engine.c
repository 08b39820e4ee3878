/* A whole engine with invented time. Prometheus is a store behind the query API's JSON, Alertmanager keeps what it is told. */
#include "tests/unit/check.h"

#include <cjson/cJSON.h>

#include "base/gofloat.h"
#include "base/json.h"
#include "engine/engine.h"
#include "engine/rule_set.h"
#include "engine/view.h"
#include "promql-lite/eval.h"
#include "promql-lite/series_notation.h"
#include "promql-lite/store.h"

enum mode {
	UP,
	REFUSED, /* connection refused */
	BROKEN,  /* an HTML page with status 200 */
	ERRORS,  /* 503 */
	SILENT,  /* the answer has not come yet */
	PICKY,   /* Alertmanager: 400 for a batch with label bad="yes" in it */
	CUT,     /* half an answer */
};

struct alertmanager {
	enum mode mode;
	struct strbuf log; /* "firing A{…} startsAt endsAt" */
	size_t requests, peak_batch;
};

struct driver {
	struct arena arena;
	struct config config;
	struct engine *engine;
	struct pql_store *store;
	enum mode prometheus;
	const char *broken_query; /* only this one fails; NULL: all, as the mode says */
	struct alertmanager managers[2];
	ts_ms now;
	struct exchange waiting[64]; /* SILENT */
	size_t waiting_count, under_way, peak_under_way;
	struct strbuf queries; /* of the last advance, decoded */
	struct strbuf events;  /* info and worse */
};

static void note_event(const struct engine_event *event, void *data) {
	struct driver *d = data;
	if (event->level >= ENGINE_INFO) {
		strbuf_printf(&d->events, "%s\n", event->message);
	}
}

static struct rule_set *make_set(const char *rules) {
	struct rule_set *set = rule_set_create();
	struct diags diags;
	diags_init(&diags, &set->arena);
	if (!rule_set_add_file(set, STR("r.yml"), str_from(rules), &diags)) {
		fail_msg("%s", diags.items[0].message);
	}
	return set;
}

static void load(struct driver *d, const char *rules) {
	engine_load(d->engine, &d->config, make_set(rules), d->now);
}

static void set_up(struct driver *d, const char *rules, const char *configuration) {
	struct diags diags;
	*d = (struct driver){.now = 1000};
	arena_init(&d->arena);
	config_init(&d->config);
	diags_init(&diags, &d->arena);
	assert_true(config_parse(str_from(configuration), &d->arena, &diags, &d->config));
	d->store = pql_store_create();
	d->engine = engine_create(&d->config, note_event, d);
	load(d, rules);
}

static void tear_down(struct driver *d) {
	engine_destroy(d->engine);
	pql_store_destroy(d->store);
	for (size_t i = 0; i < COUNT(d->managers); i++) {
		strbuf_finish(&d->managers[i].log);
	}
	strbuf_finish(&d->queries);
	strbuf_finish(&d->events);
	arena_finish(&d->arena);
}

static void add_series(struct driver *d, dur_ms step, const char *series) {
	struct labels labels;
	struct pql_points points;
	const char *error;
	assert_true(pql_notation_parse(str_from(series), &d->arena, &labels, &points, &error));
	for (size_t i = 0; i < points.count; i++) {
		if (points.items[i].kind == PQL_POINT_VALUE) {
			pql_store_add(d->store, labels, (ts_ms)i * step, points.items[i].value);
		}
	}
}

/* ---- Prometheus ---- */

static int hex_digit(char c) {
	return c <= '9' ? c - '0' : c - 'A' + 10;
}

/* The value of a form field, decoded. */
static struct str form_value(struct arena *a, struct str body, const char *name) {
	struct strbuf out = STRBUF_INIT;
	size_t at = str_find(body, str_from(arena_printf(a, "%s=", name)));
	assert_true(at < body.len);
	for (at += strlen(name) + 1; at < body.len && body.ptr[at] != '&'; at++) {
		char c = body.ptr[at];
		if (c == '%') {
			c = (char)(hex_digit(body.ptr[at + 1]) * 16 + hex_digit(body.ptr[at + 2]));
			at += 2;
		} else if (c == '+') {
			c = ' ';
		}
		strbuf_add_char(&out, c);
	}
	struct str value = arena_dup(a, strbuf_str(&out));
	strbuf_finish(&out);
	return value;
}

static void write_sample(struct json_writer *w, ts_ms t, double v) {
	struct strbuf text = STRBUF_INIT;
	json_open_array(w);
	json_number(w, (double)t / 1000);
	gofloat_print(&text, v, 'g');
	json_string(w, strbuf_str(&text));
	json_close_array(w);
	strbuf_finish(&text);
}

static void write_matrix(struct json_writer *w, const struct pql_series_set *set) {
	for (size_t i = 0; i < set->count; i++) {
		json_open_object(w);
		json_key(w, "metric");
		json_labels(w, set->items[i].labels);
		json_key(w, "values");
		json_open_array(w);
		for (size_t j = 0; j < set->items[i].count; j++) {
			if (!pql_is_stale_nan(set->items[i].values[j])) {
				write_sample(w, set->items[i].times[j], set->items[i].values[j]);
			}
		}
		json_close_array(w);
		json_close_object(w);
	}
}

static void write_vector(struct json_writer *w, const struct pql_value *v) {
	for (size_t i = 0; i < v->row_count; i++) {
		json_open_object(w);
		json_key(w, "metric");
		json_labels(w, v->rows[i].labels);
		json_key(w, "value");
		write_sample(w, v->grid.end, v->rows[i].values[0]);
		json_close_object(w);
	}
}

static void write_answer(struct strbuf *out, const struct pql_value *v) {
	struct json_writer w;
	json_init(&w, out);
	json_open_object(&w);
	json_key(&w, "status");
	json_string(&w, STR("success"));
	json_key(&w, "data");
	json_open_object(&w);
	json_key(&w, "resultType");
	json_string(&w, v->type == PQL_TYPE_MATRIX ? STR("matrix") : STR("vector"));
	json_key(&w, "result");
	json_open_array(&w);
	if (v->type == PQL_TYPE_MATRIX) {
		write_matrix(&w, &v->matrix);
	} else {
		write_vector(&w, v);
	}
	json_close_array(&w);
	json_close_object(&w);
	json_close_object(&w);
}

static void evaluate(struct driver *d, struct str query, ts_ms t, struct strbuf *out) {
	struct arena a;
	struct diags diags;
	struct pql_need *needs;
	struct pql_value value = {0};
	struct pql_notes notes = {0};
	struct pql_failure failure;
	struct pql_eval_options options = {
		.time = {.lookback = 300000, .default_subquery_step = 15000}};
	struct pql_grid grid = {t, t, 1};
	arena_init(&a);
	diags_init(&diags, &a);
	struct pql_expr *e = pql_parse(query, &pql_syntax_all, &a, &diags);
	assert_non_null(e);
	pql_needs(e, grid, &options.time, &a, &needs);
	struct pql_series_set *sets = ARENA_ARRAY(&a, struct pql_series_set, e->selector_count);
	for (size_t i = 0; i < e->selector_count; i++) {
		pql_store_select(d->store, &needs[i], &options.time, &a, &sets[i]);
	}
	assert_true(pql_eval(e, grid, &options, sets, &a, &value, &notes, &failure));
	write_answer(out, &value);
	pql_expr_finish(e);
	arena_finish(&a);
}

static bool is_broken(const struct driver *d, struct str query) {
	return d->prometheus != UP &&
		   (d->broken_query == NULL || str_equal(query, str_from(d->broken_query)));
}

/* A good answer, or half of it, in pieces of 7 bytes. */
static void give(struct driver *d, const struct exchange *x, struct str text) {
	for (size_t at = 0; at < text.len; at += 7) {
		size_t end = at + 7 < text.len ? at + 7 : text.len;
		if (!engine_receive(d->engine, x->id, str_slice(text, at, end))) {
			return;
		}
	}
}

static void answer_prometheus(struct driver *d, const struct exchange *x) {
	struct str query = form_value(&d->arena, x->body, "query");
	double seconds;
	assert_true(gofloat_parse(form_value(&d->arena, x->body, "time"), &seconds, NULL));
	struct strbuf out = STRBUF_INIT;
	struct exchange_answer answer = {.status = 200, .took = 5};
	enum mode mode = is_broken(d, query) ? d->prometheus : UP;
	if (mode == UP || mode == CUT) {
		evaluate(d, query, (ts_ms)(seconds * 1000 + 0.5), &out);
		give(d, x, str_slice(strbuf_str(&out), 0, mode == CUT ? out.len / 2 : out.len));
	} else if (mode == BROKEN) {
		give(d, x, STR("<html>Sign in</html>"));
	} else if (mode == ERRORS) {
		answer.status = 503;
		answer.body = STR("overloaded");
	} else {
		answer.status = 0;
		answer.failure = "connection refused";
	}
	engine_answer(d->engine, x->id, &answer, d->now);
	strbuf_finish(&out);
}

/* ---- Alertmanager ---- */

static bool is_bad(const cJSON *alert) {
	const cJSON *labels = cJSON_GetObjectItem(alert, "labels");
	return cJSON_GetObjectItem(labels, "bad") != NULL;
}

/* "A x=1 2023-…Z 2023-…Z": name, label x if any, startsAt, endsAt relative to now in seconds */
static void log_alert(struct alertmanager *m, const cJSON *alert, ts_ms now) {
	const cJSON *labels = cJSON_GetObjectItem(alert, "labels");
	const char *x = cJSON_GetStringValue(cJSON_GetObjectItem(labels, "x"));
	const char *start = cJSON_GetStringValue(cJSON_GetObjectItem(alert, "startsAt"));
	const char *end = cJSON_GetStringValue(cJSON_GetObjectItem(alert, "endsAt"));
	ts_ms starts_at, ends_at;
	assert_true(timestamp_parse(str_from(start), &starts_at));
	assert_true(timestamp_parse(str_from(end), &ends_at));
	strbuf_printf(&m->log, "%s%s%s %lld..%lld%s\n",
				  cJSON_GetStringValue(cJSON_GetObjectItem(labels, "alertname")),
				  x == NULL ? "" : " x=", x == NULL ? "" : x, (long long)(starts_at / 1000),
				  (long long)(ends_at / 1000), ends_at <= now ? " over" : "");
}

static void answer_alertmanager(struct driver *d, const struct exchange *x) {
	struct alertmanager *m = &d->managers[x->peer_index];
	struct exchange_answer answer = {.status = 200, .took = 3};
	cJSON *alerts = cJSON_ParseWithLength(x->body.ptr, x->body.len);
	size_t count = (size_t)cJSON_GetArraySize(alerts);
	bool refused = false;
	assert_true(str_equal(x->path, STR("/api/v2/alerts")));
	assert_true(str_equal(x->content_type, STR("application/json")));
	m->requests++;
	m->peak_batch = count > m->peak_batch ? count : m->peak_batch;
	for (const cJSON *alert = alerts->child; alert != NULL; alert = alert->next) {
		refused = refused || (m->mode == PICKY && is_bad(alert));
	}
	for (const cJSON *alert = alerts->child; alert != NULL; alert = alert->next) {
		if (!refused && (m->mode == UP || m->mode == PICKY)) {
			log_alert(m, alert, d->now);
		}
	}
	cJSON_Delete(alerts);
	if (refused) {
		answer.status = 400;
		answer.body = STR("\"bad label\"");
	} else if (m->mode == ERRORS) {
		answer.status = 503;
	} else if (m->mode == REFUSED) {
		answer.status = 0;
		answer.failure = "connection refused";
	}
	engine_answer(d->engine, x->id, &answer, d->now);
}

/* ---- time ---- */

static void answer(struct driver *d, const struct exchange *x) {
	d->under_way--;
	if (x->peer == EXCHANGE_PROMETHEUS) {
		answer_prometheus(d, x);
	} else {
		answer_alertmanager(d, x);
	}
}

static void note_query(struct driver *d, const struct exchange *x) {
	if (x->peer == EXCHANGE_PROMETHEUS) {
		struct str query = form_value(&d->arena, x->body, "query");
		strbuf_printf(&d->queries, "%.*s\n", STR_FMT(query));
	}
}

/* Starts what may be started, then answers the oldest, and so on: as many are under way as the engine allows. */
static void pump(struct driver *d) {
	struct exchange queue[64];
	size_t count = 0;
	for (;;) {
		while (engine_next_exchange(d->engine, d->now, &queue[count])) {
			note_query(d, &queue[count]);
			d->under_way++;
			d->peak_under_way = d->under_way > d->peak_under_way ? d->under_way : d->peak_under_way;
			if (d->prometheus == SILENT && queue[count].peer == EXCHANGE_PROMETHEUS) {
				d->waiting[d->waiting_count++] = queue[count];
			} else {
				count++;
			}
			assert_true(count < COUNT(queue) && d->waiting_count < COUNT(d->waiting));
		}
		if (count == 0) {
			return;
		}
		struct exchange first = queue[0];
		memmove(queue, queue + 1, --count * sizeof(queue[0]));
		answer(d, &first);
	}
}

static void advance(struct driver *d, ts_ms to) {
	strbuf_clear(&d->queries);
	pump(d);
	for (;;) {
		ts_ms at = engine_wake_at(d->engine, d->now);
		if (at == TS_NONE || at > to) {
			break;
		}
		d->now = at > d->now ? at : d->now;
		engine_wake(d->engine, d->now);
		pump(d);
	}
	d->now = to > d->now ? to : d->now;
}

/* What Alertmanager took since the last call. */
static void expect_log(struct driver *d, size_t manager, const char *wanted) {
	struct alertmanager *m = &d->managers[manager];
	assert_string_equal(m->log.ptr == NULL ? "" : m->log.ptr, wanted);
	strbuf_clear(&m->log);
}

static void expect_alerts(struct driver *d, const char *wanted) {
	struct strbuf out = STRBUF_INIT;
	for (size_t i = 0; i < engine_group_count(d->engine); i++) {
		const struct group_state *g = engine_group(d->engine, i);
		for (size_t j = 0; j < g->rule_count; j++) {
			for (size_t k = 0; k < g->rules[j].alerting.count; k++) {
				const struct alert *alert = g->rules[j].alerting.alerts[k];
				strbuf_printf(&out, "%s%.*s %s", out.len > 0 ? ", " : "",
							  STR_FMT(g->rules[j].rule->name), alert_state_name[alert->state]);
			}
		}
	}
	assert_string_equal(out.ptr == NULL ? "" : out.ptr, wanted);
	strbuf_finish(&out);
}

/* ---- the tests ---- */

static const char one_rule[] = "groups: [{name: g, rules: [{alert: A, expr: m > 5, for: 30s}]}]";

static void test_life(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, one_rule, "external_labels: {x: '1'}\n");
	add_series(&d, 15000, "m 1 9 9 9 9 1 1 1");
	advance(&d, 15000);
	assert_string_equal(d.queries.ptr, "m\n");
	expect_alerts(&d, "A pending");
	advance(&d, 30000);
	expect_alerts(&d, "A pending");
	expect_log(&d, 0, "");
	advance(&d, 45000);
	expect_alerts(&d, "A firing");
	expect_log(&d, 0, "A x=1 45..285\n");
	advance(&d, 74999);
	expect_log(&d, 0, "");
	advance(&d, 75000);
	expect_alerts(&d, "A inactive");
	expect_log(&d, 0, "A x=1 45..75 over\n");
	advance(&d, 1000000);
	expect_alerts(&d, "");
	assert_string_equal(d.events.ptr,
						"1 rules in 1 groups loaded\nalert firing, value 9\n"
						"alert resolved, value 9\n");
	tear_down(&d);
}

/* The same selector is fetched once a tick, windows that nest once, for all groups. */
static void test_fetches_are_shared(void **state) {
	(void)state;
	struct driver d;
	set_up(&d,
		   "groups: [{name: g, rules: [{alert: A, expr: m > 5}, {alert: B, expr: m < 2}, "
		   "{alert: C, expr: 'rate(c[5m]) > 0'}]}, "
		   "{name: h, rules: [{alert: D, expr: 'sum(m) > rate(c[1m])'}]}, "
		   "{name: slow, interval: 1m, rules: [{alert: E, expr: 'm == 3'}]}]",
		   "");
	advance(&d, 15000);
	assert_string_equal(d.queries.ptr, "m\nc[5m]\n");
	advance(&d, 59999);
	advance(&d, 60000);
	assert_string_equal(d.queries.ptr, "m\nc[5m]\n");
	tear_down(&d);
}

static void test_fetches_are_bounded(void **state) {
	(void)state;
	struct strbuf rules = STRBUF_INIT;
	struct driver d;
	strbuf_add_c(&rules, "groups: [{name: g, rules: [");
	for (int i = 0; i < 20; i++) {
		strbuf_printf(&rules, "{alert: A%d, expr: m%d > 0},", i, i);
	}
	strbuf_add_c(&rules, "]}]");
	set_up(&d, rules.ptr, "limits: {fetches: 3}");
	advance(&d, 15000);
	assert_int_equal(d.peak_under_way, 3);
	assert_int_equal(engine_counters(d.engine)->fetches, 20);
	assert_int_equal(engine_group(d.engine, 0)->iterations, 1);
	strbuf_finish(&rules);
	tear_down(&d);
}

static void test_alertmanager_down_and_back(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, one_rule, "alertmanagers: ['http://a', 'http://b']");
	add_series(&d, 15000, "m 9 9 9 9 9 1x40");
	d.managers[0].mode = REFUSED;
	advance(&d, 120000);
	expect_log(&d, 0, "");
	/* the other one is told in time: firing at 45 s, resolved at 75 s */
	expect_log(&d, 1, "A 45..285\nA 45..75 over\n");
	assert_true(d.managers[0].requests > 2);
	assert_true(d.managers[0].requests < 20); /* with backoff */
	d.managers[0].mode = ERRORS;
	advance(&d, 130000);
	d.managers[0].mode = UP;
	advance(&d, 165000);
	/* it never knew that the alert was firing, but it is told how it ended */
	assert_non_null(d.managers[0].log.ptr);
	assert_non_null(strstr(d.managers[0].log.ptr, "A 45..75 over\n"));
	assert_non_null(strstr(d.events.ptr, "did not take"));
	assert_non_null(strstr(d.events.ptr, "takes alerts again"));
	tear_down(&d);
}

/* One alert that Alertmanager refuses does not keep the others back. */
static void test_refused_alert(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, "groups: [{name: g, rules: [{alert: A, expr: m > 5}]}]", "");
	add_series(&d, 15000, "m{x=\"1\"} 9x9");
	add_series(&d, 15000, "m{x=\"2\",bad=\"yes\"} 9x9");
	add_series(&d, 15000, "m{x=\"3\"} 9x9");
	d.managers[0].mode = PICKY;
	advance(&d, 20000);
	struct engine_peer_view peer;
	engine_peer(d.engine, 0, &peer);
	assert_int_equal(peer.outbox.dropped, 1);
	assert_int_equal(peer.outbox.sent, 2);
	assert_non_null(strstr(d.managers[0].log.ptr, "A x=1"));
	assert_non_null(strstr(d.managers[0].log.ptr, "A x=3"));
	assert_null(strstr(d.managers[0].log.ptr, "A x=2"));
	assert_non_null(strstr(d.events.ptr,
						   "refuses an alert, it is dropped: HTTP status 400: "
						   "\"\\\"bad label\\\"\""));
	tear_down(&d);
}

static const struct {
	enum mode mode;
	const char *error;
	enum engine_fetch_error kind;
} outages[] = {
	{REFUSED, "cannot get m from http://localhost:9090: connection refused", FETCH_UNREACHABLE},
	{BROKEN,
	 "cannot get m from http://localhost:9090: the answer is not JSON of the query API: "
	 "\"<html>S\"",
	 FETCH_ANSWER},
	{ERRORS, "cannot get m from http://localhost:9090: HTTP status 503: \"overloaded\"",
	 FETCH_STATUS},
	{CUT, "cannot get m from http://localhost:9090: the answer ends in the middle, after 54 bytes",
	 FETCH_ANSWER},
};

static void test_prometheus_down_and_back(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(outages); i++) {
		struct driver d;
		set_up(&d, one_rule, "");
		add_series(&d, 15000, "m 9x60");
		advance(&d, 45000);
		expect_log(&d, 0, "A 45..285\n");
		d.prometheus = outages[i].mode;
		advance(&d, 600000);
		/* kept alive: every 75 s with an endsAt 4 minutes ahead */
		expect_log(&d, 0,
				   "A 45..360\nA 45..435\nA 45..510\nA 45..585\nA 45..660\nA 45..735\nA "
				   "45..810\n");
		expect_alerts(&d, "A firing");
		const struct rule_state *r = &engine_group(d.engine, 0)->rules[0];
		assert_int_equal(r->health, RULE_HEALTH_ERR);
		assert_string_equal(r->last_error, outages[i].error);
		assert_int_equal(engine_group(d.engine, 0)->failures, 37);
		assert_int_equal(engine_counters(d.engine)->fetch_errors[outages[i].kind], 37);
		d.prometheus = UP;
		advance(&d, 615000);
		expect_alerts(&d, "A firing");
		assert_int_equal(r->health, RULE_HEALTH_OK);
		assert_null(r->last_error);
		/* one word each about the outage, not one for each of 37 evaluations */
		assert_non_null(strstr(d.events.ptr, "Prometheus does not give what rules need"));
		assert_non_null(strstr(d.events.ptr, "Prometheus answers again"));
		assert_true(d.events.len < 400);
		tear_down(&d);
	}
}

/* A fetch that fails fails the rules that need it, and no others. */
static void test_one_fetch_fails(void **state) {
	(void)state;
	struct driver d;
	set_up(&d,
		   "groups: [{name: g, rules: [{alert: A, expr: m > 5}, {alert: B, expr: n > 5}, "
		   "{alert: C, expr: m + n > 5}]}]",
		   "");
	add_series(&d, 15000, "m 9x9");
	add_series(&d, 15000, "n 9x9");
	d.prometheus = ERRORS;
	d.broken_query = "n";
	advance(&d, 15000);
	expect_alerts(&d, "A firing");
	const struct group_state *g = engine_group(d.engine, 0);
	assert_int_equal(g->rules[0].health, RULE_HEALTH_OK);
	assert_int_equal(g->rules[1].health, RULE_HEALTH_ERR);
	assert_int_equal(g->rules[2].health, RULE_HEALTH_ERR);
	assert_int_equal(g->failures, 2);
	tear_down(&d);
}

/* A tick that is not finished at the next slot: that slot is missed, and counted. */
static void test_slow_prometheus(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, one_rule, "");
	add_series(&d, 15000, "m 9x60");
	d.prometheus = SILENT;
	advance(&d, 50000);
	assert_int_equal(d.waiting_count, 1);
	assert_int_equal(engine_group(d.engine, 0)->missed, 2);
	d.prometheus = UP;
	answer(&d, &d.waiting[0]);
	pump(&d);
	/* evaluated with the timestamp it was asked for */
	assert_int_equal(engine_group(d.engine, 0)->last_slot, 15000);
	advance(&d, 60000);
	assert_int_equal(engine_group(d.engine, 0)->last_slot, 60000);
	assert_int_equal(engine_group(d.engine, 0)->missed, 2);
	expect_alerts(&d, "A firing");
	tear_down(&d);
}

static void test_reload(void **state) {
	(void)state;
	struct driver d;
	set_up(&d,
		   "groups: [{name: g, rules: [{alert: A, expr: m > 5, for: 30s}, {alert: Gone, expr: m > "
		   "5}]}, "
		   "{name: same, rules: [{alert: S, expr: m > 5}]}]",
		   "");
	add_series(&d, 15000, "m 9x60");
	advance(&d, 30000);
	expect_alerts(&d, "A pending, Gone firing, S firing");
	strbuf_clear(&d.managers[0].log);
	const struct group_state *same = engine_group(d.engine, 1);
	/* A's expression changes: it keeps its pending time. Gone goes. S moves nowhere. */
	load(&d,
		 "groups: [{name: g, rules: [{alert: A, expr: m > 4, for: 30s}]}, "
		 "{name: same, rules: [{alert: S, expr: m > 5}]}]");
	assert_ptr_equal(engine_group(d.engine, 1), same);
	expect_alerts(&d, "A pending, S firing");
	advance(&d, 30001);
	expect_log(&d, 0, "Gone 15..30 over\n");
	advance(&d, 45000);
	expect_alerts(&d, "A firing, S firing");
	expect_log(&d, 0, "A 45..285\n");
	/* A moves to another group and goes on firing since 45 s. */
	load(&d,
		 "groups: [{name: other, rules: [{alert: A, expr: m > 4, for: 30s}]}, "
		 "{name: same, rules: [{alert: S, expr: m > 5}]}]");
	expect_alerts(&d, "A firing, S firing");
	advance(&d, 120000);
	expect_alerts(&d, "A firing, S firing");
	assert_null(strstr(d.managers[0].log.ptr, "over"));
	strbuf_clear(&d.managers[0].log);
	/* Its labels change: the alert is another one. */
	load(&d, "groups: [{name: other, rules: [{alert: A, expr: m > 4, labels: {x: y}}]}]");
	advance(&d, 135000);
	assert_non_null(strstr(d.managers[0].log.ptr, "A 45..120 over\n"));
	assert_non_null(strstr(d.managers[0].log.ptr, "S 15..120 over\n"));
	assert_non_null(strstr(d.managers[0].log.ptr, "A x=y 135..375\n"));
	tear_down(&d);
}

/* A reload while answers are on their way. */
static void test_reload_under_way(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, one_rule, "alertmanagers: ['http://a', 'http://b']");
	add_series(&d, 15000, "m 9x60");
	add_series(&d, 15000, "n 9x60");
	d.prometheus = SILENT;
	advance(&d, 15000);
	assert_int_equal(d.waiting_count, 1);
	/* unchanged: its evaluation goes on with the old set */
	load(&d, one_rule);
	d.prometheus = UP;
	answer(&d, &d.waiting[0]);
	expect_alerts(&d, "A pending");
	/* changed: the answer is for nobody */
	d.waiting_count = 0;
	d.prometheus = SILENT;
	advance(&d, 30000);
	load(&d, "groups: [{name: g, rules: [{alert: A, expr: n > 5, for: 30s}]}]");
	d.prometheus = UP;
	answer(&d, &d.waiting[0]);
	expect_alerts(&d, "A pending");
	advance(&d, 45000);
	expect_alerts(&d, "A firing");
	/* an Alertmanager is configured away while it is being told */
	struct exchange x;
	engine_wake(d.engine, d.now = 120000);
	while (engine_next_exchange(d.engine, d.now, &x) && x.peer == EXCHANGE_PROMETHEUS) {
		d.under_way++;
		answer(&d, &x);
	}
	assert_int_equal(x.peer, EXCHANGE_ALERTMANAGER);
	d.config.alertmanager_count = 1;
	load(&d, one_rule);
	engine_answer(d.engine, x.id, &(struct exchange_answer){.status = 200}, d.now);
	assert_int_equal(engine_peer_count(d.engine), 1);
	advance(&d, 300000);
	tear_down(&d);
}

static void test_failed_reload(void **state) {
	(void)state;
	struct driver d;
	struct engine_reload_view view;
	set_up(&d, one_rule, "");
	engine_load_failed(d.engine, "r.yml:1:1: error: no", 5000);
	engine_reload_view(d.engine, &view);
	assert_true(view.loaded);
	assert_false(view.last_ok);
	assert_int_equal(view.last_success, 1000);
	assert_string_equal(view.message, "r.yml:1:1: error: no");
	assert_non_null(strstr(d.events.ptr, "the rules from before go on"));
	assert_int_equal(engine_group_count(d.engine), 1);
	tear_down(&d);
}

static void test_ready(void **state) {
	(void)state;
	struct driver d;
	struct strbuf text = STRBUF_INIT;
	set_up(&d, one_rule, "");
	assert_false(engine_ready(d.engine, &text));
	assert_string_equal(text.ptr, "1 of 1 groups have not been evaluated yet, first g (r.yml)");
	d.prometheus = REFUSED;
	advance(&d, 15000);
	assert_true(engine_ready(d.engine, &text)); /* it failed, and says why */
	strbuf_finish(&text);
	tear_down(&d);
}

static void test_drain(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, "groups: [{name: g, rules: [{alert: A, expr: m > 5}]}]", "");
	add_series(&d, 15000, "m 9x60");
	d.managers[0].mode = REFUSED;
	advance(&d, 16000);
	d.prometheus = SILENT;
	advance(&d, 30000);
	assert_int_equal(d.waiting_count, 1);
	engine_drain(d.engine, d.now);
	assert_false(engine_idle(d.engine));
	d.managers[0].mode = UP;
	advance(&d, 90000);
	expect_log(&d, 0, "A 15..255\n");
	assert_true(engine_idle(d.engine));
	assert_int_equal(engine_wake_at(d.engine, d.now), TS_NONE);
	/* the late answer harms nobody */
	d.prometheus = UP;
	answer(&d, &d.waiting[0]);
	tear_down(&d);
}

static void test_clock_set_back(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, one_rule, "");
	add_series(&d, 15000, "m 9x500");
	d.now = 3600000;
	load(&d, "groups: []");
	load(&d, one_rule);
	advance(&d, 3660000);
	expect_alerts(&d, "A firing");
	strbuf_clear(&d.managers[0].log);
	d.now = 60000;
	advance(&d, 300000);
	expect_alerts(&d, "A firing");
	assert_non_null(strstr(d.events.ptr, "the clock was set back by"));
	/* still told in time */
	assert_true(d.managers[0].log.len > 0);
	tear_down(&d);
}

/* Destroyed in the middle of everything. */
static void test_destroy_under_way(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, one_rule, "");
	add_series(&d, 15000, "m 9x60");
	d.prometheus = SILENT;
	advance(&d, 15000);
	assert_true(engine_receive(d.engine, d.waiting[0].id, STR("{\"status\":\"succ")));
	tear_down(&d);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_fetches_are_shared),
		cmocka_unit_test(test_fetches_are_bounded),
		cmocka_unit_test(test_alertmanager_down_and_back),
		cmocka_unit_test(test_refused_alert),
		cmocka_unit_test(test_prometheus_down_and_back),
		cmocka_unit_test(test_one_fetch_fails),
		cmocka_unit_test(test_slow_prometheus),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_reload_under_way),
		cmocka_unit_test(test_failed_reload),
		cmocka_unit_test(test_ready),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_clock_set_back),
		cmocka_unit_test(test_destroy_under_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
