#include "rules/yaml/yaml_edit_private.h"

/* ---- places ---- */

size_t yaml_line_start(struct str text, size_t at) {
	while (at > 0 && text.ptr[at - 1] != '\n') {
		at--;
	}
	return at;
}

size_t yaml_line_end(struct str text, size_t at) {
	at += str_find(str_slice(text, at, text.len), STR("\n"));
	return at > 0 && text.ptr[at - 1] == '\r' ? at - 1 : at;
}

static bool is_space(char c) {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool yaml_is_blank_between(struct str text, size_t from, size_t to) {
	while (from < to && is_space(text.ptr[from])) {
		from++;
	}
	return from >= to;
}

size_t yaml_colon_end(struct str text, const struct yaml_pair *pair) {
	size_t at = pair->key->span.end;
	while (at < text.len && is_space(text.ptr[at])) {
		at++;
	}
	return at < text.len && text.ptr[at] == ':' ? at + 1 : 0;
}

bool yaml_edit_in_place(const struct yaml_node *parent, const struct yaml_node *child) {
	return child->span.start >= parent->span.start && child->span.end <= parent->span.end;
}

/* Where `&anchor` and `!tag` before a collection end. */
static size_t after_properties(struct str text, const struct yaml_node *node) {
	size_t at = node->span.start;
	while (at < node->span.end &&
		   (text.ptr[at] == '&' || text.ptr[at] == '!' || is_space(text.ptr[at]))) {
		while (at < node->span.end && !is_space(text.ptr[at])) {
			at++;
		}
		while (at < node->span.end && is_space(text.ptr[at])) {
			at++;
		}
	}
	return at;
}

bool yaml_edit_is_flow(struct str text, const struct yaml_node *collection) {
	size_t at = after_properties(text, collection);
	return at < text.len && (text.ptr[at] == '[' || text.ptr[at] == '{');
}

size_t yaml_edit_column(struct str text, const struct yaml_node *collection) {
	size_t at = after_properties(text, collection);
	return at - yaml_line_start(text, at);
}

size_t yaml_edit_item_offset(struct str text, const struct yaml_node *list) {
	const struct yaml_node *item = list->count > 0 ? list->items[0] : list;
	size_t dash = yaml_edit_column(text, list);
	size_t column = item->span.start - yaml_line_start(text, item->span.start);
	return column > dash && yaml_edit_in_place(list, item) ? column - dash : 2;
}

char yaml_edit_quote(struct str text, const struct yaml_node *scalar) {
	char c = scalar->span.start < scalar->span.end ? text.ptr[scalar->span.start] : '\0';
	return c == '"' || c == '\'' ? c : '\0';
}

/* The alias at this place, or nothing. */
static size_t alias_end(struct str text, size_t at) {
	if (at < text.len && text.ptr[at] == '*') {
		while (at < text.len && !is_space(text.ptr[at]) && strchr(",]}", text.ptr[at]) == NULL) {
			at++;
		}
	}
	return at;
}

bool yaml_value_span(struct yaml_edit *e, const struct yaml_node *mapping,
					 const struct yaml_pair *pair, struct span *ret) {
	const struct yaml_node *value = pair->value;
	size_t colon = yaml_colon_end(e->text, pair), at = colon;
	if (!yaml_edit_in_place(mapping, pair->key) || colon == 0) {
		return yaml_edit_refuse(e, colon == 0 ? YAML_EDIT_LAYOUT : YAML_EDIT_ALIAS);
	}
	while (at < e->text.len && is_space(e->text.ptr[at])) {
		at++;
	}
	size_t end = alias_end(e->text, at);
	bool has_properties = at < e->text.len && (e->text.ptr[at] == '!' || e->text.ptr[at] == '&');
	if (end > at) {
		*ret = (struct span){at, end};
	} else if (has_properties && value->span.end > at) {
		*ret = (struct span){at, value->span.end};
	} else if (value->kind == YAML_NULL && value->text.len == 0) {
		*ret = (struct span){colon, colon};
	} else {
		*ret = value->span;
	}
	return true;
}

/* ---- changes ---- */

bool yaml_edit_refuse(struct yaml_edit *e, const char *why) {
	e->failure = why;
	return false;
}

bool yaml_edit_add(struct yaml_edit *e, struct span span, struct str text, size_t level) {
	for (size_t i = 0; i < e->shared_count; i++) {
		struct span s = e->shared[i];
		if (span.start < s.end && (span.end > s.start || span.start > s.start)) {
			return yaml_edit_refuse(e, YAML_EDIT_ALIAS);
		}
	}
	e->changes = arena_grow(e->arena, e->changes, e->count, &e->capacity, sizeof(e->changes[0]));
	e->changes[e->count] =
		(struct yaml_change){.edit = {.span = span, .text = arena_dup(e->arena, text)},
							 .level = level,
							 .order = e->count};
	e->count++;
	return true;
}

/* What stands outside of its parent, or before what came before it, came through an alias. */
static void find_shared(struct yaml_edit *e, const struct yaml_node *parent,
						const struct yaml_node *node, size_t *after);

static void look_into(struct yaml_edit *e, const struct yaml_node *node) {
	size_t after = node->span.start;
	for (size_t i = 0; i < node->count && node->kind == YAML_SEQUENCE; i++) {
		find_shared(e, node, node->items[i], &after);
	}
	for (size_t i = 0; i < node->count && node->kind == YAML_MAPPING; i++) {
		find_shared(e, node, node->pairs[i].key, &after);
		find_shared(e, node, node->pairs[i].value, &after);
	}
}

static void find_shared(struct yaml_edit *e, const struct yaml_node *parent,
						const struct yaml_node *node, size_t *after) {
	if (node->span.start == node->span.end) {
		return;
	}
	if (yaml_edit_in_place(parent, node) && node->span.start >= *after) {
		*after = node->span.end;
		look_into(e, node);
		return;
	}
	e->shared =
		arena_grow(e->arena, e->shared, e->shared_count, &e->shared_capacity, sizeof(e->shared[0]));
	e->shared[e->shared_count++] = node->span;
}

bool yaml_edit_is_shared(const struct yaml_edit *e, const struct yaml_node *node) {
	for (size_t i = 0; i < e->shared_count; i++) {
		if (node->span.start >= e->shared[i].start && node->span.end <= e->shared[i].end) {
			return true;
		}
	}
	return false;
}

void yaml_edit_init(struct yaml_edit *e, struct str text, const struct yaml_node *root,
					struct arena *a) {
	bool has_returns = str_find(text, STR("\r\n")) < text.len;
	*e = (struct yaml_edit){
		.text = text, .root = root, .arena = a, .newline = has_returns ? "\r\n" : "\n"};
	look_into(e, root);
}

static int compare_changes(const void *a, const void *b) {
	const struct yaml_change *x = a, *y = b;
	if (x->edit.span.start != y->edit.span.start) {
		return x->edit.span.start < y->edit.span.start ? -1 : 1;
	}
	if (x->edit.span.end != y->edit.span.end) {
		return x->edit.span.end < y->edit.span.end ? -1 : 1;
	}
	if (x->level != y->level) {
		return x->level > y->level ? -1 : 1;
	}
	return x->order < y->order ? -1 : x->order > y->order;
}

bool yaml_edit_finish(struct yaml_edit *e, const struct text_edit **ret_edits, size_t *ret_count,
					  struct str *ret_text) {
	struct text_edit *edits = ARENA_ARRAY(e->arena, struct text_edit, e->count);
	struct strbuf out = STRBUF_INIT;
	size_t at = 0;
	bool good = true;
	if (e->count > 0) {
		qsort(e->changes, e->count, sizeof(e->changes[0]), compare_changes);
	}
	for (size_t i = 0; i < e->count && good; i++) {
		edits[i] = e->changes[i].edit;
		good = edits[i].span.start >= at;
		if (good) {
			strbuf_add(&out, str_slice(e->text, at, edits[i].span.start));
			strbuf_add(&out, edits[i].text);
			at = edits[i].span.end;
		}
	}
	strbuf_add(&out, str_slice(e->text, at, e->text.len));
	*ret_text = arena_dup(e->arena, strbuf_str(&out));
	*ret_edits = edits;
	*ret_count = e->count;
	strbuf_finish(&out);
	return good;
}

/* ---- comments ---- */

/* The scalar that has this place in it; NULL: none has. */
static const struct yaml_node *scalar_at(const struct yaml_node *node, size_t at) {
	if (at < node->span.start || at >= node->span.end) {
		return NULL;
	}
	if (node->kind == YAML_SCALAR || node->kind == YAML_NULL) {
		return node;
	}
	const struct yaml_node *found = NULL;
	for (size_t i = 0; i < node->count && found == NULL; i++) {
		if (node->kind == YAML_SEQUENCE) {
			found = scalar_at(node->items[i], at);
		} else {
			found = scalar_at(node->pairs[i].key, at);
			found = found != NULL ? found : scalar_at(node->pairs[i].value, at);
		}
	}
	return found;
}

void yaml_add_comments(struct strbuf *out, const struct yaml_edit *e, const struct yaml_node *node,
					   struct span span, size_t indent) {
	for (size_t at = span.start; at < span.end; at++) {
		bool begins = e->text.ptr[at] == '#' && (at == 0 || is_space(e->text.ptr[at - 1]));
		const struct yaml_node *scalar = begins ? scalar_at(node, at) : NULL;
		bool heads = scalar != NULL && strchr("|>", e->text.ptr[scalar->span.start]) != NULL &&
					 at < yaml_line_end(e->text, scalar->span.start);
		if (begins && (scalar == NULL || heads)) {
			size_t end = yaml_line_end(e->text, at);
			strbuf_add_c(out, e->newline);
			strbuf_add_repeat(out, ' ', indent);
			strbuf_add(out, str_slice(e->text, at, end));
			at = end;
		}
	}
}
