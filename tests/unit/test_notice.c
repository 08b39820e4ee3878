#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "notifiers/notice.h"

#define LABELS(...)                                                                                \
	((struct labels){.items = (const struct label[]){__VA_ARGS__},                                 \
					 .count = sizeof((const struct label[]){__VA_ARGS__}) / sizeof(struct label)})
#define PAIR(n, v) ((struct label){STR(n), STR(v)})

static void check(const struct notice *n, const char *expected) {
	struct strbuf out = STRBUF_INIT;
	notice_print_json(&out, n);
	assert_string_equal(out.ptr, expected);
	strbuf_finish(&out);
}

static void test_firing(void **state) {
	(void)state;
	const struct notice n = {
		.labels = LABELS(PAIR("alertname", "A"), PAIR("foo", "bar")),
		.annotations = LABELS(PAIR("empty", ""), PAIR("summary", "5 > 4 \"quoted\"")),
		.starts_at = 1763818442730,
		.ends_at = 1763818682730,
		.generator_url = STR("http://p/graph?g0.expr=x&g0.tab=1"),
	};
	const char *expected =
		"{\"annotations\":{\"empty\":\"\",\"summary\":\"5 \\u003e 4 \\\"quoted\\\"\"},"
		"\"endsAt\":\"2025-11-22T13:38:02.730Z\","
		"\"startsAt\":\"2025-11-22T13:34:02.730Z\","
		"\"generatorURL\":\"http://p/graph?g0.expr=x\\u0026g0.tab=1\","
		"\"labels\":{\"alertname\":\"A\",\"foo\":\"bar\"}}";
	check(&n, expected);

	struct notice *copy = notice_dup(&n);
	assert_true(copy->labels.items != n.labels.items);
	assert_true(copy->annotations.items[1].value.ptr != n.annotations.items[1].value.ptr);
	check(copy, expected);
	free(copy);
}

static void test_bare(void **state) {
	(void)state;
	const struct notice n = {.labels = LABELS(PAIR("alertname", "A")), .ends_at = 1500};
	const char *expected =
		"{\"endsAt\":\"1970-01-01T00:00:01.500Z\","
		"\"startsAt\":\"1970-01-01T00:00:00.000Z\","
		"\"generatorURL\":\"\",\"labels\":{\"alertname\":\"A\"}}";
	check(&n, expected);
	struct notice *copy = notice_dup(&n);
	check(copy, expected);
	free(copy);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_firing),
		cmocka_unit_test(test_bare),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
