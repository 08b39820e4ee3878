#include "cli/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

size_t terminal_columns(size_t otherwise) {
	struct winsize size;
	bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
	return known ? size.ws_col : otherwise;
}

bool terminal_color(int fd) {
	const char *refused = getenv("NO_COLOR");
	return isatty(fd) && (refused == NULL || refused[0] == '\0');
}

static const char *color_of(struct str line) {
	if (str_starts_with(line, STR("--- ")) || str_starts_with(line, STR("+++ "))) {
		return "\x1b[1m";
	}
	return line.len == 0        ? NULL
		   : line.ptr[0] == '-' ? "\x1b[31m"
		   : line.ptr[0] == '+' ? "\x1b[32m"
		   : line.ptr[0] == '@' ? "\x1b[36m"
								: NULL;
}

void terminal_print_diff(struct str diff) {
	bool color = terminal_color(STDOUT_FILENO);
	while (diff.len > 0) {
		size_t end = str_find(diff, STR("\n"));
		struct str line = str_slice(diff, 0, end);
		const char *start = color ? color_of(line) : NULL;
		printf("%s%.*s%s\n", start != NULL ? start : "", STR_FMT(line),
			   start != NULL ? "\x1b[0m" : "");
		diff = str_slice(diff, end < diff.len ? end + 1 : end, diff.len);
	}
}
