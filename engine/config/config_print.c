/* The configuration as text: as a file, and setting by setting as flags. Both walk the table of settings. */
#include <inttypes.h>

#include "base/bug.h"
#include "base/duration.h"
#include "engine/config/config_access_private.h"

#define STEP 2 /* blanks of indentation */

/* ---- values as flags take them ---- */

/* 256MiB rather than 268435456. */
static void print_bytes(struct strbuf *out, size_t bytes) {
	static const char *const units[] = {"", "KiB", "MiB", "GiB"};
	size_t unit = 0;
	while (unit < 3 && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	strbuf_printf(out, "%zu%s", bytes, units[unit]);
}

static void print_preset(struct strbuf *out, const struct config_preset *p) {
	strbuf_add(out, p->name);
	for (size_t i = 0; i < p->count; i++) {
		strbuf_printf(out, "%c%.*s=%.*s", i == 0 ? '?' : '&', STR_FMT(p->values[i].name),
					  STR_FMT(p->values[i].value));
	}
}

static void print_secret(struct strbuf *out, bool is_given) {
	strbuf_add_c(out, is_given ? CONFIG_SECRET_SHOWN : "");
}

/* Kinds that are one text; a list of headers, each of which may be a secret, is shown as one. */
static void print_one(struct strbuf *out, const struct setting *s, const void *value) {
	switch (s->kind) {
	case SETTING_URL:
	case SETTING_OPTIONAL_URL:
	case SETTING_TEXT:
	case SETTING_FILE:
	case SETTING_REGEX:
	case SETTING_LISTEN: strbuf_add(out, *(const struct str *)value); return;
	case SETTING_DURATION:
	case SETTING_OPTIONAL_DURATION: duration_print(out, *(const dur_ms *)value); return;
	case SETTING_BOOL: strbuf_add_c(out, *(const bool *)value ? "true" : "false"); return;
	case SETTING_BYTES: print_bytes(out, *(const size_t *)value); return;
	case SETTING_COUNT: strbuf_printf(out, "%zu", *(const size_t *)value); return;
	case SETTING_CHOICE:
		strbuf_add_c(out, *(const enum config_choice *)value == CONFIG_YES ? "true" : "false");
		return;
	case SETTING_TLS_VERSION:
		strbuf_add_c(out, config_tls_version_name(*(const enum config_tls_version *)value));
		return;
	case SETTING_SECRET:
	case SETTING_PROXY:
		print_secret(out, ((const struct config_secret *)value)->text.len > 0);
		return;
	case SETTING_HEADERS:
		print_secret(out, ((const struct config_access *)value)->header_count > 0);
		return;
	case SETTING_EVALUATION:
		strbuf_add_c(out, evaluation_mode_name[*(const enum evaluation_mode *)value]);
		return;
	case SETTING_SHARD: shard_print(out, *(const struct shard *)value); return;
	case SETTING_LOG_LEVEL:
		strbuf_add_c(out, config_log_level_name(*(const enum config_log_level *)value));
		return;
	case SETTING_LOG_FORMAT:
		strbuf_add_c(out, config_log_format_name(*(const enum config_log_format *)value));
		return;
	case SETTING_LABELS:
	case SETTING_PEERS:
	case SETTING_TEXTS:
	case SETTING_PRESETS:
	case SETTING_NODE: break;
	}
	BUG("a setting that is not one text");
}

static size_t item_count(const struct setting *s, const struct config *c) {
	return s->kind == SETTING_LABELS    ? c->external_labels.count
		   : s->kind == SETTING_PEERS   ? c->alertmanager_count
		   : s->kind == SETTING_PRESETS ? c->preset_count
										: c->rule_file_count;
}

static void print_item(struct strbuf *out, const struct setting *s, const struct config *c,
					   size_t index) {
	if (s->kind == SETTING_LABELS) {
		const struct label *l = &c->external_labels.items[index];
		strbuf_printf(out, "%.*s=%.*s", STR_FMT(l->name), STR_FMT(l->value));
	} else if (s->kind == SETTING_PEERS) {
		strbuf_add(out, c->alertmanagers[index].url);
	} else if (s->kind == SETTING_PRESETS) {
		print_preset(out, &c->presets[index]);
	} else {
		strbuf_add(out, c->rule_files[index]);
	}
}

static bool is_list(const struct setting *s) {
	return s->kind == SETTING_LABELS || s->kind == SETTING_PEERS || s->kind == SETTING_TEXTS ||
		   s->kind == SETTING_PRESETS;
}

void config_print_option(struct strbuf *out, const struct config *c,
						 const struct config_option *option) {
	size_t count, i = 0;
	const struct setting *rows = settings(&count);
	while (strcmp(rows[i].name, option->name) != 0) {
		i++;
		BUG_ON(i == count);
	}
	const struct setting *s = &rows[i];
	if (!is_list(s)) {
		print_one(out, s, (const char *)c + s->offset);
		return;
	}
	for (size_t k = 0; k < item_count(s, c); k++) {
		strbuf_add_c(out, k > 0 ? "," : "");
		print_item(out, s, c, k);
	}
}

/* ---- YAML ---- */

/* What means the same without quotes, whoever reads it. */
static bool is_plain(struct str text) {
	static const struct str nulls[] = {{"null", 4}, {"Null", 4}, {"NULL", 4}};
	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++) {
		if (str_equal(text, nulls[i])) {
			return false;
		}
	}
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool inside = i > 0 && (c == '.' || c == '-' || c == ':');
		if (!alnum && !inside && c != '_' && c != '/') {
			return false;
		}
	}
	return text.len > 0 && text.ptr[text.len - 1] != ':';
}

static void add_scalar(struct strbuf *out, struct str text) {
	if (is_plain(text)) {
		strbuf_add(out, text);
	} else {
		strbuf_add_quoted(out, text);
	}
}

void config_print_key(struct strbuf *out, size_t indent, struct str key) {
	strbuf_add_repeat(out, ' ', indent);
	add_scalar(out, key);
	strbuf_add_char(out, ':');
}

void config_print_pair(struct strbuf *out, size_t indent, struct str key, struct str value) {
	config_print_key(out, indent, key);
	strbuf_add_char(out, ' ');
	add_scalar(out, value);
	strbuf_add_char(out, '\n');
}

static void add_one(struct strbuf *out, size_t indent, struct str key, const struct setting *s,
					const void *value) {
	struct strbuf text = STRBUF_INIT;
	print_one(&text, s, value);
	config_print_pair(out, indent, key, strbuf_str(&text));
	strbuf_finish(&text);
}

/* The lines of a mapping as an item of a list: "- " takes the place of the first two blanks. */
void config_print_item(struct strbuf *out, size_t indent, const struct strbuf *mapping) {
	strbuf_add_repeat(out, ' ', indent);
	strbuf_add_c(out, "- ");
	strbuf_add(out, str_slice(strbuf_str(mapping), indent + STEP, mapping->len));
}

static void add_row(struct strbuf *out, const struct config *c, size_t indent, struct str key,
					const struct setting *s, const void *value) {
	if (s->print != NULL) {
		s->print(out, c, value, indent);
	} else if (s->kind != SETTING_NODE) {
		add_one(out, indent, key, s, value);
	}
}

void config_print_fields(struct strbuf *out, const struct config *c, const struct setting *rows,
						 size_t count, const void *target, size_t indent) {
	for (size_t i = 0; i < count; i++) {
		add_row(out, c, indent, str_from(rows[i].name), &rows[i],
				(const char *)target + rows[i].offset);
	}
}

static void add_peer(struct strbuf *out, const struct config *c, size_t indent,
					 const struct config_peer *p) {
	struct strbuf mapping = STRBUF_INIT;
	size_t count;
	const struct setting *rows = peer_settings(&count);
	config_print_fields(&mapping, c, rows, count, p, indent + STEP);
	config_print_item(out, indent, &mapping);
	strbuf_finish(&mapping);
}

static void add_preset(struct strbuf *out, size_t indent, const struct config_preset *p) {
	struct strbuf mapping = STRBUF_INIT;
	config_print_pair(&mapping, indent + STEP, STR("name"), p->name);
	if (p->count > 0) {
		config_print_key(&mapping, indent + STEP, STR("parameters"));
		strbuf_add_char(&mapping, '\n');
	}
	for (size_t i = 0; i < p->count; i++) {
		config_print_pair(&mapping, indent + 2 * STEP, p->values[i].name, p->values[i].value);
	}
	config_print_item(out, indent, &mapping);
	strbuf_finish(&mapping);
}

static void add_list(struct strbuf *out, const struct setting *s, const struct config *c) {
	size_t count = item_count(s, c);
	config_print_key(out, 0, str_from(s->name));
	if (count == 0) {
		strbuf_add_c(out, s->kind == SETTING_LABELS ? " {}\n" : " []\n");
		return;
	}
	strbuf_add_char(out, '\n');
	for (size_t i = 0; i < count; i++) {
		if (s->kind == SETTING_LABELS) {
			const struct label *l = &c->external_labels.items[i];
			config_print_pair(out, STEP, l->name, l->value);
		} else if (s->kind == SETTING_PEERS) {
			add_peer(out, c, STEP, &c->alertmanagers[i]);
		} else if (s->kind == SETTING_PRESETS) {
			add_preset(out, STEP, &c->presets[i]);
		} else {
			strbuf_add_repeat(out, ' ', STEP);
			strbuf_add_c(out, "- ");
			add_scalar(out, c->rule_files[i]);
			strbuf_add_char(out, '\n');
		}
	}
}

/* "prometheus" of "prometheus.url"; empty for a setting of the top. */
static struct str section_of(const struct setting *s) {
	struct str name = str_from(s->name);
	size_t dot = str_find(name, STR("."));
	return dot < name.len ? str_slice(name, 0, dot) : STR_EMPTY;
}

/* "prometheus.basic_auth.username" is only a flag; what came of it stands in the section. */
static bool is_only_flag(const struct setting *s) {
	const char *dot = strchr(s->name, '.');
	return dot != NULL && strchr(dot + 1, '.') != NULL;
}

/* The rows of a section, wherever in the table they stand. */
static void add_section(struct strbuf *out, struct str section, const struct config *c) {
	size_t count;
	const struct setting *rows = settings(&count);
	config_print_key(out, 0, section);
	strbuf_add_char(out, '\n');
	for (size_t i = 0; i < count; i++) {
		if (str_equal(section_of(&rows[i]), section) && !is_only_flag(&rows[i])) {
			add_row(out, c, STEP, str_from(rows[i].name + section.len + 1), &rows[i],
					(const char *)c + rows[i].offset);
		}
	}
}

static bool is_first_of_section(const struct setting *rows, size_t index, struct str section) {
	for (size_t i = 0; i < index; i++) {
		if (str_equal(section_of(&rows[i]), section)) {
			return false;
		}
	}
	return true;
}

void config_print(struct strbuf *out, const struct config *c) {
	size_t count;
	const struct setting *rows = settings(&count);
	for (size_t i = 0; i < count; i++) {
		const struct setting *s = &rows[i];
		struct str section = section_of(s);
		if (is_only_flag(s)) {
			continue;
		}
		if (section.len > 0) {
			if (is_first_of_section(rows, i, section)) {
				add_section(out, section, c);
			}
		} else if (is_list(s)) {
			add_list(out, s, c);
		} else {
			add_row(out, c, 0, str_from(s->name), s, (const char *)c + s->offset);
		}
	}
}
