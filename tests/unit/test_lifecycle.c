/* The life of alerts as the alert-generator compliance suite of prometheus/compliance judges it, with invented time, for every
 * phase of the evaluations to the samples. Times are in seconds from the first sample; samples come every 15 s, evaluations
 * every 30 s. */
#include "tests/unit/world.h"

static const char rules[] =
	"groups:\n"
	"  - name: Long\n"
	"    interval: 30s\n"
	"    rules:\n"
	"      - alert: Long\n"
	"        expr: long > 10\n"
	"        for: 6m\n"
	"        labels: {foo: bar}\n"
	"        annotations: {summary: 'The value is {{ $value }} {{ .Value }}'}\n"
	"  - name: Short\n"
	"    interval: 30s\n"
	"    rules:\n"
	"      - alert: ZeroFor\n"
	"        expr: short > 10\n"
	"        annotations:\n"
	"          summary: '{{ range query \"ids\" | sortByLabel \"id\" }}{{ .Labels.id }}:{{ .Value "
	"}},{{ end }}'\n"
	"      - alert: SmallFor\n"
	"        expr: short > 13\n"
	"        for: 15s\n"
	"  - name: Order\n"
	"    interval: 30s\n"
	"    rules:\n"
	"      - alert: Rule1\n"
	"        expr: order > 10\n"
	"        for: 3m\n"
	"      - alert: Rule2\n"
	"        expr: >-\n"
	"          (ALERTS{alertname=\"Rule1\",alertstate=\"firing\",variant=\"one\"}\n"
	"          + ignoring(variant)\n"
	"          ALERTS{alertname=\"Rule1\",alertstate=\"firing\",variant=\"two\"}) == 2\n"
	"  - name: Never\n"
	"    interval: 30s\n"
	"    rules:\n"
	"      - alert: Pending\n"
	"        expr: never > 10\n"
	"        for: 3m\n"
	"      - alert: Inactive\n"
	"        expr: never > 99\n"
	"        for: 3m\n";

#define END 3600 /* s: the whole run */

/* A series: its values from certain times on; the last one says where it ends. */
static const struct {
	const char *labels;
	struct {
		int from;
		double value;
	} steps[8];
	int end;
} series[] = {
	{"long", {{0, 9}, {120, 11}, {315, 15}, {795, 19}, {1035, 9}, {1335, 15}, {2010, 8}}, 2235},
	{"short", {{0, 9}, {120, 15}, {315, 9}, {1395, 11}, {1590, 9}}, 1905},
	{"ids{id=\"101\"}", {{0, 1}, {420, 2}}, 1905},
	{"ids{id=\"102\"}", {{0, 2}, {420, 4}}, 1905},
	{"order{variant=\"one\"}", {{0, 9}, {120, 11}, {1095, 9}}, 1410},
	{"order{variant=\"two\"}", {{0, 9}, {480, 11}, {975, 9}}, 1410},
	{"never", {{0, 9}, {120, 11}, {285, 9}}, 285},
};

/* What a poll at a time in (from, to] may see of an alert. Windows overlap where either is right. */
static const struct {
	const char *alert, *variant;
	enum alert_state state;
	double value;
	int from, to;
} allowed[] = {
	{"Long", NULL, ALERT_INACTIVE, 0, -1, 160},
	{"Long", NULL, ALERT_INACTIVE, 0, 1034, 1375},
	{"Long", NULL, ALERT_INACTIVE, 0, 2010, 3610},
	{"Long", NULL, ALERT_PENDING, 11, 119, 355},
	{"Long", NULL, ALERT_PENDING, 15, 314, 520},
	{"Long", NULL, ALERT_FIRING, 15, 479, 835},
	{"Long", NULL, ALERT_FIRING, 19, 794, 1075},
	{"Long", NULL, ALERT_PENDING, 15, 1334, 1735},
	{"Long", NULL, ALERT_FIRING, 15, 1694, 2050},
	{"ZeroFor", NULL, ALERT_INACTIVE, 0, -1, 160},
	{"ZeroFor", NULL, ALERT_INACTIVE, 0, 314, 1435},
	{"ZeroFor", NULL, ALERT_INACTIVE, 0, 1590, 3610},
	{"ZeroFor", NULL, ALERT_FIRING, 15, 119, 355},
	{"ZeroFor", NULL, ALERT_FIRING, 11, 1394, 1630},
	{"SmallFor", NULL, ALERT_INACTIVE, 0, -1, 160},
	{"SmallFor", NULL, ALERT_INACTIVE, 0, 314, 3610},
	{"SmallFor", NULL, ALERT_PENDING, 15, 119, 190},
	{"SmallFor", NULL, ALERT_FIRING, 15, 150, 355},
	{"Rule1", "one", ALERT_INACTIVE, 0, -1, 160},
	{"Rule1", "one", ALERT_INACTIVE, 0, 1095, 3610},
	{"Rule1", "one", ALERT_PENDING, 11, 119, 340},
	{"Rule1", "one", ALERT_FIRING, 11, 299, 1135},
	{"Rule1", "two", ALERT_INACTIVE, 0, -1, 520},
	{"Rule1", "two", ALERT_INACTIVE, 0, 975, 3610},
	{"Rule1", "two", ALERT_PENDING, 11, 479, 700},
	{"Rule1", "two", ALERT_FIRING, 11, 659, 1015},
	{"Rule2", NULL, ALERT_INACTIVE, 0, -1, 700},
	{"Rule2", NULL, ALERT_INACTIVE, 0, 975, 3610},
	{"Rule2", NULL, ALERT_FIRING, 2, 659, 1015},
	{"Pending", NULL, ALERT_INACTIVE, 0, -1, 160},
	{"Pending", NULL, ALERT_INACTIVE, 0, 285, 3610},
	{"Pending", NULL, ALERT_PENDING, 11, 119, 325},
	{"Inactive", NULL, ALERT_INACTIVE, 0, -1, 3610},
};

/* One firing of an alert: when it may first fire, when it is over, when the next one begins (or the run ends). */
static const struct episode {
	const char *alert, *variant;
	int fires, over, next;
	const char *text, *late_text; /* annotation at first; that of the resolved posts */
} episodes[] = {
	{"Long", NULL, 480, 1035, 1335, "The value is 15 15", "The value is 19 19"},
	{"Long", NULL, 1695, 2010, END, "The value is 15 15", "The value is 15 15"},
	{"ZeroFor", NULL, 120, 315, 1395, "101:1,102:2,", "101:1,102:2,"},
	{"ZeroFor", NULL, 1395, 1590, END, "101:2,102:4,", "101:2,102:4,"},
	{"SmallFor", NULL, 150, 315, END, "", ""}, /* the second evaluation */
	{"Rule1", "one", 300, 1095, END, "", ""},
	{"Rule1", "two", 660, 975, END, "", ""},
	{"Rule2", NULL, 660, 975, END, "", ""},
};

/* A post to Alertmanager: ms since the first sample. */
struct post {
	struct str alert, variant, text;
	ts_ms at, starts_at, ends_at;
	bool resolved;
};

struct run {
	struct world world;
	ts_ms begin; /* of the samples */
	dur_ms phase;
	struct post posts[600];
	size_t count;
};

static void add_all_series(struct run *r) {
	struct labels labels;
	struct str rest;
	const char *error;
	for (size_t i = 0; i < COUNT(series); i++) {
		assert_true(pql_notation_parse_labels(str_from(series[i].labels), &r->world.arena, &labels,
											  &rest, &error));
		size_t step = 0;
		for (int t = 0; t <= series[i].end; t += 15) {
			while (step + 1 < COUNT(series[i].steps) && series[i].steps[step + 1].from > 0 &&
				   series[i].steps[step + 1].from <= t) {
				step++;
			}
			pql_store_add(r->world.store, labels, r->begin + t * 1000, series[i].steps[step].value);
		}
	}
}

static void note_posts(const struct group_state *group, const struct evaluation_result *result,
					   ts_ms ts, void *data) {
	struct run *r = data;
	(void)group;
	for (size_t i = 0; i < result->notices.count; i++) {
		const struct notice *n = &result->notices.items[i];
		assert_true(r->count < COUNT(r->posts));
		r->posts[r->count++] = (struct post){
			.alert = arena_dup(&r->world.arena, labels_get(n->labels, LABEL_ALERTNAME)),
			.variant = arena_dup(&r->world.arena, labels_get(n->labels, STR("variant"))),
			.text = arena_dup(&r->world.arena, labels_get(n->annotations, STR("summary"))),
			.at = ts - r->begin,
			.starts_at = n->starts_at - r->begin,
			.ends_at = n->ends_at - r->begin,
			.resolved = n->resolved};
	}
}

static const struct alert *find_active(const struct run *r, const char *name, const char *variant) {
	const struct alerting *a = &world_rule(&r->world, name)->alerting;
	for (size_t i = 0; i < a->count; i++) {
		struct str v = labels_get(a->alerts[i]->labels, STR("variant"));
		if (alert_is_active(a->alerts[i]) &&
			str_equal(v, variant == NULL ? STR_EMPTY : str_from(variant))) {
			return a->alerts[i];
		}
	}
	return NULL;
}

/* A poll at `at` ms sees the alert as it is now. */
static bool is_allowed(const char *name, const char *variant, enum alert_state state, double value,
					   ts_ms at) {
	for (size_t i = 0; i < COUNT(allowed); i++) {
		bool same_variant = (variant == NULL) == (allowed[i].variant == NULL) &&
							(variant == NULL || strcmp(variant, allowed[i].variant) == 0);
		if (strcmp(allowed[i].alert, name) == 0 && same_variant && allowed[i].state == state &&
			(state == ALERT_INACTIVE || allowed[i].value == value) &&
			at > (ts_ms)allowed[i].from * 1000 && at <= (ts_ms)allowed[i].to * 1000) {
			return true;
		}
	}
	return false;
}

static void check_states(const struct run *r, ts_ms at) {
	static const struct {
		const char *name, *variant;
	} alerts[] = {{"Long", NULL},   {"ZeroFor", NULL}, {"SmallFor", NULL}, {"Rule1", "one"},
				  {"Rule1", "two"}, {"Rule2", NULL},   {"Pending", NULL},  {"Inactive", NULL}};
	for (size_t i = 0; i < COUNT(alerts); i++) {
		const struct alert *a = find_active(r, alerts[i].name, alerts[i].variant);
		enum alert_state state = a == NULL ? ALERT_INACTIVE : a->state;
		double value = a == NULL ? 0 : a->value;
		if (!is_allowed(alerts[i].name, alerts[i].variant, state, value, at) ||
			!is_allowed(alerts[i].name, alerts[i].variant, state, value,
						at + 29999 < END * 1000 ? at + 29999 : at)) {
			fail_msg("phase %lld: %s is %s with value %g at %lld ms", (long long)r->phase,
					 alerts[i].name, alert_state_name[state], value, (long long)at);
		}
	}
	/* Rule2 sees Rule1 in the same evaluation. */
	const struct alert *two = find_active(r, "Rule1", "two");
	assert_int_equal(two != NULL && two->state == ALERT_FIRING,
					 find_active(r, "Rule2", NULL) != NULL);
}

static void check_post(const struct run *r, const struct episode *e, const struct post *p,
					   bool first) {
	ts_ms fires = e->fires * 1000, over = e->over * 1000;
	bool ok = p->starts_at > fires && p->starts_at < fires + 30000;
	if (p->resolved) {
		ok = ok && p->at > over && p->at <= over + 930000 && p->at < (ts_ms)e->next * 1000 + 40000;
		ok = ok && p->ends_at > over - 10000 && p->ends_at < over + 30000;
		ok = ok && str_equal(p->text, str_from(e->late_text));
	} else {
		ok = ok && p->at > fires && p->at < over + 40000;
		ok = ok && p->ends_at > p->at + 230000 && p->ends_at < p->at + 270000;
		ok = ok && (!first || str_equal(p->text, str_from(e->text)));
	}
	if (!ok) {
		fail_msg("phase %lld: %s at %lld ms, startsAt %lld, endsAt %lld, '%.*s'",
				 (long long)r->phase, e->alert, (long long)p->at, (long long)p->starts_at,
				 (long long)p->ends_at, STR_FMT(p->text));
	}
}

/* Posts of the episode come in time, at least every 95 s and at most every 55 s, to its end and 15 minutes beyond. */
static size_t check_episode(const struct run *r, const struct episode *e) {
	struct str variant = e->variant == NULL ? STR_EMPTY : str_from(e->variant);
	const struct post *last = NULL;
	size_t count = 0;
	for (size_t i = 0; i < r->count; i++) {
		const struct post *p = &r->posts[i];
		if (!str_equal(p->alert, str_from(e->alert)) || !str_equal(p->variant, variant) ||
			p->starts_at < e->fires * 1000 || p->starts_at >= e->fires * 1000 + 30000) {
			continue;
		}
		bool turned = last != NULL && p->resolved != last->resolved;
		check_post(r, e, p, last == NULL);
		if (last == NULL) {
			assert_true(!p->resolved && p->at < e->fires * 1000 + 40000);
		} else if (turned) {
			assert_true(p->resolved && p->at < e->over * 1000 + 70000);
		} else {
			assert_in_range(p->at - last->at, 55000, 95000);
		}
		last = p;
		count++;
	}
	assert_non_null(last);
	assert_true(last->resolved);
	int until = e->over + 900 < e->next ? e->over + 900 : e->next;
	assert_true(last->at > (ts_ms)(until - 95) * 1000);
	return count;
}

static void run_phase(dur_ms phase) {
	static struct run r;
	r = (struct run){.phase = phase, .begin = 1700000010000 - phase};
	world_init(&r.world, rules, PQL_SERIES_LOOKED_UP);
	add_all_series(&r);
	for (ts_ms t = 1700000010000; t < r.begin + END * 1000; t += 30000) {
		simulation_step(r.world.simulation, t, note_posts, &r);
		check_states(&r, t - r.begin);
	}
	size_t seen = 0;
	for (size_t i = 0; i < COUNT(episodes); i++) {
		seen += check_episode(&r, &episodes[i]);
	}
	assert_int_equal(seen, r.count); /* nothing besides */
	world_finish(&r.world);
}

static void test_every_phase(void **state) {
	(void)state;
	for (dur_ms phase = 130; phase < 30000; phase += 130) {
		run_phase(phase);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_phase),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
