/* Signals and the one timer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>

#include "engine/io/clock.h"
#include "engine/io/signals.h"
#include "engine/io/wakeup.h"
#include "tests/io/peer.h"

struct wishes {
	enum signal_wish last;
	bool came;
};

static void handle_wish(enum signal_wish wish, void *data) {
	struct wishes *w = data;
	w->last = wish;
	w->came = true;
}

static void expect_wish(struct bench *b, struct wishes *w, int number, enum signal_wish wish) {
	w->came = false;
	raise(number);
	bench_run_until(b, &w->came);
	assert_int_equal(w->last, wish);
}

static void test_signals(void **state) {
	(void)state;
	struct bench b;
	struct wishes w = {0};
	bench_init(&b);
	struct signals *s = signals_create(&b.loop, handle_wish, &w);
	expect_wish(&b, &w, SIGHUP, SIGNAL_RELOAD);
	expect_wish(&b, &w, SIGTERM, SIGNAL_STOP);
	expect_wish(&b, &w, SIGHUP, SIGNAL_RELOAD);
	expect_wish(&b, &w, SIGINT, SIGNAL_STOP_NOW);
	raise(SIGPIPE);
	signals_close(s);
	signals_close(NULL);
	bench_finish(&b);
}

static void handle_wake(void *data) {
	*(bool *)data = true;
}

static void test_wakeup(void **state) {
	(void)state;
	struct bench b;
	bool woken = false;
	bench_init(&b);
	struct wakeup *w = wakeup_create(&b.loop, handle_wake, &woken);
	wakeup_set(w, clock_wall() + 20, clock_wall());
	dur_ms start = clock_monotonic();
	bench_run_until(&b, &woken);
	assert_in_range(clock_monotonic() - start, 18, 1000);

	woken = false;
	wakeup_set(w, clock_wall() - 5000, clock_wall()); /* over long ago: at once */
	bench_run_until(&b, &woken);

	woken = false;
	wakeup_set(w, clock_wall() + 20, clock_wall());
	wakeup_set(w, TS_NONE, clock_wall());
	bench_run_for(&b, 40);
	assert_false(woken);
	wakeup_set(w, clock_wall() + 1000000, clock_wall());
	wakeup_close(w);
	wakeup_close(NULL);
	bench_finish(&b);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_wakeup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
