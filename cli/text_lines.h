/* Where the lines of a text begin: for many places in one text, in any order. */
#ifndef CLI_TEXT_LINES_H
#define CLI_TEXT_LINES_H

#include "base/arena.h"
#include "base/diag.h"

struct text_lines {
	struct str text; /* borrowed */
	size_t *starts;  /* offsets, in the arena; one line at least */
	size_t count;
};

void text_lines_init(struct text_lines *l, struct str text, struct arena *a);
/* The index of the line, from 0. */
size_t text_lines_find(const struct text_lines *l, size_t offset);
struct diag_place text_lines_place(const struct text_lines *l, size_t offset);
/* Without its end. */
struct span text_lines_span(const struct text_lines *l, size_t index);

#endif
