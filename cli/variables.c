#include "cli/variables.h"

#include <stdio.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "cli/options.h"

#define PREFIX "TOCSIN_"

static bool is_in(const struct options_spec *spec, struct str name) {
	for (size_t i = 0; i < spec->count; i++) {
		const char *variable = spec->rows[i].variable;
		if (variable != NULL && str_equal(name, str_from(variable))) {
			return true;
		}
	}
	return false;
}

/* A container has the variables of all commands: its health check is one of them. */
static bool is_read(struct str name, struct arena *a) {
	for (size_t i = 0; i < command_count; i++) {
		struct options_spec spec = {0};
		command_describe(commands[i], a, &spec);
		if (is_in(&spec, name)) {
			return true;
		}
	}
	return false;
}

static bool has(struct str name, const char *part) {
	return str_find(name, str_from(part)) < name.len;
}

/* Of a Service named tocsin: TOCSIN_SERVICE_HOST, TOCSIN_SERVICE_PORT_HTTP, TOCSIN_PORT, TOCSIN_PORT_9099_TCP_ADDR; of tocsin-x the
 * same with TOCSIN_X_. */
static bool is_service_link(struct str name) {
	return str_ends_with(name, STR("_SERVICE_HOST")) || has(name, "_SERVICE_PORT") ||
		   str_ends_with(name, STR("_PORT")) || has(name, "_TCP") || has(name, "_UDP");
}

void variables_warn(const struct command *command, struct arena *a) {
	for (char **entry = environ; *entry != NULL; entry++) {
		struct str line = str_from(*entry);
		struct str name = str_slice(line, 0, str_find(line, STR("=")));
		if (!str_starts_with(name, STR(PREFIX)) || is_service_link(name) || is_read(name, a)) {
			continue;
		}
		const char *message = arena_printf(
			a, "warning: there is no variable %.*s, it counts for nothing", STR_FMT(name));
		options_report(command, message);
	}
}
