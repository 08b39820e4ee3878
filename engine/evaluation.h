/* One group at one timestamp: begin, state the needs, be supplied with them, step. Does not care where data comes from:
 * the daemon, a simulation and the tests drive the same functions. */
#ifndef ENGINE_EVALUATION_H
#define ENGINE_EVALUATION_H

#include "engine/group_state.h"
#include "engine/phase.h"
#include "engine/restore.h"
#include "promql-lite/eval.h"

struct evaluation_settings {
	struct alerting_settings alerting;
	dur_ms query_offset; /* for groups without their own */
	dur_ms lookback;
	dur_ms default_subquery_step; /* the evaluation interval */
	size_t max_samples;           /* limits.samples */
	/* ALERTS and ALERTS_FOR_STATE are not put out: as long as `for` is to be restored from them. */
	bool no_alert_series;
	bool writes;                  /* outputs get into the database that is asked */
	size_t auto_bytes;            /* limits.auto_bytes */
	struct restore_times restore; /* of groups that are `restoring` */
	struct phase_clock *phases;   /* borrowed; may be NULL */
	bool keep_alive;              /* resend firing alerts while their rule cannot be evaluated */
};

struct evaluation;

/* `group`, `settings` and `outputs` are borrowed until evaluation_destroy; `started` is the time now. One evaluation of a
 * group at a time. */
struct evaluation *evaluation_begin(struct group_state *group,
									const struct evaluation_settings *settings,
									struct outputs *outputs, ts_ms ts, ts_ms started);
void evaluation_destroy(
	struct evaluation *e); /* at any time: what was not stepped did not happen. Accepts NULL */

/* Needs are numbered from 0. evaluation_step may add more. */
size_t evaluation_need_count(const struct evaluation *e);
const struct pql_need *evaluation_need(const struct evaluation *e, size_t index);

/* The need that stands for the expression of a rule that is RULE_GIVEN. */
size_t evaluation_rule_need(const struct evaluation *e, size_t rule);

/* The need is met: the samples stay the caller's, and there until evaluation_destroy. `took` is how long it took. */
void evaluation_supply(struct evaluation *e, size_t index, struct pql_series_set set, dur_us took);
/* It cannot be met, and why: rules that hang on it fail with this message (copied). `too_large`: because a limit is passed. */
void evaluation_refuse(struct evaluation *e, size_t index, const char *message, bool too_large,
					   dur_us took);
/* How many bytes had to be read for the need; of those that serve several needs, its share. */
void evaluation_note_cost(struct evaluation *e, size_t index, size_t bytes);

enum evaluation_progress {
	EVALUATION_WANTS, /* there are needs that are neither supplied nor refused */
	/* What was put out so far has to be in the database before it goes on: evaluation_written says that it is. */
	EVALUATION_WRITES,
	EVALUATION_DONE,
};

/* Goes through the rules in order as far as it can. All needs must have been met or refused. `now` for durations. */
enum evaluation_progress evaluation_step(struct evaluation *e, ts_ms now);

/* NULL: it is written. Else why it is not (copied); rules that need it there fail with this message. */
void evaluation_written(struct evaluation *e, const char *failure);

/* What an element of a recording rule's result is written as. */
struct labels evaluation_recorded_labels(const struct rule *rule, struct labels element,
										 struct arena *a);

struct evaluation_failure {
	const struct rule *rule;
	const char *message;
	bool first;   /* the rule was not failing with this message before */
	bool fetch;   /* because data could not be had */
	bool dropped; /* it was evaluated well, but not all that it gave could be kept */
};

/* A label or annotation is not what it should be; the alert is as it would be. Not told anew as long as the message is the same. */
struct evaluation_template_failure {
	const struct rule *rule;
	const char *message; /* of the rule's first */
};

/* What came of it; the evaluation's memory. */
struct evaluation_result {
	struct notices notices;
	struct alert_transitions transitions;
	struct evaluation_failure *failures;
	size_t failure_count, failure_capacity;
	struct evaluation_template_failure *template_failures;
	size_t template_failure_count, template_failure_capacity;
	const struct rule **recovered; /* rules that had been failing */
	size_t recovered_count, recovered_capacity;
	struct pql_notes notes; /* of all rules */
	size_t restored;        /* alerts whose `for` goes on where it was before the start */
	const char *
		restore_failure; /* it was tried to find out, and could not be; NULL: it was not, or could */
};
const struct evaluation_result *evaluation_result(const struct evaluation *e);
struct group_state *evaluation_group(const struct evaluation *e);
ts_ms evaluation_timestamp(const struct evaluation *e);

#endif
