/* One test file: read, with its rule files, run, and its results printed. */
#include <stdio.h>
#include <unistd.h>

#include "base/gofloat.h"
#include "cli/terminal.h"
#include "cli/test.h"
#include "engine/io/clock.h"
#include "engine/io/files.h"
#include "engine/limits.h"

#define SHOWN_MESSAGES 50u /* of one file that is wrong */

void test_note(struct test_run *r, enum exit_code code) {
	if (r->promtool && code == EXIT_UNABLE) {
		code = EXIT_BAD; /* it knows no other */
	}
	r->code = r->code == EXIT_UNABLE ? r->code : code;
}

/* ---- one file ---- */

/* The file under way, and what is wrong with it. */
struct test_job {
	struct test_run *run;
	struct test_target target;
	struct arena arena;            /* of the file */
	struct rule_set *set;          /* NULL: the rule files are bad */
	struct coverage_set *coverage; /* of the set; NULL: not wanted */
	struct strbuf messages;        /* about the file and its rule files, as a whole */
	size_t messages_left;
	size_t bad_groups, failed_groups;
	struct strbuf cases; /* of JUnit */
	bool broken;
	bool *left_out; /* per group: --run does not name it */
};

/* Those that there is room for, and how many more there are. */
static void add_messages(struct test_job *job, struct strbuf *out, struct diags *diags,
						 const char *path, struct str text, bool color) {
	struct diags shown = *diags;
	size_t all = diags->count + diags->dropped;
	shown.dropped = 0;
	shown.count = diags->count < job->messages_left ? diags->count : job->messages_left;
	diags_render(out, &shown, path, text, (struct diag_style){.color = color});
	job->messages_left -= shown.count;
	if (all > shown.count) {
		strbuf_add_c(out, "… and ");
		strbuf_add_number(out, all - shown.count);
		strbuf_add_c(out, " more\n");
	}
}

static void say(struct test_job *job, const char *text) {
	test_progress_clear(&job->run->progress);
	fputs(text, stderr);
}

/* Something is wrong with the file as a whole. */
static void add_file_messages(struct test_job *job, struct diags *diags, const char *path,
							  struct str text) {
	struct strbuf out = STRBUF_INIT;
	if (diags->count > 0) {
		add_messages(job, &out, diags, path, text, terminal_color(STDERR_FILENO));
		say(job, out.ptr);
		strbuf_clear(&out);
		job->messages_left += diags->count;
		add_messages(job, &job->messages, diags, path, text, false);
	}
	strbuf_finish(&out);
}

/* A file could not be read; the message names it. */
static void add_file_failure(struct test_job *job, const char *message) {
	struct strbuf line = STRBUF_INIT;
	strbuf_printf(&line, "error: %s\n", message);
	say(job, line.ptr);
	strbuf_add(&job->messages, strbuf_str(&line));
	test_note(job->run, EXIT_UNABLE);
	job->broken = true;
	strbuf_finish(&line);
}

/* ---- rule files ---- */

/* Named twice, in whichever way, it is loaded once: promtool cleans paths, too. */
static void add_rule_file(struct test_job *job, struct rule_set *set, const char *path,
						  bool *good) {
	struct strbuf text = STRBUF_INIT;
	const char *error;
	struct diags diags;
	diags_init(&diags, &job->arena);
	if (!file_read(path, LIMIT_FILE_BYTES, &text, &job->arena, &error)) {
		add_file_failure(job, error);
		*good = false;
	} else {
		const char *name = file_short_path(path, &job->arena);
		if (!rule_set_add_file(set, str_from(name), strbuf_str(&text), &diags)) {
			test_note(job->run, EXIT_BAD);
			*good = false;
		}
		diags_sort(&diags);
		add_file_messages(job, &diags, name, strbuf_str(&text));
	}
	strbuf_finish(&text);
}

static void add_listed(struct test_job *job, struct rule_set *set, const struct file_list *list,
					   bool *good) {
	for (size_t i = 0; i < list->count; i++) {
		add_rule_file(job, set, list->paths[i], good);
	}
}

static bool is_pattern(struct str text) {
	for (size_t i = 0; i < text.len; i++) {
		if (strchr("*?[", text.ptr[i]) != NULL) {
			return true;
		}
	}
	return false;
}

/* A file that is named and is not there is passed over by promtool, and its rules are not tested. */
static bool is_missing(const struct test_job *job, struct str pattern,
					   const struct file_list *list) {
	return list->count == 0 ||
		   (job->run->promtool && !is_pattern(pattern) && access(list->paths[0], F_OK) != 0);
}

static void load_rule_files(struct test_job *job) {
	const struct test_file *f = &job->target.file;
	struct str folder = file_folder(job->target.path);
	const char *start = arena_dup(&job->arena, folder).ptr;
	struct rule_set *set = rule_set_create();
	bool good = true;
	set->ignores_unknown = job->run->ignores_unknown;
	for (size_t i = 0; i < f->rule_file_count; i++) {
		struct file_list list = {0};
		const struct test_text *pattern = &f->rule_files[i];
		if (job->run->watches) {
			test_watch_rules(job->run, start, pattern->text);
		}
		if (pattern->text.len > 0) {
			files_glob(start, pattern->text, &job->arena, &list);
		}
		if (list.error != NULL) {
			add_file_failure(job, list.error);
			good = false;
		} else if (is_missing(job, pattern->text, &list)) {
			struct diags diags;
			diags_init(&diags, &job->arena);
			diags_add(&diags, DIAG_WARNING, pattern->span, "no file match pattern %.*s",
					  STR_FMT(pattern->text));
			add_file_messages(job, &diags, job->target.path, job->target.text);
		} else {
			add_listed(job, set, &list, &good);
		}
	}
	if (!good) {
		rule_set_destroy(set);
		job->broken = true;
		return;
	}
	job->set = set;
	job->coverage = test_coverage_open(job->run, set);
}

/* ---- groups ---- */

bool test_is_wanted(const struct test_run *r, const struct test_group *group) {
	for (size_t i = 0; i < r->wanted_count; i++) {
		size_t *spans = ARENA_ARRAY((struct arena *)&r->arena, size_t,
									2 * (regex_group_count(r->wanted[i]) + 1));
		bool found = false;
		if (regex_find(r->wanted[i], group->name, 0, spans, &found) && found) {
			return true;
		}
	}
	return r->wanted_count == 0;
}

static void print_outcome(struct test_job *job, const struct test_outcome *outcome) {
	struct test_run *r = job->run;
	if (r->json) {
		test_json_outcome(&r->json_writer, outcome);
	}
	if (r->junit_path != NULL) {
		test_junit_outcome(&job->cases, outcome);
	}
	if (r->json || outcome->report == NULL) {
		return;
	}
	struct strbuf out = STRBUF_INIT;
	struct test_style style = {
		.columns = terminal_columns(100), .color = terminal_color(STDOUT_FILENO), .diff = r->diff};
	test_text_outcome(&out, outcome, style, &r->checks_left);
	test_progress_clear(&r->progress);
	fputs(out.len > 0 ? out.ptr : "", stdout);
	strbuf_finish(&out);
}

/* All that is wrong with it, where it stands. */
static void report_bad_group(struct test_job *job, struct test_group *group) {
	struct strbuf out = STRBUF_INIT, plain = STRBUF_INIT;
	size_t left = job->messages_left;
	add_messages(job, &out, &group->diags, job->target.path, job->target.text,
				 terminal_color(STDERR_FILENO));
	job->messages_left = left;
	add_messages(job, &plain, &group->diags, job->target.path, job->target.text, false);
	say(job, out.ptr);
	job->bad_groups++;
	job->run->broken++;
	test_note(job->run, EXIT_BAD);
	print_outcome(
		job, &(struct test_outcome){.target = &job->target, .group = group, .error = plain.ptr});
	strbuf_finish(&out);
	strbuf_finish(&plain);
}

static void count_report(struct test_job *job, const struct rule_test_report *report) {
	size_t failed = report->failed + report->failure_count + (report->refused != NULL);
	job->target.checks += report->check_count;
	job->target.failed += failed;
	job->run->checks += report->check_count;
	job->run->failed += failed;
	if (failed > 0) {
		job->failed_groups++;
		test_note(job->run, EXIT_BAD);
	}
}

static void add_series(struct strbuf *out, const struct pql_series *s) {
	labels_print(out, s->labels);
	strbuf_add_c(out, " =>\n");
	for (size_t i = 0; i < s->count; i++) {
		if (s->histograms != NULL && s->histograms[i] != NULL) {
			pql_histogram_print(out, s->histograms[i]);
		} else if (pql_is_stale_nan(s->values[i])) {
			strbuf_add_c(out, "stale");
		} else {
			gofloat_print(out, s->values[i], 'f');
		}
		strbuf_printf(out, " @[%lld]\n", (long long)s->times[i]);
	}
}

/* As promtool does. */
static void print_debug(const struct test_outcome *o) {
	struct strbuf out = STRBUF_INIT;
	const struct pql_series_set *data = &o->report->dump.matrix;
	strbuf_add_c(&out, "DEBUG: Dump of all data (input_series and rules):\n");
	for (size_t i = 0; i < data->count && o->report->dump.type == PQL_TYPE_MATRIX; i++) {
		add_series(&out, &data->items[i]);
	}
	strbuf_add_c(&out, "DEBUG: Test ");
	test_group_name(&out, o->group);
	strbuf_printf(&out, " finished, took %lldms\n", (long long)o->took);
	fputs(out.ptr, stderr);
	strbuf_finish(&out);
}

static void run_group(struct test_job *job, struct test_group *group) {
	struct test_run *r = job->run;
	struct arena a;
	struct rule_test_report report;
	struct rule_test_options options = {.promtool = r->promtool,
										.explains = true,
										.dumps = r->debug,
										.coverage = job->coverage,
										.progress = test_progress_step,
										.progress_data = &r->progress};
	struct test_outcome outcome = {.target = &job->target, .group = group, .report = &report};
	arena_init(&a);
	if (r->debug) {
		struct strbuf name = STRBUF_INIT;
		test_group_name(&name, group);
		fprintf(stderr, "DEBUG: Starting test %s\n", name.ptr);
		strbuf_finish(&name);
	}
	dur_ms before = clock_monotonic();
	rule_test_run(&job->target.file, group, job->set, &options, &a, &report);
	outcome.took = clock_monotonic() - before;
	outcome.passed = rule_test_passed(&report);
	job->target.took += outcome.took;
	count_report(job, &report);
	print_outcome(job, &outcome);
	if (r->debug) {
		print_debug(&outcome);
	}
	rule_test_report_finish(&report);
	arena_finish(&a);
}

static void do_group(struct test_job *job, struct test_group *group) {
	struct test_run *r = job->run;
	job->target.groups_run++;
	r->groups++;
	test_progress_group(&r->progress, group->number, job->target.file.group_count);
	if (group->diags.errors > 0) {
		report_bad_group(job, group);
	} else if (job->set == NULL) {
		job->bad_groups++;
		r->broken++;
		print_outcome(job, &(struct test_outcome){.target = &job->target,
												  .group = group,
												  .error = "the rule files are bad"});
	} else {
		if (group->diags.count > 0) {
			add_file_messages(job, &group->diags, job->target.path, job->target.text);
		}
		run_group(job, group);
	}
}

static void run_groups(struct test_job *job) {
	struct test_file *f = &job->target.file;
	bool loaded = false;
	job->left_out = ARENA_ARRAY(&job->arena, bool, f->group_count);
	if (!job->run->promtool) {
		load_rule_files(job);
		loaded = true;
	}
	for (size_t i = 0; i < f->group_count; i++) {
		job->left_out[i] = !test_is_wanted(job->run, &f->groups[i]);
		if (job->left_out[i]) {
			continue;
		}
		if (!loaded) {
			load_rule_files(job);
			loaded = true;
		}
		do_group(job, &f->groups[i]);
	}
}

/* ---- results of a file ---- */

static void add_counts(struct strbuf *line, const struct test_job *job) {
	strbuf_add_count(line, job->target.groups_run, "test");
	strbuf_add_c(line, ", ");
	strbuf_add_count(line, job->target.checks, "check");
	if (job->target.failed > 0) {
		strbuf_add_c(line, ", ");
		strbuf_add_number(line, job->target.failed);
		strbuf_add_c(line, " failed");
	}
	if (job->bad_groups > 0) {
		strbuf_add_c(line, ", ");
		strbuf_add_number(line, job->bad_groups);
		strbuf_add_c(line, " could not be run");
	}
}

static void say_result(struct test_job *job) {
	struct test_run *r = job->run;
	struct strbuf line = STRBUF_INIT;
	bool good = !job->broken && job->bad_groups == 0 && job->target.failed == 0;
	if (r->json || (good && r->quiet)) {
		return;
	}
	strbuf_printf(&line, "%s: %s, ", job->target.path, good ? "pass" : "FAIL");
	if (job->broken && job->target.groups_run == 0) {
		strbuf_add_c(&line, "could not be run");
	} else {
		add_counts(&line, job);
	}
	test_progress_clear(&r->progress);
	puts(line.ptr);
	strbuf_finish(&line);
}

static void json_open_file(struct test_job *job) {
	struct json_writer *w = &job->run->json_writer;
	json_open_object(w);
	json_key(w, "file");
	json_string(w, str_from(job->target.path));
	json_key(w, "tests");
	json_open_array(w);
}

static void json_close_file(struct test_job *job) {
	struct json_writer *w = &job->run->json_writer;
	bool good = !job->broken && job->bad_groups == 0 && job->target.failed == 0;
	json_close_array(w);
	if (job->messages.len > 0) {
		json_key(w, "messages");
		json_string(w, strbuf_str(&job->messages));
	}
	json_key(w, "passed");
	json_bool(w, good);
	json_close_object(w);
}

static void finish_file(struct test_job *job) {
	struct test_run *r = job->run;
	if (r->json) {
		json_close_file(job);
	}
	if (r->junit_path != NULL) {
		bool bad = job->broken && job->target.groups_run == 0;
		test_junit_suite(&r->junit_text, &job->target, strbuf_str(&job->cases), job->failed_groups,
						 job->bad_groups, bad ? job->messages.ptr : NULL, clock_wall());
	}
	say_result(job);
}

/* Nothing of a bad file is run: what is wrong with its groups is said with the rest. */
static void add_group_diags(struct diags *diags, const struct diags *of_group) {
	for (size_t i = 0; i < of_group->count; i++) {
		const struct diag *d = &of_group->items[i];
		diags_add(diags, d->severity, d->span, "%s", d->message);
	}
	diags->dropped += of_group->dropped;
}

static void load_file(struct test_job *job) {
	struct test_run *r = job->run;
	struct test_target *t = &job->target;
	struct diags diags;
	struct test_file_options options = {.promtool = r->promtool,
										.ignores_unknown = r->ignores_unknown,
										.syntax = &(struct pql_syntax){0}};
	diags_init(&diags, &job->arena);
	bool good = test_file_load(t->text, &options, &job->arena, &diags, &t->file);
	for (size_t i = 0; i < t->file.group_count && !good; i++) {
		add_group_diags(&diags, &t->file.groups[i].diags);
	}
	diags_sort(&diags);
	add_file_messages(job, &diags, t->path, t->text);
	if (good) {
		run_groups(job);
	} else {
		job->broken = true;
		r->broken++;
		test_note(r, EXIT_BAD);
	}
}

void test_run_file(struct test_run *r, const char *path) {
	bool is_stdin = strcmp(path, "-") == 0;
	struct test_job job = {
		.run = r, .target.path = is_stdin ? "<stdin>" : path, .messages_left = SHOWN_MESSAGES};
	struct strbuf text = STRBUF_INIT;
	const char *error;
	arena_init(&job.arena);
	r->files++;
	test_progress_file(&r->progress, job.target.path);
	if (r->json) {
		json_open_file(&job);
	}
	bool read = is_stdin ? file_read_stdin(LIMIT_FILE_BYTES, &text, &job.arena, &error)
						 : file_read_waiting(path, LIMIT_FILE_BYTES, &text, &job.arena, &error);
	if (read) {
		job.target.text = strbuf_str(&text);
		load_file(&job);
	} else {
		add_file_failure(&job, error);
		r->broken++;
	}
	finish_file(&job);
	coverage_close(job.coverage);
	struct test_kept kept = {.arena = job.arena,
							 .text = text,
							 .file = job.target.file,
							 .set = job.set,
							 .left_out = job.left_out};
	if (r->mutation != NULL && job.set != NULL) {
		test_mutation_take(r->mutation, &kept);
	} else {
		test_kept_finish(&kept);
	}
	strbuf_finish(&job.messages);
	strbuf_finish(&job.cases);
}
