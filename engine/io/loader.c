#include "engine/io/loader.h"

#include <fnmatch.h>

#include "base/url.h"
#include "engine/config/config_place.h"
#include "engine/io/files.h"
#include "engine/io/web_access.h"
#include "engine/limits.h"
#include "rules/yaml/yaml.h"

/* One load. */
struct load {
	const struct loader *loader;
	struct arena *arena;
	struct config *config;
	struct rule_set *set;
	const struct rule_set *previous; /* NULL: there is none */
	struct strbuf *messages;
	struct str text; /* of the configuration file */
	enum loader_outcome outcome;
};

/* The gravest counts: what stands later in the list of outcomes. */
static void note(struct load *l, enum loader_outcome outcome) {
	l->outcome = l->outcome > outcome ? l->outcome : outcome;
}

static void render(struct load *l, struct diags *diags, const char *path, struct str text) {
	diags_sort(diags);
	diags_render(l->messages, diags, path, text, l->loader->style);
}

/* ---- the configuration ---- */

static void read_config_file(struct load *l) {
	struct strbuf text = STRBUF_INIT;
	const char *path = l->loader->path, *error;
	if (path == NULL) {
		return;
	}
	if (file_read(path, LIMIT_FILE_BYTES, &text, l->arena, &error)) {
		struct diags diags;
		diags_init(&diags, l->arena);
		/* the configuration borrows from its text */
		struct str kept = arena_dup(l->arena, strbuf_str(&text));
		l->text = kept;
		if (!config_parse(kept, l->arena, &diags, l->config)) {
			note(l, LOADER_BAD);
		}
		config_set_folder(l->config, file_folder(path), l->arena);
		render(l, &diags, path, kept);
	} else {
		strbuf_printf(l->messages, "error: %s\n", error);
		note(l, LOADER_UNABLE);
	}
	strbuf_finish(&text);
}

/* What is given on the command line stands for the file's list and is not added to it. */
static void forget_list(struct config *c, struct str name) {
	if (str_equal(name, STR("alertmanagers"))) {
		c->alertmanagers = NULL;
		c->alertmanager_count = 0;
	} else if (str_equal(name, STR("rule_files"))) {
		c->rule_files = NULL;
		c->rule_file_count = 0;
	} else if (str_equal(name, STR("presets"))) {
		c->presets = NULL;
		c->preset_count = 0;
	}
}

static bool is_first(const struct loader *l, size_t index) {
	for (size_t i = 0; i < index; i++) {
		if (strcmp(l->settings[i].name, l->settings[index].name) == 0) {
			return false;
		}
	}
	return true;
}

static const struct config_option *find_option(const char *name) {
	size_t count;
	const struct config_option *options = config_options(&count);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(options[i].name, name) == 0) {
			return &options[i];
		}
	}
	return NULL;
}

static void report_setting(struct load *l, const struct loader_setting *s, const char *error) {
	struct strbuf value = STRBUF_INIT;
	const struct config_option *option = find_option(s->name);
	if (option != NULL && option->is_secret) {
		strbuf_add_c(&value, CONFIG_SECRET_SHOWN);
	} else if (option != NULL && option->is_url) {
		url_mask(&value, str_from(s->value));
	} else {
		strbuf_add_c(&value, s->value);
	}
	strbuf_printf(l->messages, "error: %s \"%.*s\": %s\n", s->source, STR_FMT(strbuf_str(&value)),
				  error);
	strbuf_finish(&value);
}

static void apply_settings(struct load *l) {
	for (size_t i = 0; i < l->loader->setting_count; i++) {
		const struct loader_setting *s = &l->loader->settings[i];
		const char *error;
		if (is_first(l->loader, i)) {
			forget_list(l->config, str_from(s->name));
		}
		if (!config_set(l->config, str_from(s->name), str_from(s->value), l->arena, &error)) {
			report_setting(l, s, error);
			note(l, LOADER_MISUSED);
		}
	}
}

static void load_config(struct load *l) {
	const char *error;
	config_init(l->config);
	read_config_file(l);
	apply_settings(l);
	if (l->outcome == LOADER_FINE && !config_finish(l->config, l->arena, &error)) {
		strbuf_printf(l->messages, "error: %s\n", error);
		note(l, LOADER_MISUSED);
	}
}

/* Only judged here: who serves reads it again. */
static void check_web_config(struct load *l) {
	bool unreadable;
	struct web_access *access =
		web_access_load(l->config->web.config_file, l->loader->style, l->messages, &unreadable);
	if (access == NULL) {
		note(l, unreadable ? LOADER_UNABLE : LOADER_BAD);
	}
	web_access_release(access);
}

/* ---- rules ---- */

/* Those that are given outside of the configuration file are relative to where we are. */
static bool has_rules(const struct loader *l) {
	for (size_t i = 0; i < l->setting_count; i++) {
		if (strcmp(l->settings[i].name, "rule_files") == 0) {
			return true;
		}
	}
	return false;
}

const char *loader_rule_folder(const struct loader *l, struct arena *a) {
	bool outside = l->path == NULL || has_rules(l);
	return outside ? "" : arena_dup(a, file_folder(l->path)).ptr;
}

/* "tocsin.yml:3:5: " where the configuration names the file; nothing when an option did. */
static void add_place(struct load *l, struct str pattern) {
	struct span span;
	if (!has_rules(l->loader) && config_find_rule_file(l->text, pattern, l->arena, &span)) {
		struct diag_place place = diag_place(l->text, span.start);
		strbuf_printf(l->messages, "%s:%zu:%zu: ", l->loader->path, place.line, place.column);
	}
}

/* A file is bad, for the reason on the first line of what was added to the messages since `from`. While others run, it must not
 * keep their changes out. */
static void refuse_file(struct load *l, const char *path, size_t from,
						enum loader_outcome outcome) {
	if (l->previous == NULL) {
		note(l, outcome);
		return;
	}
	struct str reason = str_slice(strbuf_str(l->messages), from, l->messages->len);
	reason = str_slice(reason, 0, str_find(reason, STR("\n")));
	bool kept =
		rule_set_keep_file(l->set, l->previous, str_from(path), arena_dup(l->arena, reason).ptr);
	strbuf_printf(l->messages, "warning: %s: %s\n", path,
				  kept ? "the rules of this file stay as they were"
					   : "this file is left out, it has never been loaded");
	note(l, LOADER_PARTLY);
}

static void add_text(struct load *l, const char *path, struct str text) {
	struct diags diags;
	size_t from = l->messages->len;
	diags_init(&diags, l->arena);
	bool ok = rule_set_add_file(l->set, str_from(path), text, &diags);
	render(l, &diags, path, text);
	if (!ok) {
		refuse_file(l, path, from, LOADER_BAD);
	}
}

static void add_file(struct load *l, struct str pattern, const char *path) {
	struct strbuf text = STRBUF_INIT;
	const char *error;
	if (file_read(path, LIMIT_FILE_BYTES, &text, l->arena, &error)) {
		add_text(l, path, strbuf_str(&text));
	} else {
		size_t from = l->messages->len;
		add_place(l, pattern);
		strbuf_printf(l->messages, "error: %s\n", error);
		refuse_file(l, path, from, LOADER_UNABLE);
	}
	strbuf_finish(&text);
}

/* A folder that cannot be read says nothing about the files in it: those that run, run on. */
static void refuse_folder(struct load *l, const char *folder, struct str pattern,
						  const char *error) {
	add_place(l, pattern);
	strbuf_printf(l->messages, "error: %s\n", error);
	note(l, l->previous == NULL ? LOADER_UNABLE : LOADER_PARTLY);
	bool absolute = pattern.len > 0 && pattern.ptr[0] == '/';
	const char *whole = folder == NULL || folder[0] == '\0' || absolute
							? arena_dup(l->arena, pattern).ptr
							: arena_printf(l->arena, "%s/%.*s", folder, STR_FMT(pattern));
	for (size_t i = 0; l->previous != NULL && i < l->previous->file_count; i++) {
		struct str path = l->previous->files[i].file.path;
		if (fnmatch(whole, path.ptr, FNM_PATHNAME) == 0) {
			rule_set_keep_file(l->set, l->previous, path, error);
		}
	}
}

static void add_files(struct load *l) {
	const char *folder = loader_rule_folder(l->loader, l->arena);
	for (size_t i = 0; i < l->config->rule_file_count; i++) {
		struct str pattern = l->config->rule_files[i];
		struct file_list list = {0};
		files_glob(folder, pattern, l->arena, &list);
		if (list.error != NULL) {
			refuse_folder(l, folder, pattern, list.error);
		} else if (list.count == 0) {
			add_place(l, pattern);
			strbuf_printf(l->messages, "warning: no rule file matches \"%.*s\"\n",
						  STR_FMT(pattern));
		}
		for (size_t k = 0; k < list.count; k++) {
			add_file(l, pattern, list.paths[k]);
		}
	}
}

static void add_presets(struct load *l) {
	for (size_t i = 0; i < l->config->preset_count; i++) {
		const char *error;
		if (!rule_set_add_preset(l->set, &l->config->presets[i], &error)) {
			strbuf_printf(l->messages, "error: %s\n", error);
			note(l, LOADER_BAD);
		}
	}
}

/* ---- both ---- */

enum loader_outcome loader_load_config(const struct loader *loader, struct arena *a,
									   struct config *ret_config, struct strbuf *messages) {
	struct load l = {.loader = loader, .arena = a, .config = ret_config, .messages = messages};
	load_config(&l);
	return l.outcome;
}

enum loader_outcome loader_load(const struct loader *loader, const struct rule_set *previous,
								struct arena *a, struct config *ret_config,
								struct rule_set **ret_set, struct strbuf *messages) {
	struct load l = {.loader = loader,
					 .arena = a,
					 .config = ret_config,
					 .previous = previous,
					 .messages = messages};
	load_config(&l);
	check_web_config(&l);
	struct rule_set *nothing = NULL;
	if (previous == NULL && ret_config->allow_bad_rule_files) {
		l.previous = nothing = rule_set_create();
	}
	l.set = rule_set_create();
	rule_set_take_shard(l.set, ret_config->shard);
	add_presets(&l);
	add_files(&l);
	rule_set_destroy(nothing);
	if (l.outcome == LOADER_FINE || l.outcome == LOADER_PARTLY) {
		*ret_set = l.set;
	} else {
		rule_set_destroy(l.set);
	}
	return l.outcome;
}
