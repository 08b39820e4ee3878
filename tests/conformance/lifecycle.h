/* The runner of lifecycle suites: one run of an engine over the data, judged. */
#ifndef TESTS_CONFORMANCE_LIFECYCLE_H
#define TESTS_CONFORMANCE_LIFECYCLE_H

#include "tests/conformance/lifecycle_judge.h"

#define SUITE_INTERVAL 30000 /* of all groups */
#define SUITE_LENGTH 3570000 /* from the first sample: well past the last repetition */
#define SUITE_PHASES 231     /* of the evaluations to the samples */
#define SUITE_PHASE_STEP 130
#define SUITE_GRID INT64_C(1700000010000) /* a time at which groups are evaluated */

/* A way to be almost right; see lifecycle/suite/policies.txt. */
struct suite_policy {
	const char *name, *rules; /* rules: the file */
	dur_ms resend, retention, late;
	bool starts_active, no_texts;
};

struct suite {
	const char *folder;
	struct arena arena;
	struct str data;
	struct lifecycle_case wanted;
};

/* The text of a file of the suite; exits when there is none. */
struct str suite_read(struct suite *s, const char *name);

/* What every evaluation and post of a run goes through; complaints are in `j`. */
void suite_run_simulation(struct suite *s, const struct suite_policy *policy, dur_ms phase,
						  struct judge *j);
void suite_run_engine(struct suite *s, dur_ms phase, struct judge *j);

#endif
