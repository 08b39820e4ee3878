#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/url.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "cli/variables.h"
#include "engine/io/clock.h"
#include "engine/io/runner.h"

#define OWN_ROWS 1 /* before those of the configuration */

/* The options are the configuration's, so that none can be forgotten. */
static void make_rows(struct arena *a, struct options_spec *spec) {
	size_t count;
	const struct config_option *settings = config_options(&count);
	struct option_row *rows = ARENA_ARRAY(a, struct option_row, OWN_ROWS + count);
	rows[0] = (struct option_row){.flag = "config",
								  .letter = 'c',
								  .variable = "TOCSIN_CONFIG",
								  .argument = "FILE",
								  .help =
									  "the configuration, in YAML; keys as in the dotted names of "
									  "docs/configuration.md"};
	for (size_t i = 0; i < count; i++) {
		rows[OWN_ROWS + i] = (struct option_row){.flag = settings[i].flag,
												 .variable = settings[i].variable,
												 .argument = settings[i].argument,
												 .help = settings[i].help,
												 .choices = settings[i].choices,
												 .repeats = settings[i].repeats};
	}
	spec->rows = rows;
	spec->count = OWN_ROWS + count;
}

/* ---- from options to settings ---- */

/* config_options() and the rows run in step. */
static const char *setting_of(const struct options *o, const struct option_row *row) {
	size_t index = (size_t)(row - o->spec->rows), count;
	return index < OWN_ROWS ? NULL : config_options(&count)[index - OWN_ROWS].name;
}

static void add_setting(struct loader *l, struct arena *a, const struct options *o,
						const struct option_given *given, bool is_flag) {
	const char *name = setting_of(o, given->row);
	if (name != NULL) {
		l->settings[l->setting_count++] = (struct loader_setting){
			.name = name,
			.value = given->value,
			.source = is_flag ? arena_printf(a, "--%s", given->row->flag) : given->row->variable};
	}
}

/* Variables first, and only those that no flag outdoes: of a list, the two are not mixed. */
static void make_loader(struct loader *l, struct arena *a, const struct options *o) {
	*l = (struct loader){.path = options_get(o, "config")};
	if (l->path != NULL && l->path[0] == '\0') {
		l->path = NULL; /* an empty TOCSIN_CONFIG */
	}
	l->settings = ARENA_ARRAY(a, struct loader_setting, o->variable_count + o->flag_count);
	l->style.color = terminal_color(STDERR_FILENO);
	for (size_t i = 0; i < o->variable_count; i++) {
		bool outdone = false;
		for (size_t k = 0; k < o->flag_count; k++) {
			outdone = outdone || o->flags[k].row == o->variables[i].row;
		}
		if (!outdone) {
			add_setting(l, a, o, &o->variables[i], false);
		}
	}
	for (size_t i = 0; i < o->flag_count; i++) {
		add_setting(l, a, o, &o->flags[i], true);
	}
}

/* ---- running ---- */

static enum exit_code run_loop(const struct runner_options *options, struct arena *arena,
							   const struct config *config, struct rule_set *set) {
	struct strbuf error = STRBUF_INIT;
	enum exit_code code = EXIT_FINE;
	struct uv_loop_s *loop = runner_loop_create();
	if (runner_create(loop, options, arena, config, set, &error) != NULL) {
		runner_loop_run(loop);
	} else {
		fprintf(stderr, "tocsin run: %s\n", error.ptr);
		supervisor_tell_failed(options->supervisor, strbuf_str(&error));
		code = EXIT_UNABLE;
	}
	runner_loop_destroy(loop);
	strbuf_finish(&error);
	return code;
}

/* What has no place in a file says who says it. */
static void print_messages(struct str messages) {
	while (messages.len > 0) {
		size_t end = str_find(messages, STR("\n"));
		struct str line = str_slice(messages, 0, end < messages.len ? end + 1 : end);
		bool is_own =
			str_starts_with(line, STR("error: ")) || str_starts_with(line, STR("warning: "));
		fprintf(stderr, "%s%.*s", is_own ? "tocsin run: " : "", STR_FMT(line));
		messages = str_slice(messages, line.len, messages.len);
	}
}

/* The line that says it; empty: there is none. */
static struct str first_error(struct str messages) {
	while (messages.len > 0) {
		size_t end = str_find(messages, STR("\n"));
		struct str line = str_slice(messages, 0, end);
		if (str_find(line, STR("error: ")) < line.len) {
			return line;
		}
		messages = str_slice(messages, end < messages.len ? end + 1 : end, messages.len);
	}
	return STR_EMPTY;
}

static enum exit_code load_and_run(const struct loader *loader, struct supervisor *supervisor) {
	static const enum exit_code codes[] = {
		[LOADER_BAD] = EXIT_BAD, [LOADER_UNABLE] = EXIT_UNABLE, [LOADER_MISUSED] = EXIT_USAGE};
	struct arena *arena = mem_calloc(1, sizeof *arena);
	struct config config;
	struct rule_set *set;
	struct strbuf messages = STRBUF_INIT;
	arena_init(arena);
	ts_ms began = clock_wall();
	enum loader_outcome outcome = loader_load(loader, NULL, arena, &config, &set, &messages);
	print_messages(strbuf_str(&messages));
	if (outcome != LOADER_FINE && outcome != LOADER_PARTLY) {
		supervisor_tell_failed(supervisor, first_error(strbuf_str(&messages)));
		strbuf_finish(&messages);
		arena_finish(arena);
		free(arena);
		return codes[outcome];
	}
	const struct runner_options options = {
		.loader = *loader,
		.version = TOCSIN_VERSION,
		.load_began = began,
		.load_failure = outcome == LOADER_PARTLY
							? arena_dup(arena, first_error(strbuf_str(&messages))).ptr
							: NULL,
		.log_fd = STDERR_FILENO,
		.supervisor = supervisor,
		.handles_signals = true};
	strbuf_finish(&messages);
	return run_loop(&options, arena, &config, set);
}

static enum exit_code run_supervised(const struct loader *loader) {
	struct strbuf error = STRBUF_INIT;
	enum exit_code code = EXIT_UNABLE;
	struct supervisor *supervisor = supervisor_create(&error);
	if (supervisor != NULL) {
		code = load_and_run(loader, supervisor);
	} else {
		fprintf(stderr, "tocsin run: %s\n", error.ptr);
	}
	supervisor_destroy(supervisor);
	strbuf_finish(&error);
	return code;
}

static void describe(struct arena *a, struct options_spec *ret_spec) {
	*ret_spec = (struct options_spec){
		.command = &command_run,
		.about =
			"Evaluates alerting rules at an interval and tells Alertmanager what fires and what is resolved.\n\n"
			"Without any option: Prometheus on http://localhost:9090, Alertmanager on http://localhost:9093,\n"
			"three built-in rules for a model server (see: tocsin presets), and an API on 127.0.0.1:9099:\n"
			"/api/v1/rules and /api/v1/alerts as Prometheus has them, /metrics, /-/healthy, /-/ready.\n\n"
			"A setting is taken from the option, else from its environment variable, else from the file,\n"
			"else the default in parentheses counts. A list that an option gives replaces the file's.\n\n"
			"SIGHUP reads the file and the rules again, --watch does so whenever they change; what is bad\n"
			"stays as it was.\n"
			"SIGTERM and SIGINT stop it once what is queued is delivered; a second one stops it at once.\n\n"
			"Under systemd (Type=notify) it says when it is ready and how it is, feeds the watchdog, and\n"
			"listens on the socket that a .socket unit passes on.\n\n"
			"Exit code 0: stopped by a signal. 1: configuration or rules are bad. 2: wrong usage.\n"
			"3: a file could not be read, or the address is not free.\n",
		.examples =
			"Examples:\n"
			"  tocsin run\n"
			"  tocsin run --prometheus http://prom:9090 --alertmanager http://am-1:9093 "
			"--alertmanager http://am-2:9093\n"
			"  tocsin run --rules 'rules/*.yml' --interval 30s\n"
			"  tocsin run -c tocsin.yml --log-format json\n",
	};
	make_rows(a, ret_spec);
}

static enum exit_code run(const struct options *o, struct arena *a) {
	struct loader loader;
	if (o->operand_count > 0) {
		struct strbuf shown = STRBUF_INIT;
		url_mask(&shown, str_from(o->operands[0]));
		options_complain(&command_run, "unexpected argument \"%s\"",
						 shown.len > 0 ? shown.ptr : "");
		strbuf_finish(&shown);
		return EXIT_USAGE;
	}
	variables_warn(&command_run, a);
	make_loader(&loader, a, o);
	return run_supervised(&loader);
}

const struct command command_run = {.name = "run",
									.summary = "evaluate rules and notify Alertmanager",
									.run = run,
									.describe = describe};
