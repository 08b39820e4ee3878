/* --watch: the tests run again when one of their files changes. */
#include <stdio.h>
#include <time.h>

#include "cli/options.h"
#include "cli/test.h"
#include "engine/io/files.h"
#include "engine/io/rerun.h"

struct watching {
	const struct options *options;
	test_once *once;
	enum exit_code code; /* of the last run */
};

/* ---- which files ---- */

static void add_watched(struct test_run *r, const char *pattern) {
	files_add(&r->watched, &r->arena, pattern);
	r->stamps =
		arena_grow(&r->arena, r->stamps, r->stamp_count, &r->stamp_capacity, sizeof(r->stamps[0]));
	r->stamps[r->stamp_count++] = watch_stamp(NULL, str_from(pattern));
}

/* New files count in folders that are there, and in those that come into them. */
static void add_folder(struct test_run *r, const char *folder) {
	static const char *const patterns[] = {"*.yml",    "*.yaml",    "*/*.yml",
										   "*/*.yaml", "*/*/*.yml", "*/*/*.yaml"};
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		add_watched(r, files_pattern(folder, str_from(patterns[i]), &r->arena));
	}
}

/* Files are sorted: those of one folder follow each other, but for its folders between them. */
static void add_folders_of(struct test_run *r, const struct file_list *list) {
	struct str before = STR_EMPTY;
	for (size_t i = 0; i < list->count; i++) {
		struct str folder = file_folder(list->paths[i]);
		if (folder.len > 0 && !str_equal(folder, before)) {
			add_folder(r, arena_dup(&r->arena, folder).ptr);
		}
		before = folder;
	}
}

void test_watch_operand(struct test_run *r, const char *operand) {
	struct file_list all = {0};
	const char *error;
	if (!file_is_folder(operand)) {
		add_watched(r, operand);
		return;
	}
	add_folder(r, operand);
	if (files_tree(operand, &r->arena, &all, &error)) {
		add_folders_of(r, &all);
	}
}

void test_watch_rules(struct test_run *r, const char *folder, struct str pattern) {
	if (pattern.len > 0) {
		add_watched(r, files_pattern(folder, pattern, &r->arena));
	}
}

static void take_watched(const struct test_run *r, struct arena *a, struct watch_sources *ret) {
	const struct file_list *from = &r->watched;
	struct str *patterns = ARENA_ARRAY(a, struct str, from->count);
	uint64_t *stamps = ARENA_ARRAY(a, uint64_t, from->count);
	for (size_t i = 0; i < from->count; i++) {
		patterns[i] = arena_dup(a, str_from(from->paths[i]));
		stamps[i] = r->stamps[i];
	}
	*ret = (struct watch_sources){
		.patterns = patterns, .pattern_count = from->count, .stamps = stamps};
}

/* ---- the runs ---- */

/* Of programs that read JSON it is none of the business. */
static void print_header(const struct watching *w, size_t number, ts_ms now) {
	char text[sizeof "23:59:59"];
	time_t seconds = (time_t)(now / 1000);
	struct tm local;
	localtime_r(&seconds, &local);
	strftime(text, sizeof text, "%H:%M:%S", &local);
	FILE *out = options_get(w->options, "json") != NULL ? stderr : stdout;
	fprintf(out, "--- %s, run %zu%s\n", text, number, number > 1 ? ": files changed" : "");
	fflush(out);
}

static void handle_run(size_t number, ts_ms now, struct arena *a, struct watch_sources *ret_sources,
					   void *data) {
	struct watching *w = data;
	struct test_run r = {.code = EXIT_FINE, .watches = true};
	print_header(w, number, now);
	arena_init(&r.arena);
	w->code = w->once(&r, w->options);
	take_watched(&r, a, ret_sources);
	test_run_finish(&r);
	fflush(stdout);
}

static void handle_complaint(const char *why, void *data) {
	(void)data;
	options_report(&command_test, why);
}

enum exit_code test_watch(const struct options *o, test_once *once) {
	static const struct rerun_calls calls = {.run = handle_run, .complain = handle_complaint};
	struct watching w = {.options = o, .once = once};
	rerun(&calls, &w);
	return w.code;
}
