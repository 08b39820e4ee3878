/* JUnit's and checkstyle's XML. */
#include "base/utf8.h"
#include "rules/report/report_private.h"

/* What XML 1.0 cannot hold at all becomes U+FFFD. */
static bool is_xml_rune(uint32_t rune) {
	return rune == '\t' || rune == '\n' || rune == '\r' ||
		   (rune >= 0x20 && rune != 0xfffe && rune != 0xffff);
}

static const char *entity_of(uint32_t rune) {
	switch (rune) {
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '&': return "&amp;";
	case '"': return "&quot;";
	case '\n': return "&#10;";
	case '\r': return "&#13;";
	case '\t': return "&#9;";
	default: return NULL;
	}
}

/* For attributes, and for texts as well. */
static void add_escaped(struct strbuf *out, const char *text) {
	for (struct str s = str_from(text); s.len > 0;) {
		uint32_t rune;
		size_t len = utf8_decode(s, &rune);
		const char *entity = entity_of(rune);
		if (entity != NULL) {
			strbuf_add_c(out, entity);
		} else if (!is_xml_rune(rune) || (rune == UTF8_INVALID && len == 1)) {
			strbuf_add_c(out, "\xEF\xBF\xBD");
		} else {
			strbuf_add(out, str_slice(s, 0, len));
		}
		s = str_slice(s, len, s.len);
	}
}

static void add_attribute(struct strbuf *out, const char *name, const char *value) {
	strbuf_printf(out, " %s=\"", name);
	add_escaped(out, value);
	strbuf_add_c(out, "\"");
}

#define XML_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

/* ---- JUnit: a suite for each file, a case for each problem, or one that passes ---- */

static void junit_start(struct report *r, struct strbuf *out) {
	(void)r;
	strbuf_add_c(out, XML_HEAD "<testsuites>\n");
}

static void junit_open(struct report *r, const struct report_file *file,
					   const struct report_problem *problems, size_t count, struct strbuf *out) {
	size_t failures = 0, errors = 0;
	(void)r;
	for (size_t i = 0; i < count; i++) {
		errors += problems[i].diag == NULL;
		failures += problems[i].diag != NULL && problems[i].fails;
	}
	strbuf_add_c(out, "  <testsuite");
	add_attribute(out, "name", file->path);
	strbuf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"0\">\n",
				  count == 0 ? 1 : count, failures, errors);
	if (count == 0) {
		strbuf_add_c(out, "    <testcase");
		add_attribute(out, "classname", file->path);
		strbuf_add_c(out, " name=\"check\"/>\n");
	}
}

static void junit_problem(struct report *r, const struct report_problem *p, struct strbuf *out) {
	const char *element = p->diag == NULL ? "error" : p->fails ? "failure" : "system-out";
	(void)r;
	strbuf_add_c(out, "    <testcase");
	add_attribute(out, "classname", p->file->path);
	strbuf_printf(out, " name=\"%s", p->name);
	if (p->diag != NULL) {
		strbuf_printf(out, ", line %zu", p->start.line);
	}
	strbuf_printf(out, "\">\n      <%s", element);
	if (p->fails) {
		add_attribute(out, "type", report_severity_names[p->severity]);
		add_attribute(out, "message", p->message);
	}
	strbuf_add_c(out, ">");
	add_escaped(out, p->file->path);
	if (p->diag != NULL) {
		strbuf_printf(out, ":%zu:%zu", p->start.line, p->start.column);
	}
	strbuf_printf(out, ": %s: ", report_severity_names[p->severity]);
	add_escaped(out, p->message);
	if (p->diag != NULL && p->diag->help != NULL) {
		strbuf_add_c(out, "&#10;help: ");
		add_escaped(out, p->diag->help);
	}
	strbuf_printf(out, "</%s>\n    </testcase>\n", element);
}

static void junit_close(struct report *r, const struct report_file *file, struct strbuf *out) {
	(void)r;
	(void)file;
	strbuf_add_c(out, "  </testsuite>\n");
}

static void junit_finish(struct report *r, struct strbuf *out) {
	(void)r;
	strbuf_add_c(out, "</testsuites>\n");
}

const struct report_writer report_junit = {
	.start = junit_start,
	.open = junit_open,
	.problem = junit_problem,
	.close = junit_close,
	.finish = junit_finish,
};

/* ---- checkstyle ---- */

static void checkstyle_start(struct report *r, struct strbuf *out) {
	(void)r;
	strbuf_add_c(out, XML_HEAD "<checkstyle version=\"4.3\">\n");
}

static void checkstyle_open(struct report *r, const struct report_file *file,
							const struct report_problem *problems, size_t count,
							struct strbuf *out) {
	(void)r;
	(void)problems;
	(void)count;
	strbuf_add_c(out, "  <file");
	add_attribute(out, "name", file->path);
	strbuf_add_c(out, ">\n");
}

static void checkstyle_problem(struct report *r, const struct report_problem *p,
							   struct strbuf *out) {
	(void)r;
	strbuf_add_c(out, "    <error");
	if (p->diag != NULL) {
		strbuf_printf(out, " line=\"%zu\" column=\"%zu\"", p->start.line, p->start.column);
	}
	add_attribute(out, "severity", report_severity_names[p->severity]);
	add_attribute(out, "message", p->message);
	strbuf_printf(out, " source=\"tocsin.%s\"/>\n", p->name);
}

static void checkstyle_close(struct report *r, const struct report_file *file, struct strbuf *out) {
	(void)r;
	(void)file;
	strbuf_add_c(out, "  </file>\n");
}

static void checkstyle_finish(struct report *r, struct strbuf *out) {
	(void)r;
	strbuf_add_c(out, "</checkstyle>\n");
}

const struct report_writer report_checkstyle = {
	.start = checkstyle_start,
	.open = checkstyle_open,
	.problem = checkstyle_problem,
	.close = checkstyle_close,
	.finish = checkstyle_finish,
};
