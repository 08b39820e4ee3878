#include <stdio.h>
#include <unistd.h>

#include "cli/options.h"
#include "engine/io/access.h"
#include "engine/io/files.h"
#include "engine/limits.h"
#include "engine/rule_set.h"
#include "rules/manifest.h"

static const struct option_row rows[] = {
	{.flag = "quiet", .letter = 'q', .help = "say nothing about files that are good"},
};

static const struct options_spec spec = {
	.command = &command_check,
	.about =
		"Judges rule files and tocsin's own configuration, told apart by what is in them: a rule file has the key \"groups\",\n"
		"or is a Kubernetes manifest with PrometheusRule objects.\n"
		"Every error is printed with its place in the file. A FILE may be a pattern; \"-\" is the standard input.\n"
		"The rule files that a configuration names are judged with it.\n\n"
		"Exit code 0: all are good. 1: there are errors. 3: a file could not be read.\n",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.examples =
		"Examples:\n  tocsin check rules/*.yml\n  tocsin check tocsin.yml\n"
		"  tocsin presets generic | tocsin check -\n",
};

/* One run of the command. */
struct check {
	struct arena arena;
	bool quiet;
	enum exit_code code; /* the worst so far: unable before bad before fine */
	size_t files, errors;
};

static void note(struct check *c, enum exit_code code) {
	c->code = c->code == EXIT_UNABLE ? c->code : code;
}

static void show(struct check *c, const struct diags *diags, const char *path, struct str text) {
	if (diags->errors > 0) {
		note(c, EXIT_BAD);
		c->errors += diags->errors;
	}
	struct strbuf out = STRBUF_INIT;
	bool color = isatty(STDERR_FILENO) && getenv("NO_COLOR") == NULL;
	diags_render(&out, diags, path, text, (struct diag_style){.color = color});
	fputs(out.len > 0 ? out.ptr : "", stderr);
	strbuf_finish(&out);
}

static void say_good(const struct check *c, const char *path, const char *what) {
	if (!c->quiet) {
		printf("%s: good, %s\n", path, what);
	}
}

static const char *count_rules(struct check *c, const struct rule_set *set) {
	return arena_printf(&c->arena, "%zu rule%s in %zu group%s", set->rule_count,
						set->rule_count == 1 ? "" : "s", set->group_count,
						set->group_count == 1 ? "" : "s");
}

static void check_rules(struct check *c, const char *path, struct str text) {
	struct diags diags;
	diags_init(&diags, &c->arena);
	struct rule_set *set = rule_set_create();
	if (rule_set_add_file(set, str_from(path), text, &diags)) {
		say_good(c, path, count_rules(c, set));
	}
	diags_sort(&diags);
	show(c, &diags, path, text);
	rule_set_destroy(set);
}

static void check_path(struct check *c, const char *path);

static void check_presets(struct check *c, const char *path, const struct config *config) {
	struct rule_set *set = rule_set_create();
	for (size_t i = 0; i < config->preset_count; i++) {
		const char *error;
		if (!rule_set_add_preset(set, &config->presets[i], &error)) {
			fprintf(stderr, "%s: error: %s\n", path, error);
			note(c, EXIT_BAD);
			c->errors++;
		}
	}
	rule_set_destroy(set);
}

/* Only warnings: where configurations are checked, the secrets need not be. */
static void check_access(struct check *c, const char *path, struct config *config) {
	struct strbuf messages = STRBUF_INIT;
	config_set_folder(config, file_folder(path), &c->arena);
	access_check(config, path, &messages);
	fputs(messages.len > 0 ? messages.ptr : "", stderr);
	strbuf_finish(&messages);
}

static void check_config(struct check *c, const char *path, struct str text) {
	struct diags diags;
	struct config config;
	diags_init(&diags, &c->arena);
	config_init(&config);
	bool good = config_parse(text, &c->arena, &diags, &config);
	diags_sort(&diags);
	show(c, &diags, path, text);
	if (!good) {
		return;
	}
	say_good(c, path, "a configuration");
	check_presets(c, path, &config);
	check_access(c, path, &config);
	struct file_list list = {0};
	struct str folder = file_folder(path);
	const char *start = arena_dup(&c->arena, folder).ptr;
	for (size_t i = 0; i < config.rule_file_count; i++) {
		size_t before = list.count;
		files_glob(start, config.rule_files[i], &c->arena, &list);
		if (list.count == before) {
			fprintf(stderr, "%s: warning: no rule file matches \"%.*s\"\n", path,
					STR_FMT(config.rule_files[i]));
		}
	}
	for (size_t i = 0; i < list.count; i++) {
		check_path(c, list.paths[i]);
	}
}

/* At the beginning of a line, or of the text. */
static bool has_groups(struct str text) {
	return str_starts_with(text, STR("groups:")) || str_find(text, STR("\ngroups:")) < text.len;
}

/* What has no "groups" and is no manifest is taken for a configuration, if it looks like a mapping at all; an empty file is an
 * empty rule file. */
static bool is_config(struct str text) {
	struct arena scratch;
	struct diags ignored;
	struct yaml_document *documents;
	size_t count = 0;
	arena_init(&scratch);
	diags_init(&ignored, &scratch);
	bool config = false;
	if (!yaml_parse(text, &scratch, &ignored, &documents, &count)) {
		config = !has_groups(text); /* its secrets are not to be shown */
	} else if (count > 0) {
		const struct yaml_node *root = documents[0].root;
		config = root != NULL && root->kind == YAML_MAPPING && root->count > 0 &&
				 yaml_find(root, "groups") == NULL && !manifest_is(documents, count);
	}
	arena_finish(&scratch);
	return config;
}

static void check_path(struct check *c, const char *path) {
	struct strbuf text = STRBUF_INIT;
	const char *error;
	bool is_stdin = str_equal(str_from(path), STR("-"));
	c->files++;
	bool read = is_stdin ? file_read_stdin(LIMIT_FILE_BYTES, &text, &c->arena, &error)
						 : file_read(path, LIMIT_FILE_BYTES, &text, &c->arena, &error);
	if (!read) {
		fprintf(stderr, "tocsin check: %s\n", error);
		c->code = EXIT_UNABLE;
	} else if (is_config(strbuf_str(&text))) {
		check_config(c, is_stdin ? "<stdin>" : path, strbuf_str(&text));
	} else {
		check_rules(c, is_stdin ? "<stdin>" : path, strbuf_str(&text));
	}
	strbuf_finish(&text);
}

static enum exit_code check_operands(const struct options *options, struct check *c) {
	if (options->operand_count == 0) {
		return options_complain(&command_check, "which FILE? (\"-\" is the standard input)");
	}
	c->quiet = options_get(options, "quiet") != NULL;
	struct file_list list = {0};
	for (int i = 0; i < options->operand_count; i++) {
		struct str operand = str_from(options->operands[i]);
		files_glob(NULL, operand, &c->arena, &list);
		if (list.count == 0) {
			fprintf(stderr, "tocsin check: no file is called %s\n", options->operands[i]);
			c->code = EXIT_UNABLE;
		}
	}
	for (size_t i = 0; i < list.count; i++) {
		check_path(c, list.paths[i]);
	}
	if (c->errors > 0) {
		fprintf(stderr, "%zu error%s in %zu file%s\n", c->errors, c->errors == 1 ? "" : "s",
				c->files, c->files == 1 ? "" : "s");
	}
	return c->code;
}

static enum exit_code run(int argc, char **argv) {
	struct check c = {.code = EXIT_FINE};
	struct options options;
	arena_init(&c.arena);
	enum options_outcome outcome = options_parse(&spec, argc, argv, &c.arena, &options);
	enum exit_code code = outcome == OPTIONS_READ     ? check_operands(&options, &c)
						  : outcome == OPTIONS_HELPED ? EXIT_FINE
													  : EXIT_USAGE;
	arena_finish(&c.arena);
	return code;
}

const struct command command_check = {.name = "check",
									  .operand = "FILE...",
									  .summary = "judge rule files and configuration",
									  .run = run};
