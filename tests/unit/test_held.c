#include "tests/unit/check.h"

#include "base/strbuf.h"
#include "engine/held.h"
#include "engine/limits.h"

/* "ok 1 - -": since when each is there, in seconds; "bad": it is no list of alerts. */
static const struct {
	const char *text, *result;
} lists[] = {
	{"[]", "ok - - -"},
	{" [ ] \n", "ok - - -"},
	{"[{\"labels\":{\"alertname\":\"A\"},\"startsAt\":\"1970-01-01T00:00:05.000Z\"}]", "ok 5 - -"},
	/* in another order, with what else an Alertmanager says */
	{"[{\"startsAt\":\"1970-01-01T00:00:07.123Z\",\"status\":{\"inhibitedBy\":[],\"silencedBy\":[\"s\"],"
	 "\"state\":\"suppressed\"},\"receivers\":[{\"name\":\"r\"}],\"labels\":{\"x\":\"1\",\"alertname\":\"\\u0041\"},"
	 "\"endsAt\":\"1970-01-01T01:00:00.000Z\",\"fingerprint\":\"0\",\"annotations\":{}},"
	 "{\"labels\":{\"alertname\":\"B\"},\"startsAt\":\"1970-01-01T00:00:09Z\"}]",
	 "ok - 7 -"},
	/* an empty value is none */
	{"[{\"labels\":{\"alertname\":\"A\",\"y\":\"\"},\"startsAt\":\"1970-01-01T02:00:05+02:00\"}]",
	 "ok 5 - -"},
	{"[{\"labels\":{},\"startsAt\":\"1970-01-01T00:00:05Z\"}]", "ok - - 5"},
	{"", "bad"},
	{"null", "bad"},
	{"{}", "bad"},
	{"[", "bad"},
	{"[{\"labels\":{\"alertname\":\"A\"},\"startsAt\":\"1970-01-01T00:00:05Z\"}", "bad"},
	{"[{\"labels\":{\"alertname\":\"A\"},\"startsAt\":\"1970-01-01T00:00:05Z\"}] <html>", "bad"},
	{"[{\"labels\":{\"alertname\":\"A\"}}]", "bad"},
	{"[{\"labels\":{\"alertname\":\"A\"},\"startsAt\":\"yesterday\"}]", "bad"},
	{"[{\"labels\":{\"alertname\":\"A\"},\"startsAt\":5}]", "bad"},
	{"[{\"labels\":{\"alertname\":1},\"startsAt\":\"1970-01-01T00:00:05Z\"}]", "bad"},
	{"[{\"labels\":[],\"startsAt\":\"1970-01-01T00:00:05Z\"}]", "bad"},
	{"[1]", "bad"},
	{"[[]]", "bad"},
	{"<html>Sign in</html>", "bad"},
	{"{\"status\":\"success\",\"data\":[]}", "bad"},
};

#define WANTED 3

/* The three alerts that are looked for: {alertname="A"}, {alertname="A",x="1"}, {} */
static void print_result(struct str text, struct strbuf *out) {
	const struct label items[] = {{LABEL_ALERTNAME, STR("A")}, {STR("x"), STR("1")}};
	const struct labels wanted[WANTED] = {{items, 1}, {items, 2}, {NULL, 0}};
	ts_ms since[WANTED];
	if (!held_find(text, wanted, WANTED, since)) {
		strbuf_add_c(out, "bad");
		return;
	}
	strbuf_add_c(out, "ok");
	for (size_t i = 0; i < WANTED; i++) {
		if (since[i] == TS_NONE) {
			strbuf_add_c(out, " -");
		} else {
			strbuf_printf(out, " %lld", (long long)(since[i] / 1000));
		}
	}
}

static void test_lists(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		struct strbuf out = STRBUF_INIT;
		print_result(str_from(lists[i].text), &out);
		if (strcmp(out.ptr, lists[i].result) != 0) {
			fail_msg("%s: got %s, expected %s", lists[i].text, out.ptr, lists[i].result);
		}
		strbuf_finish(&out);
	}
}

/* An alert with as many labels as the limit allows, and with one more. */
static void test_label_limit(void **state) {
	(void)state;
	for (unsigned extra = 0; extra < 2; extra++) {
		struct strbuf text = STRBUF_INIT, out = STRBUF_INIT;
		strbuf_add_c(&text, "[{\"startsAt\":\"1970-01-01T00:00:05Z\",\"labels\":{");
		for (unsigned i = 0; i < LIMIT_HELD_LABELS + extra; i++) {
			strbuf_printf(&text, "%s\"l%u\":\"v\"", i == 0 ? "" : ",", i);
		}
		strbuf_add_c(&text, "}}]");
		print_result(strbuf_str(&text), &out);
		assert_string_equal(out.ptr, extra == 0 ? "ok - - -" : "bad");
		strbuf_finish(&text);
		strbuf_finish(&out);
	}
}

static const struct {
	const char *text;
	long long start; /* seconds; -1: it does not say */
} statuses[] = {
	{"{\"uptime\":\"1970-01-01T00:01:00.000Z\"}", 60},
	{"{\"cluster\":{\"name\":\"01\",\"peers\":[],\"status\":\"ready\"},\"config\":{\"original\":\"x\"},"
	 "\"uptime\":\"1970-01-01T00:01:00.000Z\",\"versionInfo\":{\"version\":\"0.25.0\"}}",
	 60},
	{"{}", -1},
	{"", -1},
	{"[]", -1},
	{"{\"uptime\":60}", -1},
	{"{\"uptime\":\"\"}", -1},
	{"{\"uptime\":\"1970-01-01T00:01:00.000Z\"", -1},
	{"{\"status\":{\"uptime\":\"1970-01-01T00:01:00.000Z\"}}", -1},
};

static void test_statuses(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(statuses); i++) {
		ts_ms start = -1000;
		bool ok = held_read_start(str_from(statuses[i].text), &start);
		if (ok != (statuses[i].start >= 0) || start != statuses[i].start * 1000) {
			fail_msg("%s", statuses[i].text);
		}
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_label_limit),
		cmocka_unit_test(test_statuses),
	};
	return cmocka_run_group_tests_name("held", tests, NULL, NULL);
}
