/* Texts as YAML scalars. */
#include "base/utf8.h"
#include "rules/yaml/yaml_edit.h"

/* What needs no thought within a plain scalar on one line, in flow collections too. Colons and `#` are judged by what is around
 * them. */
static bool is_plain_char(char c) {
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		   (c != '\0' && strchr(" _-./%()+=@;<>*?!$^~|&:", c) != NULL);
}

static bool is_plain_start(char c) {
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		   (c != '\0' && strchr("_/(.+^$", c) != NULL);
}

/* Plain texts of other types (numbers, truth values, dates) would be read as those. */
static bool is_text(struct str value) {
	struct yaml_node node = {.kind = YAML_SCALAR, .plain = true, .text = value};
	return strcmp(yaml_tag(&node), "!!str") == 0;
}

static bool can_be_plain(struct str value) {
	if (value.len == 0 || !is_plain_start(value.ptr[0]) || value.ptr[value.len - 1] == ' ' ||
		value.ptr[value.len - 1] == ':') {
		return false;
	}
	for (size_t i = 0; i < value.len; i++) {
		bool parts = value.ptr[i] == ':' && i + 1 < value.len && value.ptr[i + 1] == ' ';
		if (!is_plain_char(value.ptr[i]) || parts) {
			return false;
		}
	}
	return is_text(value);
}

/* What YAML does not take as it is, and what ends a line. */
static bool needs_escape(uint32_t c) {
	return c < 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0x2028 || c == 0x2029 || c == 0xFEFF ||
		   c == 0xFFFE || c == 0xFFFF;
}

static bool needs_escapes(struct str value) {
	for (size_t at = 0; at < value.len;) {
		uint32_t c;
		size_t len = utf8_decode(str_slice(value, at, value.len), &c);
		if (len == 0 || needs_escape(c)) {
			return true;
		}
		at += len;
	}
	return false;
}

static void add_double(struct strbuf *out, struct str value) {
	strbuf_add_char(out, '"');
	for (size_t at = 0; at < value.len;) {
		uint32_t c;
		size_t len = utf8_decode(str_slice(value, at, value.len), &c);
		if (c == '"' || c == '\\') {
			strbuf_add_char(out, '\\');
			strbuf_add_char(out, (char)c);
		} else if (c == '\n' || c == '\t') {
			strbuf_add_c(out, c == '\n' ? "\\n" : "\\t");
		} else if (needs_escape(c)) {
			strbuf_printf(out, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
		} else {
			strbuf_add(out, str_slice(value, at, at + len));
		}
		at += len > 0 ? len : 1;
	}
	strbuf_add_char(out, '"');
}

static void add_single(struct strbuf *out, struct str value) {
	strbuf_add_char(out, '\'');
	for (size_t i = 0; i < value.len; i++) {
		strbuf_add_c(out, value.ptr[i] == '\'' ? "'" : "");
		strbuf_add_char(out, value.ptr[i]);
	}
	strbuf_add_char(out, '\'');
}

void yaml_print_scalar(struct strbuf *out, struct str value, char quote) {
	bool escapes = needs_escapes(value);
	if (quote == 0 && can_be_plain(value)) {
		strbuf_add(out, value);
		return;
	}
	if (quote == 0) {
		bool awkward =
			str_find(value, STR("\"")) < value.len || str_find(value, STR("\\")) < value.len;
		quote = awkward ? '\'' : '"';
	}
	if (quote == '\'' && !escapes) {
		add_single(out, value);
	} else {
		add_double(out, value);
	}
}
