#include "cli/command.h"

#include <string.h>

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
