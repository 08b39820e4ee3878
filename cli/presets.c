#include <stdio.h>

#include "cli/options.h"
#include "rules/preset.h"

static const struct option_row rows[] = {
	{.flag = "set",
	 .letter = 's',
	 .argument = "NAME=VALUE",
	 .help = "give a parameter another value",
	 .repeats = true},
};

static const struct options_spec spec = {
	.command = &command_presets,
	.about =
		"Without NAME, lists the rule files that are built in, with their parameters. With NAME, prints that one as an\n"
		"ordinary Prometheus rule file.\n",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.examples =
		"Example, for a server that counts requests instead of predictions:\n"
		"  tocsin presets generic --set predictions=http_requests_total --set by=service > rules.yml\n",
};

static enum exit_code list(struct arena *a) {
	size_t count;
	const struct preset *all = presets(&count);
	for (size_t i = 0; i < count; i++) {
		printf("%s  %s\n", all[i].name, all[i].title);
		size_t parameters;
		const struct preset_parameter *p = preset_parameters(&all[i], a, &parameters);
		for (size_t k = 0; k < parameters; k++) {
			printf("  %-12.*s = %-28.*s %.*s\n", STR_FMT(p[k].name), STR_FMT(p[k].value),
				   STR_FMT(p[k].help));
		}
	}
	return EXIT_FINE;
}

/* NAME=VALUE of every --set. */
static bool read_values(const struct options *options, struct preset_parameter *values) {
	for (size_t i = 0; i < options->flag_count; i++) {
		struct str text = str_from(options->flags[i].value);
		size_t equals = str_find(text, STR("="));
		if (equals == text.len) {
			options_complain(&command_presets, "--set %s: NAME=VALUE is expected",
							 options->flags[i].value);
			return false;
		}
		values[i].name = str_trim(str_slice(text, 0, equals));
		values[i].value = str_slice(text, equals + 1, text.len);
	}
	return true;
}

static enum exit_code print_one(const char *name, const struct options *options, struct arena *a) {
	const struct preset *p = preset_find(str_from(name));
	if (p == NULL) {
		return options_complain(&command_presets,
								"there is no preset \"%s\"; `tocsin presets` lists them", name);
	}
	struct preset_parameter *values = ARENA_ARRAY(a, struct preset_parameter, options->flag_count);
	if (!read_values(options, values)) {
		return EXIT_USAGE;
	}
	struct strbuf out = STRBUF_INIT;
	const char *error = NULL;
	bool good = preset_render(p, values, options->flag_count, a, &out, &error);
	if (good) {
		fwrite(out.ptr, 1, out.len, stdout);
	} else {
		fprintf(stderr, "tocsin presets: %s\n", error);
	}
	strbuf_finish(&out);
	return good ? EXIT_FINE : EXIT_BAD;
}

static enum exit_code present(const struct options *options, struct arena *a) {
	if (options->operand_count == 0) {
		return list(a);
	}
	if (options->operand_count > 1) {
		return options_complain(&command_presets, "one NAME at a time");
	}
	return print_one(options->operands[0], options, a);
}

const struct command command_presets = {.name = "presets",
										.operand = "[NAME]",
										.summary = "list the built-in rule files, or print one",
										.run = present,
										.spec = &spec};
