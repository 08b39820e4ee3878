#include <stdio.h>
#include <unistd.h>

#include "cli/options.h"
#include "engine/io/access.h"
#include "engine/io/files.h"
#include "engine/io/web_access.h"
#include "engine/limits.h"
#include "engine/rule_set.h"
#include "rules/manifest.h"

static const struct option_row rows[] = {
	{.flag = "quiet", .letter = 'q', .help = "say nothing about files that are good"},
};

static const struct options_spec spec = {
	.command = &command_check,
	.about =
		"Judges rule files, tocsin's own configuration and web configurations, told apart by what is in them: a rule file has\n"
		"the key \"groups\" or is a Kubernetes manifest with PrometheusRule objects, a web configuration has\n"
		"\"tls_server_config\", \"basic_auth_users\" and the like.\n"
		"Every error is printed with its place in the file. A FILE may be a pattern; \"-\" is the standard input.\n"
		"The files that a configuration names are judged with it.\n\n"
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

static bool wants_color(void) {
	return isatty(STDERR_FILENO) && getenv("NO_COLOR") == NULL;
}

static void show(struct check *c, const struct diags *diags, const char *path, struct str text) {
	if (diags->errors > 0) {
		note(c, EXIT_BAD);
		c->errors += diags->errors;
	}
	struct strbuf out = STRBUF_INIT;
	diags_render(&out, diags, path, text, (struct diag_style){.color = wants_color()});
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

static size_t count_errors(struct str messages) {
	size_t count = 0;
	while (messages.len > 0) {
		size_t at = str_find(messages, STR(": error: "));
		count += at < messages.len;
		messages = str_slice(messages, at < messages.len ? at + 1 : at, messages.len);
	}
	return count;
}

/* With the certificates that it names. */
static void check_web(struct check *c, const char *path) {
	struct strbuf messages = STRBUF_INIT;
	bool unreadable;
	struct web_access *access = web_access_load(
		str_from(path), (struct diag_style){.color = wants_color()}, &messages, &unreadable);
	fprintf(stderr, "%s%s", unreadable ? "tocsin check: " : "",
			messages.ptr != NULL ? messages.ptr : "");
	if (access != NULL) {
		say_good(c, path, "a web configuration");
	} else if (unreadable) {
		c->code = EXIT_UNABLE;
	} else {
		note(c, EXIT_BAD);
		c->errors += count_errors(strbuf_str(&messages));
	}
	web_access_release(access);
	strbuf_finish(&messages);
}

/* Of the standard input only the text: the files that it names begin nowhere. */
static void check_web_text(struct check *c, const char *name, struct str text) {
	struct diags diags;
	struct web_config config;
	diags_init(&diags, &c->arena);
	bool good = web_config_parse(text, &c->arena, &diags, &config);
	diags_sort(&diags);
	show(c, &diags, name, text);
	if (good) {
		say_good(c, name, "a web configuration");
	}
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
	if (config.web.config_file.len > 0) {
		c->files++;
		check_web(c, arena_dup(&c->arena, config.web.config_file).ptr);
	}
}

enum file_kind { FILE_RULES, FILE_CONFIG, FILE_WEB };

static enum file_kind kind_of_mapping(const struct yaml_node *root) {
	for (size_t i = 0; i < root->count; i++) {
		if (web_config_has_key(root->pairs[i].key->text)) {
			return FILE_WEB;
		}
	}
	return yaml_find(root, "groups") == NULL ? FILE_CONFIG : FILE_RULES;
}

/* Of what is no YAML: its secrets are not to be shown, so it is not taken for rules without need. */
static enum file_kind kind_of_lines(struct str text) {
	enum file_kind kind = FILE_CONFIG;
	while (text.len > 0) {
		size_t end = str_find(text, STR("\n"));
		struct str line = str_slice(text, 0, end),
				   key = str_slice(line, 0, str_find(line, STR(":")));
		if (web_config_has_key(key)) {
			return FILE_WEB;
		}
		kind = str_equal(key, STR("groups")) ? FILE_RULES : kind;
		text = str_slice(text, end < text.len ? end + 1 : end, text.len);
	}
	return kind;
}

/* What has no "groups" and is no manifest is taken for a configuration, if it looks like a mapping at all; an empty file is an
 * empty rule file. */
static enum file_kind kind_of(struct str text) {
	struct arena scratch;
	struct diags ignored;
	struct yaml_document *documents;
	size_t count = 0;
	arena_init(&scratch);
	diags_init(&ignored, &scratch);
	enum file_kind kind = FILE_RULES;
	if (!yaml_parse(text, &scratch, &ignored, &documents, &count)) {
		kind = kind_of_lines(text);
	} else if (count > 0) {
		const struct yaml_node *root = documents[0].root;
		if (root != NULL && root->kind == YAML_MAPPING && root->count > 0 &&
			!manifest_is(documents, count)) {
			kind = kind_of_mapping(root);
		}
	}
	arena_finish(&scratch);
	return kind;
}

static void check_text(struct check *c, const char *path, bool is_stdin, struct str text) {
	const char *name = is_stdin ? "<stdin>" : path;
	switch (kind_of(text)) {
	case FILE_RULES: check_rules(c, name, text); return;
	case FILE_CONFIG: check_config(c, name, text); return;
	case FILE_WEB:
		if (is_stdin) {
			check_web_text(c, name, text);
		} else {
			check_web(c, path);
		}
		return;
	}
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
	} else {
		check_text(c, path, is_stdin, strbuf_str(&text));
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

static void describe(struct arena *a, struct options_spec *ret_spec) {
	(void)a;
	*ret_spec = spec;
}

const struct command command_check = {.name = "check",
									  .operand = "FILE...",
									  .summary = "judge rule files and configuration",
									  .run = run,
									  .describe = describe};
