/* Comments that switch lints off:
 *
 *     # tocsin: disable=no-condition,missing-for          on a rule, a group, or at the top of the file
 *     # pint disable alerts/comparison                    the same in pint's words, for rules that it looks at too
 *     # pint file/disable alerts/comparison
 *
 * A comment is about what begins right below it, else about the rule or group that it stands in, else about the file. */
#include "rules/lint/lint_private.h"

/* What a comment can be about: the document, a group, a rule. */
struct item {
	struct span span;
	size_t parent; /* index; its own for the outermost */
};

struct reader {
	const struct lint_file *file;
	struct arena *arena;
	struct diags *diags;
	struct lint_set enabled;
	struct item *items; /* sorted by their start once all are there */
	size_t item_count, item_capacity;
	struct lint_silence *silences;
	size_t count, capacity;
};

/* ---- what there is ---- */

static size_t add_item(struct reader *r, const struct yaml_node *node, size_t parent) {
	size_t index = r->item_count;
	r->items = arena_grow(r->arena, r->items, index, &r->item_capacity, sizeof(r->items[0]));
	r->items[r->item_count++] = (struct item){node->span, parent == SIZE_MAX ? index : parent};
	return index;
}

static void add_list(struct reader *r, const struct yaml_node *list, const char *below,
					 size_t parent) {
	for (size_t i = 0; list != NULL && list->kind == YAML_SEQUENCE && i < list->count; i++) {
		const struct yaml_node *node = list->items[i];
		if (node->kind == YAML_MAPPING) {
			size_t item = add_item(r, node, parent);
			if (below != NULL) {
				add_list(r, yaml_find(node, below), NULL, item);
			}
		}
	}
}

/* In the order of the text but for aliases, of which nothing is expected. */
static void add_items(struct reader *r) {
	for (size_t i = 0; i < r->file->count; i++) {
		const struct yaml_node *root = r->file->documents[i].root;
		if (root == NULL || root->kind != YAML_MAPPING) {
			continue;
		}
		size_t item = add_item(r, root, SIZE_MAX);
		const struct yaml_node *spec = yaml_find(root, "spec");
		bool is_operator = spec != NULL && spec->kind == YAML_MAPPING;
		add_list(r, yaml_find(is_operator ? spec : root, "groups"), "rules", item);
	}
}

/* ---- what a comment is about ---- */

static struct str line_from(struct str text, size_t at) {
	struct str rest = str_slice(text, at, text.len);
	return str_slice(rest, 0, str_find(rest, STR("\n")));
}

/* The first item that begins at the offset or later; item_count: none. */
static size_t next_item(const struct reader *r, size_t offset) {
	size_t low = 0, high = r->item_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (r->items[middle].span.start < offset) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

/* Whether from the end of the comment's line on there is nothing but blanks, dashes and comments before an offset. */
static bool is_right_above(struct str text, size_t comment, size_t offset) {
	size_t at = comment + line_from(text, comment).len;
	while (at < offset) {
		char c = text.ptr[at];
		if (c == '#') {
			at += line_from(text, at).len;
		} else if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '-') {
			at++;
		} else {
			return false;
		}
	}
	return at == offset;
}

/* To the end of its last line, where a comment may follow. */
static bool contains(struct str text, struct span span, size_t offset) {
	return offset >= span.start &&
		   offset < span.end + line_from(text, span.end < text.len ? span.end : text.len).len;
}

static struct span span_of_comment(const struct reader *r, size_t comment) {
	struct str text = r->file->text;
	struct span whole = {0, SIZE_MAX};
	size_t next = next_item(r, comment);
	if (next < r->item_count && is_right_above(text, comment, r->items[next].span.start)) {
		return r->items[next].parent == next ? whole : r->items[next].span;
	}
	if (next == 0) {
		return whole;
	}
	size_t at = next - 1;
	while (r->items[at].parent != at && !contains(text, r->items[at].span, comment)) {
		at = r->items[at].parent;
	}
	return r->items[at].parent == at ? whole : r->items[at].span;
}

/* ---- what it says ---- */

/* The next name of a list, without what stands in parentheses behind it. */
static struct str take_name(struct str *rest) {
	size_t end = 0;
	*rest = str_trim(*rest);
	while (end < rest->len && rest->ptr[end] != ',' && rest->ptr[end] != ' ') {
		end++;
	}
	struct str name = str_slice(*rest, 0, end);
	bool more = end < rest->len && rest->ptr[end] == ',';
	*rest = more ? str_slice(*rest, end + 1, rest->len) : STR_EMPTY;
	return str_slice(name, 0, str_find(name, STR("(")));
}

static void add_silence(struct reader *r, struct span span, struct lint_set lints) {
	r->silences = arena_grow(r->arena, r->silences, r->count, &r->capacity, sizeof(r->silences[0]));
	r->silences[r->count++] = (struct lint_silence){span, lints};
}

static void complain(struct reader *r, struct str about, const char *format) {
	if (lint_set_has(r->enabled, LINT_UNKNOWN_LINT)) {
		size_t start = (size_t)(about.ptr - r->file->text.ptr);
		struct diag *d = diags_add(r->diags, lint_get(LINT_UNKNOWN_LINT)->severity,
								   (struct span){start, start + about.len}, format, STR_FMT(about));
		if (d != NULL) {
			d->code = lint_get(LINT_UNKNOWN_LINT)->name;
		}
	}
}

/* `at` is where the words behind "tocsin:" begin. */
static void read_own(struct reader *r, size_t comment, size_t at) {
	struct str words = str_trim(line_from(r->file->text, at));
	struct str disable = STR("disable=");
	struct lint_set lints = {0};
	if (!str_starts_with(words, disable)) {
		complain(r, words, "expected disable=LINT,… in a comment for tocsin, got \"%.*s\"");
		return;
	}
	words = str_slice(words, disable.len, words.len);
	while (words.len > 0) {
		struct str name = take_name(&words);
		if (name.len > 0 && !lint_set_switch(&lints, name, true)) {
			complain(r, name, "there is no lint \"%.*s\"");
		}
	}
	add_silence(r, span_of_comment(r, comment), lints);
}

static struct lint_set lints_of_pint(struct str name) {
	struct lint_set lints = {0};
	for (int id = 0; id < LINT_COUNT; id++) {
		const char *pint = lint_get((enum lint_id)id)->pint;
		if (pint != NULL && str_equal(name, str_from(pint))) {
			lints.bits |= UINT64_C(1) << id;
		}
	}
	return lints;
}

/* Its other words, and its checks that are not here, mean nothing to us. */
static void read_pint(struct reader *r, size_t comment, size_t at) {
	struct str words = str_trim(line_from(r->file->text, at));
	struct str on_rule = STR("disable "), on_file = STR("file/disable ");
	bool file = str_starts_with(words, on_file);
	if (file || str_starts_with(words, on_rule)) {
		words = str_slice(words, file ? on_file.len : on_rule.len, words.len);
		struct lint_set lints = lints_of_pint(take_name(&words));
		add_silence(r, file ? (struct span){0, SIZE_MAX} : span_of_comment(r, comment), lints);
	}
}

/* Where `word` ends that is the first one of a comment whose # is at an offset. SIZE_MAX: it is another, or no comment. */
static size_t behind_word(struct str text, size_t hash, struct str word) {
	size_t at = hash + 1;
	while (at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == '\t')) {
		at++;
	}
	bool begins = hash == 0 || strchr(" \t\n\r#", text.ptr[hash - 1]) != NULL;
	return begins && str_starts_with(str_slice(text, at, text.len), word) ? at + word.len
																		  : SIZE_MAX;
}

typedef void read_words(struct reader *r, size_t comment, size_t at);

static void read_all(struct reader *r, struct str word, read_words *read) {
	struct str text = r->file->text;
	for (size_t hash = str_find(text, STR("#")); hash < text.len;) {
		size_t at = behind_word(text, hash, word);
		if (at != SIZE_MAX) {
			if (r->item_count == 0) {
				add_items(r);
			}
			read(r, hash, at);
		}
		hash++;
		hash += str_find(str_slice(text, hash, text.len), STR("#"));
	}
}

struct lint_silences lint_read_comments(const struct lint_file *file, struct lint_set enabled,
										struct arena *a, struct diags *diags) {
	struct reader r = {.file = file, .arena = a, .diags = diags, .enabled = enabled};
	read_all(&r, STR("tocsin:"), read_own);
	read_all(&r, STR("pint "), read_pint);
	return (struct lint_silences){r.silences, r.count};
}

struct lint_set lint_silenced_at(const struct lint_silences *s, size_t offset) {
	struct lint_set set = {0};
	for (size_t i = 0; i < s->count; i++) {
		if (offset >= s->items[i].span.start && offset < s->items[i].span.end) {
			set.bits |= s->items[i].lints.bits;
		}
	}
	return set;
}
