/* From the notation to the store. */
#include "engine/rule-tests/rule_test_private.h"

#include <inttypes.h>

#include "promql-lite/histogram_math.h"

/* One series being laid out. */
struct layout {
	struct rule_test_run *run;
	const struct test_series *series;
	struct arena *arena; /* of the arrays */
	ts_ms *times;
	double *values;
	struct pql_histogram **histograms; /* NULL: none so far */
	size_t count, room;
	struct pql_histogram *before; /* the sample before, if it was one */
};

static void add_point(struct layout *l, ts_ms t, const struct pql_point *point) {
	bool is_histogram = point->kind == PQL_POINT_HISTOGRAM;
	if (is_histogram && l->histograms == NULL) {
		l->histograms = ARENA_ARRAY(l->arena, struct pql_histogram *, l->room);
	}
	l->times[l->count] = t;
	l->values[l->count] = is_histogram ? 0 : point->value;
	l->before =
		is_histogram ? pql_histogram_as_stored(point->histogram, l->before, l->run->arena) : NULL;
	if (l->histograms != NULL) {
		l->histograms[l->count] = l->before;
	}
	l->count++;
}

static bool lay_out(struct layout *l, const char **ret_error) {
	const struct pql_sequence *s = &l->series->sequence;
	struct rule_test_run *run = l->run;
	dur_ms interval = run->group->interval;
	struct pql_point_cursor c = {0};
	*ret_error = NULL;
	l->times = ARENA_ARRAY(l->arena, ts_ms, l->room);
	l->values = ARENA_ARRAY(l->arena, double, l->room);
	for (size_t i = 0; i < l->room; i++) {
		if (!pql_point_cursor_next(&c, s, run->arena, ret_error)) {
			break;
		}
		if (c.point.kind != PQL_POINT_NONE) {
			add_point(l, run->start + (ts_ms)i * interval, &c.point);
		}
	}
	return *ret_error == NULL;
}

/* What comes after the end is never looked at. */
static size_t points_until_end(const struct rule_test_run *run, const struct test_series *series) {
	uint64_t most = (uint64_t)(run->end / run->group->interval) + 1;
	size_t count = series->sequence.point_count;
	return count < most ? count : (size_t)most;
}

static bool judge_samples(struct rule_test_run *run, const char **ret_error) {
	size_t total = 0;
	for (size_t i = 0; i < run->group->series_count; i++) {
		total += points_until_end(run, &run->group->series[i]);
	}
	if (total > RULE_TEST_MAX_SAMPLES) {
		*ret_error = arena_printf(
			run->arena, "%zu samples in the input series: more than %u are not taken (limit)",
			total, RULE_TEST_MAX_SAMPLES);
	}
	return total <= RULE_TEST_MAX_SAMPLES;
}

bool rule_test_load(struct rule_test_run *run, struct pql_store *store, const char **ret_error) {
	struct arena scratch;
	bool good = judge_samples(run, ret_error);
	arena_init(&scratch);
	for (size_t i = 0; i < run->group->series_count && good; i++) {
		const struct test_series *series = &run->group->series[i];
		struct layout l = {
			.run = run, .series = series, .arena = &scratch, .room = points_until_end(run, series)};
		good = lay_out(&l, ret_error);
		if (good) {
			pql_store_set_series(store, &(struct pql_series){.labels = series->sequence.labels,
															 .times = l.times,
															 .values = l.values,
															 .histograms = l.histograms,
															 .count = l.count});
		}
		arena_reset(&scratch);
	}
	arena_finish(&scratch);
	return good;
}
