/* Texts: views, buffers, UTF-8, JSON, hashes and maps. */
#include "tests/unit/check.h"

#include "base/arena.h"
#include "base/hash.h"
#include "base/hmap.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/rune.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/utf8.h"

static void test_str(void **state) {
	(void)state;
	assert_true(str_equal(str_trim(STR(" \t a b\n")), STR("a b")));
	assert_int_equal(str_find(STR("abcabc"), STR("ca")), 2);
	assert_int_equal(str_find(STR("abc"), STR("x")), 3);
	assert_true(str_starts_with(STR("abc"), STR("ab")));
	assert_false(str_starts_with(STR("a"), STR("ab")));
	assert_true(str_ends_with(STR("abc"), STR("bc")));
	assert_true(str_compare(STR("a"), STR("ab")) < 0);
	assert_true(str_compare(STR("b"), STR("ab")) > 0);
	assert_int_equal(str_compare(STR_EMPTY, STR_EMPTY), 0);
}

/* What Go's strconv.Quote gives. */
static void test_quoted(void **state) {
	(void)state;
	static const struct {
		struct str in;
		const char *out;
	} cases[] = {
		{{"plain", 5}, "\"plain\""},
		{{"a\"b\\c", 5}, "\"a\\\"b\\\\c\""},
		{{"\n\t\r\a\b\f\v", 7}, "\"\\n\\t\\r\\a\\b\\f\\v\""},
		{{"\0\x7f", 2}, "\"\\x00\\x7f\""},
		{{"\xff", 1}, "\"\\xff\""},
		{{"gr\xc3\xbc\xc3\x9f", 6}, "\"gr\xc3\xbc\xc3\x9f\""},
		{{"\xc2\xa0", 2}, "\"\\u00a0\""},
		{{"\xef\xbf\xbd", 3}, "\"\xef\xbf\xbd\""},
		{{"\xf0\x9f\x94\x94", 4}, "\"\xf0\x9f\x94\x94\""},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct strbuf b = STRBUF_INIT;
		strbuf_add_quoted(&b, cases[i].in);
		assert_string_equal(b.ptr, cases[i].out);
		strbuf_finish(&b);
	}
}

static void test_utf8(void **state) {
	(void)state;
	static const struct {
		struct str text;
		size_t invalid_at, width;
	} cases[] = {
		{{"", 0}, 0, 0},
		{{"abc", 3}, 3, 3},
		{{"gr\xc3\xbc\xc3\x9f", 6}, 6, 4},
		{{"e\xcc\x81", 3}, 3, 1},                /* combining accent */
		{{"\xe6\x97\xa5\xe6\x9c\xac", 6}, 6, 4}, /* two wide runes */
		{{"a\xc3", 2}, 1, 2},                    /* cut off */
		{{"a\xc0\x80", 3}, 1, 3},                /* overlong */
		{{"\xed\xa0\x80", 3}, 0, 3},             /* surrogate */
		{{"\xf4\x90\x80\x80", 4}, 0, 4},         /* beyond U+10FFFF */
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(utf8_find_invalid(cases[i].text), cases[i].invalid_at);
		assert_int_equal(utf8_width(cases[i].text), cases[i].width);
	}
	struct strbuf b = STRBUF_INIT;
	utf8_encode(&b, 0x24);
	utf8_encode(&b, 0xfc);
	utf8_encode(&b, 0x20ac);
	utf8_encode(&b, 0x1f514);
	utf8_encode(&b, 0xd800);
	assert_string_equal(b.ptr, "$\xc3\xbc\xe2\x82\xac\xf0\x9f\x94\x94\xef\xbf\xbd");
	strbuf_finish(&b);
}

static void test_json(void **state) {
	(void)state;
	struct strbuf b = STRBUF_INIT;
	struct json_writer w;
	struct label items[] = {{STR("a"), STR("x\"<&>\n\x01")}, {STR("b"), STR("\xff\xe2\x80\xa8")}};
	json_init(&w, &b);
	json_open_object(&w);
	json_key(&w, "labels");
	json_labels(&w, (struct labels){.items = items, .count = 2});
	json_key(&w, "list");
	json_open_array(&w);
	json_int(&w, -5);
	json_bool(&w, true);
	json_null(&w);
	json_open_object(&w);
	json_close_object(&w);
	json_raw(&w, STR("[1]"));
	json_close_array(&w);
	json_close_object(&w);
	assert_string_equal(
		b.ptr,
		"{\"labels\":{\"a\":\"x\\\"\\u003c\\u0026\\u003e\\n\\u0001\",\"b\":\"\\ufffd\\u2028\"},"
		"\"list\":[-5,true,null,{},[1]]}");
	strbuf_finish(&b);
}

static void test_json_number(void **state) {
	(void)state;
	static const struct {
		double v;
		const char *text;
	} cases[] = {{0, "0"},
				 {1.5, "1.5"},
				 {1e20, "100000000000000000000"},
				 {1e21, "1e+21"},
				 {1e-6, "0.000001"},
				 {1e-7, "1e-7"},
				 {1.5e-10, "1.5e-10"},
				 {-2e300, "-2e+300"}};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct strbuf b = STRBUF_INIT;
		struct json_writer w;
		json_init(&w, &b);
		json_number(&w, cases[i].v);
		assert_string_equal(b.ptr, cases[i].text);
		strbuf_finish(&b);
	}
}

static bool equal_int(const void *value, const void *key) {
	return *(const int *)value == *(const int *)key;
}

/* Against a plain array, with a hash so bad that runs are long and holes matter. */
static void test_hmap(void **state) {
	(void)state;
	static int numbers[500];
	bool in[COUNT(numbers)] = {false};
	struct hmap m;
	hmap_init(&m, NULL);
	uint32_t random = 7;
	for (int round = 0; round < 20000; round++) {
		random = random * 1664525u + 1013904223u;
		int i = (int)((random >> 8) % COUNT(numbers));
		numbers[i] = i;
		uint64_t hash = (uint64_t)(i % 37);
		assert_int_equal(hmap_find(&m, hash, equal_int, &i) != NULL, in[i]);
		if (in[i]) {
			assert_ptr_equal(hmap_remove(&m, hash, equal_int, &i), &numbers[i]);
		} else {
			hmap_add(&m, hash, &numbers[i]);
		}
		in[i] = !in[i];
	}
	size_t expected = 0, seen = 0, iterator = 0;
	for (size_t i = 0; i < COUNT(in); i++) {
		expected += in[i];
	}
	while (hmap_next(&m, &iterator) != NULL) {
		seen++;
	}
	assert_int_equal(seen, expected);
	assert_int_equal(m.count, expected);
	hmap_finish(&m);
}

/* Every beginning of a text and every text of a byte has a hash of its own, wherever it stands in memory. */
static void test_hash(void **state) {
	(void)state;
	static const char zeros[40] = {0}, text[] = "a text of more than three words of eight bytes";
	uint64_t hashes[2 * COUNT(zeros) + UINT8_MAX];
	size_t count = 0;
	for (size_t len = 0; len < COUNT(zeros); len++) {
		char moved[COUNT(zeros) + 1];
		memcpy(moved + 1, text, len);
		hashes[count++] = hash_str((struct str){text, len + 1});
		hashes[count++] = hash_str((struct str){zeros, len});
		assert_true(hash_str((struct str){moved + 1, len}) == hash_str((struct str){text, len}));
	}
	for (int c = 1; c <= UINT8_MAX; c++) {
		char byte = (char)c;
		if (c != text[0]) {
			hashes[count++] = hash_str((struct str){&byte, 1});
		}
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			assert_true(hashes[i] != hashes[j]);
		}
	}
	assert_true(hash_str((struct str){NULL, 0}) == hash_str(STR_EMPTY));
}

static void test_arena(void **state) {
	(void)state;
	struct arena a;
	arena_init(&a);
	size_t held = 0;
	for (int round = 0; round < 5; round++) {
		for (size_t i = 0; i < 3000; i++) {
			char *p = arena_alloc(&a, i % 700 + 1);
			assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
			memset(p, 0x5a, i % 700 + 1);
		}
		assert_non_null(arena_alloc(&a, 3u << 20));
		if (round > 0) {
			assert_int_equal(a.bytes, held); /* the pages of the round before */
		}
		held = a.bytes;
		arena_reset(&a);
	}
	assert_string_equal(arena_printf(&a, "%d %s", 7, "bells"), "7 bells");
	arena_finish(&a);
}

static void test_rune(void **state) {
	(void)state;
	static const struct {
		const char *text, *upper, *lower;
	} cases[] = {
		{"", "", ""},
		{"aZ_9-", "AZ_9-", "az_9-"},
		{"straße", "STRAßE", "straße"}, /* rune by rune: no SS */
		{"ÉÑé", "ÉÑÉ", "éñé"},
		{"ΣΑΣς", "ΣΑΣΣ", "σασς"}, /* no final sigma */
		{"İıſK", "İISK", "iıſk"}, /* dotted and dotless, long s, the Kelvin sign */
		{"ǆǅǄ", "ǄǄǄ", "ǆǆǆ"},
		{"ᾳᾼ", "ᾼᾼ", "ᾳᾳ"},
		{"𐐨𐐀", "𐐀𐐀", "𐐨𐐨"},
		{"a\xff", "A\xef\xbf\xbd", "a\xef\xbf\xbd"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct strbuf upper = STRBUF_INIT, lower = STRBUF_INIT;
		rune_add_upper(&upper, str_from(cases[i].text));
		rune_add_lower(&lower, str_from(cases[i].text));
		assert_true(str_equal(strbuf_str(&upper), str_from(cases[i].upper)));
		assert_true(str_equal(strbuf_str(&lower), str_from(cases[i].lower)));
		strbuf_finish(&upper);
		strbuf_finish(&lower);
	}
	assert_int_equal(rune_title(0x1C6), 0x1C5);
	assert_true(rune_is_letter('z') && rune_is_letter(0xE9) && rune_is_letter(0x4E2D));
	assert_false(rune_is_letter('_') || rune_is_letter('5') || rune_is_letter(0x2028));
	assert_true(rune_is_digit('5') && rune_is_digit(0x663) && !rune_is_digit(0xB2));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_str),         cmocka_unit_test(test_quoted),
		cmocka_unit_test(test_utf8),        cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_number), cmocka_unit_test(test_hmap),
		cmocka_unit_test(test_hash),        cmocka_unit_test(test_arena),
		cmocka_unit_test(test_rune),
	};
	return cmocka_run_group_tests_name("base_text", tests, NULL, NULL);
}
