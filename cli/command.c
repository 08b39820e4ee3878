#include "cli/command.h"

#include <string.h>

#include "cli/options.h"

/* One a line: */
/* clang-format off */
const struct command *const commands[] = {
	&command_run,
	&command_check,
	&command_test,
	&command_query,
	&command_presets,
	&command_health,
	&command_completion,
	&command_manual,
	&command_version,
};
/* clang-format on */
const size_t command_count = sizeof(commands) / sizeof(commands[0]);

const struct command *command_find(const char *name) {
	for (size_t i = 0; i < command_count; i++) {
		if (strcmp(commands[i]->name, name) == 0) {
			return commands[i];
		}
	}
	return NULL;
}

void command_describe(const struct command *c, struct arena *a, struct options_spec *ret_spec) {
	if (c->spec != NULL) {
		*ret_spec = *c->spec;
	} else {
		c->describe(a, ret_spec);
	}
}

enum exit_code command_start(const struct command *c, int argc, char **argv) {
	struct arena a;
	struct options_spec spec;
	struct options options;
	arena_init(&a);
	command_describe(c, &a, &spec);
	enum exit_code code = EXIT_USAGE;
	switch (options_parse(&spec, argc, argv, &a, &options)) {
	case OPTIONS_READ: code = c->run(&options, &a); break;
	case OPTIONS_HELPED: code = EXIT_FINE; break;
	case OPTIONS_WRONG: break;
	}
	arena_finish(&a);
	return code;
}
