/* Any text is a web configuration or is refused with messages that point into it. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "engine/config/web_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct web_config *c) {
	BUG_ON(c->header_count > WEB_HEADERS_MAX || c->rate_burst < 0);
	BUG_ON(c->rate_interval_ns > 0 && c->rate_burst == 0);
	BUG_ON(c->tls.on && c->tls.max_version < c->tls.min_version);
	BUG_ON(c->tls.on && c->tls.cert.text.len + c->tls.cert_file.text.len == 0);
	for (size_t i = 0; i < c->header_count; i++) {
		BUG_ON(memchr(c->headers[i].value.ptr, '\n', c->headers[i].value.len) != NULL);
	}
	for (size_t i = 0; i < c->user_count; i++) {
		BUG_ON(c->users[i].hash.len != WEB_BCRYPT_LENGTH);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct str text = {.ptr = (const char *)data, .len = size};
	struct arena a;
	struct diags diags;
	struct web_config config;
	struct strbuf out = STRBUF_INIT;
	arena_init(&a);
	diags_init(&diags, &a);
	bool ok = web_config_parse(text, &a, &diags, &config);
	BUG_ON(ok != (diags.errors == 0));
	for (size_t i = 0; i < diags.count; i++) {
		BUG_ON(diags.items[i].span.start > size || diags.items[i].span.end > size);
	}
	diags_sort(&diags);
	diags_render(&out, &diags, "web.yml", text, (struct diag_style){.color = true});
	if (ok) {
		judge(&config);
	}
	strbuf_finish(&out);
	arena_finish(&a);
	return 0;
}
