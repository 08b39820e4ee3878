/* The groups of a manifest. It may hold many PrometheusRules, one per document or as the items of a list, and objects of other
 * kinds between them, which are passed over. */
#include "rules/manifest.h"

#include "base/hash.h"
#include "rules/rule_file_private.h"

#define MANIFEST_MAX_OBJECTS 10000

struct object {
	const struct yaml_node *root;
	struct str name; /* NAMESPACE/NAME, or what is there of it */
};

struct manifest {
	struct file_loader *file;
	struct object *objects; /* of the kind PrometheusRule; scratch */
	size_t count, capacity;
};

static struct str text_at(const struct yaml_node *mapping, const char *key) {
	const struct yaml_node *node = mapping != NULL ? yaml_find(mapping, key) : NULL;
	return node != NULL && node->kind == YAML_SCALAR ? node->text : STR_EMPTY;
}

static bool is_object(const struct yaml_node *root) {
	return root != NULL && root->kind == YAML_MAPPING && text_at(root, "kind").len > 0 &&
		   text_at(root, "apiVersion").len > 0;
}

static bool is_nothing(const struct yaml_node *root) {
	return root == NULL || root->kind == YAML_NULL;
}

/* NULL: all documents are empty. */
static const struct yaml_node *first_root(const struct yaml_document *documents, size_t count) {
	for (size_t i = 0; i < count; i++) {
		if (!is_nothing(documents[i].root)) {
			return documents[i].root;
		}
	}
	return NULL;
}

bool manifest_is(const struct yaml_document *documents, size_t count) {
	return is_object(first_root(documents, count));
}

bool manifest_has_rules(const struct yaml_document *documents, size_t count) {
	for (size_t i = 0; i < count; i++) {
		const struct yaml_node *root = documents[i].root;
		struct str kind = is_object(root) ? text_at(root, "kind") : STR_EMPTY;
		if (str_equal(kind, STR("PrometheusRule")) || str_ends_with(kind, STR("List"))) {
			return true;
		}
	}
	return false;
}

static void add_object(struct manifest *m, const struct yaml_node *root) {
	struct arena *scratch = m->file->loader.scratch;
	const struct yaml_node *metadata = yaml_find(root, "metadata");
	struct str space = text_at(metadata, "namespace"), name = text_at(metadata, "name");
	const char *full = arena_printf(scratch, "%.*s%s%.*s", STR_FMT(space),
									space.len > 0 && name.len > 0 ? "/" : "", STR_FMT(name));
	if (m->count == MANIFEST_MAX_OBJECTS) {
		diags_add(m->file->loader.diags, DIAG_ERROR, root->span,
				  "more than %d PrometheusRule objects (limit)", MANIFEST_MAX_OBJECTS);
		return;
	}
	m->objects = arena_grow(scratch, m->objects, m->count, &m->capacity, sizeof(m->objects[0]));
	m->objects[m->count++] = (struct object){root, str_from(full)};
}

/* An API server leaves the kind out in a list of one kind. */
static void collect_items(struct manifest *m, const struct yaml_node *list, bool of_rules) {
	const struct yaml_node *items = yaml_find(list, "items");
	for (size_t i = 0; items != NULL && items->kind == YAML_SEQUENCE && i < items->count; i++) {
		const struct yaml_node *item = items->items[i];
		if (item->kind != YAML_MAPPING) {
			continue;
		}
		struct str kind = text_at(item, "kind");
		if (str_equal(kind, STR("PrometheusRule")) || (of_rules && kind.len == 0)) {
			add_object(m, item);
		}
	}
}

static void collect(struct manifest *m, const struct yaml_node *root) {
	if (is_nothing(root)) {
		return;
	}
	struct str kind = root->kind == YAML_MAPPING ? text_at(root, "kind") : STR_EMPTY;
	if (!is_object(root)) {
		diags_add(
			m->file->loader.diags, DIAG_WARNING, root->span,
			"this document is passed over: it has no apiVersion and kind, as the first one has");
	} else if (str_equal(kind, STR("PrometheusRule"))) {
		add_object(m, root);
	} else if (str_ends_with(kind, STR("List"))) {
		collect_items(m, root, str_equal(kind, STR("PrometheusRuleList")));
	}
}

static bool name_equal(const void *value, const void *key) {
	return str_equal(((const struct object *)value)->name, *(const struct str *)key);
}

/* Groups of several objects may have the same names: the object's own name tells them apart. */
static void name_part(struct manifest *m, size_t index, struct hmap *names) {
	struct loader *l = &m->file->loader;
	struct object *o = &m->objects[index];
	l->part = l->path;
	if (m->count == 1) {
		return;
	}
	if (o->name.len == 0) {
		o->name = str_from(arena_printf(l->scratch, "%zu", index + 1));
	}
	uint64_t hash = hash_str(o->name);
	if (hmap_find(names, hash, name_equal, &o->name) != NULL) {
		diags_add(l->diags, DIAG_ERROR, o->root->span,
				  "PrometheusRule \"%.*s\" is repeated in the same file", STR_FMT(o->name));
	}
	hmap_add(names, hash, o);
	l->part = str_from(arena_printf(l->lasting, "%.*s#%.*s", STR_FMT(l->path), STR_FMT(o->name)));
}

static void load_object(struct manifest *m, const struct object *o) {
	const struct yaml_node *spec = yaml_find(o->root, "spec");
	if (spec == NULL || spec->kind == YAML_NULL) {
		diags_add(m->file->loader.diags, DIAG_ERROR, o->root->span,
				  "a PrometheusRule has its groups in \"spec\", and there is none");
		return;
	}
	hmap_clear(&m->file->names);
	file_load_groups(m->file, spec);
}

void manifest_load(struct file_loader *f, const struct yaml_document *documents, size_t count) {
	struct manifest m = {.file = f};
	struct hmap names;
	hmap_init(&names, f->loader.scratch);
	f->loader.manifest = true;
	for (size_t i = 0; i < count; i++) {
		collect(&m, documents[i].root);
	}
	if (m.count == 0) {
		diags_add(f->loader.diags, DIAG_WARNING, first_root(documents, count)->span,
				  "there is no PrometheusRule in this manifest");
	}
	for (size_t i = 0; i < m.count; i++) {
		name_part(&m, i, &names);
		load_object(&m, &m.objects[i]);
	}
}
