/* --update: what was got becomes what is expected. First in memory, where it is run again; only what passes is written. */
#include <stdio.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/terminal.h"
#include "cli/test.h"
#include "engine/io/files.h"
#include "engine/limits.h"
#include "engine/rule-tests/rule_test_update.h"

/* One file. */
struct renewal {
	struct test_run *run;
	const char *path;
	struct arena arena;
	struct str text;
	struct test_file file;
	struct rule_set *set;
	struct rule_test_update update;
	const struct text_edit *edits;
	size_t edit_count;
	struct str result;
};

/* Quietly, all of it: whoever runs the file afterwards says what is wrong. */
static bool load_test_file(struct renewal *w, struct str text, struct test_file *ret) {
	struct diags diags;
	struct test_file_options options = {.promtool = w->run->promtool,
										.ignores_unknown = w->run->ignores_unknown,
										.syntax = &(struct pql_syntax){0}};
	diags_init(&diags, &w->arena);
	bool good = test_file_load(text, &options, &w->arena, &diags, ret);
	for (size_t i = 0; i < ret->group_count; i++) {
		good = good && ret->groups[i].diags.errors == 0;
	}
	return good && ret->root != NULL;
}

static bool add_rules(struct renewal *w, const char *path) {
	struct strbuf text = STRBUF_INIT;
	struct diags diags;
	const char *error;
	diags_init(&diags, &w->arena);
	bool is_missing = access(path, F_OK) != 0;
	bool good =
		is_missing ? w->run->promtool : file_read(path, LIMIT_FILE_BYTES, &text, &w->arena, &error);
	if (good && !is_missing) {
		good = rule_set_add_file(w->set, str_from(path), strbuf_str(&text), &diags);
	}
	strbuf_finish(&text);
	return good;
}

static bool load_rules(struct renewal *w) {
	const char *folder = arena_dup(&w->arena, file_folder(w->path)).ptr;
	bool good = true;
	w->set = rule_set_create();
	w->set->ignores_unknown = w->run->ignores_unknown;
	for (size_t i = 0; i < w->file.rule_file_count && good; i++) {
		struct file_list list = {0};
		if (w->file.rule_files[i].text.len > 0) {
			files_glob(folder, w->file.rule_files[i].text, &w->arena, &list);
		}
		good = list.error == NULL;
		for (size_t k = 0; k < list.count && good; k++) {
			good = add_rules(w, list.paths[k]);
		}
	}
	return good;
}

static bool load(struct renewal *w) {
	struct strbuf text = STRBUF_INIT;
	const char *error;
	bool good = file_read(w->path, LIMIT_FILE_BYTES, &text, &w->arena, &error);
	w->text = good ? arena_dup(&w->arena, strbuf_str(&text)) : STR_EMPTY;
	strbuf_finish(&text);
	return good && load_test_file(w, w->text, &w->file) && load_rules(w);
}

/* Failed checks of all groups that are wanted; false: a rule failed, or a group was not run. */
static bool run_groups(struct renewal *w, const struct test_file *file,
					   struct rule_test_update *update, size_t *ret_failed) {
	bool good = true;
	*ret_failed = 0;
	for (size_t i = 0; i < file->group_count && good; i++) {
		const struct test_group *g = &file->groups[i];
		struct rule_test_options options = {.promtool = w->run->promtool};
		struct rule_test_report report;
		struct arena a;
		if (!test_is_wanted(w->run, g)) {
			continue;
		}
		arena_init(&a);
		rule_test_run(file, g, w->set, &options, &a, &report);
		good = report.failure_count == 0 && report.refused == NULL;
		*ret_failed += report.failed;
		if (good && update != NULL) {
			rule_test_update_add(update, &report);
		}
		rule_test_report_finish(&report);
		arena_finish(&a);
	}
	return good;
}

static size_t count_cases(const struct test_file *f) {
	size_t count = f->group_count;
	for (size_t i = 0; i < f->group_count; i++) {
		count += f->groups[i].series_count + f->groups[i].alert_count + f->groups[i].expr_count;
	}
	return count;
}

/* What is left may fail, and nothing else. */
static bool passes(struct renewal *w) {
	struct test_file file;
	size_t failed;
	bool good = load_test_file(w, w->result, &file) &&
				count_cases(&file) == count_cases(&w->file) &&
				run_groups(w, &file, NULL, &failed) && failed == w->update.refused;
	test_file_finish(&file);
	return good;
}

/* ---- what is said ---- */

/* Where a place is after the edits. */
static size_t new_place(const struct renewal *w, size_t at) {
	size_t moved = at;
	for (size_t i = 0; i < w->edit_count && w->edits[i].span.end <= at; i++) {
		moved += w->edits[i].text.len;
		moved -= w->edits[i].span.end - w->edits[i].span.start;
	}
	return moved;
}

static void say_changes(const struct renewal *w) {
	for (size_t i = 0; i < w->update.note_count; i++) {
		const struct rule_test_note *n = &w->update.notes[i];
		struct diag_place place = diag_place(w->result, new_place(w, n->span.start));
		if (n->refused == NULL && !w->run->quiet) {
			fprintf(w->run->json ? stderr : stdout, "%s:%zu: updated %s\n", w->path, place.line,
					n->what);
		}
	}
}

static void say_refused(const struct renewal *w) {
	for (size_t i = 0; i < w->update.note_count; i++) {
		const struct rule_test_note *n = &w->update.notes[i];
		struct diag_place place = diag_place(w->text, n->span.start);
		if (n->refused != NULL) {
			fprintf(stderr, "%s:%zu: %s is not updated: %s\n", w->path, place.line, n->what,
					n->refused);
		}
	}
}

static void show(struct renewal *w) {
	struct strbuf out = STRBUF_INIT;
	text_edits_diff(&out, w->path, w->text, w->edits, w->edit_count);
	terminal_print_diff(strbuf_str(&out));
	strbuf_finish(&out);
}

/* ---- all of it ---- */

#define ROUNDS 8 /* what an alias stands for can change once the alias is gone */

enum renewed { RENEWED_NOT, RENEWED_SHOWN, RENEWED_WRITTEN };

static enum renewed apply(struct renewal *w) {
	const char *error;
	if (w->edit_count == 0) {
		say_refused(w);
		return RENEWED_NOT;
	}
	if (w->run->diff) {
		say_refused(w);
		show(w);
		test_note(w->run, EXIT_BAD);
		return RENEWED_SHOWN;
	}
	if (file_replace(w->path, w->result, &w->arena, &error)) {
		say_changes(w);
		return RENEWED_WRITTEN;
	}
	options_report(&command_test, error);
	test_note(w->run, EXIT_UNABLE);
	return RENEWED_NOT;
}

static int compare_notes(const void *a, const void *b) {
	const struct rule_test_note *x = a, *y = b;
	return x->span.start < y->span.start ? -1 : x->span.start > y->span.start;
}

static enum renewed renew(struct renewal *w) {
	size_t failed;
	if (!load(w)) {
		return RENEWED_NOT;
	}
	rule_test_update_init(&w->update, w->text, &w->file, &w->arena);
	if (!run_groups(w, &w->file, &w->update, &failed) || w->update.note_count == 0) {
		return RENEWED_NOT;
	}
	qsort(w->update.notes, w->update.note_count, sizeof(w->update.notes[0]), compare_notes);
	bool good = yaml_edit_finish(&w->update.edit, &w->edits, &w->edit_count, &w->result);
	if (!good || !passes(w)) {
		fprintf(stderr, "%s: left as it is: it cannot be changed so that it passes\n", w->path);
		return RENEWED_NOT;
	}
	return apply(w);
}

bool test_update_file(struct test_run *r, const char *path) {
	enum renewed done = RENEWED_WRITTEN;
	for (size_t i = 0; i < ROUNDS && done == RENEWED_WRITTEN; i++) {
		struct renewal w = {.run = r, .path = path};
		arena_init(&w.arena);
		test_progress_file(&r->progress, path);
		done = renew(&w);
		rule_set_destroy(w.set);
		test_file_finish(&w.file);
		arena_finish(&w.arena);
	}
	return done == RENEWED_SHOWN;
}
