/* Whether a result is what a script expects. */
#ifndef PROMQLTEST_CHECK_H
#define PROMQLTEST_CHECK_H

#include "promql-lite/eval.h"
#include "tests/conformance/promqltest_script.h"

/* How an evaluation ended. */
struct outcome {
	bool ok;
	struct pql_value value;
	struct pql_notes notes;
	const char *failure; /* when not ok */
};

/* NULL: as expected. Otherwise how it differs, in the arena. */
const char *check_outcome(const struct command *c, const struct outcome *o, double tolerance,
						  struct arena *a);

/* The step at `t` of a range evaluation, held against what an instant expects. */
const char *check_step(const struct command *c, const struct outcome *o, ts_ms t, double tolerance,
					   struct arena *a);

#endif
