#include <stdio.h>

#include "cli/options.h"
#include "engine/io/libraries.h"

static const struct options_spec spec = {
	.command = &command_version,
	.about = "Says which tocsin this is, and with which libraries it runs.\n",
};

static enum exit_code run(int argc, char **argv) {
	struct arena a;
	struct options options;
	arena_init(&a);
	enum options_outcome outcome = options_parse(&spec, argc, argv, &a, &options);
	arena_finish(&a);
	if (outcome != OPTIONS_READ) {
		return outcome == OPTIONS_HELPED ? EXIT_FINE : EXIT_USAGE;
	}
	struct strbuf libraries = STRBUF_INIT;
	libraries_print(&libraries);
	printf("tocsin %s\n%s\n", TOCSIN_VERSION, libraries.ptr);
	strbuf_finish(&libraries);
	return EXIT_FINE;
}

static void describe(struct arena *a, struct options_spec *ret_spec) {
	(void)a;
	*ret_spec = spec;
}

const struct command command_version = {
	.name = "version", .summary = "say which tocsin this is", .run = run, .describe = describe};
