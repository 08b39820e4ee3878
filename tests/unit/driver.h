/* A whole engine with invented time. Prometheus is a store behind the query API's JSON, which takes remote write too; Alertmanager
 * keeps what it is told, and may be told by others. */
#ifndef TESTS_UNIT_DRIVER_H
#define TESTS_UNIT_DRIVER_H

#include "tests/unit/check.h"

#include <cjson/cJSON.h>
#include <snappy-c.h>

#include "base/gofloat.h"
#include "base/json.h"
#include "engine/engine.h"
#include "engine/remote.pb-c.h"
#include "engine/rule_set.h"
#include "engine/view.h"
#include "promql-lite/eval.h"
#include "promql-lite/series_notation.h"
#include "promql-lite/store.h"

enum mode {
	UP,
	REFUSED,    /* connection refused */
	BROKEN,     /* an HTML page with status 200 */
	ERRORS,     /* 503 */
	SILENT,     /* the answer has not come yet */
	INVALID,    /* 422; Alertmanager: 400 */
	PICKY,      /* Alertmanager: 400 for a batch with label bad="yes" in it */
	CUT,        /* half an answer */
	HISTOGRAMS, /* Prometheus: one native histogram */
	HANGING,    /* questions to Alertmanager: what it holds it never gets to say */
	ELSEWHERE,  /* questions to Alertmanager: redirects */
	TLS,        /* Alertmanager: what a server for https says to http, 400 */
};

/* What an Alertmanager has of one alert: the latest word on it. */
struct held {
	cJSON *alert;
	ts_ms ends_at;
};

struct alertmanager {
	enum mode mode;
	struct strbuf log; /* "firing A{…} startsAt endsAt" */
	size_t requests, peak_batch;
	struct held held[16];
	size_t held_count;
	ts_ms started;          /* by its own clock … */
	dur_ms clock;           /* … which is ahead by this much */
	bool silent_about_date; /* no Date header */
	/* How it answers questions: with UP by `alerts_answer` and `status_answer` where those are not NULL. */
	enum mode questions;
	const char *alerts_answer, *status_answer;
	struct strbuf asked; /* one word for each question */
};

/* Remote write: what comes is in the store at once. */
struct database {
	enum mode mode;
	struct strbuf log; /* `ALERTS{…} 45 1`: seconds, value */
	size_t requests;
};

struct driver {
	struct arena arena;
	struct config config;
	struct engine *engine;
	struct pql_store *store;
	enum mode prometheus;
	const char *broken_query; /* only this one fails; NULL: all, as the mode says */
	struct alertmanager managers[2];
	struct database database;
	ts_ms now;
	struct exchange waiting[64]; /* SILENT */
	size_t waiting_count, under_way, peak_under_way;
	struct strbuf queries; /* of the last advance, decoded */
	struct strbuf events;  /* info and worse */
	struct strbuf error_fields;
};

static inline void note_event(const struct engine_event *event, void *data) {
	struct driver *d = data;
	if (event->level >= ENGINE_ERROR) {
		labels_print(&d->error_fields, event->fields);
	}
	if (event->level >= ENGINE_INFO) {
		strbuf_printf(&d->events, "%s\n", event->message);
	}
}

static inline struct rule_set *make_set(const char *rules, struct shard shard) {
	struct rule_set *set = rule_set_create();
	struct diags diags;
	diags_init(&diags, &set->arena);
	rule_set_take_shard(set, shard);
	if (!rule_set_add_file(set, STR("r.yml"), str_from(rules), &diags)) {
		fail_msg("%s", diags.items[0].message);
	}
	return set;
}

static inline void load(struct driver *d, const char *rules) {
	engine_load(d->engine, &d->config, make_set(rules, d->config.shard), d->now);
}

static inline void set_up_at(struct driver *d, const char *rules, const char *configuration,
							 ts_ms now) {
	struct diags diags;
	*d = (struct driver){.now = now};
	arena_init(&d->arena);
	config_init(&d->config);
	diags_init(&diags, &d->arena);
	assert_true(config_parse(str_from(configuration), &d->arena, &diags, &d->config));
	d->store = pql_store_create();
	d->engine = engine_create(&d->config, note_event, d);
	load(d, rules);
}

static inline void set_up(struct driver *d, const char *rules, const char *configuration) {
	set_up_at(d, rules, configuration, 1000);
}

static inline void tear_down(struct driver *d) {
	engine_destroy(d->engine);
	pql_store_destroy(d->store);
	for (size_t i = 0; i < COUNT(d->managers); i++) {
		struct alertmanager *m = &d->managers[i];
		while (m->held_count > 0) {
			cJSON_Delete(m->held[--m->held_count].alert);
		}
		strbuf_finish(&m->asked);
		strbuf_finish(&m->log);
	}
	strbuf_finish(&d->database.log);
	strbuf_finish(&d->queries);
	strbuf_finish(&d->events);
	strbuf_finish(&d->error_fields);
	arena_finish(&d->arena);
}

static inline void add_series(struct driver *d, dur_ms step, const char *series) {
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

static inline int hex_digit(char c) {
	return c <= '9' ? c - '0' : c - 'A' + 10;
}

/* The value of a form field, decoded. */
static inline struct str form_value(struct arena *a, struct str body, const char *name) {
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

static inline void write_sample(struct json_writer *w, ts_ms t, double v) {
	struct strbuf text = STRBUF_INIT;
	json_open_array(w);
	json_number(w, (double)t / 1000);
	gofloat_print(&text, v, 'g');
	json_string(w, strbuf_str(&text));
	json_close_array(w);
	strbuf_finish(&text);
}

static inline void write_matrix(struct json_writer *w, const struct pql_series_set *set) {
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

static inline void write_vector(struct json_writer *w, const struct pql_value *v) {
	for (size_t i = 0; i < v->row_count; i++) {
		json_open_object(w);
		json_key(w, "metric");
		json_labels(w, v->rows[i].labels);
		json_key(w, "value");
		write_sample(w, v->grid.end, v->rows[i].values[0]);
		json_close_object(w);
	}
}

/* A vector over several steps, as query_range gives it. */
static inline void write_rows(struct json_writer *w, const struct pql_value *v) {
	for (size_t i = 0; i < v->row_count; i++) {
		json_open_object(w);
		json_key(w, "metric");
		json_labels(w, v->rows[i].labels);
		json_key(w, "values");
		json_open_array(w);
		for (size_t step = 0; step < pql_grid_count(v->grid); step++) {
			if (v->rows[i].present[step]) {
				write_sample(w, v->grid.start + (ts_ms)step * v->grid.step,
							 v->rows[i].values[step]);
			}
		}
		json_close_array(w);
		json_close_object(w);
	}
}

static inline void write_answer(struct strbuf *out, const struct pql_value *v) {
	struct json_writer w;
	json_init(&w, out);
	json_open_object(&w);
	json_key(&w, "status");
	json_string(&w, STR("success"));
	json_key(&w, "data");
	json_open_object(&w);
	json_key(&w, "resultType");
	bool range = v->type != PQL_TYPE_MATRIX && v->grid.start < v->grid.end;
	json_string(&w, v->type == PQL_TYPE_MATRIX || range ? STR("matrix")
					: v->type == PQL_TYPE_SCALAR        ? STR("scalar")
														: STR("vector"));
	json_key(&w, "result");
	if (v->type == PQL_TYPE_SCALAR) {
		write_sample(&w, v->grid.end, v->scalars[0]);
		json_close_object(&w);
		json_close_object(&w);
		return;
	}
	json_open_array(&w);
	if (v->type == PQL_TYPE_MATRIX) {
		write_matrix(&w, &v->matrix);
	} else if (range) {
		write_rows(&w, v);
	} else {
		write_vector(&w, v);
	}
	json_close_array(&w);
	json_close_object(&w);
	json_close_object(&w);
}

static inline void evaluate(struct driver *d, struct str query, struct pql_grid grid,
							struct strbuf *out) {
	struct arena a;
	struct diags diags;
	struct pql_need *needs;
	struct pql_value value = {0};
	struct pql_notes notes = {0};
	struct pql_failure failure;
	struct pql_eval_options options = {
		.time = {.lookback = 300000, .default_subquery_step = 15000}};
	arena_init(&a);
	diags_init(&diags, &a);
	struct pql_expr *e = pql_parse(query, &pql_syntax_all, &a, &diags);
	assert_non_null(e);
	pql_needs(e, grid, &options.time, &a, &needs);
	struct pql_series_set *sets = ARENA_ARRAY(&a, struct pql_series_set, e->selector_count);
	for (size_t i = 0; i < e->selector_count; i++) {
		const char *error;
		assert_true(pql_store_select(d->store, &needs[i], &options.time, &a, &sets[i], &error));
	}
	assert_true(pql_eval(e, grid, &options, sets, &a, &value, &notes, &failure));
	write_answer(out, &value);
	pql_expr_finish(e);
	arena_finish(&a);
}

static inline bool is_broken(const struct driver *d, struct str query) {
	return d->prometheus != UP &&
		   (d->broken_query == NULL || str_equal(query, str_from(d->broken_query)));
}

/* A good answer, or half of it, in pieces of 7 bytes. */
static inline void give(struct driver *d, const struct exchange *x, struct str text) {
	for (size_t at = 0; at < text.len; at += 7) {
		size_t end = at + 7 < text.len ? at + 7 : text.len;
		if (!engine_receive(d->engine, x->id, str_slice(text, at, end))) {
			return;
		}
	}
}

static inline ts_ms form_time(struct driver *d, const struct exchange *x, const char *name) {
	double seconds;
	assert_true(gofloat_parse(form_value(&d->arena, x->body, name), &seconds, NULL));
	return (ts_ms)(seconds * 1000 + (seconds < 0 ? -0.5 : 0.5));
}

static inline struct pql_grid form_grid(struct driver *d, const struct exchange *x) {
	if (str_equal(x->path, STR("/api/v1/query_range"))) {
		return (struct pql_grid){form_time(d, x, "start"), form_time(d, x, "end"),
								 form_time(d, x, "step")};
	}
	ts_ms t = form_time(d, x, "time");
	return (struct pql_grid){t, t, 1};
}

static inline void answer_prometheus(struct driver *d, const struct exchange *x) {
	struct str query = form_value(&d->arena, x->body, "query");
	struct strbuf out = STRBUF_INIT;
	struct exchange_answer answer = {.status = 200, .took = 700};
	enum mode mode = is_broken(d, query) ? d->prometheus : UP;
	if (mode == UP || mode == CUT) {
		evaluate(d, query, form_grid(d, x), &out);
		give(d, x, str_slice(strbuf_str(&out), 0, mode == CUT ? out.len / 2 : out.len));
	} else if (mode == BROKEN) {
		give(d, x, STR("<html>Sign in</html>"));
	} else if (mode == HISTOGRAMS) {
		give(
			d, x,
			STR("{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":"
				"{\"__name__\":\"m\"},\"histogram\":[1,{\"count\":\"1\",\"sum\":\"2\"}]}]}}"));
	} else if (mode == ERRORS) {
		answer.status = 503;
		answer.body = STR("overloaded");
	} else if (mode == INVALID) {
		answer.status = 422;
		answer.body = STR("{\"errorType\":\"execution\",\"error\":\"too many\"}");
	} else {
		answer.status = 0;
		answer.failure = "connection refused";
	}
	engine_answer(d->engine, x->id, &answer, d->now);
	strbuf_finish(&out);
}

/* ---- Alertmanager ---- */

static inline bool is_bad(const cJSON *alert) {
	const cJSON *labels = cJSON_GetObjectItem(alert, "labels");
	return cJSON_GetObjectItem(labels, "bad") != NULL;
}

/* "A x=1 2023-…Z 2023-…Z": name, label x if any, startsAt, endsAt relative to now in seconds */
static inline void log_alert(struct alertmanager *m, const cJSON *alert, ts_ms now) {
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

/* The latest word counts, as in Alertmanager where the two begin at the same time. */
static inline void hold(struct alertmanager *m, const cJSON *alert) {
	const cJSON *labels = cJSON_GetObjectItem(alert, "labels");
	size_t i = 0;
	while (i < m->held_count &&
		   !cJSON_Compare(cJSON_GetObjectItem(m->held[i].alert, "labels"), labels, true)) {
		i++;
	}
	if (i == m->held_count) {
		assert_true(m->held_count < COUNT(m->held));
		m->held_count++;
	} else {
		cJSON_Delete(m->held[i].alert);
	}
	m->held[i].alert = cJSON_Duplicate(alert, true);
	const char *end = cJSON_GetStringValue(cJSON_GetObjectItem(alert, "endsAt"));
	assert_true(timestamp_parse(str_from(end), &m->held[i].ends_at));
}

/* Another engine tells it. */
static inline void tell(struct alertmanager *m, const char *alert) {
	cJSON *json = cJSON_Parse(alert);
	assert_non_null(json);
	hold(m, json);
	cJSON_Delete(json);
}

/* It has lost all that it knew. */
static inline void lose_all(struct driver *d, struct alertmanager *m) {
	while (m->held_count > 0) {
		cJSON_Delete(m->held[--m->held_count].alert);
	}
	m->started = d->now + m->clock;
}

static inline void print_held(const struct alertmanager *m, ts_ms now, struct strbuf *out) {
	cJSON *list = cJSON_CreateArray();
	for (size_t i = 0; i < m->held_count; i++) {
		if (m->held[i].ends_at >= now) {
			cJSON_AddItemToArray(list, cJSON_Duplicate(m->held[i].alert, true));
		}
	}
	char *text = cJSON_PrintUnformatted(list);
	strbuf_add_c(out, text);
	cJSON_free(text);
	cJSON_Delete(list);
}

static inline void print_status(const struct alertmanager *m, struct strbuf *out) {
	strbuf_add_c(out, "{\"cluster\":{\"status\":\"disabled\"},\"uptime\":\"");
	timestamp_print_rfc3339_ms(out, m->started);
	strbuf_add_c(out, "\"}");
}

static inline void answer_question(struct driver *d, const struct exchange *x) {
	struct alertmanager *m = &d->managers[x->peer_index];
	bool status = str_equal(x->path, STR("/api/v2/status"));
	assert_true(status || str_equal(x->path, STR("/api/v2/alerts")));
	struct exchange_answer answer = {.status = 200, .took = 3000};
	enum mode mode = m->mode == UP ? m->questions : m->mode;
	struct strbuf body = STRBUF_INIT;
	const char *own = status ? m->status_answer : m->alerts_answer;
	strbuf_add_c(&m->asked, status ? " status" : " alerts");
	answer.date = m->silent_about_date ? 0 : (d->now + m->clock) / 1000 * 1000;
	if (mode == UP && own != NULL) {
		strbuf_add_c(&body, own);
	} else if (mode == UP && status) {
		print_status(m, &body);
	} else if (mode == UP) {
		print_held(m, d->now, &body);
	} else if (mode == BROKEN) {
		strbuf_add_c(&body, "<html>Sign in</html>");
	} else if (mode == INVALID) {
		answer.status = 404;
	} else if (mode == ERRORS) {
		answer.status = 503;
	} else if (mode == ELSEWHERE) {
		answer.status = 0;
		answer.redirected = true;
		answer.failure = "it redirects to http://login";
	} else if (mode == HANGING && status) {
		print_status(m, &body);
	} else {
		answer.status = 0;
		answer.failure = mode == REFUSED ? "connection refused" : "no answer within 10s";
	}
	if (answer.status == 200) {
		give(d, x, strbuf_str(&body));
	}
	engine_answer(d->engine, x->id, &answer, d->now);
	strbuf_finish(&body);
}

static inline void answer_alertmanager(struct driver *d, const struct exchange *x) {
	if (x->content_type.len == 0) {
		answer_question(d, x);
		return;
	}
	struct alertmanager *m = &d->managers[x->peer_index];
	struct exchange_answer answer = {.status = 200, .took = 3000};
	cJSON *alerts = cJSON_ParseWithLength(x->body.ptr, x->body.len);
	size_t count = (size_t)cJSON_GetArraySize(alerts);
	bool refused = false;
	assert_true(str_equal(x->path, STR("/api/v2/alerts")));
	assert_true(str_equal(x->content_type, STR("application/json")));
	m->requests++;
	m->peak_batch = count > m->peak_batch ? count : m->peak_batch;
	for (const cJSON *alert = alerts->child; alert != NULL; alert = alert->next) {
		refused = refused || m->mode == INVALID || (m->mode == PICKY && is_bad(alert));
	}
	for (const cJSON *alert = alerts->child; alert != NULL; alert = alert->next) {
		if (!refused && (m->mode == UP || m->mode == PICKY)) {
			log_alert(m, alert, d->now);
			hold(m, alert);
		}
	}
	cJSON_Delete(alerts);
	if (refused) {
		answer.status = 400;
		answer.body = STR("\"bad label\"");
	} else if (m->mode == ERRORS) {
		answer.status = 503;
	} else if (m->mode == BROKEN) {
		answer.body = STR("<html>Sign in</html>");
	} else if (m->mode == CUT) {
		answer.body = STR("{\"status\":\"succ");
	} else if (m->mode == TLS) {
		answer.status = 400;
		answer.body = STR("Client sent an HTTP request to an HTTPS server.\n");
	} else if (m->mode == REFUSED) {
		answer.status = 0;
		answer.failure = "connection refused";
	}
	engine_answer(d->engine, x->id, &answer, d->now);
}

/* ---- remote write ---- */

static inline struct str text_of(ProtobufCBinaryData b) {
	return (struct str){(const char *)b.data, b.len};
}

static inline struct labels labels_of_written(struct driver *d, const Remote__TimeSeries *s) {
	struct label *items = ARENA_ARRAY(&d->arena, struct label, s->n_labels);
	for (size_t i = 0; i < s->n_labels; i++) {
		items[i] = (struct label){arena_dup(&d->arena, text_of(s->labels[i]->name)),
								  arena_dup(&d->arena, text_of(s->labels[i]->value))};
		assert_true(i == 0 || str_compare(items[i - 1].name, items[i].name) < 0);
	}
	return (struct labels){.items = items, .count = s->n_labels};
}

static inline void take_written(struct driver *d, const Remote__TimeSeries *s) {
	struct labels labels = labels_of_written(d, s);
	struct strbuf *log = &d->database.log;
	assert_int_equal(s->n_samples, 1);
	double value = s->samples[0]->value;
	labels_print(log, labels);
	strbuf_printf(log, " %lld ", (long long)(s->samples[0]->timestamp / 1000));
	if (pql_is_stale_nan(value)) {
		strbuf_add_c(log, "stale");
	} else {
		gofloat_print(log, value, 'g');
	}
	strbuf_add_char(log, '\n');
	pql_store_add(d->store, labels, s->samples[0]->timestamp, value);
}

static inline void take_request(struct driver *d, struct str body) {
	size_t length;
	assert_int_equal(snappy_uncompressed_length(body.ptr, body.len, &length), SNAPPY_OK);
	char *plain = arena_alloc(&d->arena, length + 1);
	assert_int_equal(snappy_uncompress(body.ptr, body.len, plain, &length), SNAPPY_OK);
	Remote__WriteRequest *request =
		remote__write_request__unpack(NULL, length, (const uint8_t *)plain);
	assert_non_null(request);
	for (size_t i = 0; i < request->n_timeseries; i++) {
		take_written(d, request->timeseries[i]);
	}
	remote__write_request__free_unpacked(request, NULL);
}

static inline void answer_database(struct driver *d, const struct exchange *x) {
	struct exchange_answer answer = {.status = 204, .took = 2000};
	assert_string_equal(x->headers[0], "Content-Encoding: snappy");
	assert_string_equal(x->headers[1], "X-Prometheus-Remote-Write-Version: 0.1.0");
	assert_true(str_equal(x->content_type, STR("application/x-protobuf")));
	d->database.requests++;
	if (d->database.mode == UP) {
		take_request(d, x->body);
	} else if (d->database.mode == INVALID) {
		answer.status = 400;
		answer.body = STR("out of order sample");
	} else {
		answer.status = 503;
	}
	engine_answer(d->engine, x->id, &answer, d->now);
}

/* What was written since the last call. */
static inline void expect_written(struct driver *d, const char *wanted) {
	assert_string_equal(d->database.log.ptr == NULL ? "" : d->database.log.ptr, wanted);
	strbuf_clear(&d->database.log);
}

/* ---- time ---- */

static inline void answer(struct driver *d, const struct exchange *x) {
	d->under_way--;
	switch (x->peer) {
	case EXCHANGE_PROMETHEUS: answer_prometheus(d, x); return;
	case EXCHANGE_ALERTMANAGER: answer_alertmanager(d, x); return;
	case EXCHANGE_REMOTE_WRITE: answer_database(d, x); return;
	}
}

static inline void note_query(struct driver *d, const struct exchange *x) {
	if (x->peer == EXCHANGE_PROMETHEUS) {
		struct str query = form_value(&d->arena, x->body, "query");
		strbuf_printf(&d->queries, "%.*s\n", STR_FMT(query));
	}
}

/* Starts what may be started, then answers the oldest, and so on: as many are under way as the engine allows. */
static inline void pump(struct driver *d) {
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

static inline void advance(struct driver *d, ts_ms to) {
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
static inline void expect_log(struct driver *d, size_t manager, const char *wanted) {
	struct alertmanager *m = &d->managers[manager];
	assert_string_equal(m->log.ptr == NULL ? "" : m->log.ptr, wanted);
	strbuf_clear(&m->log);
}

/* What it was asked since the last call. */
static inline void expect_asked(struct driver *d, size_t manager, const char *wanted) {
	struct alertmanager *m = &d->managers[manager];
	assert_string_equal(m->asked.ptr == NULL ? "" : m->asked.ptr, wanted);
	strbuf_clear(&m->asked);
}

static inline void expect_alerts(struct driver *d, const char *wanted) {
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

#endif
