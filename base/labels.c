#include "base/labels.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/sorted.h"
#include "base/utf8.h"

struct str labels_get(struct labels l, struct str name) {
	bool found;
	size_t at = sorted_find(l.items, sizeof(struct label), l.count, name, &found);
	return found ? l.items[at].value : STR_EMPTY;
}

bool labels_has(struct labels l, struct str name) {
	bool found;
	sorted_find(l.items, sizeof(struct label), l.count, name, &found);
	return found;
}

bool labels_equal(struct labels a, struct labels b) {
	if (a.count != b.count) {
		return false;
	}
	if (a.items == b.items) {
		return true;
	}
	for (size_t i = 0; i < a.count; i++) {
		if (!str_equal(a.items[i].name, b.items[i].name) ||
			!str_equal(a.items[i].value, b.items[i].value)) {
			return false;
		}
	}
	return true;
}

int labels_compare(struct labels a, struct labels b) {
	for (size_t i = 0; i < a.count && i < b.count; i++) {
		int order = str_compare(a.items[i].name, b.items[i].name);
		if (order == 0) {
			order = str_compare(a.items[i].value, b.items[i].value);
		}
		if (order != 0) {
			return order;
		}
	}
	return a.count < b.count ? -1 : a.count > b.count;
}

/* Separators that are no UTF-8 keep ("ab","c") and ("a","bc") apart. */
static uint64_t hash_label(uint64_t state, const struct label *l) {
	state = hash_add(state, l->name);
	state = hash_add(state, STR("\xff"));
	state = hash_add(state, l->value);
	return hash_add(state, STR("\xfe"));
}

uint64_t labels_hash(struct labels l) {
	uint64_t state = HASH_START;
	for (size_t i = 0; i < l.count; i++) {
		state = hash_label(state, &l.items[i]);
	}
	return hash_finish(state);
}

uint64_t labels_hash_grouping(struct labels l, const struct str *names, size_t count,
							  bool without) {
	uint64_t state = HASH_START;
	size_t n = 0;
	for (size_t i = 0; i < l.count; i++) {
		struct str name = l.items[i].name;
		while (n < count && str_compare(names[n], name) < 0) {
			n++;
		}
		bool listed = n < count && str_equal(names[n], name);
		bool counts = without ? !listed && !str_equal(name, LABEL_NAME) : listed;
		if (counts) {
			state = hash_label(state, &l.items[i]);
		}
	}
	return hash_finish(state);
}

struct labels labels_dup(struct arena *a, struct labels l) {
	struct label *items = ARENA_ARRAY(a, struct label, l.count);
	for (size_t i = 0; i < l.count; i++) {
		items[i].name = arena_dup(a, l.items[i].name);
		items[i].value = arena_dup(a, l.items[i].value);
	}
	return (struct labels){.items = items, .count = l.count};
}

static struct str copy_to(char **at, struct str s) {
	struct str copy = {.ptr = *at, .len = s.len};
	if (s.len > 0) {
		memcpy(*at, s.ptr, s.len);
	}
	(*at)[s.len] = '\0';
	*at += s.len + 1;
	return copy;
}

struct labels labels_dup_heap(struct labels l) {
	size_t bytes = l.count * sizeof(struct label);
	for (size_t i = 0; i < l.count; i++) {
		bytes += l.items[i].name.len + l.items[i].value.len + 2;
	}
	struct label *items = mem_alloc(bytes);
	char *at = (char *)(items + l.count);
	for (size_t i = 0; i < l.count; i++) {
		items[i].name = copy_to(&at, l.items[i].name);
		items[i].value = copy_to(&at, l.items[i].value);
	}
	return (struct labels){.items = items, .count = l.count};
}

static void print_pair(struct strbuf *b, const struct label *l, bool first) {
	if (!first) {
		strbuf_add_c(b, ", ");
	}
	if (label_name_is_legacy(l->name)) {
		strbuf_add(b, l->name);
	} else {
		strbuf_add_quoted(b, l->name);
	}
	strbuf_add_char(b, '=');
	strbuf_add_quoted(b, l->value);
}

void labels_print(struct strbuf *b, struct labels l) {
	struct str name = labels_get(l, LABEL_NAME);
	bool plain = metric_name_is_legacy(name);
	if (plain) {
		strbuf_add(b, name);
		if (l.count == 1) {
			return;
		}
	}
	strbuf_add_char(b, '{');
	bool first = true;
	if (name.len > 0 && !plain) {
		strbuf_add_quoted(b, name);
		first = false;
	}
	for (size_t i = 0; i < l.count; i++) {
		if (!str_equal(l.items[i].name, LABEL_NAME)) {
			print_pair(b, &l.items[i], first);
			first = false;
		}
	}
	strbuf_add_char(b, '}');
}

static bool is_legacy(struct str name, bool colon) {
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
		bool digit = c >= '0' && c <= '9';
		if (!letter && !(digit && i > 0) && !(colon && c == ':')) {
			return false;
		}
	}
	return name.len > 0;
}

bool label_name_is_legacy(struct str name) {
	return is_legacy(name, false);
}

bool metric_name_is_legacy(struct str name) {
	return is_legacy(name, true);
}

bool label_name_is_valid(struct str name) {
	return name.len > 0 && utf8_valid(name);
}

void labels_builder_init(struct labels_builder *b, struct arena *a) {
	*b = (struct labels_builder){.arena = a};
}

void labels_builder_init_from(struct labels_builder *b, struct arena *a, struct labels l) {
	labels_builder_init(b, a);
	b->capacity = l.count + 4;
	b->count = l.count;
	b->items = ARENA_ARRAY(a, struct label, b->capacity);
	if (l.count > 0) {
		memcpy(b->items, l.items, l.count * sizeof(*l.items));
	}
}

void labels_builder_set(struct labels_builder *b, struct str name, struct str value) {
	if (value.len == 0) {
		labels_builder_remove(b, name);
		return;
	}
	bool found;
	size_t at = sorted_find(b->items, sizeof(struct label), b->count, name, &found);
	if (!found) {
		b->items = arena_grow(b->arena, b->items, b->count, &b->capacity, sizeof(*b->items));
		memmove(&b->items[at + 1], &b->items[at], (b->count - at) * sizeof(*b->items));
		b->count++;
	}
	b->items[at] = (struct label){.name = name, .value = value};
}

void labels_builder_remove(struct labels_builder *b, struct str name) {
	bool found;
	size_t at = sorted_find(b->items, sizeof(struct label), b->count, name, &found);
	if (found) {
		b->count--;
		memmove(&b->items[at], &b->items[at + 1], (b->count - at) * sizeof(*b->items));
	}
}

struct labels labels_builder_take(struct labels_builder *b) {
	return (struct labels){.items = b->items, .count = b->count};
}
