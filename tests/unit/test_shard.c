/* Rule groups split over engines: words, who has what, and what moves when there is one engine more. */
#include "tests/unit/check.h"

#include <stdio.h>

#include "engine/config/shard.h"
#include "engine/rule_set.h"

static void test_words(void **state) {
	(void)state;
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{"", true},      {"0/1", true},      {"0/3", true},     {"2/3", true},  {"999/1000", true},
		{"3/3", false},  {"0/0", false},     {"0/1001", false}, {"1", false},   {"/3", false},
		{"1/", false},   {"-1/3", false},    {"1/3/5", false},  {"a/b", false}, {" 1/3", false},
		{"+1/3", false}, {"0/99999", false},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct shard shard = {7, 9};
		const char *error;
		struct strbuf printed = STRBUF_INIT;
		if (shard_parse(str_from(cases[i].text), &shard, &error) != cases[i].good) {
			fail_msg("\"%s\"", cases[i].text);
		}
		shard_print(&printed, shard);
		assert_true(!cases[i].good || str_equal(strbuf_str(&printed), str_from(cases[i].text)));
		strbuf_finish(&printed);
	}
}

#define GROUPS 3000

/* Which of `count` engines has a group. Exactly one. */
static uint32_t owner(const char *name, uint32_t count) {
	uint32_t found = count;
	for (uint32_t i = 0; i < count; i++) {
		if (shard_has((struct shard){i, count}, STR("rules.yml"), str_from(name))) {
			assert_int_equal(found, count);
			found = i;
		}
	}
	assert_true(found < count);
	return found;
}

static void test_owners(void **state) {
	(void)state;
	for (uint32_t count = 1; count <= 8; count++) {
		uint32_t had[9] = {0}, moved = 0;
		for (int i = 0; i < GROUPS; i++) {
			char name[32];
			snprintf(name, sizeof(name), "group-%d", i);
			uint32_t before = owner(name, count), after = owner(name, count + 1);
			had[before]++;
			assert_true(after == before || after == count); /* to the new one only */
			moved += after != before;
		}
		for (uint32_t i = 0; i < count; i++) { /* each has its share, within a fifth */
			assert_in_range(had[i] * count, GROUPS * 4 / 5, GROUPS * 6 / 5);
		}
		assert_in_range(moved * (count + 1), GROUPS * 4 / 5, GROUPS * 6 / 5);
	}
}

/* The same in every release: engines of two versions run side by side during an upgrade. */
static void test_stays_as_it_is(void **state) {
	(void)state;
	static const struct {
		const char *name;
		uint32_t owner;
	} groups[] = {{"latency", 1}, {"errors", 4}, {"node exporter", 1},
				  {"a", 4},       {"группа", 0}, {"group-17", 2}};
	for (size_t i = 0; i < COUNT(groups); i++) {
		assert_int_equal(owner(groups[i].name, 5), groups[i].owner);
	}
}

/* The sets of all engines are the files' groups, each once. */
static void test_sets(void **state) {
	(void)state;
	static const char text[] =
		"groups: [{name: a, rules: [{alert: A, expr: up}]}, {name: b, rules: [{alert: B, expr: up}]}, "
		"{name: c, rules: [{alert: C, expr: up}]}, {name: d, rules: [{alert: D, expr: up}]}]";
	size_t total = 0;
	for (uint32_t i = 0; i < 3; i++) {
		struct rule_set *s = rule_set_create();
		struct diags diags;
		diags_init(&diags, &s->arena);
		rule_set_take_shard(s, (struct shard){i, 3});
		assert_true(rule_set_add_file(s, STR("x.yml"), str_from(text), &diags));
		assert_int_equal(s->rule_count, s->group_count);
		total += s->group_count;
		for (const char *name = "abcd"; *name != '\0'; name++) {
			bool here = rule_set_find(s, STR("x.yml"), (struct str){name, 1}) != NULL;
			assert_true(here != rule_set_has_elsewhere(s, STR("x.yml"), (struct str){name, 1}));
		}
		assert_false(rule_set_has_elsewhere(s, STR("x.yml"), STR("e")));
		assert_false(rule_set_has_elsewhere(s, STR("y.yml"), STR("a")));
		rule_set_destroy(s);
	}
	assert_int_equal(total, 4);
}

/* As many groups of ten rules. */
static void write_groups(struct strbuf *out, int count) {
	strbuf_add_c(out, "groups:\n");
	for (int i = 0; i < count; i++) {
		strbuf_printf(out, "- name: group-%d\n  rules:\n", i);
		for (int k = 0; k < 10; k++) {
			strbuf_printf(
				out,
				"  - {alert: A%d, expr: 'max by (x) (m{y=\"%d\"}) > 5', labels: {severity: "
				"page}, annotations: {summary: '{{ $labels.x }} has {{ $value }}'}}\n",
				k, i);
		}
	}
}

/* What a set of all that text's groups, or of one shard, has in its arena. */
static size_t bytes_of(struct str text, struct shard shard, size_t *ret_groups) {
	struct rule_set *s = rule_set_create();
	struct diags diags;
	diags_init(&diags, &s->arena);
	rule_set_take_shard(s, shard);
	assert_true(rule_set_add_file(s, STR("x.yml"), text, &diags));
	size_t bytes = s->arena.used;
	assert_true(s->files[0].packed.len < text.len / 2);
	*ret_groups = s->group_count;
	rule_set_destroy(s);
	return bytes;
}

/* Of groups that are not ours, the names are kept. */
static void test_others_cost_little(void **state) {
	(void)state;
	struct strbuf text = STRBUF_INIT;
	size_t all, ours;
	write_groups(&text, 200);
	size_t whole = bytes_of(strbuf_str(&text), (struct shard){0, 0}, &all);
	size_t part = bytes_of(strbuf_str(&text), (struct shard){3, 100}, &ours);
	assert_int_equal(all, 200);
	assert_in_range(ours, 1, 10);
	assert_in_range(part, 1, whole / all * ours + (all - ours) * (128 + 512));
	strbuf_finish(&text);
}

/* What is wrong with a group is told by every engine. */
static void test_others_are_judged(void **state) {
	(void)state;
	static const char text[] =
		"groups: [{name: a, rules: [{alert: A, expr: up}]}, {name: b, rules: [{alert: B, expr: up("
		"}]}, {name: a, rules: [{alert: A, expr: up}]}]";
	for (uint32_t i = 0; i < 3; i++) {
		struct rule_set *s = rule_set_create();
		struct diags diags;
		diags_init(&diags, &s->arena);
		rule_set_take_shard(s, (struct shard){i, 3});
		assert_false(rule_set_add_file(s, STR("x.yml"), str_from(text), &diags));
		assert_int_equal(diags.errors, 2);
		rule_set_destroy(s);
	}
}

/* The set of one shard, of a file that is bad by now. */
static void check_bad_file(struct str text, struct shard shard, size_t *ret_groups) {
	struct rule_set *before = rule_set_create(), *s = rule_set_create();
	struct diags diags;
	diags_init(&diags, &before->arena);
	rule_set_take_shard(before, shard);
	rule_set_take_shard(s, shard);
	assert_true(rule_set_add_file(before, STR("x.yml"), text, &diags));
	size_t count = before->group_count;
	const struct rule_set_file *f = &before->files[0];
	assert_int_equal(f->text.len, count > 0 && f->file.other_count == 0 ? text.len : 0);
	assert_int_equal(f->packed.len > 0, count > 0 && f->file.other_count > 0);
	assert_true(rule_set_keep_file(s, before, STR("x.yml"), "it is bad"));
	assert_int_equal(s->group_count, count);
	rule_set_destroy(before);
	assert_int_equal(rule_set_outdated_count(s), 1);
	bool here = rule_set_find(s, STR("x.yml"), STR("group-0")) != NULL;
	assert_true(here != rule_set_has_elsewhere(s, STR("x.yml"), STR("group-0")));
	rule_set_destroy(s);
	*ret_groups = count;
}

/* What is ours stays, what is not stays elsewhere, and the text is there as far as it is needed for that. */
static void test_bad_file(void **state) {
	(void)state;
	for (int groups = 1; groups <= 30; groups++) {
		struct strbuf text = STRBUF_INIT;
		size_t total = 0;
		write_groups(&text, groups);
		for (uint32_t i = 0; i < 3; i++) {
			size_t count;
			check_bad_file(strbuf_str(&text), (struct shard){i, 3}, &count);
			total += count;
		}
		assert_int_equal(total, groups);
		strbuf_finish(&text);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_stays_as_it_is),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_others_cost_little),
		cmocka_unit_test(test_others_are_judged),
		cmocka_unit_test(test_bad_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
