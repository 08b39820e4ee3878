/* Files of a run, and what they are. */
#include "cli/check.h"
#include "engine/config/web_config.h"
#include "engine/limits.h"
#include "rules/manifest.h"
#include "rules/yaml/yaml.h"

/* ---- what it is ---- */

/* Of what is no YAML, by the keys at the beginning of lines. What somebody names is taken for a configuration unless it looks
 * like rules: the secrets of one are not to be shown. */
static enum check_kind kind_of_lines(struct str text, bool listed) {
	size_t keys = 0, known = 0;
	bool rules = false;
	while (text.len > 0) {
		size_t end = str_find(text, STR("\n"));
		struct str line = str_slice(text, 0, end);
		size_t colon = str_find(line, STR(":"));
		struct str key = str_slice(line, 0, colon);
		if (colon < line.len && web_config_has_key(key)) {
			return CHECK_WEB;
		}
		bool is_key = colon > 0 && colon < line.len && strchr(" \t#-", key.ptr[0]) == NULL;
		keys += is_key;
		known += is_key && config_is_setting(key);
		rules = rules || str_equal(key, STR("groups"));
		text = str_slice(text, end < text.len ? end + 1 : end, text.len);
	}
	return rules ? CHECK_RULES : listed && known * 2 <= keys ? CHECK_FOREIGN : CHECK_CONFIG;
}

static bool is_web(const struct yaml_node *root) {
	for (size_t i = 0; i < root->count; i++) {
		if (web_config_has_key(root->pairs[i].key->text)) {
			return true;
		}
	}
	return false;
}

static bool has_key(const struct yaml_node *root, const char *key) {
	return yaml_find(root, key) != NULL;
}

/* More than half of its keys are settings of ours: prometheus.yml has one or two of the same name. */
static bool is_config(const struct yaml_node *root) {
	size_t known = 0;
	for (size_t i = 0; i < root->count; i++) {
		known += config_is_setting(root->pairs[i].key->text);
	}
	return known * 2 > root->count;
}

/* A file that somebody names is one of these; in a folder there are others. */
static enum check_kind kind_of(const struct check_file *f, bool good) {
	const struct yaml_node *root = f->count > 0 ? f->documents[0].root : NULL;
	if (f->is_web) {
		return CHECK_WEB;
	}
	if (!good) {
		return kind_of_lines(strbuf_str(&f->text), f->listed);
	}
	if (root == NULL || root->kind == YAML_NULL) {
		return CHECK_RULES; /* an empty file is an empty rule file */
	}
	if (root->kind != YAML_MAPPING) {
		return f->listed ? CHECK_FOREIGN : CHECK_RULES;
	}
	if (manifest_is(f->documents, f->count)) {
		return f->listed && !manifest_has_rules(f->documents, f->count) ? CHECK_FOREIGN
																		: CHECK_RULES;
	}
	if (has_key(root, "groups")) {
		return CHECK_RULES;
	}
	if (has_key(root, "tests")) {
		return CHECK_TESTS;
	}
	if (is_web(root)) {
		return CHECK_WEB;
	}
	if (f->listed && !is_config(root)) {
		return CHECK_FOREIGN;
	}
	return root->count > 0 ? CHECK_CONFIG : CHECK_RULES;
}

/* ---- reading ---- */

void check_file_load(struct check_file *f, struct arena *a) {
	if (f->loaded || f->failure != NULL) {
		return;
	}
	bool read = f->is_stdin
					? file_read_stdin(LIMIT_FILE_BYTES, &f->text, a, &f->failure)
					: file_read_waiting(f->path, LIMIT_FILE_BYTES, &f->text, a, &f->failure);
	if (!read) {
		return;
	}
	f->failure = NULL;
	arena_init(&f->arena);
	diags_init(&f->yaml_diags, &f->arena);
	bool good = yaml_parse_borrowing(strbuf_str(&f->text), &f->arena, &f->yaml_diags, &f->documents,
									 &f->count);
	f->kind = kind_of(f, good);
	f->loaded = true;
}

void check_file_finish(struct check_file *f) {
	if (f->loaded) {
		arena_finish(&f->arena);
	}
	strbuf_finish(&f->text);
	f->loaded = false;
}

void check_file_unload(struct check_file *f) {
	if (!f->is_stdin) {
		check_file_finish(f);
	}
}

struct lint_file check_file_lint(const struct check_file *f) {
	return (struct lint_file){
		.text = strbuf_str(&f->text),
		.documents = f->documents,
		.count = f->count,
		.yaml_diags = &f->yaml_diags,
	};
}
