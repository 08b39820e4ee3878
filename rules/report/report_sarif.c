/* SARIF 2.1.0, as code scanning takes it. Its columns count characters. */
#include "base/utf8.h"
#include "rules/lint/lint.h"
#include "rules/report/report_private.h"

static const char *const levels[] = {"error", "warning", "note"};

static void add_text(struct json_writer *w, const char *key, const char *text) {
	json_key(w, key);
	json_string(w, str_from(text));
}

static void add_message(struct json_writer *w, const char *key, const char *text) {
	json_key(w, key);
	json_open_object(w);
	add_text(w, "text", text);
	json_close_object(w);
}

static void add_rule(struct json_writer *w, const char *name, const char *summary,
					 enum diag_severity severity) {
	json_open_object(w);
	add_text(w, "id", name);
	add_message(w, "shortDescription", summary);
	json_key(w, "defaultConfiguration");
	json_open_object(w);
	add_text(w, "level", levels[severity]);
	json_close_object(w);
	json_close_object(w);
}

/* What is no lint comes first, so that the number of a lint's rule is that of the lint plus two. */
#define RULES_BEFORE 2

static void write_start(struct report *r, struct strbuf *out) {
	struct json_writer *w = &r->json;
	json_init(w, out);
	json_open_object(w);
	add_text(w, "$schema",
			 "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json");
	add_text(w, "version", "2.1.0");
	json_key(w, "runs");
	json_open_array(w);
	json_open_object(w);
	json_key(w, "tool");
	json_open_object(w);
	json_key(w, "driver");
	json_open_object(w);
	add_text(w, "name", "tocsin");
	add_text(w, "version", r->options.version);
	json_key(w, "rules");
	json_open_array(w);
	add_rule(w, "load", "what keeps a file from loading, or is odd about it", DIAG_ERROR);
	add_rule(w, "read", "a file that cannot be read", DIAG_ERROR);
	for (int id = 0; id < LINT_COUNT; id++) {
		const struct lint *lint = lint_get((enum lint_id)id);
		add_rule(w, lint->name, lint->summary, lint->severity);
	}
	json_close_array(w);
	json_close_object(w);
	json_close_object(w);
	add_text(w, "columnKind", "unicodeCodePoints");
	json_key(w, "results");
	json_open_array(w);
}

static int64_t rule_index(const char *name) {
	enum lint_id id = lint_find(str_from(name));
	return id < LINT_COUNT ? (int64_t)id + RULES_BEFORE : str_equal(str_from(name), STR("read"));
}

static int64_t count_runes(struct str s) {
	int64_t count = 0;
	while (s.len > 0) {
		uint32_t rune;
		size_t len = utf8_decode(s, &rune);
		s = str_slice(s, len, s.len);
		count++;
	}
	return count;
}

/* From the column in bytes, and where the byte stands in the text. */
static int64_t rune_column(struct str text, struct diag_place place, size_t offset) {
	size_t in_line = place.column - 1;
	size_t start = offset >= in_line ? offset - in_line : 0;
	return 1 + count_runes(str_slice(text, start, offset));
}

static void add_region(struct json_writer *w, const char *key, const struct report_file *file,
					   struct span span, struct diag_place start, struct diag_place end) {
	size_t last = file->text.len;
	json_key(w, key);
	json_open_object(w);
	json_key(w, "startLine");
	json_int(w, (int64_t)start.line);
	json_key(w, "startColumn");
	json_int(w, rune_column(file->text, start, span.start < last ? span.start : last));
	json_key(w, "endLine");
	json_int(w, (int64_t)end.line);
	json_key(w, "endColumn");
	json_int(w, rune_column(file->text, end, span.end < last ? span.end : last));
	json_close_object(w);
}

static void add_location(struct json_writer *w, const char *path) {
	struct strbuf uri = STRBUF_INIT;
	strbuf_add_c(&uri, path[0] == '/' ? "file://" : "");
	for (; *path != '\0'; path++) {
		bool plain = (*path >= 'a' && *path <= 'z') || (*path >= 'A' && *path <= 'Z') ||
					 (*path >= '0' && *path <= '9') || strchr("/-._~", *path) != NULL;
		if (plain) {
			strbuf_add_char(&uri, *path);
		} else {
			strbuf_printf(&uri, "%%%02X", (unsigned char)*path);
		}
	}
	json_key(w, "artifactLocation");
	json_open_object(w);
	json_key(w, "uri");
	json_string(w, strbuf_str(&uri));
	json_close_object(w);
	strbuf_finish(&uri);
}

static void add_fixes(struct json_writer *w, const struct report_problem *p) {
	const struct diag_fix *fix = &p->diag->fix;
	json_key(w, "fixes");
	json_open_array(w);
	json_open_object(w);
	if (p->diag->help != NULL) {
		add_message(w, "description", p->diag->help);
	}
	json_key(w, "artifactChanges");
	json_open_array(w);
	json_open_object(w);
	add_location(w, p->file->path);
	json_key(w, "replacements");
	json_open_array(w);
	json_open_object(w);
	add_region(w, "deletedRegion", p->file, fix->span,
			   report_place(p->file, p->cursor, fix->span.start),
			   report_place(p->file, p->cursor, fix->span.end));
	json_key(w, "insertedContent");
	json_open_object(w);
	json_key(w, "text");
	json_string(w, fix->text);
	json_close_object(w);
	json_close_object(w);
	json_close_array(w);
	json_close_object(w);
	json_close_array(w);
	json_close_object(w);
	json_close_array(w);
}

static void write_problem(struct report *r, const struct report_problem *p, struct strbuf *out) {
	struct json_writer *w = &r->json;
	(void)out;
	json_open_object(w);
	add_text(w, "ruleId", p->name);
	json_key(w, "ruleIndex");
	json_int(w, rule_index(p->name));
	add_text(w, "level", levels[p->severity]);
	add_message(w, "message", p->message);
	json_key(w, "locations");
	json_open_array(w);
	json_open_object(w);
	json_key(w, "physicalLocation");
	json_open_object(w);
	add_location(w, p->file->path);
	if (p->diag != NULL) {
		add_region(w, "region", p->file, p->diag->span, p->start, p->end);
	}
	json_close_object(w);
	json_close_object(w);
	json_close_array(w);
	if (p->diag != NULL && p->diag->fix.text.ptr != NULL) {
		add_fixes(w, p);
	}
	json_close_object(w);
}

static void write_finish(struct report *r, struct strbuf *out) {
	struct json_writer *w = &r->json;
	json_close_array(w);
	json_close_object(w);
	json_close_array(w);
	json_close_object(w);
	strbuf_add_c(out, "\n");
}

const struct report_writer report_sarif = {
	.start = write_start, .problem = write_problem, .finish = write_finish};
