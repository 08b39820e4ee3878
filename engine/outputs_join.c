/* Own outputs as a selector sees them, together with what the data source gave. */
#include <string.h>

#include "base/hash.h"
#include "engine/outputs_private.h"

struct join {
	const struct pql_need *need;
	dur_ms lookback;
	enum pql_series_form form;
	struct arena *arena;
	struct output_series **own; /* that match */
	size_t own_count, own_capacity;
	struct hmap fetched; /* those series that have one of ours beside them */
	const char *failure; /* NULL: all well so far */
};

static void collect_metric(struct join *j, const struct output_metric *m) {
	const struct pql_selector *selector = j->need->selector;
	struct output_series *s;
	size_t iterator = 0;
	bool match;
	while ((s = hmap_next(&m->series, &iterator)) != NULL) {
		if (!matchers_match(selector->matchers, selector->matcher_count, s->labels, j->arena,
							&match, &j->failure)) {
			return;
		}
		if (match) {
			j->own = arena_grow(j->arena, j->own, j->own_count, &j->own_capacity, sizeof(*j->own));
			j->own[j->own_count++] = s;
		}
	}
}

static void collect(struct join *j, const struct outputs *o) {
	const struct pql_selector *selector = j->need->selector;
	const struct output_metric *m;
	for (size_t i = 0; i < selector->matcher_count; i++) {
		const struct matcher *matcher = &selector->matchers[i];
		if (matcher->op == MATCH_EQUAL && str_equal(matcher->name, LABEL_NAME)) {
			m = hmap_find(&o->metrics, hash_str(matcher->value), output_metric_has_name,
						  &matcher->value);
			if (m != NULL) {
				collect_metric(j, m);
			}
			return;
		}
	}
	size_t iterator = 0;
	while (j->failure == NULL && (m = hmap_next(&o->metrics, &iterator)) != NULL) {
		collect_metric(j, m);
	}
}

struct samples {
	ts_ms *times;
	double *values;
	struct pql_histogram **histograms; /* NULL: neither of the two has any */
	size_t count;
};

static struct samples samples_of(struct arena *a, size_t capacity, bool histograms) {
	return (struct samples){
		.times = ARENA_ARRAY(a, ts_ms, capacity),
		.values = ARENA_ARRAY(a, double, capacity),
		.histograms = histograms ? ARENA_ARRAY(a, struct pql_histogram *, capacity) : NULL};
}

static void add_sample(struct samples *s, ts_ms t, double v) {
	s->times[s->count] = t;
	s->values[s->count++] = v;
}

static void add_own(struct samples *s, const struct output_series *own, size_t i) {
	if (own->histograms != NULL) {
		s->histograms[s->count] = own->histograms[i];
	}
	add_sample(s, own->times[i], own->values[i]);
}

static void add_fetched(struct samples *s, const struct pql_series *fetched, size_t i) {
	if (fetched->histograms != NULL) {
		s->histograms[s->count] = fetched->histograms[i];
	}
	add_sample(s, fetched->times[i], fetched->values[i]);
}

/* Both are in one memory: of two samples at one time the one that was there first counts, and that is the one that no rule made. */
static void merge(struct samples *out, const struct output_series *s, size_t first, ts_ms end,
				  const struct pql_series *fetched) {
	size_t i = 0, count = fetched == NULL ? 0 : fetched->count;
	for (size_t k = first; k < s->count && s->times[k] <= end; k++) {
		for (; i < count && fetched->times[i] < s->times[k]; i++) {
			add_fetched(out, fetched, i);
		}
		if (i == count || fetched->times[i] != s->times[k]) {
			add_own(out, s, k);
		}
	}
	for (; i < count; i++) {
		add_fetched(out, fetched, i);
	}
}

/* Samples with start < t <= end; *ret_seen when there was any, a staleness marker too. */
static struct samples cut_window(const struct join *j, const struct output_series *s,
								 const struct pql_series *fetched, ts_ms start, ts_ms end,
								 bool *ret_seen) {
	size_t before = fetched == NULL ? 0 : fetched->count;
	size_t first = pql_times_after(s->times, s->count, start);
	size_t last = pql_times_after(s->times, s->count, end);
	bool histograms = s->histograms != NULL || (fetched != NULL && fetched->histograms != NULL);
	struct samples out =
		samples_of(j->arena, (last > first ? last - first : 0) + before, histograms);
	*ret_seen = first < s->count && s->times[first] <= end;
	if (j->form == PQL_SERIES_STORED) {
		merge(&out, s, first, end, fetched);
		return out;
	}
	/* What the data source remembers from before our own memory begins. */
	for (size_t i = 0; i < before && (s->count == 0 || fetched->times[i] < s->times[0]); i++) {
		add_fetched(&out, fetched, i);
	}
	for (size_t i = first; i < s->count && s->times[i] <= end; i++) {
		if (!pql_is_stale_nan(s->values[i])) {
			add_own(&out, s, i);
		}
	}
	return out;
}

/* One sample for each point of the grid, as the query API would answer. */
static struct samples look_up(const struct join *j, const struct output_series *s, bool *ret_seen) {
	struct pql_grid grid = j->need->grid;
	size_t steps = pql_grid_count(grid);
	size_t at = pql_times_after(s->times, s->count, grid.start);
	bool timestamp = j->need->kind == PQL_NEED_TIMESTAMP;
	struct samples out = samples_of(j->arena, steps, s->histograms != NULL && !timestamp);
	*ret_seen = false;
	for (size_t step = 0; step < steps; step++) {
		ts_ms t = grid.start + (ts_ms)step * grid.step;
		while (at < s->count && s->times[at] <= t) {
			at++;
		}
		if (at == 0 || s->times[at - 1] <= t - j->lookback) {
			continue;
		}
		*ret_seen = true;
		double v = s->values[at - 1];
		if (!pql_is_stale_nan(v)) {
			if (out.histograms != NULL) {
				out.histograms[out.count] = s->histograms[at - 1];
			}
			add_sample(&out, t, timestamp ? (double)s->times[at - 1] / 1000 : v);
		}
	}
	return out;
}

static struct samples samples_for(const struct join *j, const struct output_series *s,
								  const struct pql_series *fetched, bool *ret_seen) {
	const struct pql_need *need = j->need;
	if (need->kind == PQL_NEED_RANGE) {
		return cut_window(j, s, fetched, need->start, need->end, ret_seen);
	}
	if (j->form == PQL_SERIES_STORED) {
		return cut_window(j, s, fetched, need->grid.start - j->lookback, need->grid.end, ret_seen);
	}
	return look_up(j, s, ret_seen);
}

static bool series_has_labels(const void *value, const void *key) {
	return labels_equal(((const struct pql_series *)value)->labels, *(const struct labels *)key);
}

/* timestamp(x) has no metric name, and the answer to it has none either. */
static struct labels visible_labels(const struct join *j, struct labels labels) {
	if (j->need->kind != PQL_NEED_TIMESTAMP || j->form == PQL_SERIES_STORED) {
		return labels;
	}
	struct labels_builder b;
	labels_builder_init_from(&b, j->arena, labels);
	labels_builder_remove(&b, LABEL_NAME);
	return labels_builder_take(&b);
}

static void join(struct join *j, struct pql_series_set fetched, struct pql_series_set *ret_set) {
	struct pql_series *items =
		ARENA_ARRAY(j->arena, struct pql_series, j->own_count + fetched.count);
	size_t count = fetched.count;
	hmap_init(&j->fetched, j->arena);
	for (size_t i = 0; i < fetched.count; i++) {
		items[i] = fetched.items[i];
		hmap_add(&j->fetched, labels_hash(items[i].labels), &items[i]);
	}
	for (size_t i = 0; i < j->own_count; i++) {
		struct labels labels = visible_labels(j, j->own[i]->labels);
		struct pql_series *beside =
			hmap_find(&j->fetched, labels_hash(labels), series_has_labels, &labels);
		bool seen;
		struct samples s = samples_for(j, j->own[i], beside, &seen);
		if (!seen) {
			continue;
		}
		struct pql_series *place = beside != NULL ? beside : &items[count++];
		*place = (struct pql_series){.labels = labels,
									 .times = s.times,
									 .values = s.values,
									 .histograms = s.histograms,
									 .count = s.count};
	}
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (items[i].count > 0) {
			items[kept++] = items[i];
		}
	}
	*ret_set = (struct pql_series_set){.form = fetched.form, .items = items, .count = kept};
}

const char *outputs_join(const struct outputs *o, const struct pql_need *need, dur_ms lookback,
						 struct pql_series_set fetched, struct arena *a,
						 struct pql_series_set *ret_set) {
	struct join j = {.need = need, .lookback = lookback, .form = fetched.form, .arena = a};
	collect(&j, o);
	if (j.own_count == 0) {
		*ret_set = fetched;
	} else {
		join(&j, fetched, ret_set);
	}
	return j.failure;
}
