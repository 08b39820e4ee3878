/* Tab completion, written from the option tables; completion_bash.c and completion_zsh.c have the words of their shell. */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include "base/strbuf.h"
#include "cli/options.h"

enum completion_kind {
	COMPLETION_NOTHING, /* there is no value: a switch, a command without operands */
	COMPLETION_ANY,     /* a value that cannot be guessed */
	COMPLETION_FILES,
	COMPLETION_CHOICES,
};

struct completion_value {
	enum completion_kind kind;
	const char *choices; /* of COMPLETION_CHOICES: words with blanks between them */
};

struct completion_value completion_of_option(const struct option_row *row);
struct completion_value completion_of_operand(const struct command *command, struct arena *a);

void completion_bash(struct strbuf *out, struct arena *a);
void completion_zsh(struct strbuf *out, struct arena *a);

#endif
