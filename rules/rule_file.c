#include "rules/rule_file_private.h"

#include "base/hash.h"

static const struct field file_fields[] = {{"groups", FIELD_LIST, "[]rulefmt.RuleGroup"}};

static bool name_equal(const void *value, const void *key) {
	return str_equal(*(const struct str *)value, *(const struct str *)key);
}

static void check_repeated(struct file_loader *f, const struct yaml_node *node, struct str name) {
	uint64_t hash = hash_str(name);
	if (hmap_find(&f->names, hash, name_equal, &name) != NULL) {
		const struct yaml_node *at = yaml_find(node, "name");
		diags_add(f->loader.diags, DIAG_ERROR, at != NULL ? at->span : node->span,
				  "groupname: \"%.*s\" is repeated in the same file", STR_FMT(name));
		return;
	}
	struct str *kept = ARENA_NEW(f->loader.scratch, struct str);
	*kept = name;
	hmap_add(&f->names, hash, kept);
}

static void keep_group(struct file_loader *f, const struct rule_group *group) {
	f->groups =
		arena_grow(f->loader.lasting, f->groups, f->count, &f->capacity, sizeof(f->groups[0]));
	f->groups[f->count++] = *group;
}

static void note_other(struct file_loader *f, const struct rule_group *group) {
	f->others = arena_grow(f->loader.lasting, f->others, f->other_count, &f->other_capacity,
						   sizeof(f->others[0]));
	f->others[f->other_count++] = (struct rule_group_key){group->file, group->name};
}

static void load_groups(struct file_loader *f, const struct yaml_node *list) {
	for (size_t i = 0; i < list->count; i++) {
		const struct yaml_node *node = list->items[i];
		struct rule_group group;
		bool kept;
		if (node->kind == YAML_NULL || !group_load(&f->loader, node, &group, &kept)) {
			continue;
		}
		check_repeated(f, node, group.name);
		if (kept) {
			keep_group(f, &group);
		} else {
			note_other(f, &group);
		}
	}
}

void file_load_groups(struct file_loader *f, const struct yaml_node *root) {
	struct field_value v[1];
	if (root == NULL || root->kind == YAML_NULL) {
		return;
	}
	if (fields_load(&f->loader, root, "rulefmt.RuleGroups", file_fields, 1, v) &&
		v[0].node != NULL) {
		load_groups(f, v[0].node);
	}
}

/* Prometheus reads one document and passes over the rest. */
static void load_documents(struct file_loader *f, const struct yaml_document *documents,
						   size_t count) {
	for (size_t i = 0; i < count; i++) {
		const struct yaml_node *root = documents[i].root;
		if (i == 0) {
			file_load_groups(f, root);
		} else if (root != NULL && root->kind != YAML_NULL) {
			diags_add(f->loader.diags, DIAG_WARNING, root->span,
					  "Multiple document yaml rules files are not supported, only the first "
					  "document is processed");
		}
	}
}

/* What is wrong behind the first document is no reason for Prometheus to refuse the file. */
static void take_yaml_diags(struct diags *to, const struct diags *from,
							const struct yaml_document *documents, size_t count) {
	bool many = manifest_is(documents, count);
	size_t end = count > 0 && documents[0].root != NULL ? documents[0].root->span.end : 0;
	for (size_t i = 0; i < from->count; i++) {
		const struct diag *d = &from->items[i];
		bool behind = count > 0 && !many && d->span.start >= end;
		diags_add(to, behind ? DIAG_WARNING : d->severity, d->span, "%s", d->message);
	}
}

/* The tree and the messages about it are there. false: there were errors, now or then. */
static bool load_file(struct file_loader *f, const struct yaml_document *documents, size_t count,
					  const struct diags *yaml_diags) {
	struct diags *diags = f->loader.diags;
	size_t errors = diags->errors;
	hmap_init(&f->names, NULL);
	take_yaml_diags(diags, yaml_diags, documents, count);
	f->loader.part = f->loader.path;
	if (manifest_is(documents, count)) {
		manifest_load(f, documents, count);
	} else {
		load_documents(f, documents, count);
	}
	hmap_finish(&f->names);
	diags_sort(diags);
	return diags->errors == errors;
}

bool rule_file_load_with(struct str path, struct str text, const struct pql_syntax *syntax,
						 const struct rule_file_options *options, struct arena *a,
						 struct diags *diags, struct rule_file *ret_file) {
	struct arena scratch, passing;
	arena_init(&scratch);
	arena_init(&passing);
	struct file_loader f = {.loader = {.arena = a,
									   .passing = &passing,
									   .lasting = a,
									   .scratch = &scratch,
									   .diags = diags,
									   .syntax = syntax,
									   .path = arena_dup(a, path),
									   .ignores_unknown = options->ignores_unknown,
									   .options = options,
									   .bytes_before = a->bytes,
									   .templates = {.arena = a, .scratch = &scratch}}};
	struct yaml_document *documents;
	size_t count;
	struct diags found;
	diags_init(&found, &scratch);
	yaml_parse_borrowing(text, &scratch, &found, &documents, &count);
	bool good = load_file(&f, documents, count, &found);
	arena_finish(&scratch);
	arena_finish(&passing);
	struct rule_file file = {.path = f.loader.path,
							 .groups = f.groups,
							 .group_count = f.count,
							 .others = f.others,
							 .other_count = f.other_count};
	if (!good) {
		rule_file_finish(&file);
		return false;
	}
	*ret_file = file;
	return true;
}

bool rule_file_load(struct str path, struct str text, const struct pql_syntax *syntax,
					struct arena *a, struct diags *diags, struct rule_file *ret_file) {
	const struct rule_file_options options = {0};
	return rule_file_load_with(path, text, syntax, &options, a, diags, ret_file);
}

bool rule_documents_walk(const struct yaml_document *documents, size_t count,
						 const struct diags *yaml_diags, const struct rule_walk *walk,
						 struct diags *diags, struct rule_counts *ret_counts) {
	struct arena rules, scratch;
	arena_init(&rules);
	arena_init(&scratch);
	struct file_loader f = {.loader = {.arena = &rules,
									   .passing = &rules,
									   .lasting = &scratch,
									   .scratch = &scratch,
									   .diags = diags,
									   .syntax = walk->syntax,
									   .ignores_unknown = walk->ignore_unknown,
									   .walk = walk,
									   .templates = {.arena = &scratch, .scratch = &scratch}}};
	bool good = load_file(&f, documents, count, yaml_diags);
	*ret_counts = (struct rule_counts){f.other_count, f.loader.rule_count};
	arena_finish(&rules);
	arena_finish(&scratch);
	return good;
}

void rule_file_finish(struct rule_file *f) {
	for (size_t i = 0; f != NULL && i < f->group_count; i++) {
		group_finish(&f->groups[i]);
	}
}
