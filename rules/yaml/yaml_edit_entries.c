/* Entries of lists and mappings that go and come.
 *
 *     block:  an entry is its lines, from the line break before them up to that after them; a new one follows the last
 *     flow:   an entry goes with the comma behind it, the last one with that before it, and where none stays, both */
#include "rules/yaml/yaml_edit_private.h"

struct entries {
	struct yaml_edit *e;
	const struct yaml_node *node;
	const struct yaml_pair *owner;
	const struct yaml_entries *what;
	size_t level;
	size_t left; /* how many of those that are there stay */
};

static size_t entry_start(const struct entries *x, size_t i) {
	const struct yaml_node *n = x->node;
	return n->kind == YAML_SEQUENCE ? n->items[i]->span.start : n->pairs[i].key->span.start;
}

/* Nothing and aliases have places that are no use here. */
static bool entry_end(struct entries *x, size_t i, size_t *ret) {
	const struct yaml_node *n = x->node;
	struct span span;
	if (n->kind == YAML_SEQUENCE) {
		*ret = n->items[i]->span.end;
		bool good = yaml_edit_in_place(n, n->items[i]) && n->items[i]->kind != YAML_NULL;
		return good || yaml_edit_refuse(x->e, YAML_EDIT_LAYOUT);
	}
	if (!yaml_value_span(x->e, n, &n->pairs[i], &span)) {
		return false;
	}
	*ret = span.end;
	return true;
}

static bool is_removed(const struct entries *x, size_t i) {
	return x->what->removed != NULL && x->what->removed[i];
}

/* ---- block ---- */

/* Before it on its line are only blanks, and the dash of a list. */
static bool begins_line(const struct entries *x, size_t start) {
	struct str text = x->e->text;
	size_t line = yaml_line_start(text, start);
	bool list = x->node->kind == YAML_SEQUENCE;
	for (size_t at = line; at < start; at++) {
		if (list && text.ptr[at] == '-') {
			list = false;
		} else if (text.ptr[at] != ' ') {
			return false;
		}
	}
	return !list && line > 0;
}

static bool remove_lines(struct entries *x, size_t i, size_t indent) {
	struct yaml_edit *e = x->e;
	size_t start = entry_start(x, i), end;
	if (!entry_end(x, i, &end) || !begins_line(x, start)) {
		return yaml_edit_refuse(e, YAML_EDIT_LAYOUT);
	}
	size_t from = yaml_line_start(e->text, start) - 1;
	from -= from > 0 && e->text.ptr[from - 1] == '\r';
	struct span lines = {from, yaml_line_end(e->text, end)};
	struct strbuf comments = STRBUF_INIT;
	yaml_add_comments(&comments, e, x->node, (struct span){start, lines.end}, indent);
	bool good = yaml_edit_add(e, lines, strbuf_str(&comments), x->level);
	strbuf_finish(&comments);
	return good;
}

static bool add_lines(struct entries *x, size_t indent) {
	struct strbuf lines = STRBUF_INIT;
	size_t end;
	if (!entry_end(x, x->node->count - 1, &end)) {
		return false;
	}
	end = yaml_line_end(x->e->text, end);
	for (size_t i = 0; i < x->what->added_count; i++) {
		strbuf_add_c(&lines, x->e->newline);
		strbuf_add_repeat(&lines, ' ', indent);
		strbuf_add(&lines, x->what->added[i]);
	}
	bool good = lines.len == 0 ||
				yaml_edit_add(x->e, (struct span){end, end}, strbuf_str(&lines), x->level);
	strbuf_finish(&lines);
	return good;
}

static bool edit_block(struct entries *x) {
	struct yaml_edit *e = x->e;
	size_t indent = yaml_edit_column(e->text, x->node);
	bool good = true;
	for (size_t i = 0; i < x->node->count && good; i++) {
		good = !is_removed(x, i) || remove_lines(x, i, indent);
	}
	if (good && x->left == 0 && x->what->added_count == 0) {
		size_t colon = x->owner != NULL ? yaml_colon_end(e->text, x->owner) : 0;
		struct str empty = x->node->kind == YAML_SEQUENCE ? STR(" []") : STR(" {}");
		good = colon > 0 ? yaml_edit_add(e, (struct span){colon, colon}, empty, x->level)
						 : yaml_edit_refuse(e, YAML_EDIT_LAYOUT);
	}
	return good && add_lines(x, indent);
}

/* ---- flow ---- */

/* Comments in what goes stand above its line from then on. */
static bool remove_stretch(struct entries *x, struct span span, struct str instead) {
	struct yaml_edit *e = x->e;
	struct strbuf comments = STRBUF_INIT, lines = STRBUF_INIT;
	size_t line = yaml_line_start(e->text, span.start), indent = 0;
	while (e->text.ptr[line + indent] == ' ') {
		indent++;
	}
	yaml_add_comments(&comments, e, x->node, span, indent);
	bool good = true;
	if (comments.len > 0) { /* the line break goes from the front to the end */
		size_t skip = strlen(e->newline);
		strbuf_add(&lines, str_slice(strbuf_str(&comments), skip, comments.len));
		strbuf_add_c(&lines, e->newline);
		good = yaml_edit_add(e, (struct span){line, line}, strbuf_str(&lines), x->level);
	}
	good = good && yaml_edit_add(e, span, instead, x->level);
	strbuf_finish(&comments);
	strbuf_finish(&lines);
	return good;
}

/* One after the other, where the last one stands on a line of its own each on its own, too. */
static void print_added(struct entries *x, struct strbuf *out, bool follows) {
	struct str text = x->e->text;
	size_t count = x->node->count;
	size_t last = count > 0 ? entry_start(x, count - 1) : 0;
	size_t line = yaml_line_start(text, last);
	bool alone = count > 0 && yaml_is_blank_between(text, line, last);
	for (size_t i = 0; i < x->what->added_count; i++) {
		strbuf_add_c(out, follows || i > 0 ? "," : "");
		if (alone && (follows || i > 0)) {
			strbuf_add_c(out, x->e->newline);
			strbuf_add(out, str_slice(text, line, last));
		} else if (follows || i > 0) {
			strbuf_add_char(out, ' ');
		}
		strbuf_add(out, x->what->added[i]);
	}
}

/* Where the text after an entry goes on behind a comma, which the last one may have, too; and behind blanks up to the end of the
 * collection. Comments before it are passed over. */
static size_t behind_comma(const struct entries *x, size_t entry_end) {
	struct str text = x->e->text;
	size_t close = x->node->span.end - 1, at = entry_end;
	while (at < close && text.ptr[at] != ',') {
		at = text.ptr[at] == '#' ? yaml_line_end(text, at) : at + 1;
	}
	if (at >= close) {
		return entry_end;
	}
	at++;
	return yaml_is_blank_between(text, at, close) ? close : at;
}

/* The entries from `i` up to `end` go, and others follow them. */
static bool remove_run(struct entries *x, size_t i, size_t end) {
	size_t stop, before;
	if (end < x->node->count) {
		return remove_stretch(x, (struct span){entry_start(x, i), entry_start(x, end)}, STR_EMPTY);
	}
	struct strbuf added = STRBUF_INIT;
	bool good = entry_end(x, end - 1, &stop) && (i == 0 || entry_end(x, i - 1, &before));
	if (good) {
		print_added(x, &added, i > 0);
		stop = x->left == 0 && added.len == 0 ? behind_comma(x, stop) : stop;
		good = remove_stretch(x, (struct span){i > 0 ? before : entry_start(x, 0), stop},
							  strbuf_str(&added));
	}
	strbuf_finish(&added);
	return good;
}

static bool add_behind(struct entries *x) {
	struct yaml_edit *e = x->e;
	size_t count = x->node->count, at;
	struct strbuf added = STRBUF_INIT;
	if (count > 0 && !entry_end(x, count - 1, &at)) {
		return false;
	}
	if (count == 0) {
		at = x->node->span.end - 1; /* before the bracket that closes it */
	}
	print_added(x, &added, count > 0);
	bool good =
		added.len == 0 || yaml_edit_add(e, (struct span){at, at}, strbuf_str(&added), x->level);
	strbuf_finish(&added);
	return good;
}

static bool edit_flow(struct entries *x) {
	size_t count = x->node->count;
	bool good = true;
	for (size_t i = 0; i < count && good;) {
		size_t end = i;
		while (end < count && is_removed(x, end)) {
			end++;
		}
		good = end == i || remove_run(x, i, end);
		i = end > i ? end : i + 1;
	}
	bool last_goes = count > 0 && is_removed(x, count - 1);
	return good && (last_goes || add_behind(x));
}

bool yaml_edit_entries(struct yaml_edit *e, const struct yaml_node *collection,
					   const struct yaml_pair *owner, const struct yaml_entries *entries,
					   size_t level) {
	struct entries x = {
		.e = e, .node = collection, .owner = owner, .what = entries, .level = level};
	size_t before = e->count;
	if (yaml_edit_is_shared(e, collection)) {
		return yaml_edit_refuse(e, YAML_EDIT_ALIAS);
	}
	for (size_t i = 0; i < collection->count; i++) {
		x.left += !is_removed(&x, i);
		size_t ignored;
		bool last = i + 1 == collection->count;
		if ((is_removed(&x, i) || last) && !entry_end(&x, i, &ignored)) {
			return false;
		}
	}
	if (!(yaml_edit_is_flow(e->text, collection) ? edit_flow(&x) : edit_block(&x))) {
		e->count = before;
		return false;
	}
	return true;
}
