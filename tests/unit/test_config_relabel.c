/* Relabelling rules in tocsin.yml, and what is wrong with them, each at its place. What they do is in test_relabel.c and in
 * tests/conformance/relabel. */
#include "tests/unit/check.h"

#include "engine/config/config.h"

struct fixture {
	struct arena arena;
	struct diags diags;
	struct config config;
	bool good;
};

static void read_text(struct fixture *f, const char *text) {
	arena_init(&f->arena);
	diags_init(&f->diags, &f->arena);
	config_init(&f->config);
	f->good = config_parse(str_from(text), &f->arena, &f->diags, &f->config);
}

static void check_rule(const struct relabel_rule *r, enum relabel_action action, const char *target,
					   const char *regex, const char *replacement) {
	assert_int_equal(r->action, action);
	assert_true(str_equal(r->target_label, str_from(target)));
	assert_true(str_equal(r->regex, str_from(regex)));
	assert_true(str_equal(r->replacement, str_from(replacement)));
}

static const char good[] =
	"alert_relabel_configs:\n"
	"  - source_labels: [instance, 'é']\n"
	"    separator: ':'\n"
	"    target_label: host\n"
	"  - {action: LabelDrop, regex: replica|pod_.*}\n"
	"  - {action: hashmod, source_labels: [host], modulus: 18446744073709551615, target_label: s}\n"
	"alertmanagers:\n"
	"  - http://a:9093\n"
	"  - url: http://b:9093\n"
	"    alert_relabel_configs:\n"
	"      - {source_labels: [team], regex: db, action: keep}\n";

static void test_good(void **state) {
	(void)state;
	struct fixture f;
	struct arena other;
	struct config c;
	read_text(&f, good);
	assert_true(f.good);
	arena_init(&other);
	config_dup(&other, &f.config, &c); /* a copy owns everything */
	arena_finish(&f.arena);
	const struct relabel_rule *rules = c.alert_relabel.items;
	assert_int_equal(c.alert_relabel.count, 3);
	check_rule(&rules[0], RELABEL_REPLACE, "host", "(.*)", "$1");
	assert_int_equal(rules[0].source_label_count, 2);
	assert_true(str_equal(rules[0].source_labels[1], STR("é")));
	assert_true(str_equal(rules[0].separator, STR(":")));
	check_rule(&rules[1], RELABEL_LABELDROP, "", "replica|pod_.*", "$1");
	assert_true(str_equal(rules[1].separator, STR(";")));
	check_rule(&rules[2], RELABEL_HASHMOD, "s", "(.*)", "$1");
	assert_true(rules[2].modulus == UINT64_MAX);
	assert_int_equal(c.alertmanagers[0].alert_relabel.count, 0);
	assert_int_equal(c.alertmanagers[1].alert_relabel.count, 1);
	check_rule(c.alertmanagers[1].alert_relabel.items, RELABEL_KEEP, "", "db", "$1");
	arena_finish(&other);
}

static void test_none(void **state) {
	(void)state;
	static const char *const texts[] = {
		"", "alert_relabel_configs: []\n", "alert_relabel_configs:\n",
		"alertmanagers: [{url: 'http://a', alert_relabel_configs: }]\n"};
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct fixture f;
		read_text(&f, texts[i]);
		assert_true(f.good);
		assert_int_equal(f.config.alert_relabel.count, 0);
		assert_int_equal(f.config.alertmanagers[0].alert_relabel.count, 0);
		arena_finish(&f.arena);
	}
}

/* Behind "alert_relabel_configs:\n". */
static const struct {
	const char *rules, *errors;
} bad[] = {
	{"  - {target_label: x, nope: 1}\n", "2:23 unknown key \"nope\" in alert_relabel_configs\n"},
	{"  - {target_label: x, regex: '('}\n",
	 "2:30 error parsing regexp: missing closing ): `^(?s:()$`\n"},
	{"  - target_label: x\n    regex: |\n      (a\n",
	 "3:12 error parsing regexp: missing closing ): `^(?s:(a\n)$`\n"},
	{"  - {action: replace}\n",
	 "2:5 relabel configuration for replace action requires 'target_label' value\n"},
	{"  - {action: lowercase, target_label: }\n",
	 "2:39 relabel configuration for lowercase action requires 'target_label' value\n"},
	{"  - {action: hashmod, target_label: x}\n",
	 "2:5 relabel configuration for hashmod requires non-zero modulus\n"},
	{"  - {action: hashmod, modulus: 0, target_label: x}\n",
	 "2:32 relabel configuration for hashmod requires non-zero modulus\n"},
	{"  - {action: hashmod, modulus: -1, target_label: x}\n",
	 "2:32 \"-1\" is not a whole number\n"},
	{"  - {action: keepequal, target_label: x, regex: a}\n",
	 "2:49 keepequal action requires only 'source_labels' and `target_label`, and no other "
	 "fields\n"},
	{"  - {action: labeldrop, separator: a, regex: a}\n",
	 "2:36 labeldrop action requires only 'regex', and no other fields\n"},
	{"  - {action: uppercase, target_label: x, replacement: y}\n",
	 "2:55 'replacement' can not be set for uppercase action\n"},
	{"  - {action: labelmap, replacement: ''}\n",
	 "2:37 \"\" is invalid 'replacement' for labelmap action\n"},
	{"  - {action: drip}\n", "2:14 unknown relabel action \"drip\"\n"},
	{"  - {action: }\n", "2:14 relabel action cannot be empty\n"},
	{"  - {source_labels: a, target_label: [x]}\n",
	 "2:21 expected a sequence, got a scalar\n2:38 expected a scalar, got a sequence\n"},
	{"  - {source_labels: [a, ''], target_label: x}\n", "2:25 \"\" is not a valid label name\n"},
	{"  - null\n  - a\n",
	 "2:5 empty or null alert relabeling rule\n3:5 expected a mapping, got a scalar\n"},
	{"  a: b\n", "2:3 expected a sequence, got a mapping\n"},
	/* all of them; but what does not go together is not judged where something is wrong by itself */
	{"  - {action: nope, modulus: x}\n  - {}\n  - {target_labels: x}\n",
	 "2:14 unknown relabel action \"nope\"\n2:29 \"x\" is not a whole number\n"
	 "3:5 relabel configuration for replace action requires 'target_label' value\n"
	 "4:6 unknown key \"target_labels\" in alert_relabel_configs\n"},
	{"alertmanagers:\n- url: http://a\n  alert_relabel_configs: [~, {regex: '[', target_label: x}]\n",
	 "4:27 empty or null Alertmanager alert relabeling rule\n"
	 "4:38 error parsing regexp: missing closing ]: `[)$`\n"},
};

static void test_bad(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct strbuf text = STRBUF_INIT, got = STRBUF_INIT;
		struct fixture f;
		strbuf_printf(&text, "alert_relabel_configs:\n%s", bad[i].rules);
		read_text(&f, text.ptr);
		assert_false(f.good);
		diags_sort(&f.diags);
		for (size_t j = 0; j < f.diags.count; j++) {
			const struct diag *d = &f.diags.items[j];
			struct diag_place p = diag_place(strbuf_str(&text), d->span.start);
			strbuf_printf(&got, "%zu:%zu %s\n", p.line, p.column, d->message);
		}
		assert_string_equal(got.ptr, bad[i].errors);
		strbuf_finish(&text);
		strbuf_finish(&got);
		arena_finish(&f.arena);
	}
}

static void test_switches(void **state) {
	(void)state;
	struct fixture f;
	const char *error;
	read_text(&f, "");
	assert_true(f.config.keep_alive && !f.config.forget_over_limit);
	assert_true(config_set(&f.config, STR("keep_alive"), STR("false"), &f.arena, &error));
	assert_true(!f.config.keep_alive);
	assert_false(config_set(&f.config, STR("alert_relabel_configs"), STR("[]"), &f.arena, &error));
	arena_finish(&f.arena);
	read_text(&f, "keep_alive: false\nforget_over_limit: true\n");
	assert_true(!f.config.keep_alive && f.config.forget_over_limit);
	arena_finish(&f.arena);
	read_text(&f, "keep_alive: maybe\n");
	assert_false(f.good);
	arena_finish(&f.arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_switches),
	};
	return cmocka_run_group_tests_name("config_relabel", tests, NULL, NULL);
}
