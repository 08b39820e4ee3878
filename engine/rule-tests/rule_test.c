#include "engine/rule-tests/rule_test_private.h"

#include <inttypes.h>
#include <math.h>

#include "base/duration.h"
#include "base/hash.h"
#include "base/mem.h"
#include "engine/limits.h"
#include "engine/rule-tests/coverage_run.h"

#define LOOKBACK (5 * 60 * 1000)
#define RESEND_DELAY (60 * 1000)
#define RESOLVED_RETENTION (15 * 60 * 1000)

bool rule_test_passed(const struct rule_test_report *report) {
	return report->failed == 0 && report->failure_count == 0 && report->refused == NULL;
}

bool rule_test_values_equal(const struct rule_test_run *run, double a, double b) {
	return a == b ||
		   (run->file->fuzzy && (nextafter(a, -INFINITY) == b || nextafter(a, INFINITY) == b));
}

struct rule_test_check *rule_test_add_check(struct rule_test_run *run, enum rule_test_kind kind) {
	struct rule_test_report *r = run->report;
	r->checks =
		arena_grow(run->arena, r->checks, r->check_count, &r->check_capacity, sizeof(*r->checks));
	struct rule_test_check *check = &r->checks[r->check_count++];
	*check = (struct rule_test_check){.kind = kind};
	return check;
}

void rule_test_finish_check(struct rule_test_run *run, struct rule_test_check *check, bool passed) {
	check->passed = passed;
	run->report->failed += !passed;
	if (!passed && run->options->explains) {
		rule_test_explain(run, check);
	}
}

/* ---- what is to be done ---- */

static dur_ms latest_time(const struct test_group *group) {
	dur_ms latest = 0;
	for (size_t i = 0; i < group->alert_count; i++) {
		dur_ms time = group->alerts[i].eval_time;
		latest = time > latest ? time : latest;
	}
	for (size_t i = 0; i < group->expr_count; i++) {
		dur_ms time = group->exprs[i].eval_time;
		latest = time > latest ? time : latest;
	}
	return latest;
}

/* By time; those of one time stay as they stand. */
static int compare_cases(const void *a, const void *b) {
	const struct test_alert_case *x = *(const struct test_alert_case *const *)a;
	const struct test_alert_case *y = *(const struct test_alert_case *const *)b;
	if (x->eval_time != y->eval_time) {
		return x->eval_time < y->eval_time ? -1 : 1;
	}
	return x < y ? -1 : x > y;
}

static void sort_alerts(struct rule_test_run *run) {
	const struct test_group *g = run->group;
	run->alerts = ARENA_ARRAY(run->arena, const struct test_alert_case *, g->alert_count);
	run->fires = ARENA_ARRAY(run->arena, struct rule_test_fires, g->alert_count);
	for (size_t i = 0; i < g->alert_count; i++) {
		run->alerts[i] = &g->alerts[i];
		run->wants_sent = run->wants_sent || g->alerts[i].notifications.given;
		if (g->alerts[i].has_windows) {
			run->fires[run->fires_count++].alert = &g->alerts[i];
		}
	}
	if (g->alert_count > 0) {
		qsort(run->alerts, g->alert_count, sizeof(run->alerts[0]), compare_cases);
	}
}

static void make_settings(struct rule_test_run *run) {
	const struct test_group *g = run->group;
	run->memory->settings = (struct evaluation_settings){
		.alerting = {.resend_delay = RESEND_DELAY,
					 .resolved_retention = RESOLVED_RETENTION,
					 .external_labels = g->external_labels,
					 .external_url = g->external_url,
					 .max_alerts = LIMIT_ALERTS_PER_RULE,
					 .limit_forgets = true},
		.lookback = LOOKBACK,
		.default_subquery_step = run->file->evaluation_interval,
		.max_samples = LIMIT_SAMPLES,
	};
}

/* ---- which outputs matter ---- */

static bool has_queries(const struct rule *rule) {
	bool any = false;
	for (size_t i = 0; i < rule->label_count; i++) {
		any =
			any || (rule->labels[i].template != NULL && template_queries(rule->labels[i].template));
	}
	for (size_t i = 0; i < rule->annotation_count; i++) {
		const struct template *t = rule->annotations[i].template;
		any = any || (t != NULL && template_queries(t));
	}
	return any;
}

static bool rule_has_name(const void *value, const void *key) {
	return str_equal(((const struct rule *)value)->name, *(const struct str *)key);
}

/* The names that an expression asks for. false: it may find any. */
static bool add_names(const struct pql_expr *expr, struct str *names, size_t *count) {
	for (size_t i = 0; i < expr->selector_count; i++) {
		const struct pql_selector *s = &expr->selectors[i]->selector;
		const struct matcher *exact = NULL;
		for (size_t k = 0; k < s->matcher_count; k++) {
			const struct matcher *m = &s->matchers[k];
			bool is_name = str_equal(m->name, LABEL_NAME) && m->op == MATCH_EQUAL;
			exact = is_name ? m : exact;
		}
		if (exact == NULL) {
			return false;
		}
		names[(*count)++] = exact->value;
	}
	return true;
}

static size_t count_selectors(const struct rule_test_run *run) {
	size_t count = 0;
	for (size_t i = 0; i < run->group->expr_count; i++) {
		count += run->group->exprs[i].parsed->selector_count;
	}
	for (size_t i = 0; i < run->set->group_count; i++) {
		for (size_t k = 0; k < run->set->groups[i]->rule_count; k++) {
			count += run->set->groups[i]->rules[k].expr->selector_count;
		}
	}
	return count;
}

/* Metrics that several rules record, or that are among the input, too: the second one to write a sample may be refused. */
static void add_contested(const struct rule_test_run *run, struct str *names, size_t *count) {
	struct hmap seen;
	hmap_init(&seen, run->arena);
	for (size_t i = 0; i < run->set->group_count; i++) {
		const struct rule_group *g = run->set->groups[i];
		for (size_t k = 0; k < g->rule_count; k++) {
			const struct rule *rule = &g->rules[k];
			uint64_t hash = hash_str(rule->name);
			if (rule->kind != RULE_RECORDING) {
				continue;
			}
			if (hmap_find(&seen, hash, rule_has_name, &rule->name) != NULL ||
				pql_store_has_metric(run->store, rule->name)) {
				names[(*count)++] = rule->name;
			} else {
				hmap_add(&seen, hash, (void *)rule);
			}
		}
	}
}

/* Series that nobody asks for need not be kept; of alerts they are many. */
static void keep_outputs(struct rule_test_run *run) {
	struct str *names =
		ARENA_ARRAY(run->arena, struct str, count_selectors(run) + run->set->rule_count + 2);
	size_t count = 0;
	bool known = !run->options->dumps;
	for (size_t i = 0; i < run->group->expr_count && known; i++) {
		known = add_names(run->group->exprs[i].parsed, names, &count);
	}
	for (size_t i = 0; i < run->set->group_count; i++) {
		const struct rule_group *g = run->set->groups[i];
		for (size_t k = 0; k < g->rule_count && known; k++) {
			known = !has_queries(&g->rules[k]) && add_names(g->rules[k].expr, names, &count);
		}
	}
	if (known) {
		add_contested(run, names, &count);
		if (run->keeps_alerts) {
			names[count++] = STR("ALERTS");
			names[count++] = STR("ALERTS_FOR_STATE");
		}
		simulation_keep(run->simulation, names, count);
	}
}

/* ---- the run ---- */

static void note_failures(struct rule_test_run *run) {
	struct rule_test_report *r = run->report;
	for (size_t i = 0; i < simulation_group_count(run->simulation); i++) {
		const struct group_state *g = simulation_group(run->simulation, i);
		for (size_t k = 0; k < g->rule_count; k++) {
			if (g->rules[k].last_error == NULL) {
				continue;
			}
			r->failures = arena_grow(run->arena, r->failures, r->failure_count,
									 &r->failure_capacity, sizeof(*r->failures));
			r->failures[r->failure_count++] = (struct rule_test_failure){
				.rule = g->rules[k].rule,
				.group = g->group,
				.time = run->now - run->start,
				.message = arena_dup(run->arena, str_from(g->rules[k].last_error)).ptr};
		}
	}
}

static void check_until(struct rule_test_run *run, ts_ms next) {
	while (run->next_alert < run->group->alert_count) {
		const struct test_alert_case *alert = run->alerts[run->next_alert];
		if (run->start + alert->eval_time >= next) {
			break;
		}
		run->next_alert++;
		rule_test_check_alerts(run, alert);
	}
}

/* Data and expressions go by evaluation_interval, groups by their own. */
static ts_ms next_step(const struct rule_test_run *run, ts_ms ts) {
	dur_ms interval = run->file->evaluation_interval;
	ts_ms slot = run->start + ((ts - run->start) / interval + 1) * interval;
	ts_ms group = simulation_next(run->simulation, ts);
	return group < slot ? group : slot;
}

static void step_through(struct rule_test_run *run) {
	ts_ms end = run->start + run->end;
	for (ts_ms ts = run->start; ts <= end;) {
		run->now = ts;
		simulation_step(run->simulation, ts, rule_test_note_result, run);
		run->report->steps++;
		note_failures(run);
		if (run->report->failure_count > 0 || run->overlaps) {
			return;
		}
		rule_test_note_firing(run);
		ts_ms next = next_step(run, ts);
		check_until(run, next);
		if (run->options->stops_early && run->report->failed > 0) {
			return;
		}
		if (run->options->progress != NULL && run->report->steps % 256 == 0) {
			run->options->progress((size_t)(ts - run->start), (size_t)run->end,
								   run->options->progress_data);
		}
		ts = next;
	}
}

/* Everything that there is, staleness markers and histograms, too. */
static void dump(struct rule_test_run *run) {
	struct diags diags;
	struct pql_time_options options = {.lookback = LOOKBACK};
	struct pql_series_set stored, all;
	struct pql_need *needs;
	const char *failure;
	ts_ms end = run->start + run->end;
	diags_init(&diags, run->arena);
	struct pql_expr *expr =
		pql_parse(STR("{__name__=~\".+\"}[1s]"), &(struct pql_syntax){0}, run->arena, &diags);
	pql_needs(expr, (struct pql_grid){end, end, 1}, &options, run->arena, &needs);
	needs[0].start = run->start - 1;
	if (pql_store_select(run->store, &needs[0], &options, run->arena, &stored, &failure) &&
		outputs_join(simulation_outputs(run->simulation), &needs[0], LOOKBACK, stored, run->arena,
					 &all) == NULL) {
		run->report->dump = (struct pql_value){.type = PQL_TYPE_MATRIX, .matrix = all};
	}
	pql_expr_finish(expr);
}

static void create_simulation(struct rule_test_run *run) {
	struct simulation_options options = {
		.default_interval = run->file->evaluation_interval,
		.one_interval = run->options->promtool,
		.origin = run->start,
		.order = rule_test_order(run->file, run->set, run->arena),
		.form = PQL_SERIES_STORED,
		.hides_future = true,
	};
	run->simulation = simulation_create(run->set, run->store, &run->memory->settings, &options);
	keep_outputs(run);
	rule_test_find_states(run);
	if (!run->options->stepwise) {
		simulation_look_ahead(run->simulation, run->start + run->end);
	}
}

/* What the first run noted. */
static void forget_progress(struct rule_test_run *run) {
	run->next_alert = run->change_count = run->changes_dropped = run->explained = 0;
	for (size_t i = 0; i < run->fires_count; i++) {
		run->fires[i] = (struct rule_test_fires){.alert = run->fires[i].alert};
	}
	for (size_t i = 0; i < run->set->group_count; i++) {
		run->sent[i] = (struct rule_test_sent){0};
	}
}

static void run_all(struct rule_test_run *run) {
	create_simulation(run);
	step_through(run);
	if (run->overlaps) {
		/* Once more, with an eye on what alerts write. */
		simulation_destroy(run->simulation);
		*run->report = (struct rule_test_report){0};
		run->keeps_alerts = true;
		run->overlaps = false;
		forget_progress(run);
		create_simulation(run);
		step_through(run);
	}
	bool stopped = run->options->stops_early && run->report->failed > 0;
	if (run->report->failure_count == 0 && !stopped) {
		rule_test_check_exprs(run);
	}
	if (run->options->dumps) {
		dump(run);
	}
	if (run->options->coverage != NULL) {
		coverage_note_tested(run->options->coverage, run->group);
		coverage_note_values(run->options->coverage, run->simulation, run->start, run->now);
	}
}

static dur_ms shortest_interval(const struct rule_test_run *run) {
	dur_ms shortest = run->file->evaluation_interval;
	for (size_t i = 0; i < run->set->group_count && !run->options->promtool; i++) {
		dur_ms interval = run->set->groups[i]->interval;
		shortest = interval > 0 && interval < shortest ? interval : shortest;
	}
	return shortest;
}

static const char *judge_size(struct rule_test_run *run) {
	dur_ms interval = shortest_interval(run);
	if (run->end / interval < (dur_ms)RULE_TEST_MAX_STEPS) {
		return NULL;
	}
	struct strbuf end = STRBUF_INIT, step = STRBUF_INIT;
	duration_print(&end, run->end);
	duration_print(&step, interval);
	const char *message = arena_printf(
		run->arena,
		"%" PRId64 " evaluations up to %s at an interval of %s: more than %u are not run (limit)",
		run->end / interval, end.ptr, step.ptr, RULE_TEST_MAX_STEPS);
	strbuf_finish(&end);
	strbuf_finish(&step);
	return message;
}

static bool take_input(struct rule_test_run *run, const char **ret_error) {
	run->store = run->options->input;
	if (run->store != NULL) {
		return true;
	}
	run->memory->store = pql_store_create();
	run->store = run->memory->store;
	return rule_test_load(run, run->memory->store, ret_error);
}

struct pql_store *rule_test_load_input(const struct test_file *file, const struct test_group *group,
									   struct arena *a) {
	const char *ignored;
	struct rule_test_run run = {
		.file = file, .group = group, .arena = a, .start = group->start, .end = latest_time(group)};
	struct pql_store *store = pql_store_create();
	if (!rule_test_load(&run, store, &ignored)) {
		pql_store_destroy(store);
		return NULL;
	}
	return store;
}

void rule_test_run(const struct test_file *file, const struct test_group *group,
				   struct rule_set *set, const struct rule_test_options *options, struct arena *a,
				   struct rule_test_report *ret_report) {
	struct rule_test_run run = {.file = file,
								.group = group,
								.set = set,
								.options = options,
								.arena = a,
								.report = ret_report,
								.start = group->start,
								.end = latest_time(group)};
	*ret_report = (struct rule_test_report){0};
	run.memory = ARENA_NEW(a, struct rule_test_memory);
	make_settings(&run);
	sort_alerts(&run);
	run.sent = ARENA_ARRAY(a, struct rule_test_sent, set->group_count);
	run.relabel = relabel_create((struct relabel_rules){0});
	ret_report->refused = judge_size(&run);
	if (ret_report->refused == NULL && take_input(&run, &ret_report->refused)) {
		run_all(&run);
	}
	relabel_destroy(run.relabel);
	run.memory->simulation = run.simulation;
	ret_report->memory = run.memory;
}

void rule_test_report_finish(struct rule_test_report *report) {
	if (report != NULL && report->memory != NULL) {
		simulation_destroy(report->memory->simulation);
		pql_store_destroy(report->memory->store);
		report->memory = NULL;
	}
}
