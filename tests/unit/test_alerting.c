/* The alerts of a rule, beyond what tests/conformance/lifecycle/lives.txt says of one alert: notices, limits, outputs, the clock.
 *
 * What an evaluation every 30 s finds is a character: '.' nothing, '1'…'9' the alert with this value, 'E' two elements that mean
 * the same alert, 'L' more alerts than the limit allows. */
#include "tests/unit/check.h"

#include "engine/alerting.h"

#define INTERVAL 30000

static const struct rule_text no_texts[1];

static struct rule make_rule(dur_ms hold, dur_ms keep) {
	return (struct rule){.kind = RULE_ALERTING,
						 .name = STR("A"),
						 .query = STR("up == 0"),
						 .hold = hold,
						 .keep_firing_for = keep,
						 .labels = no_texts,
						 .annotations = no_texts};
}

static const struct alerting_settings settings = {
	.resend_delay = 60000,
	.resolved_retention = 120000,
	.external_url = {"http://prom:9090", 16},
	.max_alerts = 100,
};
static const struct rule_group group = {.limit = 2};

/* `count` candidates: instance="0", instance="1", … */
static const struct alerting_candidate *make_candidates(struct arena *a, size_t count, double value,
														bool same) {
	struct alerting_candidate *items = ARENA_ARRAY(a, struct alerting_candidate, count + 1);
	for (size_t i = 0; i < count; i++) {
		struct labels_builder b;
		labels_builder_init(&b, a);
		labels_builder_set(&b, STR("alertname"), STR("A"));
		labels_builder_set(&b, STR("instance"),
						   str_from(arena_printf(a, "%zu", same ? (size_t)0 : i)));
		items[i].labels = labels_builder_take(&b);
		items[i].hash = labels_hash(items[i].labels);
		items[i].value = value;
	}
	return items;
}

static char state_char(const struct alerting *a) {
	if (a->count == 0) {
		return '-';
	}
	assert_int_equal(a->count, 1);
	const struct alert *alert = a->alerts[0];
	switch (alert->state) {
	case ALERT_PENDING: return 'P';
	case ALERT_FIRING: return alert->keep_firing_since == TS_NONE ? 'F' : 'K';
	case ALERT_INACTIVE: return 'R';
	case ALERT_UNKNOWN: break;
	}
	return '?';
}

static const char *step_char(struct alerting *a, char in, ts_ms ts, struct arena *arena,
							 struct alert_transitions *t) {
	bool bad = in == 'E', many = in == 'L';
	size_t count = bad ? 2 : many ? 3 : in == '.' ? 0 : 1;
	const struct alerting_candidate *c =
		make_candidates(arena, count, count == 1 ? in - '0' : 1, bad);
	return alerting_step(a, &settings, &group, c, count, ts, arena, t);
}

/* startsAt is when it fired, endsAt when it was resolved, and both stay in resends; texts and value freeze. */
static void test_notice(void **state) {
	(void)state;
	struct rule rule = make_rule(30000, 0);
	struct alerting a;
	struct arena arena;
	struct alert_transitions t = {0};
	alerting_init(&a, &rule);
	arena_init(&arena);
	static const char in[] = "57...";
	static const struct {
		size_t count;
		ts_ms starts_at, ends_at;
	} wanted[] = {{0, 0, 0}, {1, 30000, 270000}, {1, 30000, 60000}, {0, 0, 0}, {0, 0, 0}};
	for (size_t i = 0; i < COUNT(wanted); i++) {
		struct notices n = {0};
		assert_null(step_char(&a, in[i], (ts_ms)i * INTERVAL, &arena, &t));
		alerting_take_notices(&a, &settings, INTERVAL, (ts_ms)i * INTERVAL, &arena, &n);
		assert_int_equal(n.count, wanted[i].count);
		if (n.count > 0) {
			assert_int_equal(n.items[0].starts_at, wanted[i].starts_at);
			assert_int_equal(n.items[0].ends_at, wanted[i].ends_at);
			assert_true(str_equal(n.items[0].generator_url,
								  STR("http://prom:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1")));
		}
	}
	assert_true(a.alerts[0]->value == 7);
	/* pending, fired, resolved */
	assert_int_equal(t.count, 3);
	assert_int_equal(t.items[0].change, ALERT_APPEARED);
	assert_int_equal(t.items[1].change, ALERT_FIRED);
	assert_int_equal(t.items[2].change, ALERT_RESOLVED);
	arena_finish(&arena);
	alerting_finish(&a);
}

/* The alert ended less than its `for` ago when a reload raised it: pending again, and no word of a resolution. */
static void test_for_raised(void **state) {
	(void)state;
	struct rule rule = make_rule(0, 0), slower = make_rule(90000, 0);
	struct alerting a;
	struct arena arena;
	struct alert_transitions t = {0};
	struct notices n = {0};
	alerting_init(&a, &rule);
	arena_init(&arena);
	assert_null(step_char(&a, '1', 0, &arena, &t));
	assert_int_equal(state_char(&a), 'F');
	a.rule = &slower;
	assert_null(step_char(&a, '1', 30000, &arena, &t));
	assert_int_equal(state_char(&a), 'P');
	alerting_take_notices(&a, &settings, INTERVAL, 30000, &arena, &n);
	assert_null(step_char(&a, '1', 90000, &arena, &t));
	assert_int_equal(state_char(&a), 'F');
	assert_int_equal(a.alerts[0]->fired_at, 90000);
	assert_int_equal(t.items[1].change, ALERT_LOWERED);
	arena_finish(&arena);
	alerting_finish(&a);
}

/* As Prometheus does it, for those who want that. */
static void test_limit_forgets(void **state) {
	(void)state;
	struct alerting_settings like_prometheus = settings;
	like_prometheus.limit_forgets = true;
	struct rule rule = make_rule(0, 0);
	struct alerting a;
	struct arena arena;
	struct alert_transitions t = {0};
	alerting_init(&a, &rule);
	arena_init(&arena);
	assert_null(step_char(&a, '1', 0, &arena, &t));
	const struct alerting_candidate *c = make_candidates(&arena, 3, 1, false);
	assert_string_equal(alerting_step(&a, &like_prometheus, &group, c, 3, 30000, &arena, &t),
						"exceeded limit of 2 with 3 alerts");
	assert_int_equal(a.count, 0);
	assert_int_equal(a.state, ALERT_INACTIVE);
	arena_finish(&arena);
	alerting_finish(&a);
}

static void test_cap_names_the_setting(void **state) {
	(void)state;
	struct rule rule = make_rule(0, 0);
	struct rule_group unlimited = {.limit = 0};
	struct alerting a;
	struct arena arena;
	struct alert_transitions t = {0};
	alerting_init(&a, &rule);
	arena_init(&arena);
	const struct alerting_candidate *c = make_candidates(&arena, 101, 1, false);
	assert_string_equal(alerting_step(&a, &settings, &unlimited, c, 101, 0, &arena, &t),
						"exceeded limit of 100 with 101 alerts (limits.alerts_per_rule)");
	assert_int_equal(a.count, 0);
	assert_null(alerting_step(&a, &settings, &unlimited, c, 100, 0, &arena, &t));
	assert_int_equal(a.count, 100);
	arena_finish(&arena);
	alerting_finish(&a);
}

static void test_outputs(void **state) {
	(void)state;
	struct rule rule = make_rule(30000, 0);
	struct alerting a;
	struct arena arena;
	struct alert_transitions t = {0};
	static const char *const wanted[2][2] = {
		{"ALERTS{alertname=\"A\", alertstate=\"pending\", instance=\"0\"} 1",
		 "ALERTS_FOR_STATE{alertname=\"A\", instance=\"0\"} 1000"},
		{"ALERTS{alertname=\"A\", alertstate=\"firing\", instance=\"0\"} 1",
		 "ALERTS_FOR_STATE{alertname=\"A\", instance=\"0\"} 1000"},
	};
	alerting_init(&a, &rule);
	arena_init(&arena);
	for (size_t i = 0; i < 2; i++) {
		struct output_samples out = {0};
		assert_null(step_char(&a, '1', 1000500 + (ts_ms)i * INTERVAL, &arena, &t));
		alerting_add_outputs(&a, &arena, &out);
		assert_int_equal(out.count, 2);
		for (size_t j = 0; j < 2; j++) {
			struct strbuf text = STRBUF_INIT;
			labels_print(&text, out.items[j].labels);
			strbuf_printf(&text, " %g", out.items[j].value);
			assert_string_equal(text.ptr, wanted[i][j]);
			strbuf_finish(&text);
		}
	}
	arena_finish(&arena);
	alerting_finish(&a);
}

/* The clock was set back an hour while an alert was firing: it goes on firing, and is sent again in time. */
static void test_set_back(void **state) {
	(void)state;
	struct rule rule = make_rule(60000, 0);
	struct alerting a;
	struct arena arena;
	struct alert_transitions t = {0};
	struct notices n = {0};
	ts_ms hour = 3600000;
	alerting_init(&a, &rule);
	arena_init(&arena);
	assert_null(step_char(&a, '1', hour, &arena, &t));
	assert_null(step_char(&a, '1', hour + 60000, &arena, &t));
	alerting_take_notices(&a, &settings, INTERVAL, hour + 60000, &arena, &n);
	alerting_set_back(&a, hour);
	assert_null(step_char(&a, '1', 90000, &arena, &t));
	assert_int_equal(state_char(&a), 'F');
	alerting_take_notices(&a, &settings, INTERVAL, 150000, &arena, &n);
	assert_int_equal(n.count, 2);
	assert_int_equal(n.items[1].starts_at, 60000);
	arena_finish(&arena);
	alerting_finish(&a);
}

static void test_resolve_all(void **state) {
	(void)state;
	struct rule rule = make_rule(30000, 0);
	struct alerting a;
	struct arena arena;
	struct alert_transitions t = {0};
	struct notices n = {0};
	alerting_init(&a, &rule);
	arena_init(&arena);
	assert_null(step_char(&a, '1', 0, &arena, &t));
	alerting_resolve_all(&a, &settings, 10000, &arena, &n);
	assert_int_equal(n.count, 0); /* pending: nobody knows of it */
	assert_null(step_char(&a, '1', 30000, &arena, &t));
	alerting_resolve_all(&a, &settings, 40000, &arena, &n);
	assert_int_equal(n.count, 1);
	assert_true(n.items[0].resolved);
	assert_int_equal(n.items[0].ends_at, 40000);
	arena_finish(&arena);
	alerting_finish(&a);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notice),        cmocka_unit_test(test_for_raised),
		cmocka_unit_test(test_limit_forgets), cmocka_unit_test(test_cap_names_the_setting),
		cmocka_unit_test(test_outputs),       cmocka_unit_test(test_set_back),
		cmocka_unit_test(test_resolve_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
