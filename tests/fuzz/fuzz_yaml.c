/* Any text becomes a tree whose places lie within it, or errors whose places do. Printable text of a scalar stands in the file
 * where yaml_span says. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "rules/yaml/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_word(char c) {
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Quoted scalars may write any character as an escape, and !!binary ones are in base64. Line breaks of Unicode move the places of
 * what follows. */
static void check_scalar(const struct yaml_node *node, struct str file) {
	bool quoted = file.ptr[node->span.start] == '"' || file.ptr[node->span.start] == '\'' ||
				  str_find(file, STR("binary")) < file.len ||
				  str_find(file, STR("\xC2\x85")) < file.len ||
				  str_find(file, STR("\xE2\x80")) < file.len;

	for (size_t i = 0; i < node->text.len; i++) {
		struct span span = yaml_span(node, (struct span){i, i + 1});

		BUG_ON(span.start > span.end || span.end > file.len);
		BUG_ON(!quoted && is_word(node->text.ptr[i]) &&
			   (span.start >= file.len || file.ptr[span.start] != node->text.ptr[i]));
	}
}

static void check_node(const struct yaml_node *node, struct str file) {
	BUG_ON(node->span.start > node->span.end || node->span.end > file.len);
	if (node->kind == YAML_SCALAR && node->span.start < file.len) {
		check_scalar(node, file);
	}
	for (size_t i = 0; i < node->count; i++) {
		if (node->kind == YAML_SEQUENCE) {
			check_node(node->items[i], file);
		} else {
			check_node(node->pairs[i].key, file);
			check_node(node->pairs[i].value, file);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct str text = {(const char *)data, size};
	struct arena a;
	struct diags d;
	struct yaml_document *documents;
	size_t count;

	arena_init(&a);
	diags_init(&d, &a);
	bool good = yaml_parse(text, &a, &d, &documents, &count);
	BUG_ON(!good && d.errors == 0);
	for (size_t i = 0; i < d.count; i++) {
		BUG_ON(d.items[i].span.start > d.items[i].span.end || d.items[i].span.end > size);
	}
	for (size_t i = 0; i < count; i++) {
		if (documents[i].root != NULL) {
			check_node(documents[i].root, text);
		}
	}
	arena_finish(&a);
	return 0;
}
