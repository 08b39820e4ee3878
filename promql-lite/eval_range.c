/* Range vectors: opening one, and a range vector as the final result. */
#include "promql-lite/eval_private.h"

bool range_open(struct pql_frame *f, const struct pql_node *n, struct range_source *ret) {
	const struct pql_series_set *set;
	const struct pql_node *selector;

	n = eval_unwrap(n);
	if (n->kind == PQL_SUBQUERY) {
		return subquery_open(f, n, ret);
	}
	selector = n->range.selector;
	set = &f->run->sets[selector->selector.index];
	*ret = (struct range_source){
		.series = set->items,
		.count = set->count,
		.marked = set->form == PQL_SERIES_STORED,
		.mode = selector->selector.mode,
		.node = n,
	};
	return data_time_init(f, &selector->selector.shift, &ret->time) &&
		   eval_stretch(f, &n->range.range, false, &ret->range);
}

/* The samples of one series with start < t <= end, markers left out. `histograms` is NULL if it has none. */
static size_t slice_series(const struct pql_series *s, ts_ms start, ts_ms end, ts_ms *times,
						   double *values, struct pql_histogram **histograms) {
	size_t count = 0;

	for (size_t i = 0; i < s->count && s->times[i] <= end; i++) {
		if (s->times[i] > start && series_has_sample(s, i)) {
			if (histograms != NULL) {
				histograms[count] = s->histograms[i];
			}
			times[count] = s->times[i];
			values[count++] = s->values[i];
		}
	}
	return count;
}

static bool refuse_histograms(struct pql_frame *f, const struct pql_node *n, bool smoothed,
							  struct pql_histogram *const *histograms, size_t count) {
	for (size_t i = 0; histograms != NULL && i < count; i++) {
		if (histograms[i] != NULL) {
			return eval_fail(f->run, n->span, "%s modifier is not supported with histograms",
							 smoothed ? "smoothed" : "anchored");
		}
	}
	return true;
}

/* anchored and smoothed give the window a sample at each of its ends. In place: what is before the window becomes its left end.
 * `times` and `values` have room for one more at the end. As Prometheus' extendFloats. */
static size_t extend_slice(bool smoothed, ts_ms start, ts_ms end, ts_ms *times, double *values,
						   size_t count) {
	size_t first = 0, last = count - 1, kept = 0;
	double left, right;

	while (first + 1 < count && times[first + 1] <= start) {
		first++;
	}
	while (smoothed && last > 0 && times[last - 1] >= end) {
		last--;
	}
	if (times[last] <= start) {
		return 0;
	}
	left = smoothed && times[first] < start
			   ? line_at(times[first], values[first], times[first + 1], values[first + 1], start)
			   : values[first];
	right = smoothed && last > 0 && times[last] > end
				? line_at(times[last - 1], values[last - 1], times[last], values[last], end)
				: values[last];
	ts_ms *all_times = times + 1;
	double *all_values = values + 1;

	memmove(all_times, times, count * sizeof(*times));
	memmove(all_values, values, count * sizeof(*values));
	times[kept] = start;
	values[kept++] = left;
	for (size_t i = first; i <= last; i++) {
		if (all_times[i] > start && all_times[i] < end) {
			times[kept] = all_times[i];
			values[kept++] = all_values[i];
		}
	}
	times[kept] = end;
	values[kept++] = right;
	return kept;
}

/* What the window of an instant has of one series. false: an error. */
static bool slice_window(struct pql_frame *f, const struct range_source *source,
						 const struct pql_series *s, struct pql_series *ret) {
	struct arena *a = f->run->arena;
	bool extended = source->mode != PQL_MODE_PLAIN, smoothed = source->mode == PQL_MODE_SMOOTHED;
	dur_ms lookback = f->run->options.time.lookback;
	ts_ms end = data_time_of(&source->time, f->grid.start);
	ts_ms start = pql_time_minus(end, source->range);
	ts_ms *times = ARENA_ARRAY(a, ts_ms, s->count + 2);
	double *values = ARENA_ARRAY(a, double, s->count + 2);
	struct pql_histogram **histograms =
		s->histograms == NULL ? NULL : ARENA_ARRAY(a, struct pql_histogram *, s->count);
	size_t count =
		slice_series(s, extended ? pql_time_minus(start, lookback) : start,
					 smoothed ? pql_time_minus(end, -lookback) : end, times, values, histograms);

	if (extended && !refuse_histograms(f, source->node, smoothed, histograms, count)) {
		return false;
	}
	if (extended && count > 0) {
		count = extend_slice(smoothed, start, end, times, values, count);
	}
	*ret = (struct pql_series){.labels = s->labels,
							   .times = times,
							   .values = values,
							   .histograms = extended ? NULL : histograms,
							   .count = count};
	return true;
}

bool eval_matrix(struct pql_frame *f, const struct pql_node *n, struct pql_value *ret) {
	struct arena *a = f->run->arena;
	bool delayed = f->run->options.delayed_name_removal;
	struct range_source source;
	struct pql_series *items;
	size_t count = 0;

	if (!range_open(f, n, &source)) {
		return false;
	}
	items = ARENA_ARRAY(a, struct pql_series, source.count + 1);
	for (size_t i = 0; i < source.count; i++) {
		struct pql_series *item = &items[count];

		if (!slice_window(f, &source, &source.series[i], item)) {
			return false;
		}
		if (delayed && source.drop_name != NULL && source.drop_name[i]) {
			item->labels = labels_drop_metadata(a, item->labels);
		}
		count += item->count > 0;
	}
	ret->matrix =
		(struct pql_series_set){.form = PQL_SERIES_STORED, .items = items, .count = count};
	return true;
}
