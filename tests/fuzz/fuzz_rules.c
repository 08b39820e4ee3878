/* Any text loads as a rule file, or is refused with messages that can be shown. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "rules/group.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct str text = {(const char *)data, size};
	struct strbuf out = STRBUF_INIT;
	struct arena a;
	struct diags d;
	struct rule_file file;

	arena_init(&a);
	diags_init(&d, &a);
	bool good = rule_file_load(STR("fuzz.yml"), text, &pql_syntax_all, &a, &d, &file);
	BUG_ON(good != (d.errors == 0));
	for (size_t i = 0; i < d.count; i++) {
		BUG_ON(d.items[i].span.start > d.items[i].span.end || d.items[i].span.end > size);
	}
	diags_render(&out, &d, "fuzz.yml", text, (struct diag_style){0});
	if (good) {
		rule_file_finish(&file);
	}
	strbuf_finish(&out);
	arena_finish(&a);
	return 0;
}
