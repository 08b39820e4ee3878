/* Runs one group of a rule-test file over a simulation, and reports what was expected and what came out. */
#ifndef ENGINE_RULE_TEST_H
#define ENGINE_RULE_TEST_H

#include "engine/rule-tests/coverage.h"
#include "engine/rule-tests/simulation.h"
#include "engine/rule_set.h"
#include "rules/test_file.h"

/* Evaluation times of one test group: ten years at half a minute. */
#define RULE_TEST_MAX_STEPS 10000000u
/* Samples of the input series of one test group. */
#define RULE_TEST_MAX_SAMPLES 20000000u
/* Checks of one test group that are explained when they fail: nobody reads more, and each takes its time. */
#define RULE_TEST_MAX_EXPLAINED 20u
/* Changes of alerts remembered for explanations. */
#define RULE_TEST_MAX_HISTORY 100000u

/* What is asked once: one list of alerts, one expression. */
enum rule_test_kind {
	RULE_TEST_FIRING,
	RULE_TEST_PENDING,
	RULE_TEST_RESOLVED,
	RULE_TEST_NOTIFICATIONS,
	RULE_TEST_FIRES_BETWEEN,
	RULE_TEST_EXPR,
};

#define RULE_TEST_NONE SIZE_MAX

/* An alert, or a notification of one, as it was got. Times are counted from the start of the test group. */
struct rule_test_alert {
	const struct rule *rule; /* NULL: of a notification */
	struct labels labels, annotations;
	double value;
	dur_ms active_at, resolved_at; /* TEST_TIME_NONE: not */
	bool resolved;                 /* of a notification, as the two that follow */
	dur_ms starts_at, ends_at;
	size_t partner; /* the expected one that it is; RULE_TEST_NONE: not expected */
	size_t
		similar; /* of one that was not expected: the expected one that is missing and most like it, or RULE_TEST_NONE */
};

struct rule_test_sample {
	struct labels labels;
	double value;
	const struct pql_histogram *histogram; /* NULL: it is a value */
};

/* The value of a part of an expression. */
struct rule_test_part {
	struct str text; /* as written */
	unsigned depth;  /* in the tree: 0 is the whole */
	struct pql_value value;
	const char *failure; /* NULL: it has one */
};

struct rule_test_change {
	dur_ms time;
	enum alert_change change;
	const struct rule *rule;
	struct labels labels;
	double value;
};

/* What one rule, or one tested expression, looked like at the time of the check. */
struct rule_test_expression {
	const struct rule *rule; /* NULL: it is no rule's */
	const struct rule_group *group;
	const struct pql_expr *expr;
	dur_ms time;
	struct rule_test_part *parts; /* the whole, then its parts in the order of the text */
	size_t part_count;
	struct pql_value *
		series; /* per selector: what it finds from the start to the time; type NONE: cannot be shown */
	size_t series_count;
};

/* Why a check may have failed. */
struct rule_test_explanation {
	struct rule_test_expression *expressions;
	size_t expression_count;
	const struct rule_test_change *changes; /* of the alerts in question, up to then */
	size_t change_count, changes_dropped;
};

struct rule_test_check {
	enum rule_test_kind kind;
	bool passed;
	dur_ms time; /* eval_time */
	struct span span;
	const struct test_alert_case *alert; /* NULL: it is about an expression */
	const struct test_expr_case *expr;
	/* Of alerts: */
	const struct test_alerts *expected;
	size_t *partners; /* per expected one: the one got, or RULE_TEST_NONE */
	struct rule_test_alert *got;
	size_t got_count;
	bool known; /* a rule of this name exists */
	/* Of fires_between: when it did fire, up to eval_time. */
	const struct test_window *windows;
	size_t window_count;
	/* Of an expression: */
	const char *failure; /* it has no value; NULL: it has */
	struct rule_test_sample *samples;
	size_t sample_count;
	const struct rule_test_explanation *explanation; /* NULL: it passed, or there are too many */
};

/* A rule that could not be evaluated. */
struct rule_test_failure {
	const struct rule *rule;
	const struct rule_group *group;
	dur_ms time;
	const char *message;
};

struct rule_test_report {
	struct rule_test_check *
		checks; /* of alerts by their time, then of expressions as they stand; those that were come to */
	size_t check_count, check_capacity;
	size_t failed;                      /* of them */
	struct rule_test_failure *failures; /* then nothing was checked from that time on */
	size_t failure_count, failure_capacity;
	const char *refused;             /* why it was not run at all; NULL: it was */
	size_t steps;                    /* evaluation times */
	struct pql_value dump;           /* all data at the end; type NONE: was not asked for */
	struct rule_test_memory *memory; /* what values borrow from */
};

/* Told now and then how far it has come. */
typedef void rule_test_progress(size_t step, size_t steps, void *data);

/* An alert of the rule begins. */
typedef void rule_test_alerted(const struct rule *rule, void *data);

struct rule_test_options {
	bool promtool;    /* groups have no intervals of their own, as promtool sees it */
	bool stepwise;    /* nothing is evaluated ahead; the report is the same */
	bool explains;    /* failed checks */
	bool stops_early; /* at the first check that fails: whether all pass is all that is asked */
	bool dumps;
	struct coverage_set *coverage; /* of the set: what is reached is noted there; NULL: nowhere */
	/* What rule_test_load_input has laid out for this group, so that it need not be done for each of many runs; borrowed. NULL:
	 * it is done by the run. */
	const struct pql_store *input;
	rule_test_progress *progress; /* may be NULL */
	void *progress_data;
	rule_test_alerted *alerted; /* may be NULL */
	void *alerted_data;
};

/* Whether nothing is wrong. */
bool rule_test_passed(const struct rule_test_report *report);

/* The input series of a group, as far as its checks go. Borrows from group and arena. NULL: it is too much, and a run would be
 * refused. */
struct pql_store *rule_test_load_input(const struct test_file *file, const struct test_group *group,
									   struct arena *a);

/* `group` is of `file` and has no errors. The report lives in `a` and borrows from file and set; it must be finished before
 * those. */
void rule_test_run(const struct test_file *file, const struct test_group *group,
				   struct rule_set *set, const struct rule_test_options *options, struct arena *a,
				   struct rule_test_report *ret_report);
void rule_test_report_finish(struct rule_test_report *report); /* accepts NULL */

#endif
