/* What is known of the terminal. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* Columns of the standard output; `otherwise` when it is no terminal. */
size_t terminal_columns(size_t otherwise);

/* Whether colours are wanted there: it is a terminal, and NO_COLOR is not set. */
bool terminal_color(int fd);

#endif
