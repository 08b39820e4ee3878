/* What is wrong with a user's text: a list of messages, each with its place, printed with a caret under the words meant. */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/strbuf.h"

struct span {
	size_t start, end; /* byte offsets in the text, end exclusive */
};

enum diag_severity { DIAG_ERROR, DIAG_WARNING, DIAG_INFO };

struct diag {
	enum diag_severity severity;
	struct span span;
	const char *message; /* in the arena; no position, no final newline */
	const char *code;    /* name of a lint, or NULL */
	bool secret;         /* the place holds what must not be shown: no excerpt */
};

struct diags {
	struct arena *arena; /* borrowed: items and messages live there */
	struct diag *items;
	size_t count, capacity;
	struct span *hidden; /* of the text: in excerpts there are asterisks */
	size_t hidden_count, hidden_capacity;
	size_t errors;  /* how many of them are errors */
	size_t dropped; /* how many came after DIAGS_MAX and were only counted */
};

#define DIAGS_MAX                                                                                  \
	1000 /* messages kept for one text: nobody reads more, and a stranger's file could make any number */

void diags_init(struct diags *d, struct arena *a);
void diags_add(struct diags *d, enum diag_severity severity, struct span span, const char *format,
			   ...) __attribute__((format(printf, 4, 5)));
void diags_vadd(struct diags *d, enum diag_severity severity, struct span span, const char *format,
				va_list args) __attribute__((format(printf, 4, 0)));

/* An error at a place that may hold a password: its excerpt is not shown. */
void diags_add_secret(struct diags *d, struct span span, const char *message);

/* What stands there is a secret, whatever the messages are about: excerpts show asterisks. */
void diags_hide(struct diags *d, struct span span);

/* By place, stable. */
void diags_sort(struct diags *d);

struct diag_place {
	size_t line, column; /* from 1; column in bytes */
};
struct diag_place diag_place(struct str text, size_t offset);

struct diag_style {
	bool color;
};

/* `file:line:col: error: message`, the line, and a caret under the span; every diagnostic of the list. User names and passwords of
 * URLs in the line are masked, and what is hidden. */
void diags_render(struct strbuf *out, const struct diags *d, const char *file, struct str text,
				  struct diag_style style);
/* One of them, on one line, without the excerpt: for a log. */
void diag_render_line(struct strbuf *out, const struct diag *d, const char *file, struct str text);

#endif
