/* Rules over samples in memory, with invented time: the same evaluations as the engine's, without anything to wait for. */
#ifndef ENGINE_SIMULATION_H
#define ENGINE_SIMULATION_H

#include "engine/evaluation.h"
#include "engine/rule_set.h"
#include "promql-lite/store.h"

struct simulation;

/* Zeroed but for the interval: groups in the order of the set, each at the multiples of its interval. */
struct simulation_options {
	dur_ms default_interval;
	bool one_interval; /* the default one for all: what groups have of their own does not count */
	ts_ms
		origin; /* groups are evaluated at this time, and at the multiples of their interval from it */
	const size_t *order; /* the indices of the set's groups; NULL: as they stand */
	/* How samples are handed to the evaluations: PQL_SERIES_STORED is cheaper, PQL_SERIES_LOOKED_UP is what a server's answers
	 * look like. */
	enum pql_series_form form;
	/* The store is filled as time goes: what it has after the time of the step is not there yet, and a rule that records a series
	 * of it fails where they differ. Of stored samples only. */
	bool hides_future;
};

/* The set is held, store and settings are borrowed. */
struct simulation *simulation_create(struct rule_set *set, const struct pql_store *store,
									 const struct evaluation_settings *settings,
									 const struct simulation_options *options);
void simulation_destroy(struct simulation *s); /* accepts NULL */

/* From now on every need is refused with this message; NULL: samples are given again. Borrowed. */
void simulation_break(struct simulation *s, const char *message);

/* Of the rules' outputs only these metrics are kept, because nothing else looks at others. */
void simulation_keep(struct simulation *s, const struct str *names, size_t count);

/* Steps up to `until` will come at all times that simulation_next names, and the store does not change before: what a rule's
 * expression is worth may be worked out over many steps at once. Every answer is the same as without it. For stored samples, and
 * before the first step. */
void simulation_look_ahead(struct simulation *s, ts_ms until);

/* What came of one group's evaluation; the result is gone when the function returns. Evaluations that would change nothing may be
 * left out when the simulation looks ahead. */
typedef void simulation_watch(const struct group_state *group,
							  const struct evaluation_result *result, ts_ms ts, void *data);

/* Evaluates the groups that are due at ts. `watch` may be NULL. */
void simulation_step(struct simulation *s, ts_ms ts, simulation_watch *watch, void *data);

/* The first time after `ts` at which a group is due; INT64_MAX when there is no group. */
ts_ms simulation_next(const struct simulation *s, ts_ms ts);

size_t simulation_group_count(const struct simulation *s);
/* In the order of evaluation. */
const struct group_state *simulation_group(const struct simulation *s, size_t index);
const struct outputs *simulation_outputs(const struct simulation *s);

/* The value of an expression over the samples and what the rules have put out, as they stand after the last step. In `a`; NULL: it
 * is written, else why not. */
const char *simulation_query(const struct simulation *s, const struct pql_expr *expr,
							 struct pql_grid grid, struct arena *a, struct pql_value *ret_value,
							 struct pql_failure *ret_failure);

#endif
