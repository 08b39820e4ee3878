/* The outbox, with invented time. Every word carries a serial number in its generatorURL, by which the test knows it again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "notifiers/outbox.h"

#define MINUTE 60000

static const struct outbox_options usual = {
	.batch_max = 256, .capacity = 100000, .retry_min = 1000, .retry_max = 30000, .seed = 7};

static struct outbox *outbox_with(size_t batch_max, size_t capacity) {
	struct outbox_options options = usual;
	options.batch_max = batch_max;
	options.capacity = capacity;
	return outbox_create(&options);
}

static void push(struct outbox *o, int alert, bool resolved, int serial, ts_ms now) {
	char name[16];
	char url[16];
	snprintf(name, sizeof name, "a%d", alert);
	snprintf(url, sizeof url, "w%d", serial);
	const struct label label = {LABEL_ALERTNAME, str_from(name)};
	const struct notice n = {.labels = {&label, 1},
							 .starts_at = now,
							 .ends_at = resolved ? now : now + 4 * MINUTE,
							 .resolved = resolved,
							 .sure_until = INT64_MAX,
							 .generator_url = str_from(url)};
	outbox_push(o, &n, now);
}

struct told {
	long serial;
	ts_ms ends_at;
};

#define KEY_ENDS "\"endsAt\":\""
#define KEY_URL "\"generatorURL\":\"w"

/* The words of a delivery, in order. */
static size_t read_words(struct str body, struct told *ret_words, size_t max) {
	char *text = mem_dup_str(body);
	size_t count = 0;
	for (char *at = text; (at = strstr(at, KEY_ENDS)) != NULL && count < max; count++) {
		at += strlen(KEY_ENDS);
		assert_true(timestamp_parse((struct str){at, 24}, &ret_words[count].ends_at));
		at = strstr(at, KEY_URL);
		assert_non_null(at);
		ret_words[count].serial = strtol(at + strlen(KEY_URL), NULL, 10);
	}
	free(text);
	return count;
}

/* Expects the words w<first> … in the next delivery and nothing else; gives its id. */
static uint64_t expect(struct outbox *o, ts_ms now, size_t count, const long *serials) {
	struct outbox_delivery d;
	struct told words[300];
	assert_true(outbox_next(o, now, &d));
	assert_int_equal(d.count, count);
	assert_int_equal(read_words(d.body, words, 300), count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(words[i].serial, serials[i]);
	}
	return d.id;
}

#define EXPECT(o, now, ...)                                                                        \
	expect((o), (now), sizeof((long[]){__VA_ARGS__}) / sizeof(long), (const long[]){__VA_ARGS__})

static struct outbox_stats stats_of(const struct outbox *o) {
	struct outbox_stats s;
	outbox_stats(o, &s);
	return s;
}

static void expect_nothing(struct outbox *o, ts_ms now) {
	struct outbox_delivery d;
	assert_false(outbox_next(o, now, &d));
}

static void test_one(void **state) {
	(void)state;
	struct outbox *o = outbox_create(&usual);
	expect_nothing(o, 0);
	assert_true(outbox_wake_at(o, 0) == TS_NONE);
	push(o, 1, false, 1, 5000);
	assert_true(outbox_wake_at(o, 5000) == 5000);
	uint64_t id = EXPECT(o, 5000, 1);
	assert_true(outbox_wake_at(o, 5000) == TS_NONE); /* under way */
	expect_nothing(o, 5000);
	assert_int_equal(stats_of(o).queued, 1);
	outbox_done(o, id, OUTBOX_OK, "", 0, 5010);
	assert_int_equal(stats_of(o).queued, 0);
	assert_int_equal(stats_of(o).sent, 1);
	assert_true(stats_of(o).last_ok == 5010);
	outbox_destroy(o);
}

static void test_latest_word_wins(void **state) {
	(void)state;
	struct outbox *o = outbox_create(&usual);
	push(o, 1, false, 1, 0);
	push(o, 2, false, 2, 0);
	push(o, 1, false, 3, 10); /* keeps its place */
	push(o, 3, false, 4, 10);
	push(o, 3, true, 5, 20);
	uint64_t id = EXPECT(o, 20, 3, 2, 5);
	push(o, 2, true, 6, 30); /* while under way */
	push(o, 1, false, 7, 30);
	push(o, 1, false, 8, 31);
	outbox_done(o, id, OUTBOX_OK, "", 0, 40);
	id = EXPECT(o, 40, 6, 8);
	outbox_done(o, id, OUTBOX_OK, "", 0, 50);
	expect_nothing(o, 50);
	outbox_destroy(o);
}

static void test_episodes_stay_apart(void **state) {
	(void)state;
	struct outbox *o = outbox_create(&usual);
	push(o, 1, true, 1, 0);
	push(o, 1, false, 2, 10);
	push(o, 1, true, 3, 20); /* ends both */
	push(o, 1, false, 4, 30);
	push(o, 1, false, 5, 40);
	assert_int_equal(stats_of(o).queued, 1);
	uint64_t id = EXPECT(o, 50, 3);
	outbox_done(o, id, OUTBOX_RETRY, "connection refused", 0, 60);
	id = EXPECT(o, 5000, 3); /* still first, still alone */
	push(o, 1, false, 6, 5001);
	outbox_done(o, id, OUTBOX_OK, "", 0, 5010);
	id = EXPECT(o, 5010, 6);
	outbox_done(o, id, OUTBOX_OK, "", 0, 5020);
	assert_int_equal(stats_of(o).queued, 0);
	outbox_destroy(o);
}

/* Words that arrive while a delivery is under way that then fails. */
static void test_failed_delivery_meets_newer_words(void **state) {
	(void)state;
	struct outbox *o = outbox_create(&usual);
	push(o, 1, false, 1, 0); /* firing under way, resolved comes: the firing need not be told */
	push(o, 2, true, 2, 0);  /* resolved under way, firing comes: both */
	push(o, 3, true, 3, 0);  /* resolved under way, firing and resolved come: the last */
	push(o, 4, true, 4, 0);
	uint64_t id = EXPECT(o, 0, 1, 2, 3, 4);
	push(o, 1, true, 11, 1);
	push(o, 2, false, 12, 1);
	push(o, 3, false, 13, 1);
	push(o, 3, true, 14, 2);
	outbox_done(o, id, OUTBOX_RETRY, "no answer within 10s", 0, 10);
	assert_string_equal(stats_of(o).last_error, "no answer within 10s");
	id = EXPECT(o, 5000, 4, 11, 2, 14);
	outbox_done(o, id, OUTBOX_OK, "", 0, 5000);
	assert_string_equal(stats_of(o).last_error, "");
	id = EXPECT(o, 5000, 12);
	outbox_done(o, id, OUTBOX_OK, "", 0, 5000);
	assert_int_equal(stats_of(o).queued, 0);
	outbox_destroy(o);
}

static void test_backoff(void **state) {
	(void)state;
	struct outbox *o = outbox_create(&usual);
	push(o, 1, false, 1, 0);
	const dur_ms full[] = {1000, 2000, 4000, 8000, 16000, 30000, 30000};
	ts_ms now = 0;
	for (size_t i = 0; i < sizeof full / sizeof full[0]; i++) {
		uint64_t id = EXPECT(o, now, 1);
		outbox_done(o, id, OUTBOX_RETRY, "503", 0, now);
		ts_ms at = outbox_wake_at(o, now);
		assert_in_range(at - now, full[i] / 2, full[i]);
		expect_nothing(o, at - 1);
		now = at;
	}
	uint64_t id = EXPECT(o, now, 1);
	outbox_done(o, id, OUTBOX_RETRY, "429", 90000, now);
	assert_true(outbox_wake_at(o, now) == now + 90000);
	now += 90000;
	id = EXPECT(o, now, 1);
	outbox_done(o, id, OUTBOX_RETRY, "429", INT64_MAX, now); /* absurd: five minutes */
	assert_true(outbox_wake_at(o, now) == now + 5 * MINUTE);
	assert_true(outbox_wake_at(o, now - 1000) == now - 1000); /* the clock was set back */
	now += 5 * MINUTE;
	id = EXPECT(o, now, 1);
	outbox_done(o, id, OUTBOX_OK, "", 0, now);
	push(o, 1, false, 1, now);
	id = EXPECT(o, now, 1);
	outbox_done(o, id, OUTBOX_RETRY, "503", 0, now); /* begins anew */
	assert_in_range(outbox_wake_at(o, now) - now, 500, 1000);
	assert_int_equal(stats_of(o).errors, 10);
	outbox_destroy(o);
}

/* Alerts, not deliveries: dashboards hold them against the alerts that were sent. */
static void test_errors_count_alerts(void **state) {
	(void)state;
	struct outbox *o = outbox_create(&usual);
	for (int a = 0; a < 3; a++) {
		push(o, a, false, a, 0);
	}
	outbox_done(o, EXPECT(o, 0, 0, 1, 2), OUTBOX_RETRY, "503", 0, 0);
	assert_int_equal(stats_of(o).errors, 3);
	outbox_done(o, EXPECT(o, MINUTE, 0, 1, 2), OUTBOX_OK, "", 0, MINUTE);
	assert_int_equal(stats_of(o).errors, 3);
	outbox_destroy(o);
}

static void test_old_firing_word_is_refreshed(void **state) {
	(void)state;
	const struct {
		ts_ms told_at, ends_at;
	} cases[] = {
		{0, 4 * MINUTE},
		{2 * MINUTE, 4 * MINUTE},         /* half of its time left */
		{2 * MINUTE + 1, 6 * MINUTE + 1}, /* less than half: all of it again */
		{100 * MINUTE, 104 * MINUTE},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct outbox *o = outbox_create(&usual);
		push(o, 1, false, 1, 0);
		push(o, 2, true, 2, 0);
		struct outbox_delivery d;
		struct told words[2];
		assert_true(outbox_next(o, cases[i].told_at, &d));
		assert_int_equal(read_words(d.body, words, 2), 2);
		assert_true(words[0].ends_at == cases[i].ends_at);
		assert_true(words[1].ends_at == 0); /* a resolved word never changes */
		outbox_destroy(o);
	}
}

/* The receiver refuses every batch that holds one of `bad`. Gives the number of deliveries it took. */
static int deliver_refusing(struct outbox *o, const bool *bad, bool *ret_told) {
	struct outbox_delivery d;
	struct told words[300];
	int deliveries = 0;
	for (ts_ms now = 0; (now = outbox_wake_at(o, now)) != TS_NONE; deliveries++) {
		assert_true(outbox_next(o, now, &d));
		size_t count = read_words(d.body, words, 300);
		bool refused = false;
		for (size_t i = 0; i < count; i++) {
			refused = refused || bad[words[i].serial];
		}
		for (size_t i = 0; i < count && !refused; i++) {
			ret_told[words[i].serial] = true;
		}
		outbox_done(o, d.id, refused ? OUTBOX_DROP : OUTBOX_OK, "400", 0, now);
	}
	return deliveries;
}

static void test_bisect(void **state) {
	(void)state;
	const struct {
		int alerts, bad_from, bad_step, bad_count, max_deliveries;
	} cases[] = {
		{256, 0, 1, 1, 18}, {256, 255, 1, 1, 18}, {256, 100, 7, 2, 34},    {256, 0, 1, 256, 640},
		{1, 0, 1, 1, 1},    {3, 1, 1, 1, 5},      {1000, 300, 300, 3, 60},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct outbox *o = outbox_create(&usual);
		bool bad[1000] = {false};
		bool told[1000] = {false};
		for (int k = 0; k < cases[i].bad_count; k++) {
			bad[cases[i].bad_from + k * cases[i].bad_step] = true;
		}
		for (int a = 0; a < cases[i].alerts; a++) {
			push(o, a, a % 3 == 0, a, 0);
		}
		assert_in_range(deliver_refusing(o, bad, told), 1, cases[i].max_deliveries);
		for (int a = 0; a < cases[i].alerts; a++) {
			assert_true(told[a] == !bad[a]);
		}
		assert_int_equal(stats_of(o).dropped, cases[i].bad_count);
		assert_int_equal(stats_of(o).errors, cases[i].bad_count); /* not those that came with it */
		assert_int_equal(stats_of(o).sent, cases[i].alerts - cases[i].bad_count);
		assert_int_equal(stats_of(o).queued, 0);
		outbox_destroy(o);
	}
}

/* Everything is refused: a few requests show it, then it is the receiver's trouble, with growing pauses. */
static void test_everything_is_refused(void **state) {
	(void)state;
	struct outbox *o = outbox_create(&usual);
	struct outbox_delivery d;
	ts_ms now = 0;
	dur_ms pause = 0;
	for (int a = 0; a < 256; a++) {
		push(o, a, false, a, 0);
	}
	for (int round = 0; round < 3; round++) {
		int requests = 0;
		enum outbox_outcome made = OUTBOX_DROP;
		for (; outbox_next(o, now, &d); requests++) {
			made = outbox_done(o, d.id, OUTBOX_DROP, "400", 0, now);
		}
		assert_int_equal(made, OUTBOX_RETRY);
		assert_in_range(requests, 8, 8 + 2 * 8 + 8);
		assert_int_equal(stats_of(o).dropped, 8 * (round + 1));
		ts_ms at = outbox_wake_at(o, now);
		assert_in_range(at - now, 500 << round, 1000 << round);
		assert_true(at - now >= pause / 2);
		pause = at - now;
		now = at;
	}
	assert_true(outbox_next(o, now, &d));
	assert_int_equal(d.count, 256 - 24); /* and when it is over all others are told at once */
	assert_int_equal(outbox_done(o, d.id, OUTBOX_OK, "", 0, now), OUTBOX_OK);
	expect_nothing(o, now);
	outbox_destroy(o);
}

/* An alert that was refused is tried again after 1 min, 2, 4, 8, 10, 10 … */
static void test_refused_alert_waits(void **state) {
	(void)state;
	static const ts_ms tried[] = {0, 1, 3, 7, 15, 25, 35}; /* minutes */
	struct outbox *o = outbox_create(&usual);
	struct outbox_delivery d;
	size_t tries = 0;
	for (ts_ms minute = 0; minute <= 44; minute++) {
		ts_ms now = minute * MINUTE;
		push(o, 1, minute % 2 == 1, 1, now);
		push(o, 2, false, 2, now); /* is not held up */
		while (outbox_next(o, now, &d)) {
			bool bad = false;
			struct told words[2];
			size_t count = read_words(d.body, words, 2);
			for (size_t i = 0; i < count; i++) {
				bad = bad || words[i].serial == 1;
			}
			if (bad && count == 1) {
				assert_true(str_equal(labels_get(d.labels, LABEL_ALERTNAME), STR("a1")));
				assert_true(tries < sizeof tried / sizeof tried[0]);
				assert_int_equal(minute, tried[tries++]);
			}
			outbox_done(o, d.id, bad ? OUTBOX_DROP : OUTBOX_OK, "400", 0, now);
		}
		assert_int_equal(stats_of(o).queued, 0);
		assert_int_equal(stats_of(o).sent, minute + 1);
	}
	assert_int_equal(tries, sizeof tried / sizeof tried[0]);
	push(o, 1, false, 3, 45 * MINUTE); /* it is good now: all is forgotten */
	outbox_done(o, EXPECT(o, 45 * MINUTE, 3), OUTBOX_OK, "", 0, 45 * MINUTE);
	push(o, 1, false, 4, 45 * MINUTE);
	outbox_done(o, EXPECT(o, 45 * MINUTE, 4), OUTBOX_DROP, "400", 0, 45 * MINUTE);
	push(o, 1, false, 5, 46 * MINUTE);
	EXPECT(o, 46 * MINUTE, 5);
	outbox_destroy(o);
}

static void test_capacity(void **state) {
	(void)state;
	struct outbox *o = outbox_with(2, 4);
	push(o, 1, false, 1, 0);
	push(o, 2, true, 2, 0);
	push(o, 3, true, 3, 0);
	push(o, 4, false, 4, 0);
	push(o, 5, false, 5, 0); /* 2 goes: the oldest resolved */
	push(o, 6, false, 6, 0); /* 3 */
	push(o, 7, false, 7, 0); /* 1: no resolved left, the oldest firing */
	push(o, 4, false, 8, 0); /* known: needs no room */
	assert_int_equal(stats_of(o).queued, 4);
	assert_int_equal(stats_of(o).dropped, 3);
	uint64_t id = EXPECT(o, 0, 8, 5);
	push(o, 5, true, 9, 0);
	push(o, 8, false, 10, 0); /* 5 is under way: 6 goes */
	assert_int_equal(stats_of(o).dropped, 4);
	outbox_done(o, id, OUTBOX_RETRY, "x", 0, 0);
	id = EXPECT(o, 5000, 8, 7);
	outbox_done(o, id, OUTBOX_OK, "", 0, 5000);
	id = EXPECT(o, 5000, 9, 10);
	outbox_destroy(o); /* with a delivery under way */
}

/* The model: alerts go on and off at random, the receiver comes and goes, and one alert in a while is one that it refuses. */
#define MODEL_ALERTS 40
#define MODEL_WORDS 20000

struct word {
	int alert, episode;
	bool resolved;
	ts_ms pushed_at;
};

struct model {
	struct outbox *o;
	uint64_t random;
	ts_ms now, sent_at;
	struct word words[MODEL_WORDS];
	int word_count;
	struct {
		int episode; /* odd while it is on */
		int last_pushed, last_told;
		int believed; /* the episode that the receiver thinks is on; 0: none */
		bool refused;
	} alerts[MODEL_ALERTS];
	bool seen[MODEL_ALERTS];
	struct outbox_delivery d;
	bool under_way;
};

static unsigned pick(struct model *m, unsigned below) {
	m->random = m->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(m->random >> 33) % below;
}

static void model_push(struct model *m, int alert, bool flip) {
	int *episode = &m->alerts[alert].episode;
	*episode += flip || *episode == 0;
	int serial = m->word_count++;
	m->words[serial] = (struct word){alert, (*episode - 1) / 2 + 1, *episode % 2 == 0, m->now};
	m->alerts[alert].last_pushed = serial;
	m->seen[alert] = true;
	push(m->o, alert, m->words[serial].resolved, serial, m->now);
}

/* Alertmanager's side: an episode must have ended before another one begins. */
static void model_hear(struct model *m, const struct told *t) {
	const struct word *w = &m->words[t->serial];
	assert_true(t->serial >
				m->alerts[w->alert].last_told); /* never an older word after a newer one */
	m->alerts[w->alert].last_told = (int)t->serial;
	int *believed = &m->alerts[w->alert].believed;
	if (w->resolved) {
		assert_true(t->ends_at == w->pushed_at);
		*believed = 0;
		return;
	}
	assert_true(t->ends_at >= m->sent_at + 2 * MINUTE);
	assert_true(*believed == 0 || *believed == w->episode);
	*believed = w->episode;
}

static void model_answer(struct model *m, bool up) {
	struct told words[16];
	size_t count = read_words(m->d.body, words, 16);
	assert_int_equal(count, m->d.count);
	bool refused = false;
	bool seen[MODEL_ALERTS] = {false};
	for (size_t i = 0; i < count; i++) {
		int alert = m->words[words[i].serial].alert;
		assert_false(seen[alert]); /* two words on one alert never share a delivery */
		seen[alert] = true;
		refused = refused || m->alerts[alert].refused;
	}
	m->under_way = false;
	if (!up) {
		outbox_done(m->o, m->d.id, OUTBOX_RETRY, "down", pick(m, 2) * 3000, m->now);
		return;
	}
	for (size_t i = 0; i < count && !refused; i++) {
		model_hear(m, &words[i]);
	}
	outbox_done(m->o, m->d.id, refused ? OUTBOX_DROP : OUTBOX_OK, "", 0, m->now);
}

static void model_next(struct model *m) {
	m->under_way = outbox_next(m->o, m->now, &m->d);
	m->sent_at = m->now;
}

static void model_check_bounds(const struct model *m) {
	size_t seen = 0;
	for (int i = 0; i < MODEL_ALERTS; i++) {
		seen += m->seen[i];
	}
	assert_true(stats_of(m->o).queued <= seen);
}

static void model_step(struct model *m, bool up) {
	m->now += pick(m, 4) == 0 ? pick(m, 3 * MINUTE) : pick(m, 2000);
	for (unsigned n = pick(m, 6); n > 0 && m->word_count < MODEL_WORDS; n--) {
		model_push(m, (int)pick(m, MODEL_ALERTS), pick(m, 2) == 0);
	}
	if (m->under_way && pick(m, 3) > 0) {
		model_answer(m, up);
	}
	if (!m->under_way) {
		model_next(m);
	}
	model_check_bounds(m);
}

static void model_finish(struct model *m) {
	for (int turns = 0; stats_of(m->o).queued > 0; turns++) {
		assert_true(turns < 1000);
		if (!m->under_way) {
			ts_ms at = outbox_wake_at(m->o, m->now);
			assert_true(at != TS_NONE);
			m->now = at > m->now ? at : m->now;
			model_next(m);
			assert_true(m->under_way);
		}
		model_answer(m, true);
	}
	for (int i = 0; i < MODEL_ALERTS; i++) {
		if (m->seen[i] && !m->alerts[i].refused) {
			assert_int_equal(m->alerts[i].last_told, m->alerts[i].last_pushed);
		}
	}
}

static void run_model(uint64_t seed) {
	struct model *m = mem_calloc(1, sizeof *m);
	m->random = seed;
	m->o = outbox_with(1 + pick(m, 16), 1000);
	for (int i = 0; i < MODEL_ALERTS; i++) {
		m->alerts[i].last_told = -1;
		m->alerts[i].refused = pick(m, 10) == 0;
	}
	for (int round = 0; round < 40; round++) {
		bool up = pick(m, 2) == 0;
		for (unsigned n = pick(m, 40); n > 0; n--) {
			model_step(m, up);
		}
	}
	model_finish(m);
	outbox_destroy(m->o);
	free(m);
}

static void test_model(void **state) {
	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++) {
		run_model(seed);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_latest_word_wins),
		cmocka_unit_test(test_episodes_stay_apart),
		cmocka_unit_test(test_failed_delivery_meets_newer_words),
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_errors_count_alerts),
		cmocka_unit_test(test_old_firing_word_is_refreshed),
		cmocka_unit_test(test_bisect),
		cmocka_unit_test(test_everything_is_refused),
		cmocka_unit_test(test_refused_alert_waits),
		cmocka_unit_test(test_capacity),
		cmocka_unit_test(test_model),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
