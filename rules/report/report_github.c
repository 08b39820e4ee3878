/* Commands of GitHub's workflows, which it shows beside the lines of a change. */
#include "rules/report/report_private.h"

/* Of a property, commas and colons would end it. */
static void add_escaped(struct strbuf *out, const char *text, bool property) {
	for (; *text != '\0'; text++) {
		bool special = *text == '%' || *text == '\n' || *text == '\r' ||
					   (property && (*text == ',' || *text == ':'));
		if (special) {
			strbuf_printf(out, "%%%02X", (unsigned char)*text);
		} else {
			strbuf_add_char(out, *text);
		}
	}
}

static void write_problem(struct report *r, const struct report_problem *p, struct strbuf *out) {
	static const char *const commands[] = {"error", "warning", "notice"};
	(void)r;
	strbuf_printf(out, "::%s file=", commands[p->severity]);
	add_escaped(out, p->file->path, true);
	if (p->diag != NULL) {
		strbuf_printf(out, ",line=%zu,endLine=%zu,col=%zu", p->start.line, p->end.line,
					  p->start.column);
		if (p->end.line == p->start.line) { /* of several lines GitHub takes no columns */
			strbuf_printf(out, ",endColumn=%zu", p->end.column);
		}
	}
	strbuf_printf(out, ",title=%s::", p->name);
	add_escaped(out, p->message, false);
	if (p->diag != NULL && p->diag->help != NULL) {
		strbuf_add_c(out, "%0Ahelp: ");
		add_escaped(out, p->diag->help, false);
	}
	strbuf_add_c(out, "\n");
}

const struct report_writer report_github = {.problem = write_problem};
