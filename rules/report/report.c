#include "rules/report/report.h"

#include "base/mem.h"
#include "rules/report/report_private.h"

const char *const report_format_names[REPORT_FORMATS] = {"text",   "json",  "junit",
														 "github", "sarif", "checkstyle"};
const char *const report_severity_names[] = {"error", "warning", "info"};

static const struct report_writer *const writers[REPORT_FORMATS] = {
	&report_text, &report_json, &report_junit, &report_github, &report_sarif, &report_checkstyle};

struct report *report_create(const struct report_options *options) {
	struct report *r = mem_calloc(1, sizeof(*r));
	r->options = *options;
	return r;
}

void report_destroy(struct report *r) {
	if (r != NULL) {
		free(r);
	}
}

struct report_counts report_count(const struct report *r) {
	return r->counts;
}

static bool is_failure(const struct report *r, enum diag_severity severity) {
	return !r->options.never_fails && severity <= r->options.fail_on;
}

static void count_problem(struct report *r, enum diag_severity severity, size_t times) {
	r->counts.errors += severity == DIAG_ERROR ? times : 0;
	r->counts.warnings += severity == DIAG_WARNING ? times : 0;
	r->counts.infos += severity == DIAG_INFO ? times : 0;
	r->counts.failures += is_failure(r, severity) ? times : 0;
}

/* Errors and others are counted apart, so that many warnings hide no error. */
static bool is_shown(struct report *r, enum diag_severity severity) {
	size_t *shown = severity == DIAG_ERROR ? &r->shown_errors : &r->shown_others;
	if (r->options.max_problems != 0 && *shown >= r->options.max_problems) {
		r->counts.omitted++;
		return false;
	}
	++*shown;
	return true;
}

/* Of those that were only counted nobody knows whether they were warnings or infos. */
static void count_dropped(struct report *r, const struct diags *d) {
	size_t errors = 0;
	for (size_t i = 0; i < d->count; i++) {
		errors += d->items[i].severity == DIAG_ERROR;
	}
	count_problem(r, DIAG_ERROR, d->errors - errors);
	count_problem(r, DIAG_WARNING, d->others - (d->count - errors));
	r->counts.omitted += d->dropped;
}

struct diag_place report_place(const struct report_file *file, struct diag_cursor near,
							   size_t offset) {
	return diag_cursor_move(&near, file->text, offset);
}

static struct report_problem *choose(struct report *r, const struct report_file *file,
									 size_t *ret_count) {
	const struct diags *d = file->diags;
	struct report_problem *chosen = mem_calloc(d->count + 1, sizeof(*chosen));
	struct diag_cursor cursor = {0};
	size_t count = 0;
	for (size_t i = 0; i < d->count; i++) {
		const struct diag *one = &d->items[i];
		count_problem(r, one->severity, 1);
		if (is_shown(r, one->severity)) {
			struct diag_place start = diag_cursor_move(&cursor, file->text, one->span.start);
			chosen[count++] = (struct report_problem){
				.file = file,
				.diag = one,
				.severity = one->severity,
				.name = one->code != NULL ? one->code : "load",
				.message = one->message,
				.start = start,
				.cursor = cursor,
				.end = report_place(file, cursor, one->span.end),
				.fails = is_failure(r, one->severity),
			};
		}
	}
	count_dropped(r, d);
	*ret_count = count;
	return chosen;
}

static struct report_problem *make_failure(struct report *r, const struct report_file *file,
										   size_t *ret_count) {
	struct report_problem *p = mem_calloc(1, sizeof(*p));
	*p = (struct report_problem){
		.file = file, .name = "read", .message = file->failure, .fails = true};
	r->counts.errors++;
	r->counts.failures++;
	*ret_count = 1;
	return p;
}

void report_start(struct report *r, struct strbuf *out) {
	const struct report_writer *w = writers[r->options.format];
	if (w->start != NULL) {
		w->start(r, out);
	}
}

void report_add(struct report *r, const struct report_file *file, struct strbuf *out) {
	const struct report_writer *w = writers[r->options.format];
	size_t count;
	struct report_problem *problems =
		file->failure != NULL ? make_failure(r, file, &count) : choose(r, file, &count);
	r->counts.files++;
	if (w->open != NULL) {
		w->open(r, file, problems, count, out);
	}
	for (size_t i = 0; w->problem != NULL && i < count; i++) {
		w->problem(r, &problems[i], out);
	}
	if (w->close != NULL) {
		w->close(r, file, out);
	}
	free(problems);
}

void report_finish(struct report *r, struct strbuf *out) {
	const struct report_writer *w = writers[r->options.format];
	if (w->finish != NULL) {
		w->finish(r, out);
	}
}
