/* What the parts of `tocsin check` share. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "cli/command.h"
#include "engine/config/config.h"
#include "engine/io/files.h"
#include "rules/lint/lint.h"
#include "rules/report/report.h"

struct check_options {
	bool quiet, lint_fatal, fix, diff;
	struct report_options report;
	enum diag_severity shown; /* and what is worse */
	struct lint_options lint;
	bool asks_server;
	struct config config; /* the way to the server */
	size_t max_series;    /* 0: no limit */
};

enum check_kind { CHECK_RULES, CHECK_TESTS, CHECK_CONFIG, CHECK_WEB, CHECK_FOREIGN };

/* A file of the run. */
struct check_file {
	const char *path;      /* as it is shown */
	bool is_stdin, listed; /* listed: found in a folder, not named by the user */
	bool is_web;           /* a configuration names it as the web configuration */
	const char *failure;   /* it cannot be read; NULL: it can */
	bool loaded;           /* what follows is there */
	struct strbuf text;
	struct arena arena; /* of the tree */
	struct diags yaml_diags;
	struct yaml_document *documents;
	size_t count;
	enum check_kind kind;
};

/* Reads and parses it, unless it is there already. */
void check_file_load(struct check_file *f, struct arena *a);
/* Lets go of what can be read again. */
void check_file_unload(struct check_file *f);
void check_file_finish(struct check_file *f);
struct lint_file check_file_lint(const struct check_file *f);

/* One run of the command. */
struct check {
	const struct check_options *options;
	struct arena arena;
	struct check_file *files;
	size_t count, capacity;
	const char **folders; /* that were named */
	size_t folder_count, folder_capacity;
	struct linter *linter;
	struct inspection *inspection; /* NULL: no server is asked */
	bool server_failed;            /* it did not answer, and is asked no more */
	struct report *report;
	struct strbuf out;   /* of the report, printed as it comes */
	bool unable;         /* something could not be read or asked */
	bool load_errors;    /* a file does not load */
	size_t would_change; /* files that --diff shows or --fix has changed */
};

/* Files, folders, patterns, "-". false: nothing is called so, and that was said. */
bool check_add_operand(struct check *c, const char *operand);
enum exit_code check_run(struct check *c);

/* The server that is asked, if one is: around the lints of a file, whose rules are collected meanwhile. */
void check_server_start(struct check *c);
void check_server_collect(const struct rule_view *view, struct lint_set active, void *data);
void check_server_judge(struct check *c, struct diags *diags);

/* Judges a rule-test file. */
void check_tests(struct check *c, const struct check_file *f, struct diags *diags);

/* Canonical form of the expressions: in the file with --fix, as a difference on stdout with --diff. Nothing of a file that does not
 * load. true: the file is another one now. */
bool check_fix(struct check *c, const struct check_file *f);

#endif
