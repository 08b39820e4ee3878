/* print*, html, js, urlquery, match, reReplaceAll, title, toUpper, toLower, links, stripPort, stripDomain */
#include "rules/template/template_private.h"

#include "base/rune.h"
#include "base/utf8.h"

bool tfn_print(const struct tcall *call, struct tvalue *ret_value) {
	size_t start = call->x->out->len;
	tprint_print(call->x->arena, call->x->out, call->args, call->count);
	return tcall_return_text(call, start, ret_value);
}

bool tfn_println(const struct tcall *call, struct tvalue *ret_value) {
	size_t start = call->x->out->len;
	tprint_println(call->x->arena, call->x->out, call->args, call->count);
	return tcall_return_text(call, start, ret_value);
}

bool tfn_printf(const struct tcall *call, struct tvalue *ret_value) {
	size_t start = call->x->out->len;
	tprint_printf(call->x->arena, call->x->out, call->args[0].s, call->args + 1, call->count - 1);
	return tcall_return_text(call, start, ret_value);
}

/* All arguments as one text, as html, js and urlquery take them. */
static struct str joined(const struct tcall *call) {
	if (call->count == 1 && call->args[0].type == TTYPE_STRING) {
		return call->args[0].s;
	}
	struct tvalue *args = ARENA_ARRAY(call->x->arena, struct tvalue, call->count + 1), text;
	for (size_t i = 0; i < call->count; i++) {
		args[i] = tprint_printable(call->args[i]);
	}
	size_t start = call->x->out->len;
	tprint_print(call->x->arena, call->x->out, args, call->count);
	tcall_return_text(call, start, &text);
	return text.s;
}

bool tfn_html(const struct tcall *call, struct tvalue *ret_value) {
	struct str text = joined(call);
	struct strbuf *out = call->x->out;
	size_t start = out->len;
	for (size_t i = 0; i < text.len; i++) {
		switch (text.ptr[i]) {
		case '\0': utf8_encode(out, UTF8_INVALID); break;
		case '"': strbuf_add_c(out, "&#34;"); break;
		case '\'': strbuf_add_c(out, "&#39;"); break;
		case '&': strbuf_add_c(out, "&amp;"); break;
		case '<': strbuf_add_c(out, "&lt;"); break;
		case '>': strbuf_add_c(out, "&gt;"); break;
		default: strbuf_add_char(out, text.ptr[i]); break;
		}
	}
	return tcall_return_text(call, start, ret_value);
}

static void add_js(struct strbuf *out, struct str rune_text, uint32_t rune) {
	if (rune == '\\' || rune == '\'' || rune == '"') {
		strbuf_add_char(out, '\\');
		strbuf_add_char(out, (char)rune);
	} else if (rune < ' ' || rune == '<' || rune == '>' || rune == '&' || rune == '=' ||
			   (rune >= 0x80 && !utf8_is_printable(rune))) {
		strbuf_printf(out, "\\u%04X", rune);
	} else {
		strbuf_add(out, rune_text);
	}
}

bool tfn_js(const struct tcall *call, struct tvalue *ret_value) {
	struct str text = joined(call);
	struct strbuf *out = call->x->out;
	size_t start = out->len;
	for (size_t at = 0; at < text.len;) {
		uint32_t rune;
		size_t size = utf8_decode(str_slice(text, at, text.len), &rune);
		add_js(out, str_slice(text, at, at + size), rune);
		at += size;
	}
	return tcall_return_text(call, start, ret_value);
}

/* As Go's url.QueryEscape. */
static void add_query_escaped(struct strbuf *out, struct str text) {
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
					 c == '-' || c == '_' || c == '.' || c == '~';
		if (plain) {
			strbuf_add_char(out, c);
		} else if (c == ' ') {
			strbuf_add_char(out, '+');
		} else {
			strbuf_printf(out, "%%%02X", (unsigned)(unsigned char)c);
		}
	}
}

static bool return_link(const struct tcall *call, const char *before, struct str text,
						const char *behind, struct tvalue *ret_value) {
	struct strbuf *out = call->x->out;
	size_t start = out->len;
	strbuf_add_c(out, before);
	add_query_escaped(out, text);
	strbuf_add_c(out, behind);
	return tcall_return_text(call, start, ret_value);
}

bool tfn_urlquery(const struct tcall *call, struct tvalue *ret_value) {
	return return_link(call, "", joined(call), "", ret_value);
}

bool tfn_url_query_escape(const struct tcall *call, struct tvalue *ret_value) {
	return return_link(call, "", call->args[0].s, "", ret_value);
}

bool tfn_graph_link(const struct tcall *call, struct tvalue *ret_value) {
	return return_link(call, "/graph?g0.expr=", call->args[0].s, "&g0.tab=0", ret_value);
}

bool tfn_table_link(const struct tcall *call, struct tvalue *ret_value) {
	return return_link(call, "/graph?g0.expr=", call->args[0].s, "&g0.tab=1", ret_value);
}

/* The expression of the first argument: made at parse time if that is a constant. *ret_owned is to be destroyed. */
static const struct regex *get_regex(const struct tcall *call, const char **ret_error,
									 struct regex **ret_owned) {
	*ret_owned = NULL;
	if (call->regex != NULL) {
		return call->regex;
	}
	*ret_owned = regex_create(call->args[0].s, REGEX_UNANCHORED, call->x->arena, ret_error);
	return *ret_owned;
}

bool tfn_match(const struct tcall *call, struct tvalue *ret_value) {
	const char *error;
	struct regex *owned;
	const struct regex *regex = get_regex(call, &error, &owned);
	if (regex == NULL) {
		return tcall_fail(call, "%s", error);
	}
	bool matches;
	bool good = regex_matches(regex, call->args[1].s, &matches);
	if (good) {
		*ret_value = tvalue_bool(matches);
	} else {
		tcall_fail(call, "%s", regex_describe_failure(regex, call->args[1].s, call->x->arena));
	}
	regex_destroy(owned);
	return good;
}

bool tfn_re_replace_all(const struct tcall *call, struct tvalue *ret_value) {
	const char *error;
	struct regex *owned;
	const struct regex *regex = get_regex(call, &error, &owned);
	if (regex == NULL) { /* there it is a panic, whose text names the call */
		struct str pattern = call->args[0].s;
		bool raw = str_find(pattern, STR("`")) == pattern.len;
		struct strbuf quoted = STRBUF_IN(call->x->arena);
		if (raw) {
			strbuf_printf(&quoted, "`%.*s`", STR_FMT(pattern));
		} else {
			strbuf_add_quoted(&quoted, pattern);
		}
		tcall_fail(call, "regexp: Compile(%s): %s", quoted.ptr, error);
		return false;
	}
	size_t start = call->x->out->len;
	bool good = regex_replace_all(regex, call->args[2].s, call->args[1].s, call->x->out);
	if (!good) {
		struct arena *a = call->x->arena;
		bool too_long = call->x->out->len - start > REGEX_MAX_MADE;
		tcall_fail(call, "%s",
				   too_long ? regex_describe_length(regex, a)
							: regex_describe_failure(regex, call->args[2].s, a));
		call->x->out->len = start;
	}
	regex_destroy(owned);
	return good && tcall_return_text(call, start, ret_value);
}

bool tfn_to_upper(const struct tcall *call, struct tvalue *ret_value) {
	size_t start = call->x->out->len;
	rune_add_upper(call->x->out, call->args[0].s);
	return tcall_return_text(call, start, ret_value);
}

bool tfn_to_lower(const struct tcall *call, struct tvalue *ret_value) {
	size_t start = call->x->out->len;
	rune_add_lower(call->x->out, call->args[0].s);
	return tcall_return_text(call, start, ret_value);
}

static bool is_cased(uint32_t rune) {
	return rune_upper(rune) != rune || rune_lower(rune) != rune || rune == 0xAA || rune == 0xBA ||
		   (rune >= 0x2B0 && rune <= 0x2B8);
}

/* What stands within a word when there is one of it, not two: it's, a.b. */
static bool is_middle(uint32_t rune) {
	static const uint32_t runes[] = {'.',    '\'',   ':',    0xB7,   0x2018, 0x2019,
									 0x2024, 0x2027, 0xFE13, 0xFF07, 0xFF0E};
	for (size_t i = 0; i < sizeof(runes) / sizeof(runes[0]); i++) {
		if (rune == runes[i]) {
			return true;
		}
	}
	return false;
}

/* Digits, underscores, letters without case (but not those that are words of their own, as in Chinese), marks. */
static bool continues_word(uint32_t rune) {
	return (rune >= '0' && rune <= '9') || rune == '_' || rune == 0xAD ||
		   (rune >= 0x300 && rune <= 0x36F) || (rune < 0x2E80 && rune_is_letter(rune));
}

/* The letters whose title case is more than one letter. */
static const struct {
	uint32_t rune;
	const char *title;
} long_titles[] = {
	{0xDF, "Ss"},    {0x149, "\xCA\xBCN"}, {0xFB00, "Ff"}, {0xFB01, "Fi"}, {0xFB02, "Fl"},
	{0xFB03, "Ffi"}, {0xFB04, "Ffl"},      {0xFB05, "St"}, {0xFB06, "St"},
};

static bool add_long_title(struct strbuf *out, uint32_t rune) {
	for (size_t i = 0; i < sizeof(long_titles) / sizeof(long_titles[0]); i++) {
		if (rune == long_titles[i].rune) {
			strbuf_add_c(out, long_titles[i].title);
			return true;
		}
	}
	return false;
}

/* The first letter of each word in its title case; the rest stays as it is. Words are those of x/text's cases.Title. */
bool tfn_title(const struct tcall *call, struct tvalue *ret_value) {
	struct strbuf *out = call->x->out;
	struct str text = call->args[0].s;
	size_t start = out->len;
	bool within = false, after_middle = false;
	for (size_t at = 0; at < text.len;) {
		uint32_t rune;
		at += utf8_decode(str_slice(text, at, text.len), &rune);
		bool middle = is_middle(rune), cased = is_cased(rune);
		within = within && !(middle && after_middle);
		if (!within && add_long_title(out, rune)) {
			cased = true;
		} else {
			utf8_encode(out, cased && !within ? rune_title(rune) : rune);
		}
		within = cased || (within && (middle || continues_word(rune)));
		after_middle = middle;
	}
	return tcall_return_text(call, start, ret_value);
}

/* Only HTML templates treat it otherwise. */
bool tfn_safe_html(const struct tcall *call, struct tvalue *ret_value) {
	*ret_value = call->args[0];
	ret_value->type = TTYPE_HTML;
	return true;
}

bool tfn_external_url(const struct tcall *call, struct tvalue *ret_value) {
	*ret_value = tvalue_string(call->x->data->external_url);
	return true;
}

/* The path of the external URL: behind scheme and host, before query and fragment. */
bool tfn_path_prefix(const struct tcall *call, struct tvalue *ret_value) {
	struct str url = call->x->data->external_url;
	size_t scheme = str_find(url, STR("://"));
	size_t at = scheme < url.len ? scheme + 3 : 0;
	while (at < url.len && url.ptr[at] != '/' && url.ptr[at] != '?' && url.ptr[at] != '#') {
		at++;
	}
	size_t end = at;
	while (end < url.len && url.ptr[end] != '?' && url.ptr[end] != '#') {
		end++;
	}
	*ret_value = tvalue_string(str_slice(url, at, end));
	return true;
}
