#include "promql-lite/store.h"

#include <string.h>

#include "base/bug.h"
#include "base/hash.h"
#include "base/hmap.h"
#include "base/mem.h"

struct stored {
	struct labels labels; /* one heap block */
	ts_ms *times;         /* rising */
	double *values;
	struct pql_histogram **histograms; /* NULL: floats only; what it points to is borrowed */
	size_t count, time_capacity, value_capacity, histogram_capacity;
};

/* In the order of their first sample. */
struct stored_list {
	struct stored **items;
	size_t count, capacity;
};

/* Series of one name: what most selectors ask for. */
struct stored_metric {
	struct str name; /* of the first one's labels */
	struct stored_list list;
};

struct pql_store {
	struct stored_list all;
	struct hmap by_labels;
	struct hmap metrics; /* by name */
	size_t samples;
};

struct pql_store *pql_store_create(void) {
	struct pql_store *s = mem_calloc(1, sizeof(*s));

	hmap_init(&s->by_labels, NULL);
	hmap_init(&s->metrics, NULL);
	return s;
}

static void free_samples(struct stored *item) {
	free(item->times);
	free(item->values);
	free(item->histograms);
}

void pql_store_clear(struct pql_store *s) {
	size_t iterator = 0;
	struct stored_metric *metric;

	for (size_t i = 0; i < s->all.count; i++) {
		free((void *)s->all.items[i]->labels.items);
		free_samples(s->all.items[i]);
		free(s->all.items[i]);
	}
	while ((metric = hmap_next(&s->metrics, &iterator)) != NULL) {
		free(metric->list.items);
		free(metric);
	}
	s->all.count = 0;
	s->samples = 0;
	hmap_clear(&s->by_labels);
	hmap_clear(&s->metrics);
}

void pql_store_destroy(struct pql_store *s) {
	if (s == NULL) {
		return;
	}
	pql_store_clear(s);
	hmap_finish(&s->by_labels);
	hmap_finish(&s->metrics);
	free(s->all.items);
	free(s);
}

static bool has_labels(const void *value, const void *key) {
	const struct stored *item = value;
	const struct labels *labels = key;

	return labels_equal(item->labels, *labels);
}

static bool has_name(const void *value, const void *key) {
	return str_equal(((const struct stored_metric *)value)->name, *(const struct str *)key);
}

static void list_add(struct stored_list *list, struct stored *item) {
	list->items = mem_grow(list->items, list->count, &list->capacity, sizeof(struct stored *));
	list->items[list->count++] = item;
}

static void add_to_metric(struct pql_store *s, struct stored *item) {
	struct str name = labels_get(item->labels, LABEL_NAME);
	uint64_t hash = hash_str(name);
	struct stored_metric *metric = hmap_find(&s->metrics, hash, has_name, &name);

	if (metric == NULL) {
		metric = mem_calloc(1, sizeof(*metric));
		metric->name = name;
		hmap_add(&s->metrics, hash, metric);
	}
	list_add(&metric->list, item);
}

static struct stored *find_or_add(struct pql_store *s, struct labels labels) {
	uint64_t hash = labels_hash(labels);
	struct stored *item = hmap_find(&s->by_labels, hash, has_labels, &labels);

	if (item == NULL) {
		item = mem_calloc(1, sizeof(*item));
		item->labels = labels_dup_heap(labels);
		list_add(&s->all, item);
		add_to_metric(s, item);
		hmap_add(&s->by_labels, hash, item);
	}
	return item;
}

/* As long as a series has no histograms it has no array of them. */
static void make_room(struct stored *item, size_t at, bool histogram) {
	size_t after = item->count - at;

	if (item->histograms == NULL && histogram) {
		item->histograms = mem_calloc(item->count + 1, sizeof(*item->histograms));
		item->histogram_capacity = item->count + 1;
	}
	item->times = mem_grow(item->times, item->count, &item->time_capacity, sizeof(ts_ms));
	item->values = mem_grow(item->values, item->count, &item->value_capacity, sizeof(double));
	memmove(item->times + at + 1, item->times + at, after * sizeof(ts_ms));
	memmove(item->values + at + 1, item->values + at, after * sizeof(double));
	if (item->histograms != NULL) {
		item->histograms = mem_grow(item->histograms, item->count, &item->histogram_capacity,
									sizeof(*item->histograms));
		memmove(item->histograms + at + 1, item->histograms + at,
				after * sizeof(*item->histograms));
	}
}

static void add_sample(struct pql_store *s, struct labels labels, ts_ms t, double v,
					   struct pql_histogram *h) {
	struct stored *item = find_or_add(s, labels);
	size_t at = item->count == 0 || item->times[item->count - 1] < t
					? item->count
					: pql_times_after(item->times, item->count, t);

	if (at > 0 && item->times[at - 1] == t && (h == NULL || item->histograms != NULL)) {
		at--;
	} else {
		make_room(item, at, h != NULL);
		item->count++;
		s->samples++;
	}
	item->times[at] = t;
	item->values[at] = v;
	if (item->histograms != NULL) {
		item->histograms[at] = h;
	}
}

void pql_store_add(struct pql_store *s, struct labels labels, ts_ms t, double v) {
	add_sample(s, labels, t, v, NULL);
}

void pql_store_add_histogram(struct pql_store *s, struct labels labels, ts_ms t,
							 struct pql_histogram *h) {
	add_sample(s, labels, t, 0, h);
}

static void *dup_array(const void *from, size_t count, size_t size) {
	void *copy = mem_calloc(count > 0 ? count : 1, size);

	if (count > 0) {
		memcpy(copy, from, count * size);
	}
	return copy;
}

void pql_store_set_series(struct pql_store *s, const struct pql_series *series) {
	struct stored *item = find_or_add(s, series->labels);
	size_t count = series->count;

	s->samples -= item->count;
	free_samples(item);
	item->times = dup_array(series->times, count, sizeof(*item->times));
	item->values = dup_array(series->values, count, sizeof(*item->values));
	item->histograms = series->histograms == NULL
						   ? NULL
						   : dup_array(series->histograms, count, sizeof(*item->histograms));
	item->count = item->time_capacity = item->value_capacity = item->histogram_capacity = count;
	s->samples += count;
}

bool pql_store_has_metric(const struct pql_store *s, struct str name) {
	return hmap_find(&s->metrics, hash_str(name), has_name, &name) != NULL;
}

bool pql_store_find(const struct pql_store *s, struct labels labels,
					struct pql_series *ret_series) {
	const struct stored *item = hmap_find(&s->by_labels, labels_hash(labels), has_labels, &labels);

	if (item != NULL) {
		*ret_series = (struct pql_series){.labels = item->labels,
										  .times = item->times,
										  .values = item->values,
										  .histograms = item->histograms,
										  .count = item->count};
	}
	return item != NULL;
}

size_t pql_store_samples(const struct pql_store *s) {
	return s->samples;
}

/* Those among which the selector's series are. */
static struct stored_list candidates(const struct pql_store *s,
									 const struct pql_selector *selector) {
	for (size_t i = 0; i < selector->matcher_count; i++) {
		const struct matcher *m = &selector->matchers[i];

		if (m->op == MATCH_EQUAL && str_equal(m->name, LABEL_NAME)) {
			const struct stored_metric *metric =
				hmap_find(&s->metrics, hash_str(m->value), has_name, &m->value);
			return metric != NULL ? metric->list : (struct stored_list){0};
		}
	}
	return s->all;
}

bool pql_store_select(const struct pql_store *s, const struct pql_need *need,
					  const struct pql_time_options *options, struct arena *a,
					  struct pql_series_set *ret_set, const char **ret_error) {
	struct stored_list list = candidates(s, need->selector);
	struct pql_series *items = ARENA_ARRAY(a, struct pql_series, list.count + 1);
	size_t count = 0;

	(void)options; /* the need has the lookback in its times */
	for (size_t i = 0; i < list.count; i++) {
		const struct stored *item = list.items[i];
		size_t from, to;
		bool match;

		if (!matchers_match(need->selector->matchers, need->selector->matcher_count, item->labels,
							a, &match, ret_error)) {
			return false;
		}
		if (!match) {
			continue;
		}
		from = pql_times_after(item->times, item->count, need->start);
		to = pql_times_after(item->times, item->count, need->end);
		if (from < to) {
			items[count++] = (struct pql_series){
				.labels = item->labels,
				.times = item->times + from,
				.values = item->values + from,
				.histograms = item->histograms != NULL ? item->histograms + from : NULL,
				.count = to - from,
			};
		}
	}
	*ret_set = (struct pql_series_set){.form = PQL_SERIES_STORED, .items = items, .count = count};
	return true;
}

/* One sample per point of the grid, as an instant selector finds it. */
static size_t look_up_grid(const struct pql_series *from, const struct pql_need *need,
						   dur_ms lookback, ts_ms *times, double *values,
						   struct pql_histogram **histograms) {
	size_t next = 0, count = 0;

	for (ts_ms t = need->grid.start; t <= need->grid.end; t += need->grid.step) {
		while (next < from->count && from->times[next] <= t) {
			next++;
		}
		if (next == 0 || from->times[next - 1] <= pql_time_minus(t, lookback) ||
			pql_is_stale_nan(from->values[next - 1])) {
			continue;
		}
		if (histograms != NULL) {
			histograms[count] = from->histograms[next - 1];
		}
		times[count] = t;
		values[count++] = need->kind == PQL_NEED_TIMESTAMP ? (double)from->times[next - 1] / 1000
														   : from->values[next - 1];
	}
	return count;
}

static size_t copy_unmarked(const struct pql_series *from, ts_ms *times, double *values,
							struct pql_histogram **histograms) {
	size_t count = 0;

	for (size_t i = 0; i < from->count; i++) {
		if (!pql_is_stale_nan(from->values[i])) {
			if (histograms != NULL) {
				histograms[count] = from->histograms[i];
			}
			times[count] = from->times[i];
			values[count++] = from->values[i];
		}
	}
	return count;
}

bool pql_store_look_up(const struct pql_store *s, const struct pql_need *need,
					   const struct pql_time_options *options, struct arena *a,
					   struct pql_series_set *ret_set, const char **ret_error) {
	struct pql_series_set stored;
	struct pql_series *items;
	size_t count = 0;

	if (!pql_store_select(s, need, options, a, &stored, ret_error)) {
		return false;
	}
	items = ARENA_ARRAY(a, struct pql_series, stored.count + 1);
	for (size_t i = 0; i < stored.count; i++) {
		const struct pql_series *from = &stored.items[i];
		bool range = need->kind == PQL_NEED_RANGE;
		size_t room = range ? from->count : pql_grid_count(need->grid);
		ts_ms *times = ARENA_ARRAY(a, ts_ms, room + 1);
		double *values = ARENA_ARRAY(a, double, room + 1);
		struct pql_histogram **histograms =
			from->histograms != NULL && need->kind != PQL_NEED_TIMESTAMP
				? ARENA_ARRAY(a, struct pql_histogram *, room + 1)
				: NULL;
		size_t found = range
						   ? copy_unmarked(from, times, values, histograms)
						   : look_up_grid(from, need, options->lookback, times, values, histograms);

		if (found > 0) {
			items[count++] = (struct pql_series){.labels = from->labels,
												 .times = times,
												 .values = values,
												 .histograms = histograms,
												 .count = found};
		}
	}
	*ret_set =
		(struct pql_series_set){.form = PQL_SERIES_LOOKED_UP, .items = items, .count = count};
	return true;
}
