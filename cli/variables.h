/* Variables of the environment that look like tocsin's. */
#ifndef CLI_VARIABLES_H
#define CLI_VARIABLES_H

#include "cli/command.h"

/* Warns on stderr, by their names, of variables TOCSIN_... that no command reads: a mistyped one would leave a default in force
 * that nobody expects. Not of those that Kubernetes sets for each Service. */
void variables_warn(const struct command *command, struct arena *a);

#endif
