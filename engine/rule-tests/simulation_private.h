/* What simulation.c and simulation_ahead.c share. */
#ifndef ENGINE_SIMULATION_PRIVATE_H
#define ENGINE_SIMULATION_PRIVATE_H

#include "engine/rule-tests/simulation.h"

struct simulation_ahead;

struct simulation {
	struct rule_set *set;
	const struct pql_store *store;
	const struct evaluation_settings *settings;
	struct simulation_options options;
	const char *failure; /* NULL: samples are given */
	struct outputs *outputs;
	struct group_state **groups; /* in the order of evaluation */
	size_t group_count;
	ts_ms now;                      /* of the last step; TS_NONE: there was none */
	struct simulation_ahead *ahead; /* NULL: step by step */
};

struct pql_time_options simulation_time_options(const struct simulation *s);

/* What the need finds at `now`: in the store, and among the outputs. NULL, or why it cannot be said. */
const char *simulation_select(const struct simulation *s, const struct pql_need *need, ts_ms now,
							  struct arena *a, struct pql_series_set *ret_set);

/* simulation_query, with the store as it was at `now`. */
const char *simulation_query_at(const struct simulation *s, const struct pql_expr *expr,
								struct pql_grid grid, ts_ms now, struct arena *a,
								struct pql_value *ret_value, struct pql_failure *ret_failure);

/* Whether its value hangs on more than what was before the step: @, negative offsets, step(). */
bool simulation_is_pinned(const struct simulation *s, const struct pql_expr *expr, struct arena *a);

/* Whether the group is due. */
bool simulation_is_due(const struct simulation *s, const struct group_state *group, ts_ms ts);

/* ---- simulation_ahead.c ---- */

void ahead_destroy(struct simulation_ahead *ahead); /* accepts NULL */

/* Before the groups of a step are evaluated: works out the stretch that begins at ts, when there is none. */
void ahead_enter(struct simulation *s, ts_ms ts);
/* Sets the course of each rule of the group. false: all rules are passed over. */
bool ahead_set_course(struct simulation *s, size_t group, ts_ms ts);
/* The value of a rule that is given, as samples at ts. */
void ahead_value(const struct simulation *s, size_t group, size_t rule, ts_ms ts, struct arena *a,
				 struct pql_series_set *ret_set);

/* ---- what the files that look ahead share ---- */

/* A metric that rules record. */
struct ahead_metric {
	struct str name;
	struct ahead_rule **writers; /* in the order of evaluation */
	size_t writer_count, writer_capacity;
};

/* One series of a rule's value over the stretch. */
struct ahead_row {
	struct labels labels;
	struct labels recorded;            /* of a recording rule: what it is written as */
	const double *values;              /* one per step of the group */
	struct pql_histogram **histograms; /* as in pql_row */
	const uint8_t *present;
};

/* A rule, and what is known about it in the stretch under way. */
struct ahead_rule {
	struct rule_state *state;
	size_t position;             /* in the order of evaluation, over all groups */
	struct ahead_metric *metric; /* of a recording rule: what it writes; else NULL */
	struct ahead_metric **reads; /* that its selectors may find */
	size_t read_count, read_capacity;
	bool reads_alerts; /* ALERTS or ALERTS_FOR_STATE */
	bool
		pinned; /* its value hangs on more than what was before the step: @, negative offsets, step() */
	bool queries;  /* a template of it may ask for anything */
	bool stepwise; /* found out: it must be evaluated step by step */
	bool lazy;     /* found out: what it gives must be written step by step */
	/* Of the stretch: */
	bool known;   /* the rows stand */
	bool written; /* and are among the outputs, all of them */
	struct ahead_row *rows;
	size_t row_count;
	uint8_t *any;                 /* per step: whether there is a value */
	struct outputs_writer writer; /* the one that wrote ahead, until it is the rule's own */
};

struct ahead_group {
	struct group_state *state;
	struct ahead_rule *rules;
	dur_ms offset; /* query_offset */
	ts_ms first;   /* of the stretch's steps at which it is due */
	size_t steps;
};

struct simulation_ahead {
	struct arena arena;   /* what holds for all stretches */
	struct arena stretch; /* rows */
	struct ahead_group *groups;
	struct ahead_metric **metrics;
	size_t metric_count, metric_capacity;
	struct ahead_rule **order; /* all rules, by position */
	size_t rule_count;
	ts_ms until;
	ts_ms from, to; /* the stretch under way; from > to: none */
	bool off;       /* it did not work out */
};

/* simulation_plan.c: who reads what of whom. */
void ahead_plan(struct simulation *s, struct simulation_ahead *ahead);

#endif
