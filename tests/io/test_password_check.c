/* Passwords against bcrypt hashes: what is right, what is remembered, who waits, and that the loop does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <crypt.h>
#include <stdio.h>
#include <string.h>

#include "engine/io/password_check.h"
#include "tests/io/peer.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct fixture {
	struct bench bench;
	struct password_check *check;
	bool closed;
};

static void fixture_init(struct fixture *f) {
	*f = (struct fixture){0};
	bench_init(&f->bench);
	f->check = password_check_create(&f->bench.loop);
}

static void handle_closed(void *data) {
	*(bool *)data = true;
}

static void fixture_finish(struct fixture *f) {
	password_check_close(f->check, handle_closed, &f->closed);
	bench_run_until(&f->bench, &f->closed);
	bench_finish(&f->bench);
}

/* In one of bcrypt's spellings; a low cost, so that tests are quick. */
static struct str make_hash(const char *password, char spelling, int cost, char *buffer) {
	struct crypt_data data = {0};
	char setting[40];
	snprintf(setting, sizeof setting, "$2%c$%02d$abcdefghijklmnopqrstuu", spelling, cost);
	const char *made = crypt_r(password, setting, &data);
	assert_non_null(made);
	snprintf(buffer, 61, "%s", made);
	assert_int_equal(strlen(buffer), 60);
	return str_from(buffer);
}

struct asked {
	bool done, is_right;
};

static void handle_done(bool is_right, void *data) {
	*(struct asked *)data = (struct asked){.done = true, .is_right = is_right};
}

static enum password_verdict ask(struct fixture *f, struct str hash, struct str password,
								 bool is_possible, struct asked *ret_asked) {
	struct password_wait *wait;
	*ret_asked = (struct asked){0};
	return password_check_ask(f->check, hash, password, is_possible, handle_done, ret_asked, &wait);
}

static bool is_right(struct fixture *f, struct str hash, struct str password, bool is_possible) {
	struct asked asked;
	assert_int_equal(ask(f, hash, password, is_possible, &asked), PASSWORD_PENDING);
	assert_false(asked.done); /* never from within */
	bench_run_until(&f->bench, &asked.done);
	return asked.is_right;
}

static const char eighty[] =
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbbbbbbb";

static const struct {
	const char *meant;
	char spelling;
	struct str given;
	bool is_right;
} cases[] = {
	{"secret", 'y', {"secret", 6}, true},
	{"secret", 'b', {"secret", 6}, true},
	{"secret", 'a', {"secret", 6}, true},
	{"secret", 'y', {"Secret", 6}, false},
	{"secret", 'y', {"secret ", 7}, false},
	{"secret", 'y', {"secre", 5}, false},
	{"secret", 'y', {"", 0}, false},
	{"secret", 'y', {"secret\0x", 8}, false},
	{"", 'y', {"", 0}, true},
	{"", 'y', {"\0", 1}, false},
	{"p\xc3\xa4ss: w\xc3\xb6rd", 'y', {"p\xc3\xa4ss: w\xc3\xb6rd", 12}, true},
	/* bcrypt looks at 72 bytes */
	{eighty, 'y', {eighty, 80}, true},
	{eighty, 'y', {eighty, 72}, true},
	{eighty, 'y', {eighty, 71}, false},
};

static void test_verdicts(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f);
	for (size_t i = 0; i < COUNT(cases); i++) {
		char buffer[61];
		struct str hash = make_hash(cases[i].meant, cases[i].spelling, 4, buffer);
		assert_int_equal(is_right(&f, hash, cases[i].given, true), cases[i].is_right);
	}
	fixture_finish(&f);
}

/* What came of it is known the next time, for this hash, this password, and this user. */
static void test_memory(void **state) {
	(void)state;
	struct fixture f;
	struct asked asked;
	char one[61], other[61];
	fixture_init(&f);
	struct str hash = make_hash("secret", 'y', 4, one);
	struct str changed = make_hash("secret", 'b', 4, other);
	assert_true(is_right(&f, hash, STR("secret"), true));
	assert_false(is_right(&f, hash, STR("wrong"), true));
	assert_int_equal(ask(&f, hash, STR("secret"), true, &asked), PASSWORD_RIGHT);
	assert_int_equal(ask(&f, hash, STR("wrong"), true, &asked), PASSWORD_WRONG);
	assert_true(is_right(&f, changed, STR("secret"), true));
	/* the password of another user than the one who is meant */
	assert_false(is_right(&f, hash, STR("secret"), false));
	assert_int_equal(ask(&f, hash, STR("secret"), false, &asked), PASSWORD_WRONG);
	assert_int_equal(ask(&f, hash, STR("secret"), true, &asked), PASSWORD_RIGHT);
	fixture_finish(&f);
}

/* However many wrong ones come, the right one stays known; of the wrong ones the latest. */
static void test_forgetting(void **state) {
	(void)state;
	struct fixture f;
	struct asked asked;
	char buffer[61], password[20];
	fixture_init(&f);
	struct str hash = make_hash("secret", 'y', 4, buffer);
	assert_true(is_right(&f, hash, STR("secret"), true));
	for (int i = 0; i < PASSWORDS_REMEMBERED + 2; i++) {
		snprintf(password, sizeof password, "wrong %d", i);
		assert_false(is_right(&f, hash, str_from(password), true));
		if (i > 0) {
			assert_int_equal(ask(&f, hash, STR("wrong 0"), true, &asked), PASSWORD_WRONG);
		}
	}
	assert_int_equal(ask(&f, hash, STR("secret"), true, &asked), PASSWORD_RIGHT);
	assert_int_equal(ask(&f, hash, STR("wrong 2"), true, &asked), PASSWORD_PENDING);
	bench_run_until(&f.bench, &asked.done);
	fixture_finish(&f);
}

/* Many who bring the same password wait for one computation; of different ones only so many may wait. */
static void test_queue(void **state) {
	(void)state;
	struct fixture f;
	struct asked same[50], different[PASSWORD_CHECKS_MAX + 1];
	char buffer[61], password[20];
	fixture_init(&f);
	struct str hash = make_hash("secret", 'y', 4, buffer);
	for (size_t i = 0; i < COUNT(same); i++) {
		assert_int_equal(ask(&f, hash, STR("secret"), true, &same[i]), PASSWORD_PENDING);
	}
	for (int i = 1; i <= PASSWORD_CHECKS_MAX; i++) {
		snprintf(password, sizeof password, "wrong %d", i);
		assert_int_equal(ask(&f, hash, str_from(password), true, &different[i]),
						 i < PASSWORD_CHECKS_MAX ? PASSWORD_PENDING : PASSWORD_BUSY);
	}
	assert_int_equal(ask(&f, hash, STR("secret"), true, &same[0]), PASSWORD_PENDING);
	bench_run_until(&f.bench, &different[PASSWORD_CHECKS_MAX - 1].done);
	for (size_t i = 0; i < COUNT(same); i++) {
		assert_true(same[i].done && same[i].is_right);
	}
	for (int i = 1; i < PASSWORD_CHECKS_MAX; i++) {
		assert_true(different[i].done && !different[i].is_right);
	}
	fixture_finish(&f);
}

static void count_turn(uv_timer_t *timer) {
	++*(unsigned *)timer->data;
}

/* While an expensive hash is computed the loop turns. */
static void test_loop_goes_on(void **state) {
	(void)state;
	struct fixture f;
	struct asked asked;
	char buffer[61];
	unsigned turns = 0;
	uv_timer_t timer;
	fixture_init(&f);
	struct str hash = make_hash("secret", 'y', 11, buffer);
	uv_timer_init(&f.bench.loop, &timer);
	timer.data = &turns;
	uv_timer_start(&timer, count_turn, 1, 1);
	assert_int_equal(ask(&f, hash, STR("secret"), true, &asked), PASSWORD_PENDING);
	bench_run_until(&f.bench, &asked.done);
	assert_true(asked.is_right);
	assert_true(turns > 5);
	uv_close((uv_handle_t *)&timer, NULL);
	fixture_finish(&f);
}

/* Closing while one is computed and others wait; those who were forgotten hear nothing. */
static void test_close(void **state) {
	(void)state;
	struct fixture f;
	struct asked asked = {0};
	struct password_wait *waits[3];
	char buffer[61], password[20];
	fixture_init(&f);
	struct str hash = make_hash("secret", 'y', 8, buffer);
	for (size_t i = 0; i < COUNT(waits); i++) {
		snprintf(password, sizeof password, "wrong %zu", i);
		assert_int_equal(password_check_ask(f.check, hash, str_from(password), true, handle_done,
											&asked, &waits[i]),
						 PASSWORD_PENDING);
	}
	for (size_t i = 0; i < COUNT(waits); i++) {
		password_check_forget(waits[i]);
	}
	fixture_finish(&f);
	assert_false(asked.done);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),     cmocka_unit_test(test_memory),
		cmocka_unit_test(test_forgetting),   cmocka_unit_test(test_queue),
		cmocka_unit_test(test_loop_goes_on), cmocka_unit_test(test_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
