/* One value instead of another. */
#include "rules/yaml/yaml_edit_private.h"

/* ---- block scalars ---- */

/* The indentation of the first line that has something on it; 0: none has. */
static size_t block_indent(struct str text, const struct yaml_node *scalar) {
	size_t at = scalar->span.start;
	for (;;) {
		at = at + str_find(str_slice(text, at, scalar->span.end), STR("\n")) + 1;
		if (at >= scalar->span.end) {
			return 0;
		}
		size_t first = at;
		while (first < scalar->span.end && text.ptr[first] == ' ') {
			first++;
		}
		if (first < scalar->span.end && text.ptr[first] != '\n' && text.ptr[first] != '\r') {
			return first - at;
		}
	}
}

static bool fits_block(struct str value) {
	bool ends_well = !str_ends_with(value, STR("\n\n"));
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];
		if ((c < 0x20 && c != '\n') || c >= 0x7F) {
			return false;
		}
	}
	return ends_well && value.len > 0 && value.ptr[0] != ' ' && value.ptr[0] != '\n';
}

static void add_block(struct strbuf *out, struct yaml_edit *e, const struct yaml_node *scalar,
					  struct str value, size_t indent) {
	struct str text = e->text;
	size_t head = scalar->span.start, head_end = yaml_line_end(text, head);
	size_t rest = head;
	while (rest < head_end && text.ptr[rest] != ' ') {
		rest++; /* a comment may follow the indicators */
	}
	bool ends_line = str_ends_with(value, STR("\n"));
	strbuf_add_c(out, ends_line ? "|" : "|-");
	strbuf_add(out, str_slice(text, rest, head_end));
	struct str left = ends_line ? str_slice(value, 0, value.len - 1) : value;
	for (size_t at = 0; at <= left.len;) {
		size_t end = at + str_find(str_slice(left, at, left.len), STR("\n"));
		strbuf_add_c(out, e->newline);
		strbuf_add_repeat(out, ' ', end > at ? indent : 0);
		strbuf_add(out, str_slice(left, at, end));
		at = end + 1;
	}
}

bool yaml_edit_scalar(struct yaml_edit *e, const struct yaml_node *scalar, struct str value) {
	struct strbuf out = STRBUF_INIT;
	char first = scalar->span.start < scalar->span.end ? e->text.ptr[scalar->span.start] : '\0';
	size_t indent = first == '|' || first == '>' ? block_indent(e->text, scalar) : 0;
	if (indent > 0 && fits_block(value)) {
		add_block(&out, e, scalar, value, indent);
	} else {
		yaml_print_scalar(&out, value, yaml_edit_quote(e->text, scalar));
	}
	bool good = yaml_edit_add(e, scalar->span, strbuf_str(&out), 0);
	strbuf_finish(&out);
	return good;
}

/* Whether lines can follow: behind the value there is nothing but a comment. */
static bool ends_line(struct str text, size_t at) {
	size_t end = yaml_line_end(text, at);
	while (at < end && (text.ptr[at] == ' ' || text.ptr[at] == '\t')) {
		at++;
	}
	return at == end || text.ptr[at] == '#';
}

/* Comments in what goes stand above the key from then on. */
static bool keep_comments(struct yaml_edit *e, const struct yaml_pair *pair, struct span old) {
	struct strbuf comments = STRBUF_INIT, lines = STRBUF_INIT;
	size_t line = yaml_line_start(e->text, pair->key->span.start);
	yaml_add_comments(&comments, e, pair->value, old, pair->key->span.start - line);
	bool good = true;
	if (comments.len > 0) { /* the line break goes from the front to the end */
		strbuf_add(&lines, str_slice(strbuf_str(&comments), strlen(e->newline), comments.len));
		strbuf_add_c(&lines, e->newline);
		good = yaml_edit_add(e, (struct span){line, line}, strbuf_str(&lines), 0);
	}
	strbuf_finish(&comments);
	strbuf_finish(&lines);
	return good;
}

/* Lines stand behind the comment that may be on the key's own. */
static bool put_lines(struct yaml_edit *e, struct span old, struct str value, size_t level) {
	size_t end = yaml_line_end(e->text, old.end);
	if (!ends_line(e->text, old.end)) {
		return yaml_edit_refuse(e, YAML_EDIT_LAYOUT);
	}
	return (old.start == old.end || yaml_edit_add(e, old, STR_EMPTY, 0)) &&
		   yaml_edit_add(e, (struct span){end, end}, value, level);
}

static bool put_value(struct yaml_edit *e, size_t colon, struct span old, struct str value) {
	struct strbuf out = STRBUF_INIT;
	strbuf_add_c(&out, old.start == colon ? " " : "");
	strbuf_add(&out, value);
	bool good = yaml_edit_add(e, old, strbuf_str(&out), 0);
	strbuf_finish(&out);
	return good;
}

bool yaml_edit_value(struct yaml_edit *e, const struct yaml_node *mapping,
					 const struct yaml_pair *pair, struct str value, size_t level) {
	struct span old;
	if (!yaml_value_span(e, mapping, pair, &old)) {
		return false;
	}
	size_t colon = yaml_colon_end(e->text, pair), before = e->count;
	bool lines = value.len > 0 && (value.ptr[0] == '\n' || value.ptr[0] == '\r');
	if (lines || old.start > yaml_line_end(e->text, colon)) {
		old.start = colon; /* what stood below it, or is to stand there */
	}
	bool good = keep_comments(e, pair, old) &&
				(lines ? put_lines(e, old, value, level) : put_value(e, colon, old, value));
	e->count = good ? e->count : before;
	return good;
}
