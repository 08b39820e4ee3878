/* What the files that run rule tests share. */
#ifndef ENGINE_RULE_TEST_PRIVATE_H
#define ENGINE_RULE_TEST_PRIVATE_H

#include "base/hmap.h"
#include "engine/rule-tests/rule_test.h"
#include "notifiers/relabel.h"

/* What a group handed to Alertmanager at its latest evaluation. */
struct rule_test_sent {
	ts_ms ts;
	struct rule_test_alert *items;
	size_t count;
};

/* The times at which alerts of one case fire. */
struct rule_test_fires {
	const struct test_alert_case *alert;
	struct test_window *windows;
	size_t count, capacity;
	bool on;    /* at the step before */
	bool wrong; /* at some step it was not as expected */
};

/* What outlives the run, with the report. */
struct rule_test_memory {
	struct evaluation_settings settings;
	struct pql_store *store;       /* NULL: it is not the run's own */
	struct simulation *simulation; /* NULL: it was not run */
};

struct rule_test_run {
	const struct test_file *file;
	const struct test_group *group;
	struct rule_set *set;
	const struct rule_test_options *options;
	struct arena *arena;
	struct rule_test_report *report;
	struct rule_test_memory *memory; /* arena */
	const struct pql_store *store;
	struct simulation *simulation;
	ts_ms start;
	dur_ms end;                            /* the latest eval_time */
	ts_ms now;                             /* of the step under way */
	const struct test_alert_case **alerts; /* by time */
	size_t next_alert;
	struct rule_test_fires *fires;
	size_t fires_count;
	bool wants_sent;
	struct rule_test_sent *sent; /* per group */
	struct relabel *relabel;     /* without rules: adds the external labels */
	struct hmap states;          /* of the simulation, by rule */
	struct hmap owners;          /* rules that had an alert, by its labels */
	struct rule_test_change *changes;
	size_t change_count, change_capacity, changes_dropped;
	size_t explained;
	bool keeps_alerts; /* ALERTS and ALERTS_FOR_STATE, though nobody asks for them */
	bool
		overlaps; /* two rules have the same alert: they may write different samples for one series */
};

/* The order of evaluation: the index of each group of the set. */
size_t *rule_test_order(const struct test_file *file, const struct rule_set *set, struct arena *a);

/* What the input series hold up to the end. false: *ret_error says why they cannot be laid out. */
bool rule_test_load(struct rule_test_run *run, struct pql_store *store, const char **ret_error);

/* The checks of a case, after the last evaluation at or before its time. */
void rule_test_check_alerts(struct rule_test_run *run, const struct test_alert_case *alert);
/* Notes whether the alerts of cases with fires_between fire at this step. */
void rule_test_note_firing(struct rule_test_run *run);
/* Once the simulation is there, before its first step. */
void rule_test_find_states(struct rule_test_run *run);
/* Notes what came of an evaluation. */
void rule_test_note_result(const struct group_state *group, const struct evaluation_result *result,
						   ts_ms ts, void *data);

/* Finds out which of the alerts got is which of those expected. true: none is missing, and none is too many. */
bool rule_test_match(const struct rule_test_run *run, struct rule_test_check *check);

void rule_test_check_exprs(struct rule_test_run *run);

/* Adds why, unless there are enough explanations already. */
void rule_test_explain(struct rule_test_run *run, struct rule_test_check *check);

struct rule_test_check *rule_test_add_check(struct rule_test_run *run, enum rule_test_kind kind);
/* The check is done. */
void rule_test_finish_check(struct rule_test_run *run, struct rule_test_check *check, bool passed);

bool rule_test_values_equal(const struct rule_test_run *run, double a, double b);

#endif
