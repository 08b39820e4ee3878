/* Edits as a unified diff. They are stretches of bytes; a diff speaks of lines:
 *
 *     hunk:  lines of the old text that are touched by edits, with those around them, and what they become */
#include "base/mem.h"
#include "rules/yaml/text_edit.h"

#define AROUND 3

/* Lines of the old text that change, and the text that they become. */
struct change {
	size_t first, count; /* lines, from 0 */
	struct str before, after;
};

struct differ {
	struct str text;
	size_t *lines; /* where each begins */
	size_t line_count;
	struct change *changes;
	size_t count, capacity;
	struct arena arena;
};

static void find_lines(struct differ *d) {
	size_t capacity = 0;
	for (size_t at = 0; at < d->text.len;) {
		d->lines = mem_grow(d->lines, d->line_count, &capacity, sizeof d->lines[0]);
		d->lines[d->line_count++] = at;
		at += str_find(str_slice(d->text, at, d->text.len), STR("\n")) + 1;
	}
}

/* The line that an offset is in. */
static size_t line_of(const struct differ *d, size_t offset) {
	size_t low = 0, high = d->line_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (d->lines[middle] <= offset) {
			low = middle;
		} else {
			high = middle;
		}
	}
	return low;
}

static size_t line_end(const struct differ *d, size_t line) {
	return line + 1 < d->line_count ? d->lines[line + 1] : d->text.len;
}

/* Edits that share a line are one change. */
static void find_changes(struct differ *d, const struct text_edit *edits, size_t count) {
	for (size_t i = 0; i < count;) {
		size_t first = line_of(d, edits[i].span.start), last = line_of(d, edits[i].span.end);
		size_t at = d->lines[first];
		struct strbuf after = STRBUF_INIT;
		do {
			strbuf_add(&after, str_slice(d->text, at, edits[i].span.start));
			strbuf_add(&after, edits[i].text);
			at = edits[i].span.end;
			last = line_of(d, at);
			i++;
		} while (i < count && line_of(d, edits[i].span.start) == last);
		strbuf_add(&after, str_slice(d->text, at, line_end(d, last)));
		d->changes = mem_grow(d->changes, d->count, &d->capacity, sizeof d->changes[0]);
		d->changes[d->count++] = (struct change){
			.first = first,
			.count = last - first + 1,
			.before = str_slice(d->text, d->lines[first], line_end(d, last)),
			.after = arena_dup(&d->arena, strbuf_str(&after)),
		};
		strbuf_finish(&after);
	}
}

static size_t count_lines(struct str text) {
	size_t count = 0;
	while (text.len > 0) {
		size_t end = str_find(text, STR("\n"));
		text = str_slice(text, end < text.len ? end + 1 : end, text.len);
		count++;
	}
	return count;
}

static void print_lines(struct strbuf *out, char mark, struct str text) {
	while (text.len > 0) {
		size_t end = str_find(text, STR("\n"));
		strbuf_add_char(out, mark);
		strbuf_add(out, str_slice(text, 0, end));
		strbuf_add_c(out, end < text.len ? "\n" : "\n\\ No newline at end of file\n");
		text = str_slice(text, end < text.len ? end + 1 : end, text.len);
	}
}

static struct str lines_between(const struct differ *d, size_t from, size_t to) {
	return from < to ? str_slice(d->text, d->lines[from], line_end(d, to - 1)) : STR_EMPTY;
}

/* Changes from number `first` up to `end`, which are near each other. `added` is by how many lines the text has grown before. */
static long print_hunk(const struct differ *d, size_t first, size_t end, long added,
					   struct strbuf *out) {
	const struct change *c = d->changes;
	size_t from = c[first].first > AROUND ? c[first].first - AROUND : 0;
	size_t to = c[end - 1].first + c[end - 1].count + AROUND;
	long grown = 0;
	to = to < d->line_count ? to : d->line_count;
	for (size_t i = first; i < end; i++) {
		grown += (long)count_lines(c[i].after) - (long)c[i].count;
	}
	strbuf_printf(out, "@@ -%zu,%zu +%ld,%ld @@\n", from + 1, to - from, (long)from + 1 + added,
				  (long)(to - from) + grown);
	for (size_t i = first; i < end; i++) {
		print_lines(out, ' ', lines_between(d, from, c[i].first));
		print_lines(out, '-', c[i].before);
		print_lines(out, '+', c[i].after);
		from = c[i].first + c[i].count;
	}
	print_lines(out, ' ', lines_between(d, from, to));
	return added + grown;
}

void text_edits_diff(struct strbuf *out, const char *path, struct str text,
					 const struct text_edit *edits, size_t count) {
	struct differ d = {.text = text};
	long added = 0;
	arena_init(&d.arena);
	find_lines(&d);
	find_changes(&d, edits, count);
	strbuf_printf(out, "--- %s\n+++ %s\n", path, path);
	for (size_t i = 0; i < d.count;) {
		size_t end = i + 1;
		while (end < d.count && d.changes[end].first <= d.changes[end - 1].first +
															d.changes[end - 1].count + 2 * AROUND) {
			end++;
		}
		added = print_hunk(&d, i, end, added, out);
		i = end;
	}
	free(d.lines);
	free(d.changes);
	arena_finish(&d.arena);
}
