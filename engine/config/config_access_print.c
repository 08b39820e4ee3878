#include "engine/config/config_access_private.h"

#include "base/url.h"

static void print_key(struct strbuf *out, size_t indent, const char *name) {
	strbuf_add_repeat(out, ' ', indent);
	strbuf_printf(out, "%s: ", name);
}

static void print_text(struct strbuf *out, size_t indent, const char *name, struct str text) {
	if (text.len > 0) {
		print_key(out, indent, name);
		strbuf_add_quoted(out, text);
		strbuf_add_char(out, '\n');
	}
}

static void print_word(struct strbuf *out, size_t indent, const char *name, const char *word) {
	if (word[0] != '\0') {
		print_key(out, indent, name);
		strbuf_printf(out, "%s\n", word);
	}
}

static void print_proxy(struct strbuf *out, size_t indent, const char *name, struct str url) {
	struct strbuf masked = STRBUF_INIT;
	url_mask(&masked, url);
	print_text(out, indent, name, strbuf_str(&masked));
	strbuf_finish(&masked);
}

static void print_row(struct strbuf *out, const struct setting *row, const void *value,
					  size_t indent) {
	const struct str *text = value; /* of the kinds that have one */
	if (row->kind == SETTING_BOOL) {
		print_word(out, indent, row->name, *(const bool *)value ? "true" : "");
	} else if (row->kind == SETTING_CHOICE) {
		static const char *const words[] = {
			[CONFIG_UNSAID] = "", [CONFIG_NO] = "false", [CONFIG_YES] = "true"};
		print_word(out, indent, row->name, words[*(const enum config_choice *)value]);
	} else if (row->kind == SETTING_TLS_VERSION) {
		print_word(out, indent, row->name,
				   config_tls_version_name(*(const enum config_tls_version *)value));
	} else if (row->kind == SETTING_SECRET) {
		print_word(out, indent, row->name, text->len > 0 ? CONFIG_SECRET_SHOWN : "");
	} else if (row->kind == SETTING_PROXY && text->len > 0) {
		print_proxy(out, indent, row->name, *text);
	} else {
		print_text(out, indent, row->name, *text);
	}
}

static void print_section(struct strbuf *out, const struct config_access *access,
						  const struct config_access_section *s, size_t indent) {
	struct strbuf body = STRBUF_INIT;
	bool has_name = s->name[0] != '\0';
	for (size_t i = 0; i < s->count; i++) {
		print_row(&body, &s->rows[i], (const char *)access + s->rows[i].offset,
				  indent + (has_name ? 2 : 0));
	}
	if (body.len > 0 && has_name) {
		strbuf_add_repeat(out, ' ', indent);
		strbuf_printf(out, "%s:\n", s->name);
	}
	strbuf_add(out, strbuf_str(&body));
	strbuf_finish(&body);
}

/* The lines of one kind that a header has: "values: ["a", "b"]". */
static void print_lines(struct strbuf *out, const struct config_access *access, struct str name,
						enum config_header_kind kind, size_t indent) {
	static const char *const keys[] = {[CONFIG_HEADER_VALUE] = "values",
									   [CONFIG_HEADER_SECRET] = "secrets",
									   [CONFIG_HEADER_FILE] = "files"};
	size_t count = 0;
	for (size_t i = 0; i < access->header_count; i++) {
		const struct config_header *h = &access->headers[i];
		if (h->kind != kind || !str_equal(h->name, name)) {
			continue;
		}
		if (count++ == 0) {
			print_key(out, indent, keys[kind]);
		}
		strbuf_add_c(out, count == 1 ? "[" : ", ");
		if (kind == CONFIG_HEADER_SECRET) {
			strbuf_add_c(out, CONFIG_SECRET_SHOWN);
		} else {
			strbuf_add_quoted(out, h->text);
		}
	}
	strbuf_add_c(out, count > 0 ? "]\n" : "");
}

static void print_headers(struct strbuf *out, const struct config_access *access, size_t indent) {
	if (access->header_count > 0) {
		strbuf_add_repeat(out, ' ', indent);
		strbuf_add_c(out, "http_headers:\n");
	}
	for (size_t i = 0; i < access->header_count; i++) {
		struct str name = access->headers[i].name;
		size_t first = 0;
		while (!str_equal(access->headers[first].name, name)) {
			first++;
		}
		if (first < i) {
			continue; /* printed with the first one */
		}
		strbuf_add_repeat(out, ' ', indent + 2);
		strbuf_printf(out, "%.*s:\n", STR_FMT(name));
		for (int kind = CONFIG_HEADER_VALUE; kind <= CONFIG_HEADER_FILE; kind++) {
			print_lines(out, access, name, (enum config_header_kind)kind, indent + 4);
		}
	}
}

void config_access_print(struct strbuf *out, const struct config_access *access, size_t indent) {
	size_t count;
	const struct config_access_section *sections = config_access_sections(&count);
	for (size_t i = 0; i < count; i++) {
		print_section(out, access, &sections[i], indent);
	}
	print_headers(out, access, indent);
}

void config_access_print_all(struct strbuf *out, const struct config *c, const void *target,
							 size_t indent) {
	(void)c;
	config_access_print(out, target, indent);
}

void config_print_nothing(struct strbuf *out, const struct config *c, const void *target,
						  size_t indent) {
	(void)out, (void)c, (void)target, (void)indent;
}
