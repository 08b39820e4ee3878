/* One JSON document. Lines and columns are from 1, columns in bytes, the end exclusive. */
#include "rules/report/report_private.h"

static void add_text(struct json_writer *w, const char *key, const char *text) {
	json_key(w, key);
	if (text != NULL) {
		json_string(w, str_from(text));
	} else {
		json_null(w);
	}
}

static void add_number(struct json_writer *w, const char *key, size_t number) {
	json_key(w, key);
	json_int(w, (int64_t)number);
}

static void write_start(struct report *r, struct strbuf *out) {
	json_init(&r->json, out);
	json_open_object(&r->json);
	json_key(&r->json, "files");
	json_open_array(&r->json);
}

static void write_open(struct report *r, const struct report_file *file,
					   const struct report_problem *problems, size_t count, struct strbuf *out) {
	struct json_writer *w = &r->json;
	(void)problems;
	(void)count;
	(void)out;
	json_open_object(w);
	add_text(w, "path", file->path);
	add_text(w, "kind", file->kind);
	add_number(w, "groups", file->groups);
	add_number(w, "rules", file->rules);
	json_key(w, "problems");
	json_open_array(w);
}

static void add_fix(struct json_writer *w, const struct report_problem *p) {
	const struct diag_fix *fix = &p->diag->fix;
	struct diag_place start = report_place(p->file, p->cursor, fix->span.start);
	struct diag_place end = report_place(p->file, p->cursor, fix->span.end);
	json_key(w, "fix");
	json_open_object(w);
	add_number(w, "line", start.line);
	add_number(w, "column", start.column);
	add_number(w, "endLine", end.line);
	add_number(w, "endColumn", end.column);
	json_key(w, "text");
	json_string(w, fix->text);
	json_close_object(w);
}

static void write_problem(struct report *r, const struct report_problem *p, struct strbuf *out) {
	struct json_writer *w = &r->json;
	(void)out;
	json_open_object(w);
	add_text(w, "severity", report_severity_names[p->severity]);
	add_text(w, "name", p->name);
	add_text(w, "message", p->message);
	if (p->diag != NULL) {
		add_number(w, "line", p->start.line);
		add_number(w, "column", p->start.column);
		add_number(w, "endLine", p->end.line);
		add_number(w, "endColumn", p->end.column);
		if (p->diag->help != NULL) {
			add_text(w, "help", p->diag->help);
		}
		if (p->diag->fix.text.ptr != NULL) {
			add_fix(w, p);
		}
	}
	json_close_object(w);
}

static void write_close(struct report *r, const struct report_file *file, struct strbuf *out) {
	(void)file;
	(void)out;
	json_close_array(&r->json);
	json_close_object(&r->json);
}

static void write_finish(struct report *r, struct strbuf *out) {
	struct json_writer *w = &r->json;
	const struct report_counts *c = &r->counts;
	json_close_array(w);
	json_key(w, "summary");
	json_open_object(w);
	add_number(w, "files", c->files);
	add_number(w, "errors", c->errors);
	add_number(w, "warnings", c->warnings);
	add_number(w, "infos", c->infos);
	add_number(w, "omitted", c->omitted);
	json_close_object(w);
	json_close_object(w);
	strbuf_add_c(out, "\n");
}

const struct report_writer report_json = {
	.start = write_start,
	.open = write_open,
	.problem = write_problem,
	.close = write_close,
	.finish = write_finish,
};
