#include "promql-lite/store.h"

#include <string.h>

#include "base/hmap.h"
#include "base/mem.h"

struct stored {
	struct labels labels; /* one heap block */
	ts_ms *times;         /* rising */
	double *values;
	size_t count, time_capacity, value_capacity;
};

struct pql_store {
	struct stored **items; /* in the order of their first sample */
	size_t count, capacity;
	struct hmap by_labels;
	size_t samples;
};

struct pql_store *pql_store_create(void) {
	struct pql_store *s = mem_calloc(1, sizeof(*s));

	hmap_init(&s->by_labels, NULL);
	return s;
}

void pql_store_clear(struct pql_store *s) {
	for (size_t i = 0; i < s->count; i++) {
		free((void *)s->items[i]->labels.items);
		free(s->items[i]->times);
		free(s->items[i]->values);
		free(s->items[i]);
	}
	s->count = 0;
	s->samples = 0;
	hmap_clear(&s->by_labels);
}

void pql_store_destroy(struct pql_store *s) {
	if (s == NULL) {
		return;
	}
	pql_store_clear(s);
	hmap_finish(&s->by_labels);
	free(s->items);
	free(s);
}

static bool has_labels(const void *value, const void *key) {
	const struct stored *item = value;
	const struct labels *labels = key;

	return labels_equal(item->labels, *labels);
}

static struct stored *find_or_add(struct pql_store *s, struct labels labels) {
	uint64_t hash = labels_hash(labels);
	struct stored *item = hmap_find(&s->by_labels, hash, has_labels, &labels);

	if (item == NULL) {
		item = mem_calloc(1, sizeof(*item));
		item->labels = labels_dup_heap(labels);
		s->items = mem_grow(s->items, s->count, &s->capacity, sizeof(struct stored *));
		s->items[s->count++] = item;
		hmap_add(&s->by_labels, hash, item);
	}
	return item;
}

void pql_store_add(struct pql_store *s, struct labels labels, ts_ms t, double v) {
	struct stored *item = find_or_add(s, labels);
	size_t at = item->count == 0 || item->times[item->count - 1] < t
					? item->count
					: pql_times_after(item->times, item->count, t);

	if (at > 0 && item->times[at - 1] == t) {
		item->values[at - 1] = v;
		return;
	}
	item->times = mem_grow(item->times, item->count, &item->time_capacity, sizeof(ts_ms));
	item->values = mem_grow(item->values, item->count, &item->value_capacity, sizeof(double));
	memmove(item->times + at + 1, item->times + at, (item->count - at) * sizeof(ts_ms));
	memmove(item->values + at + 1, item->values + at, (item->count - at) * sizeof(double));
	item->times[at] = t;
	item->values[at] = v;
	item->count++;
	s->samples++;
}

size_t pql_store_samples(const struct pql_store *s) {
	return s->samples;
}

bool pql_store_select(const struct pql_store *s, const struct pql_need *need,
					  const struct pql_time_options *options, struct arena *a,
					  struct pql_series_set *ret_set, const char **ret_error) {
	struct pql_series *items = ARENA_ARRAY(a, struct pql_series, s->count + 1);
	size_t count = 0;

	(void)options; /* the need has the lookback in its times */
	for (size_t i = 0; i < s->count; i++) {
		const struct stored *item = s->items[i];
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
				.count = to - from,
			};
		}
	}
	*ret_set = (struct pql_series_set){.form = PQL_SERIES_STORED, .items = items, .count = count};
	return true;
}

/* One sample per point of the grid, as an instant selector finds it. */
static size_t look_up_grid(const struct pql_series *from, const struct pql_need *need,
						   dur_ms lookback, ts_ms *times, double *values) {
	size_t next = 0, count = 0;

	for (ts_ms t = need->grid.start; t <= need->grid.end; t += need->grid.step) {
		while (next < from->count && from->times[next] <= t) {
			next++;
		}
		if (next == 0 || from->times[next - 1] <= pql_time_minus(t, lookback) ||
			pql_is_stale_nan(from->values[next - 1])) {
			continue;
		}
		times[count] = t;
		values[count++] = need->kind == PQL_NEED_TIMESTAMP ? (double)from->times[next - 1] / 1000
														   : from->values[next - 1];
	}
	return count;
}

static size_t copy_unmarked(const struct pql_series *from, ts_ms *times, double *values) {
	size_t count = 0;

	for (size_t i = 0; i < from->count; i++) {
		if (!pql_is_stale_nan(from->values[i])) {
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
		size_t found = range ? copy_unmarked(from, times, values)
							 : look_up_grid(from, need, options->lookback, times, values);

		if (found > 0) {
			items[count++] = (struct pql_series){
				.labels = from->labels, .times = times, .values = values, .count = found};
		}
	}
	*ret_set =
		(struct pql_series_set){.form = PQL_SERIES_LOOKED_UP, .items = items, .count = count};
	return true;
}
