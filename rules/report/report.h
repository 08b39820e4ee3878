/* What a check found, for people and for the programs that run it: file by file, into one text. */
#ifndef RULES_REPORT_H
#define RULES_REPORT_H

#include "base/diag.h"

enum report_format {
	REPORT_TEXT,
	REPORT_JSON,
	REPORT_JUNIT,
	REPORT_GITHUB,
	REPORT_SARIF,
	REPORT_CHECKSTYLE,
	REPORT_FORMATS
};
extern const char *const report_format_names[REPORT_FORMATS];

struct report_options {
	enum report_format format;
	struct diag_style style;    /* of REPORT_TEXT */
	size_t max_problems;        /* shown of errors, and of the others; 0: all */
	enum diag_severity fail_on; /* from here on a problem is a failure */
	bool never_fails;
	const char *version; /* of tocsin */
};

struct report_file {
	const char *path;
	const char *kind; /* "rule file", …; NULL: it could not be told */
	struct str text;
	const struct diags *diags; /* sorted */
	size_t groups, rules;      /* of a rule file */
	const char *failure;       /* why it could not be read; NULL: it was, and there are diags */
};

struct report_counts {
	size_t files, errors, warnings, infos; /* of all, shown or not */
	size_t failures;                       /* of these, by fail_on; an unreadable file is one */
	size_t omitted;
};

struct report;
struct report *report_create(const struct report_options *options);
void report_destroy(struct report *r); /* accepts NULL */

/* Whatever comes is added to `out`, which may be emptied in between. */
void report_start(struct report *r, struct strbuf *out);
void report_add(struct report *r, const struct report_file *file, struct strbuf *out);
void report_finish(struct report *r, struct strbuf *out);
struct report_counts report_count(const struct report *r);

#endif
