#include "engine/rule_set.h"

#include "base/bug.h"
#include "base/mem.h"

struct rule_set *rule_set_create(void) {
	struct rule_set *s = mem_calloc(1, sizeof(*s));
	arena_init(&s->arena);
	s->holders = 1;
	return s;
}

void rule_set_take_shard(struct rule_set *s, struct shard shard) {
	s->shard = shard;
}

struct rule_set *rule_set_hold(struct rule_set *s) {
	s->holders++;
	return s;
}

void rule_set_destroy(struct rule_set *s) {
	if (s == NULL || --s->holders > 0) {
		return;
	}
	for (size_t i = 0; i < s->file_count; i++) {
		rule_file_finish(&s->files[i].file);
	}
	free(s->files);
	free(s->groups);
	arena_finish(&s->arena);
	free(s);
}

const struct rule_set_file *rule_set_find_file(const struct rule_set *s, struct str path) {
	for (size_t i = 0; i < s->file_count; i++) {
		if (str_equal(s->files[i].file.path, path)) {
			return &s->files[i];
		}
	}
	return NULL;
}

size_t rule_set_outdated_count(const struct rule_set *s) {
	size_t count = 0;
	for (size_t i = 0; i < s->file_count; i++) {
		count += s->files[i].outdated != NULL;
	}
	return count;
}

static bool has_path(const struct rule_set *s, struct str path) {
	return rule_set_find_file(s, path) != NULL;
}

bool rule_set_add_file(struct rule_set *s, struct str path, struct str text, struct diags *diags) {
	struct rule_file file;
	if (has_path(s, path)) {
		return true;
	}
	if (!(s->ignores_unknown ? rule_file_load_lenient : rule_file_load)(
			path, text, &(struct pql_syntax){0}, &s->arena, diags, &file)) {
		return false;
	}
	s->files = mem_grow(s->files, s->file_count, &s->file_capacity, sizeof(*s->files));
	s->files[s->file_count++] = (struct rule_set_file){.file = file, .text = text};
	for (size_t i = 0; i < file.group_count; i++) {
		if (!shard_has(s->shard, file.groups[i].file, file.groups[i].name)) {
			continue;
		}
		s->groups = mem_grow(s->groups, s->group_count, &s->group_capacity, sizeof(*s->groups));
		s->groups[s->group_count++] = &file.groups[i];
		s->rule_count += file.groups[i].rule_count;
	}
	return true;
}

bool rule_set_keep_file(struct rule_set *s, const struct rule_set *previous, struct str path,
						const char *reason) {
	const struct rule_set_file *old = rule_set_find_file(previous, path);
	struct diags ignored; /* warnings were told when it was new */
	if (old == NULL || has_path(s, path)) {
		return false;
	}
	diags_init(&ignored, &s->arena);
	bool ok = rule_set_add_file(s, path, arena_dup(&s->arena, old->text), &ignored);
	BUG_ON(!ok); /* it was good before */
	s->files[s->file_count - 1].outdated = arena_dup(&s->arena, str_from(reason)).ptr;
	return true;
}

/* The first error on one line: a preset that renders to bad rules is the fault of a parameter's value. */
static const char *first_error(struct rule_set *s, const struct diags *diags, const char *path,
							   struct str text) {
	struct strbuf line = STRBUF_INIT;
	for (size_t i = 0; i < diags->count; i++) {
		if (diags->items[i].severity == DIAG_ERROR) {
			diag_render_line(&line, &diags->items[i], path, text);
			break;
		}
	}
	const char *message = arena_dup(&s->arena, str_trim(strbuf_str(&line))).ptr;
	strbuf_finish(&line);
	return message;
}

bool rule_set_add_preset(struct rule_set *s, const struct config_preset *config,
						 const char **ret_error) {
	const struct preset *preset = preset_find(config->name);
	const char *path = arena_printf(&s->arena, "preset:%.*s", STR_FMT(config->name)), *error;
	if (preset == NULL) {
		*ret_error = arena_printf(&s->arena, "unknown preset \"%.*s\"", STR_FMT(config->name));
		return false;
	}
	if (has_path(s, str_from(path))) {
		*ret_error = arena_printf(&s->arena, "preset \"%s\" is given twice", preset->name);
		return false;
	}
	struct strbuf text = STRBUF_INIT;
	struct diags diags;
	diags_init(&diags, &s->arena);
	bool ok = preset_render(preset, config->values, config->count, &s->arena, &text, &error);
	if (!ok) {
		*ret_error = arena_printf(&s->arena, "preset \"%s\": %s", preset->name, error);
	} else if (!rule_set_add_file(s, str_from(path), strbuf_str(&text), &diags)) {
		ok = false;
		*ret_error = first_error(s, &diags, path, strbuf_str(&text));
	} else {
		s->files[s->file_count - 1].text = STR_EMPTY; /* it goes now */
	}
	strbuf_finish(&text);
	return ok;
}

const struct rule_group *rule_set_find(const struct rule_set *s, struct str file, struct str name) {
	for (size_t i = 0; i < s->group_count; i++) {
		if (str_equal(s->groups[i]->name, name) && str_equal(s->groups[i]->file, file)) {
			return s->groups[i];
		}
	}
	return NULL;
}

bool rule_set_has_elsewhere(const struct rule_set *s, struct str file, struct str name) {
	bool ours = shard_has(s->shard, file, name);
	for (size_t i = 0; !ours && i < s->file_count; i++) {
		const struct rule_file *f = &s->files[i].file;
		for (size_t k = 0; k < f->group_count; k++) {
			if (str_equal(f->groups[k].name, name) && str_equal(f->groups[k].file, file)) {
				return true;
			}
		}
	}
	return false;
}
