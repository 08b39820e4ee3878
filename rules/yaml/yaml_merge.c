#include "rules/yaml/yaml_private.h"

#include "base/hash.h"
#include "base/hmap.h"

#define FEW_KEYS 12 /* up to here comparing each with each is faster than a map */

static bool key_equal(const void *value, const void *key) {
	return str_equal(((const struct yaml_node *)value)->text, *(const struct str *)key);
}

struct key_set {
	const struct yaml_pair *pairs;
	size_t count;
	struct hmap map;
	bool mapped;
};

static void key_set_init(struct key_set *set, const struct yaml_pair *pairs, bool many) {
	*set = (struct key_set){.pairs = pairs, .mapped = many};
	hmap_init(&set->map, NULL);
}

static const struct yaml_node *key_set_find(const struct key_set *set, struct str text) {
	if (set->mapped) {
		return hmap_find(&set->map, hash_str(text), key_equal, &text);
	}
	for (size_t i = 0; i < set->count; i++) {
		if (str_equal(set->pairs[i].key->text, text)) {
			return set->pairs[i].key;
		}
	}
	return NULL;
}

/* `key` stands at pairs[count]. */
static void key_set_add(struct key_set *set, struct yaml_node *key) {
	if (set->mapped) {
		hmap_add(&set->map, hash_str(key->text), key);
	}
	set->count++;
}

void yaml_check_keys(struct yaml_node *mapping, struct diags *diags) {
	struct key_set set;
	key_set_init(&set, mapping->pairs, mapping->count > FEW_KEYS);
	for (size_t i = 0; i < mapping->count; i++) {
		struct yaml_pair pair = mapping->pairs[i];
		const struct yaml_node *first = key_set_find(&set, pair.key->text);
		if (first != NULL) {
			struct strbuf name = STRBUF_INIT;
			strbuf_add_quoted(&name, pair.key->text);
			diags_add(diags, DIAG_ERROR, pair.key->span,
					  "yaml: line %u: mapping key %s already defined at line %u", pair.key->line,
					  name.ptr, first->line);
			strbuf_finish(&name);
			continue;
		}
		mapping->pairs[set.count] = pair;
		key_set_add(&set, pair.key);
	}
	mapping->count = (uint32_t)set.count;
	hmap_finish(&set.map);
}

static bool is_merge(const struct yaml_node *key) {
	return key->plain && str_equal(key->text, STR("<<")) &&
		   (key->tag == NULL || yaml_has_tag(key, "!!merge"));
}

struct merge {
	struct arena *arena;
	struct yaml_pair *pairs;
	size_t capacity;
	struct key_set keys;
};

static void merge_add(struct merge *m, struct yaml_pair pair) {
	m->pairs = arena_grow(m->arena, m->pairs, m->keys.count, &m->capacity, sizeof(m->pairs[0]));
	m->keys.pairs = m->pairs;
	m->pairs[m->keys.count] = pair;
	key_set_add(&m->keys, pair.key);
}

static bool merge_value(struct merge *m, const struct yaml_node *value) {
	if (value->kind != YAML_MAPPING) {
		return false;
	}
	for (size_t i = 0; i < value->count; i++) {
		if (key_set_find(&m->keys, value->pairs[i].key->text) == NULL) {
			merge_add(m, value->pairs[i]);
		}
	}
	return true;
}

static bool merge_values(struct merge *m, const struct yaml_node *value) {
	if (value->kind != YAML_SEQUENCE) {
		return merge_value(m, value);
	}
	for (size_t i = 0; i < value->count; i++) {
		if (!merge_value(m, value->items[i])) {
			return false;
		}
	}
	return true;
}

void yaml_merge(struct yaml_node *mapping, struct arena *a, struct diags *diags) {
	size_t merges = 0;
	for (size_t i = 0; i < mapping->count; i++) {
		merges += is_merge(mapping->pairs[i].key);
	}
	if (merges == 0) {
		return;
	}
	struct merge m = {.arena = a};
	key_set_init(&m.keys, NULL, true);
	for (size_t i = 0; i < mapping->count; i++) {
		if (!is_merge(mapping->pairs[i].key)) {
			merge_add(&m, mapping->pairs[i]);
		}
	}
	for (size_t i = 0; i < mapping->count; i++) {
		const struct yaml_pair *pair = &mapping->pairs[i];
		if (is_merge(pair->key) && !merge_values(&m, pair->value)) {
			diags_add(diags, DIAG_ERROR, pair->value->span,
					  "yaml: map merge requires map or sequence of maps as the value");
		}
	}
	mapping->pairs = m.pairs;
	mapping->count = (uint32_t)m.keys.count;
	hmap_finish(&m.keys.map);
}
