/* Coverage for programs: every point, reached or not. */
#include "cli/test_coverage.h"
#include "cli/text_lines.h"

static void add_count(struct json_writer *w, struct coverage_count count) {
	struct strbuf percent = STRBUF_INIT;
	test_coverage_percent(&percent, count);
	json_key(w, "points");
	json_int(w, (int64_t)count.points);
	json_key(w, "reached");
	json_int(w, (int64_t)count.reached);
	json_key(w, "percent");
	json_raw(w, strbuf_str(&percent));
	strbuf_finish(&percent);
}

static void add_place(struct json_writer *w, const char *line, const char *column,
					  struct diag_place place) {
	json_key(w, line);
	json_int(w, (int64_t)place.line);
	json_key(w, column);
	json_int(w, (int64_t)place.column);
}

static void add_point(struct json_writer *w, const struct text_lines *lines,
					  const struct coverage_point *point) {
	json_open_object(w);
	json_key(w, "kind");
	json_string(w, str_from(coverage_kind_name[point->kind]));
	json_key(w, "reached");
	json_bool(w, point->reached);
	add_place(w, "line", "column", text_lines_place(lines, point->span.start));
	add_place(w, "end_line", "end_column", text_lines_place(lines, point->span.end));
	json_close_object(w);
}

static void add_rule(struct json_writer *w, const struct text_lines *lines,
					 const struct coverage_rule *rule) {
	json_open_object(w);
	json_key(w, "group");
	json_string(w, rule->group);
	json_key(w, rule->kind == RULE_ALERTING ? "alert" : "record");
	json_string(w, rule->name);
	json_key(w, "line");
	json_int(w, (int64_t)text_lines_place(lines, rule->span.start).line);
	json_key(w, "points");
	json_open_array(w);
	for (size_t i = 0; i < rule->point_count; i++) {
		add_point(w, lines, &rule->points[i]);
	}
	json_close_array(w);
	json_close_object(w);
}

static void add_file(struct json_writer *w, const struct coverage_file *file) {
	struct arena a;
	struct text_lines lines;
	arena_init(&a);
	text_lines_init(&lines, file->text, &a);
	json_open_object(w);
	json_key(w, "file");
	json_string(w, file->path);
	add_count(w, coverage_count_file(file));
	json_key(w, "rules");
	json_open_array(w);
	for (size_t i = 0; i < file->rule_count; i++) {
		add_rule(w, &lines, &file->rules[i]);
	}
	json_close_array(w);
	json_close_object(w);
	arena_finish(&a);
}

void test_coverage_json(struct json_writer *w, const struct coverage *c) {
	json_open_object(w);
	add_count(w, coverage_count(c));
	if (c->rules_left_out > 0) {
		json_key(w, "rules_left_out");
		json_int(w, (int64_t)c->rules_left_out);
	}
	json_key(w, "files");
	json_open_array(w);
	for (size_t i = 0; i < c->file_count; i++) {
		add_file(w, c->files[i]);
	}
	json_close_array(w);
	json_close_object(w);
}
