/* Who has to go before whom. */
#include "tests/unit/check.h"

#include "engine/dependencies.h"

struct dependency_case {
	const char *rules;
	const char *edges; /* "1<0 2<0": group 1 after group 0 */
	const char *names; /* that are read */
	dur_ms horizon;
};

static const struct dependency_case cases[] = {
	{"groups: []", "", "", 0},
	{"groups: [{name: a, rules: [{alert: A, expr: up}]}]", "", "", 0},
	{"groups: [{name: a, rules: [{record: r, expr: up}, {record: s, expr: r}]}]", "", "r", 300000},
	{"groups: [{name: a, rules: [{record: r, expr: up}]}, {name: b, rules: [{alert: B, expr: "
	 "r}]}]",
	 "1<0", "r", 300000},
	{"groups: [{name: a, rules: [{alert: A, expr: 'rate(r[1h])'}]}, {name: b, rules: [{record: r, "
	 "expr: up}]}]",
	 "0<1", "r", 3600000},
	{"groups: [{name: a, rules: [{alert: A, expr: '{__name__=~\"r.*\"} offset 1d'}]}, {name: b, "
	 "rules: [{record: r1, expr: up}]}, {name: c, rules: [{record: r2, expr: up}, {record: q, "
	 "expr: up}]}]",
	 "0<1 0<2", "r1 r2", 86700000},
	{"groups: [{name: a, rules: [{alert: A, expr: up}]}, {name: b, rules: [{alert: B, expr: up}]}, "
	 "{name: c, rules: [{alert: C, expr: 'ALERTS{alertname=\"B\"}'}]}]",
	 "2<1", "ALERTS", 300000},
	{"groups: [{name: a, rules: [{alert: A, expr: up}]}, {name: b, rules: [{alert: B, expr: up}]}, "
	 "{name: c, rules: [{alert: C, expr: ALERTS_FOR_STATE}]}]",
	 "2<0 2<1", "ALERTS_FOR_STATE", 300000},
	/* a selector without a name reads everything */
	{"groups: [{name: a, rules: [{record: r, expr: '1'}]}, {name: b, rules: [{alert: B, expr: "
	 "'{job=\"x\"}'}]}]",
	 "1<0", "r ALERTS ALERTS_FOR_STATE", 300000},
	/* circles: the first group listed does not wait */
	{"groups: [{name: a, rules: [{record: r, expr: s}]}, {name: b, rules: [{record: s, expr: "
	 "r}]}]",
	 "1<0", "r s", 300000},
	{"groups: [{name: a, rules: [{record: r, expr: t}]}, {name: b, rules: [{record: s, expr: r}]}, "
	 "{name: c, rules: [{record: t, expr: s}]}]",
	 "1<0 2<1", "r s t", 300000},
};

static void print_edges(struct strbuf *out, const struct dependencies *d, size_t count) {
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < d->groups[i].count; j++) {
			strbuf_printf(out, "%s%zu<%zu", out->len > 0 ? " " : "", i, d->groups[i].after[j]);
		}
	}
}

static void check_case(const struct dependency_case *c) {
	struct arena a;
	struct diags diags;
	struct rule_file file;
	struct dependencies d;
	struct strbuf edges = STRBUF_INIT, names = STRBUF_INIT;
	struct pql_time_options options = {.lookback = 300000, .default_subquery_step = 60000};
	arena_init(&a);
	diags_init(&diags, &a);
	assert_true(
		rule_file_load(STR("r.yml"), str_from(c->rules), &pql_syntax_all, &a, &diags, &file));
	const struct rule_group **groups = ARENA_ARRAY(&a, const struct rule_group *, file.group_count);
	for (size_t i = 0; i < file.group_count; i++) {
		groups[i] = &file.groups[i];
	}
	dependencies_find(groups, file.group_count, &options, &a, &d);
	print_edges(&edges, &d, file.group_count);
	for (size_t i = 0; i < d.name_count; i++) {
		strbuf_printf(&names, "%s%.*s", i > 0 ? " " : "", STR_FMT(d.names[i]));
	}
	assert_string_equal(edges.ptr == NULL ? "" : edges.ptr, c->edges);
	assert_string_equal(names.ptr == NULL ? "" : names.ptr, c->names);
	assert_int_equal(d.horizon, c->horizon);
	strbuf_finish(&edges);
	strbuf_finish(&names);
	rule_file_finish(&file);
	arena_finish(&a);
}

static void test_cases(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		check_case(&cases[i]);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
