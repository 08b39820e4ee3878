/* The log: what a line looks like, and that nobody has to read it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/io/log.h"

#define NOW 1763818442730 /* 2025-11-22T13:34:02.730Z */

static void expect(enum log_format format, enum log_level level, size_t fields, const char *message,
				   const char *expected) {
	const struct label two[] = {{STR("group"), STR("a b")}, {STR("level"), STR("R\"\n")}};
	struct strbuf out = STRBUF_INIT;
	log_print(&out, format, level, NOW, (struct labels){two, fields}, str_from(message));
	assert_string_equal(out.ptr, expected);
	strbuf_finish(&out);
}

static void test_lines(void **state) {
	(void)state;
	expect(LOG_TEXT, LOG_INFO, 0, "hello",
		   "time=2025-11-22T13:34:02.730Z level=info msg=\"hello\"\n");
	expect(
		LOG_TEXT, LOG_ERROR, 2, "a\nb",
		"time=2025-11-22T13:34:02.730Z level=error msg=\"a\\nb\" group=\"a b\" level_=\"R\\\"\\n\"\n");
	expect(LOG_JSON, LOG_WARN, 2, "a\nb",
		   "{\"time\":\"2025-11-22T13:34:02.730Z\",\"level\":\"warn\",\"msg\":\"a\\nb\","
		   "\"group\":\"a b\",\"level_\":\"R\\\"\\n\"}\n");
}

static size_t read_all(int fd, char *out, size_t size) {
	size_t total = 0;
	ssize_t count;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while ((count = read(fd, out + total, size - total)) > 0) {
		total += (size_t)count;
	}
	return total;
}

static void test_level(void **state) {
	(void)state;
	int ends[2];
	char out[10000];
	assert_int_equal(pipe(ends), 0);
	struct log l;
	log_init(&l, ends[1]);
	l.level = LOG_WARN;
	log_printf(&l, LOG_INFO, NOW, "no");
	log_printf(&l, LOG_WARN, NOW, "number %d", 5);
	size_t length = read_all(ends[0], out, sizeof out);
	const char expected[] = "time=2025-11-22T13:34:02.730Z level=warn msg=\"number 5\"\n";
	assert_int_equal(length, sizeof expected - 1);
	assert_memory_equal(out, expected, length);
	log_finish(&l);
	close(ends[0]);
	close(ends[1]);
}

/* Nobody reads: the writer goes on, and says afterwards how much was lost. */
static void run_full(int reader, int writer) {
	static char out[1 << 22];
	struct log l;
	log_init(&l, writer);
	for (int i = 0; i < 20000; i++) {
		log_printf(&l, LOG_INFO, NOW, "line %d", i);
	}
	assert_true(l.lost > 0);
	uint64_t lost = l.lost;
	size_t before = read_all(reader, out, sizeof out);
	log_printf(&l, LOG_INFO, NOW, "back");
	assert_int_equal(l.lost, 0);
	size_t after = read_all(reader, out + before, sizeof out - before);
	out[before + after] = '\0';
	char expected[100];
	snprintf(expected, sizeof expected, "msg=\"%d log lines were lost: nobody read them\"",
			 (int)lost);
	assert_non_null(strstr(out + before, expected));
	assert_non_null(strstr(out + before, "msg=\"back\""));
	size_t lines = 0;
	for (size_t i = 0; i < before; i++) {
		lines += out[i] == '\n';
	}
	assert_int_equal(lines + lost, 20000); /* whole lines only */
	log_finish(&l);
	close(reader);
	close(writer);
}

static void test_full_pipe(void **state) {
	(void)state;
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	run_full(ends[0], ends[1]);
}

static void test_full_socket(void **state) {
	(void)state;
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	run_full(ends[0], ends[1]);
}

static void test_long_line(void **state) {
	(void)state;
	static char message[100000];
	static char out[10000];
	memset(message, '"', sizeof message - 1);
	const struct label field = {STR("huge"), {message, sizeof message - 1}};
	for (int format = LOG_TEXT; format <= LOG_JSON; format++) {
		int ends[2];
		assert_int_equal(pipe(ends), 0);
		struct log l;
		log_init(&l, ends[1]);
		l.format = (enum log_format)format;
		log_write(&l, LOG_ERROR, NOW, (struct labels){&field, 1}, message);
		size_t length = read_all(ends[0], out, sizeof out);
		assert_in_range(length, 2000, LOG_LINE_MAX);
		assert_int_equal(str_find((struct str){out, length}, STR("said in full")), length);
		assert_true(out[length - 1] == '\n' && out[length - 2] == (format == LOG_JSON ? '}' : '"'));
		/* the value gives way, not the message */
		log_write(&l, LOG_ERROR, NOW, (struct labels){&field, 1}, "said in full");
		length = read_all(ends[0], out, sizeof out);
		assert_in_range(length, 1000, LOG_LINE_MAX);
		assert_in_range(str_find((struct str){out, length}, STR("said in full")), 0, length - 1);
		assert_in_range(str_find((struct str){out, length}, STR("huge")), 0, length - 1);
		log_finish(&l);
		close(ends[0]);
		close(ends[1]);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),     cmocka_unit_test(test_level),
		cmocka_unit_test(test_full_pipe), cmocka_unit_test(test_full_socket),
		cmocka_unit_test(test_long_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
