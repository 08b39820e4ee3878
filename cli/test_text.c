/* A failed test for whoever reads it at night: where it stands, what is different, and why. */
#include "base/diag.h"
#include "base/duration.h"
#include "cli/query_print.h"
#include "cli/test.h"

#define BOLD "\033[1m"
#define RED "\033[1;31m"
#define PLAIN "\033[0m"

static void add_place(struct strbuf *out, const struct test_outcome *o, struct span span,
					  struct test_style style) {
	struct diag_place place = diag_place(o->target->text, span.start);
	strbuf_printf(out, "%s%s:%zu:%zu:%s ", style.color ? BOLD : "", o->target->path, place.line,
				  place.column, style.color ? PLAIN : "");
	strbuf_printf(out, "%sFAIL%s ", style.color ? RED : "", style.color ? PLAIN : "");
	if (o->group->name.len > 0) {
		strbuf_add_quoted(out, o->group->name);
		strbuf_add_c(out, ", ");
	}
}

static void add_time(struct strbuf *out, dur_ms time) {
	strbuf_add_c(out, " at ");
	duration_print(out, time);
}

/* ---- what was asked ---- */

static const struct {
	const char *one, *many; /* "2 alerts fire" */
	const char *not_one, *not_many;
} words[] = {
	[RULE_TEST_FIRING] = {"fires", "fire", "does not fire", "do not fire"},
	[RULE_TEST_PENDING] = {"is pending", "are pending", "is not pending", "are not pending"},
	[RULE_TEST_RESOLVED] = {"is resolved", "are resolved", "is not resolved", "are not resolved"},
	[RULE_TEST_NOTIFICATIONS] = {"is sent", "are sent", "is not sent", "are not sent"},
	[RULE_TEST_FIRES_BETWEEN] = {"", "", "", ""},
	[RULE_TEST_EXPR] = {"", "", "", ""},
};

static void add_counts(struct strbuf *out, const struct rule_test_check *c) {
	size_t good = 0;
	bool notice = c->kind == RULE_TEST_NOTIFICATIONS;
	const char *noun = notice ? "notification" : "alert";
	for (size_t i = 0; i < c->got_count; i++) {
		good += c->got[i].partner != RULE_TEST_NONE;
	}
	size_t extra = c->got_count - good, missing = c->expected->count - good;
	strbuf_add_c(out, ": ");
	if (extra == 0 || missing == 0) {
		size_t count = extra + missing;
		strbuf_add_count(out, count, noun);
		strbuf_printf(out, " %s",
					  missing > 0 ? (count == 1 ? words[c->kind].not_one : words[c->kind].not_many)
								  : (count == 1 ? words[c->kind].one : words[c->kind].many));
		strbuf_add_c(out, missing > 0 ? " that should" : " that should not");
		return;
	}
	strbuf_add_c(out, "expected ");
	strbuf_add_count(out, c->expected->count, noun);
	strbuf_add_c(out, ", got ");
	strbuf_add_number(out, c->got_count);
	strbuf_add_c(out, ", of which ");
	strbuf_add_number(out, good);
	strbuf_add_c(out, good == 1 ? " is as expected" : " are as expected");
}

static void add_windows(struct strbuf *out, const struct test_window *windows, size_t count) {
	if (count == 0) {
		strbuf_add_c(out, "never");
	}
	for (size_t i = 0; i < count && i < 10; i++) {
		strbuf_add_c(out, i > 0 ? ", " : "");
		duration_print(out, windows[i].from);
		strbuf_add_c(out, " to ");
		duration_print(out, windows[i].to);
	}
	if (count > 10) {
		strbuf_add_c(out, " and ");
		strbuf_add_number(out, count - 10);
		strbuf_add_c(out, " more");
	}
}

static void add_alert_check(struct strbuf *out, const struct rule_test_check *c,
							struct test_style style) {
	strbuf_add_c(out, "alert ");
	diag_add_visible(out, c->alert->alertname.text);
	if (c->kind == RULE_TEST_FIRES_BETWEEN) {
		strbuf_add_c(out, ", fires_between\n      expected: ");
		add_windows(out, c->alert->windows, c->alert->window_count);
		strbuf_add_c(out, "\n      it fired: ");
		add_windows(out, c->windows, c->window_count);
		strbuf_add_c(out, ", up to ");
		duration_print(out, c->time);
		strbuf_add_char(out, '\n');
		return;
	}
	add_time(out, c->time);
	add_counts(out, c);
	strbuf_add_char(out, '\n');
	test_columns_alerts(out, c, style);
}

/* Equal as far as one can see, and yet not: the last bit, or NaN. */
static void add_number_hint(struct strbuf *out, const struct rule_test_check *c) {
	for (size_t i = 0; i < c->expr->sample_count; i++) {
		double want = c->expr->samples[i].value;
		if (want != want) {
			strbuf_add_c(out,
						 "      NaN equals nothing, not even NaN: test for it with an "
						 "expression, such as x != x\n");
			return;
		}
	}
}

static void add_expr_check(struct strbuf *out, const struct rule_test_check *c,
						   struct test_style style) {
	strbuf_printf(out, "expr %.*s", STR_FMT(c->expr->expr.text));
	while (out->len > 0 && out->ptr[out->len - 1] == '\n') {
		out->len--;
	}
	add_time(out, c->time);
	if (c->failure != NULL) {
		strbuf_printf(out, ": %s\n", c->failure);
		return;
	}
	strbuf_add_c(out,
				 c->sample_count == 0 && c->expr->sample_count > 0 ? ": it has no value\n" : "\n");
	test_columns_samples(out, c, style);
	add_number_hint(out, c);
}

static void add_check(struct strbuf *out, const struct test_outcome *o,
					  const struct rule_test_check *c, struct test_style style) {
	strbuf_add_char(out, '\n');
	add_place(out, o, c->span, style);
	if (c->alert != NULL) {
		add_alert_check(out, c, style);
	} else {
		add_expr_check(out, c, style);
	}
	if (c->alert != NULL && !c->known) {
		strbuf_add_c(out, "      no alerting rule is called ");
		diag_add_visible(out, c->alert->alertname.text);
		strbuf_add_char(out, '\n');
	}
	test_reasons(out, c, o->group->start, style);
}

static void add_failure(struct strbuf *out, const struct test_outcome *o,
						const struct rule_test_failure *f, struct test_style style) {
	strbuf_add_char(out, '\n');
	add_place(out, o, o->group->span, style);
	strbuf_add_c(out, "rule ");
	diag_add_visible(out, f->rule->name);
	add_time(out, f->time);
	strbuf_printf(out, ": %s\n      in group ", f->message);
	diag_add_visible(out, f->group->name);
	strbuf_printf(out, " of %.*s: ", STR_FMT(f->group->file));
	strbuf_add(out, str_trim(f->rule->expr_source));
	strbuf_add_c(out, "\n      Nothing is checked after that.\n");
}

void test_text_outcome(struct strbuf *out, const struct test_outcome *o, struct test_style style,
					   size_t *left) {
	const struct rule_test_report *r = o->report;
	size_t hidden = 0;
	if (r->refused != NULL) {
		strbuf_add_char(out, '\n');
		add_place(out, o, o->group->span, style);
		strbuf_printf(out, "%s\n", r->refused);
	}
	for (size_t i = 0; i < r->failure_count; i++) {
		if (*left > 0) {
			--*left;
			add_failure(out, o, &r->failures[i], style);
		} else {
			hidden++;
		}
	}
	for (size_t i = 0; i < r->check_count; i++) {
		if (r->checks[i].passed) {
			continue;
		}
		if (*left > 0) {
			--*left;
			add_check(out, o, &r->checks[i], style);
		} else {
			hidden++;
		}
	}
	if (hidden > 0) {
		strbuf_add_c(out, "\n… and ");
		strbuf_add_number(out, hidden);
		strbuf_add_c(out, " more failed checks in this test\n");
	}
}
