/* What is known of the terminal. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Columns of the standard output; `otherwise` when it is no terminal. */
size_t terminal_columns(size_t otherwise);

/* Whether colours are wanted there: it is a terminal, and NO_COLOR is not set or empty (no-color.org). */
bool terminal_color(int fd);

/* A unified diff on the standard output. */
void terminal_print_diff(struct str diff);

#endif
