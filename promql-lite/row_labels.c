/* What the evaluator does with label sets: dropping names, picking labels, numbering equal sets. */
#include "promql-lite/eval_private.h"

#include <stdlib.h>

#include "base/gofloat.h"
#include "base/hmap.h"

bool names_contain(const struct str *names, size_t count, struct str name) {
	for (size_t i = 0; i < count; i++) {
		if (str_equal(names[i], name)) {
			return true;
		}
	}
	return false;
}

static int compare_names(const void *a, const void *b) {
	return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/* Sorted copy, as labels_hash_grouping wants it. */
static const struct str *names_sorted(struct arena *a, const struct str *names, size_t count) {
	struct str *sorted = ARENA_ARRAY(a, struct str, count + 1);

	if (count > 0) {
		memcpy(sorted, names, count * sizeof(*names));
		qsort(sorted, count, sizeof(*sorted), compare_names);
	}
	return sorted;
}

static bool is_metadata(struct str name) {
	return str_equal(name, LABEL_NAME) || str_equal(name, STR("__type__")) ||
		   str_equal(name, STR("__unit__"));
}

struct labels labels_drop_metadata(struct arena *a, struct labels l) {
	struct label *items;
	size_t count = 0;

	for (size_t i = 0; i < l.count; i++) {
		count += is_metadata(l.items[i].name);
	}
	if (count == 0) {
		return l;
	}
	/* The name sorts first, mostly: then the rest stands as it is. */
	if (count == 1 && is_metadata(l.items[0].name)) {
		return (struct labels){.items = l.items + 1, .count = l.count - 1};
	}
	items = ARENA_ARRAY(a, struct label, l.count);
	count = 0;
	for (size_t i = 0; i < l.count; i++) {
		if (!is_metadata(l.items[i].name)) {
			items[count++] = l.items[i];
		}
	}
	return (struct labels){.items = items, .count = count};
}

struct labels labels_pick(struct arena *a, struct labels l, const struct str *names, size_t count,
						  bool listed) {
	struct label *items = ARENA_ARRAY(a, struct label, l.count + 1);
	size_t kept = 0;

	for (size_t i = 0; i < l.count; i++) {
		bool in_list = names_contain(names, count, l.items[i].name);

		if (listed ? in_list : !in_list && !str_equal(l.items[i].name, LABEL_NAME)) {
			items[kept++] = l.items[i];
		}
	}
	return (struct labels){.items = items, .count = kept};
}

/* The next label that counts, from *at on; NULL at the end. */
static const struct label *next_grouping(struct labels l, size_t *at, const struct str *names,
										 size_t count, bool without) {
	while (*at < l.count) {
		const struct label *label = &l.items[(*at)++];
		bool in_list = names_contain(names, count, label->name);

		if (without ? !in_list && !str_equal(label->name, LABEL_NAME) : in_list) {
			return label;
		}
	}
	return NULL;
}

static bool labels_equal_grouping(struct labels a, struct labels b, const struct str *names,
								  size_t count, bool without) {
	size_t i = 0, j = 0;

	for (;;) {
		const struct label *x = next_grouping(a, &i, names, count, without);
		const struct label *y = next_grouping(b, &j, names, count, without);

		if (x == NULL || y == NULL) {
			return x == y;
		}
		if (!str_equal(x->name, y->name) || !str_equal(x->value, y->value)) {
			return false;
		}
	}
}

/* As Go's labels.Labels prints: the name is a label like the others. */
const char *labels_text(struct arena *a, struct labels l) {
	struct strbuf b = STRBUF_INIT;
	const char *text;

	strbuf_add_char(&b, '{');
	for (size_t i = 0; i < l.count; i++) {
		strbuf_add_c(&b, i > 0 ? ", " : "");
		if (label_name_is_legacy(l.items[i].name)) {
			strbuf_add(&b, l.items[i].name);
		} else {
			strbuf_add_quoted(&b, l.items[i].name);
		}
		strbuf_add_char(&b, '=');
		strbuf_add_quoted(&b, l.items[i].value);
	}
	strbuf_add_char(&b, '}');
	text = arena_dup(a, strbuf_str(&b)).ptr;
	strbuf_finish(&b);
	return text;
}

const char *number_text(struct arena *a, double v) {
	struct strbuf b = STRBUF_INIT;
	const char *text;

	gofloat_print(&b, v, 'g');
	text = arena_dup(a, strbuf_str(&b)).ptr;
	strbuf_finish(&b);
	return text;
}

/* ---- numbers for label sets ---- */

struct label_index {
	struct arena *arena;
	struct hmap map;
	size_t count;
	bool grouping; /* only some labels count: */
	const struct str *names;
	size_t name_count;
	bool without;
};

struct label_index_entry {
	const struct label_index *index;
	struct labels labels; /* of the first set with this number */
	size_t number;
};

struct label_index *label_index_create(struct arena *a) {
	struct label_index *x = ARENA_NEW(a, struct label_index);

	x->arena = a;
	hmap_init(&x->map, a);
	return x;
}

struct label_index *label_index_create_grouping(struct arena *a, const struct str *names,
												size_t count, bool without) {
	struct label_index *x = label_index_create(a);

	x->grouping = true;
	x->names = names_sorted(a, names, count);
	x->name_count = count;
	x->without = without;
	return x;
}

static bool entry_has_labels(const void *value, const void *key) {
	const struct label_index_entry *e = value;
	const struct label_index *x = e->index;
	const struct labels *l = key;

	return x->grouping ? labels_equal_grouping(e->labels, *l, x->names, x->name_count, x->without)
					   : labels_equal(e->labels, *l);
}

static struct label_index_entry *find_entry(const struct label_index *x, struct labels l,
											uint64_t *ret_hash) {
	*ret_hash =
		x->grouping ? labels_hash_grouping(l, x->names, x->name_count, x->without) : labels_hash(l);
	return hmap_find(&x->map, *ret_hash, entry_has_labels, &l);
}

bool label_index_find(const struct label_index *x, struct labels l, size_t *ret_number) {
	uint64_t hash;
	const struct label_index_entry *e = find_entry(x, l, &hash);

	if (e != NULL) {
		*ret_number = e->number;
	}
	return e != NULL;
}

size_t label_index_add(struct label_index *x, struct labels l, bool *ret_new) {
	uint64_t hash;
	struct label_index_entry *e = find_entry(x, l, &hash);

	*ret_new = e == NULL;
	if (e == NULL) {
		e = ARENA_NEW(x->arena, struct label_index_entry);
		*e = (struct label_index_entry){.index = x, .labels = l, .number = x->count++};
		hmap_add(&x->map, hash, e);
	}
	return e->number;
}

size_t label_index_count(const struct label_index *x) {
	return x->count;
}
