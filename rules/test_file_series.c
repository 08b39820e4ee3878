/* Input series. Promtool writes them into one text, a line each, and reads that: a line break in a series begins another one,
 * and an empty line ends them all. */
#include "rules/test_file_private.h"

enum series_field { SERIES_SERIES, SERIES_VALUES, SERIES_FIELDS };

static const struct field series_fields[SERIES_FIELDS] = {
	[SERIES_SERIES] = {"series", FIELD_TEXT, NULL},
	[SERIES_VALUES] = {"values", FIELD_TEXT, NULL},
};

struct series_list {
	struct test_loader *loader;
	struct test_series *items;
	size_t count, capacity;
	bool ended; /* by an empty line */
	struct span end;
};

/* Where a part of "series values" stands in the file. */
static struct span place_of(const struct field_value *v, struct span in_line) {
	const struct field_value *series = &v[SERIES_SERIES], *values = &v[SERIES_VALUES];
	size_t border = series->text.len + 1;
	bool behind = in_line.start >= border && values->node != NULL;
	const struct field_value *part = behind ? values : series;
	if (part->node == NULL) {
		return part->span;
	}
	size_t from = behind ? border : 0;
	struct span span = {in_line.start - from, in_line.end > from ? in_line.end - from : 0};
	return yaml_span(part->node, span);
}

static void add_line(struct series_list *list, const struct field_value *v, struct str text,
					 size_t offset) {
	struct test_loader *l = list->loader;
	struct pql_notation_error error;
	struct test_series series;
	if (!pql_notation_parse_sequence(text, l->loader.arena, &series.sequence, &error)) {
		struct span span = {offset + error.span.start, offset + error.span.end};
		test_error_add(l, place_of(v, span), "%s", error.message);
		return;
	}
	series.span = place_of(v, (struct span){offset, offset + text.len});
	if (series.sequence.labels.count == 0 && series.sequence.point_count > 0) {
		test_error_add(l, series.span, "a series needs a name or labels");
	}
	list->items = arena_grow(l->loader.arena, list->items, list->count, &list->capacity,
							 sizeof(*list->items));
	list->items[list->count++] = series;
}

static void end_here(struct series_list *list, const struct field_value *v, size_t offset) {
	list->ended = true;
	list->end = place_of(v, (struct span){offset, offset + 1});
}

static void add_series(struct series_list *list, const struct field_value *v) {
	struct arena *a = list->loader->loader.arena;
	struct str all = str_from(arena_printf(a, "%.*s %.*s", STR_FMT(v[SERIES_SERIES].text),
										   STR_FMT(v[SERIES_VALUES].text)));
	for (size_t from = 0; from <= all.len && !list->ended;) {
		struct str rest = str_slice(all, from, all.len);
		size_t length = str_find(rest, STR("\n"));
		struct str line = str_trim(str_slice(rest, 0, length));
		if (line.len == 0 || line.ptr[0] == '#') {
			end_here(list, v, from);
		} else {
			add_line(list, v, line, (size_t)(line.ptr - all.ptr));
		}
		from += length + 1;
	}
}

void test_series_load(struct test_loader *l, const struct yaml_node *nodes) {
	struct series_list list = {.loader = l};
	for (size_t i = 0; nodes != NULL && i < nodes->count; i++) {
		struct field_value v[SERIES_FIELDS];
		if (!test_fields_load(l, nodes->items[i], "main.series", series_fields, SERIES_FIELDS, 0,
							  v)) {
			continue;
		}
		if (list.ended) {
			diags_add(&l->group->diags, l->options->promtool ? DIAG_WARNING : DIAG_ERROR, list.end,
					  "an empty line: promtool reads no input series behind it, and says nothing");
			break;
		}
		add_series(&list, v);
	}
	l->group->series = list.items;
	l->group->series_count = list.count;
}
