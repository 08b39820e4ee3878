/* What the formats of a report share. */
#ifndef RULES_REPORT_PRIVATE_H
#define RULES_REPORT_PRIVATE_H

#include "base/json.h"
#include "rules/report/report.h"

/* One of a file's diagnostics that is shown. */
struct report_problem {
	const struct report_file *file;
	const struct diag *diag; /* NULL: the file could not be read */
	enum diag_severity severity;
	const char *name; /* of the lint, or "load" */
	const char *message;
	struct diag_place start, end; /* line 0: of the whole file */
	struct diag_cursor cursor;    /* at the start */
	bool fails;
};

/* A place that is not far behind another one. */
struct diag_place report_place(const struct report_file *file, struct diag_cursor near,
							   size_t offset);

struct report {
	struct report_options options;
	struct report_counts counts;
	size_t shown_errors, shown_others;
	struct json_writer json;
};

/* A format: any of these may be NULL. Problems come between `open` and `close` of their file. */
struct report_writer {
	void (*start)(struct report *r, struct strbuf *out);
	void (*open)(struct report *r, const struct report_file *file,
				 const struct report_problem *problems, size_t count, struct strbuf *out);
	void (*problem)(struct report *r, const struct report_problem *p, struct strbuf *out);
	void (*close)(struct report *r, const struct report_file *file, struct strbuf *out);
	void (*finish)(struct report *r, struct strbuf *out);
};
extern const struct report_writer report_text, report_json, report_junit, report_github,
	report_sarif, report_checkstyle;

/* "error", "warning", "info" */
extern const char *const report_severity_names[];

#endif
