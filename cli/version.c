#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <uv.h>

#include "cli/options.h"

static enum exit_code run(int argc, char **argv) {
	static const struct options_spec spec = {
		.command = &command_version,
		.about = "Says which tocsin this is, and with which libraries it runs.\n",
	};
	struct arena a;
	struct options options;
	arena_init(&a);
	enum options_outcome outcome = options_parse(&spec, argc, argv, &a, &options);
	arena_finish(&a);
	if (outcome != OPTIONS_READ) {
		return outcome == OPTIONS_HELPED ? EXIT_FINE : EXIT_USAGE;
	}
	printf("tocsin %s\nlibuv %s, libcurl %s, libmicrohttpd %s, cJSON %s\n", TOCSIN_VERSION,
		   uv_version_string(), curl_version_info(CURLVERSION_NOW)->version, MHD_get_version(),
		   cJSON_Version());
	return EXIT_FINE;
}

const struct command command_version = {
	.name = "version", .summary = "say which tocsin this is", .run = run};
