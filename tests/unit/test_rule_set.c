/* Rule sets from files and presets. */
#include "tests/unit/check.h"

#include <string.h>

#include "engine/rule_set.h"

static const char two_groups[] =
	"groups: [{name: a, rules: [{alert: A, expr: up}]}, {name: b, rules: [{record: r, expr: up}, "
	"{alert: B, expr: r}]}]";

static bool add(struct rule_set *s, const char *path, const char *text, struct diags *diags) {
	diags_init(diags, &s->arena);
	return rule_set_add_file(s, str_from(path), str_from(text), diags);
}

static void test_files(void **state) {
	(void)state;
	struct rule_set *s = rule_set_create();
	struct diags diags;
	assert_true(add(s, "x.yml", two_groups, &diags));
	assert_true(add(s, "y.yml", two_groups, &diags)); /* the same names in another file */
	assert_int_equal(s->group_count, 4);
	assert_int_equal(s->rule_count, 6);
	assert_true(add(s, "x.yml", "groups: [", &diags)); /* there already: not read again */
	assert_int_equal(s->group_count, 4);
	assert_non_null(rule_set_find(s, STR("y.yml"), STR("b")));
	assert_null(rule_set_find(s, STR("y.yml"), STR("c")));
	assert_null(rule_set_find(s, STR("z.yml"), STR("b")));
	assert_true(str_equal(rule_set_find(s, STR("y.yml"), STR("b"))->file, STR("y.yml")));
	rule_set_destroy(s);
}

static void test_bad_file_adds_nothing(void **state) {
	(void)state;
	struct rule_set *s = rule_set_create();
	struct diags diags;
	assert_false(add(s, "x.yml",
					 "groups: [{name: a, rules: [{alert: A, expr: up}]}, {name: a, rules: []}, "
					 "{name: c, rules: [{alert: A, expr: 'sum('}]}]",
					 &diags));
	assert_int_equal(diags.errors, 2);
	assert_int_equal(s->group_count, 0);
	assert_true(add(s, "x.yml", two_groups, &diags)); /* mended */
	assert_int_equal(s->group_count, 2);
	rule_set_destroy(s);
}

static void test_presets(void **state) {
	(void)state;
	struct rule_set *s = rule_set_create();
	const char *error = NULL;
	struct config_preset preset = {.name = STR("generic")};
	assert_true(rule_set_add_preset(s, &preset, &error));
	assert_int_equal(s->group_count, 1);
	assert_int_equal(s->rule_count, 3);
	assert_true(str_equal(s->groups[0]->file, STR("preset:generic")));
	assert_false(rule_set_add_preset(s, &preset, &error));
	assert_string_equal(error, "preset \"generic\" is given twice");
	preset.name = STR("nosuch");
	assert_false(rule_set_add_preset(s, &preset, &error));
	assert_string_equal(error, "unknown preset \"nosuch\"");
	rule_set_destroy(s);
}

static void test_preset_with_bad_values(void **state) {
	(void)state;
	static const struct preset_parameter cases[] = {
		{.name = {"nosuch", 6}, .value = {"1", 1}},
		{.name = {"window", 6}, .value = {"soon", 4}},
		{.name = {"by", 2}, .value = {"a) (b", 5}},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct rule_set *s = rule_set_create();
		const char *error = NULL;
		struct config_preset preset = {.name = STR("generic"), .values = &cases[i], .count = 1};
		assert_false(rule_set_add_preset(s, &preset, &error));
		assert_non_null(strstr(error, "generic"));
		assert_null(strchr(error, '\n'));
		assert_int_equal(s->group_count, 0);
		rule_set_destroy(s);
	}
}

/* Who holds a set need not care who else does. */
static void test_holders(void **state) {
	(void)state;
	struct rule_set *s = rule_set_create();
	struct diags diags;
	assert_true(add(s, "x.yml", two_groups, &diags));
	struct rule_set *other = rule_set_hold(s);
	rule_set_destroy(s);
	assert_int_equal(other->group_count, 2);
	rule_set_destroy(other);
	rule_set_destroy(NULL);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),   cmocka_unit_test(test_bad_file_adds_nothing),
		cmocka_unit_test(test_presets), cmocka_unit_test(test_preset_with_bad_values),
		cmocka_unit_test(test_holders),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
