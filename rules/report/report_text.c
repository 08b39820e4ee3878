/* For people, in the form of compilers: `file:line:col: error: message [lint]`, the line, a caret. */
#include "rules/report/report_private.h"

static void write_open(struct report *r, const struct report_file *file,
					   const struct report_problem *problems, size_t count, struct strbuf *out) {
	struct diag_cursor cursor = {0};
	for (size_t i = 0; i < count; i++) {
		if (problems[i].diag == NULL) {
			strbuf_printf(out, "error: %s\n", problems[i].message);
		} else {
			diag_render(out, file->diags, problems[i].diag, file->path, file->text,
						r->options.style, &cursor);
		}
	}
}

static void add_part(struct strbuf *out, size_t count, const char *noun, const char **separator) {
	if (count > 0) {
		strbuf_add_c(out, *separator);
		strbuf_add_count(out, count, noun);
		*separator = ", ";
	}
}

static void write_finish(struct report *r, struct strbuf *out) {
	const struct report_counts *c = &r->counts;
	const char *separator = "";
	if (c->omitted > 0) {
		strbuf_add_c(out, "… and ");
		strbuf_add_number(out, c->omitted);
		strbuf_add_c(out, " more\n");
	}
	if (c->errors + c->warnings + c->infos > 0) {
		add_part(out, c->errors, "error", &separator);
		add_part(out, c->warnings, "warning", &separator);
		add_part(out, c->infos, "info", &separator);
		strbuf_add_c(out, " in ");
		strbuf_add_count(out, c->files, "file");
		strbuf_add_c(out, "\n");
	}
}

const struct report_writer report_text = {.open = write_open, .finish = write_finish};
