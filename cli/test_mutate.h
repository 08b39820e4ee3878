/* `tocsin test --mutate`: would the tests notice if the rules were others? */
#ifndef CLI_TEST_MUTATE_H
#define CLI_TEST_MUTATE_H

#include "cli/options.h"
#include "engine/rule-tests/mutant_trial.h"

struct test_run;

/* A test file that was run, with all that it consists of. */
struct test_kept {
	struct arena arena;
	struct strbuf text;
	struct test_file file;
	struct rule_set *set; /* NULL: it could not be loaded */
	bool *left_out;       /* per group: --run does not name it; in the arena */
	struct mutant_suite suite;
	bool has_suite;
};

void test_kept_finish(struct test_kept *kept);

/* A rule file, which several test files may load. */
struct test_mutated_file {
	const char *path;      /* as the first of them finds it */
	const char *real_path; /* two test files in different folders name one rule file differently */
	struct str text;
	const struct rule_file *file;
	struct test_mutated_use {
		struct test_kept *kept;
		size_t first_group; /* of its set */
	} * uses;
	size_t use_count, use_capacity;
};

enum test_verdict {
	TEST_SURVIVED,
	TEST_KILLED,
	TEST_UNSEEN,    /* survived: no check looks at the rule */
	TEST_NOT_TRIED, /* is not in the sample, or passed over */
};

struct test_mutated_rule {
	struct test_mutated_file *file;
	struct mutant_slot slot; /* group and rule in the file */
	const struct rule *rule;
	struct mutants mutants;
	unsigned char *verdicts; /* per mutant; shared between processes */
};

struct test_mutation {
	struct arena arena;
	size_t limit;
	uint64_t seed;
	double min; /* percent; negative: none may survive */
	struct test_kept **kept;
	size_t kept_count, kept_capacity;
	struct test_mutated_file *files;
	size_t file_count, file_capacity;
	struct test_mutated_rule *rules;
	size_t rule_count, rule_capacity;
	size_t made, killed, survived, equivalent, left_out;
	size_t passed_over; /* of rules that no test of --run looks at */
	bool broken_off;    /* not all of them were tried, because somebody ended it */
};

/* Creates r->mutation when it is asked for. false: complained. */
bool test_mutation_read(struct test_run *r, const struct options *o);
void test_mutation_destroy(struct test_mutation *m); /* accepts NULL */

/* Takes what the test file consists of. */
void test_mutation_take(struct test_mutation *m, const struct test_kept *kept);

/* After all tests were run. */
void test_mutate(struct test_run *r);

/* ---- test_mutate_run.c ---- */

/* Fills in all verdicts, in several processes when it is much. */
void test_mutate_run(struct test_run *r);

/* ---- test_mutate_print.c ---- */

void test_mutate_print(struct test_run *r);
void test_mutate_json(struct test_run *r);

#endif
