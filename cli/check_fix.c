/* Expressions in their canonical form: written, or only shown. */
#include <stdio.h>

#include "cli/check.h"
#include "cli/terminal.h"
#include "rules/lint/rule_format.h"

static void show(const struct check_file *f, const struct rule_format *format) {
	struct strbuf out = STRBUF_INIT;
	text_edits_diff(&out, f->path, strbuf_str(&f->text), format->edits, format->count);
	terminal_print_diff(strbuf_str(&out));
	strbuf_finish(&out);
}

static bool write_file(struct check *c, const struct check_file *f,
					   const struct rule_format *format) {
	const char *error;
	if (!file_replace(f->path, format->text, &c->arena, &error)) {
		fprintf(stderr, "tocsin check: %s\n", error);
		c->unable = true;
		return false;
	}
	if (!c->options->quiet && c->options->report.format == REPORT_TEXT) {
		printf("%s: %zu expression%s rewritten\n", f->path, format->count,
			   format->count == 1 ? "" : "s");
	}
	return true;
}

static void complain_of_result(struct check *c, const struct check_file *f) {
	fprintf(stderr, "tocsin check: %s: left as it is: the result would not be the same rules\n",
			f->path);
	c->unable = true;
}

bool check_fix(struct check *c, const struct check_file *f) {
	struct lint_file file = check_file_lint(f);
	struct rule_format format;
	struct arena a;
	bool written = false;
	arena_init(&a);
	if (!rule_format_make(&file, c->options->lint.ignore_unknown, &a, &format)) {
		if (format.loads) {
			complain_of_result(c, f);
		}
	} else if (c->options->diff && format.count > 0) {
		show(f, &format);
	} else if (c->options->fix && f->is_stdin && c->options->report.format != REPORT_TEXT) {
		fprintf(
			stderr,
			"tocsin check: %s: --fix prints it on stdout, which is the report's: --format text\n",
			f->path);
		c->unable = true;
	} else if (c->options->fix && f->is_stdin) {
		fwrite(format.text.ptr, 1, format.text.len, stdout);
	} else if (c->options->fix && format.count > 0) {
		written = write_file(c, f, &format);
	}
	c->would_change += format.count > 0;
	arena_finish(&a);
	return written;
}
