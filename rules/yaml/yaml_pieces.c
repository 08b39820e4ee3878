/* Where each byte of a scalar's text stands in the file. The reader gives the text and the stretch of file that it came from;
 * walking both in step finds the places where they part:
 *
 *     file   expr: |⏎··rate(x⏎····[5m])⏎        text   rate(x⏎··[5m])⏎
 *                      ^0      ^7 (after the indentation of two)
 */
#include "rules/yaml/yaml_private.h"

#include "base/utf8.h"

#define PIECES_MAX                                                                                 \
	(1u << 20) /* what has places within it, expressions and templates, is no longer */

struct walk {
	struct str file, text;
	size_t at, end; /* in the file */
	size_t done;    /* of the text */
	size_t
		blanks_end; /* of the run of blanks that was looked over last: from `at` to here there is nothing else */
	struct arena *arena;
	struct yaml_piece *pieces;
	size_t count, capacity;
};

static void walk_piece(struct walk *w) {
	if (w->count > 0) {
		struct yaml_piece *last = &w->pieces[w->count - 1];
		if (w->at - last->file_offset == w->done - last->text_offset) {
			return;
		}
		if (last->text_offset == w->done) {
			last->file_offset = (uint32_t)w->at;
			return;
		}
	}
	if (w->count == PIECES_MAX) {
		return;
	}
	w->pieces = arena_grow(w->arena, w->pieces, w->count, &w->capacity, sizeof(w->pieces[0]));
	w->pieces[w->count++] = (struct yaml_piece){(uint32_t)w->done, (uint32_t)w->at};
}

static bool is_blank(char c) {
	return c == ' ' || c == '\t';
}

static bool is_break(char c) {
	return c == '\n' || c == '\r';
}

static char walk_peek(const struct walk *w) {
	return w->at < w->end ? w->file.ptr[w->at] : '\0';
}

static void walk_step_both(struct walk *w) {
	w->at++;
	if (w->done < w->text.len) {
		w->done++;
	}
}

/* Goes over blanks and line breaks; how many of the latter. */
static size_t skip_breaks(struct walk *w) {
	size_t breaks = 0;
	while (w->at < w->end && (is_blank(walk_peek(w)) || is_break(walk_peek(w)))) {
		bool two = walk_peek(w) == '\r' && w->at + 1 < w->end && w->file.ptr[w->at + 1] == '\n';
		breaks += is_break(walk_peek(w)) && !two;
		w->at++;
	}
	return breaks;
}

static void walk_text(struct walk *w, size_t bytes) {
	size_t left = w->text.len - w->done;
	w->done += bytes < left ? bytes : left;
}

/* A line break of a flow scalar with the blanks around it: one blank of text, or the empty lines it holds. */
static void walk_fold(struct walk *w) {
	size_t breaks = skip_breaks(w);
	walk_text(w, breaks <= 1 ? breaks : breaks - 1);
	walk_piece(w);
}

/* Whether the blanks from here on end in a line break, that is, are folded away. Asked at every blank of a run, which is
 * looked over once. */
static bool walk_at_fold(struct walk *w) {
	size_t at = w->at > w->blanks_end ? w->at : w->blanks_end;
	while (at < w->end && is_blank(w->file.ptr[at])) {
		at++;
	}
	w->blanks_end = at;
	return at < w->end && is_break(w->file.ptr[at]);
}

static bool walk_same(struct walk *w) {
	size_t bytes = w->end > w->at ? w->end - w->at : 0;
	if (bytes != w->text.len || memcmp(w->file.ptr + w->at, w->text.ptr, bytes) != 0) {
		return false;
	}
	w->at = w->end;
	w->done = bytes;
	return true;
}

static void walk_plain(struct walk *w, bool single_quoted) {
	walk_piece(w);
	if (walk_same(w)) {
		return;
	}
	while (w->at < w->end) {
		if (walk_at_fold(w)) {
			walk_fold(w);
		} else if (single_quoted && walk_peek(w) == '\'') {
			w->at++;
			walk_step_both(w);
			walk_piece(w);
		} else {
			walk_step_both(w);
		}
	}
}

static size_t escape_length(char c) {
	switch (c) {
	case 'x': return 2;
	case 'u': return 4;
	case 'U': return 8;
	default: return 0;
	}
}

/* `\` and what follows; a line break behind it joins the lines without a blank. */
static void walk_escape(struct walk *w) {
	char c = w->at + 1 < w->end ? w->file.ptr[w->at + 1] : '\0';
	if (is_break(c)) {
		w->at++;
		size_t breaks = skip_breaks(w);
		walk_text(w, breaks > 1 ? breaks - 1 : 0);
		walk_piece(w);
		return;
	}
	uint32_t rune;
	size_t made = utf8_decode(str_slice(w->text, w->done, w->text.len), &rune);
	w->at += 2 + escape_length(c);
	walk_text(w, made);
	walk_piece(w);
}

static void walk_double(struct walk *w) {
	walk_piece(w);
	if (walk_same(w)) {
		return;
	}
	while (w->at < w->end) {
		if (walk_peek(w) == '\\') {
			walk_escape(w);
		} else if (walk_at_fold(w)) {
			walk_fold(w);
		} else {
			walk_step_both(w);
		}
	}
}

static size_t line_end(const struct walk *w, size_t at) {
	while (at < w->end && !is_break(w->file.ptr[at])) {
		at++;
	}
	return at;
}

static size_t next_line(const struct walk *w, size_t at) {
	at = line_end(w, at);
	if (at < w->end && w->file.ptr[at] == '\r' && at + 1 < w->end && w->file.ptr[at + 1] == '\n') {
		at++;
	}
	return at < w->end ? at + 1 : at;
}

/* Blanks at the start of the first line that has more than blanks. */
static size_t first_blanks(struct str s) {
	size_t blanks = 0;
	for (size_t at = 0; at < s.len; at++) {
		if (s.ptr[at] == ' ') {
			blanks++;
		} else if (!is_break(s.ptr[at])) {
			return blanks;
		} else {
			blanks = 0;
		}
	}
	return 0;
}

/* How deep a block is indented: the blanks of its first line in the file, but for those that the text has too (`|2`). */
static size_t block_indent(const struct walk *w) {
	size_t blanks = first_blanks(str_slice(w->file, w->at, w->end));
	size_t kept = first_blanks(w->text);
	return kept < blanks ? blanks - kept : 0;
}

/* Between two lines the text has a blank (folded) or line breaks; before the first one only line breaks. */
static void walk_line_break(struct walk *w) {
	while (w->done < w->text.len && w->text.ptr[w->done] == '\n') {
		w->done++;
	}
	if (w->done > 0 && w->done < w->text.len && w->text.ptr[w->done] == ' ' &&
		walk_peek(w) != ' ') {
		w->done++;
	}
}

static void walk_block(struct walk *w) {
	w->at = next_line(w, w->at); /* the indicator's line */
	size_t indent = block_indent(w);
	size_t last = w->at;
	while (w->at < w->end) {
		size_t end = line_end(w, w->at), skipped = 0;
		while (skipped < indent && w->at < end && w->file.ptr[w->at] == ' ') {
			w->at++;
			skipped++;
		}
		if (w->at < end) {
			walk_line_break(w);
			walk_piece(w);
			walk_text(w, end - w->at);
			last = end;
		}
		w->at = next_line(w, end);
	}
	w->end = last;
}

static bool is_anchor_char(char c) {
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
		   c == '-';
}

/* Skips `&anchor`, `!tag`, blanks, line breaks and comments before the scalar itself. Blanks part them, but an anchor also
 * ends where no letter follows. */
static void walk_properties(struct walk *w) {
	while (w->at < w->end) {
		char c = walk_peek(w);
		if (is_blank(c) || is_break(c)) {
			w->at++;
		} else if ((w->at == 0 || is_break(w->file.ptr[w->at - 1])) &&
				   str_starts_with(str_slice(w->file, w->at, w->end), STR("\xEF\xBB\xBF"))) {
			w->at += 3; /* the reader passes over a byte order mark at the start of any line */
		} else if (c == '#') {
			w->at = line_end(w, w->at);
		} else if (c == '&') {
			do {
				w->at++;
			} while (w->at < w->end && is_anchor_char(walk_peek(w)));
		} else if (c == '!') {
			while (w->at < w->end && !is_blank(walk_peek(w)) && !is_break(walk_peek(w))) {
				w->at++;
			}
		} else {
			return;
		}
	}
}

/* Most scalars stand in the file as they are, with nothing before them: then there is one piece, and nothing to walk. */
static bool is_as_written(const struct yaml_node *scalar, enum yaml_style style, struct str file) {
	bool quoted = style == YAML_STYLE_SINGLE || style == YAML_STYLE_DOUBLE;
	struct str written = str_slice(file, scalar->span.start, scalar->span.end);
	if (style == YAML_STYLE_BLOCK || written.len != scalar->text.len + (quoted ? 2 : 0)) {
		return false;
	}
	if (quoted && written.ptr[0] != '\'' && written.ptr[0] != '"') {
		return false; /* an anchor or a tag */
	}
	return memcmp(written.ptr + quoted, scalar->text.ptr, scalar->text.len) == 0;
}

static void walk_scalar(struct yaml_node *scalar, enum yaml_style style, struct str file,
						struct arena *a) {
	struct walk w = {.file = file,
					 .pieces = &scalar->piece,
					 .capacity = 1,
					 .text = scalar->text,
					 .at = scalar->span.start,
					 .end = scalar->span.end,
					 .arena = a};
	walk_properties(&w);
	scalar->span.start = w.at;
	switch (style) {
	case YAML_STYLE_PLAIN: walk_plain(&w, false); break;
	case YAML_STYLE_BLOCK: walk_block(&w); break;
	case YAML_STYLE_SINGLE:
	case YAML_STYLE_DOUBLE:
		w.at++; /* the quotes stay outside */
		w.end -= w.end > w.at;
		if (style == YAML_STYLE_SINGLE) {
			walk_plain(&w, true);
		} else {
			walk_double(&w);
		}
		w.end++;
		break;
	}
	scalar->span.end = w.end;
	scalar->piece_count = w.count & INT32_MAX;
	if (w.count > 1) {
		scalar->pieces = w.pieces;
	}
}

bool yaml_pieces_make(struct yaml_node *scalar, enum yaml_style style, struct str file,
					  struct arena *a) {
	if (!is_as_written(scalar, style, file)) {
		walk_scalar(scalar, style, file, a);
		return false;
	}
	bool quoted = style != YAML_STYLE_PLAIN;
	scalar->piece = (struct yaml_piece){0, (uint32_t)(scalar->span.start + quoted)};
	scalar->piece_count = 1;
	return true;
}
