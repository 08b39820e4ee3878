/* The engine from the first fetch to what Alertmanager holds, through all kinds of bad days. */
#include "tests/unit/driver.h"

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
						"rules loaded: 1 in 1 group\nalert firing, value 9\n"
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

/* Rules of one metric with another label value each are one request; when the server refuses that, each has its own. */
static void test_selectors_are_asked_together(void **state) {
	(void)state;
	struct driver d;
	set_up(&d,
		   "groups: [{name: g, rules: [{alert: A, expr: 'm{x=\"1\"} > 5'}, {alert: B, expr: "
		   "'m{x=\"2\"} > 5'}, {alert: C, expr: 'm{x=\"3\"} > 5'}]}]",
		   "evaluation: local");
	add_series(&d, 15000, "m{x=\"1\"} 9x9");
	add_series(&d, 15000, "m{x=\"2\"} 1x9");
	add_series(&d, 15000, "m{x=\"3\"} 9x9");
	advance(&d, 15000);
	assert_string_equal(d.queries.ptr, "m{x=~\"1|2|3\"}\n");
	expect_alerts(&d, "A firing, C firing");
	d.prometheus = INVALID;
	d.broken_query = "m{x=~\"1|2|3\"}";
	advance(&d, 30000);
	assert_string_equal(d.queries.ptr, "m{x=~\"1|2|3\"}\nm{x=\"1\"}\nm{x=\"2\"}\nm{x=\"3\"}\n");
	expect_alerts(&d, "A firing, C firing");
	d.prometheus = ERRORS;
	advance(&d, 45000);
	const struct group_state *g = engine_group(d.engine, 0);
	assert_string_equal(g->rules[1].last_error,
						"cannot get m{x=\"2\"} from http://localhost:9090: "
						"HTTP status 503: \"overloaded\"");
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

static const char fires[] = "groups: [{name: g, rules: [{alert: A, expr: m > 5}]}]";

static size_t count_of(const struct strbuf *text, const char *part) {
	size_t count = 0;
	for (const char *at = text->ptr; at != NULL && (at = strstr(at, part)) != NULL; at++) {
		count++;
	}
	return count;
}

/* Answers after which the alerts went nowhere, and are not to blame: a 200 that is not Alertmanager's, and the 400 of a server that
 * wants TLS. */
static void test_page_for_alertmanager(void **state) {
	(void)state;
	static const struct {
		enum mode mode;
		const char *quoted;
	} cases[] = {
		{BROKEN, "HTTP status 200, but the answer is not Alertmanager's: \"<html>Sign in</html>\""},
		{CUT,
		 "HTTP status 200, but the answer is not Alertmanager's: \"{\\\"status\\\":\\\"succ\""},
		{TLS,
		 "HTTP status 400: \"Client sent an HTTP request to an HTTPS server.\" (is its URL "
		 "https://?)"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct driver d;
		struct engine_peer_view peer;
		set_up(&d, fires, "");
		add_series(&d, 15000, "m 9x60");
		d.managers[0].mode = cases[i].mode;
		advance(&d, 20000);
		engine_peer(d.engine, 0, &peer);
		assert_int_equal(peer.outbox.sent, 0);
		assert_int_equal(peer.outbox.queued, 1);
		assert_string_equal(peer.outbox.last_error, cases[i].quoted);
		assert_non_null(strstr(d.events.ptr, cases[i].quoted));
		d.managers[0].mode = UP;
		advance(&d, 60000);
		engine_peer(d.engine, 0, &peer);
		assert_int_equal(peer.outbox.queued, 0);
		tear_down(&d);
	}
}

/* Everything is refused: ten lines, and the number of the others. */
static void test_all_refused(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, fires, "");
	for (int i = 0; i < 40; i++) {
		add_series(&d, 15000, arena_printf(&d.arena, "m{x=\"%d\"} 9x60", i));
	}
	d.managers[0].mode = INVALID;
	advance(&d, 59000);
	assert_true(d.managers[0].requests < 140);
	assert_int_equal(count_of(&d.events, "refuses an alert"), 10);
	assert_int_equal(count_of(&d.events, "did not take"), 1);
	assert_non_null(strstr(d.error_fields.ptr, "alertmanager=\"http://localhost:9093\""));
	assert_non_null(strstr(d.error_fields.ptr, "alertname=\"A\", x=\"0\""));
	advance(&d, 90000);
	assert_int_equal(count_of(&d.events, "more alerts, dropped as well"), 1);
	tear_down(&d);
}

/* It may have restarted empty: what fires is told at once, not at the next repetition. */
static void test_alertmanager_is_told_all_again(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, "groups: [{name: g, rules: [{alert: A, expr: m > 5}, {alert: B, expr: n > 5}]}]",
		   "alertmanagers: ['http://a', 'http://b']\nresend_delay: 1h\n");
	add_series(&d, 15000, "m 9x200");
	add_series(&d, 15000, "n 9 9 9 9 1x200");
	advance(&d, 50000);
	expect_log(&d, 0, "A 15..14415\nB 15..14415\n");
	expect_log(&d, 1, "A 15..14415\nB 15..14415\n");
	d.managers[0].mode = REFUSED;
	advance(&d, 400000); /* B resolves, and that is not heard */
	d.managers[0].mode = UP;
	advance(&d, 440000);
	assert_non_null(strstr(d.managers[0].log.ptr, "B 15..60 over\nA 15.."));
	assert_int_equal(count_of(&d.managers[0].log, "A 15.."), 1);
	expect_log(&d, 1, "B 15..60 over\n");
	tear_down(&d);
}

/* An outage is told when it begins, when its reason changes, every five minutes, and when it is over. */
static void test_outage_in_the_log(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, one_rule, "");
	add_series(&d, 15000, "m 9x200");
	d.prometheus = d.managers[0].mode = REFUSED;
	advance(&d, 100000);
	d.prometheus = ERRORS;
	advance(&d, 310000);
	assert_int_equal(count_of(&d.events, "does not give what rules need"), 2);
	assert_int_equal(count_of(&d.events, "not given what rules need for 5m: HTTP status 503"), 0);
	advance(&d, 325000);
	assert_int_equal(count_of(&d.events, "not given what rules need for 5m: HTTP status 503"), 1);
	d.prometheus = UP;
	advance(&d, 700000);
	assert_int_equal(count_of(&d.events, "Prometheus answers again"), 1);
	assert_int_equal(count_of(&d.events, "did not take 1 alert, to be sent again"), 1);
	assert_int_equal(count_of(&d.events,
							  "Alertmanager has taken no alerts for 5m, 1 is queued: "
							  "connection refused"),
					 1);
	tear_down(&d);
}

/* A query that is refused is its rule's trouble, and one fetch of two that fails is one outage. */
static void test_one_query_in_the_log(void **state) {
	(void)state;
	static const char rules[] =
		"groups: [{name: g, rules: [{alert: A, expr: m > 5}, {alert: B, expr: n > 5}]}]";
	struct driver d;
	set_up(&d, rules, "");
	add_series(&d, 15000, "m 9x99");
	d.broken_query = "n";
	d.prometheus = INVALID;
	advance(&d, 120000);
	assert_int_equal(count_of(&d.events, "Prometheus"), 0);
	assert_int_equal(count_of(&d.events, "rule cannot be evaluated: cannot get n"), 1);
	d.prometheus = REFUSED;
	advance(&d, 240000);
	assert_int_equal(count_of(&d.events, "Prometheus does not give"), 1);
	assert_int_equal(count_of(&d.events, "Prometheus answers"), 0);
	d.prometheus = INVALID; /* it is there again */
	advance(&d, 255000);
	assert_int_equal(count_of(&d.events, "Prometheus answers again"), 1);
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

/* While a fetch hangs what fires is repeated, so that Alertmanager does not resolve it by itself; what then proves to be over is
 * told at once. */
static void test_hanging_prometheus_keeps_alive(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, fires, "prometheus: {timeout: 1h}");
	add_series(&d, 15000, "m 9 9 9 1x60");
	advance(&d, 30000);
	expect_log(&d, 0, "A 15..255\n");
	d.prometheus = SILENT;
	advance(&d, 300000);
	assert_int_equal(d.waiting_count, 1);
	expect_log(&d, 0, "A 15..330\nA 15..405\nA 15..480\n");
	d.prometheus = UP;
	answer(&d, &d.waiting[0]);
	advance(&d, 300001);
	expect_alerts(&d, "A inactive");
	expect_log(&d, 0, "A 15..45 over\n");
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

/* A group that another engine gets is let go: what fires is not over. One that comes here begins here. */
static void test_reload_of_a_shard(void **state) {
	(void)state;
	static const char rules[] = "groups: [{name: g, rules: [{alert: A, expr: m > 5}]}]";
	struct driver d;
	set_up(&d, rules, "");
	add_series(&d, 15000, "m 9x60");
	advance(&d, 15000);
	expect_alerts(&d, "A firing");
	strbuf_clear(&d.managers[0].log);
	d.config.shard =
		(struct shard){shard_has((struct shard){0, 2}, STR("r.yml"), STR("g")) ? 1 : 0, 2};
	load(&d, rules);
	advance(&d, 60000);
	assert_int_equal(engine_group_count(d.engine), 0);
	assert_int_equal(d.managers[0].log.len, 0);
	d.config.shard.index = 1 - d.config.shard.index;
	load(&d, rules);
	advance(&d, 75000);
	expect_log(&d, 0, "A 75..315\n");
	/* Removed from the file, it is over. */
	load(&d, "groups: []");
	advance(&d, 75001);
	expect_log(&d, 0, "A 75..75 over\n");
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

/* Groups that are due at the same time and read each other's outputs go in order, wherever they stand. */
static void test_groups_that_read_groups(void **state) {
	(void)state;
	struct driver d;
	set_up(&d,
		   "groups: [{name: a, rules: [{alert: Last, expr: 'count(ALERTS{alertname=\"Sum\"}) == "
		   "1'}]}, "
		   "{name: b, rules: [{alert: Sum, expr: 'job:m:sum > 5'}]}, "
		   "{name: c, rules: [{record: 'job:m:sum', expr: sum(m)}]}]",
		   "");
	add_series(&d, 15000, "m{x=\"1\"} 3 3 0 0 0");
	add_series(&d, 15000, "m{x=\"2\"} 3 3 0 0 0");
	advance(&d, 15000);
	expect_alerts(&d, "Last firing, Sum firing");
	advance(&d, 30000);
	expect_alerts(&d, "Last inactive, Sum inactive");
	assert_int_equal(engine_output_series(d.engine), 3); /* no ALERTS_FOR_STATE: nobody reads it */
	tear_down(&d);
}

/* A template that asks may ask for any recorded series: then all are kept, else only what rules read. */
static void test_templates_that_query(void **state) {
	(void)state;
	static const struct {
		const char *text;
		size_t kept;
	} cases[] = {
		{"what a query {{ $value }}", 1},
		{"{{ query \"r:y\" | first | value }}", 4},
		{"{{ if false }}{{ query \"r:y\" }}{{ end }}", 4},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct driver d;
		struct strbuf rules = STRBUF_INIT;
		strbuf_printf(&rules,
					  "groups: [{name: g, rules: [{record: 'r:x', expr: m}, {record: 'r:y', expr: "
					  "m}, {alert: U, expr: m, annotations: {a: '%s'}}, {alert: V, expr: 'r:x > "
					  "0'}]}]",
					  cases[i].text);
		set_up(&d, rules.ptr, "");
		add_series(&d, 15000, "m 9x20");
		advance(&d, 15000);
		expect_alerts(&d, "U firing, V firing");
		load(&d, rules.ptr); /* and again, with everything there */
		advance(&d, 30000);
		expect_alerts(&d, "U firing, V firing");
		assert_in_range(engine_output_series(d.engine), cases[i].kept, cases[i].kept == 1 ? 1 : 6);
		strbuf_finish(&rules);
		tear_down(&d);
	}
}

static void test_template_failure_in_the_log(void **state) {
	(void)state;
	struct driver d;
	set_up(&d,
		   "groups: [{name: g, rules: [{alert: U, expr: m, annotations: "
		   "{a: '{{ first (query \"none\") }}', b: '{{ humanize \"x\" }}'}}]}]",
		   "");
	add_series(&d, 15000, "m{x=\"1\"} 9x60");
	add_series(&d, 15000, "m{x=\"2\"} 9x60");
	advance(&d, 200000);
	expect_alerts(&d, "U firing, U firing");
	assert_int_equal(count_of(&d.events, "a template cannot be expanded: "), 1);
	assert_int_equal(count_of(&d.events, "first() called on vector with no elements"), 1);
	tear_down(&d);
}

/* The group that others wait for changes at a reload while its answer is on the way: they go on without it. */
static void test_reload_of_a_group_waited_for(void **state) {
	(void)state;
	static const char before[] =
		"groups: [{name: a, rules: [{alert: A, expr: r > 1}]}, "
		"{name: b, rules: [{record: r, expr: m}]}]";
	struct driver d;
	set_up(&d, before, "");
	add_series(&d, 15000, "m 3x20");
	d.prometheus = SILENT;
	advance(&d, 15000);
	assert_int_equal(d.waiting_count, 2);
	d.prometheus = UP;
	answer(&d, &d.waiting[0]); /* "r" */
	assert_int_equal(engine_group(d.engine, 0)->iterations, 0);
	load(&d,
		 "groups: [{name: a, rules: [{alert: A, expr: r > 1}]}, "
		 "{name: b, rules: [{record: r, expr: m + 0}]}]");
	assert_int_equal(engine_group(d.engine, 0)->iterations, 1);
	expect_alerts(&d, "");
	answer(&d, &d.waiting[1]);
	advance(&d, 30000);
	expect_alerts(&d, "A firing");
	tear_down(&d);
}

static void test_failed_reload(void **state) {
	(void)state;
	struct driver d;
	struct engine_reload_view view;
	set_up(&d, one_rule, "");
	engine_load_failed(d.engine, "r.yml:1:1: error: no");
	engine_reload_view(d.engine, &view);
	assert_true(view.loaded);
	assert_false(view.last_ok);
	assert_int_equal(view.last_success, 1000);
	assert_string_equal(view.message, "r.yml:1:1: error: no");
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
		cmocka_unit_test(test_selectors_are_asked_together),
		cmocka_unit_test(test_fetches_are_bounded),
		cmocka_unit_test(test_alertmanager_down_and_back),
		cmocka_unit_test(test_refused_alert),
		cmocka_unit_test(test_prometheus_down_and_back),
		cmocka_unit_test(test_one_fetch_fails),
		cmocka_unit_test(test_slow_prometheus),
		cmocka_unit_test(test_page_for_alertmanager),
		cmocka_unit_test(test_all_refused),
		cmocka_unit_test(test_alertmanager_is_told_all_again),
		cmocka_unit_test(test_outage_in_the_log),
		cmocka_unit_test(test_one_query_in_the_log),
		cmocka_unit_test(test_hanging_prometheus_keeps_alive),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_reload_of_a_shard),
		cmocka_unit_test(test_reload_under_way),
		cmocka_unit_test(test_groups_that_read_groups),
		cmocka_unit_test(test_templates_that_query),
		cmocka_unit_test(test_template_failure_in_the_log),
		cmocka_unit_test(test_reload_of_a_group_waited_for),
		cmocka_unit_test(test_failed_reload),
		cmocka_unit_test(test_ready),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_clock_set_back),
		cmocka_unit_test(test_destroy_under_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
