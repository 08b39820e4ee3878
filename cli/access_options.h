/* The options that say how to get into a Prometheus: those of the configuration, for commands that ask a server. */
#ifndef CLI_ACCESS_OPTIONS_H
#define CLI_ACCESS_OPTIONS_H

#include "cli/options.h"
#include "engine/config/config.h"

/* A command's own options, then those of the way in. */
struct access_options {
	struct options_spec spec; /* to be parsed by */
	const char **names; /* of the settings behind the rows; NULL: an option of the command's own */
};
void access_options_init(struct access_options *x, const struct options_spec *own, struct arena *a);

/* Sets what was given, and finishes the configuration. false: something is wrong, and a message was printed. */
bool access_options_read(const struct access_options *x, const struct options *o, struct config *c,
						 struct arena *a);

/* One setting of the configuration under a flag of the command's own; complains without showing a password. */
bool access_options_set(const struct command *command, const struct options *o, const char *flag,
						const char *setting, struct config *c, struct arena *a);

#endif
