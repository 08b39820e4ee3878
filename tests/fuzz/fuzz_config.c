/* Any text is a configuration or is refused with messages that point into it; what is taken can be copied. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "engine/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct config *c) {
	BUG_ON(c->evaluation_interval <= 0 || c->lookback <= 0 || c->prometheus.timeout <= 0);
	BUG_ON(c->prometheus.url.len == 0 || c->limit_fetches == 0);
	for (size_t i = 0; i < c->alertmanager_count; i++) {
		BUG_ON(!str_starts_with(c->alertmanagers[i].url, STR("http")));
		BUG_ON(str_ends_with(c->alertmanagers[i].url, STR("/")));
	}
}

/* What is printed is a configuration that prints the same. */
static void print_twice(const struct config *c, struct arena *a) {
	struct strbuf first = STRBUF_INIT, second = STRBUF_INIT;
	struct diags diags;
	struct config again;
	diags_init(&diags, a);
	config_init(&again);
	config_print(&first, c);
	BUG_ON(!config_parse(strbuf_str(&first), a, &diags, &again));
	config_print(&second, &again);
	BUG_ON(!str_equal(strbuf_str(&first), strbuf_str(&second)));
	strbuf_finish(&first);
	strbuf_finish(&second);
}

/* What was taken does not contradict itself, and can be shown. */
static void finish(struct config *c, bool ok, struct arena *a) {
	struct strbuf out = STRBUF_INIT;
	const char *error;
	config_set_folder(c, STR("/etc"), a);
	bool finished = config_finish(c, a, &error);
	BUG_ON(ok && !finished);
	config_access_print(&out, &c->prometheus.access, 2);
	for (size_t i = 0; i < c->alertmanager_count; i++) {
		config_access_print(&out, &c->alertmanagers[i].access, 2);
	}
	strbuf_finish(&out);
	if (ok) {
		print_twice(c, a);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct str text = {.ptr = (const char *)data, .len = size};
	struct arena a, b;
	struct diags diags;
	struct config config, copy;
	arena_init(&a);
	arena_init(&b);
	diags_init(&diags, &a);
	config_init(&config);
	bool ok = config_parse(text, &a, &diags, &config);
	BUG_ON(ok != (diags.errors == 0));
	for (size_t i = 0; i < diags.count; i++) {
		BUG_ON(diags.items[i].span.start > size || diags.items[i].span.end > size);
	}
	judge(&config);
	config_dup(&b, &config, &copy);
	arena_finish(&a);
	judge(&copy);
	finish(&copy, ok, &b);
	arena_finish(&b);
	return 0;
}
