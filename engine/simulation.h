/* Rules over samples in memory, with invented time: the same evaluations as the engine's, without anything to wait for. */
#ifndef ENGINE_SIMULATION_H
#define ENGINE_SIMULATION_H

#include "engine/evaluation.h"
#include "engine/rule_set.h"
#include "promql-lite/store.h"

struct simulation;

/* The set is held, store and settings are borrowed. `form` is how samples are handed to the evaluations: PQL_SERIES_STORED is
 * cheaper, PQL_SERIES_LOOKED_UP is what a server's answers look like. */
struct simulation *simulation_create(struct rule_set *set, const struct pql_store *store,
									 const struct evaluation_settings *settings,
									 dur_ms default_interval, enum pql_series_form form);
void simulation_destroy(struct simulation *s); /* accepts NULL */

/* From now on every need is refused with this message; NULL: samples are given again. Borrowed. */
void simulation_break(struct simulation *s, const char *message);

/* What came of one group's evaluation; the result is gone when the function returns. */
typedef void simulation_watch(const struct group_state *group,
							  const struct evaluation_result *result, ts_ms ts, void *data);

/* Evaluates the groups whose interval divides ts, in the order of the set. `watch` may be NULL. */
void simulation_step(struct simulation *s, ts_ms ts, simulation_watch *watch, void *data);

size_t simulation_group_count(const struct simulation *s);
const struct group_state *simulation_group(const struct simulation *s, size_t index);
const struct outputs *simulation_outputs(const struct simulation *s);

#endif
