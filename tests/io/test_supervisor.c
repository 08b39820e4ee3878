/* What a service manager is told, on a socket as systemd's, and what it asks for in the environment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/io/supervisor.h"

static const char *const variables[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
										"LISTEN_FDS", "LISTEN_PID"};

static int clear_environment(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
		unsetenv(variables[i]);
	}
	return 0;
}

static struct supervisor *create(void) {
	struct strbuf error = STRBUF_INIT;
	struct supervisor *s = supervisor_create(&error);
	assert_non_null(s);
	assert_int_equal(error.len, 0);
	strbuf_finish(&error);
	return s;
}

/* ---- what it is told ---- */

/* A manager on an abstract socket of the kernel's choice, and NOTIFY_SOCKET set to it. */
static int manager_open(void) {
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	socklen_t len = sizeof a;
	char name[sizeof a.sun_path + 1];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a.sun_family), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	size_t name_len = len - offsetof(struct sockaddr_un, sun_path);
	memcpy(name, a.sun_path, name_len);
	name[0] = '@';
	name[name_len] = '\0';
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void expect_told(int fd, const char *expected) {
	char text[2000];
	ssize_t len = recv(fd, text, sizeof text - 1, 0);
	text[len > 0 ? len : 0] = '\0';
	assert_string_equal(text, expected);
}

static void test_words(void **state) {
	(void)state;
	int fd = manager_open();
	struct supervisor *s = create();
	supervisor_tell_ready(s);
	expect_told(fd, "READY=1");
	supervisor_tell_alive(s);
	expect_told(fd, "WATCHDOG=1");
	supervisor_tell_stopping(s, 2500);
	expect_told(fd, "STOPPING=1\nEXTEND_TIMEOUT_USEC=2500000");
	supervisor_tell_failed(s, STR("rules.yml:1:1: error: no"));
	expect_told(fd, "STATUS=rules.yml:1:1: error: no");
	supervisor_tell_reloading(s);
	char text[100] = "";
	unsigned long long us = 0;
	assert_true(recv(fd, text, sizeof text - 1, 0) > 0);
	assert_int_equal(sscanf(text, "RELOADING=1\nMONOTONIC_USEC=%llu", &us), 1);
	assert_true(us > 0);
	expect_told(fd, "");
	supervisor_destroy(s);
	close(fd);
}

static void test_status(void **state) {
	(void)state;
	int fd = manager_open();
	struct supervisor *s = create();
	supervisor_tell_status(s, STR("3 rules"));
	expect_told(fd, "STATUS=3 rules");
	supervisor_tell_status(s, STR("3 rules")); /* it knows */
	expect_told(fd, "");
	supervisor_tell_status(s, STR("a\nREADY=0\tb")); /* nobody slips a second line in */
	expect_told(fd, "STATUS=a READY=0 b");
	/* A long one is cut between two characters: 499 bytes, then one of two. */
	char text[SUPERVISOR_STATUS_MAX + 100], expected[SUPERVISOR_STATUS_MAX + 10] = "STATUS=";
	memset(text, 'x', SUPERVISOR_STATUS_MAX - 1);
	memcpy(text + SUPERVISOR_STATUS_MAX - 1, "\xc3\xa4 and more", 12);
	memset(expected + 7, 'x', SUPERVISOR_STATUS_MAX - 1);
	expected[7 + SUPERVISOR_STATUS_MAX - 1] = '\0';
	supervisor_tell_status(s, str_from(text));
	expect_told(fd, expected);
	supervisor_destroy(s);
	close(fd);
}

/* A manager that does not read: nobody waits for it, and a status that got lost comes again. */
static void test_full_queue(void **state) {
	(void)state;
	int fd = manager_open();
	struct supervisor *s = create();
	for (int i = 0; i < 10000; i++) {
		supervisor_tell_alive(s);
	}
	supervisor_tell_status(s, STR("3 rules"));
	char text[20];
	while (recv(fd, text, sizeof text, 0) > 0) {
	}
	supervisor_tell_status(s, STR("3 rules"));
	expect_told(fd, "STATUS=3 rules");
	supervisor_destroy(s);
	close(fd);
}

static void tell_everything(struct supervisor *s) {
	supervisor_tell_ready(s);
	supervisor_tell_reloading(s);
	supervisor_tell_stopping(s, 1);
	supervisor_tell_failed(s, STR("x"));
	supervisor_tell_alive(s);
	supervisor_tell_status(s, STR("x"));
}

/* Nobody to tell: no manager, one that is gone, and addresses of kinds that are not ours. */
static void test_nobody(void **state) {
	(void)state;
	static const char *const addresses[] = {
		NULL, "", "/nonesuch/notify", "@tocsin-nonesuch", "vsock:2:1", "relative", "@"};
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		clear_environment(NULL);
		if (addresses[i] != NULL) {
			setenv("NOTIFY_SOCKET", addresses[i], 1);
		}
		struct supervisor *s = create();
		tell_everything(s);
		assert_int_equal(supervisor_watchdog(s), 0);
		assert_int_equal(supervisor_listener(s), 0);
		supervisor_destroy(s);
	}
	tell_everything(NULL);
	assert_int_equal(supervisor_watchdog(NULL), 0);
	assert_int_equal(supervisor_listener(NULL), 0);
}

/* ---- what it asks for ---- */

static void test_watchdog(void **state) {
	(void)state;
	static const struct {
		const char *us;
		const char *pid; /* NULL: not set; "": ours */
		dur_ms interval;
	} cases[] = {
		{"60000000", NULL, 60000},
		{"60000000", "", 60000},
		{"60000000", "1", 0},
		{"60000000", "x", 0},
		{"1500", NULL, 1},
		{"999", NULL, 0},
		{"0", NULL, 0},
		{"", NULL, 0},
		{"-5", NULL, 0},
		{"5s", NULL, 0},
		{"99999999999999999999999", NULL, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char own[20];
		snprintf(own, sizeof own, "%d", (int)getpid());
		clear_environment(NULL);
		setenv("WATCHDOG_USEC", cases[i].us, 1);
		if (cases[i].pid != NULL) {
			setenv("WATCHDOG_PID", cases[i].pid[0] != '\0' ? cases[i].pid : own, 1);
		}
		struct supervisor *s = create();
		assert_int_equal(supervisor_watchdog(s), cases[i].interval);
		supervisor_destroy(s);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_words, clear_environment),
		cmocka_unit_test_setup(test_status, clear_environment),
		cmocka_unit_test_setup(test_full_queue, clear_environment),
		cmocka_unit_test_setup(test_nobody, clear_environment),
		cmocka_unit_test_setup(test_watchdog, clear_environment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
