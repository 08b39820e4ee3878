/* Results in JUnit's XML, as CI systems read it: a suite per file, a case per test. */
#include "base/utf8.h"
#include "cli/test.h"

/* What XML 1.0 can hold; anything else becomes a question mark. */
static bool is_allowed(uint32_t rune, size_t len) {
	bool control = rune < 0x20 && rune != '\t' && rune != '\n' && rune != '\r';
	return !control && rune != 0xFFFE && rune != 0xFFFF && !(rune == UTF8_INVALID && len == 1);
}

void test_junit_text(struct strbuf *out, struct str text) {
	while (text.len > 0) {
		uint32_t rune;
		size_t len = utf8_decode(text, &rune);
		switch (rune) {
		case '<': strbuf_add_c(out, "&lt;"); break;
		case '>': strbuf_add_c(out, "&gt;"); break;
		case '&': strbuf_add_c(out, "&amp;"); break;
		case '"': strbuf_add_c(out, "&quot;"); break;
		case '\r': strbuf_add_c(out, "&#13;"); break;
		default: strbuf_add(out, is_allowed(rune, len) ? str_slice(text, 0, len) : STR("?")); break;
		}
		text = str_slice(text, len, text.len);
	}
}

/* The first line is the message, all of it the text. */
static void add_problem(struct strbuf *out, const char *element, struct str text) {
	text = str_trim(text);
	struct str first = str_slice(text, 0, str_find(text, STR("\n")));
	strbuf_printf(out, "      <%s message=\"", element);
	test_junit_text(out, first);
	strbuf_add_c(out, "\">");
	test_junit_text(out, text);
	strbuf_printf(out, "</%s>\n", element);
}

static void add_seconds(struct strbuf *out, dur_ms took) {
	strbuf_printf(out, "%lld.%03lld", (long long)(took / 1000), (long long)(took % 1000));
}

/* One failure for each check that failed, as far as they are shown. */
static void add_failures(struct strbuf *out, const struct test_outcome *o) {
	struct test_style style = {.columns = 120};
	struct rule_test_report one = *o->report;
	struct test_outcome part = *o;
	size_t left = 100;
	part.report = &one;
	one.check_count = one.failure_count = 0;
	for (size_t i = 0; i < o->report->failure_count + (o->report->refused != NULL); i++) {
		struct strbuf text = STRBUF_INIT;
		one.failures = o->report->failures + i;
		one.failure_count = i < o->report->failure_count;
		test_text_outcome(&text, &part, style, &left);
		add_problem(out, "failure", strbuf_str(&text));
		strbuf_finish(&text);
	}
	one.failure_count = 0;
	one.refused = NULL;
	one.check_count = 1;
	for (size_t i = 0; i < o->report->check_count && left > 0; i++) {
		struct strbuf text = STRBUF_INIT;
		one.checks = &o->report->checks[i];
		if (!one.checks->passed) {
			test_text_outcome(&text, &part, style, &left);
			add_problem(out, "failure", strbuf_str(&text));
		}
		strbuf_finish(&text);
	}
}

void test_junit_outcome(struct strbuf *out, const struct test_outcome *o) {
	struct strbuf name = STRBUF_INIT;
	test_group_name(&name, o->group);
	strbuf_add_c(out, "    <testcase name=\"");
	test_junit_text(out, strbuf_str(&name));
	strbuf_add_c(out, "\" classname=\"");
	test_junit_text(out, str_from(o->target->path));
	strbuf_add_c(out, "\" time=\"");
	add_seconds(out, o->took);
	if (o->passed) {
		strbuf_add_c(out, "\"/>\n");
	} else {
		strbuf_add_c(out, "\">\n");
		if (o->report == NULL) {
			add_problem(out, "error", str_from(o->error));
		} else {
			add_failures(out, o);
		}
		strbuf_add_c(out, "    </testcase>\n");
	}
	strbuf_finish(&name);
}

void test_junit_suite(struct strbuf *out, const struct test_target *t, struct str cases,
					  size_t failed_cases, size_t error_cases, const char *error, ts_ms now) {
	struct timestamp_civil c = timestamp_civil(now);
	bool unknown = error != NULL;
	strbuf_add_c(out, "  <testsuite name=\"");
	test_junit_text(out, str_from(t->path));
	strbuf_printf(out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"0\"",
				  t->groups_run + unknown, failed_cases, error_cases + unknown);
	strbuf_printf(out, " timestamp=\"%04lld-%02d-%02dT%02d:%02d:%02d\" time=\"", (long long)c.year,
				  c.month, c.day, c.hour, c.minute, c.second);
	add_seconds(out, t->took);
	strbuf_add_c(out, "\">\n");
	strbuf_add(out, cases);
	if (unknown) {
		strbuf_add_c(out, "    <testcase name=\"unknown\" classname=\"");
		test_junit_text(out, str_from(t->path));
		strbuf_add_c(out, "\">\n");
		add_problem(out, "error", str_from(error));
		strbuf_add_c(out, "    </testcase>\n");
	}
	strbuf_add_c(out, "  </testsuite>\n");
}
