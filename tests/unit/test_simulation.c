/* The simulation: which groups are evaluated when, what they see, and that looking ahead changes nothing. */
#include "engine/rule-tests/simulation.h"
#include "tests/unit/world.h"

#define MINUTE 60000

static void restart(struct world *w, struct simulation_options options) {
	simulation_destroy(w->simulation);
	w->simulation = simulation_create(w->set, w->store, &w->settings, &options);
}

static void note_group(const struct group_state *group, const struct evaluation_result *result,
					   ts_ms ts, void *data) {
	(void)result;
	strbuf_printf(data, "%.*s@%lld ", STR_FMT(group->group->name), (long long)ts / 1000);
}

static void test_when_groups_are_due(void **state) {
	static const char rules[] =
		"groups:\n"
		"- {name: a, rules: [{record: x, expr: vector(1)}]}\n"
		"- {name: b, interval: 40s, rules: [{record: y, expr: x + 1}]}\n";
	static const size_t order[] = {1, 0};
	static const struct {
		struct simulation_options options;
		const char *groups;
	} cases[] = {
		{{.default_interval = 30000}, "a@0 b@0 a@30 b@40 a@60 b@80 a@90 "},
		{{.default_interval = 30000, .one_interval = true},
		 "a@0 b@0 a@30 b@30 a@60 b@60 a@90 b@90 "},
		{{.default_interval = 30000, .origin = 10000}, "a@10 b@10 a@40 b@50 a@70 b@90 "},
		{{.default_interval = 30000, .order = order}, "b@0 a@0 a@30 b@40 a@60 b@80 a@90 "},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct world w;
		struct strbuf out = STRBUF_INIT;
		world_init(&w, rules, PQL_SERIES_STORED);
		restart(&w, cases[i].options);
		ts_ms t = cases[i].options.origin;
		for (; t <= 95000; t = simulation_next(w.simulation, t)) {
			simulation_step(w.simulation, t, note_group, &out);
		}
		assert_string_equal(out.ptr, cases[i].groups);
		strbuf_finish(&out);
		world_finish(&w);
	}
}

/* The value of the expression's only sample; -1: it has none. */
static double query(struct world *w, const char *text, ts_ms t) {
	struct diags diags;
	struct pql_value value;
	struct pql_failure failure;
	diags_init(&diags, &w->arena);
	struct pql_expr *expr = pql_parse(str_from(text), &(struct pql_syntax){0}, &w->arena, &diags);
	assert_non_null(expr);
	assert_null(simulation_query(w->simulation, expr, (struct pql_grid){t, t, 1}, &w->arena, &value,
								 &failure));
	double v = value.type == PQL_TYPE_VECTOR && value.row_count == 1 ? value.rows[0].values[0] : -1;
	pql_expr_finish(expr);
	return v;
}

static void test_hidden_future(void **state) {
	static const char rules[] =
		"groups:\n"
		"- name: g\n"
		"  rules:\n"
		"  - {record: later, expr: up offset -1m}\n";
	struct world w;
	(void)state;
	world_init(&w, rules, PQL_SERIES_STORED);
	world_add(&w, 0, MINUTE, "up 1 2 3");
	restart(&w, (struct simulation_options){.default_interval = MINUTE});
	simulation_step(w.simulation, 0, NULL, NULL);
	assert_float_equal(query(&w, "later", 0), 2, 0);
	restart(&w, (struct simulation_options){.default_interval = MINUTE, .hides_future = true});
	simulation_step(w.simulation, 0, NULL, NULL);
	assert_float_equal(query(&w, "later", 0), 1, 0); /* the last one that was there */
	assert_float_equal(query(&w, "up", MINUTE), 1, 0);
	world_finish(&w);
}

/* A series that is recorded and given: whichever sample came first is kept, and the rule fails where they differ. */
static void test_recorded_and_given(void **state) {
	static const char rules[] =
		"groups:\n"
		"- name: g\n"
		"  rules:\n"
		"  - {record: x, expr: y + 1}\n";
	static const struct {
		const char *x, *error;
	} cases[] = {
		{"x 2", NULL},
		{"x 3", "duplicate sample for timestamp"},
		{"x _ 3", NULL},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct world w;
		world_init(&w, rules, PQL_SERIES_STORED);
		world_add(&w, 0, MINUTE, "y 1");
		world_add(&w, 0, MINUTE, cases[i].x);
		restart(&w, (struct simulation_options){.default_interval = MINUTE, .hides_future = true});
		simulation_step(w.simulation, 0, NULL, NULL);
		const char *error = world_rule(&w, "x")->last_error;
		if (cases[i].error == NULL ? error != NULL
								   : error == NULL || strstr(error, cases[i].error) == NULL) {
			fail_msg("%s: %s", cases[i].x, error != NULL ? error : "no error");
		}
		world_finish(&w);
	}
}

static void test_kept_outputs(void **state) {
	static const char rules[] =
		"groups:\n"
		"- name: g\n"
		"  rules:\n"
		"  - {record: x, expr: vector(1)}\n"
		"  - {record: y, expr: vector(2)}\n";
	struct world w;
	struct str kept = STR("y");
	(void)state;
	world_init(&w, rules, PQL_SERIES_STORED);
	simulation_keep(w.simulation, &kept, 1);
	world_step(&w, 0);
	assert_float_equal(query(&w, "x", 0), -1, 0);
	assert_float_equal(query(&w, "y", 0), 2, 0);
	world_finish(&w);
}

/* ---- looking ahead ---- */

static void note_result(const struct group_state *group, const struct evaluation_result *result,
						ts_ms ts, void *data) {
	struct strbuf *out = data;
	(void)group;
	for (size_t i = 0; i < result->notices.count; i++) {
		const struct notice *n = &result->notices.items[i];
		strbuf_printf(out, "%lld %s ", (long long)ts / 1000, n->resolved ? "resolved" : "firing");
		labels_print(out, n->labels);
		labels_print(out, n->annotations);
		strbuf_add_char(out, '\n');
	}
}

static void note_alerts(const struct world *w, ts_ms ts, struct strbuf *out) {
	for (size_t i = 0; i < simulation_group_count(w->simulation); i++) {
		const struct group_state *g = simulation_group(w->simulation, i);
		for (size_t k = 0; k < g->rule_count; k++) {
			const struct alerting *a = &g->rules[k].alerting;
			for (size_t m = 0; m < a->count; m++) {
				strbuf_printf(out, "%lld %.*s %s ", (long long)ts / 1000,
							  STR_FMT(g->rules[k].rule->name),
							  alert_state_name[a->alerts[m]->state]);
				labels_print(out, a->alerts[m]->labels);
				gofloat_print(out, a->alerts[m]->value, 'g');
				strbuf_add_char(out, '\n');
			}
		}
	}
}

/* All that happens within half an hour. */
static void live(struct world *w, bool ahead, struct strbuf *out) {
	restart(w, (struct simulation_options){
				   .default_interval = 15000, .form = PQL_SERIES_STORED, .hides_future = true});
	if (ahead) {
		simulation_look_ahead(w->simulation, 30 * MINUTE);
	}
	for (ts_ms t = 0; t <= 30 * MINUTE; t = simulation_next(w->simulation, t)) {
		simulation_step(w->simulation, t, note_result, out);
		note_alerts(w, t, out);
	}
	for (ts_ms t = 0; t <= 30 * MINUTE; t += 7 * MINUTE) {
		strbuf_printf(out, "%.17g %.17g %.17g\n", query(w, "sum(rec)", t),
					  query(w, "sum({__name__=~\"ALERTS.*\"})", t),
					  query(w, "sum(avg_over_time(on_rec[3m]))", t));
	}
}

static void test_look_ahead(void **state) {
	/* Rules that can be looked ahead, rules over those, over alerts, with templates that query, with `@`, over themselves. */
	static const char rules[] =
		"groups:\n"
		"- name: g\n"
		"  rules:\n"
		"  - {alert: Early, expr: rec > 5, for: 1m}\n"
		"  - {record: rec, expr: 'sum by (a) (x)'}\n"
		"  - {record: on_rec, expr: 'rec * 2'}\n"
		"  - {alert: High, expr: on_rec > 8, for: 30s, keep_firing_for: 45s, annotations: {v: '{{ $value }}'}}\n"
		"  - {alert: Asks, expr: x > 4, annotations: {n: '{{ query \"count(ALERTS)\" | len }}'}}\n"
		"  - {alert: Chain, expr: 'count(ALERTS{alertstate=\"firing\"}) > 3'}\n"
		"  - {record: itself, expr: 'itself + 1 or vector(0)'}\n"
		"  - {alert: Pinned, expr: 'x > x @ 600'}\n"
		"- name: other\n"
		"  interval: 40s\n"
		"  query_offset: 20s\n"
		"  limit: 2\n"
		"  rules:\n"
		"  - {alert: Limited, expr: x > 1}\n"
		"  - {alert: Gone, expr: absent(x), for: 1m}\n"
		"  - {record: rate, expr: 'rate(x[2m])'}\n"
		"  - {alert: Counts, expr: 'itself > 50 and on () rate > -1', labels: {v: '{{ $value }}'}}\n";
	struct strbuf ahead = STRBUF_INIT, stepwise = STRBUF_INIT;
	struct world w;
	(void)state;
	world_init(&w, rules, PQL_SERIES_STORED);
	world_add(&w, 0, 15000, "x{a=\"1\",b=\"1\"} 0+0.5x20 10-1x8 _x10 3x10 stale _x8 9x20");
	world_add(&w, 0, 15000, "x{a=\"1\",b=\"2\"} 1x30 stale _x60 5x9");
	world_add(&w, 5000, 20000, "x{a=\"2\"} 6 1 6 1 6x4 1x20 7x10 NaN Inf 3x20");
	live(&w, true, &ahead);
	live(&w, false, &stepwise);
	assert_true(ahead.len > 10000);
	assert_string_equal(ahead.ptr, stepwise.ptr);
	strbuf_finish(&ahead);
	strbuf_finish(&stepwise);
	world_finish(&w);
}

int main(void) {
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_when_groups_are_due), cmocka_unit_test(test_hidden_future),
		cmocka_unit_test(test_recorded_and_given),  cmocka_unit_test(test_kept_outputs),
		cmocka_unit_test(test_look_ahead),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
