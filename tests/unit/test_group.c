/* Rule files: what loads, and what is refused with which words where. */
#include <string.h>

#include "rules/group.h"
#include "rules/template/template_memo.h"
#include "tests/unit/check.h"

struct fixture {
	struct arena arena;
	struct diags diags;
	struct rule_file file;
	bool good;
};

static void load(struct fixture *f, struct str text) {
	static const struct pql_syntax plain;
	arena_init(&f->arena);
	diags_init(&f->diags, &f->arena);
	f->good = rule_file_load(STR("rules.yml"), text, &plain, &f->arena, &f->diags, &f->file);
}

static void finish(struct fixture *f) {
	if (f->good) {
		rule_file_finish(&f->file);
	}
	arena_finish(&f->arena);
}

static void assert_str(struct str got, const char *wanted) {
	if (!str_equal(got, str_from(wanted))) {
		fail_msg("[%.*s] is not [%s]", STR_FMT(got), wanted);
	}
}

static void test_everything(void **state) {
	(void)state;
	struct fixture f;
	load(&f, STR("groups:\n"
				 "- name: g\n"
				 "  interval: 30s\n"
				 "  query_offset: 0s\n"
				 "  limit: 5\n"
				 "  labels: {team: a, severity: none}\n"
				 "  rules:\n"
				 "  - alert: Down\n"
				 "    expr: up ==   0\n"
				 "    for: 1h30m\n"
				 "    keep_firing_for: 5m\n"
				 "    labels: {severity: '{{ $labels.x }}', b: plain}\n"
				 "    annotations: {summary: 'is {{ $value }}', a: ''}\n"
				 "  - record: job:up:sum\n"
				 "    expr: sum by (job) (up)\n"
				 "    labels: {x: '{{ kept }}'}\n"
				 "- name: empty\n"));
	assert_true(f.good);
	assert_int_equal(f.diags.count, 0);
	assert_str(f.file.path, "rules.yml");
	assert_int_equal(f.file.group_count, 2);
	const struct rule_group *g = &f.file.groups[0];
	assert_str(g->name, "g");
	assert_str(g->file, "rules.yml");
	assert_int_equal(g->interval, 30000);
	assert_int_equal(g->query_offset, 0);
	assert_int_equal(g->limit, 5);
	assert_int_equal(g->rule_count, 2);
	const struct rule *alert = &g->rules[0], *record = &g->rules[1];
	assert_int_equal(alert->kind, RULE_ALERTING);
	assert_str(alert->name, "Down");
	assert_str(alert->expr_source, "up ==   0");
	assert_str(alert->query, "up == 0");
	assert_int_equal(alert->hold, 5400000);
	assert_int_equal(alert->keep_firing_for, 300000);
	assert_int_equal(alert->label_count, 3);
	assert_str(alert->labels[0].name, "b");
	assert_null(alert->labels[0].template);
	assert_str(alert->labels[1].name, "severity");
	assert_non_null(alert->labels[1].template);
	assert_str(alert->labels[2].source, "a");
	assert_int_equal(alert->annotation_count, 2);
	assert_str(alert->annotations[0].name, "a");
	assert_non_null(alert->annotations[1].template);
	assert_int_equal(record->kind, RULE_RECORDING);
	assert_null(record->labels[2].template);
	assert_str(record->labels[2].source, "{{ kept }}");
	assert_int_equal(f.file.groups[1].query_offset, TS_NONE);
	assert_int_equal(f.file.groups[1].rule_count, 0);
	finish(&f);
}

#define RULE "groups:\n- name: g\n  rules:\n"

static const struct {
	const char *text;
	const char *message; /* NULL: it loads */
	size_t line, column;
} cases[] = {
	{"", NULL, 0, 0},
	{"groups:\n", NULL, 0, 0},
	{"groups: [~]\n", NULL, 0, 0},
	{"# nothing\n", NULL, 0, 0},
	{RULE "  - ~\n", NULL, 0, 0},
	{RULE "  - alert: 5\n    expr: 1\n", NULL, 0, 0},
	{RULE "  - &a {alert: A, expr: up}\n  - <<: *a\n    alert: B\n", NULL, 0, 0},
	{"groups: []\n---\n[\n", NULL, 0, 0},
	{RULE "  - record: \"\xC3\xA9.x\"\n    expr: up\n    labels: {\"a.b\": x}\n", NULL, 0, 0},
	{"a\n", "yaml: line 1: cannot unmarshal !!str `a` into rulefmt.RuleGroups", 1, 1},
	{"group: []\n", "yaml: line 1: field group not found in type rulefmt.RuleGroups", 1, 1},
	{"groups: {}\n", "yaml: line 1: cannot unmarshal !!map into []rulefmt.RuleGroup", 1, 9},
	{"groups:\n- name: [a]\n", "yaml: line 2: cannot unmarshal !!seq into string", 2, 9},
	{"groups:\n- name: a\n  limit: much\n", "yaml: line 3: cannot unmarshal !!str `much` into int",
	 3, 10},
	{"groups:\n- name: a\n  limit: 999999999999999999999\n",
	 "yaml: line 3: cannot unmarshal !!float `9999999...` into int", 3, 10},
	{"groups:\n- name: a\n  interval: 5x\n", "unknown unit \"x\" in duration \"5x\"", 3, 13},
	{"groups:\n- name: a\n  interval: ''\n", "empty duration string", 3, 13},
	{"groups:\n- rules: []\n", "Groupname must not be empty", 2, 3},
	{"groups:\n- name: a\n- name: a\n", "groupname: \"a\" is repeated in the same file", 3, 9},
	{"groups:\n- name: a\n  labels: {__name__: x}\n", "invalid label name: __name__", 3, 12},
	{RULE "  - expr: up\n", "group \"g\", rule 1, \"\": one of 'record' or 'alert' must be set", 4,
	 5},
	{RULE "  - {alert: A, record: b, expr: up}\n",
	 "group \"g\", rule 1, \"A\": only one of 'record' and 'alert' must be set", 4, 24},
	{RULE "  - alert: A\n", "group \"g\", rule 1, \"A\": field 'expr' must be set in rule", 4, 5},
	{RULE "  - record: a\n    expr: up\n    for: 5m\n",
	 "group \"g\", rule 1, \"a\": invalid field 'for' in recording rule", 6, 10},
	{RULE "  - record: a{b}\n    expr: up\n",
	 "group \"g\", rule 1, \"a{b}\": braces present in the recording rule name; should it be in expr?: "
	 "a{b}",
	 4, 13},
	{RULE "  - alert: A\n    expr: up\n    labels: {__name__: x}\n",
	 "group \"g\", rule 1, \"A\": invalid label name: __name__", 6, 14},
	{RULE "  - alert: A\n    expr: up\n    annotations: {'': x}\n",
	 "group \"g\", rule 1, \"A\": invalid annotation name: ", 6, 19},
	{RULE "  - alert: A\n    expr: |\n      sum(\n        rate(up)\n      )\n",
	 "group \"g\", rule 1, \"A\": could not parse expression: 2:8: parse error: expected type range "
	 "vector in call to function \"rate\", got instant vector",
	 7, 14},
	{RULE "  - alert: A\n    expr: \"sum(\\\"a\\\" \"\n",
	 "group \"g\", rule 1, \"A\": could not parse expression: 1:9: parse error: unclosed left "
	 "parenthesis",
	 5, 22},
	{RULE
	 "  - alert: A\n    expr: up\n    annotations:\n      s: |\n        x\n        {{ nope }}\n",
	 "group \"g\", rule 1, \"A\": annotation \"s\": template: __alert_A:2: function \"nope\" not "
	 "defined",
	 9, 12},
};

static void test_cases(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture f;
		struct str text = str_from(cases[i].text);
		load(&f, text);
		if (f.good != (cases[i].message == NULL)) {
			fail_msg("%s: %s", cases[i].text, f.good ? "loads" : f.diags.items[0].message);
		}
		if (cases[i].message != NULL) {
			assert_int_equal(f.diags.count, 1);
			assert_string_equal(f.diags.items[0].message, cases[i].message);
			struct diag_place place = diag_place(text, f.diags.items[0].span.start);
			if (place.line != cases[i].line || place.column != cases[i].column) {
				fail_msg("%s: at %zu:%zu", cases[i].message, place.line, place.column);
			}
		}
		finish(&f);
	}
}

/* All of them, in the order of the file. */
static void test_all_errors(void **state) {
	(void)state;
	struct fixture f;
	load(&f, STR("groups:\n"
				 "- name: g\n"
				 "  interval: x\n"
				 "  rules:\n"
				 "  - alert: A\n"
				 "    expr: up +\n"
				 "    nope: 1\n"
				 "    labels: {a: '{{ end }}'}\n"
				 "  - alert: B\n"
				 "- name: g\n"));
	assert_false(f.good);
	assert_int_equal(f.diags.errors, 6);
	for (size_t i = 1; i < f.diags.count; i++) {
		assert_true(f.diags.items[i - 1].span.start <= f.diags.items[i].span.start);
	}
	finish(&f);
}

/* Prometheus loads a group whose label is a bad template, and the label says so. */
static void test_bad_group_template(void **state) {
	(void)state;
	struct fixture f;
	load(&f, STR("groups:\n- name: g\n  labels: {x: '{{ nope }}'}\n"
				 "  rules: [{alert: A, expr: up}]\n"));
	assert_true(f.good);
	assert_int_equal(f.diags.count, 1);
	assert_int_equal(f.diags.items[0].severity, DIAG_WARNING);
	const struct rule_text *label = &f.file.groups[0].rules[0].labels[0];
	assert_null(label->template);
	assert_str(label->source,
			   "<error expanding template: error parsing template __alert_A: template: "
			   "__alert_A:1: function \"nope\" not defined>");
	finish(&f);
}

/* The same annotation of two alerts, "A" and "B", and what comes of it for the second. */
static const struct {
	const char *text, *result;
	bool shared; /* parsed once */
} repeated[] = {
	{"{{ $labels.x }} of {{ $value }}", "1 of 2", true},
	{"{{ $labels.x }} and its neighbours, of which there are {{ $value }}",
	 "1 and its neighbours, of which there are 2", true},
	{"{{ slice $labels.x 2 }}",
	 "error executing template __alert_B: template: __alert_B:1:115: executing \"__alert_B\" at "
	 "<slice $labels.x 2>: error calling slice: index out of range: 2",
	 true},
	{"{{ template `__alert_A` }}",
	 "error executing template __alert_B: template: __alert_B:1:124: executing \"__alert_B\" at "
	 "<{{template \"__alert_A\"}}>: template \"__alert_A\" not defined",
	 true},
	{"{{ define `__alert_C` }}text{{ end }}{{ template `__alert_C` }}", "text", false},
	{"{{ reReplaceAll `1` `one` $labels.x }}", "one", false},
	{"no action", NULL, false},
};

static void assert_expands(const struct rule_text *text, const char *wanted) {
	struct arena a;
	struct strbuf out = STRBUF_INIT;
	struct str message = STR_EMPTY;
	struct label label = {STR("x"), STR("1")};
	struct template_data data = {.value = 2, .labels = {&label, 1}};
	arena_init(&a);
	bool done = template_expand(text->template, &data, &a, &out, &message) == TEMPLATE_DONE;
	assert_str(done ? strbuf_str(&out) : message, wanted);
	strbuf_finish(&out);
	arena_finish(&a);
}

static void test_repeated_templates(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(repeated); i++) {
		struct fixture f;
		struct strbuf text = STRBUF_INIT;
		strbuf_printf(&text,
					  "groups:\n- name: g\n  rules:\n"
					  "  - {alert: A, expr: up, annotations: {s: &text '%s'}}\n"
					  "  - {alert: B, expr: up, annotations: {s: *text}}\n",
					  repeated[i].text);
		load(&f, strbuf_str(&text));
		assert_true(f.good);
		const struct rule *rules = f.file.groups[0].rules;
		const struct rule_text *first = rules[0].annotations, *second = rules[1].annotations;
		assert_str(first->source, repeated[i].text);
		assert_str(second->source, repeated[i].text);
		assert_int_equal(first->source.ptr == second->source.ptr, repeated[i].shared);
		if (repeated[i].result != NULL) {
			assert_expands(second, repeated[i].result);
		}
		strbuf_finish(&text);
		finish(&f);
	}
}

/* More texts than are shared. */
static void test_many_templates(void **state) {
	(void)state;
	struct fixture f;
	struct strbuf text = STRBUF_INIT;
	strbuf_add_c(&text, "groups:\n- name: g\n  rules:\n");
	for (int i = 0; i < 2 * TEMPLATE_MEMO_TEXTS; i++) {
		strbuf_printf(&text, "  - {alert: A%d, expr: up, labels: {x: '%d {{ $labels.x }}'}}\n", i,
					  i);
	}
	load(&f, strbuf_str(&text));
	assert_true(f.good);
	for (int i = 0; i < 2 * TEMPLATE_MEMO_TEXTS; i++) {
		char wanted[32];
		snprintf(wanted, sizeof(wanted), "%d 1", i);
		assert_expands(&f.file.groups[0].rules[i].labels[0], wanted);
	}
	strbuf_finish(&text);
	finish(&f);
}

#define RULE_OBJECT "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\n"
#define OTHER_OBJECT "apiVersion: v1\nkind: ConfigMap\ndata: {groups: x}\n"

/* `groups`: file and name of each, one a line; NULL: the file is refused. `message`: the first one; NULL: there is none. */
static const struct {
	const char *text, *groups, *message;
} manifests[] = {
	{RULE_OBJECT "metadata: {name: x, namespace: m}\nspec: {groups: [{name: a}, {name: b}]}\n",
	 "rules.yml a\nrules.yml b\n", NULL},
	{"---\n" RULE_OBJECT "metadata: {name: x, namespace: m}\nspec: {groups: [{name: a}]}\n---\n"
	 "---\n" RULE_OBJECT "metadata: {name: y}\nspec: {groups: [{name: a}]}\n---\n" RULE_OBJECT
	 "spec: {groups: [{name: a}]}\n",
	 "rules.yml#m/x a\nrules.yml#y a\nrules.yml#3 a\n", NULL},
	{OTHER_OBJECT "---\n" RULE_OBJECT "spec: {groups: [{name: a}]}\n---\n" OTHER_OBJECT,
	 "rules.yml a\n", NULL},
	{"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: PrometheusRule, metadata: {name: x}, "
	 "spec: {groups: [{name: a}]}}\n- {apiVersion: v1, kind: Service}\n- ~\n"
	 "- {apiVersion: v1, kind: PrometheusRule, metadata: {name: y}, spec: {groups: [{name: a}]}}\n",
	 "rules.yml#x a\nrules.yml#y a\n", NULL},
	{"apiVersion: v1\nkind: PrometheusRuleList\nitems: [{metadata: {name: x}, spec: {groups: [{name: "
	 "a}]}}]\n",
	 "rules.yml a\n", NULL},
	{RULE_OBJECT "spec: {groups: [{name: a, partial_response_strategy: warn, rules: []}]}\n",
	 "rules.yml a\n", NULL},
	{RULE_OBJECT "spec: {groups: [{name: a}]}\n---\ngroups: [{name: b}]\n", "rules.yml a\n",
	 "this document is passed over: it has no apiVersion and kind, as the first one has"},
	{OTHER_OBJECT, "", "there is no PrometheusRule in this manifest"},
	{"apiVersion: v1\nkind: List\n", "", "there is no PrometheusRule in this manifest"},
	{RULE_OBJECT "specs: {groups: []}\n", NULL,
	 "a PrometheusRule has its groups in \"spec\", and there is none"},
	{RULE_OBJECT "spec: [a]\n", NULL,
	 "yaml: line 3: cannot unmarshal !!seq into rulefmt.RuleGroups"},
	{RULE_OBJECT "spec: {groups: [{name: a}], x: 1}\n", NULL,
	 "yaml: line 3: field x not found in type rulefmt.RuleGroups"},
	{RULE_OBJECT "spec: {groups: [{name: a}, {name: a}]}\n", NULL,
	 "groupname: \"a\" is repeated in the same file"},
	{RULE_OBJECT "metadata: {name: x}\nspec: {groups: []}\n---\n" RULE_OBJECT
				 "metadata: {name: x}\nspec: {groups: []}\n",
	 NULL, "PrometheusRule \"x\" is repeated in the same file"},
	{RULE_OBJECT "spec: {groups: []}\n---\n" RULE_OBJECT "spec: {groups: [{name: ''}]}\n", NULL,
	 "Groupname must not be empty"},
	/* a rule file, whatever else it has */
	{"kind: PrometheusRule\ngroups: []\n", NULL,
	 "yaml: line 1: field kind not found in type rulefmt.RuleGroups"},
	{"groups: [{name: a, partial_response_strategy: warn}]\n", NULL,
	 "yaml: line 1: field partial_response_strategy not found in type rulefmt.RuleGroup"},
};

static void test_manifests(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof(manifests) / sizeof(manifests[0]); i++) {
		struct fixture f;
		struct strbuf groups = STRBUF_INIT;
		load(&f, str_from(manifests[i].text));
		strbuf_add_c(&groups, "");
		for (size_t j = 0; f.good && j < f.file.group_count; j++) {
			const struct rule_group *g = &f.file.groups[j];
			strbuf_printf(&groups, "%.*s %.*s\n", STR_FMT(g->file), STR_FMT(g->name));
			assert_str(g->path, "rules.yml");
		}
		if (f.good != (manifests[i].groups != NULL)) {
			fail_msg("%s\nis %s", manifests[i].text, f.good ? "loaded" : "refused");
		}
		assert_string_equal(groups.ptr, f.good ? manifests[i].groups : "");
		assert_int_equal(f.diags.count, manifests[i].message == NULL ? 0 : 1);
		if (manifests[i].message != NULL) {
			assert_string_equal(f.diags.items[0].message, manifests[i].message);
		}
		strbuf_finish(&groups);
		finish(&f);
	}
}

static void test_second_document(void **state) {
	(void)state;
	struct fixture f;
	load(&f, STR("groups: []\n---\ngroups: [{name: x}]\n"));
	assert_true(f.good);
	assert_int_equal(f.file.group_count, 0);
	assert_int_equal(f.diags.count, 1);
	assert_int_equal(f.diags.items[0].severity, DIAG_WARNING);
	finish(&f);
}

/* Labels of group and rule are merged by order, not each with each. */
static void test_many_labels(void **state) {
	(void)state;
	enum { MANY = 100000 };
	struct fixture f;
	struct strbuf text = STRBUF_INIT;
	strbuf_add_c(&text, "groups:\n- name: g\n  labels:\n");
	for (int i = 0; i < MANY; i++) {
		strbuf_printf(&text, "    l%d: group\n", i);
	}
	strbuf_add_c(&text, "  rules:\n  - alert: A\n    expr: up\n    labels:\n");
	for (int i = MANY / 2; i < MANY + MANY / 2; i++) {
		strbuf_printf(&text, "      l%d: rule\n", i);
	}
	load(&f, strbuf_str(&text));
	strbuf_finish(&text);
	assert_true(f.good);
	const struct rule *rule = &f.file.groups[0].rules[0];
	assert_int_equal(rule->label_count, MANY + MANY / 2);
	size_t own = 0;
	for (size_t i = 0; i < rule->label_count; i++) {
		own += str_equal(rule->labels[i].source, STR("rule"));
	}
	assert_int_equal(own, MANY);
	finish(&f);
}

static void assert_refused(struct strbuf *text, const char *message) {
	struct fixture f;
	load(&f, strbuf_str(text));
	assert_false(f.good);
	assert_int_equal(f.diags.count, 1);
	assert_string_equal(f.diags.items[0].message, message);
	assert_true(f.arena.bytes < 600u << 20);
	finish(&f);
	strbuf_finish(text);
}

/* Two megabytes of rules that would take two gigabytes: each has a copy of its group's label. */
static void test_much_memory(void **state) {
	(void)state;
	struct strbuf text = STRBUF_INIT;
	strbuf_add_c(&text, "groups:\n- name: g\n  labels:\n    l: ");
	strbuf_add_repeat(&text, 'x', 2u << 20);
	strbuf_add_c(&text, "\n  rules:");
	for (int i = 0; i < 1000; i++) {
		strbuf_add_c(&text, "\n  - {record: a, expr: up}");
	}
	assert_refused(&text, "rules take more than 512 MiB of memory (limit)");
}

static void test_long_names(void **state) {
	(void)state;
	struct strbuf text = STRBUF_INIT;
	strbuf_add_c(&text, "groups:\n- name: g\n  rules:\n  - expr: up\n    alert: ");
	strbuf_add_repeat(&text, 'x', RULE_MAX_NAME_BYTES + 1);
	assert_refused(&text, "name of more than 4096 bytes (limit)");
	strbuf_add_c(&text, "groups:\n- name: ");
	strbuf_add_repeat(&text, 'x', RULE_MAX_NAME_BYTES + 1);
	assert_refused(&text, "name of more than 4096 bytes (limit)");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),     cmocka_unit_test(test_cases),
		cmocka_unit_test(test_all_errors),     cmocka_unit_test(test_bad_group_template),
		cmocka_unit_test(test_manifests),      cmocka_unit_test(test_second_document),
		cmocka_unit_test(test_many_labels),    cmocka_unit_test(test_much_memory),
		cmocka_unit_test(test_long_names),     cmocka_unit_test(test_repeated_templates),
		cmocka_unit_test(test_many_templates),
	};
	return cmocka_run_group_tests_name("group", tests, NULL, NULL);
}
