#include "cli/completion.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct options_spec spec = {
	.command = &command_completion,
	.about =
		"Prints what makes a shell complete tocsin's commands, options, their values and files at the tab key.\n"
		"Packages install it; where there is none, put the line of your shell into its start-up file.\n",
	.examples =
		"Examples:\n"
		"  source <(tocsin completion bash)                              in ~/.bashrc\n"
		"  source <(tocsin completion zsh)                               in ~/.zshrc, behind compinit\n"
		"  tocsin completion zsh > /usr/local/share/zsh/site-functions/_tocsin\n",
};

static const struct {
	const char *shell;
	void (*print)(struct strbuf *out, struct arena *a);
} shells[] = {{"bash", completion_bash}, {"zsh", completion_zsh}};

static bool is_file(const char *argument) {
	return strstr(argument, "FILE") != NULL || strstr(argument, "DIR") != NULL;
}

struct completion_value completion_of_option(const struct option_row *row) {
	if (row->argument == NULL) {
		return (struct completion_value){COMPLETION_NOTHING, NULL};
	}
	if (row->choices != NULL) {
		return (struct completion_value){COMPLETION_CHOICES, row->choices};
	}
	return (struct completion_value){is_file(row->argument) ? COMPLETION_FILES : COMPLETION_ANY,
									 NULL};
}

/* "bash|zsh" is a choice, "FILE..." and "FILE|DIR|-..." are files. */
struct completion_value completion_of_operand(const struct command *command, struct arena *a) {
	const char *operand = command->operand;
	if (operand == NULL) {
		return (struct completion_value){COMPLETION_NOTHING, NULL};
	}
	if (is_file(operand)) {
		return (struct completion_value){COMPLETION_FILES, NULL};
	}
	if (!islower((unsigned char)operand[0])) {
		return (struct completion_value){COMPLETION_ANY, NULL};
	}
	struct strbuf words = STRBUF_IN(a);
	for (const char *c = operand; *c != '\0'; c++) {
		strbuf_add_char(&words, *c == '|' ? ' ' : *c);
	}
	return (struct completion_value){COMPLETION_CHOICES, words.ptr};
}

static enum exit_code print(const struct options *options, struct arena *a) {
	const char *shell = options->operand_count == 1 ? options->operands[0] : NULL;
	for (size_t i = 0; shell != NULL && i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (strcmp(shell, shells[i].shell) == 0) {
			struct strbuf out = STRBUF_INIT;
			shells[i].print(&out, a);
			fputs(out.ptr, stdout);
			strbuf_finish(&out);
			return EXIT_FINE;
		}
	}
	return options_complain(&command_completion, "for which shell: bash or zsh?");
}

const struct command command_completion = {.name = "completion",
										   .operand = "bash|zsh",
										   .summary = "print tab completion for a shell",
										   .run = print,
										   .spec = &spec};
