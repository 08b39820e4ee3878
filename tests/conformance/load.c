#include "tests/conformance/load.h"

#include "base/duration.h"
#include "promql-lite/series_notation.h"

static bool add_series(struct pql_store *store, struct str line, ts_ms start, dur_ms step,
					   struct arena *a, struct strbuf *error) {
	struct labels labels;
	struct pql_points points;
	const char *message;

	if (!pql_notation_parse(line, a, &labels, &points, &message)) {
		strbuf_printf(error, "%.*s: %s", STR_FMT(line), message);
		return false;
	}
	for (size_t i = 0; i < points.count; i++) {
		if (points.items[i].kind == PQL_POINT_VALUE) {
			pql_store_add(store, labels, start + (ts_ms)i * step, points.items[i].value);
		}
	}
	return true;
}

bool load_blocks(struct str text, ts_ms start, struct pql_store *store, struct strbuf *error) {
	struct arena a;
	dur_ms step = 0;
	const char *message;
	bool good = true;

	arena_init(&a);
	while (text.len > 0 && good) {
		size_t end = str_find(text, STR("\n"));
		struct str line = str_trim(str_slice(text, 0, end));

		text = str_slice(text, end < text.len ? end + 1 : end, text.len);
		if (str_starts_with(line, STR("load "))) {
			good = duration_parse(str_trim(str_slice(line, 5, line.len)), &a, &step, &message);
			strbuf_printf(error, "%s", good ? "" : message);
		} else if (line.len > 0 && line.ptr[0] != '#') {
			good = add_series(store, line, start, step, &a, error);
		}
	}
	arena_finish(&a);
	return good;
}
