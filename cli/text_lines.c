#include "cli/text_lines.h"

void text_lines_init(struct text_lines *l, struct str text, struct arena *a) {
	size_t count = 1;
	for (size_t i = 0; i < text.len; i++) {
		count += text.ptr[i] == '\n' && i + 1 < text.len;
	}
	*l = (struct text_lines){.text = text, .starts = ARENA_ARRAY(a, size_t, count), .count = 1};
	for (size_t i = 0; i + 1 < text.len; i++) {
		if (text.ptr[i] == '\n') {
			l->starts[l->count++] = i + 1;
		}
	}
}

size_t text_lines_find(const struct text_lines *l, size_t offset) {
	size_t from = 0, to = l->count;
	while (to - from > 1) {
		size_t middle = from + (to - from) / 2;
		if (l->starts[middle] <= offset) {
			from = middle;
		} else {
			to = middle;
		}
	}
	return from;
}

struct diag_place text_lines_place(const struct text_lines *l, size_t offset) {
	size_t line = text_lines_find(l, offset);
	return (struct diag_place){.line = line + 1, .column = offset - l->starts[line] + 1};
}

struct span text_lines_span(const struct text_lines *l, size_t index) {
	size_t start = l->starts[index];
	size_t end = index + 1 < l->count ? l->starts[index + 1] : l->text.len;
	end -= end > start && l->text.ptr[end - 1] == '\n';
	end -= end > start && l->text.ptr[end - 1] == '\r';
	return (struct span){start, end};
}
