/* Any text is series or is refused with a message. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "promql-lite/series_notation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct str text = {(const char *)data, size}, rest;
	struct pql_points points = {0};
	struct labels labels;
	const char *error = NULL;
	struct arena a;

	arena_init(&a);
	if (pql_notation_parse(text, &a, &labels, &points, &error)) {
		BUG_ON(points.count > PQL_NOTATION_MAX_POINTS);
		for (size_t i = 1; i < labels.count; i++) {
			BUG_ON(str_compare(labels.items[i - 1].name, labels.items[i].name) >= 0);
		}
	} else {
		BUG_ON(error == NULL);
	}
	error = NULL;
	BUG_ON(!pql_notation_parse_labels(text, &a, &labels, &rest, &error) && error == NULL);
	arena_finish(&a);
	return 0;
}
