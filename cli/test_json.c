/* Results as JSON: one object per test. */
#include "base/duration.h"
#include "base/json.h"
#include "cli/query_print.h"
#include "cli/test.h"

#define MOST_VALUES 100 /* of a part of an expression */

static const char *const kind_names[] = {
	[RULE_TEST_FIRING] = "exp_alerts",           [RULE_TEST_PENDING] = "exp_pending",
	[RULE_TEST_RESOLVED] = "exp_resolved",       [RULE_TEST_NOTIFICATIONS] = "exp_notifications",
	[RULE_TEST_FIRES_BETWEEN] = "fires_between", [RULE_TEST_EXPR] = "exp_samples",
};

static void json_time(struct json_writer *w, const char *key, dur_ms time) {
	struct strbuf text = STRBUF_INIT;
	if (time == TEST_TIME_NONE) {
		return;
	}
	duration_print(&text, time);
	json_key(w, key);
	json_string(w, strbuf_str(&text));
	strbuf_finish(&text);
}

/* As the API writes values: NaN and infinities are no numbers in JSON. */
static void json_value(struct json_writer *w, const char *key, double v) {
	struct strbuf text = STRBUF_INIT;
	query_print_value(&text, v);
	json_key(w, key);
	json_string(w, strbuf_str(&text));
	strbuf_finish(&text);
}

static void json_labels_of(struct json_writer *w, const char *key, struct labels l) {
	json_key(w, key);
	json_labels(w, l);
}

static void json_place(struct json_writer *w, const struct test_outcome *o, struct span span) {
	struct diag_place place = diag_place(o->target->text, span.start);
	json_key(w, "line");
	json_int(w, (int64_t)place.line);
	json_key(w, "column");
	json_int(w, (int64_t)place.column);
}

/* ---- alerts ---- */

static void json_patterns(struct json_writer *w, const char *key, const struct test_texts *t) {
	if (t->pattern_count == 0) {
		return;
	}
	json_key(w, key);
	json_open_object(w);
	for (size_t i = 0; i < t->pattern_count; i++) {
		json_key_str(w, t->patterns[i].name);
		json_string(w, t->patterns[i].pattern);
	}
	json_close_object(w);
}

static void json_expected_alert(struct json_writer *w, const struct test_alert *a) {
	static const char *const statuses[] = {NULL, "firing", "resolved"};
	json_open_object(w);
	json_labels_of(w, a->labels.whole ? "exp_labels" : "exp_labels_include", a->labels.exact);
	json_patterns(w, "exp_labels_match", &a->labels);
	json_labels_of(w, a->annotations.whole ? "exp_annotations" : "exp_annotations_include",
				   a->annotations.exact);
	json_patterns(w, "exp_annotations_match", &a->annotations);
	if (a->has_value) {
		json_value(w, "exp_value", a->value);
	}
	json_time(w, "exp_active_at", a->active_at);
	json_time(w, "exp_resolved_at", a->resolved_at);
	if (a->status != TEST_STATUS_ANY) {
		json_key(w, "exp_status");
		json_string(w, str_from(statuses[a->status]));
	}
	json_time(w, "exp_starts_at", a->starts_at);
	json_time(w, "exp_ends_at", a->ends_at);
	json_close_object(w);
}

static void json_got_alert(struct json_writer *w, const struct rule_test_alert *a, bool notice) {
	json_open_object(w);
	json_labels_of(w, "labels", a->labels);
	json_labels_of(w, "annotations", a->annotations);
	if (notice) {
		json_key(w, "status");
		json_string(w, str_from(a->resolved ? "resolved" : "firing"));
		json_time(w, "starts_at", a->starts_at);
		json_time(w, "ends_at", a->ends_at);
	} else {
		json_value(w, "value", a->value);
		json_time(w, "active_at", a->active_at);
		json_time(w, "resolved_at", a->resolved_at);
	}
	json_key(w, "expected");
	json_bool(w, a->partner != RULE_TEST_NONE);
	json_close_object(w);
}

static void json_windows(struct json_writer *w, const char *key, const struct test_window *windows,
						 size_t count) {
	json_key(w, key);
	json_open_array(w);
	for (size_t i = 0; i < count; i++) {
		json_open_object(w);
		json_time(w, "from", windows[i].from);
		json_time(w, "to", windows[i].to);
		json_close_object(w);
	}
	json_close_array(w);
}

static void json_alert_check(struct json_writer *w, const struct rule_test_check *c) {
	json_key(w, "alertname");
	json_string(w, c->alert->alertname.text);
	if (c->kind == RULE_TEST_FIRES_BETWEEN) {
		json_windows(w, "expected", c->alert->windows, c->alert->window_count);
		json_windows(w, "got", c->windows, c->window_count);
		return;
	}
	json_key(w, "expected");
	json_open_array(w);
	for (size_t i = 0; i < c->expected->count; i++) {
		json_expected_alert(w, &c->expected->items[i]);
	}
	json_close_array(w);
	json_key(w, "got");
	json_open_array(w);
	for (size_t i = 0; i < c->got_count; i++) {
		json_got_alert(w, &c->got[i], c->kind == RULE_TEST_NOTIFICATIONS);
	}
	json_close_array(w);
}

/* ---- samples ---- */

static void json_sample(struct json_writer *w, struct labels labels, double value,
						const struct pql_histogram *histogram) {
	json_open_object(w);
	json_labels_of(w, "labels", labels);
	if (histogram != NULL) {
		struct strbuf text = STRBUF_INIT;
		pql_histogram_print(&text, histogram);
		json_key(w, "histogram");
		json_string(w, strbuf_str(&text));
		strbuf_finish(&text);
	} else {
		json_value(w, "value", value);
	}
	json_close_object(w);
}

static void json_expr_check(struct json_writer *w, const struct rule_test_check *c) {
	json_key(w, "expr");
	json_string(w, c->expr->expr.text);
	if (c->failure != NULL) {
		json_key(w, "error");
		json_string(w, str_from(c->failure));
	}
	json_key(w, "expected");
	json_open_array(w);
	for (size_t i = 0; i < c->expr->sample_count; i++) {
		const struct test_sample *s = &c->expr->samples[i];
		json_sample(w, s->labels, s->value, s->histogram);
	}
	json_close_array(w);
	json_key(w, "got");
	json_open_array(w);
	for (size_t i = 0; i < c->sample_count; i++) {
		const struct rule_test_sample *s = &c->samples[i];
		json_sample(w, s->labels, s->value, s->histogram);
	}
	json_close_array(w);
}

/* ---- reasons ---- */

static void json_rule(struct json_writer *w, const char *key, const struct rule *rule,
					  const struct rule_group *group) {
	json_key(w, key);
	json_string(w, rule->name);
	json_key(w, "group");
	json_string(w, group->name);
	json_key(w, "file");
	json_string(w, group->file);
}

static void json_part(struct json_writer *w, const struct rule_test_part *p) {
	json_open_object(w);
	json_key(w, "expr");
	json_string(w, p->text);
	json_key(w, "depth");
	json_int(w, (int64_t)p->depth);
	if (p->failure != NULL) {
		json_key(w, "error");
		json_string(w, str_from(p->failure));
	} else if (p->value.type == PQL_TYPE_SCALAR) {
		json_value(w, "scalar", p->value.scalars[0]);
	} else if (p->value.type == PQL_TYPE_VECTOR) {
		json_key(w, "vector");
		json_open_array(w);
		for (size_t i = 0; i < p->value.row_count && i < MOST_VALUES; i++) {
			const struct pql_row *row = &p->value.rows[i];
			json_sample(w, row->labels, row->values[0],
						row->histograms == NULL ? NULL : row->histograms[0]);
		}
		json_close_array(w);
	}
	json_close_object(w);
}

static void json_change(struct json_writer *w, const struct rule_test_change *c) {
	json_open_object(w);
	json_time(w, "time", c->time);
	json_key(w, "change");
	json_string(w, str_from(alert_change_name[c->change]));
	json_labels_of(w, "labels", c->labels);
	json_value(w, "value", c->value);
	json_close_object(w);
}

static void json_explanation(struct json_writer *w, const struct rule_test_explanation *e) {
	json_key(w, "rules");
	json_open_array(w);
	for (size_t i = 0; i < e->expression_count; i++) {
		const struct rule_test_expression *x = &e->expressions[i];
		json_open_object(w);
		if (x->rule != NULL) {
			json_rule(w, "name", x->rule, x->group);
		}
		json_time(w, "time", x->time);
		json_key(w, "parts");
		json_open_array(w);
		for (size_t k = 0; k < x->part_count; k++) {
			json_part(w, &x->parts[k]);
		}
		json_close_array(w);
		json_close_object(w);
	}
	json_close_array(w);
	json_key(w, "changes");
	json_open_array(w);
	for (size_t i = 0; i < e->change_count; i++) {
		json_change(w, &e->changes[i]);
	}
	json_close_array(w);
}

/* ---- a test ---- */

static void json_check(struct json_writer *w, const struct test_outcome *o,
					   const struct rule_test_check *c) {
	json_open_object(w);
	json_key(w, "kind");
	json_string(w, str_from(kind_names[c->kind]));
	json_place(w, o, c->span);
	json_time(w, "eval_time", c->time);
	json_key(w, "passed");
	json_bool(w, c->passed);
	if (c->alert != NULL) {
		json_alert_check(w, c);
	} else {
		json_expr_check(w, c);
	}
	if (c->explanation != NULL) {
		json_explanation(w, c->explanation);
	}
	json_close_object(w);
}

static void json_failure(struct json_writer *w, const struct rule_test_failure *f) {
	json_open_object(w);
	json_rule(w, "rule", f->rule, f->group);
	json_time(w, "time", f->time);
	json_key(w, "error");
	json_string(w, str_from(f->message));
	json_close_object(w);
}

static void json_report(struct json_writer *w, const struct test_outcome *o) {
	const struct rule_test_report *r = o->report;
	json_key(w, "checks");
	json_open_array(w);
	for (size_t i = 0; i < r->check_count; i++) {
		json_check(w, o, &r->checks[i]);
	}
	json_close_array(w);
	json_key(w, "rule_errors");
	json_open_array(w);
	for (size_t i = 0; i < r->failure_count; i++) {
		json_failure(w, &r->failures[i]);
	}
	json_close_array(w);
}

void test_json_outcome(struct json_writer *w, const struct test_outcome *o) {
	struct strbuf name = STRBUF_INIT;
	test_group_name(&name, o->group);
	json_open_object(w);
	json_key(w, "name");
	json_string(w, strbuf_str(&name));
	json_place(w, o, o->group->span);
	json_key(w, "passed");
	json_bool(w, o->passed);
	const char *error = o->report != NULL ? o->report->refused : o->error;
	if (error != NULL) {
		json_key(w, "error");
		json_string(w, str_from(error));
	}
	if (o->report != NULL) {
		json_report(w, o);
	}
	json_close_object(w);
	strbuf_finish(&name);
}
