/* Any text loads as a rule-test file, or is refused with messages that can be shown; the input series of what loads can be laid
 * out. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "rules/test_file.h"

#define MOST_POINTS 1000 /* of a series: a repetition is quickly written and long to go through */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_diags(const struct diags *d, size_t size) {
	for (size_t i = 0; i < d->count; i++) {
		BUG_ON(d->items[i].span.start > d->items[i].span.end || d->items[i].span.end > size);
	}
}

static void check_series(const struct test_series *series, struct arena *a) {
	struct pql_point_cursor c = {0};
	const char *error = NULL;
	size_t points = 0;
	while (points < MOST_POINTS && pql_point_cursor_next(&c, &series->sequence, a, &error)) {
		points++;
	}
	BUG_ON(error == NULL && points < MOST_POINTS && points != series->sequence.point_count);
}

static void check_group(const struct test_group *g, struct str text, struct arena *a,
						struct strbuf *out) {
	check_diags(&g->diags, text.len);
	diags_render(out, &g->diags, "fuzz.yml", text, (struct diag_style){0});
	for (size_t i = 0; i < g->series_count && g->diags.errors == 0; i++) {
		check_series(&g->series[i], a);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct str text = {(const char *)data, size};
	for (int promtool = 0; promtool < 2; promtool++) {
		struct test_file_options options = {.promtool = promtool, .syntax = &pql_syntax_all};
		struct strbuf out = STRBUF_INIT;
		struct arena a;
		struct diags d;
		struct test_file file;
		arena_init(&a);
		diags_init(&d, &a);
		bool good = test_file_load(text, &options, &a, &d, &file);
		BUG_ON(good != (d.errors == 0));
		check_diags(&d, size);
		diags_render(&out, &d, "fuzz.yml", text, (struct diag_style){0});
		for (size_t i = 0; i < file.group_count; i++) {
			check_group(&file.groups[i], text, &a, &out);
		}
		test_file_finish(&file);
		strbuf_finish(&out);
		arena_finish(&a);
	}
	return 0;
}
