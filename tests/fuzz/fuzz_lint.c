/* Any text is judged by the lints, with messages that can be shown in every format. If it loads, its expressions can be written in
 * canonical form, and doing that again changes nothing. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "rules/lint/rule_format.h"
#include "rules/report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct text {
	struct arena arena;
	struct diags yaml_diags, diags;
	struct lint_file file;
};

static void parse(struct text *t, struct str text) {
	struct yaml_document *documents;
	arena_init(&t->arena);
	diags_init(&t->yaml_diags, &t->arena);
	diags_init(&t->diags, &t->arena);
	t->file = (struct lint_file){.text = text, .yaml_diags = &t->yaml_diags};
	yaml_parse(text, &t->arena, &t->yaml_diags, &documents, &t->file.count);
	t->file.documents = documents;
}

static bool lint(struct text *t) {
	struct lint_options options;
	struct rule_counts counts;
	lint_options_init(&options);
	options.scrape_interval = 60000;
	struct linter *l = linter_create(&options);
	linter_add_recordings(l, &t->file);
	bool good = linter_check(l, &t->file, NULL, NULL, &t->diags, &counts);
	linter_destroy(l);
	for (size_t i = 0; i < t->diags.count; i++) {
		struct span span = t->diags.items[i].span;
		BUG_ON(span.start > span.end || span.end > t->file.text.len);
	}
	return good;
}

static void report(const struct text *t) {
	for (int format = 0; format < REPORT_FORMATS; format++) {
		struct report_options options = {.format = (enum report_format)format, .version = "0"};
		struct report_file file = {.path = "fuzz.yml", .text = t->file.text, .diags = &t->diags};
		struct report *r = report_create(&options);
		struct strbuf out = STRBUF_INIT;
		report_start(r, &out);
		report_add(r, &file, &out);
		report_finish(r, &out);
		report_destroy(r);
		strbuf_finish(&out);
	}
}

static void format(struct text *t) {
	struct rule_format once, twice;
	struct strbuf diff = STRBUF_INIT;
	struct text again;
	BUG_ON(!rule_format_make(&t->file, false, &t->arena, &once));
	if (once.count > 0) {
		text_edits_diff(&diff, "fuzz.yml", t->file.text, once.edits, once.count);
	}
	strbuf_finish(&diff);
	parse(&again, once.text);
	BUG_ON(!rule_format_make(&again.file, false, &again.arena, &twice));
	BUG_ON(twice.count != 0);
	arena_finish(&again.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct text t;
	parse(&t, (struct str){(const char *)data, size});
	bool good = lint(&t);
	report(&t);
	if (good) {
		format(&t);
	}
	arena_finish(&t.arena);
	return 0;
}
