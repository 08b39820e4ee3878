/* Mutants: which changes are made of a rule, that those said to make no difference make none, and that a trial over a few rules
 * says what one over all says. */
#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "engine/rule-tests/mutant_trial.h"
#include "promql-lite/eval.h"
#include "tests/unit/world.h"

#define MINUTE 60000

/* A rule set of one file. */
struct loaded {
	struct arena arena;
	struct rule_set *set;
};

static void load(struct loaded *l, const char *text) {
	struct diags diags;
	arena_init(&l->arena);
	diags_init(&diags, &l->arena);
	l->set = rule_set_create();
	if (!rule_set_add_file(l->set, STR("rules.yml"), str_from(text), &diags)) {
		fail_msg("%s: %s", text, diags.items[0].message);
	}
}

/* An alert with this expression; `more` are further lines of the rule. */
static const struct rule *load_alert(struct loaded *l, const char *expr, const char *more) {
	struct strbuf text = STRBUF_INIT;
	strbuf_printf(&text, "groups:\n- name: g\n  rules:\n  - alert: A\n%s    expr: |\n      %s\n",
				  more, expr);
	load(l, text.ptr);
	strbuf_finish(&text); /* what the rules keep is copied */
	return &l->set->groups[0]->rules[0];
}

static void unload(struct loaded *l) {
	rule_set_destroy(l->set);
	arena_finish(&l->arena);
}

/* ---- which changes ---- */

static const struct {
	const char *expr;
	const char *mutants; /* `operator: before -> after`, one after the other */
	size_t equivalent;
} cases[] = {
	{"x > 5",
	 "comparison: > 5 -> >= 5; "
	 "comparison: > 5 -> < 5; "
	 "threshold: > 5 -> > 7; "
	 "threshold: > 5 -> > 3",
	 0},
	{"x >= 0.9",
	 "comparison: >= 0.9 -> > 0.9; "
	 "comparison: >= 0.9 -> < 0.9; "
	 "threshold: >= 0.9 -> >= 0.95; "
	 "threshold: >= 0.9 -> >= 0.85",
	 0},
	{"x < 0.05",
	 "comparison: < 0.05 -> <= 0.05; "
	 "comparison: < 0.05 -> > 0.05; "
	 "threshold: < 0.05 -> < 0.075; "
	 "threshold: < 0.05 -> < 0.025",
	 0},
	{"x != 1",
	 "comparison: != 1 -> == 1; "
	 "threshold: != 1 -> != 2; "
	 "threshold: != 1 -> != 0",
	 0},
	{"0 == x",
	 "comparison: == -> !=; "
	 "threshold: 0 -> 1; "
	 "threshold: 0 -> -1",
	 0},
	{"x > 7 * 24 * 3600",
	 "comparison: > -> >=; "
	 "comparison: > -> <; "
	 "threshold: 7 -> 10; "
	 "threshold: 7 -> 4",
	 0},
	{"time() - x > 5m",
	 "comparison: > 5m -> >= 5m; "
	 "comparison: > 5m -> < 5m; "
	 "threshold: > 5m -> > 7m30s; "
	 "threshold: > 5m -> > 2m30s; "
	 "arithmetic: - -> +",
	 0},
	{"x > y",
	 "comparison: > -> >=; "
	 "comparison: > -> <",
	 0},
	{"(x > bool 1) == 1",
	 "comparison: == 1 -> != 1; "
	 "threshold: == 1 -> == 2; "
	 "comparison: > bool 1 -> >= bool 1; "
	 "comparison: > bool 1 -> < bool 1; "
	 "threshold: > bool 1 -> > bool 2; "
	 "threshold: > bool 1 -> > bool 0",
	 0},
	{"rate(x_total[5m]) > 0",
	 "comparison: > 0 -> >= 0; "
	 "comparison: > 0 -> < 0; "
	 "threshold: > 0 -> > 1; "
	 "function: rate -> irate; "
	 "range: [5m] -> [2m30s]; "
	 "range: [5m] -> [10m]",
	 0},
	{"rate(x_total[5m]) > 5",
	 "comparison: > 5 -> >= 5; "
	 "comparison: > 5 -> < 5; "
	 "threshold: > 5 -> > 7; "
	 "threshold: > 5 -> > 3; "
	 "function: rate -> increase; "
	 "function: rate -> irate; "
	 "range: [5m] -> [2m30s]; "
	 "range: [5m] -> [10m]",
	 0},
	{"sum(irate(x[1m] offset 1h)) == 0",
	 "comparison: == 0 -> != 0; "
	 "threshold: == 0 -> == 1; "
	 "threshold: == 0 -> == -1; "
	 "aggregation: sum -> max; "
	 "function: irate -> rate; "
	 "range: [1m] -> [30s]; "
	 "range: [1m] -> [2m]; "
	 "offset: offset 1h -> ",
	 0},
	{"max_over_time(up[1h:1m]) < 1",
	 "comparison: < 1 -> <= 1; "
	 "comparison: < 1 -> > 1; "
	 "function: max_over_time -> min_over_time; "
	 "range: [1h:1m] -> [30m:1m]; "
	 "range: [1h:1m] -> [2h:1m]",
	 0},
	{"histogram_quantile(0.95, sum by (job, le) (rate(x_bucket[5m])))",
	 "argument: 0.95 -> 0.975; "
	 "argument: 0.95 -> 0.925; "
	 "aggregation: sum -> max; "
	 "grouping: by (job, le) -> by (le); "
	 "grouping: by (job, le) -> by (job); "
	 "function: rate -> increase; "
	 "function: rate -> irate; "
	 "range: [5m] -> [2m30s]; "
	 "range: [5m] -> [10m]",
	 0},
	{"sum(x) by (a) / on (a, b) group_left () y",
	 "arithmetic: / -> *; "
	 "matching: on (a, b) -> on (b); "
	 "matching: on (a, b) -> on (a); "
	 "aggregation: sum -> max; "
	 "grouping: by (a) -> by ()",
	 0},
	{"avg without (a, b,) (x)",
	 "aggregation: avg -> max; "
	 "grouping: without (a, b,) -> without (b,); "
	 "grouping: without (a, b,) -> without (a, )",
	 0},
	{"sum by (a, \"b.c\") (rate(x[5m])) > 0",
	 "comparison: > 0 -> >= 0; "
	 "comparison: > 0 -> < 0; "
	 "threshold: > 0 -> > 1; "
	 "threshold: > 0 -> > -1; "
	 "aggregation: sum -> max; "
	 "grouping: by (a, \"b.c\") -> by (\"b.c\"); "
	 "grouping: by (a, \"b.c\") -> by (a); "
	 "function: rate -> irate; "
	 "range: [5m] -> [2m30s]; "
	 "range: [5m] -> [10m]",
	 0},
	{"x > 1 # > 2",
	 "comparison: > 1 -> >= 1; "
	 "comparison: > 1 -> < 1; "
	 "threshold: > 1 -> > 2; "
	 "threshold: > 1 -> > 0",
	 0},
	{"clamp_max(x, 2e6) > 1e6",
	 "comparison: > 1e6 -> >= 1e6; "
	 "comparison: > 1e6 -> < 1e6; "
	 "threshold: > 1e6 -> > 1500000; "
	 "threshold: > 1e6 -> > 500000; "
	 "function: clamp_max -> clamp_min; "
	 "argument: 2e6 -> 3000000; "
	 "argument: 2e6 -> 1000000",
	 0},
	{"x > -3",
	 "comparison: > -3 -> >= -3; "
	 "comparison: > -3 -> < -3; "
	 "threshold: > -3 -> > -2; "
	 "threshold: > -3 -> > -4",
	 0},
	{"5 < count(x)",
	 "comparison: < -> <=; "
	 "comparison: < -> >; "
	 "threshold: 5 -> 7; "
	 "threshold: 5 -> 3; "
	 "aggregation: count -> sum",
	 0},
	{"x or vector(0)",
	 "set operator: or -> and; "
	 "side: or vector(0) -> ; "
	 "side: x or -> ; "
	 "argument: 0 -> 1; "
	 "argument: 0 -> -1",
	 0},
	{"topk(3, x)",
	 "aggregation: topk -> bottomk; "
	 "argument: 3 -> 4; "
	 "argument: 3 -> 2",
	 0},
	{"a and b or c unless d",
	 "set operator: or -> and; "
	 "side: or c unless d -> ; "
	 "side: a and b or -> ; "
	 "set operator: and -> unless; "
	 "side: and b -> ; "
	 "side: a and -> ; "
	 "set operator: unless -> and; "
	 "side: unless d -> ",
	 0},
	{"x{a=\"1\",b!=\"2\",c=~\"3.*\",d!~\"4.*\"}",
	 "matcher: a=\"1\" -> a!=\"1\"; "
	 "matcher: a=\"1\" -> ; "
	 "matcher: b!=\"2\" -> b=\"2\"; "
	 "matcher: b!=\"2\" -> ; "
	 "matcher: c=~\"3.*\" -> c!~\"3.*\"; "
	 "matcher: c=~\"3.*\" -> ; "
	 "matcher: d!~\"4.*\" -> d=~\"4.*\"; "
	 "matcher: d!~\"4.*\" -> ",
	 0},
	{"{__name__=\"x\"}", "", 0},
	{"x{a=~\".*\"}", "matcher: a=~\".*\" -> a!~\".*\"", 1},
	{"count(up == 0) > 0",
	 "comparison: > 0 -> < 0; "
	 "threshold: > 0 -> > 1; "
	 "aggregation: count -> sum; "
	 "comparison: == 0 -> != 0; "
	 "threshold: == 0 -> == -1",
	 2},
	{"absent(up) == 1", "comparison: == 1 -> != 1", 0},
	{"sum(absent(up))", "", 1},
	{"up == 0",
	 "comparison: == 0 -> != 0; "
	 "threshold: == 0 -> == -1",
	 0},
	{"x * 1 + 0", "arithmetic: + -> -", 1},
	{"vector(1)", "", 0},
	{"x", "", 0},
};

static void print_mutants(struct strbuf *out, const struct mutants *mutants) {
	strbuf_clear(out);
	strbuf_add_c(out, "");
	for (size_t i = 0; i < mutants->count; i++) {
		const struct mutant *m = &mutants->items[i];
		strbuf_printf(out, "%s%s: %.*s -> %.*s", i > 0 ? "; " : "", mutant_operator_word[m->op],
					  STR_FMT(m->before), STR_FMT(m->after));
	}
}

static void test_changes(void **state) {
	struct strbuf out = STRBUF_INIT;
	size_t wrong = 0;
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct loaded l;
		struct mutants mutants;
		mutants_make(load_alert(&l, cases[i].expr, ""), NULL, 0, &l.arena, &mutants);
		print_mutants(&out, &mutants);
		if (strcmp(out.ptr, cases[i].mutants) != 0 ||
			mutants.equivalent_count != cases[i].equivalent) {
			print_message("%s\n  expected %zu equivalent, %s\n  got %zu equivalent, %s\n",
						  cases[i].expr, cases[i].equivalent, cases[i].mutants,
						  mutants.equivalent_count, out.ptr);
			wrong++;
		}
		unload(&l);
	}
	strbuf_finish(&out);
	assert_int_equal(wrong, 0);
}

static const struct {
	const char *rule;
	dur_ms intervals[2];
	size_t interval_count;
	const char *mutants;
	size_t equivalent;
} waits[] = {
	{"    for: 4m\n",
	 {0},
	 0,
	 "for: for: 4m -> for: 2m; for: for: 4m -> for: 8m; for: for: 4m -> ",
	 0},
	{"    for: 1m\n", {MINUTE}, 1, "for: for: 1m -> for: 2m; for: for: 1m -> ", 1},
	{"    for: 1m\n", {5 * MINUTE}, 1, "for: for: 1m -> ", 2},
	{"    for: 1m\n",
	 {5 * MINUTE, MINUTE / 4},
	 2,
	 "for: for: 1m -> for: 30s; for: for: 1m -> for: 2m; for: for: 1m -> ",
	 0},
	{"    keep_firing_for: 90s\n",
	 {MINUTE},
	 1,
	 "keep_firing_for: keep_firing_for: 1m30s -> keep_firing_for: 45s; "
	 "keep_firing_for: keep_firing_for: 1m30s -> keep_firing_for: 3m; "
	 "keep_firing_for: keep_firing_for: 1m30s -> ",
	 0},
	{"    for: 0s\n", {0}, 0, "", 0},
};

static void test_waits(void **state) {
	struct strbuf out = STRBUF_INIT;
	(void)state;
	for (size_t i = 0; i < COUNT(waits); i++) {
		struct loaded l;
		struct mutants mutants;
		mutants_make(load_alert(&l, "x", waits[i].rule), waits[i].intervals,
					 waits[i].interval_count, &l.arena, &mutants);
		print_mutants(&out, &mutants);
		assert_string_equal(out.ptr, waits[i].mutants);
		assert_int_equal(mutants.equivalent_count, waits[i].equivalent);
		unload(&l);
	}
	strbuf_finish(&out);
}

/* ---- changes that make no difference ---- */

/* Any odd number will do: the data are the same every time. */
static uint64_t random_state = 88172645463325251u;

/* Source: G. Marsaglia, "Xorshift RNGs", 2003. */
static size_t pick(size_t count) {
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (size_t)(random_state % count);
}

/* Values at which comparisons part, and others. */
static double pick_value(const char *metric) {
	static const double any[] = {0,   -0.0, 1,    2,   -1, 0.5, 3,        5,     4.999,
								 7.5, -2,   1e10, NAN, 10, 15,  INFINITY, -1e-9, -INFINITY};
	static const double counter[] = {0, 1, 2, 3, 0.5, 10, 1e10, 5, 0, INFINITY};
	if (strcmp(metric, "up") == 0) {
		return (double)pick(2);
	}
	if (strcmp(metric, "x_total") == 0) {
		return counter[pick(COUNT(counter))];
	}
	return any[pick(COUNT(any))];
}

static void fill(struct pql_store *store, struct arena *a) {
	static const char *const metrics[] = {"x", "y", "up", "x_total"};
	pql_store_clear(store);
	for (size_t m = 0; m < COUNT(metrics); m++) {
		for (size_t i = 0; i < 1 + pick(3); i++) {
			struct label *labels = ARENA_ARRAY(a, struct label, 2);
			labels[0] = (struct label){LABEL_NAME, str_from(metrics[m])};
			labels[1] = (struct label){STR("a"), str_from(arena_printf(a, "%zu", i))};
			for (ts_ms t = 0; t < 10 * MINUTE; t += MINUTE) {
				if (pick(5) > 0) {
					pql_store_add(store, (struct labels){labels, 2}, t, pick_value(metrics[m]));
				}
			}
		}
	}
}

/* The value over ten minutes, as text. */
static struct str value_of(const struct pql_expr *expr, const struct pql_store *store,
						   struct arena *a) {
	struct pql_eval_options options = {
		.time = {.lookback = 5 * MINUTE, .default_subquery_step = MINUTE}};
	struct pql_grid grid = {0, 9 * MINUTE, MINUTE};
	struct pql_need *needs;
	struct pql_series_set *sets = ARENA_ARRAY(a, struct pql_series_set, expr->selector_count);
	struct pql_value value;
	struct pql_notes notes = {0};
	struct pql_failure failure = {0};
	struct strbuf out = STRBUF_IN(a);
	const char *error;
	pql_needs(expr, grid, &options.time, a, &needs);
	for (size_t i = 0; i < expr->selector_count; i++) {
		assert_true(pql_store_select(store, &needs[i], &options.time, a, &sets[i], &error));
	}
	if (!pql_eval(expr, grid, &options, sets, a, &value, &notes, &failure)) {
		return str_from(failure.message);
	}
	for (size_t i = 0; i < value.row_count; i++) {
		labels_print(&out, value.rows[i].labels);
		for (size_t k = 0; k < 10; k++) {
			bool there = value.rows[i].present[k] != 0;
			if (there) {
				strbuf_printf(&out, " %.17g", value.rows[i].values[k]);
			} else {
				strbuf_add_c(&out, " _");
			}
		}
		strbuf_add_c(&out, "\n");
	}
	return strbuf_str(&out);
}

static const char *const values[] = {
	"hour(x)",
	"day_of_week()",
	"clamp(x, 0, 3)",
	"clamp_min(x, 1)",
	"clamp_max(x_total, 1)",
	"round(x)",
	"round(x_total)",
	"sgn(x)",
	"-up",
	"x_total % 3",
	"quantile(0.5, up)",
	"cos(x)",
	"(x > 0)",
	"(x_total != 1)",
	"(up == 1) * 2",
	"x_total ^ 2",
	"x_total + scalar(up)",
	"exp(x)",
	"stdvar_over_time(x[3m])",
	"up and on () x",
	"(x unless up)",
	"last_over_time(up[3m])",
	"quantile_over_time(0.5, up[5m])",
	"x",
	"up",
	"x_total",
	"count(x)",
	"count by (a) (y)",
	"absent(y)",
	"sum(up)",
	"sum(x_total)",
	"min(up)",
	"avg(up)",
	"max_over_time(up[5m])",
	"avg_over_time(up[5m])",
	"min_over_time(x_total[5m])",
	"count_over_time(x[3m])",
	"changes(x[5m])",
	"resets(x[5m])",
	"rate(x_total[5m])",
	"increase(x_total[5m])",
	"irate(x_total[5m])",
	"sum(rate(x_total[5m]))",
	"floor(x)",
	"ceil(x_total)",
	"abs(x)",
	"stddev(x)",
	"(x > bool 1)",
	"(up or x_total)",
	"up * x_total",
	"x_total / 2",
	"x_total / x_total",
	"sum_over_time(up[5m])",
	"sum_over_time(x_total[5m])",
	"group(x)",
	"x + 0",
	"x * 1",
	"max(count(x))",
	"sum(absent(x))",
	"topk(1, up)",
	"sqrt(x_total)",
	"vector(1)",
	"up + x_total",
};
static const char *const comparisons[] = {
	"> 0", ">= 0",     "< 0",       "<= 0", "== 0",  "!= 0",    "> 1",    ">= 1",
	"< 1", "<= 1",     "== 1",      "!= 1", "> 0.5", "<= 0.5",  "== 0.5", "!= 1.5",
	"< 2", "> bool 1", "== bool 0", "> -1", "> Inf", "!= -Inf", ">= 3",
};

/* Every mutant that was left out as equivalent is worth the same as the rule, whatever the data are; and so that the test
 * cannot pass by looking at nothing, most of the others are not. */
struct tally {
	size_t equivalent, others, differing;
};

static void compare_on_data(const char *expr, struct pql_store *store, struct tally *tally) {
	struct loaded l;
	struct mutants m;
	const struct rule *rule = load_alert(&l, expr, "");
	mutants_make(rule, NULL, 0, &l.arena, &m);
	bool *differs = ARENA_ARRAY(&l.arena, bool, m.count);
	for (int round = 0; round < 7; round++) {
		struct arena a;
		struct rule changed;
		arena_init(&a);
		fill(store, &a);
		struct str before = value_of(rule->expr, store, &a);
		for (size_t i = 0; i < m.equivalent_count + m.count; i++) {
			bool is_other = i >= m.equivalent_count;
			const struct mutant *mutant =
				is_other ? &m.items[i - m.equivalent_count] : &m.equivalents[i];
			assert_true(mutant_apply(rule, mutant, &a, &changed));
			struct str after = value_of(changed.expr, store, &a);
			if (is_other) {
				differs[i - m.equivalent_count] |= !str_equal(before, after);
			} else if (!str_equal(before, after)) {
				fail_msg("%s and %.*s:\n%.*s\n%.*s", expr, STR_FMT(changed.expr->text),
						 STR_FMT(before), STR_FMT(after));
			}
			mutant_rule_finish(&changed, rule);
		}
		arena_finish(&a);
	}
	tally->equivalent += m.equivalent_count;
	tally->others += m.count;
	for (size_t i = 0; i < m.count; i++) {
		tally->differing += differs[i];
	}
	unload(&l);
}

static void test_equivalents(void **state) {
	struct pql_store *store = pql_store_create();
	struct tally tally = {0};
	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		for (size_t k = 0; k < COUNT(comparisons); k++) {
			char expr[128];
			snprintf(expr, sizeof(expr), "%s %s", values[i], comparisons[k]);
			compare_on_data(expr, store, &tally);
		}
	}
	print_message("# %zu equivalent, %zu others, %zu of them differ on these data\n",
				  tally.equivalent, tally.others, tally.differing);
	assert_true(tally.equivalent > 300);
	assert_true(tally.differing * 10 > tally.others * 8);
	pql_store_destroy(store);
}

/* ---- waits that make no difference ---- */

static void restart(struct world *w, struct simulation_options options) {
	simulation_destroy(w->simulation);
	w->simulation = simulation_create(w->set, w->store, &w->settings, &options);
}

static enum alert_state state_of(const struct world *w, size_t rule) {
	const struct alerting *a = &simulation_group(w->simulation, 0)->rules[rule].alerting;
	return a->count > 0 ? a->alerts[0]->state : ALERT_INACTIVE;
}

/* Two alerts side by side, over samples that come and go: their states are the same at every step. */
static void assert_same_states(const char *rule, const struct mutant *m, dur_ms interval) {
	struct world w;
	struct strbuf text = STRBUF_INIT;
	strbuf_printf(&text, "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: x > 0\n%s", rule);
	strbuf_printf(&text, "  - alert: B\n    expr: x > 0\n    %s: %lldms\n",
				  mutant_operator_word[m->op], (long long)m->duration);
	world_init(&w, text.ptr, PQL_SERIES_STORED);
	struct label name = {LABEL_NAME, STR("x")};
	for (int i = 0; i < 300; i++) {
		pql_store_add(w.store, (struct labels){&name, 1}, i * interval, pick(6) > 0 ? 1 : 0);
	}
	restart(&w, (struct simulation_options){.default_interval = interval});
	for (int i = 0; i < 300; i++) {
		simulation_step(w.simulation, i * interval, NULL, NULL);
		assert_int_equal(state_of(&w, 0), state_of(&w, 1));
	}
	strbuf_finish(&text);
	world_finish(&w);
}

static void test_equivalent_waits(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(waits); i++) {
		struct loaded l;
		struct mutants m;
		const struct rule *rule = load_alert(&l, "x > 0", waits[i].rule);
		mutants_make(rule, waits[i].intervals, waits[i].interval_count, &l.arena, &m);
		for (size_t k = 0; k < m.equivalent_count; k++) {
			for (size_t n = 0; n < waits[i].interval_count; n++) {
				assert_same_states(waits[i].rule, &m.equivalents[k], waits[i].intervals[n]);
			}
		}
		unload(&l);
	}
}

/* ---- trials ---- */

/* Rules that read each other, in and across groups; two that record the same; alerts of one name, of which one never fires; and
 * some that are on their own. */
#define TRIAL_RULES                                                                                \
	"groups:\n"                                                                                    \
	"- name: one\n"                                                                                \
	"  rules:\n"                                                                                   \
	"  - {record: 'x:twice', expr: x * 2}\n"                                                       \
	"  - {record: 'x:same', expr: 'x{a=\"0\"} > 1', labels: {from: first}}\n"                      \
	"  - {record: 'x:same', expr: 'x{a=\"1\"} > 1', labels: {from: second}}\n"                     \
	"  - {alert: Twice, expr: 'x:twice > 8', for: 2m}\n"                                           \
	"  - {alert: Both, expr: 'x:twice > 8 and x > 4', keep_firing_for: 2m}\n"                      \
	"  - {alert: Both, expr: 'y < 3', labels: {of: y}}\n"                                          \
	"  - {alert: Both, expr: 'y > 100', labels: {of: nothing}}\n"                                  \
	"  - {alert: Low, expr: 'y < 3'}\n"                                                            \
	"- name: two\n"                                                                                \
	"  interval: 2m\n"                                                                             \
	"  rules:\n"                                                                                   \
	"  - {alert: Same, expr: 'sum(x:same) > 4'}\n"                                                 \
	"  - {alert: Many, expr: 'count(ALERTS{alertstate=\"firing\"}) > 1'}\n"                        \
	"  - {alert: Alone, expr: 'rate(z_total[3m]) > 0.1', for: 2m}\n"                               \
	"  - {alert: Never, expr: 'z_total > 1e9'}\n"                                                  \
	"- name: fast\n"                                                                               \
	"  interval: 30s\n"                                                                            \
	"  rules: [{record: fast, expr: y}]\n"

#define TRIAL_INPUT                                                                                \
	"    input_series:\n"                                                                          \
	"    - {series: 'x{a=\"0\"}', values: '0+1x12'}\n"                                             \
	"    - {series: 'x{a=\"1\"}', values: '5x5 0x6'}\n"                                            \
	"    - {series: 'y', values: '9x6 1x3 9x3'}\n"                                                 \
	"    - {series: 'z_total', values: '0x4 0+60x8'}\n"

/* Further test groups, in which other rules have alerts than in the first. */
#define TRIAL_OTHER                                                                                \
	"  - name: other\n"                                                                            \
	"    input_series: [{series: y, values: 1x12}, {series: 'x{a=\"2\"}', values: 3x12}]\n"        \
	"    alert_rule_test:\n"                                                                       \
	"    - {eval_time: 8m, alertname: Both, exp_alerts: [{exp_labels: {of: y}}]}\n"                \
	"    - {eval_time: 8m, alertname: Twice}\n"                                                    \
	"  - name: quiet, but for mutants\n"                                                           \
	"    input_series: [{series: 'x{a=\"2\"}', values: 5x12}]\n"                                   \
	"    alert_rule_test: [{eval_time: 8m, alertname: Same}]\n"

/* Each alone is a test that passes. */
static const char *const trial_checks[] = {
	"    - {eval_time: 8m, alertname: Twice, exp_alerts: [{exp_labels_include: {a: '0'}}]}\n",
	"    - {eval_time: 4m, alertname: Twice, exp_alerts: [{exp_labels_include: {a: '1'}}]}\n",
	"    - {eval_time: 7m, alertname: Both, exp_alerts: [{exp_labels_include: {}}, "
	"{exp_labels_include: {}}, {exp_labels_include: {}}]}\n",
	"    - {eval_time: 11m, alertname: Both, exp_alerts: [{exp_labels_include: {a: '0'}}]}\n",
	"    - {eval_time: 12m, alertname: Same, fires_between: [0m, 12m]}\n",
	"    - {eval_time: 6m, alertname: Many, exp_alerts: [{exp_labels_include: {}}]}\n",
	"    - {eval_time: 12m, alertname: Alone, exp_alerts: [{exp_labels_include: {}}]}\n",
	"    - {eval_time: 12m, alertname: Never}\n",
	/* Until half past: that is when the group of another rule is evaluated. */
	"    - {eval_time: 12m, alertname: Low, fires_between: [7m, 10m30s]}\n",
};

static bool load_tests(struct loaded *l, const char *check, struct test_file *file) {
	static const struct pql_syntax plain;
	struct test_file_options how = {.syntax = &plain};
	struct diags diags;
	diags_init(&diags, &l->arena);
	const char *text = arena_printf(&l->arena,
									"evaluation_interval: 1m\ntests:\n  - name: t\n"
									"%s    alert_rule_test:\n%s" TRIAL_OTHER,
									TRIAL_INPUT, check);
	return test_file_load(str_from(text), &how, &l->arena, &diags, file) &&
		   file->groups[0].diags.errors == 0;
}

/* Over all rules, with one of them changed. */
static bool whole_passes(const struct loaded *l, const struct test_file *file,
						 struct mutant_slot slot, const struct rule *changed) {
	struct rule_set *set = rule_set_create();
	struct arena a;
	bool passed = true;
	arena_init(&a);
	for (size_t i = 0; i < l->set->group_count; i++) {
		const struct rule_group *group = l->set->groups[i];
		struct rule_group *copy = ARENA_NEW(&a, struct rule_group);
		struct rule *rules = ARENA_ARRAY(&a, struct rule, group->rule_count);
		*copy = *group;
		memcpy(rules, group->rules, group->rule_count * sizeof(rules[0]));
		if (changed != NULL && i == slot.group) {
			rules[slot.rule] = *changed;
		}
		copy->rules = rules;
		set->groups =
			mem_grow(set->groups, set->group_count, &set->group_capacity, sizeof(set->groups[0]));
		set->groups[set->group_count++] = copy;
		set->rule_count += copy->rule_count;
	}
	for (size_t i = 0; i < file->group_count; i++) {
		struct rule_test_report report;
		rule_test_run(file, &file->groups[i], set, &(struct rule_test_options){0}, &a, &report);
		passed = passed && rule_test_passed(&report);
		rule_test_report_finish(&report);
	}
	rule_set_destroy(set);
	arena_finish(&a);
	return passed;
}

struct trial_tally {
	size_t noticed, survived, unseen;
};

static void try_all(const struct loaded *l, const struct test_file *file,
					const struct mutant_suite *suite, struct mutant_slot slot,
					struct trial_tally *tally) {
	const struct rule *rule = &l->set->groups[slot.group]->rules[slot.rule];
	struct mutant_trial trial;
	struct mutants mutants;
	struct arena a;
	arena_init(&a);
	mutants_make(rule, NULL, 0, &a, &mutants);
	mutant_trial_init(&trial, suite, slot);
	for (size_t i = 0; i < mutants.count; i++) {
		struct rule changed;
		assert_true(mutant_apply(rule, &mutants.items[i], &a, &changed));
		bool noticed = mutant_trial_notices(&trial, &changed);
		assert_int_equal(noticed, !whole_passes(l, file, slot, &changed));
		tally->noticed += noticed;
		tally->survived += !noticed && trial.checks > 0;
		tally->unseen += trial.checks == 0;
		assert_false(noticed && trial.checks == 0);
		mutant_rule_finish(&changed, rule);
	}
	mutant_trial_finish(&trial);
	arena_finish(&a);
}

static void test_trials(void **state) {
	struct trial_tally tally = {0};
	size_t good = 0;
	(void)state;
	for (size_t i = 0; i < COUNT(trial_checks); i++) {
		struct loaded l;
		struct test_file file;
		struct mutant_suite suite;
		load(&l, TRIAL_RULES);
		assert_true(load_tests(&l, trial_checks[i], &file));
		mutant_suite_init(&suite, &file, l.set, NULL, false);
		if (whole_passes(&l, &file, (struct mutant_slot){0, 0}, NULL)) {
			good++;
			for (size_t g = 0; g < l.set->group_count; g++) {
				for (size_t k = 0; k < l.set->groups[g]->rule_count; k++) {
					try_all(&l, &file, &suite, (struct mutant_slot){g, k}, &tally);
				}
			}
		} else {
			print_message("# does not pass: %s", trial_checks[i]);
		}
		mutant_suite_finish(&suite);
		test_file_finish(&file);
		unload(&l);
	}
	print_message("# %zu noticed, %zu survived, %zu not looked at\n", tally.noticed, tally.survived,
				  tally.unseen);
	assert_int_equal(good, COUNT(trial_checks));
	assert_true(tally.noticed > 20 && tally.survived > 50 && tally.unseen > 50);
}

/* ---- limits ---- */

/* `x > 1 or x > 1 or …`: each part has a mutant of its own. */
static void test_limits(void **state) {
	static const struct {
		size_t parts, count;
	} sizes[] = {{100, 697}, {400, MUTANTS_MAX_OF_RULE}, {900, MUTANTS_MAX_OF_RULE}};
	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct loaded l;
		struct mutants mutants;
		struct strbuf expr = STRBUF_INIT;
		strbuf_add_c(&expr, "x > 1");
		for (size_t k = 1; k < sizes[i].parts; k++) {
			strbuf_printf(&expr, " or x%zu > 1", k);
		}
		mutants_make(load_alert(&l, expr.ptr, ""), NULL, 0, &l.arena, &mutants);
		assert_int_equal(mutants.count, sizes[i].count);
		assert_int_equal(mutants.dropped > 0, mutants.count == MUTANTS_MAX_OF_RULE);
		strbuf_finish(&expr);
		unload(&l);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),     cmocka_unit_test(test_waits),
		cmocka_unit_test(test_equivalents), cmocka_unit_test(test_equivalent_waits),
		cmocka_unit_test(test_trials),      cmocka_unit_test(test_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
