/* A rule-test file in promtool's format: input series, and what rules and expressions are expected to make of them. Immutable;
 * everything lives in one arena, the YAML tree too, so that each expectation knows its place. */
#ifndef RULES_TEST_FILE_H
#define RULES_TEST_FILE_H

#include "base/regex.h"
#include "promql-lite/parser.h"
#include "promql-lite/series_notation.h"
#include "rules/yaml/yaml.h"

/* A text and where it stands. */
struct test_text {
	struct str text;
	struct span span;
	const struct yaml_node *node; /* NULL: it is not there */
};

struct test_series {
	struct pql_sequence sequence;
	struct span span; /* of its labels */
};

/* One label or annotation that is to match a regular expression. */
struct test_pattern {
	struct str name, pattern;
	struct regex *regex;
};

/* What is expected of an alert's labels, or of its annotations. */
struct test_texts {
	bool whole; /* there must be none but `exact` */
	/* Promtool's: may hold empty texts, which no label ever has. Of a part: each of these must be there. */
	struct labels exact;
	const struct test_pattern *patterns;
	size_t pattern_count;
};

#define TEST_TIME_NONE INT64_MIN

struct test_alert {
	struct test_texts labels, annotations;
	/* Beyond promtool, from here on. Times are counted from the start of the test group; TEST_TIME_NONE: not asked. */
	bool has_value;
	double value;
	dur_ms active_at, resolved_at;
	enum test_status { TEST_STATUS_ANY, TEST_STATUS_FIRING, TEST_STATUS_RESOLVED } status;
	dur_ms starts_at, ends_at; /* of a notification */
	struct span span;
};

struct test_alerts {
	bool given;
	const struct test_alert *items;
	size_t count;
	struct span span;
};

/* Both ends belong to it. */
struct test_window {
	dur_ms from, to;
};

/* alert_rule_test: all alerts of one name at one time. */
struct test_alert_case {
	dur_ms eval_time;
	struct test_text alertname;
	struct test_alerts firing; /* none are expected when none are given, unless there are windows */
	/* Beyond promtool: looked at when they are given. */
	struct test_alerts pending, resolved, notifications;
	bool has_windows;
	const struct test_window *windows; /* fires_between */
	size_t window_count;
	struct span windows_span;
	struct labels with_labels; /* other alerts are passed over */
	struct span span;
	const struct yaml_node *node;
};

struct test_sample {
	struct labels labels;
	double value;
	struct pql_histogram *histogram; /* NULL: it is a value */
	struct span span;
};

/* promql_expr_test */
struct test_expr_case {
	struct test_text expr;
	struct pql_expr *parsed;
	dur_ms eval_time;
	const struct test_sample *samples;
	size_t sample_count;
	struct span span;
	const struct yaml_node *node;
};

struct test_group {
	struct str name;
	size_t number;                    /* from 0, in the file */
	dur_ms interval;                  /* of the input series */
	ts_ms start;                      /* start_timestamp */
	const struct test_series *series; /* of two with the same labels the later one counts */
	size_t series_count;
	const struct test_alert_case *alerts;
	size_t alert_count;
	const struct test_expr_case *exprs;
	size_t expr_count;
	struct labels external_labels;
	struct str external_url;
	struct span span;
	struct diags diags; /* what is wrong with this group alone: it cannot be run, others can */
};

struct test_file {
	const struct test_text *rule_files; /* patterns, as written */
	size_t rule_file_count;
	dur_ms evaluation_interval;
	const struct str *group_order; /* group_eval_order */
	size_t group_order_count;
	bool fuzzy; /* values one ULP apart are equal */
	struct test_group *groups;
	size_t group_count;
	struct regex **regexes; /* of all patterns */
	size_t regex_count;
	const struct yaml_node *root; /* the file as it is written; NULL: it is empty */
};

struct test_file_options {
	bool promtool;        /* what is beyond promtool is an unknown field, as it is to promtool */
	bool ignores_unknown; /* unknown fields are passed over */
	const struct pql_syntax *syntax; /* of expressions */
};

#define TEST_DEFAULT_INTERVAL (60 * 1000) /* evaluation_interval */

/* Judges the whole text. What is wrong with the file as a whole goes to `diags`, and then it is false; what is wrong with one group
 * goes to that group's own. `text` must live as long as `a`. */
bool test_file_load(struct str text, const struct test_file_options *options, struct arena *a,
					struct diags *diags, struct test_file *ret_file);

void test_file_finish(struct test_file *f); /* regexes; accepts NULL */

#endif
