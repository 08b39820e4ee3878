#include "rules/yaml/yaml.h"

#include "base/bug.h"

struct yaml_node *yaml_find(const struct yaml_node *mapping, const char *key) {
	if (mapping == NULL || mapping->kind != YAML_MAPPING) {
		return NULL;
	}
	struct str name = str_from(key);
	for (size_t i = 0; i < mapping->count; i++) {
		if (str_equal(mapping->pairs[i].key->text, name)) {
			return mapping->pairs[i].value;
		}
	}
	return NULL;
}

const char *yaml_kind_name(enum yaml_kind kind) {
	switch (kind) {
	case YAML_NULL: return "null";
	case YAML_SCALAR: return "scalar";
	case YAML_SEQUENCE: return "sequence";
	case YAML_MAPPING: return "mapping";
	}
	BUG("unknown kind of node");
}

static const struct yaml_piece *find_piece(const struct yaml_node *scalar, size_t offset) {
	const struct yaml_piece *pieces = yaml_pieces(scalar);
	size_t low = 0, high = scalar->piece_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (pieces[middle].text_offset <= offset) {
			low = middle;
		} else {
			high = middle;
		}
	}
	return &pieces[low];
}

static size_t file_offset(const struct yaml_node *scalar, size_t offset) {
	const struct yaml_piece *piece = find_piece(scalar, offset);
	size_t at = piece->file_offset + (offset - piece->text_offset);
	return at < scalar->span.end ? at : scalar->span.end;
}

/* The end is mapped through the last byte of the span, so that a span that stops at a line's end does not run on into
 * the next line's indentation. */
struct span yaml_span(const struct yaml_node *scalar, struct span in_text) {
	if (scalar->kind != YAML_SCALAR || scalar->piece_count == 0) {
		return scalar->span;
	}
	/* "Unexpected end" behind a block's last line break is shown behind its last word. */
	size_t length = scalar->text.len;
	while (length > 0 && scalar->text.ptr[length - 1] == '\n') {
		length--;
	}
	size_t start = in_text.start < length ? in_text.start : length;
	size_t end = in_text.end < length ? in_text.end : length;
	struct span span = {0};
	if (end <= start) {
		size_t at = start > 0 ? file_offset(scalar, start - 1) + 1 : file_offset(scalar, 0);
		at = at < scalar->span.end ? at : scalar->span.end;
		span = (struct span){at, at};
		if (start < length) {
			span.start = span.end = file_offset(scalar, start);
		}
		return span;
	}
	span.start = file_offset(scalar, start);
	span.end = file_offset(scalar, end - 1) + 1;
	span.end = span.end < scalar->span.end ? span.end : scalar->span.end;
	span.start = span.start < span.end ? span.start : span.end;
	return span;
}
