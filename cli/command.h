/* One subcommand of tocsin: a file of its own in cli/, and a line in the table in cli/command.c. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stddef.h>

#include "base/arena.h"

struct options;
struct options_spec;

enum exit_code {
	EXIT_FINE = 0,         /* done, nothing to complain about */
	EXIT_BAD = 1,          /* the input is bad, a test failed or a gate is closed */
	EXIT_USAGE = 2,        /* the command line is wrong */
	EXIT_UNABLE = 3,       /* could not do it: network, files */
	EXIT_INCONCLUSIVE = 4, /* gate without data */
};

struct command {
	const char *name; /* "check" */
	const char
		*operand; /* what follows the options, for the usage line: "FILE..."; NULL: nothing */
	const char *summary; /* one line, no full stop: the list in `tocsin --help` */
	/* Its options; NULL: they are no constants, and are made in the arena. */
	const struct options_spec *spec;
	void (*describe)(struct arena *a, struct options_spec *ret_spec);
	/* What it does, once its command line was read. Results on stdout, messages on stderr. */
	enum exit_code (*run)(const struct options *o, struct arena *a);
};

void command_describe(const struct command *c, struct arena *a, struct options_spec *ret_spec);

/* Reads the command line, whose first word is the command's name, and runs it. Answers --help itself. */
enum exit_code command_start(const struct command *c, int argc, char **argv);

/* All of them, in the order of `tocsin --help`. */
extern const struct command *const commands[];
extern const size_t command_count;

const struct command *command_find(const char *name); /* NULL: there is none */

extern const struct command command_run;
extern const struct command command_check;
extern const struct command command_test;
extern const struct command command_query;
extern const struct command command_health;
extern const struct command command_presets;
extern const struct command command_completion;
extern const struct command command_manual;
extern const struct command command_version;

#endif
