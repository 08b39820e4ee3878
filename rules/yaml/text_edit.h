/* Changes to a text, as stretches of it and what is to stand there instead. */
#ifndef RULES_TEXT_EDIT_H
#define RULES_TEXT_EDIT_H

#include "base/diag.h"

/* What is to stand in place of a stretch of the text. Lists of them are sorted, apart from each other. */
struct text_edit {
	struct span span;
	struct str text;
};

/* The edits as a unified diff, with three lines around each. */
void text_edits_diff(struct strbuf *out, const char *path, struct str text,
					 const struct text_edit *edits, size_t count);

#endif
