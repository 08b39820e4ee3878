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

/* What to write in place of what stands there. */
struct diag_fix {
	struct span span;
	struct str text;
};

struct diag {
	enum diag_severity severity;
	struct span span;
	const char *message; /* in the arena; no position, no final newline */
	const char *code;    /* name of a lint, or NULL */
	const char *help;    /* what to do about it, one line; or NULL */
	struct diag_fix fix; /* a text that would mend it; fix.text.ptr NULL: there is none */
	bool secret;         /* the place holds what must not be shown: no excerpt */
};

struct diags {
	struct arena *arena; /* borrowed: items and messages live there */
	struct diag *items;
	size_t count, capacity;
	struct span *hidden; /* of the text: in excerpts there are asterisks */
	size_t hidden_count, hidden_capacity;
	size_t errors, others; /* how many there were of each, those that were dropped too */
	size_t dropped;        /* how many came after DIAGS_MAX and were only counted */
};

/* Messages kept for one text, errors and others: nobody reads more, and a stranger's file could make any number. */
#define DIAGS_MAX 1000

void diags_init(struct diags *d, struct arena *a);
/* Returns what was added, without code, help and fix; NULL when it was only counted. */
struct diag *diags_add(struct diags *d, enum diag_severity severity, struct span span,
					   const char *format, ...) __attribute__((format(printf, 4, 5)));
struct diag *diags_vadd(struct diags *d, enum diag_severity severity, struct span span,
						const char *format, va_list args) __attribute__((format(printf, 4, 0)));

/* An error at a place that may hold a password: its excerpt is not shown. */
void diags_add_secret(struct diags *d, struct span span, const char *message);

/* What stands there is a secret, whatever the messages are about: excerpts show asterisks. */
void diags_hide(struct diags *d, struct span span);

/* Takes over those of another list, whose messages live as long, with what was dropped there. */
void diags_add_all(struct diags *d, const struct diags *more);

/* By place, stable. */
void diags_sort(struct diags *d);

struct diag_place {
	size_t line, column; /* from 1; column in bytes */
};
struct diag_place diag_place(struct str text, size_t offset);

/* A place that moves on: messages come in order, and a text of megabytes has a thousand. Zeroed at first. */
struct diag_cursor {
	size_t offset;
	struct diag_place place;
};
struct diag_place diag_cursor_move(struct diag_cursor *cursor, struct str text, size_t offset);

/* Adds a text of the user's so that no terminal takes it amiss: control bytes and bad UTF-8 as '?', tabs as one space, so that
 * columns can be counted. */
void diag_add_visible(struct strbuf *out, struct str s);

struct diag_style {
	bool color;
	const char *word; /* instead of "error", "warning" or "info"; NULL: those */
};

/* `file:line:col: error: message`, the line, a caret under the span, and the help; every diagnostic of the list. User names and
 * passwords of URLs in the line are masked, and what is hidden. */
void diags_render(struct strbuf *out, const struct diags *d, const char *file, struct str text,
				  struct diag_style style);
/* The same of one. */
void diag_render(struct strbuf *out, const struct diags *d, const struct diag *one,
				 const char *file, struct str text, struct diag_style style,
				 struct diag_cursor *cursor);
/* One of them, on one line, without the excerpt: for a log. */
void diag_render_line(struct strbuf *out, const struct diag *d, const char *file, struct str text);

#endif
