/* The YAML reader: the tree, the places, the errors in yaml.v3's words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/yaml/yaml.h"

struct fixture {
	struct arena arena;
	struct diags diags;
	struct yaml_document *documents;
	size_t count;
	bool good;
};

static void assert_same(const struct yaml_node *a, const struct yaml_node *b) {
	assert_int_equal(a->kind, b->kind);
	assert_memory_equal(&a->span, &b->span, sizeof(a->span));
	assert_string_equal(yaml_tag(a), yaml_tag(b));
	if (a->kind == YAML_SCALAR) {
		assert_true(str_equal(a->text, b->text));
		assert_int_equal(a->piece_count, b->piece_count);
	}
	for (size_t i = 0; i < a->count; i++) {
		if (a->kind == YAML_SEQUENCE) {
			assert_same(a->items[i], b->items[i]);
		} else {
			assert_same(a->pairs[i].key, b->pairs[i].key);
			assert_same(a->pairs[i].value, b->pairs[i].value);
		}
	}
}

/* What borrows from the text says the same, also of a text that has no NUL behind it. */
static void assert_borrows(const struct fixture *f, struct str text) {
	struct arena a;
	struct diags diags;
	struct yaml_document *documents;
	size_t count;
	char *alone = malloc(text.len > 0 ? text.len : 1);
	assert_non_null(alone);
	memcpy(alone, text.ptr, text.len);
	arena_init(&a);
	diags_init(&diags, &a);
	bool good = yaml_parse_borrowing((struct str){alone, text.len}, &a, &diags, &documents, &count);
	assert_int_equal(good, f->good);
	assert_int_equal(count, f->count);
	assert_int_equal(diags.count, f->diags.count);
	for (size_t i = 0; i < count; i++) {
		const struct yaml_node *root = documents[i].root;
		assert_int_equal(root == NULL, f->documents[i].root == NULL);
		if (root != NULL) {
			assert_same(f->documents[i].root, root);
		}
	}
	arena_finish(&a);
	free(alone);
}

static void read_text(struct fixture *f, struct str text) {
	arena_init(&f->arena);
	diags_init(&f->diags, &f->arena);
	f->good = yaml_parse(text, &f->arena, &f->diags, &f->documents, &f->count);
	assert_borrows(f, text);
}

/* One line a tree: {a: [b, c]}; text in quotes when it was no plain scalar. */
static void print_node(struct strbuf *out, const struct yaml_node *node) {
	switch (node->kind) {
	case YAML_NULL: strbuf_add_c(out, "null"); return;
	case YAML_SCALAR:
		if (node->plain) {
			strbuf_add(out, node->text);
		} else {
			strbuf_add_quoted(out, node->text);
		}
		return;
	case YAML_SEQUENCE:
		strbuf_add_char(out, '[');
		for (size_t i = 0; i < node->count; i++) {
			strbuf_add_c(out, i > 0 ? ", " : "");
			print_node(out, node->items[i]);
		}
		strbuf_add_char(out, ']');
		return;
	case YAML_MAPPING:
		strbuf_add_char(out, '{');
		for (size_t i = 0; i < node->count; i++) {
			strbuf_add_c(out, i > 0 ? ", " : "");
			print_node(out, node->pairs[i].key);
			strbuf_add_c(out, ": ");
			print_node(out, node->pairs[i].value);
		}
		strbuf_add_char(out, '}');
		return;
	}
}

static const struct {
	const char *text, *tree;
} trees[] = {
	{"a: 1\nb: [x, \"y\"]\n", "{a: 1, b: [x, \"y\"]}"},
	{"a:\nb: ~\nc: ''\n", "{a: null, b: null, c: \"\"}"},
	{"- a\n- - b\n  - c\n", "[a, [b, c]]"},
	{"a: |\n  x\n    y\n\n  z\nb: >-\n  p\n  q\n\n  r\n",
	 "{a: \"x\\n  y\\n\\nz\\n\", b: \"p q\\nr\"}"},
	{"a: &x [1, 2]\nb: *x\n", "{a: [1, 2], b: [1, 2]}"},
	{"a: &x {p: 1, q: 2}\nb:\n  q: 3\n  <<: *x\n", "{a: {p: 1, q: 2}, b: {q: 3, p: 1}}"},
	{"a: &x {p: 1}\nb: &y {p: 2, q: 2}\nc: {<<: [*x, *y]}\n",
	 "{a: {p: 1}, b: {p: 2, q: 2}, c: {p: 1, q: 2}}"},
	{"a: &x 1\nb: &x 2\nc: *x\n", "{a: 1, b: 2, c: 2}"},
	{"a: &a {b: [*a, 1]}\n", "{a: {b: [{b: [[], 1]}, 1]}}"},
	{"\"<<\": {a: 1}\n", "{\"<<\": {a: 1}}"},
	{"\xEF\xBB\xBF"
	 "a: \xC3\xA9\n",
	 "{a: \xC3\xA9}"},
	{"{a: b, c}\n", "{a: b, c: null}"},
	{"plain words\n  over lines\n", "plain words over lines"},
	{"a: !!binary dXA=\nb: !!binary |\n  aGVsbG\n  8=\nc: !!binary ''\nd: !!binary YWJj\n",
	 "{a: up, b: \"hello\", c: \"\", d: abc}"},
	{"# nothing\n", ""},
	{"", ""},
};

static void test_trees(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++) {
		struct fixture f;
		struct strbuf out = STRBUF_INIT;
		read_text(&f, str_from(trees[i].text));
		assert_true(f.good);
		assert_int_equal(f.diags.count, 0);
		if (f.count > 0 && f.documents[0].root != NULL) {
			print_node(&out, f.documents[0].root);
		}
		strbuf_add_c(&out, "");
		assert_string_equal(out.ptr != NULL ? out.ptr : "", trees[i].tree);
		strbuf_finish(&out);
		arena_finish(&f.arena);
	}
}

static const struct {
	const char *text, *message;
	size_t line, column;
} errors[] = {
	{"x: 1\na: 2\nx: 3\n", "yaml: line 3: mapping key \"x\" already defined at line 1", 3, 1},
	{"a: *nope\n", "yaml: unknown anchor 'nope' referenced", 1, 4},
	{"a: &a [*a, *a]\n", "yaml: anchor 'a' value contains itself", 1, 12},
	{"a: &a {*a : 1}\n", "yaml: anchor 'a' value contains itself", 1, 8},
	{"a: &a {<<: *a}\n", "yaml: map merge requires map or sequence of maps as the value", 1, 12},
	{"a: \"\\q\"\n", "yaml: found unknown escape character", 1, 5},
	{"a: b\nc: \"\\q\"\n", "yaml: line 2: found unknown escape character", 2, 5},
	{"a: b: c\n", "yaml: mapping values are not allowed in this context", 1, 5},
	{"a:\n\tb: 1\n",
	 "yaml: line 2: found character that cannot start any token: it is a tab, and YAML is indented with spaces",
	 2, 1},
	{"\ta: 1\n",
	 "yaml: found character that cannot start any token: it is a tab, and YAML is indented with spaces",
	 1, 1},
	{"a: 1\n\tb: 2\n", "yaml: line 2: found a tab character that violates indentation", 2, 1},
	{"a: @x\n", "yaml: found character that cannot start any token", 1, 4},
	{"a: [1, 2\nb: 3\n", "yaml: line 1: did not find expected ',' or ']'", 2, 2},
	{"a: \x01\n", "yaml: control characters are not allowed", 1, 4},
	{"a: b\nc: \xFF\n", "yaml: invalid leading UTF-8 octet", 2, 4},
	{"a: x\nb: {<<: 3}\n", "yaml: map merge requires map or sequence of maps as the value", 2, 9},
	{"a: {}\nb: {<<: [{}, 3], c: 1}\n",
	 "yaml: map merge requires map or sequence of maps as the value", 2, 9},
	{"a: !!binary dXA\n", "yaml: !!binary value contains invalid base64 data", 1, 13},
	{"a: !!binary dXA==\n", "yaml: !!binary value contains invalid base64 data", 1, 13},
	{"a: !!binary d-A=\n", "yaml: !!binary value contains invalid base64 data", 1, 13},
	{"a: !!binary dXA=dXA=\n", "yaml: !!binary value contains invalid base64 data", 1, 13},
	{"a: !!binary =\n", "yaml: !!binary value contains invalid base64 data", 1, 13},
	{"a: !!binary /w==\n", "yaml: !!binary value is no UTF-8 text", 1, 13},
	{"? [a]\n: b\n", "yaml: line 1: cannot unmarshal !!seq into string", 1, 3},
};

static void test_errors(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct fixture f;
		struct str text = str_from(errors[i].text);
		read_text(&f, text);
		assert_int_equal(f.diags.count, 1);
		assert_string_equal(f.diags.items[0].message, errors[i].message);
		struct diag_place place = diag_place(text, f.diags.items[0].span.start);
		if (place.line != errors[i].line || place.column != errors[i].column) {
			fail_msg("%s: at %zu:%zu, not %zu:%zu", errors[i].message, place.line, place.column,
					 errors[i].line, errors[i].column);
		}
		arena_finish(&f.arena);
	}
}

/* In each text the scalar of the key `e` is taken, and the word HERE in it is looked for in the file through yaml_span. */
static const char *const places[] = {
	"e: a HERE b\n",
	"e: \"a\\n\\u00e9 HERE b\"\n",
	"e: 'it''s HERE b'\n",
	"e: |\n  a\n    HERE\n",
	"e: |-\n\n  a\n\n    HERE b\n  c\n",
	"e: |2\n    a\n  HERE\n",
	"e: >\n  a\n  b\n\n  c HERE\n",
	"e: >\n  a\n    more\n  HERE\n",
	"e: >\n\n\n  HERE\n",
	"e: a\n  b\n\n  HERE c\n",
	"e: \"a\n  b \\\n  HERE c\"\n",
	"e: 'a\n\n  b HERE'\n",
	"e: &anchor !!str |\n  HERE\n",
	"e: !!str # note\n  HERE\n",
	"e: |\r\n  a\r\n  b HERE\r\n",
	"# \xC3\xA9\xE2\x82\xAC\ne: \"\xC3\xA9\" # HERE not\nf: 1\n---\ne: |\n  \xC3\xA9 HERE\n",
};

static void test_places(void **state) {
	(void)state;
	struct str word = STR("HERE");
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct fixture f;
		struct str text = str_from(places[i]);
		read_text(&f, text);
		assert_true(f.good);
		struct yaml_node *node = yaml_find(f.documents[f.count - 1].root, "e");
		assert_non_null(node);
		size_t at = str_find(node->text, word);
		assert_true(at < node->text.len);
		struct span span = yaml_span(node, (struct span){at, at + word.len});
		if (!str_equal(str_slice(text, span.start, span.end), word)) {
			fail_msg("%s: found [%.*s]", places[i], STR_FMT(str_slice(text, span.start, span.end)));
		}
		assert_true(span.end <= node->span.end);
		arena_finish(&f.arena);
	}
}

static void test_end_of_block(void **state) {
	(void)state;
	struct fixture f;
	struct str text = STR("e: |\n  sum(\n    x\n\nf: 1\n");
	read_text(&f, text);
	struct yaml_node *node = yaml_find(f.documents[0].root, "e");
	struct span span = yaml_span(node, (struct span){node->text.len, node->text.len});
	struct diag_place place = diag_place(text, span.start);
	assert_int_equal(place.line, 3);
	assert_int_equal(place.column, 6);
	arena_finish(&f.arena);
}

static const struct {
	const char *text, *tag;
} tags[] = {
	{"5", "!!int"},
	{"-0x1F", "!!int"},
	{"0b11", "!!int"},
	{"1_000", "!!int"},
	{"1.5", "!!float"},
	{"1e3", "!!float"},
	{".inf", "!!float"},
	{"08", "!!float"},
	{"true", "!!bool"},
	{"yes", "!!str"},
	{"~", "!!null"},
	{"\"5\"", "!!str"},
	{"2001-1-2", "!!timestamp"},
	{"5m", "!!str"},
	{"[]", "!!seq"},
	{"{}", "!!map"},
	{"!!str 5", "!!str"},
	{"1.2.3", "!!str"},
	{"-", "!!seq"},
	{"18446744073709551616", "!!float"},
};

static void test_tags(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		struct fixture f;
		read_text(&f, str_from(tags[i].text));
		assert_true(f.good);
		assert_string_equal(yaml_tag(f.documents[0].root), tags[i].tag);
		arena_finish(&f.arena);
	}
}

static void test_depth_bomb(void **state) {
	(void)state;
	struct fixture f;
	struct strbuf text = STRBUF_INIT;
	strbuf_add_repeat(&text, '[', 100000);
	read_text(&f, strbuf_str(&text));
	assert_false(f.good);
	assert_string_equal(f.diags.items[0].message, "yaml: line 1: exceeded max depth of 64");
	arena_finish(&f.arena);
	strbuf_finish(&text);
}

static void test_alias_bomb(void **state) {
	(void)state;
	struct fixture f;
	struct strbuf text = STRBUF_INIT;
	strbuf_add_c(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 12; i++) {
		strbuf_printf(&text, "a%d: &a%d [", i, i);
		for (int j = 0; j < 10; j++) {
			strbuf_printf(&text, "%s*a%d", j > 0 ? ", " : "", i - 1);
		}
		strbuf_add_c(&text, "]\n");
	}
	read_text(&f, strbuf_str(&text));
	assert_false(f.good);
	assert_non_null(strstr(f.diags.items[0].message, "excessive aliasing"));
	assert_true(f.arena.bytes < (1u << 20));
	arena_finish(&f.arena);
	strbuf_finish(&text);
}

/* A long text counts by its length where aliases repeat it: whoever reads the tree copies it each time. */
static void test_alias_of_long_text(void **state) {
	(void)state;
	struct fixture f;
	struct strbuf text = STRBUF_INIT;
	strbuf_add_c(&text, "- &a ");
	strbuf_add_repeat(&text, 'x', 1u << 20);
	for (int i = 0; i < 100; i++) {
		strbuf_add_c(&text, "\n- [*a]");
		if (i == 9) {
			read_text(&f, strbuf_str(&text));
			assert_true(f.good);
			arena_finish(&f.arena);
		}
	}
	read_text(&f, strbuf_str(&text));
	assert_false(f.good);
	assert_non_null(strstr(f.diags.items[0].message, "excessive aliasing"));
	arena_finish(&f.arena);
	strbuf_finish(&text);
}

/* The largest text there may be, of the smallest nodes: refused early, with the limit's name. */
static void test_many_nodes(void **state) {
	(void)state;
	struct fixture f;
	struct strbuf text = STRBUF_INIT;
	strbuf_add_char(&text, '[');
	while (text.len + 2 < YAML_MAX_BYTES) {
		strbuf_add_c(&text, "1,");
	}
	read_text(&f, strbuf_str(&text));
	assert_false(f.good);
	assert_non_null(strstr(f.diags.items[0].message, "more than 1000000 nodes (limit)"));
	assert_true(f.arena.bytes < 256u << 20);
	arena_finish(&f.arena);
	strbuf_finish(&text);
}

/* The places within a text of nothing but quotes are bounded too. */
static void test_many_pieces(void **state) {
	(void)state;
	struct fixture f;
	struct strbuf text = STRBUF_INIT;
	strbuf_add_c(&text, "e: '");
	while (text.len < YAML_MAX_BYTES / 4) {
		strbuf_add_c(&text, "''''''''''''''''");
	}
	strbuf_add_char(&text, '\'');
	read_text(&f, strbuf_str(&text));
	assert_true(f.good);
	assert_true(f.arena.bytes < 64u << 20);
	arena_finish(&f.arena);
	strbuf_finish(&text);
}

/* An anchor a document, after one that had many: each begins with none. */
static void test_anchors_of_documents(void **state) {
	(void)state;
	struct fixture f;
	struct strbuf text = STRBUF_INIT;
	for (int i = 0; i < 100000; i++) {
		strbuf_printf(&text, "- &x%d 1\n", i);
	}
	for (int i = 0; i < 100000; i++) {
		strbuf_add_c(&text, "--- &x 1\n");
	}
	strbuf_add_c(&text, "--- *x\n");
	read_text(&f, strbuf_str(&text));
	assert_false(f.good);
	assert_int_equal(f.count, 100001);
	assert_string_equal(f.diags.items[0].message, "yaml: unknown anchor 'x' referenced");
	arena_finish(&f.arena);
	strbuf_finish(&text);
}

/* A megabyte of blanks within a scalar: read in one go, not anew from every blank. */
static void test_many_blanks(void **state) {
	(void)state;
	static const char *const quotes[][2] = {{"", ""}, {"'", "'"}, {"\"", "\""}, {"\"\\ ", "\""}};
	for (size_t i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++) {
		struct fixture f;
		struct strbuf text = STRBUF_INIT;
		strbuf_printf(&text, "e: %sup", quotes[i][0]);
		strbuf_add_repeat(&text, ' ', 1u << 20);
		strbuf_printf(&text, "HERE%s\n", quotes[i][1]);
		read_text(&f, strbuf_str(&text));
		assert_true(f.good);
		struct yaml_node *node = yaml_find(f.documents[0].root, "e");
		size_t at = str_find(node->text, STR("HERE"));
		struct span span = yaml_span(node, (struct span){at, at + 4});
		assert_int_equal(span.start, str_find(strbuf_str(&text), STR("HERE")));
		arena_finish(&f.arena);
		strbuf_finish(&text);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_end_of_block),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_depth_bomb),
		cmocka_unit_test(test_alias_bomb),
		cmocka_unit_test(test_many_blanks),
		cmocka_unit_test(test_alias_of_long_text),
		cmocka_unit_test(test_many_nodes),
		cmocka_unit_test(test_many_pieces),
		cmocka_unit_test(test_anchors_of_documents),
	};
	return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
