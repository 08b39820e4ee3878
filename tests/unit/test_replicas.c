/* Two engines with the same rules, one Alertmanager: what one of them does not see any more, it must not tell over the other. The
 * other one is played by the test. */
#include "tests/unit/driver.h"

static const char rules[] = "groups: [{name: g, rules: [{alert: A, expr: m > 5}]}]";

/* Another engine sees the alert end. */
#define OVER(x, starts, ends)                                                                      \
	"{\"labels\":{\"alertname\":\"A\",\"x\":\"" x "\"},\"startsAt\":\"1970-01-01T00:" starts       \
	".000Z\",\"endsAt\":\"1970-01-01T00:" ends ".000Z\"}"

/* One alert goes on, another is over; both were told, and then Prometheus is gone. */
static void set_up_blind(struct driver *d, const char *configuration) {
	set_up(d, rules, configuration);
	add_series(d, 15000, "m{x=\"1\"} 9x99");
	add_series(d, 15000, "m{x=\"2\"} 9x99");
	advance(d, 20000);
	expect_log(d, 0, "A x=1 15..255\nA x=2 15..255\n");
	d->prometheus = REFUSED;
	tell(&d->managers[0], OVER("2", "00:15", "00:45"));
}

/* The engine that lost its Prometheus repeats what fires, but not what the other one saw end. */
static void test_blind_replica(void **state) {
	(void)state;
	struct driver d;
	set_up_blind(&d, "");
	advance(&d, 100000);
	expect_asked(&d, 0, " alerts status");
	expect_log(&d, 0, "A x=1 15..330\n");
	assert_non_null(strstr(d.events.ptr, "because Alertmanager has them ended meanwhile: 1"));
	advance(&d, 400000);
	expect_log(&d, 0, "A x=1 15..405\nA x=1 15..480\nA x=1 15..555\nA x=1 15..630\n");
	expect_alerts(&d, "A firing, A firing");
	struct engine_peer_view peer;
	engine_peer(d.engine, 0, &peer);
	assert_int_equal(peer.outbox.withheld, 5);
	assert_int_equal(peer.outbox.queued, 0);
	assert_int_equal(peer.outbox.errors, 0);
	/* it sees again: both fire, whatever anybody said, and that is told at once */
	d.prometheus = UP;
	advance(&d, 410000);
	expect_log(&d, 0, "A x=1 15..645\nA x=2 15..645\n");
	tear_down(&d);
}

/* While a fetch hangs it is as blind. */
static void test_waiting_replica(void **state) {
	(void)state;
	struct driver d;
	set_up_blind(&d, "prometheus: {timeout: 1h}");
	d.prometheus = SILENT;
	advance(&d, 100000);
	expect_log(&d, 0, "A x=1 15..330\n");
	tear_down(&d);
}

/* Alone, with an Alertmanager that holds all that it was told: nothing times out. One question, no second one. */
static void test_alone(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, rules, "");
	add_series(&d, 15000, "m{x=\"1\"} 9x99");
	advance(&d, 20000);
	d.prometheus = REFUSED;
	expect_log(&d, 0, "A x=1 15..255\n");
	expect_asked(&d, 0, "");
	advance(&d, 200000);
	expect_log(&d, 0, "A x=1 15..330\nA x=1 15..405\n");
	expect_asked(&d, 0, " alerts alerts");
	tear_down(&d);
}

/* What came after the moment at which it was evaluated is not lost to the engine that tells it. */
static void test_sure_words_are_not_asked_about(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, rules, "");
	add_series(&d, 15000, "m{x=\"1\"} 9 9 1 9x99");
	tell(&d.managers[0], OVER("1", "00:00", "00:01"));
	advance(&d, 400000);
	expect_asked(&d, 0, "");
	assert_non_null(strstr(d.managers[0].log.ptr, "A x=1 15..30 over\nA x=1 45..285\n"));
	tear_down(&d);
}

/* An Alertmanager that was started anew holds nothing, and is told all; by its own clock, however wrong. */
static void test_alertmanager_restarts(void **state) {
	(void)state;
	static const dur_ms clocks[] = {0, 60000, 3600000};
	for (size_t i = 0; i < COUNT(clocks); i++) {
		struct driver d;
		set_up_at(&d, rules, "", 1000);
		d.managers[0].clock = clocks[i];
		d.managers[0].started = clocks[i];
		add_series(&d, 15000, "m{x=\"1\"} 9x99");
		advance(&d, 20000);
		expect_log(&d, 0, "A x=1 15..255\n");
		d.prometheus = REFUSED;
		d.now = 21000;
		lose_all(&d, &d.managers[0]);
		advance(&d, 100000);
		expect_asked(&d, 0, " alerts status");
		expect_log(&d, 0, "A x=1 15..330\n");
		/* and was told since: now it is over for it as well */
		tell(&d.managers[0], OVER("1", "00:15", "01:45"));
		advance(&d, 175000);
		expect_log(&d, 0, "");
		tear_down(&d);
	}
}

/* Without a Date header the clocks are taken to agree. */
static void test_no_date(void **state) {
	(void)state;
	struct driver d;
	set_up_blind(&d, "");
	d.managers[0].silent_about_date = true;
	advance(&d, 100000);
	expect_log(&d, 0, "A x=1 15..330\n");
	tear_down(&d);
}

/* Cut off from everything: words that waited, and those that an Alertmanager that is back hears of all that fires. */
static void test_cut_off(void **state) {
	(void)state;
	struct driver d;
	set_up_blind(&d, "");
	d.managers[0].mode = REFUSED;
	advance(&d, 200000);
	d.managers[0].mode = UP;
	advance(&d, 290000);
	assert_null(strstr(d.managers[0].log.ptr, "x=2"));
	assert_non_null(strstr(d.managers[0].log.ptr, "A x=1 15.."));
	assert_non_null(strstr(d.events.ptr, "Alertmanager takes alerts again"));
	tear_down(&d);
}

/* When all that waited is withheld, Alertmanager is back all the same. */
static void test_nothing_left_to_tell(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, rules, "");
	add_series(&d, 15000, "m{x=\"2\"} 9x99");
	advance(&d, 20000);
	d.prometheus = d.managers[0].mode = REFUSED;
	advance(&d, 200000);
	expect_log(&d, 0, "A x=2 15..255\n");
	tell(&d.managers[0], OVER("2", "00:15", "00:45"));
	d.managers[0].mode = UP;
	advance(&d, 290000);
	expect_log(&d, 0, "");
	assert_non_null(strstr(d.events.ptr, "Alertmanager takes alerts again"));
	struct engine_peer_view peer;
	engine_peer(d.engine, 0, &peer);
	assert_int_equal(peer.outbox.queued, 0);
	assert_string_equal(peer.outbox.last_error, "");
	tear_down(&d);
}

/* The process stood still: what it was about to say is old when it goes on. */
static void test_frozen(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, rules, "");
	add_series(&d, 15000, "m{x=\"1\"} 9 9 9 9 9 9 9 1x99");
	advance(&d, 20000);
	expect_log(&d, 0, "A x=1 15..255\n");
	d.managers[0].mode = REFUSED;
	advance(&d, 90500); /* repeated at 90, not taken */
	tell(&d.managers[0], OVER("1", "00:15", "01:45"));
	d.managers[0].mode = UP;
	d.now = 119000;
	pump(&d);
	expect_log(&d, 0, "");
	expect_asked(&d, 0, " alerts status");
	advance(&d, 125000);
	expect_log(&d, 0, "A x=1 15..105 over\n");
	tear_down(&d);
}

/* An end that is told late must not end what another engine saw begin after it. */
static void test_late_end(void **state) {
	(void)state;
	for (int again = 0; again < 2; again++) {
		struct driver d;
		set_up(&d, rules, "");
		add_series(&d, 15000, "m{x=\"1\"} 9 9 1x99");
		advance(&d, 20000);
		expect_log(&d, 0, "A x=1 15..255\n");
		d.managers[0].mode = REFUSED;
		advance(&d, 35000);
		d.prometheus = REFUSED;
		d.managers[0].mode = UP;
		if (again) {
			tell(&d.managers[0], OVER("1", "00:45", "59:00"));
		}
		d.now = 46000;
		advance(&d, 200000);
		/* nor is it repeated, since nobody knows that it is so still */
		expect_log(&d, 0, again ? "" : "A x=1 15..30 over\n");
		tear_down(&d);
	}
}

/* An alert that this Alertmanager never heard of is told, however old the word: else it would be lost. */
static void test_never_told(void **state) {
	(void)state;
	struct driver d;
	set_up(&d, rules, "");
	add_series(&d, 15000, "m{x=\"1\"} 9x99");
	d.managers[0].mode = REFUSED;
	advance(&d, 20000);
	d.prometheus = REFUSED;
	advance(&d, 100000);
	d.managers[0].mode = UP;
	advance(&d, 140000);
	assert_non_null(strstr(d.managers[0].log.ptr, "A x=1 15.."));
	tear_down(&d);
}

/* What cannot be read counts as nothing held back. */
static const struct {
	const char *what;
	enum mode questions;
	const char *alerts, *status;
	const char *asked; /* at the first repetition */
	const char *warned;
} odd[] = {
	{"nonsense", BROKEN, NULL, NULL, " alerts", "the answer is not Alertmanager's"},
	{"half an answer", UP, "[{\"labels\":{", NULL, " alerts", "the answer is not Alertmanager's"},
	{"not there", INVALID, NULL, NULL, " alerts", "404"},
	{"redirects", ELSEWHERE, NULL, NULL, " alerts", "it redirects to http://login"},
	{"hangs over the list", HANGING, NULL, NULL, " alerts status alerts", "no answer within 10s"},
	{"says nothing of its start", UP, NULL, "{}", " alerts status",
	 "its status does not say when it was started"},
};

static void test_odd_answers(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(odd); i++) {
		struct driver d;
		set_up_blind(&d, "");
		d.managers[0].questions = odd[i].questions;
		d.managers[0].alerts_answer = odd[i].alerts;
		d.managers[0].status_answer = odd[i].status;
		advance(&d, 100000);
		expect_asked(&d, 0, odd[i].asked);
		expect_log(&d, 0, "A x=1 15..330\nA x=2 15..330\n");
		const char *line = strstr(d.events.ptr, "cannot read what Alertmanager holds");
		if (line == NULL || strstr(line, odd[i].warned) == NULL) {
			fail_msg("%s: %s", odd[i].what, d.events.ptr);
		}
		advance(&d, 250000); /* told once */
		assert_null(strstr(strchr(line, '\n'), "cannot read what"));
		tear_down(&d);
	}
}

/* One that gives no answer at all is away: the words wait. */
static void test_no_answer(void **state) {
	(void)state;
	static const enum mode modes[] = {REFUSED, ERRORS, SILENT};
	for (size_t i = 0; i < COUNT(modes); i++) {
		struct driver d;
		set_up_blind(&d, "");
		d.managers[0].questions = modes[i];
		advance(&d, 100000);
		expect_log(&d, 0, "");
		assert_non_null(strstr(d.events.ptr, "Alertmanager did not take 2 alerts"));
		d.managers[0].questions = UP;
		advance(&d, 140000);
		assert_null(strstr(d.managers[0].log.ptr, "x=2"));
		assert_non_null(strstr(d.managers[0].log.ptr, "A x=1 15.."));
		tear_down(&d);
	}
}

/* Each Alertmanager is asked for itself. */
static void test_two_alertmanagers(void **state) {
	(void)state;
	struct driver d;
	set_up_blind(&d, "alertmanagers: ['http://a', 'http://b']");
	advance(&d, 100000);
	expect_log(&d, 0, "A x=1 15..330\n");
	expect_log(&d, 1, "A x=1 15..255\nA x=2 15..255\nA x=1 15..330\nA x=2 15..330\n");
	tear_down(&d);
}

/* At the end as well: what was said last is asked about, and then the engine is through. */
static void test_drain(void **state) {
	(void)state;
	struct driver d;
	set_up_blind(&d, "");
	advance(&d, 90000);
	engine_drain(d.engine, d.now);
	assert_true(!engine_idle(d.engine));
	advance(&d, 95000);
	assert_true(engine_idle(d.engine));
	expect_log(&d, 0, "A x=1 15..330\n");
	tear_down(&d);
}

/* A configuration that changes in the middle of a question. */
static void test_reload_while_asking(void **state) {
	(void)state;
	struct driver d;
	struct exchange x;
	set_up_blind(&d, "");
	advance(&d, 90000);
	d.now = 93000;
	assert_true(engine_next_exchange(d.engine, d.now, &x));
	assert_true(str_equal(x.path, STR("/api/v2/alerts")) && x.content_type.len == 0);
	struct config_peer other = d.config.alertmanagers[0];
	other.url = STR("http://other");
	d.config.alertmanagers = &other;
	load(&d, rules);
	engine_receive(d.engine, x.id, STR("[]"));
	engine_answer(d.engine, x.id, &(struct exchange_answer){.status = 200}, d.now);
	advance(&d, 180000);
	tear_down(&d);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blind_replica),
		cmocka_unit_test(test_waiting_replica),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_sure_words_are_not_asked_about),
		cmocka_unit_test(test_alertmanager_restarts),
		cmocka_unit_test(test_no_date),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_nothing_left_to_tell),
		cmocka_unit_test(test_frozen),
		cmocka_unit_test(test_late_end),
		cmocka_unit_test(test_never_told),
		cmocka_unit_test(test_odd_answers),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_two_alertmanagers),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_reload_while_asking),
	};
	return cmocka_run_group_tests_name("replicas", tests, NULL, NULL);
}
