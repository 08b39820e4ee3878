/* What the files of `tocsin test` share: test.c runs, the others print. */
#ifndef CLI_TEST_H
#define CLI_TEST_H

#include "base/json.h"
#include "base/regex.h"
#include "cli/command.h"
#include "cli/test_coverage.h"
#include "cli/test_mutate.h"
#include "cli/test_progress.h"
#include "engine/io/files.h"
#include "engine/rule-tests/rule_test.h"

/* One run of the command. */
struct test_run {
	struct arena arena;
	bool promtool, diff, json, quiet, debug, ignores_unknown;
	bool update;  /* with `diff` it is only shown */
	bool watches; /* what it reads is to be noted: */
	struct file_list watched;
	uint64_t *stamps; /* of `watched`, from before it was read */
	size_t stamp_count, stamp_capacity;
	const char *junit_path;
	struct regex **wanted; /* --run */
	size_t wanted_count;
	enum exit_code code; /* the worst so far: unable before bad before fine */
	size_t files, groups, checks, failed,
		broken;         /* broken: files and groups that could not be run */
	size_t checks_left; /* to be shown */
	struct strbuf json_text, junit_text;
	struct json_writer json_writer;
	struct test_progress progress;
	struct test_coverage coverage;
	struct test_mutation *mutation; /* NULL: was not asked for */
};

/* ---- test_job.c ---- */

void test_run_file(struct test_run *r, const char *path);
void test_note(struct test_run *r, enum exit_code code);
/* --run */
bool test_is_wanted(const struct test_run *r, const struct test_group *group);

/* One test file, while it is run. */
struct test_target {
	const char *path; /* as messages name it */
	struct str text;
	struct test_file file;
	size_t groups_run, checks, failed; /* so far */
	dur_ms took;
};

/* One group of it that was run, or was to be. */
struct test_outcome {
	const struct test_target *target;
	const struct test_group *group;
	const struct rule_test_report *report; /* NULL: it was not run */
	const char *error;                     /* why not; all messages */
	dur_ms took;
	bool passed;
};

/* "unnamed#3" when it has no name, as promtool calls it. */
void test_group_name(struct strbuf *out, const struct test_group *group);

/* ---- test_update.c ---- */

/* What was got, written into the file, if it can be run. true: it was only shown, and there is nothing more to do. */
bool test_update_file(struct test_run *r, const char *path);

/* ---- test_watch.c ---- */

/* All files once, with a new `run` each time. */
struct options;
typedef enum exit_code test_once(struct test_run *run, const struct options *o);
void test_run_finish(struct test_run *run);

/* Until it is ended from outside; the exit code is that of the last run. */
enum exit_code test_watch(const struct options *o, test_once *once);
/* What is looked at for changes, to be told before it is read: a FILE of the command line, a pattern of rule_files. */
void test_watch_operand(struct test_run *r, const char *operand);
void test_watch_rules(struct test_run *r, const char *folder, struct str pattern);

/* ---- test_text.c: for people ---- */

struct test_style {
	size_t columns;
	bool color;
	bool diff; /* lines with + and - instead of columns */
};

/* Every check that failed, with its reasons, up to *left of them; *left becomes less. */
void test_text_outcome(struct strbuf *out, const struct test_outcome *outcome,
					   struct test_style style, size_t *left);

/* ---- test_columns.c: expected and got beside each other ---- */

void test_columns_alerts(struct strbuf *out, const struct rule_test_check *check,
						 struct test_style style);
void test_columns_samples(struct strbuf *out, const struct rule_test_check *check,
						  struct test_style style);

/* ---- test_reasons.c: why ---- */

void test_reasons(struct strbuf *out, const struct rule_test_check *check, dur_ms start,
				  struct test_style style);

/* ---- test_json.c, test_junit.c: for programs ---- */

void test_json_outcome(struct json_writer *w, const struct test_outcome *outcome);

void test_junit_outcome(struct strbuf *out, const struct test_outcome *outcome);
/* The suite of one file around what its outcomes gave; `errors` is what is wrong with the file, or NULL. */
void test_junit_suite(struct strbuf *out, const struct test_target *target, struct str cases,
					  size_t failed_cases, size_t error_cases, const char *error, ts_ms now);
void test_junit_text(struct strbuf *out, struct str text);

#endif
