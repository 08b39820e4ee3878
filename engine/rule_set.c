#include "engine/rule_set.h"

#include <snappy-c.h>

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

static bool is_ours(struct str file, struct str name, const void *data) {
	const struct rule_set *s = data;
	return shard_has(s->shard, file, name);
}

static void add_groups(struct rule_set *s, const struct rule_file *file) {
	s->files = mem_grow(s->files, s->file_count, &s->file_capacity, sizeof(*s->files));
	s->files[s->file_count++] = (struct rule_set_file){.file = *file};
	for (size_t i = 0; i < file->group_count; i++) {
		s->groups = mem_grow(s->groups, s->group_count, &s->group_capacity, sizeof(*s->groups));
		s->groups[s->group_count++] = &file->groups[i];
		s->rule_count += file->groups[i].rule_count;
	}
}

/* Without its text. */
static bool load_file(struct rule_set *s, struct str path, struct str text, struct diags *diags) {
	const struct rule_file_options options = {
		.ignores_unknown = s->ignores_unknown, .takes = is_ours, .data = s};
	struct rule_file file;
	if (!rule_file_load_with(path, text, &(struct pql_syntax){0}, &options, &s->arena, diags,
							 &file)) {
		return false;
	}
	add_groups(s, &file);
	return true;
}

/* The text of all rules is as large as a tenth of them: one engine of ten would hold as much of it as of rules. */
static struct str pack(struct arena *a, struct str text) {
	size_t length = snappy_max_compressed_length(text.len);
	char *block = mem_alloc(length);
	snappy_status status = snappy_compress(text.ptr, text.len, block, &length);
	BUG_ON(status != SNAPPY_OK);
	struct str packed = arena_dup(a, (struct str){block, length});
	free(block);
	return packed;
}

static void unpack(struct str packed, struct strbuf *out) {
	size_t length = 0;
	snappy_status status = snappy_uncompressed_length(packed.ptr, packed.len, &length);
	BUG_ON(status != SNAPPY_OK);
	strbuf_add_repeat(out, ' ', length);
	status = snappy_uncompress(packed.ptr, packed.len, out->ptr, &length);
	BUG_ON(status != SNAPPY_OK);
}

/* As far as rule_set_keep_file needs it. */
static void keep_text(struct rule_set *s, struct rule_set_file *f, struct str text) {
	if (f->file.group_count > 0 && f->file.other_count > 0) {
		f->packed = pack(&s->arena, text);
	} else if (f->file.group_count > 0) {
		f->text = arena_dup(&s->arena, text);
	}
}

/* false: none was kept. */
static bool get_text(const struct rule_set_file *f, struct strbuf *out) {
	if (f->packed.len > 0) {
		unpack(f->packed, out);
	} else {
		strbuf_add(out, f->text);
	}
	return out->len > 0;
}

bool rule_set_add_file(struct rule_set *s, struct str path, struct str text, struct diags *diags) {
	if (has_path(s, path)) {
		return true;
	}
	if (!load_file(s, path, text, diags)) {
		return false;
	}
	keep_text(s, &s->files[s->file_count - 1], text);
	return true;
}

/* Those whose text is not there any more. */
static void add_others(struct rule_set *s, const struct rule_file *old) {
	struct rule_file file = {.path = arena_dup(&s->arena, old->path),
							 .other_count = old->other_count};
	struct rule_group_key *others = ARENA_ARRAY(&s->arena, struct rule_group_key, old->other_count);
	for (size_t i = 0; i < old->other_count; i++) {
		others[i].file = arena_dup(&s->arena, old->others[i].file);
		others[i].name = arena_dup(&s->arena, old->others[i].name);
	}
	file.others = others;
	add_groups(s, &file);
}

bool rule_set_keep_file(struct rule_set *s, const struct rule_set *previous, struct str path,
						const char *reason) {
	const struct rule_set_file *old = rule_set_find_file(previous, path);
	struct diags ignored; /* warnings were told when it was new */
	if (old == NULL || has_path(s, path)) {
		return false;
	}
	diags_init(&ignored, &s->arena);
	struct strbuf text = STRBUF_INIT;
	bool ok = true;
	if (get_text(old, &text)) {
		ok = rule_set_add_file(s, path, strbuf_str(&text), &ignored);
	} else {
		add_others(s, &old->file);
	}
	strbuf_finish(&text);
	if (ok) {
		s->files[s->file_count - 1].outdated = arena_dup(&s->arena, str_from(reason)).ptr;
	}
	return ok;
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
	} else if (!load_file(s, str_from(path), strbuf_str(&text), &diags)) {
		ok = false;
		*ret_error = first_error(s, &diags, path, strbuf_str(&text));
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
	for (size_t i = 0; i < s->file_count; i++) {
		const struct rule_file *f = &s->files[i].file;
		for (size_t k = 0; k < f->other_count; k++) {
			if (str_equal(f->others[k].name, name) && str_equal(f->others[k].file, file)) {
				return true;
			}
		}
	}
	return false;
}
