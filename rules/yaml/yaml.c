#include "rules/yaml/yaml_private.h"

#include <yaml.h>

#include "base/bug.h"
#include "base/hash.h"
#include "base/hmap.h"
#include "base/mem.h"
#include "base/utf8.h"

/* A node under construction: a collection that is open, or one that an anchor names. */
struct anchor {
	struct str name;
	struct yaml_node *node;
	size_t size,
		height; /* nodes in it and its text, as an alias counts them; levels of collections */
	bool open;  /* an alias to it now would make it contain itself */
};

struct level {
	struct yaml_node *node;
	size_t first; /* of its nodes among those that wait */
	size_t size, height;
	struct anchor *anchor; /* NULL: it has none */
};

struct reader {
	yaml_parser_t parser;
	struct str text;
	bool borrows; /* from `text`, which outlives the tree */
	size_t bom;   /* bytes of the mark at the start, which is no part of the first line */
	struct arena *arena;
	struct diags *diags;
	size_t mark_index,
		mark_byte; /* libyaml counts characters; here byte `mark_byte` is character `mark_index` */
	size_t ascii;  /* bytes from there on that are a character each, at least */
	struct level levels[YAML_MAX_DEPTH];
	size_t depth;
	/* Finished nodes whose collection is still open, those of the innermost one last; of a mapping keys and values in turn. */
	struct yaml_node **waiting;
	size_t waiting_count, waiting_capacity;
	struct hmap anchors; /* of the current document */
	struct yaml_document *documents;
	size_t count, capacity;
	size_t nodes;
	/* An alias within the value of its own anchor, as in `a: &x [*x]`: a hole until that value is complete, and then a copy of
	 * it. yaml.v3 refuses it only when it is read. One a document is enough to say what is wrong with it. */
	struct yaml_node *hole;
	struct anchor *hole_anchor; /* NULL once it is filled */
	size_t hole_depth;
	size_t last_end; /* of the last scalar or flow collection: where a block collection ends */
};

/* Characters of UTF-8 begin at every byte that is no continuation. */
static bool begins_character(char c) {
	return ((unsigned char)c & 0xC0) != 0x80;
}

/* Marks come almost in order, so that walking from the last one is short. */
static void walk_to(struct reader *r, size_t index) {
	if (r->mark_index < index) {
		size_t end = r->mark_byte + (index - r->mark_index);
		end = end < r->text.len ? end : r->text.len;
		size_t ascii = utf8_skip_ascii(str_slice(r->text, r->mark_byte, end));
		r->mark_byte += ascii;
		r->mark_index += ascii;
	}
	while (r->mark_index < index && r->mark_byte < r->text.len) {
		do {
			r->mark_byte++;
		} while (r->mark_byte < r->text.len && !begins_character(r->text.ptr[r->mark_byte]));
		r->mark_index++;
	}
	while (r->mark_index > index) {
		do {
			r->mark_byte--;
		} while (!begins_character(r->text.ptr[r->mark_byte]));
		r->mark_index--;
	}
	r->ascii = utf8_skip_ascii(str_slice(r->text, r->mark_byte, r->text.len));
}

/* Most of a text is ASCII, where there is nothing to walk. */
static size_t byte_of(struct reader *r, yaml_mark_t mark) {
	if (mark.index >= r->mark_index && mark.index - r->mark_index <= r->ascii) {
		return r->mark_byte + (mark.index - r->mark_index);
	}
	walk_to(r, mark.index);
	return r->mark_byte;
}

static struct span span_of(struct reader *r, const yaml_event_t *event) {
	size_t start = byte_of(r, event->start_mark);
	return (struct span){start, byte_of(r, event->end_mark)};
}

static uint32_t line_of(const yaml_event_t *event) {
	return (uint32_t)event->start_mark.line + 1;
}

static bool fail(struct reader *r, struct span span, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static bool fail(struct reader *r, struct span span, const char *format, ...) {
	va_list args;
	va_start(args, format);
	diags_vadd(r->diags, DIAG_ERROR, span, format, args);
	va_end(args);
	return false;
}

/* A tab in the indentation looks like blanks to whoever looks for the character that cannot start a token. */
static const char *tab_hint(const struct reader *r, size_t at, const char *problem) {
	bool is_tab = at < r->text.len && r->text.ptr[at] == '\t';
	bool unsaid = strstr(problem, "tab") == NULL;
	return is_tab && unsaid ? ": it is a tab, and YAML is indented with spaces" : "";
}

/* The line that yaml.v3 names: of the context if that is not the first line, and without the first line's one for the
 * parser's errors (not for the scanner's). The span says where it really is. */
static bool fail_at(struct reader *r, const yaml_parser_t *p) {
	const char *problem = p->problem != NULL ? p->problem : "unknown problem parsing YAML content";
	if (p->error == YAML_READER_ERROR) {
		size_t at = p->problem_offset + r->bom;
		at = at < r->text.len ? at : r->text.len;
		return fail(r, (struct span){at, at < r->text.len ? at + 1 : at}, "yaml: %s", problem);
	}
	size_t at = byte_of(r, p->problem_mark);
	size_t line = p->context_mark.line != 0 ? p->context_mark.line : p->problem_mark.line;
	const char *hint = tab_hint(r, at, problem);
	if (line == 0) {
		return fail(r, (struct span){at, at}, "yaml: %s%s", problem, hint);
	}
	line += p->error == YAML_SCANNER_ERROR;
	return fail(r, (struct span){at, at}, "yaml: line %zu: %s%s", line, problem, hint);
}

#define CHUNK_BYTES                                                                                \
	512 /* as yaml.v3 reads: a bad byte further on is not seen before an error in front of it */

static int read_chunk(void *data, unsigned char *buffer, size_t size, size_t *ret_size) {
	struct str *rest = data;
	size_t count = rest->len < CHUNK_BYTES ? rest->len : CHUNK_BYTES;
	count = count < size ? count : size;
	memcpy(buffer, rest->ptr, count);
	*rest = str_slice(*rest, count, rest->len);
	*ret_size = count;
	return 1;
}

/* `rest` is what was not read yet; it must live as long as the parser. */
static void start_parser(yaml_parser_t *parser, struct str *rest) {
	BUG_ON(yaml_parser_initialize(parser) == 0);
	yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input(parser, read_chunk, rest);
}

/* yaml.v3 has scanned two tokens further (it looks for comments) before it sees that a token is wrong, so an error in those
 * is the one it reports. */
static bool fail_parser(struct reader *r) {
	yaml_parser_t ahead;
	struct str rest = str_slice(r->text, r->bom, r->text.len);
	bool found = false, done = r->parser.error != YAML_PARSER_ERROR;
	yaml_token_type_t wrong = done ? YAML_NO_TOKEN : r->parser.tokens.head->type;
	start_parser(&ahead, &rest);
	for (int tokens = 0; tokens < 3 && !done;) {
		yaml_token_t token;
		found = yaml_parser_scan(&ahead, &token) == 0;
		done = found || token.type == YAML_STREAM_END_TOKEN;
		if (!found) {
			bool there = token.start_mark.index >= r->parser.problem_mark.index;
			tokens += tokens > 0 || (there && token.type == wrong);
			yaml_token_delete(&token);
		}
	}
	fail_at(r, found ? &ahead : &r->parser);
	yaml_parser_delete(&ahead);
	return false;
}

static bool count_nodes(struct reader *r, size_t nodes, struct span span) {
	if (nodes > YAML_MAX_NODES - r->nodes) {
		return fail(r, span,
					"yaml: document contains excessive aliasing or more than %u nodes (limit)",
					YAML_MAX_NODES);
	}
	r->nodes += nodes;
	return true;
}

static const char *short_tag(struct reader *r, const yaml_char_t *tag) {
	if (tag == NULL) {
		return NULL;
	}
	struct str text = str_from((const char *)tag);
	struct str standard = STR("tag:yaml.org,2002:");
	if (str_starts_with(text, standard)) {
		text = str_slice(text, standard.len, text.len);
		return arena_printf(r->arena, "!!%.*s", STR_FMT(text));
	}
	return text.len > 0 ? arena_dup(r->arena, text).ptr : NULL;
}

static bool anchor_equal(const void *value, const void *key) {
	return str_equal(((const struct anchor *)value)->name, *(const struct str *)key);
}

static struct anchor *anchor_find(const struct reader *r, struct str name) {
	return hmap_find(&r->anchors, hash_str(name), anchor_equal, &name);
}

/* A name may be given anew: aliases from then on mean the later node. */
static struct anchor *anchor_add(struct reader *r, const yaml_char_t *text, struct anchor what) {
	if (text == NULL) {
		return NULL;
	}
	struct str name = str_from((const char *)text);
	struct anchor *anchor = anchor_find(r, name);
	bool is_new = anchor == NULL;
	if (is_new || anchor->open) {
		hmap_remove(&r->anchors, hash_str(name), anchor_equal, &name);
		anchor = ARENA_NEW(r->arena, struct anchor);
		is_new = true;
	}
	*anchor = what;
	anchor->name = arena_dup(r->arena, name);
	if (is_new) {
		hmap_add(&r->anchors, hash_str(anchor->name), anchor);
	}
	return anchor;
}

static bool waits_for_value(const struct reader *r, const struct level *level) {
	return level->node->kind == YAML_MAPPING && (r->waiting_count - level->first) % 2 == 1;
}

/* Puts a finished node where it belongs: into the innermost open collection, or at the top of the document. */
static bool attach(struct reader *r, struct yaml_node *node, size_t size, size_t height) {
	if (r->depth == 0) {
		r->documents[r->count].root = node;
		return true;
	}
	struct level *level = &r->levels[r->depth - 1];
	level->size += size;
	level->height = level->height > height + 1 ? level->height : height + 1;
	if (waits_for_value(r, level)) {
		struct yaml_node *key = r->waiting[r->waiting_count - 1];
		if (key->kind == YAML_SEQUENCE || key->kind == YAML_MAPPING) {
			yaml_add_type_error(r->diags, key, "string");
			r->waiting_count--;
			return true;
		}
	}
	r->waiting =
		mem_grow(r->waiting, r->waiting_count, &r->waiting_capacity, sizeof(r->waiting[0]));
	r->waiting[r->waiting_count++] = node;
	return true;
}

/* Its nodes wait no longer. */
static void fill_collection(struct reader *r, const struct level *level) {
	struct yaml_node *node = level->node;
	size_t count = r->waiting_count - level->first;
	struct yaml_node **nodes = count > 0 ? r->waiting + level->first : NULL;
	r->waiting_count = level->first;
	if (node->kind == YAML_SEQUENCE) {
		node->items = arena_alloc(r->arena, count * sizeof(node->items[0]));
		for (node->count = 0; node->count < count; node->count++) {
			node->items[node->count] = nodes[node->count];
		}
		return;
	}
	node->pairs = arena_alloc(r->arena, count / 2 * sizeof(node->pairs[0]));
	for (node->count = 0; node->count < count / 2; node->count++) {
		node->pairs[node->count] =
			(struct yaml_pair){.key = nodes[2 * node->count], .value = nodes[2 * node->count + 1]};
	}
}

static bool is_null_text(struct str text) {
	return text.len == 0 || str_equal(text, STR("~")) || str_equal(text, STR("null")) ||
		   str_equal(text, STR("Null")) || str_equal(text, STR("NULL"));
}

static enum yaml_style style_of(yaml_scalar_style_t style) {
	switch (style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE: return YAML_STYLE_SINGLE;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE: return YAML_STYLE_DOUBLE;
	case YAML_LITERAL_SCALAR_STYLE:
	case YAML_FOLDED_SCALAR_STYLE: return YAML_STYLE_BLOCK;
	case YAML_ANY_SCALAR_STYLE:
	case YAML_PLAIN_SCALAR_STYLE: return YAML_STYLE_PLAIN;
	}
	BUG("unknown style of scalar");
}

/* `!!int x` is an error; so is every explicit tag that the text does not have by itself, but for `!!float 1`. */
static void check_tag(struct reader *r, const struct yaml_node *node) {
	static const char *const checked[] = {"!!int", "!!float", "!!bool", "!!null", "!!timestamp"};
	if (node->tag == NULL) {
		return;
	}
	struct yaml_node bare = *node;
	bare.tag = NULL;
	bare.plain = true;
	bare.kind = YAML_SCALAR;
	const char *own = yaml_tag(&bare);
	for (size_t i = 0; i < sizeof(checked) / sizeof(checked[0]); i++) {
		if (yaml_has_tag(node, checked[i]) && strcmp(own, checked[i]) != 0 &&
			(strcmp(checked[i], "!!float") != 0 || strcmp(own, "!!int") != 0)) {
			fail(r, node->span, "yaml: cannot decode %s `%.*s` as a %s", own, STR_FMT(node->text),
				 checked[i]);
			return;
		}
	}
}

#define ALIASED_BYTES 64 /* of text count as a node where an alias repeats it */
#define NODE_PIECES 8    /* take as much memory as a node */

/* Places in the decoded text are the whole scalar's. What is no UTF-8 goes no further: everything takes texts for it. */
static void decode_binary(struct reader *r, struct yaml_node *node) {
	node->piece_count = 0;
	if (!yaml_decode_binary(node->text, r->arena, &node->text)) {
		diags_add(r->diags, DIAG_ERROR, node->span,
				  "yaml: !!binary value contains invalid base64 data");
	} else if (!utf8_valid(node->text)) {
		node->text = STR_EMPTY;
		diags_add(r->diags, DIAG_ERROR, node->span, "yaml: !!binary value is no UTF-8 text");
	}
}

static struct yaml_node *new_scalar(struct reader *r, const yaml_event_t *event,
									enum yaml_style style) {
	struct str text = {(const char *)event->data.scalar.value, event->data.scalar.length};
	struct yaml_node *node = arena_alloc(r->arena, sizeof(*node));
	*node = (struct yaml_node){
		.kind = YAML_SCALAR,
		.span = span_of(r, event),
		.line = line_of(event),
		.plain = style == YAML_STYLE_PLAIN,
		.text = text,
		.tag = short_tag(r, event->data.scalar.tag),
	};
	if (yaml_pieces_make(node, style, r->text, r->arena) && r->borrows) {
		size_t at = node->piece.file_offset;
		node->text = str_slice(r->text, at, at + text.len);
	} else {
		node->text = arena_dup(r->arena, text);
	}
	return node;
}

static bool handle_scalar(struct reader *r, const yaml_event_t *event) {
	enum yaml_style style = style_of(event->data.scalar.style);
	struct yaml_node *node = new_scalar(r, event, style);
	struct str value = node->text;
	bool untagged = node->tag == NULL && node->plain && is_null_text(value);
	if (untagged || yaml_has_tag(node, "!!null")) {
		node->kind = YAML_NULL;
	}
	if (yaml_has_tag(node, "!!binary")) {
		decode_binary(r, node);
	}
	r->last_end = node->span.end;
	size_t size = 1 + value.len / ALIASED_BYTES;
	if (event->data.scalar.anchor != NULL) {
		anchor_add(r, event->data.scalar.anchor, (struct anchor){.node = node, .size = size});
	}
	check_tag(r, node);
	return count_nodes(r, 1 + (size_t)node->piece_count / NODE_PIECES, node->span) &&
		   attach(r, node, size, 0);
}

static bool handle_alias_within(struct reader *r, const yaml_event_t *event, struct anchor *anchor,
								struct span span) {
	const struct level *level = &r->levels[r->depth - 1];
	bool is_key = level->node->kind == YAML_MAPPING && !waits_for_value(r, level);
	if (r->hole != NULL || is_key) {
		return fail(r, span, "yaml: anchor '%.*s' value contains itself", STR_FMT(anchor->name));
	}
	struct yaml_node *node = ARENA_NEW(r->arena, struct yaml_node);
	*node = (struct yaml_node){.kind = YAML_NULL, .span = span, .line = line_of(event)};
	r->hole = node;
	r->hole_anchor = anchor;
	r->hole_depth = r->depth;
	r->last_end = span.end;
	return count_nodes(r, 1, span) && attach(r, node, 1, 0);
}

/* A copy without the hole in it: what stands there in the copy fits nowhere, so that reading it is an error. */
static struct yaml_node *copy_around(struct reader *r, struct yaml_node *node) {
	struct yaml_node *copy = ARENA_NEW(r->arena, struct yaml_node);
	*copy = *node;
	if (node == r->hole) {
		copy->kind = YAML_SEQUENCE;
	} else if (node->kind == YAML_SEQUENCE) {
		copy->items = ARENA_ARRAY(r->arena, struct yaml_node *, node->count);
		for (size_t i = 0; i < node->count; i++) {
			copy->items[i] = copy_around(r, node->items[i]);
		}
	} else if (node->kind == YAML_MAPPING) {
		copy->pairs = ARENA_ARRAY(r->arena, struct yaml_pair, node->count);
		for (size_t i = 0; i < node->count; i++) {
			copy->pairs[i].key = node->pairs[i].key;
			copy->pairs[i].value = copy_around(r, node->pairs[i].value);
		}
	}
	return copy;
}

static bool fill_hole(struct reader *r, struct level *level) {
	if (r->hole_depth + level->height > YAML_MAX_DEPTH) {
		return fail(r, r->hole->span, "yaml: exceeded max depth of %d", YAML_MAX_DEPTH);
	}
	if (!count_nodes(r, level->size, r->hole->span)) {
		return false;
	}
	struct yaml_node *copy = copy_around(r, level->node);
	*r->hole = *copy;
	r->hole_anchor = NULL;
	level->height += level->height;
	level->size += level->size;
	return true;
}

static bool close_anchor(struct reader *r, struct level *level) {
	struct anchor *anchor = level->anchor;
	bool filled = anchor != r->hole_anchor || fill_hole(r, level);
	anchor->open = false;
	anchor->height = level->height;
	/* What is around a hole that waits is larger than it looks: no alias may repeat it. */
	anchor->size = r->hole_anchor != NULL ? YAML_MAX_NODES : level->size;
	return filled;
}

static bool handle_alias(struct reader *r, const yaml_event_t *event) {
	struct str name = str_from((const char *)event->data.alias.anchor);
	struct span span = span_of(r, event);
	struct anchor *anchor = anchor_find(r, name);
	if (anchor == NULL) {
		return fail(r, span, "yaml: unknown anchor '%.*s' referenced", STR_FMT(name));
	}
	if (anchor->open) {
		return handle_alias_within(r, event, anchor, span);
	}
	if (r->depth + anchor->height > YAML_MAX_DEPTH) {
		return fail(r, span, "yaml: exceeded max depth of %d", YAML_MAX_DEPTH);
	}
	r->last_end = span.end;
	return count_nodes(r, anchor->size, span) &&
		   attach(r, anchor->node, anchor->size, anchor->height);
}

static bool handle_start(struct reader *r, const yaml_event_t *event, enum yaml_kind kind) {
	struct span span = span_of(r, event);
	if (r->depth == YAML_MAX_DEPTH) {
		return fail(r, span, "yaml: line %zu: exceeded max depth of %d", event->start_mark.line + 1,
					YAML_MAX_DEPTH);
	}
	bool sequence = kind == YAML_SEQUENCE;
	struct yaml_node *node = arena_alloc(r->arena, sizeof(*node));
	*node = (struct yaml_node){
		.kind = kind,
		.span = span,
		.line = line_of(event),
		.tag =
			short_tag(r, sequence ? event->data.sequence_start.tag : event->data.mapping_start.tag),
	};
	struct anchor *anchor = anchor_add(
		r, sequence ? event->data.sequence_start.anchor : event->data.mapping_start.anchor,
		(struct anchor){.node = node, .open = true});
	r->levels[r->depth++] = (struct level){
		.node = node, .first = r->waiting_count, .size = 1, .height = 1, .anchor = anchor};
	r->last_end = span.end;
	return count_nodes(r, 1, span);
}

static bool handle_end(struct reader *r, const yaml_event_t *event) {
	struct level *level = &r->levels[--r->depth];
	struct yaml_node *node = level->node;
	struct span end = span_of(r, event);
	if (end.end > end.start) { /* a flow collection: `]` or `}` */
		r->last_end = end.end;
	}
	node->span.end = r->last_end;
	fill_collection(r, level);
	if (node->kind == YAML_MAPPING) {
		yaml_check_keys(node, r->diags);
		yaml_merge(node, r->arena, r->diags);
	}
	if (level->anchor != NULL && !close_anchor(r, level)) {
		return false;
	}
	return attach(r, node, level->size, level->height);
}

/* yaml.v3 knows version 1.1 only. */
static bool handle_document_start(struct reader *r, const yaml_event_t *event) {
	const yaml_version_directive_t *version = event->data.document_start.version_directive;
	if (version != NULL && (version->major != 1 || version->minor != 1)) {
		return fail(r, span_of(r, event), "yaml: found incompatible YAML document");
	}
	r->documents =
		arena_grow(r->arena, r->documents, r->count, &r->capacity, sizeof(r->documents[0]));
	r->documents[r->count] = (struct yaml_document){0};
	hmap_finish(&r->anchors); /* not cleared: one document with many would make all others slow */
	r->hole = NULL;
	r->hole_anchor = NULL;
	return true;
}

static bool handle_event(struct reader *r, const yaml_event_t *event) {
	switch (event->type) {
	case YAML_SCALAR_EVENT: return handle_scalar(r, event);
	case YAML_ALIAS_EVENT: return handle_alias(r, event);
	case YAML_SEQUENCE_START_EVENT: return handle_start(r, event, YAML_SEQUENCE);
	case YAML_MAPPING_START_EVENT: return handle_start(r, event, YAML_MAPPING);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT: return handle_end(r, event);
	case YAML_DOCUMENT_START_EVENT: return handle_document_start(r, event);
	case YAML_DOCUMENT_END_EVENT: r->count++; return true;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT: return true;
	}
	BUG("unknown YAML event");
}

static bool read_events(struct reader *r) {
	for (;;) {
		yaml_event_t event;
		if (!yaml_parser_parse(&r->parser, &event)) {
			return fail_parser(r);
		}
		bool done = event.type == YAML_STREAM_END_EVENT;
		bool good = handle_event(r, &event);
		yaml_event_delete(&event);
		if (!good || done) {
			return good;
		}
	}
}

static bool parse(struct str text, bool borrows, struct arena *a, struct diags *diags,
				  struct yaml_document **ret_documents, size_t *ret_count) {
	*ret_documents = NULL;
	*ret_count = 0;
	if (text.len > YAML_MAX_BYTES) {
		diags_add(diags, DIAG_ERROR, (struct span){0, 0},
				  "yaml: text of more than %u bytes (limit)", YAML_MAX_BYTES);
		return false;
	}
	struct reader r = {.text = text, .borrows = borrows, .arena = a, .diags = diags};
	hmap_init(&r.anchors, NULL);
	struct str bom = STR("\xEF\xBB\xBF"), rest;
	r.bom = str_starts_with(text, bom) ? bom.len : 0;
	r.mark_byte = r.bom;
	rest = str_slice(text, r.bom, text.len);
	start_parser(&r.parser, &rest);
	bool good = read_events(&r);
	yaml_parser_delete(&r.parser);
	hmap_finish(&r.anchors);
	free(r.waiting);
	*ret_documents = r.documents;
	*ret_count = r.count;
	return good;
}

bool yaml_parse(struct str text, struct arena *a, struct diags *diags,
				struct yaml_document **ret_documents, size_t *ret_count) {
	return parse(text, false, a, diags, ret_documents, ret_count);
}

bool yaml_parse_borrowing(struct str text, struct arena *a, struct diags *diags,
						  struct yaml_document **ret_documents, size_t *ret_count) {
	return parse(text, true, a, diags, ret_documents, ret_count);
}
