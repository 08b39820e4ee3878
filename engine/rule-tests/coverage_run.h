/* What one test group reaches: told by whoever runs it. */
#ifndef ENGINE_COVERAGE_RUN_H
#define ENGINE_COVERAGE_RUN_H

#include "engine/rule-tests/coverage.h"
#include "engine/rule-tests/simulation.h"
#include "rules/test_file.h"

/* After each evaluation of a group: how its alerts went. */
void coverage_note_result(struct coverage_set *s, const struct group_state *group,
						  const struct evaluation_result *result);

/* Which rules the test group asks about. */
void coverage_note_tested(struct coverage_set *s, const struct test_group *group);

/* When all is over: goes through the evaluation times from `start` to `end` once more, and looks at the places in the rules'
 * expressions that are not reached yet. What a rule sees of rules evaluated after it is of the same time, not of the one
 * before. */
void coverage_note_values(struct coverage_set *s, const struct simulation *simulation, ts_ms start,
						  ts_ms end);

#endif
