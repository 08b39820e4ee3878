#include "cli/terminal.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

size_t terminal_columns(size_t otherwise) {
	struct winsize size;
	bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
	return known ? size.ws_col : otherwise;
}

bool terminal_color(int fd) {
	return isatty(fd) && getenv("NO_COLOR") == NULL;
}
