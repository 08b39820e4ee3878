/* The run: every file is read, its recording rules are remembered, and then each is judged. */
#include <stdio.h>
#include <unistd.h>

#include "cli/check.h"
#include "engine/config/config_place.h"
#include "engine/inspection/inspection.h"
#include "engine/io/access.h"
#include "engine/io/web_access.h"
#include "engine/rule_set.h"
#include "rules/test_file.h"

/* ---- which files ---- */

static struct check_file *add_file(struct check *c, const char *path, bool listed) {
	bool is_stdin = strcmp(path, "-") == 0;
	path = is_stdin ? "<stdin>" : path;
	for (size_t i = 0; i < c->count; i++) {
		if (strcmp(c->files[i].path, path) == 0) {
			return &c->files[i]; /* patterns and folders may overlap */
		}
	}
	c->files = arena_grow(&c->arena, c->files, c->count, &c->capacity, sizeof c->files[0]);
	c->files[c->count] = (struct check_file){.path = path, .is_stdin = is_stdin, .listed = listed};
	return &c->files[c->count++];
}

static void say_unable(struct check *c, const char *message) {
	fprintf(stderr, "tocsin check: %s\n", message);
	c->unable = true;
}

static void add_folder(struct check *c, const char *path) {
	struct file_list list = {0};
	const char *error;
	bool whole = files_tree(path, &c->arena, &list, &error);
	if (!whole) {
		say_unable(c, error);
	}
	for (size_t i = 0; i < list.count; i++) {
		add_file(c, list.paths[i], true);
	}
	if (whole) {
		c->folders = arena_grow(&c->arena, c->folders, c->folder_count, &c->folder_capacity,
								sizeof c->folders[0]);
		c->folders[c->folder_count++] = path;
	}
}

bool check_add_operand(struct check *c, const char *operand) {
	struct file_list list = {0};
	files_glob(NULL, str_from(operand), &c->arena, &list);
	if (list.error != NULL) {
		say_unable(c, list.error);
	} else if (list.count == 0) {
		say_unable(c, arena_printf(&c->arena, "no file is called %s", operand));
	}
	for (size_t i = 0; i < list.count; i++) {
		if (file_is_folder(list.paths[i])) {
			add_folder(c, list.paths[i]);
		} else {
			add_file(c, list.paths[i], false);
		}
	}
	return list.count > 0;
}

/* ---- the report ---- */

static void flush_report(struct check *c) {
	bool text = c->options->report.format == REPORT_TEXT;
	if (c->out.len > 0) {
		fflush(stdout); /* in the order in which it came, where both are the terminal */
		fwrite(c->out.ptr, 1, c->out.len, text ? stderr : stdout);
	}
	strbuf_clear(&c->out);
}

static void add_report(struct check *c, const struct report_file *file) {
	report_add(c->report, file, &c->out);
	flush_report(c);
}

static void say_good(const struct check *c, const char *path, const char *what) {
	bool filters = c->options->diff || (c->options->fix && strcmp(path, "<stdin>") == 0);
	if (!c->options->quiet && !filters && c->options->report.format == REPORT_TEXT) {
		printf("%s: good, %s\n", path, what);
	}
}

static const char *const kind_names[] = {
	[CHECK_RULES] = "rule file",      [CHECK_TESTS] = "test file",
	[CHECK_CONFIG] = "configuration", [CHECK_WEB] = "web configuration",
	[CHECK_FOREIGN] = NULL,
};

/* ---- by kind ---- */

static const char *count_text(struct check *c, struct rule_counts n) {
	struct strbuf text = STRBUF_INIT;
	strbuf_printf(&text, "%zu rule%s in %zu group%s", n.rules, n.rules == 1 ? "" : "s", n.groups,
				  n.groups == 1 ? "" : "s");
	const char *kept = arena_dup(&c->arena, strbuf_str(&text)).ptr;
	strbuf_finish(&text);
	return kept;
}

static void judge_rules(struct check *c, const struct check_file *f, struct report_file *ret,
						struct diags *diags) {
	struct lint_file file = check_file_lint(f);
	struct rule_counts counts;
	bool asks = c->inspection != NULL;
	bool good =
		linter_check(c->linter, &file, asks ? check_server_collect : NULL, c, diags, &counts);
	if (asks) {
		check_server_judge(c, diags);
	}
	ret->groups = counts.groups;
	ret->rules = counts.rules;
	c->load_errors = c->load_errors || !good;
	if (good && diags->errors == 0) {
		say_good(c, f->path, count_text(c, counts));
	}
}

/* Before it is judged: what is said of the file is said of what is in it then. */
static void fix_file(struct check *c, struct check_file *f) {
	bool fixes = c->options->fix || c->options->diff;
	if (fixes && f->loaded && f->kind == CHECK_RULES && check_fix(c, f)) {
		check_file_finish(f);
		check_file_load(f, &c->arena);
	}
}

static void judge_presets(struct diags *diags, const struct config *config) {
	struct rule_set *set = rule_set_create();
	for (size_t i = 0; i < config->preset_count; i++) {
		const char *error;
		if (!rule_set_add_preset(set, &config->presets[i], &error)) {
			diags_add(diags, DIAG_ERROR, config->presets[i].span, "%s", error);
		}
	}
	rule_set_destroy(set);
}

/* Only warnings: where configurations are checked, the secrets need not be. */
static void judge_access(struct check *c, const char *path, struct config *config) {
	struct strbuf messages = STRBUF_INIT;
	config_set_folder(config, file_folder(path), &c->arena);
	access_check(config, path, &messages);
	fputs(messages.len > 0 ? messages.ptr : "", stderr);
	strbuf_finish(&messages);
}

/* The rule files and the web configuration that it names are judged with it, behind all others. */
static void add_named_files(struct check *c, const char *path, struct config *config) {
	struct file_list list = {0};
	const char *folder = arena_dup(&c->arena, file_folder(path)).ptr;
	config_set_folder(config, str_from(folder), &c->arena);
	for (size_t i = 0; i < config->rule_file_count; i++) {
		list.error = NULL;
		files_glob(folder, config->rule_files[i], &c->arena, &list);
		if (list.error != NULL) {
			say_unable(c, list.error);
		}
	}
	for (size_t i = 0; i < list.count; i++) {
		add_file(c, list.paths[i], false);
	}
	if (config->web.config_file.len > 0) {
		add_file(c, arena_dup(&c->arena, config->web.config_file).ptr, false)->is_web = true;
	}
}

/* A mistyped pattern is no error: the files may come later. */
static void judge_patterns(struct check *c, const struct check_file *f, const struct config *config,
						   struct diags *diags) {
	const char *folder = arena_dup(&c->arena, file_folder(f->path)).ptr;
	for (size_t i = 0; i < config->rule_file_count; i++) {
		struct str pattern = config->rule_files[i];
		struct file_list list = {0};
		struct span span = {0};
		files_glob(folder, pattern, &c->arena, &list);
		if (list.count == 0 && list.error == NULL) {
			config_find_rule_file(strbuf_str(&f->text), pattern, &c->arena, &span);
			diags_add(diags, DIAG_WARNING, span, "no rule file matches \"%.*s\"", STR_FMT(pattern));
		}
	}
}

static bool parse_config(struct check *c, const struct check_file *f, struct diags *diags,
						 struct config *ret_config) {
	config_init(ret_config);
	return config_parse(strbuf_str(&f->text), &c->arena, diags, ret_config);
}

static void judge_config(struct check *c, const struct check_file *f, struct diags *diags) {
	struct config config;
	if (parse_config(c, f, diags, &config)) {
		judge_presets(diags, &config);
		judge_patterns(c, f, &config, diags);
		judge_access(c, f->path, &config);
	}
	diags_sort(diags);
	if (diags->errors > 0) {
		c->load_errors = true;
	} else {
		say_good(c, f->path, "a configuration");
	}
}

/* Of the standard input only the text: the files that it names begin nowhere. */
static void judge_web(struct check *c, const struct check_file *f, struct diags *diags) {
	struct web_config config;
	struct str text = strbuf_str(&f->text);
	bool good = f->is_stdin ? web_config_parse(text, &c->arena, diags, &config)
							: web_access_judge(f->path, text, diags);
	diags_sort(diags);
	if (good) {
		say_good(c, f->path, "a web configuration");
	} else {
		c->load_errors = true;
	}
}

void check_tests(struct check *c, const struct check_file *f, struct diags *diags) {
	static const struct pql_syntax plain;
	const struct test_file_options options = {.ignores_unknown = c->options->lint.ignore_unknown,
											  .syntax = &plain};
	struct test_file file = {0};
	test_file_load(strbuf_str(&f->text), &options, &c->arena, diags, &file);
	for (size_t i = 0; i < file.group_count; i++) {
		diags_add_all(diags, &file.groups[i].diags);
	}
	test_file_finish(&file);
	diags_sort(diags);
	if (diags->errors == 0) {
		say_good(c, f->path, "a test file");
	} else {
		c->load_errors = true;
	}
}

/* ---- all of them ---- */

#define KEPT_BYTES (32u << 20) /* of texts whose trees stay from the first look to the second */

/* May add more files, so that it goes on until there are none left that were not looked at. */
static void look_at_all(struct check *c) {
	size_t kept = 0;
	for (size_t i = 0; i < c->count; i++) {
		check_file_load(&c->files[i], &c->arena);
		struct check_file *f = &c->files[i];
		if (!f->loaded) {
			continue;
		}
		if (f->kind == CHECK_RULES) {
			struct lint_file file = check_file_lint(f);
			linter_add_recordings(c->linter, &file);
		} else if (f->kind == CHECK_CONFIG) {
			struct diags ignored;
			struct config config;
			diags_init(&ignored, &f->arena);
			if (parse_config(c, f, &ignored, &config)) {
				add_named_files(c, f->path, &config);
			}
			f = &c->files[i];
		}
		kept += f->text.len;
		if (kept > KEPT_BYTES) {
			check_file_unload(f);
		}
	}
}

static void judge_file(struct check *c, struct check_file *f) {
	struct report_file file = {.path = f->path};
	struct diags diags;
	check_file_load(f, &c->arena);
	fix_file(c, f);
	if (f->failure != NULL) {
		file.failure = f->failure;
		c->unable = true;
		add_report(c, &file);
		return;
	}
	diags_init(&diags, &f->arena);
	file.kind = kind_names[f->kind];
	file.text = strbuf_str(&f->text);
	file.diags = &diags;
	switch (f->kind) {
	case CHECK_RULES: judge_rules(c, f, &file, &diags); break;
	case CHECK_TESTS: check_tests(c, f, &diags); break;
	case CHECK_CONFIG: judge_config(c, f, &diags); break;
	case CHECK_WEB: judge_web(c, f, &diags); break;
	case CHECK_FOREIGN: check_file_finish(f); return;
	}
	add_report(c, &file);
	check_file_finish(f);
}

static bool is_in(const struct check_file *f, const char *folder) {
	return f->listed && str_starts_with(str_from(f->path), str_from(folder));
}

/* A pipeline with a mistyped path would be green for ever. */
static void complain_of_empty_folders(struct check *c) {
	for (size_t k = 0; k < c->folder_count; k++) {
		bool any = false;
		for (size_t i = 0; i < c->count && !any; i++) {
			any = is_in(&c->files[i], c->folders[k]) && c->files[i].kind != CHECK_FOREIGN;
		}
		if (!any) {
			say_unable(
				c,
				arena_printf(
					&c->arena,
					"%s: no *.yml or *.yaml in it has rules, tests or a configuration of tocsin's",
					c->folders[k]));
		}
	}
}

static enum exit_code exit_code_of(const struct check *c) {
	struct report_counts counts = report_count(c->report);
	if (c->options->lint_fatal) { /* promtool's */
		bool lints = counts.errors + counts.warnings > 0;
		return c->load_errors || c->unable ? EXIT_BAD : lints ? EXIT_UNABLE : EXIT_FINE;
	}
	if (c->unable) {
		return EXIT_UNABLE;
	}
	bool bad = c->load_errors || counts.failures > 0 || (c->options->diff && c->would_change > 0);
	return bad ? EXIT_BAD : EXIT_FINE;
}

enum exit_code check_run(struct check *c) {
	c->linter = linter_create(&c->options->lint);
	c->report = report_create(&c->options->report);
	check_server_start(c);
	report_start(c->report, &c->out);
	look_at_all(c);
	for (size_t i = 0; i < c->count; i++) {
		judge_file(c, &c->files[i]);
	}
	report_finish(c->report, &c->out);
	flush_report(c);
	complain_of_empty_folders(c);
	enum exit_code code = exit_code_of(c);
	for (size_t i = 0; i < c->count; i++) {
		check_file_finish(&c->files[i]);
	}
	report_destroy(c->report);
	inspection_destroy(c->inspection);
	linter_destroy(c->linter);
	strbuf_finish(&c->out);
	return code;
}
