/* What the three built-in alerts do in the situations that they are for: each test is one situation and one alert. A model server
 * is played by counters that Prometheus scrapes every 15 s; evaluations are every 15 s too, at every phase to the scrapes. */
#include "tests/unit/world.h"

#define SECOND ((dur_ms)1000)
#define MINUTE (60 * SECOND)
#define NEVER INT64_MAX

static const ts_ms begin = 1700000010000; /* a slot of 15 s */

/* One served model. Times are counted from the beginning of the test. */
struct model {
	const char *name;
	ts_ms start, end; /* scraped from start, gone (stale) at end */
	ts_ms flat_from;  /* no predictions any more */
	ts_ms reset_at;   /* restarted: all counters at 0, two scrapes missed */
	double rate;      /* predictions a second */
	double errors,
		slow; /* shares of failed predictions and of those that take 2 s; the others take 0.2 s */
};

#define HEALTHY(model_name)                                                                        \
	{                                                                                              \
		.name = (model_name), .end = NEVER, .flat_from = NEVER, .reset_at = NEVER, .rate = 7,      \
		.errors = 0.01, .slow = 0.01                                                               \
	}

enum column { ZERO, RATIO, P95, COLUMNS };
static const char *const rule_names[COLUMNS] = {"PredictionRateZero", "PredictionErrorRatioHigh",
												"PredictionLatencyP95High"};

/* What happened to one alert in the course of a test. */
struct outcome {
	bool fired[4];     /* ever, per model a, b, c; [3]: without a label model */
	bool firing[4];    /* at the end */
	size_t resolved;   /* how often one was */
	ts_ms first_fired; /* of any; NEVER: none */
	ts_ms last_resolved;
	bool changed_while_down;
};

static size_t model_index(struct labels l) {
	struct str name = labels_get(l, STR("model"));
	return name.len == 0 ? 3 : (size_t)(name.ptr[0] - 'a');
}

static struct world *fresh_world(enum pql_series_form form) {
	static struct world w;
	world_init_preset(&w, &(struct config_preset){.name = STR("generic")}, form);
	return &w;
}

static void add_point(struct world *w, const char *metric, const struct model *m, const char *le,
					  ts_ms t, double v) {
	struct arena a;
	struct labels_builder b;
	arena_init(&a);
	labels_builder_init(&b, &a);
	labels_builder_set(&b, LABEL_NAME, str_from(metric));
	labels_builder_set(&b, STR("instance"), STR("10.0.0.1:8000"));
	labels_builder_set(&b, STR("job"), STR("models"));
	labels_builder_set(&b, STR("model"), str_from(m->name));
	if (le != NULL) {
		labels_builder_set(&b, STR("le"), str_from(le));
	}
	pql_store_add(w->store, labels_builder_take(&b), t, v);
	arena_finish(&a);
}

/* All series of the model at one scrape. `total` predictions so far, of which so many failed or were slow. */
static void add_scrape(struct world *w, const struct model *m, ts_ms t, double total, double errors,
					   double slow, bool stale) {
	static const struct {
		const char *le;
		bool fast, slow; /* what the bucket holds */
	} buckets[] = {{"0.1", false, false}, {"0.25", true, false}, {"0.5", true, false},
				   {"1", true, false},    {"2.5", true, true},   {"+Inf", true, true}};
	double marker = pql_stale_nan();
	add_point(w, "predictions_total", m, NULL, t, stale ? marker : total);
	add_point(w, "prediction_errors_total", m, NULL, t, stale ? marker : errors);
	for (size_t i = 0; i < COUNT(buckets); i++) {
		double v = (buckets[i].fast ? total - slow : 0) + (buckets[i].slow ? slow : 0);
		add_point(w, "prediction_latency_seconds_bucket", m, buckets[i].le, t, stale ? marker : v);
	}
}

/* Predictions since the last start of the process. */
static double count_at(const struct model *m, ts_ms t) {
	ts_ms since = t >= m->reset_at ? m->reset_at : m->start;
	ts_ms until = t < m->flat_from ? t : m->flat_from;
	return until <= since ? 0 : (double)(int64_t)((double)(until - since) / 1000 * m->rate);
}

static void add_model(struct world *w, const struct model *m, dur_ms phase, ts_ms until) {
	for (ts_ms t = phase; t <= until; t += 15 * SECOND) {
		bool restarting = t >= m->reset_at && t < m->reset_at + 30 * SECOND;
		if (t < m->start || restarting) {
			continue;
		}
		double total = count_at(m, t);
		add_scrape(w, m, begin + t, total, (double)(int64_t)(total * m->errors),
				   (double)(int64_t)(total * m->slow), t >= m->end);
		if (t >= m->end) {
			break;
		}
	}
}

/* Evaluates from `from` to `until`, Prometheus down in [down, up). */
static void observe(struct world *w, ts_ms from, ts_ms until, ts_ms down, ts_ms up,
					struct outcome outcomes[COLUMNS]) {
	for (size_t c = 0; c < COLUMNS; c++) {
		outcomes[c] = (struct outcome){.first_fired = NEVER};
	}
	for (ts_ms t = from; t <= until; t += 15 * SECOND) {
		bool is_down = t >= down && t < up;
		simulation_break(w->simulation, is_down ? "connection refused" : NULL);
		world_step(w, begin + t);
		for (size_t c = 0; c < COLUMNS; c++) {
			struct outcome *o = &outcomes[c];
			const struct alerting *a = &world_rule(w, rule_names[c])->alerting;
			bool before[4];
			memcpy(before, o->firing, sizeof(before));
			memset(o->firing, 0, sizeof(o->firing));
			for (size_t i = 0; i < a->count; i++) {
				if (a->alerts[i]->state == ALERT_FIRING) {
					size_t m = model_index(a->alerts[i]->labels);
					assert_true(m < 4);
					o->firing[m] = o->fired[m] = true;
					o->first_fired = o->first_fired == NEVER ? t : o->first_fired;
				}
			}
			for (size_t m = 0; m < 4; m++) {
				if (before[m] && !o->firing[m]) {
					o->resolved++;
					o->last_resolved = t;
				}
			}
			o->changed_while_down =
				o->changed_while_down || (is_down && memcmp(before, o->firing, 4) != 0);
		}
	}
}

struct situation {
	const char *name;
	struct model models[3];
	size_t model_count;
	ts_ms from, until; /* of the evaluations */
	ts_ms down, up;
	struct {
		const char *fired, *firing; /* models, "-" for the alert without a label */
		size_t resolved;
		ts_ms after, before; /* between which the first one fires; 0: not checked */
	} wanted[COLUMNS];
};

#define NEVER_DOWN .down = NEVER, .up = NEVER
#define QUIET                                                                                      \
	{ "", "", 0, 0, 0 }

static const struct situation situations[] = {
	{.name = "counters flat for 5 minutes",
	 .models = {{.name = "a",
				 .end = NEVER,
				 .flat_from = 20 * MINUTE,
				 .reset_at = NEVER,
				 .rate = 7,
				 .errors = 0.01,
				 .slow = 0.01},
				HEALTHY("b"),
				HEALTHY("c")},
	 .model_count = 3,
	 .until = 60 * MINUTE,
	 NEVER_DOWN,
	 .wanted = {{"a", "a", 0, 25 * MINUTE, 28 * MINUTE}, QUIET, QUIET}},
	{.name = "all counters flat",
	 .models = {{.name = "a",
				 .end = NEVER,
				 .flat_from = 20 * MINUTE,
				 .reset_at = NEVER,
				 .rate = 0.2,
				 .errors = 0.04,
				 .slow = 0.04}},
	 .model_count = 1,
	 .until = 60 * MINUTE,
	 NEVER_DOWN,
	 .wanted = {{"a", "a", 0, 25 * MINUTE, 28 * MINUTE}, QUIET, QUIET}},
	{.name = "the target disappeared",
	 .models = {{.name = "a",
				 .end = 30 * MINUTE,
				 .flat_from = NEVER,
				 .reset_at = NEVER,
				 .rate = 7,
				 .errors = 0.2,
				 .slow = 0.2},
				HEALTHY("b"),
				HEALTHY("c")},
	 .model_count = 3,
	 .until = 60 * MINUTE,
	 NEVER_DOWN,
	 .wanted = {{"a", "a", 0, 35 * MINUTE, 38 * MINUTE},
				{"a", "", 1, 5 * MINUTE, 11 * MINUTE},
				{"a", "", 1, 10 * MINUTE, 16 * MINUTE}}},
	{.name = "the only target disappeared",
	 .models = {{.name = "a",
				 .end = 30 * MINUTE,
				 .flat_from = NEVER,
				 .reset_at = NEVER,
				 .rate = 7,
				 .errors = 0.2,
				 .slow = 0.2}},
	 .model_count = 1,
	 .until = 60 * MINUTE,
	 NEVER_DOWN,
	 .wanted = {{"a", "a", 0, 35 * MINUTE, 38 * MINUTE},
				{"a", "", 1, 5 * MINUTE, 11 * MINUTE},
				{"a", "", 1, 10 * MINUTE, 16 * MINUTE}}},
	{.name = "the metric never existed",
	 .model_count = 0,
	 .until = 30 * MINUTE,
	 NEVER_DOWN,
	 .wanted = {{"-", "-", 0, 2 * MINUTE, 2 * MINUTE + 15 * SECOND}, QUIET, QUIET}},
	{.name = "server just started",
	 .models = {HEALTHY("a")},
	 .model_count = 1,
	 .until = 30 * MINUTE,
	 NEVER_DOWN,
	 .wanted = {QUIET, QUIET, QUIET}},
	{.name = "one more model just started",
	 .models = {{.name = "a",
				 .start = 20 * MINUTE,
				 .end = NEVER,
				 .flat_from = NEVER,
				 .reset_at = NEVER,
				 .rate = 0.5,
				 .errors = 0,
				 .slow = 0.02},
				HEALTHY("b"),
				HEALTHY("c")},
	 .model_count = 3,
	 .until = 50 * MINUTE,
	 NEVER_DOWN,
	 .wanted = {QUIET, QUIET, QUIET}},
	{.name = "counter reset of a healthy server",
	 .models = {{.name = "a",
				 .end = NEVER,
				 .flat_from = NEVER,
				 .reset_at = 30 * MINUTE,
				 .rate = 7,
				 .errors = 0.04,
				 .slow = 0.04},
				HEALTHY("b"),
				HEALTHY("c")},
	 .model_count = 3,
	 .until = 60 * MINUTE,
	 NEVER_DOWN,
	 .wanted = {QUIET, QUIET, QUIET}},
	{.name = "counter reset of a failing server",
	 .models = {{.name = "a",
				 .end = NEVER,
				 .flat_from = NEVER,
				 .reset_at = 30 * MINUTE,
				 .rate = 7,
				 .errors = 0.1,
				 .slow = 0.1},
				HEALTHY("b"),
				HEALTHY("c")},
	 .model_count = 3,
	 .until = 60 * MINUTE,
	 NEVER_DOWN,
	 .wanted = {QUIET,
				{"a", "a", 0, 5 * MINUTE, 11 * MINUTE},
				{"a", "a", 0, 10 * MINUTE, 16 * MINUTE}}},
	{.name = "one of three models fails",
	 .models = {{.name = "a",
				 .end = NEVER,
				 .flat_from = 30 * MINUTE,
				 .reset_at = NEVER,
				 .rate = 7,
				 .errors = 0.01,
				 .slow = 0.01},
				{.name = "b",
				 .end = NEVER,
				 .flat_from = NEVER,
				 .reset_at = NEVER,
				 .rate = 3,
				 .errors = 0.06,
				 .slow = 0.01},
				{.name = "c",
				 .end = NEVER,
				 .flat_from = NEVER,
				 .reset_at = NEVER,
				 .rate = 11,
				 .errors = 0.01,
				 .slow = 0.06}},
	 .model_count = 3,
	 .until = 60 * MINUTE,
	 NEVER_DOWN,
	 .wanted = {{"a", "a", 0, 35 * MINUTE, 38 * MINUTE},
				{"b", "b", 0, 5 * MINUTE, 11 * MINUTE},
				{"c", "c", 0, 10 * MINUTE, 16 * MINUTE}}},
	/* Two are on fire when Prometheus goes away; a stops meanwhile, which is seen when Prometheus is back. */
	{.name = "Prometheus does not answer",
	 .models = {{.name = "a",
				 .end = NEVER,
				 .flat_from = 40 * MINUTE,
				 .reset_at = NEVER,
				 .rate = 7,
				 .errors = 0.01,
				 .slow = 0.01},
				{.name = "b",
				 .end = NEVER,
				 .flat_from = NEVER,
				 .reset_at = NEVER,
				 .rate = 3,
				 .errors = 0.06,
				 .slow = 0.01},
				{.name = "c",
				 .end = NEVER,
				 .flat_from = NEVER,
				 .reset_at = NEVER,
				 .rate = 11,
				 .errors = 0.01,
				 .slow = 0.06}},
	 .model_count = 3,
	 .until = 70 * MINUTE,
	 .down = 30 * MINUTE,
	 .up = 60 * MINUTE,
	 .wanted = {{"a", "a", 0, 62 * MINUTE, 63 * MINUTE},
				{"b", "b", 0, 5 * MINUTE, 11 * MINUTE},
				{"c", "c", 0, 10 * MINUTE, 16 * MINUTE}}},
};

/* "a", "ab", "-": as the table has it. */
static const char *models_text(const bool set[4], char out[5]) {
	size_t count = 0;
	for (size_t i = 0; i < 4; i++) {
		if (set[i]) {
			out[count++] = "abc-"[i];
		}
	}
	out[count] = '\0';
	return out;
}

static void check_outcome(const struct situation *s, size_t column, const struct outcome *o,
						  dur_ms phase) {
	char fired[5], firing[5];
	models_text(o->fired, fired);
	models_text(o->firing, firing);
	bool wrong_time = s->wanted[column].before > 0 && (o->first_fired < s->wanted[column].after ||
													   o->first_fired > s->wanted[column].before);
	if (strcmp(fired, s->wanted[column].fired) != 0 ||
		strcmp(firing, s->wanted[column].firing) != 0 ||
		o->resolved != s->wanted[column].resolved || wrong_time || o->changed_while_down) {
		fail_msg("%s, %s, phase %lld ms: fired '%s', firing '%s', resolved %zu, first %lld s%s",
				 s->name, rule_names[column], (long long)phase, fired, firing, o->resolved,
				 (long long)(o->first_fired / 1000),
				 o->changed_while_down ? ", changed while Prometheus was down" : "");
	}
}

struct cell {
	const struct situation *situation;
	size_t column;
};

static const dur_ms phases[] = {0, 1, 4970, 7500, 14999};

static void test_cell(void **state) {
	const struct cell *cell = *state;
	const struct situation *s = cell->situation;
	for (size_t p = 0; p < COUNT(phases); p++) {
		struct outcome outcomes[COLUMNS];
		struct world *w = fresh_world(p % 2 == 0 ? PQL_SERIES_LOOKED_UP : PQL_SERIES_STORED);
		for (size_t i = 0; i < s->model_count; i++) {
			add_model(w, &s->models[i], phases[p], s->until);
		}
		observe(w, s->from, s->until, s->down, s->up, outcomes);
		check_outcome(s, cell->column, &outcomes[cell->column], phases[p]);
		world_finish(w);
	}
}

/* The labels: those of the model while it is known, those of the selector else. */
static void test_labels(void **state) {
	(void)state;
	struct outcome outcomes[COLUMNS];
	struct model a = HEALTHY("a");
	a.end = 10 * MINUTE;
	struct world *w = fresh_world(PQL_SERIES_LOOKED_UP);
	add_model(w, &a, 0, 10 * MINUTE);
	observe(w, 0, 20 * MINUTE, NEVER, NEVER, outcomes);
	assert_string_equal(
		world_alerts(w, rule_names[ZERO]),
		"firing {alertname=\"PredictionRateZero\", model=\"a\", severity=\"critical\"} 0\n");
	struct labels texts = world_rule(w, rule_names[ZERO])->alerting.alerts[0]->annotations;
	struct str summary = labels_get(texts, STR("summary"));
	assert_true(str_starts_with(summary, STR("No predictions")));
	assert_true(str_find(summary, STR("model=a")) < summary.len);
	world_finish(w);
	w = fresh_world(PQL_SERIES_LOOKED_UP);
	observe(w, 0, 5 * MINUTE, NEVER, NEVER, outcomes);
	assert_string_equal(world_alerts(w, rule_names[ZERO]),
						"firing {alertname=\"PredictionRateZero\", severity=\"critical\"} 0\n");
	world_finish(w);
}

/* Exactly at the threshold nothing fires, a hair above it does. `per_scrape` predictions come every 15 s, in a pattern that
 * `shape` varies; of every hundred `bad` fail and as many are slow. */
static void run_exact(unsigned per_scrape, unsigned shape, unsigned bad, dur_ms phase,
					  bool wanted) {
	struct outcome outcomes[COLUMNS];
	struct model m = HEALTHY("a");
	struct world *w = fresh_world(PQL_SERIES_LOOKED_UP);
	double total = (double)shape * 100, errors = (double)shape * bad;
	for (ts_ms t = phase; t <= 25 * MINUTE; t += 15 * SECOND) {
		unsigned hundreds = shape == 0 ? per_scrape : (unsigned)(t / 15000 * 7919 % shape);
		if (shape == 3 && t / 15000 == 50) {
			total = errors = 0; /* restarted */
		}
		add_scrape(w, &m, begin + t, total, errors, errors, false);
		total += hundreds * 100.0;
		errors += hundreds * (double)bad;
	}
	observe(w, 0, 25 * MINUTE, NEVER, NEVER, outcomes);
	for (size_t c = RATIO; c <= P95; c++) {
		if (outcomes[c].fired[0] != wanted) {
			fail_msg("%s with %u00 predictions a scrape, pattern %u, phase %lld ms, %u %%: %s",
					 rule_names[c], per_scrape, shape, (long long)phase, bad,
					 wanted ? "did not fire" : "fired");
		}
	}
	assert_false(outcomes[ZERO].fired[0]);
	world_finish(w);
}

static void test_exactly_at_the_threshold(void **state) {
	(void)state;
	static const unsigned rates[] = {1, 3, 7, 13, 64, 99, 1000, 33333};
	static const unsigned shapes[] = {0, 3, 5, 11};
	for (size_t i = 0; i < COUNT(rates); i++) {
		run_exact(rates[i], 0, 5, phases[i % COUNT(phases)], false);
	}
	for (size_t i = 1; i < COUNT(shapes); i++) {
		for (dur_ms phase = 0; phase < 15 * SECOND; phase += 2741) {
			run_exact(1, shapes[i], 5, phase, false);
		}
	}
}

static void test_just_above_the_threshold(void **state) {
	(void)state;
	run_exact(7, 0, 6, 0, true);
	run_exact(1, 5, 6, 4970, true);
	run_exact(1, 11, 6, 14999, true);
}

/* `by` names the labels that tell alerts apart. */
static void test_by_is_a_parameter(void **state) {
	(void)state;
	static const struct preset_parameter values[] = {
		{.name = {"by", 2}, .value = {"job, instance", 13}}};
	const struct config_preset preset = {.name = {"generic", 7}, .values = values, .count = 1};
	struct world w;
	world_init_preset(&w, &preset, PQL_SERIES_LOOKED_UP);
	struct model a = HEALTHY("a"), b = HEALTHY("b");
	a.flat_from = b.flat_from = 10 * MINUTE;
	add_model(&w, &a, 0, 30 * MINUTE);
	add_model(&w, &b, 0, 30 * MINUTE);
	world_run(&w, begin, begin + 30 * MINUTE, 15 * SECOND);
	assert_string_equal(world_alerts(&w, rule_names[ZERO]),
						"firing {alertname=\"PredictionRateZero\", instance=\"10.0.0.1:8000\", "
						"job=\"models\", severity=\"critical\"} 0\n");
	world_finish(&w);
}

#define CELL_COUNT (COUNT(situations) * COLUMNS)

int main(void) {
	static struct cell cells[CELL_COUNT];
	static char names[CELL_COUNT][100];
	static struct CMUnitTest tests[CELL_COUNT + 4] = {
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_exactly_at_the_threshold),
		cmocka_unit_test(test_just_above_the_threshold),
		cmocka_unit_test(test_by_is_a_parameter),
	};
	for (size_t i = 0; i < CELL_COUNT; i++) {
		cells[i] = (struct cell){&situations[i / COLUMNS], i % COLUMNS};
		snprintf(names[i], sizeof(names[i]), "%s: %s", cells[i].situation->name,
				 rule_names[cells[i].column]);
		tests[4 + i] = (struct CMUnitTest){
			.name = names[i], .test_func = test_cell, .initial_state = &cells[i]};
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
