#include <stdio.h>

#include "cli/options.h"
#include "engine/io/libraries.h"

static const struct options_spec spec = {
	.command = &command_version,
	.about = "Says which tocsin this is, and with which libraries it runs.\n",
};

static enum exit_code run(const struct options *o, struct arena *a) {
	(void)o;
	(void)a;
	struct strbuf libraries = STRBUF_INIT;
	libraries_print(&libraries);
	printf("tocsin %s\n%s\n", TOCSIN_VERSION, libraries.ptr);
	strbuf_finish(&libraries);
	return EXIT_FINE;
}

const struct command command_version = {
	.name = "version", .summary = "say which tocsin this is", .run = run, .spec = &spec};
