/* The options of one subcommand: a table, from which the parser, the environment and --help are read. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "cli/command.h"

struct option_row {
	const char *flag;     /* "prometheus": --prometheus; NULL: only the variable, for secrets */
	char letter;          /* 'c' for -c, or 0 */
	const char *variable; /* "TOCSIN_PROMETHEUS", or NULL */
	const char *argument; /* "URL"; NULL: a switch, without a value */
	const char *help;     /* one line, no full stop */
	const char *choices;  /* "text json": the values that it takes, for completion; NULL: others */
	bool repeats;         /* may be given several times; in the variable, separated by commas */
};

struct options_spec {
	const struct command *command;
	const char
		*about; /* what --help says between the usage line and the options; ends in a newline */
	const struct option_row *rows;
	size_t count;
	const char *examples; /* at the end of --help; may be NULL; ends in a newline */
};

/* An option that was given. Values are borrowed from argv or live in the arena. */
struct option_given {
	const struct option_row *row;
	const char *value; /* "" for a switch */
};

struct options {
	const struct options_spec *spec; /* that they were read by */
	struct option_given *variables;  /* from the environment, which flags outdo */
	size_t variable_count;
	struct option_given *flags; /* in the order of the command line */
	size_t flag_count;
	char **operands; /* what is no option */
	int operand_count;
};

enum options_outcome {
	OPTIONS_READ,
	OPTIONS_HELPED, /* --help was asked for and printed: exit 0 */
	OPTIONS_WRONG,  /* a message was printed: exit 2 */
};

enum options_outcome options_parse(const struct options_spec *spec, int argc, char **argv,
								   struct arena *a, struct options *ret_options);

/* The last value of a flag, else of its variable, else NULL. */
const char *options_get(const struct options *o, const char *flag);

/* `tocsin COMMAND: message` and where to read more, on stderr. Returns EXIT_USAGE. */
enum exit_code options_complain(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* `tocsin COMMAND: message` on stderr; control characters in the message, which may be a server's, are made visible. */
void options_report(const struct command *command, const char *message);

#endif
