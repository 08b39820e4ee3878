/* What the cases of Prometheus in tests/conformance/relabel do not reach: limits, external labels, copies. */
#include "tests/unit/check.h"

#include "base/mem.h"
#include "notifiers/relabel.h"

static const struct str job[] = {{"job", 3}};

static struct relabel_rule make_rule(enum relabel_action action, struct str regex) {
	struct relabel_rule rule = relabel_default_rule;
	rule.action = action;
	rule.regex = regex;
	rule.regex_given = true;
	return rule;
}

static struct relabel_rule make_replace(struct str regex, struct str target,
										struct str replacement) {
	struct relabel_rule rule = make_rule(RELABEL_REPLACE, regex);
	rule.source_labels = job;
	rule.source_label_count = 1;
	rule.target_label = target;
	rule.replacement = replacement;
	return rule;
}

static void check_labels(struct labels l, const char *expected) {
	struct strbuf text = STRBUF_INIT;
	labels_print(&text, l);
	assert_string_equal(text.ptr, expected);
	strbuf_finish(&text);
}

/* External labels only fill gaps; labelmap comes to them last, so theirs is the value that stays. */
static void test_added(void **state) {
	(void)state;
	struct label items[] = {{STR("a1"), STR("own")}, {STR("env"), STR("dev")}};
	struct label external[] = {
		{STR("a0"), STR("x")}, {STR("env"), STR("prod")}, {STR("zone"), STR("eu")}};
	struct labels labels = {items, 2}, added = {external, 3}, got;
	struct relabel_rule rule = make_rule(RELABEL_LABELMAP, STR("(.)[0-9]"));
	struct arena a;
	arena_init(&a);
	struct relabel *none = relabel_create((struct relabel_rules){0});
	struct relabel *map = relabel_create((struct relabel_rules){&rule, 1});
	assert_true(relabel_apply(none, labels, added, &a, &got));
	check_labels(got, "{a0=\"x\", a1=\"own\", env=\"dev\", zone=\"eu\"}");
	assert_true(relabel_apply(map, labels, added, &a, &got));
	check_labels(got, "{a=\"x\", a0=\"x\", a1=\"own\", env=\"dev\", zone=\"eu\"}");
	assert_true(relabel_apply(map, got, LABELS_EMPTY, &a, &got));
	check_labels(got, "{a=\"own\", a0=\"x\", a1=\"own\", env=\"dev\", zone=\"eu\"}");
	assert_true(relabel_apply(none, labels, LABELS_EMPTY, &a, &got));
	assert_ptr_equal(got.items, items); /* nothing to do: nothing is copied */
	relabel_destroy(none);
	relabel_destroy(map);
	arena_finish(&a);
}

/* Rules that double a label, or the number of labels, stop at the limit and leave what is there. */
static void test_growth(void **state) {
	(void)state;
	struct label items[] = {{STR("job"), STR("0123456789")}};
	struct labels labels = {items, 1}, got;
	struct relabel_rule rules[40];
	struct arena a;
	arena_init(&a);
	for (size_t i = 0; i < COUNT(rules); i++) {
		rules[i] = make_replace(STR("(.*)"), STR("job"), STR("$1$1"));
	}
	struct relabel *longer = relabel_create((struct relabel_rules){rules, COUNT(rules)});
	assert_null(relabel_trouble(longer));
	assert_true(relabel_apply(longer, labels, LABELS_EMPTY, &a, &got));
	assert_int_equal(got.items[0].value.len, 10 << 16);
	assert_string_equal(relabel_trouble(longer),
						"rule 17 (replace) was passed over: what it writes is too long");
	relabel_destroy(longer);
	for (size_t i = 0; i < COUNT(rules); i++) {
		rules[i] = make_rule(RELABEL_LABELMAP, STR("(.*)"));
		rules[i].replacement = i % 2 == 0 ? STR("a$1") : STR("b$1");
	}
	struct relabel *more = relabel_create((struct relabel_rules){rules, COUNT(rules)});
	assert_true(relabel_apply(more, labels, LABELS_EMPTY, &a, &got));
	assert_int_equal(got.count, RELABEL_MAX_LABELS);
	assert_non_null(strstr(relabel_trouble(more), "too large or too many"));
	relabel_destroy(more);
	arena_finish(&a);
}

static void test_join_too_long(void **state) {
	(void)state;
	struct str sources[40];
	struct relabel_rule rule = make_rule(RELABEL_DROP, STR(".*"));
	char *value = mem_alloc(100000);
	memset(value, 'x', 100000);
	struct label items[] = {{STR("job"), {value, 100000}}};
	struct labels got;
	for (size_t i = 0; i < COUNT(sources); i++) {
		sources[i] = STR("job");
	}
	rule.source_labels = sources;
	rule.source_label_count = COUNT(sources);
	struct arena a;
	arena_init(&a);
	struct relabel *r = relabel_create((struct relabel_rules){&rule, 1});
	assert_true(relabel_apply(r, (struct labels){items, 1}, LABELS_EMPTY, &a, &got));
	assert_non_null(strstr(relabel_trouble(r), "rule 1 (drop) was passed over: the values of"));
	relabel_destroy(r);
	arena_finish(&a);
	free(value);
}

/* Of a regex that backtracks too long the verdict is known nevertheless; only its groups are not. */
static void test_bombs(void **state) {
	(void)state;
	struct label items[] = {{STR("job"), STR("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")},
							{STR("team"), STR("a")}};
	struct labels labels = {items, 2}, got;
	struct str bomb = STR("(?:x|x)*[yz]|(x*)");
	struct arena a;
	arena_init(&a);
	struct relabel_rule rules[] = {make_rule(RELABEL_KEEP, bomb),
								   make_replace(bomb, STR("team"), STR("<$1>"))};
	rules[0].source_labels = job;
	rules[0].source_label_count = 1;
	struct relabel *r = relabel_create((struct relabel_rules){rules, 2});
	for (int round = 0; round < 2; round++) {
		assert_true(relabel_apply(r, labels, LABELS_EMPTY, &a, &got));
		assert_true(labels_equal(got, labels));
	}
	assert_string_equal(relabel_trouble(r),
						"rule 2 (replace) was passed over: its regular expression backtracks too "
						"long on a value");
	relabel_destroy(r);
	arena_finish(&a);
}

static void test_copies(void **state) {
	(void)state;
	struct relabel_rule rules[] = {make_replace(STR("a"), STR("b"), STR("c")),
								   make_rule(RELABEL_KEEP, STR("x"))};
	struct relabel_rules all = {rules, 2}, copy;
	struct arena a;
	arena_init(&a);
	copy = relabel_rules_dup(&a, all);
	assert_true(relabel_rules_equal(all, copy));
	assert_ptr_not_equal(copy.items[0].source_labels, job);
	assert_false(relabel_rules_equal(all, (struct relabel_rules){rules, 1}));
	rules[0].source_label_count = 0;
	assert_false(relabel_rules_equal(all, copy));
	rules[0].source_label_count = 1;
	rules[1].modulus = 1;
	assert_false(relabel_rules_equal(all, copy));
	arena_finish(&a);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_added),         cmocka_unit_test(test_growth),
		cmocka_unit_test(test_join_too_long), cmocka_unit_test(test_bombs),
		cmocka_unit_test(test_copies),
	};
	return cmocka_run_group_tests_name("relabel", tests, NULL, NULL);
}
