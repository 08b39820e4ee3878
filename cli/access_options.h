/* The options that say how to get into a Prometheus: those of the configuration, for commands that ask a server. */
#ifndef CLI_ACCESS_OPTIONS_H
#define CLI_ACCESS_OPTIONS_H

#include "cli/options.h"
#include "engine/config/config.h"

/* A command's own options, then those of the way in. */
void access_options_describe(const struct options_spec *own, struct arena *a,
							 struct options_spec *ret_spec);

/* Sets what was given, and finishes the configuration. false: something is wrong, and a message was printed. */
bool access_options_read(const struct options *o, struct config *c, struct arena *a);

/* One setting of the configuration under a flag of the command's own; complains without showing a password. */
bool access_options_set(const struct options *o, const char *flag, const char *setting,
						struct config *c, struct arena *a);

#endif
