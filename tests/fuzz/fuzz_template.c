/* Any text parses as a template or is refused; what parses expands, asks or fails, within its bounds. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "rules/template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct label label_items[] = {
	{{"__name__", 8}, {"up", 2}},
	{{"instance", 8}, {"web-1.example.org:9100", 22}},
	{{"job", 3}, {"a\"<b>", 5}},
};

static void expand(const struct template *t) {
	struct labels labels = {label_items, 3};
	struct template_sample samples[] = {{labels, 1.5}, {LABELS_EMPTY, -1e300}};
	struct template_answer answers[] = {
		{.query = STR("q"), .samples = samples, .count = 2},
		{.query = STR("bad"), .failure = "no such thing"},
	};
	struct template_data data = {
		.labels = labels,
		.external_labels = labels,
		.external_url = STR("http://x:9090/path?q"),
		.value = 0.25,
		.now = INT64_C(1700000000123),
		.answers = answers,
		.answer_count = 2,
	};
	struct strbuf out = STRBUF_INIT;
	struct str text;
	struct arena a;

	arena_init(&a);
	strbuf_add_c(&out, "kept");
	enum template_outcome outcome = template_expand(t, &data, &a, &out, &text);
	BUG_ON(outcome != TEMPLATE_DONE && !str_equal(strbuf_str(&out), STR("kept")));
	BUG_ON(outcome != TEMPLATE_DONE && text.ptr == NULL);
	BUG_ON(out.len > TEMPLATE_MAX_OUTPUT_BYTES + 4);
	strbuf_finish(&out);
	arena_finish(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct str text = {(const char *)data, size};
	const char *error = NULL;
	struct span span = {0};
	struct arena a;

	arena_init(&a);
	const struct template *t = template_parse(STR("X"), text, &a, &error, &span);
	if (t != NULL) {
		expand(t);
	} else {
		BUG_ON(error == NULL || span.start > span.end || span.end > size);
	}
	template_destroy(t);
	arena_finish(&a);
	return 0;
}
