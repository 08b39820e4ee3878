/* Runs the checks of a test file that could notice a change of one rule, over those rules alone that the change can reach and
 * those that they read. The verdict is that of the whole: what the change cannot reach is as it was before, and of that an alerting
 * rule that has no alert in a test group might as well not be there. */
#ifndef ENGINE_MUTANT_TRIAL_H
#define ENGINE_MUTANT_TRIAL_H

#include "engine/rule-tests/mutant.h"
#include "engine/rule-tests/rule_test.h"

/* Rules that have an alert at some time of a test group, by their numbers (mutant_reads.h). */
struct mutant_alerted {
	size_t *rules;
	size_t count, capacity;
};

/* A test file that passes, and who reads what in its rule files. Borrows from file and set. */
struct mutant_suite {
	const struct test_file *file;
	struct rule_set *set;
	bool promtool;                  /* as rule_test_options */
	const bool *left_out;           /* per group of the file: it is not to be run; NULL: all are */
	struct pql_store **inputs;      /* per group */
	struct mutant_alerted *alerted; /* per group */
	struct mutant_reads *reads;
	struct arena arena;
};

void mutant_suite_init(struct mutant_suite *s, const struct test_file *file, struct rule_set *set,
					   const bool *left_out, bool promtool);
void mutant_suite_finish(struct mutant_suite *s); /* accepts NULL */

/* Where a rule stands in a set. */
struct mutant_slot {
	size_t group, rule;
};

struct mutant_trial {
	const struct mutant_suite *suite;
	struct mutant_slot slot;
	struct arena arena;
	struct mutant_trial_group *
		groups; /* with the checks and rules that matter alone; the one that noticed last is the first */
	size_t group_count;
	size_t checks; /* in all of them: 0: no test looks at the rule */
};

/* Borrows from the suite. */
void mutant_trial_init(struct mutant_trial *t, const struct mutant_suite *suite,
					   struct mutant_slot slot);
void mutant_trial_finish(struct mutant_trial *t); /* accepts NULL */

/* Whether a check fails with this rule in the place of the one under trial. */
bool mutant_trial_notices(struct mutant_trial *t, const struct rule *rule);

#endif
