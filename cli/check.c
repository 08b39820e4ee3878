#include "cli/check.h"

#include <stdio.h>
#include <unistd.h>

#include "base/duration.h"
#include "cli/access_options.h"
#include "cli/terminal.h"

static const struct option_row rows[] = {
	{.flag = "quiet", .letter = 'q', .help = "say nothing about files that are good"},
	{.flag = "format",
	 .letter = 'f',
	 .variable = "TOCSIN_CHECK_FORMAT",
	 .argument = "FORMAT",
	 .help = "text, json, junit, github, sarif or checkstyle (text)",
	 .choices = "text json junit github sarif checkstyle"},
	{.flag = "max-problems",
	 .argument = "COUNT",
	 .help = "how many errors are shown, and how many others; 0: all (50; all in other formats)"},
	{.flag = "severity",
	 .argument = "SEVERITY",
	 .help = "the least that is shown: error, warning or info (info)",
	 .choices = "error warning info"},
	{.flag = "fail-on",
	 .variable = "TOCSIN_CHECK_FAIL_ON",
	 .argument = "SEVERITY",
	 .help = "the least that makes the exit code 1: error, warning, info or never (error)",
	 .choices = "error warning info never"},
	{.flag = "disable",
	 .letter = 'd',
	 .variable = "TOCSIN_CHECK_DISABLE",
	 .argument = "LINT",
	 .help = "switch a lint off, or all of them; they are listed by --list-lints",
	 .repeats = true},
	{.flag = "enable",
	 .letter = 'e',
	 .variable = "TOCSIN_CHECK_ENABLE",
	 .argument = "LINT",
	 .help = "switch it on again: --disable all --enable never-fires",
	 .repeats = true},
	{.flag = "require",
	 .letter = 'r',
	 .variable = "TOCSIN_CHECK_REQUIRE",
	 .argument = "WHAT",
	 .help =
		 "every alert needs label:NAME or annotation:NAME; with =REGEX also what the value is like",
	 .repeats = true},
	{.flag = "scrape-interval",
	 .variable = "TOCSIN_CHECK_SCRAPE_INTERVAL",
	 .argument = "DURATION",
	 .help = "how often targets are scraped, so that ranges that are too short are found"},
	{.flag = "fix", .help = "write expressions in their canonical form, in place"},
	{.flag = "diff", .help = "show what --fix would change, and exit with 1 if it would anything"},
	{.flag = "ignore-unknown-fields", .help = "keys that Prometheus does not know are no errors"},
	{.flag = "lint",
	 .argument = "LINTS",
	 .help = "as in promtool: all, none or duplicate-rules, or any lints, separated by commas"},
	{.flag = "lint-fatal",
	 .help = "promtool's exit codes: 1 for files that do not load, 3 for what lints find"},
	{.flag = "list-lints", .help = "print every lint with its severity"},
	{.flag = "prometheus",
	 .argument = "URL",
	 .help = "also hold the rules against the series of this server"},
	{.flag = "max-series",
	 .argument = "COUNT",
	 .help = "with --prometheus, how many series a rule may select"},
	{.flag = "timeout",
	 .variable = "TOCSIN_PROMETHEUS_TIMEOUT",
	 .argument = "DURATION",
	 .help = "how long one of its answers may take (30s)"},
};

static const struct options_spec spec = {
	.command = &command_check,
	.about =
		"Judges rule files, Kubernetes manifests with PrometheusRule objects, rule-test files, tocsin's own configuration\n"
		"and web configurations, told apart by what is in them, and looks for what is wrong or probably not meant in rules\n"
		"that load (lints). Everything is printed with its place in the file. A FILE may be a pattern, or a folder, of which\n"
		"every *.yml and *.yaml is taken that is one of these. \"-\" is the standard input. The files that a configuration\n"
		"names are judged with it.\n\n"
		"A comment switches lints off, for the rule or group that it stands in or above, or at the top for the file:\n"
		"    # tocsin: disable=no-condition,missing-for\n\n"
		"Exit code 0: no errors; warnings and infos do not count unless --fail-on says so. 1: there are errors. 3: a file\n"
		"could not be read, a folder has nothing to check, or the server could not be asked.\n",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.examples =
		"Examples:\n"
		"  tocsin check rules/\n"
		"  tocsin check --require label:team --require annotation:runbook_url rules/*.yml\n"
		"  tocsin check --prometheus http://prometheus.example:9090 --max-series 50000 rules/\n"
		"  tocsin check --format sarif rules/ > tocsin.sarif\n"
		"  tocsin check --diff rules/\n"
		"  tocsin presets generic | tocsin check -\n",
};

/* ---- options ---- */

static const char *const severities[] = {"error", "warning", "info", "never"};

static void complain_of_word(const char *flag, const char *value, const char *const *words,
							 size_t count) {
	struct strbuf known = STRBUF_INIT;
	for (size_t i = 0; i < count; i++) {
		strbuf_printf(&known, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " or ", words[i]);
	}
	options_complain(&command_check, "--%s %s: %s is expected", flag, value, known.ptr);
	strbuf_finish(&known);
}

static bool read_word(const struct options *o, const char *flag, const char *const *words,
					  size_t count, int *ret_index) {
	const char *value = options_get(o, flag);
	for (size_t i = 0; value != NULL && i < count; i++) {
		if (strcmp(value, words[i]) == 0) {
			*ret_index = (int)i;
			return true;
		}
	}
	if (value != NULL) {
		complain_of_word(flag, value, words, count);
	}
	return value == NULL;
}

static bool read_count(const struct options *o, const char *flag, size_t *ret_count) {
	const char *value = options_get(o, flag);
	char *end;
	if (value == NULL) {
		return true;
	}
	unsigned long long number = strtoull(value, &end, 10);
	if (value[0] < '0' || value[0] > '9' || *end != '\0' || number > SIZE_MAX / 2) {
		options_complain(&command_check, "--%s %s: a number is expected", flag, value);
		return false;
	}
	*ret_count = (size_t)number;
	return true;
}

static bool switch_lints(struct lint_set *set, struct str names, bool on, const char *flag) {
	while (names.len > 0) {
		size_t end = str_find(names, STR(","));
		struct str name = str_trim(str_slice(names, 0, end));
		if (name.len > 0 && !lint_set_switch(set, name, on)) {
			options_complain(&command_check, "--%s: there is no lint \"%.*s\"; see --list-lints",
							 flag, STR_FMT(name));
			return false;
		}
		names = str_slice(names, end < names.len ? end + 1 : end, names.len);
	}
	return true;
}

/* In the order of the command line: the later word counts. */
static bool read_switches(const struct option_given *items, size_t count, struct lint_set *set) {
	for (size_t i = 0; i < count; i++) {
		const char *flag = items[i].row->flag;
		struct str value = str_from(items[i].value);
		bool disable = flag != NULL && strcmp(flag, "disable") == 0;
		bool enable = flag != NULL && strcmp(flag, "enable") == 0;
		bool lint = flag != NULL && strcmp(flag, "lint") == 0;
		if (lint) {
			set->bits = 0;
			value = str_equal(value, STR("none")) ? STR_EMPTY : value;
		}
		if ((disable || enable || lint) && !switch_lints(set, value, !disable, flag)) {
			return false;
		}
	}
	return true;
}

/* What would not be shown is not looked for. */
static void drop_below(struct lint_set *set, enum diag_severity shown) {
	for (int id = 0; id < LINT_COUNT; id++) {
		if (lint_get((enum lint_id)id)->severity > shown) {
			set->bits &= ~(UINT64_C(1) << id);
		}
	}
}

static bool read_requirements(const struct options *o, struct check_options *c, struct arena *a) {
	size_t most = o->flag_count + o->variable_count;
	struct lint_requirement *required = ARENA_ARRAY(a, struct lint_requirement, most + 1);
	const struct option_given *given[] = {o->variables, o->flags};
	size_t counts[] = {o->variable_count, o->flag_count};
	c->lint.required = required;
	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < counts[i]; j++) {
			const char *flag = given[i][j].row->flag, *error;
			if (flag == NULL || strcmp(flag, "require") != 0) {
				continue;
			}
			if (!lint_requirement_parse(str_from(given[i][j].value), a,
										&required[c->lint.required_count], &error)) {
				options_complain(&command_check, "--require %s: %s", given[i][j].value, error);
				return false;
			}
			c->lint.required_count++;
		}
	}
	return true;
}

static bool read_scrape_interval(const struct options *o, struct check_options *c,
								 struct arena *a) {
	const char *value = options_get(o, "scrape-interval"), *error;
	if (value == NULL || duration_parse(str_from(value), a, &c->lint.scrape_interval, &error)) {
		return true;
	}
	options_complain(&command_check, "--scrape-interval %s: %s", value, error);
	return false;
}

static bool read_server(const struct options *o, struct check_options *c, struct arena *a) {
	c->asks_server = options_get(o, "prometheus") != NULL;
	if (!c->asks_server && c->max_series > 0) {
		options_complain(&command_check, "--max-series needs --prometheus");
		return false;
	}
	config_init(&c->config);
	return !c->asks_server ||
		   (access_options_set(o, "prometheus", "prometheus.url", &c->config, a) &&
			access_options_set(o, "timeout", "prometheus.timeout", &c->config, a) &&
			access_options_read(o, &c->config, a));
}

#define SHOWN_OF_TEXT 50 /* problems: more than a screen is not read */

static bool read_report(const struct options *o, struct check_options *c) {
	int format = REPORT_TEXT, fail_on = DIAG_ERROR, shown = DIAG_INFO;
	if (!read_word(o, "format", report_format_names, REPORT_FORMATS, &format) ||
		!read_word(o, "fail-on", severities, 4, &fail_on) ||
		!read_word(o, "severity", severities, 3, &shown)) {
		return false;
	}
	c->shown = (enum diag_severity)shown;
	c->report = (struct report_options){
		.format = (enum report_format)format,
		.style = {.color = terminal_color(STDERR_FILENO)},
		.max_problems = format == REPORT_TEXT ? SHOWN_OF_TEXT : 0,
		.fail_on = fail_on == 3 ? DIAG_ERROR : (enum diag_severity)fail_on,
		.never_fails = fail_on == 3,
		.version = TOCSIN_VERSION,
	};
	return read_count(o, "max-problems", &c->report.max_problems);
}

/* A difference in the midst of a document would make it one that no program reads. */
static bool check_stdout(const struct check_options *c) {
	bool good = !c->diff || c->report.format == REPORT_TEXT;
	if (!good) {
		options_complain(&command_check,
						 "--diff goes with --format text only: both print on stdout");
	}
	return good;
}

static bool read_options(const struct options *o, struct check_options *c, struct arena *a) {
	*c = (struct check_options){
		.quiet = options_get(o, "quiet") != NULL,
		.lint_fatal = options_get(o, "lint-fatal") != NULL,
		.fix = options_get(o, "fix") != NULL,
		.diff = options_get(o, "diff") != NULL,
	};
	lint_options_init(&c->lint);
	c->lint.ignore_unknown = options_get(o, "ignore-unknown-fields") != NULL;
	if (c->fix && c->diff) {
		options_complain(&command_check, "--fix or --diff");
		return false;
	}
	if (!read_report(o, c) || !check_stdout(c) ||
		!read_switches(o->variables, o->variable_count, &c->lint.enabled) ||
		!read_switches(o->flags, o->flag_count, &c->lint.enabled) || !read_requirements(o, c, a) ||
		!read_scrape_interval(o, c, a) || !read_count(o, "max-series", &c->max_series) ||
		!read_server(o, c, a)) {
		return false;
	}
	drop_below(&c->lint.enabled, c->shown);
	return true;
}

static void finish_options(struct check_options *c) {
	for (size_t i = 0; i < c->lint.required_count; i++) {
		struct lint_requirement q = c->lint.required[i];
		lint_requirement_finish(&q);
	}
}

/* ---- the command ---- */

static enum exit_code list_lints(void) {
	for (int id = 0; id < LINT_COUNT; id++) {
		const struct lint *lint = lint_get((enum lint_id)id);
		printf("%-24s %-8s %s%s\n", lint->name, severities[lint->severity], lint->summary,
			   lint->needs_server ? " (--prometheus)" : "");
	}
	return EXIT_FINE;
}

static enum exit_code check_operands(const struct options *o, struct arena *a) {
	struct check_options options;
	struct check c = {.options = &options};
	if (options_get(o, "list-lints") != NULL) {
		return list_lints();
	}
	if (o->operand_count == 0) {
		return options_complain(&command_check, "which FILE? (\"-\" is the standard input)");
	}
	enum exit_code code = EXIT_USAGE;
	if (read_options(o, &options, a)) {
		arena_init(&c.arena);
		for (int i = 0; i < o->operand_count; i++) {
			check_add_operand(&c, o->operands[i]);
		}
		code = check_run(&c);
		arena_finish(&c.arena);
	}
	finish_options(&options);
	return code;
}

static void describe(struct arena *a, struct options_spec *ret_spec) {
	access_options_describe(&spec, a, ret_spec);
}

const struct command command_check = {.name = "check",
									  .operand = "FILE...",
									  .summary = "judge rule files and configuration",
									  .run = check_operands,
									  .describe = describe};
