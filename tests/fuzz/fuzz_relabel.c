/* Any text is labels (NAME=VALUE, one a line) and, behind an empty line, a list of relabelling rules: refused with messages that
 * point into it, or applied; what comes out is a label set, within the limits, and the same each time. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "engine/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str take_line(struct str *rest) {
	size_t end = str_find(*rest, STR("\n"));
	struct str line = str_slice(*rest, 0, end);
	*rest = str_slice(*rest, end < rest->len ? end + 1 : end, rest->len);
	return line;
}

static struct labels take_labels(struct str *rest, struct arena *a) {
	struct labels_builder b;
	labels_builder_init(&b, a);
	for (struct str line; (line = take_line(rest)).len > 0;) {
		size_t equals = str_find(line, STR("="));
		if (equals < line.len) {
			labels_builder_set(&b, str_slice(line, 0, equals),
							   str_slice(line, equals + 1, line.len));
		}
	}
	return labels_builder_take(&b);
}

static size_t count_bytes(struct labels l) {
	size_t bytes = 0;
	for (size_t i = 0; i < l.count; i++) {
		bytes += l.items[i].name.len + l.items[i].value.len;
	}
	return bytes;
}

static void judge(struct labels in, struct labels out) {
	size_t before = count_bytes(in), after = count_bytes(out);
	BUG_ON(after > before && after > RELABEL_MAX_BYTES);
	BUG_ON(out.count > in.count && out.count > RELABEL_MAX_LABELS);
	for (size_t i = 0; i < out.count; i++) {
		BUG_ON(out.items[i].value.len == 0);
		BUG_ON(i > 0 && str_compare(out.items[i - 1].name, out.items[i].name) >= 0);
	}
}

static void apply(struct relabel_rules rules, struct labels labels, struct arena *a) {
	struct arena own;
	arena_init(&own);
	struct relabel_rules copy = relabel_rules_dup(&own, rules);
	struct relabel *first = relabel_create(rules), *second = relabel_create(copy);
	struct labels one = LABELS_EMPTY, two = LABELS_EMPTY;
	BUG_ON(!relabel_rules_equal(rules, copy));
	bool kept = relabel_apply(first, labels, LABELS_EMPTY, a, &one);
	for (int round = 0; round < 2; round++) {
		BUG_ON(relabel_apply(second, labels, LABELS_EMPTY, a, &two) != kept);
		BUG_ON(!labels_equal(one, two));
	}
	judge(labels, one);
	/* The same labels, come as external ones. */
	if (relabel_apply(second, LABELS_EMPTY, labels, a, &two)) {
		judge(labels, two);
	}
	relabel_destroy(first);
	relabel_destroy(second);
	arena_finish(&own);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct str text = {.ptr = (const char *)data, .len = size};
	struct arena a;
	struct diags diags;
	struct relabel_rules rules;
	arena_init(&a);
	diags_init(&diags, &a);
	struct labels labels = take_labels(&text, &a);
	bool ok = config_parse_relabel(text, &a, &diags, &rules);
	BUG_ON(ok != (diags.errors == 0));
	for (size_t i = 0; i < diags.count; i++) {
		BUG_ON(diags.items[i].span.start > text.len || diags.items[i].span.end > text.len);
	}
	if (ok) {
		apply(rules, labels, &a);
	}
	arena_finish(&a);
	return 0;
}
