#include <stdio.h>

#include "base/json.h"
#include "cli/options.h"
#include "cli/test.h"
#include "engine/io/files.h"
#include "engine/limits.h"
#include "rules/yaml/yaml.h"

#define SHOWN_CHECKS 100u /* failed checks printed in full, over all files */

static const struct option_row rows[] = {
	{.flag = "run",
	 .argument = "REGEX",
	 .help = "only test groups whose name it finds; several: one of them",
	 .repeats = true},
	{.flag = "compat",
	 .argument = "NAME",
	 .choices = "promtool",
	 .help = "promtool: as it does, without group intervals and extra keys"},
	{.flag = "diff", .help = "failed checks as lines with - and +"},
	{.flag = "update",
	 .help = "write what was got into the test files; with --diff only show how they would change"},
	{.flag = "watch", .letter = 'w', .help = "run again when a test file or rule file changes"},
	{.flag = "junit", .argument = "FILE", .help = "write results for CI systems there, too"},
	{.flag = "json", .letter = 'j', .help = "print one JSON document instead of text"},
	{.flag = "mutate",
	 .help = "then change the rules in many small ways, and list the changes that no test notices"},
	{.flag = "mutate-min",
	 .argument = "PERCENT",
	 .help = "with --mutate: exit 0 when at least so many of the changes are noticed"},
	{.flag = "mutate-limit",
	 .argument = "N",
	 .help = "with --mutate: try no more changes than that, a sample (10000)"},
	{.flag = "mutate-seed",
	 .argument = "N",
	 .help = "which sample: another number, another one (1)"},
	{.flag = "quiet", .letter = 'q', .help = "say nothing about files that pass"},
	{.flag = "coverage", .help = "say at the end which rules and branches no test has reached"},
	{.flag = "coverage-json", .argument = "FILE", .help = "write all of it there, as JSON"},
	{.flag = "coverage-html",
	 .argument = "FILE",
	 .help = "write it there as a page of coloured rule files"},
	{.flag = "coverage-min", .argument = "PERCENT", .help = "below that much the exit code is 1"},
	{.flag = "coverage-rules",
	 .argument = "FILE",
	 .help = "rule files that count, whether a test reads them or not; a folder, or a pattern",
	 .repeats = true},
	{.flag = "debug", .help = "print all data of each test group to stderr"},
	{.flag = "ignore-unknown-fields", .help = "pass over keys that are not known"},
};

static const struct options_spec spec = {
	.command = &command_test,
	.about =
		"Runs rule unit tests in promtool's format: input series, the alerts expected at which time, what expressions are worth.\n"
		"The rules are evaluated and alerts go through their states as in the daemon. Of a folder, every file with the key\n"
		"\"tests\" is taken; \"-\" is the standard input. Rule files are found from the test file's folder.\n\n"
		"A test file:\n"
		"  evaluation_interval: 1m             of groups without one; group_eval_order, fuzzy_compare may stand here, too\n"
		"  rule_files: [alerts.yml]            patterns\n"
		"  tests:\n"
		"    - name: an instance is down       also: interval (of the series), external_labels, external_url, start_timestamp\n"
		"      input_series:\n"
		"        - series: up{instance=\"a\"}\n"
		"          values: 1 1 0x20            0 1 2: 0+1x2; _ nothing; stale ends it\n"
		"      alert_rule_test:\n"
		"        - eval_time: 10m\n"
		"          alertname: InstanceDown     none is expected when exp_alerts is missing\n"
		"          exp_alerts:\n"
		"            - exp_labels: {severity: page, instance: a}\n"
		"              exp_annotations: {summary: a is down}\n"
		"      promql_expr_test:\n"
		"        - expr: sum(up)\n"
		"          eval_time: 10m\n"
		"          exp_samples: [{labels: '{}', value: 0}]\n\n"
		"Beyond promtool, beside exp_alerts: exp_pending, exp_resolved, exp_notifications (lists of alerts), fires_between:\n"
		"[5m, 20m] (then and at no other time), with_labels (look at those alerts only). In an alert: exp_labels_include,\n"
		"exp_annotations_include (others may be there), exp_labels_match, exp_annotations_match (regular expressions),\n"
		"exp_value, exp_active_at, exp_resolved_at; of a notification exp_status, exp_starts_at, exp_ends_at.\n\n"
		"--update changes the expectations of checks that fail, and nothing else: comments, order and style stay. A file that\n"
		"cannot be run stays as it is. --watch ends with Ctrl-C, and with the exit code of its last run.\n\n"
		"Exit code: 0 all pass, 1 a test failed, a file is bad, or --update --diff shows a change, 2 wrong usage, 3 a file could\n"
		"not be read.\n",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.examples =
		"Examples:\n  tocsin test tests/\n  tocsin test --run 'disk|memory' --diff tests/nodes.yml\n"
		"  tocsin test --compat promtool --junit results.xml tests/*.yml\n"
		"  tocsin test --coverage --coverage-min 90 --coverage-rules rules/ tests/\n"
		"  tocsin test --update --diff tests/\n",
};

void test_group_name(struct strbuf *out, const struct test_group *group) {
	if (group->name.len > 0) {
		strbuf_add(out, group->name);
	} else {
		strbuf_printf(out, "unnamed#%zu", group->number);
	}
}

/* ---- which files ---- */

/* Of a folder only those that are tests: rule files and others stand beside them. */
static bool is_test_file(struct test_run *r, const char *path) {
	struct arena a;
	struct strbuf text = STRBUF_INIT;
	struct diags ignored;
	struct yaml_document *documents;
	size_t count = 0;
	const char *error;
	arena_init(&a);
	diags_init(&ignored, &a);
	bool found = !file_read(path, LIMIT_FILE_BYTES, &text, &r->arena, &error);
	if (!found) {
		yaml_parse(strbuf_str(&text), &a, &ignored, &documents, &count);
		found = count > 0 && yaml_find(documents[0].root, "tests") != NULL;
	}
	strbuf_finish(&text);
	arena_finish(&a);
	return found;
}

static void add_folder(struct test_run *r, const char *path, struct file_list *list) {
	struct file_list all = {0};
	const char *error;
	size_t before = list->count;
	if (!files_tree(path, &r->arena, &all, &error)) {
		options_report(&command_test, error);
		test_note(r, EXIT_UNABLE);
		return;
	}
	for (size_t i = 0; i < all.count; i++) {
		if (is_test_file(r, all.paths[i])) {
			files_add(list, &r->arena, all.paths[i]);
		}
	}
	if (list->count == before) {
		options_report(&command_test,
					   arena_printf(&r->arena, "%s: no file in it has the key \"tests\"", path));
		test_note(r, EXIT_UNABLE);
	}
}

static void list_files(struct test_run *r, const struct options *o, struct file_list *list) {
	for (int i = 0; i < o->operand_count; i++) {
		const char *operand = o->operands[i];
		size_t before = list->count;
		if (r->watches) {
			test_watch_operand(r, operand);
		}
		if (file_is_folder(operand)) {
			add_folder(r, operand, list);
			continue;
		}
		files_glob(NULL, str_from(operand), &r->arena, list);
		if (list->error != NULL) {
			options_report(&command_test, list->error);
			test_note(r, EXIT_UNABLE);
		} else if (list->count == before) {
			options_report(&command_test, arena_printf(&r->arena, "no file is called %s", operand));
			test_note(r, EXIT_UNABLE);
		}
	}
}

/* ---- all of it ---- */

static bool read_compat(struct test_run *r, const struct options *o) {
	const char *name = options_get(o, "compat");
	r->promtool = name != NULL && strcmp(name, "promtool") == 0;
	if (name != NULL && !r->promtool) {
		options_complain(&command_test, "--compat %s: only promtool is known", name);
		return false;
	}
	return true;
}

static bool read_wanted(struct test_run *r, const struct options *o) {
	r->wanted = ARENA_ARRAY(&r->arena, struct regex *, o->flag_count);
	for (size_t i = 0; i < o->flag_count; i++) {
		const char *error, *text = o->flags[i].value;
		if (strcmp(o->flags[i].row->flag, "run") != 0) {
			continue;
		}
		struct regex *regex = regex_create(str_from(text), REGEX_UNANCHORED, &r->arena, &error);
		if (regex == NULL) {
			options_complain(&command_test, "--run %s: %s", text, error);
			return false;
		}
		r->wanted[r->wanted_count++] = regex;
	}
	return true;
}

static void write_junit(struct test_run *r) {
	struct strbuf text = STRBUF_INIT;
	const char *error;
	strbuf_add_c(&text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
	strbuf_add(&text, strbuf_str(&r->junit_text));
	strbuf_add_c(&text, "</testsuites>\n");
	if (!file_write(r->junit_path, strbuf_str(&text), &r->arena, &error)) {
		options_report(&command_test, error);
		test_note(r, EXIT_UNABLE);
	}
	strbuf_finish(&text);
}

static void print_totals(struct test_run *r) {
	struct strbuf line = STRBUF_INIT;
	strbuf_add_count(&line, r->files, "file");
	strbuf_add_c(&line, ", ");
	strbuf_add_count(&line, r->groups, "test");
	strbuf_add_c(&line, ", ");
	strbuf_add_count(&line, r->checks, "check");
	strbuf_add_c(&line, ": ");
	strbuf_add_number(&line, r->failed);
	strbuf_add_c(&line, " failed");
	if (r->broken > 0) {
		strbuf_add_c(&line, ", ");
		strbuf_add_number(&line, r->broken);
		strbuf_add_c(&line, " could not be run");
	}
	if (r->groups == 0 && r->wanted_count > 0) {
		strbuf_add_c(&line, " (no test has a name that --run finds)");
	}
	puts(line.ptr);
	strbuf_finish(&line);
}

static void run_files(struct test_run *r, const struct file_list *list) {
	json_init(&r->json_writer, &r->json_text);
	json_open_object(&r->json_writer);
	json_key(&r->json_writer, "files");
	json_open_array(&r->json_writer);
	test_progress_init(&r->progress, !r->debug, list->count);
	for (size_t i = 0; i < list->count; i++) {
		if (!r->update || !test_update_file(r, list->paths[i])) {
			test_run_file(r, list->paths[i]);
		}
	}
	test_progress_clear(&r->progress);
	json_close_array(&r->json_writer);
	json_key(&r->json_writer, "checks");
	json_int(&r->json_writer, (int64_t)r->checks);
	json_key(&r->json_writer, "failed");
	json_int(&r->json_writer, (int64_t)r->failed);
	json_key(&r->json_writer, "broken");
	json_int(&r->json_writer, (int64_t)r->broken);
	if (r->coverage.coverage != NULL && r->coverage.text) {
		json_key(&r->json_writer, "coverage");
		test_coverage_json(&r->json_writer, r->coverage.coverage);
	}
}

/* The standard input cannot be written, nor read twice. */
static bool read_modes(struct test_run *r, const struct options *o) {
	r->update = options_get(o, "update") != NULL;
	bool watch = options_get(o, "watch") != NULL;
	for (int i = 0; i < o->operand_count; i++) {
		if ((r->update || watch) && strcmp(o->operands[i], "-") == 0) {
			options_complain(&command_test, "%s needs files: \"-\" is the standard input",
							 r->update ? "--update" : "--watch");
			return false;
		}
	}
	if (r->update && watch) {
		options_complain(&command_test, "--update and --watch do not go together");
		return false;
	}
	return true;
}

static enum exit_code read_options(struct test_run *r, const struct options *o) {
	if (o->operand_count == 0) {
		return options_complain(&command_test, "which FILE? (\"-\" is the standard input)");
	}
	if (!read_compat(r, o) || !read_wanted(r, o) || !read_modes(r, o) ||
		!test_coverage_init(r, o) || !test_mutation_read(r, o)) {
		return EXIT_USAGE;
	}
	r->diff = options_get(o, "diff") != NULL;
	r->json = options_get(o, "json") != NULL;
	r->quiet = options_get(o, "quiet") != NULL;
	r->debug = options_get(o, "debug") != NULL;
	r->ignores_unknown = options_get(o, "ignore-unknown-fields") != NULL;
	r->junit_path = options_get(o, "junit");
	r->checks_left = SHOWN_CHECKS;
	return EXIT_FINE;
}

static enum exit_code test_files(struct test_run *r, const struct options *o) {
	struct file_list list = {0};
	if (read_options(r, o) != EXIT_FINE) {
		return EXIT_USAGE;
	}
	list_files(r, o, &list);
	test_coverage_add_rules(r, o);
	run_files(r, &list);
	if (!r->json && r->files > 0 && (!r->quiet || r->code != EXIT_FINE)) {
		print_totals(r);
	}
	if (r->mutation != NULL) {
		test_mutate(r);
	}
	json_close_object(&r->json_writer);
	if (r->json) {
		puts(r->json_text.ptr);
	}
	if (r->junit_path != NULL) {
		write_junit(r);
	}
	test_coverage_report(r);
	return r->code;
}

void test_run_finish(struct test_run *r) {
	for (size_t i = 0; i < r->wanted_count; i++) {
		regex_destroy(r->wanted[i]);
	}
	test_coverage_finish(r);
	test_mutation_destroy(r->mutation);
	strbuf_finish(&r->json_text);
	strbuf_finish(&r->junit_text);
	arena_finish(&r->arena);
}

static enum exit_code test_as_asked(struct test_run *r, const struct options *o) {
	if (options_get(o, "watch") == NULL) {
		return test_files(r, o);
	}
	return read_options(r, o) == EXIT_FINE ? test_watch(o, test_files) : EXIT_USAGE;
}

static enum exit_code run(const struct options *o, struct arena *a) {
	(void)a; /* of each run its own */
	struct test_run r = {.code = EXIT_FINE};
	arena_init(&r.arena);
	enum exit_code code = test_as_asked(&r, o);
	test_run_finish(&r);
	return code;
}

const struct command command_test = {.name = "test",
									 .operand = "FILE...",
									 .summary = "run rule unit tests",
									 .run = run,
									 .spec = &spec};
