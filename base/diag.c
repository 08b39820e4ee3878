#include "base/diag.h"

#include <stdlib.h>

#include "base/url.h"
#include "base/utf8.h"

#define EXCERPT_MAX_BYTES 240 /* of a line that is shown: minified files have lines of megabytes */

void diags_init(struct diags *d, struct arena *a) {
	*d = (struct diags){.arena = a};
}

/* Whether one more of the kind is kept. */
static bool count_one(struct diags *d, enum diag_severity severity) {
	size_t *of_kind = severity == DIAG_ERROR ? &d->errors : &d->others;
	bool keep = (*of_kind)++ < DIAGS_MAX;
	d->dropped += !keep;
	return keep;
}

static struct diag *append(struct diags *d, struct diag one) {
	d->items = arena_grow(d->arena, d->items, d->count, &d->capacity, sizeof(*d->items));
	d->items[d->count] = one;
	return &d->items[d->count++];
}

struct diag *diags_vadd(struct diags *d, enum diag_severity severity, struct span span,
						const char *format, va_list args) {
	if (!count_one(d, severity)) {
		return NULL;
	}
	struct strbuf text = STRBUF_INIT;
	strbuf_vprintf(&text, format, args);
	struct diag *added = append(d, (struct diag){
									   .severity = severity,
									   .span = span,
									   .message = arena_dup(d->arena, strbuf_str(&text)).ptr,
								   });
	strbuf_finish(&text);
	return added;
}

struct diag *diags_add(struct diags *d, enum diag_severity severity, struct span span,
					   const char *format, ...) {
	va_list args;
	va_start(args, format);
	struct diag *added = diags_vadd(d, severity, span, format, args);
	va_end(args);
	return added;
}

void diags_add_secret(struct diags *d, struct span span, const char *message) {
	struct diag *added = diags_add(d, DIAG_ERROR, span, "%s", message);
	if (added != NULL) {
		added->secret = true;
	}
}

void diags_add_all(struct diags *d, const struct diags *more) {
	size_t errors = 0, others = 0;
	for (size_t i = 0; i < more->count; i++) {
		enum diag_severity severity = more->items[i].severity;
		errors += severity == DIAG_ERROR;
		others += severity != DIAG_ERROR;
		if (count_one(d, severity)) {
			append(d, more->items[i]);
		}
	}
	d->errors += more->errors - errors;
	d->others += more->others - others;
	d->dropped += more->dropped;
}

void diags_hide(struct diags *d, struct span span) {
	d->hidden =
		arena_grow(d->arena, d->hidden, d->hidden_count, &d->hidden_capacity, sizeof(*d->hidden));
	d->hidden[d->hidden_count++] = span;
}

/* Insertion: lists are short, nearly sorted, and equal places keep their order. */
void diags_sort(struct diags *d) {
	for (size_t i = 1; i < d->count; i++) {
		struct diag moving = d->items[i];
		size_t at = i;
		while (at > 0 && d->items[at - 1].span.start > moving.span.start) {
			d->items[at] = d->items[at - 1];
			at--;
		}
		d->items[at] = moving;
	}
}

/* The line around a place, or as much of a longer one as an excerpt can need. */
static struct str line_around(struct str text, size_t offset, size_t *ret_start) {
	size_t start = offset, end = offset;
	while (start > 0 && offset - start < EXCERPT_MAX_BYTES && text.ptr[start - 1] != '\n') {
		start--;
	}
	while (end < text.len && end - offset < EXCERPT_MAX_BYTES && text.ptr[end] != '\n') {
		end++;
	}
	if (end > start && text.ptr[end - 1] == '\r') {
		end--;
	}
	*ret_start = start;
	return str_slice(text, start, end > start ? end : start);
}

struct diag_place diag_cursor_move(struct diag_cursor *c, struct str text, size_t offset) {
	offset = offset > text.len ? text.len : offset;
	if (offset < c->offset || c->place.line == 0) {
		*c = (struct diag_cursor){.place = {.line = 1, .column = 1}};
	}
	while (c->offset < offset) {
		c->place.column++;
		if (text.ptr[c->offset++] == '\n') {
			c->place.line++;
			c->place.column = 1;
		}
	}
	return c->place;
}

struct diag_place diag_place(struct str text, size_t offset) {
	struct diag_cursor cursor = {0};
	return diag_cursor_move(&cursor, text, offset);
}

static const struct {
	const char *word, *color;
} severities[] = {
	[DIAG_ERROR] = {"error", "\x1b[1;31m"},
	[DIAG_WARNING] = {"warning", "\x1b[1;33m"},
	[DIAG_INFO] = {"info", "\x1b[1;36m"},
};
#define BOLD "\x1b[1m"
#define PLAIN "\x1b[0m"

void diag_add_visible(struct strbuf *out, struct str s) {
	while (s.len > 0) {
		uint32_t rune;
		size_t len = utf8_decode(s, &rune);
		if (rune == '\t') {
			strbuf_add_char(out, ' ');
		} else if (rune < 0x20 || rune == 0x7f || (rune == UTF8_INVALID && len == 1)) {
			strbuf_add_char(out, '?');
		} else {
			strbuf_add(out, str_slice(s, 0, len));
		}
		s = str_slice(s, len, s.len);
	}
}

/* The part of a long line around [from, to) that is shown. */
static struct str excerpt(struct str line, size_t *from, size_t *to) {
	if (line.len <= EXCERPT_MAX_BYTES) {
		return line;
	}
	size_t start = *from > EXCERPT_MAX_BYTES / 2 ? *from - EXCERPT_MAX_BYTES / 2 : 0;
	size_t end = start + EXCERPT_MAX_BYTES < line.len ? start + EXCERPT_MAX_BYTES : line.len;
	*from -= start;
	*to = (*to < end ? *to : end) - start;
	return str_slice(line, start, end);
}

/* Byte for byte, so that columns stay. `line` begins at `start` of the text. */
static void mask_hidden(struct strbuf *line, const struct diags *d, size_t start) {
	for (size_t i = 0; i < d->hidden_count; i++) {
		struct span hidden = d->hidden[i];
		size_t from = hidden.start > start ? hidden.start - start : 0;
		size_t to = hidden.end > start ? hidden.end - start : 0;
		to = to < line->len ? to : line->len;
		if (from < to) {
			memset(line->ptr + from, '*', to - from);
		}
	}
}

/* "    expr: rate(up)" and "          ^~~~~~~~" below it. */
static void render_excerpt(struct strbuf *out, const struct diags *all, const struct diag *d,
						   struct str text, struct diag_style style) {
	size_t start;
	size_t offset = d->span.start > text.len ? text.len : d->span.start;
	struct str line = line_around(text, offset, &start);
	size_t from = offset - start < line.len ? offset - start : line.len;
	size_t to = d->span.end > start + line.len ? line.len : d->span.end - start;
	to = d->span.end <= offset ? from + 1 : to;
	struct strbuf masked = STRBUF_INIT;
	url_mask_line(&masked, line);
	mask_hidden(&masked, all, start);
	line = excerpt(strbuf_str(&masked), &from, &to);
	to = to > line.len ? line.len : to;
	strbuf_add_c(out, "    ");
	diag_add_visible(out, line);
	strbuf_add_c(out, "\n    ");
	strbuf_add_repeat(out, ' ', utf8_width(str_slice(line, 0, from)));
	strbuf_add_c(out, style.color ? severities[d->severity].color : "");
	strbuf_add_char(out, '^');
	size_t width = to > from ? utf8_width(str_slice(line, from, to)) : 1;
	strbuf_add_repeat(out, '~', width > 0 ? width - 1 : 0);
	strbuf_add_c(out, style.color ? PLAIN "\n" : "\n");
	strbuf_finish(&masked);
}

static void render_head(struct strbuf *out, const struct diag *d, const char *file,
						struct diag_place place, struct diag_style style) {
	strbuf_printf(out, "%s%s:%zu:%zu:%s ", style.color ? BOLD : "", file, place.line, place.column,
				  style.color ? PLAIN : "");
	strbuf_printf(out, "%s%s:%s ", style.color ? severities[d->severity].color : "",
				  style.word != NULL ? style.word : severities[d->severity].word,
				  style.color ? PLAIN : "");
	diag_add_visible(out, str_from(d->message));
	if (d->code != NULL) {
		strbuf_printf(out, " [%s]", d->code);
	}
}

static void render_help(struct strbuf *out, const struct diag *d, struct diag_style style) {
	if (d->help != NULL) {
		strbuf_printf(out, "    %shelp:%s ", style.color ? BOLD : "", style.color ? PLAIN : "");
		diag_add_visible(out, str_from(d->help));
		strbuf_add_char(out, '\n');
	}
}

void diag_render(struct strbuf *out, const struct diags *d, const struct diag *one,
				 const char *file, struct str text, struct diag_style style,
				 struct diag_cursor *cursor) {
	render_head(out, one, file, diag_cursor_move(cursor, text, one->span.start), style);
	strbuf_add_char(out, '\n');
	if (!one->secret) {
		render_excerpt(out, d, one, text, style);
	}
	render_help(out, one, style);
}

void diags_render(struct strbuf *out, const struct diags *d, const char *file, struct str text,
				  struct diag_style style) {
	struct diag_cursor cursor = {0};
	for (size_t i = 0; i < d->count; i++) {
		diag_render(out, d, &d->items[i], file, text, style, &cursor);
	}
	if (d->dropped > 0) {
		strbuf_printf(out, "%s: %zu more messages are not shown\n", file, d->dropped);
	}
}

void diag_render_line(struct strbuf *out, const struct diag *d, const char *file, struct str text) {
	render_head(out, d, file, diag_place(text, d->span.start), (struct diag_style){.color = false});
}
