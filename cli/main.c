#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "cli/command.h"

#define USAGE_COLUMN 24

static void print_usage(FILE *out) {
	fputs(
		"tocsin evaluates alerting rules over the samples of a Prometheus and tells Alertmanager.\n\n"
		"usage: tocsin COMMAND [OPTION]...\n\nCommands:\n",
		out);
	for (size_t i = 0; i < command_count; i++) {
		const char *operand = commands[i]->operand;
		int width = fprintf(out, "  %s %s", commands[i]->name, operand != NULL ? operand : "");
		fprintf(out, "%*s%s\n", width < USAGE_COLUMN ? USAGE_COLUMN - width : 1, "",
				commands[i]->summary);
	}
	fputs(
		"\nStart here:\n"
		"  tocsin run                   Prometheus and Alertmanager on this host, built-in rules\n"
		"  tocsin check rules/*.yml     are these rule files good?\n"
		"  tocsin test tests/           do the rules do what their tests expect?\n"
		"  tocsin COMMAND --help        everything about a command\n\n"
		"Exit codes: 0 fine, 1 the input is bad, 2 wrong usage, 3 could not do it (network, files).\n",
		out);
}

static void report_bug(const char *file, int line, const char *what) {
	fprintf(stderr, "tocsin: a bug, please report it: %s:%d: %s\n", file, line, what);
}

/* A descriptor below 3 that is closed would be given to the next file or socket, which then gets what is meant for the terminal. */
static void fill_standard_descriptors(void) {
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) == -1) {
			(void)!open("/dev/null", O_RDWR); /* takes the lowest that is free: this one */
		}
	}
}

int main(int argc, char **argv) {
	fill_standard_descriptors();
	bug_set_handler(report_bug);
	if (argc < 2) {
		print_usage(stderr);
		return (int)EXIT_USAGE;
	}
	const char *name = argv[1];
	if (strcmp(name, "help") == 0 && argc > 2 && command_find(argv[2]) != NULL) {
		char *help[] = {argv[2], (char *)"--help", NULL};
		return (int)command_start(command_find(argv[2]), 2, help);
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		print_usage(stdout);
		return (int)EXIT_FINE;
	}
	const struct command *command = command_find(strcmp(name, "--version") == 0 ? "version" : name);
	if (command == NULL) {
		fprintf(stderr, "tocsin: there is no command \"%s\"\n\n", name);
		print_usage(stderr);
		return (int)EXIT_USAGE;
	}
	enum exit_code code = command_start(command, argc - 1, argv + 1);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fputs("tocsin: the output could not be written in full\n", stderr);
		code = code == EXIT_FINE ? EXIT_UNABLE : code;
	}
	return (int)code;
}
