#include "rules/preset_private.h"

#include "base/duration.h"
#include "base/gofloat.h"
#include "base/utf8.h"
#include "rules/group.h"

#define PRESET_MAX_VALUE_BYTES                                                                     \
	256 /* names and numbers; the reader of the rule file should still see the rule */

const struct preset *presets(size_t *ret_count) {
	*ret_count = preset_table_count;
	return preset_table;
}

const struct preset *preset_find(struct str name) {
	for (size_t i = 0; i < preset_table_count; i++) {
		if (str_equal(name, str_from(preset_table[i].name))) {
			return &preset_table[i];
		}
	}
	return NULL;
}

/* The line at *at without its line break; *at goes behind it. */
static struct str take_line(struct str text, size_t *at) {
	size_t start = *at;
	size_t length = str_find(str_slice(text, start, text.len), STR("\n"));
	*at = start + length < text.len ? start + length + 1 : text.len;
	return str_slice(text, start, start + length);
}

static size_t skip_blanks(struct str s, size_t at) {
	while (at < s.len && s.ptr[at] == ' ') {
		at++;
	}
	return at;
}

static const struct str hold_suffix = {"/for", 4};

/* `# parameter NAME = DEFAULT   help`: two blanks end the default, which may hold single ones. */
static bool parse_parameter(struct str line, struct preset_parameter *ret_parameter) {
	struct str start = STR("# parameter ");
	if (!str_starts_with(line, start)) {
		return false;
	}
	struct str rest = str_slice(line, start.len, line.len);
	size_t equals = str_find(rest, STR("="));
	if (equals == rest.len) {
		return false;
	}
	size_t value = skip_blanks(rest, equals + 1);
	size_t value_end = value + str_find(str_slice(rest, value, rest.len), STR("  "));
	struct str text = str_slice(rest, value, value_end);
	bool is_hold = str_ends_with(text, hold_suffix);
	*ret_parameter = (struct preset_parameter){
		.name = str_trim(str_slice(rest, 0, equals)),
		.value = text,
		.help = str_trim(str_slice(rest, value_end, rest.len)),
		.alert = is_hold ? str_slice(text, 0, text.len - hold_suffix.len) : STR_EMPTY,
	};
	return true;
}

/* What follows `key` on a line that begins with it. */
static bool take_value(struct str line, struct str key, struct str *ret_value) {
	struct str trimmed = str_trim(line);
	if (!str_starts_with(trimmed, key)) {
		return false;
	}
	*ret_value = str_trim(str_slice(trimmed, key.len, trimmed.len));
	return true;
}

/* What the `for` of the alert says in the file. */
static struct str find_hold(const struct preset *p, struct str alert) {
	struct str current = STR_EMPTY, hold;
	for (size_t at = 0; at < p->source.len;) {
		struct str line = take_line(p->source, &at);
		take_value(line, STR("- alert:"), &current);
		if (str_equal(current, alert) && take_value(line, STR("for:"), &hold)) {
			return hold;
		}
	}
	return STR("0s");
}

const struct preset_parameter *preset_parameters(const struct preset *p, struct arena *a,
												 size_t *ret_count) {
	struct preset_parameter *parameters = NULL, found;
	size_t count = 0, capacity = 0;
	for (size_t at = 0; at < p->source.len;) {
		if (parse_parameter(take_line(p->source, &at), &found)) {
			if (found.alert.len > 0) {
				found.value = find_hold(p, found.alert);
			}
			parameters = arena_grow(a, parameters, count, &capacity, sizeof(found));
			parameters[count++] = found;
		}
	}
	*ret_count = count;
	return parameters;
}

/* A parameter with its new value. */
struct change {
	struct str name, from, to;
	struct str alert; /* whose `for` it is; empty: a word of the text */
};

struct rendering {
	const struct preset *preset;
	struct arena *arena;
	struct change *changes;
	size_t count;
	const char **ret_error;
};

static bool refuse(const struct rendering *r, struct str name, const char *why) {
	*r->ret_error = arena_printf(r->arena, "preset %s: parameter \"%.*s\": %s", r->preset->name,
								 STR_FMT(name), why);
	return false;
}

/* Characters with which a value could leave the place where it stands. */
static bool is_harmless(struct str value) {
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];
		if (c < ' ' || c == 0x7F || c == '#' || c == '\\') {
			return false;
		}
	}
	return utf8_valid(value) && str_find(value, STR("{{")) == value.len;
}

/* A number stays a number and a duration a duration: a name in their place could be a valid expression that means
 * something else. */
static bool check_value(const struct rendering *r, struct change *change) {
	double number;
	dur_ms duration;
	const char *error;
	if (change->to.len > PRESET_MAX_VALUE_BYTES) {
		return refuse(r, change->name, "value of more than 256 bytes (limit)");
	}
	if (!is_harmless(change->to)) {
		return refuse(r, change->name,
					  "value with a control character, '#', '\\', '{{' or invalid UTF-8");
	}
	if (gofloat_parse(change->from, &number, NULL)) {
		return gofloat_parse(change->to, &number, NULL) || refuse(r, change->name, "not a number");
	}
	if (duration_parse(change->from, r->arena, &duration, &error)) {
		return duration_parse(change->to, r->arena, &duration, &error) ||
			   refuse(r, change->name, error);
	}
	return true;
}

static bool find_changes(struct rendering *r, const struct preset_parameter *values, size_t count) {
	size_t declared_count;
	const struct preset_parameter *declared =
		preset_parameters(r->preset, r->arena, &declared_count);
	r->changes = ARENA_ARRAY(r->arena, struct change, declared_count);
	for (size_t i = 0; i < declared_count; i++) {
		const struct preset_parameter *p = &declared[i];
		r->changes[i] = (struct change){p->name, p->value, p->value, p->alert};
	}
	r->count = declared_count;
	for (size_t i = 0; i < count; i++) {
		size_t at = 0;
		while (at < declared_count && !str_equal(declared[at].name, values[i].name)) {
			at++;
		}
		if (at == declared_count) {
			return refuse(r, values[i].name, "unknown parameter");
		}
		r->changes[at].to = str_trim(values[i].value);
		if (!str_equal(r->changes[at].to, r->changes[at].from) &&
			!check_value(r, &r->changes[at])) {
			return false;
		}
	}
	return true;
}

static bool is_word(char c) {
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
		   c == ':' || c == '.';
}

/* Whether a word ends at `at`; a full stop that ends a sentence is no part of it. */
static bool ends_word(struct str line, size_t at) {
	if (at < line.len && line.ptr[at] == '.' &&
		(at + 1 == line.len || !is_word(line.ptr[at + 1]))) {
		return true;
	}
	return at == line.len || !is_word(line.ptr[at - 1]) || !is_word(line.ptr[at]);
}

/* Whether `from` stands at `at` as a whole word, or as the stem of a histogram's series. Bytes of the stem; 0: no. */
static size_t match_word(struct str line, size_t at, struct str from) {
	static const char *const suffixes[] = {"", "_bucket", "_count", "_sum"};
	if (from.len == 0 || !str_starts_with(str_slice(line, at, line.len), from) ||
		(at > 0 && is_word(line.ptr[at - 1]) && is_word(from.ptr[0]))) {
		return 0;
	}
	size_t end = at + from.len;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		struct str suffix = str_from(suffixes[i]);
		if (str_starts_with(str_slice(line, end, line.len), suffix) &&
			ends_word(line, end + suffix.len)) {
			return from.len;
		}
	}
	return 0;
}

/* Without the comma that parted an empty value from its neighbour. */
static size_t drop_comma(struct strbuf *out, struct str line, size_t at) {
	struct str comma = STR(", ");
	if (str_starts_with(str_slice(line, at, line.len), comma)) {
		return at + comma.len;
	}
	if (str_ends_with(strbuf_str(out), comma)) {
		out->len -= comma.len;
		out->ptr[out->len] = '\0';
	}
	return at;
}

static void render_line(const struct rendering *r, struct str line, struct strbuf *out) {
	for (size_t at = 0; at < line.len;) {
		size_t matched = 0;
		for (size_t i = 0; i < r->count && matched == 0; i++) {
			matched = r->changes[i].alert.len == 0 ? match_word(line, at, r->changes[i].from) : 0;
			if (matched > 0) {
				strbuf_add(out, r->changes[i].to);
				at += matched;
				if (r->changes[i].to.len == 0) {
					at = drop_comma(out, line, at);
				}
			}
		}
		if (matched == 0) {
			strbuf_add_char(out, line.ptr[at++]);
		}
	}
}

/* The header declares what is now the default, so that the result is a preset again. */
static void render_parameter(const struct rendering *r, struct str line,
							 const struct preset_parameter *declared, struct strbuf *out) {
	if (declared->alert.len >
		0) { /* says where the default stands, which is true of the new one too */
		strbuf_add(out, line);
		return;
	}
	size_t at = (size_t)(declared->value.ptr - line.ptr);
	strbuf_add(out, str_slice(line, 0, at));
	for (size_t i = 0; i < r->count; i++) {
		if (str_equal(r->changes[i].name, declared->name)) {
			strbuf_add(out, r->changes[i].to);
		}
	}
	strbuf_add(out, str_slice(line, at + declared->value.len, line.len));
}

/* `for: 5m` of an alert: only the parameter of that name touches it. */
static void render_hold(const struct rendering *r, struct str line, struct str alert,
						struct strbuf *out) {
	for (size_t i = 0; i < r->count; i++) {
		if (str_equal(r->changes[i].alert, alert)) {
			size_t end = str_find(line, STR("for:")) + strlen("for:");
			strbuf_add(out, str_slice(line, 0, end));
			strbuf_printf(out, " %.*s", STR_FMT(r->changes[i].to));
			return;
		}
	}
	strbuf_add(out, line);
}

static void render_text(const struct rendering *r, struct strbuf *out) {
	struct str alert = STR_EMPTY, hold;
	for (size_t at = 0; at < r->preset->source.len;) {
		struct str line = take_line(r->preset->source, &at);
		struct preset_parameter declared;
		take_value(line, STR("- alert:"), &alert);
		if (parse_parameter(line, &declared)) {
			render_parameter(r, line, &declared, out);
		} else if (str_starts_with(str_trim(line), STR("#"))) {
			strbuf_add(out, line);
		} else if (take_value(line, STR("for:"), &hold)) {
			render_hold(r, line, alert, out);
		} else {
			render_line(r, line, out);
		}
		strbuf_add_char(out, '\n');
	}
}

static bool check_loads(const struct rendering *r, struct str text) {
	struct arena scratch;
	struct diags diags;
	struct rule_file file;
	arena_init(&scratch);
	diags_init(&diags, &scratch);
	static const struct pql_syntax plain;
	bool good = rule_file_load(STR("preset"), text, &plain, &scratch, &diags, &file);
	if (good) {
		rule_file_finish(&file);
	} else {
		*r->ret_error = arena_printf(r->arena, "preset %s: with these parameters: %s",
									 r->preset->name, diags.items[0].message);
	}
	arena_finish(&scratch);
	return good;
}

bool preset_render(const struct preset *p, const struct preset_parameter *values, size_t count,
				   struct arena *a, struct strbuf *out, const char **ret_error) {
	struct rendering r = {.preset = p, .arena = a, .ret_error = ret_error};
	if (!find_changes(&r, values, count)) {
		return false;
	}
	struct strbuf text = STRBUF_INIT;
	render_text(&r, &text);
	bool good = check_loads(&r, strbuf_str(&text));
	if (good) {
		strbuf_add(out, strbuf_str(&text));
	}
	strbuf_finish(&text);
	return good;
}
