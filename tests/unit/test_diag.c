/* Diagnostics: places, carets, limits. */
#include "tests/unit/check.h"

#include "base/diag.h"

static void expect(struct str text, struct span span, const char *expected) {
	struct arena a;
	arena_init(&a);
	struct diags d;
	diags_init(&d, &a);
	diags_add(&d, DIAG_ERROR, span, "it is %s", "wrong");
	struct strbuf out = STRBUF_INIT;
	diags_render(&out, &d, "f.yml", text, (struct diag_style){.color = false});
	assert_string_equal(out.ptr, expected);
	strbuf_finish(&out);
	arena_finish(&a);
}

static void test_render(void **state) {
	(void)state;
	expect(STR("one\n  two three\n"), (struct span){6, 9},
		   "f.yml:2:3: error: it is wrong\n      two three\n      ^~~\n");
	expect(STR("\tx"), (struct span){1, 2}, "f.yml:1:2: error: it is wrong\n     x\n     ^\n");
	expect(STR("gr\xc3\xbc\xc3\x9f"
			   "e x"),
		   (struct span){8, 9},
		   "f.yml:1:9: error: it is wrong\n    gr\xc3\xbc\xc3\x9f"
		   "e x\n          ^\n");
	expect(STR("ab\ncd"), (struct span){1, 5}, "f.yml:1:2: error: it is wrong\n    ab\n     ^\n");
	expect(STR(""), (struct span){0, 0}, "f.yml:1:1: error: it is wrong\n    \n    ^\n");
	expect(STR("end\n"), (struct span){4, 4}, "f.yml:2:1: error: it is wrong\n    \n    ^\n");
	expect(STR("a\xff\x01z"), (struct span){3, 4},
		   "f.yml:1:4: error: it is wrong\n    a\?\?z\n       ^\n");
}

/* Names that a message repeats are the user's text, too. */
static void test_control(void **state) {
	(void)state;
	struct arena a;
	struct diags d;
	struct strbuf out = STRBUF_INIT;
	arena_init(&a);
	diags_init(&d, &a);
	diags_add(&d, DIAG_ERROR, (struct span){0, 1}, "no rule %s", "\x1b[31ma\r\n::error::\x7f");
	d.items[0].help = "write\tb\n";
	diags_render(&out, &d, "f", STR("x"), (struct diag_style){.color = false});
	assert_string_equal(out.ptr,
						"f:1:1: error: no rule ?[31ma\?\?::error::?\n    x\n    ^\n"
						"    help: write b?\n");
	strbuf_finish(&out);
	arena_finish(&a);
}

/* Whatever a message is about, and wherever in the line: what is hidden is not shown, and the caret stays where it was. */
static void test_hidden(void **state) {
	(void)state;
	struct arena a;
	struct diags d;
	struct strbuf out = STRBUF_INIT;
	struct str text = STR("{password: h\xc3\xbcnter2, x: 1}\nkey: |\n  hunter3\n  hunter4\nz: 1\n");
	arena_init(&a);
	diags_init(&d, &a);
	diags_hide(&d, (struct span){11, 19});
	diags_hide(&d, (struct span){str_find(text, STR("|")), str_find(text, STR("z: 1"))});
	size_t x = str_find(text, STR("x: 1")), third = str_find(text, STR("hunter3"));
	diags_add(&d, DIAG_ERROR, (struct span){x, x + 1}, "first");
	diags_add(&d, DIAG_ERROR, (struct span){third, third + 2}, "second");
	diags_add(&d, DIAG_ERROR, (struct span){text.len - 5, text.len - 4}, "third");
	diags_render(&out, &d, "f", text, (struct diag_style){.color = false});
	assert_string_equal(out.ptr,
						"f:1:22: error: first\n    {password: ********, x: 1}\n"
						"                         ^\n"
						"f:3:3: error: second\n    *********\n      ^~\n"
						"f:5:1: error: third\n    z: 1\n    ^\n");
	strbuf_finish(&out);
	arena_finish(&a);
}

static void test_long_line(void **state) {
	(void)state;
	struct arena a;
	arena_init(&a);
	char *text = arena_alloc(&a, 100000);
	memset(text, 'x', 100000);
	text[50000] = '!';
	struct diags d;
	diags_init(&d, &a);
	diags_add(&d, DIAG_WARNING, (struct span){50000, 50001}, "long");
	struct strbuf out = STRBUF_INIT;
	diags_render(&out, &d, "f", (struct str){.ptr = text, .len = 100000},
				 (struct diag_style){.color = false});
	assert_true(out.len < 1000);
	const char *bang = strchr(out.ptr, '!'), *caret = strchr(out.ptr, '^');
	const char *line = bang, *below = caret;
	while (line[-1] != '\n') {
		line--;
	}
	while (below[-1] != '\n') {
		below--;
	}
	assert_int_equal(bang - line, caret - below);
	strbuf_finish(&out);
	arena_finish(&a);
}

static void test_limit_and_order(void **state) {
	(void)state;
	struct arena a;
	arena_init(&a);
	struct diags d;
	diags_init(&d, &a);
	for (size_t i = 0; i < DIAGS_MAX + 5; i++) {
		diags_add(&d, DIAG_ERROR, (struct span){DIAGS_MAX + 5 - i, DIAGS_MAX + 6 - i}, "e%zu", i);
	}
	assert_int_equal(d.count, DIAGS_MAX);
	assert_int_equal(d.dropped, 5);
	assert_int_equal(d.errors, DIAGS_MAX + 5);
	diags_sort(&d);
	for (size_t i = 1; i < d.count; i++) {
		assert_true(d.items[i - 1].span.start <= d.items[i].span.start);
	}
	arena_finish(&a);
}

/* As many messages as there may be, near the end of a text of many megabytes: on one line of it, and on as many as it has. */
static void test_large_text(void **state) {
	(void)state;
	for (int lines = 0; lines < 2; lines++) {
		struct arena a;
		struct diags d;
		struct strbuf text = STRBUF_INIT, out = STRBUF_INIT;
		arena_init(&a);
		diags_init(&d, &a);
		strbuf_add_repeat(&text, lines ? '\n' : ' ', 20u << 20);
		for (int i = 0; i < DIAGS_MAX; i++) {
			diags_add(&d, DIAG_ERROR, (struct span){text.len, text.len + 3}, "wrong");
			strbuf_add_c(&text, lines ? "bad\n" : "bad ");
		}
		diags_render(&out, &d, "f.yml", strbuf_str(&text), (struct diag_style){.color = false});
		const char *last = lines ? "f.yml:20972520:1: error: wrong\n    bad\n    ^~~\n"
								 : "f.yml:1:20975517: error: wrong\n";
		size_t at = str_find(strbuf_str(&out), str_from(last));
		assert_true(at < out.len);
		strbuf_finish(&text);
		strbuf_finish(&out);
		arena_finish(&a);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_render),     cmocka_unit_test(test_control),
		cmocka_unit_test(test_hidden),     cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_large_text), cmocka_unit_test(test_limit_and_order),
	};
	return cmocka_run_group_tests_name("diag", tests, NULL, NULL);
}
