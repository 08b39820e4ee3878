#include "engine/outputs_private.h"

#include <inttypes.h>

#include "base/gofloat.h"
#include "base/hash.h"
#include "base/mem.h"
#include "promql-lite/histogram_math.h"

bool output_series_has_labels(const void *value, const void *key) {
	return labels_equal(((const struct output_series *)value)->labels, *(const struct labels *)key);
}

bool output_metric_has_name(const void *value, const void *key) {
	const struct output_metric *m = value;
	return str_equal(m->name, *(const struct str *)key);
}

static bool name_equal(const void *value, const void *key) {
	return str_equal(str_from(value), *(const struct str *)key);
}

struct outputs *outputs_create(dur_ms horizon) {
	struct outputs *o = mem_calloc(1, sizeof(*o));
	o->horizon = horizon;
	o->keeps_all = true;
	hmap_init(&o->metrics, NULL);
	hmap_init(&o->names, NULL);
	return o;
}

static void clear_names(struct outputs *o) {
	size_t iterator = 0;
	void *name;
	while ((name = hmap_next(&o->names, &iterator)) != NULL) {
		free(name);
	}
	hmap_clear(&o->names);
}

static void forget_histograms(struct output_series *s, size_t from, size_t to) {
	for (size_t i = from; s->histograms != NULL && i < to; i++) {
		free(s->histograms[i]);
	}
}

static void destroy_series(struct output_series *s) {
	forget_histograms(s, 0, s->count);
	free((void *)s->labels.items);
	free(s->times);
	free(s->values);
	free(s->histograms);
	free(s);
}

static void destroy_metric(struct output_metric *m) {
	size_t iterator = 0;
	struct output_series *s;
	while ((s = hmap_next(&m->series, &iterator)) != NULL) {
		destroy_series(s);
	}
	hmap_finish(&m->series);
	free((void *)m->name.ptr);
	free(m);
}

void outputs_destroy(struct outputs *o) {
	if (o == NULL) {
		return;
	}
	size_t iterator = 0;
	struct output_metric *m;
	while ((m = hmap_next(&o->metrics, &iterator)) != NULL) {
		destroy_metric(m);
	}
	hmap_finish(&o->metrics);
	free(o->listed);
	clear_names(o);
	hmap_finish(&o->names);
	free(o);
}

void outputs_keep(struct outputs *o, dur_ms horizon, const struct str *names, size_t count) {
	clear_names(o);
	o->horizon = horizon;
	o->keeps_all = names == NULL;
	for (size_t i = 0; !o->keeps_all && i < count; i++) {
		uint64_t hash = hash_str(names[i]);
		if (hmap_find(&o->names, hash, name_equal, &names[i]) == NULL) {
			hmap_add(&o->names, hash, mem_dup_str(names[i]));
		}
	}
}

bool outputs_keeps(const struct outputs *o, struct str name) {
	return o->keeps_all ||
		   (o->names.count > 0 && hmap_find(&o->names, hash_str(name), name_equal, &name) != NULL);
}

void outputs_list(struct outputs *o, bool on) {
	o->lists = on;
}

bool outputs_takes(const struct outputs *o, struct str name) {
	return o->lists || outputs_keeps(o, name);
}

const struct output_write *outputs_listed(const struct outputs *o, size_t *ret_count) {
	*ret_count = o->listed_count;
	return o->listed;
}

/* Keeps its pages: the next evaluation writes about as much. */
void outputs_clear_list(struct outputs *o) {
	o->listed_count = 0;
}

static struct output_metric *get_metric(struct outputs *o, struct str name) {
	uint64_t hash = hash_str(name);
	struct output_metric *m = hmap_find(&o->metrics, hash, output_metric_has_name, &name);
	if (m == NULL) {
		m = mem_calloc(1, sizeof(*m));
		m->name = (struct str){.ptr = mem_dup_str(name), .len = name.len};
		hmap_init(&m->series, NULL);
		hmap_add(&o->metrics, hash, m);
	}
	return m;
}

static struct output_series *get_series(struct outputs *o, struct labels labels) {
	struct output_metric *m = get_metric(o, labels_get(labels, LABEL_NAME));
	uint64_t hash = labels_hash(labels);
	struct output_series *s = hmap_find(&m->series, hash, output_series_has_labels, &labels);
	if (s == NULL) {
		s = mem_calloc(1, sizeof(*s));
		s->labels = labels_dup_heap(labels);
		s->hash = hash;
		hmap_add(&m->series, hash, s);
	}
	return s;
}

static const char *describe_duplicate(ts_ms ts, const struct output_sample *there, double value,
									  struct arena *arena) {
	struct strbuf message = STRBUF_INIT;
	strbuf_printf(&message, "duplicate sample for timestamp %" PRId64, ts);
	strbuf_add_c(&message, "; overrides not allowed: existing ");
	if (there->histogram != NULL) {
		strbuf_add_c(&message, "is a histogram");
	} else {
		gofloat_print(&message, there->value, 'g');
	}
	strbuf_add_c(&message, ", new value ");
	gofloat_print(&message, value, 'g');
	const char *copy = arena_dup(arena, strbuf_str(&message)).ptr;
	strbuf_finish(&message);
	return copy;
}

const char *outputs_judge_duplicate(ts_ms ts, const struct output_sample *there,
									const struct output_sample *sample, struct arena *arena) {
	if (sample->histogram != NULL) {
		bool same =
			there->histogram != NULL && pql_histogram_equal(there->histogram, sample->histogram);
		return same ? NULL : "duplicate sample for timestamp";
	}
	bool same = there->histogram == NULL &&
				memcmp(&there->value, &sample->value, sizeof(sample->value)) == 0;
	return same ? NULL : describe_duplicate(ts, there, sample->value, arena);
}

static struct pql_histogram *last_histogram(const struct output_series *s) {
	return s->count == 0 || s->histograms == NULL ? NULL : s->histograms[s->count - 1];
}

static struct output_sample last_sample(const struct output_series *s) {
	return (struct output_sample){
		.labels = s->labels, .value = s->values[s->count - 1], .histogram = last_histogram(s)};
}

/* NULL: the sample may be appended, or stands there already. In the words of Prometheus' storage. */
static const char *judge_sample(const struct output_series *s, ts_ms ts,
								const struct output_sample *sample, struct arena *arena) {
	if (s->count == 0 || s->times[s->count - 1] < ts) {
		return NULL;
	}
	if (s->times[s->count - 1] > ts) {
		return "out of order sample";
	}
	struct output_sample last = last_sample(s);
	return outputs_judge_duplicate(ts, &last, sample, arena);
}

static void grow_series(struct output_series *s) {
	s->capacity = s->capacity == 0 ? 4 : s->capacity * 2;
	s->times = mem_realloc(s->times, s->capacity, sizeof(*s->times));
	s->values = mem_realloc(s->values, s->capacity, sizeof(*s->values));
	if (s->histograms != NULL) {
		s->histograms = mem_realloc(s->histograms, s->capacity, sizeof(*s->histograms));
	}
}

/* A histogram is kept as the storage would give it back. */
static struct pql_histogram *keep_histogram(const struct output_series *s,
											const struct pql_histogram *h) {
	struct arena arena;
	arena_init(&arena);
	struct pql_histogram *copy =
		pql_histogram_dup_heap(pql_histogram_as_stored(h, last_histogram(s), &arena));
	arena_finish(&arena);
	return copy;
}

static void append_sample(struct outputs *o, struct output_series *s, ts_ms ts, double value,
						  const struct pql_histogram *histogram) {
	if (s->count > 0 && s->times[s->count - 1] >= ts) {
		return;
	}
	if (o->lists) {
		o->listed = mem_grow(o->listed, o->listed_count, &o->listed_capacity, sizeof(*o->listed));
		o->listed[o->listed_count++] =
			(struct output_write){.labels = s->labels, .ts = ts, .value = value};
	}
	struct pql_histogram *kept = histogram != NULL ? keep_histogram(s, histogram) : NULL;
	if (!s->kept) {
		forget_histograms(s, 0, s->count);
		s->count = 0;
	}
	if (s->count == s->capacity) {
		grow_series(s);
	}
	if (kept != NULL && s->histograms == NULL) {
		s->histograms = mem_calloc(s->capacity, sizeof(*s->histograms));
	}
	if (s->histograms != NULL) {
		s->histograms[s->count] = kept;
	}
	s->times[s->count] = ts;
	s->values[s->count++] = value;
}

static void mark_stale(struct outputs *o, struct outputs_writer *writer, ts_ms ts, uint64_t stamp) {
	for (size_t i = 0; i < writer->count; i++) {
		struct output_series *s = writer->previous[i];
		s->writers--;
		if (s->stamp != stamp) {
			append_sample(o, s, ts, pql_stale_nan(), NULL);
		}
	}
	free(writer->previous);
	*writer = (struct outputs_writer){0};
}

const char *outputs_write(struct outputs *o, struct outputs_writer *writer, ts_ms ts,
						  const struct output_sample *samples, size_t count, struct arena *arena) {
	struct outputs_writer now = {0};
	size_t capacity = 0;
	uint64_t stamp = ++o->stamp;
	const char *dropped = NULL;
	for (size_t i = 0; i < count; i++) {
		struct str name = labels_get(samples[i].labels, LABEL_NAME);
		if (!outputs_takes(o, name)) {
			continue;
		}
		struct output_series *s = get_series(o, samples[i].labels);
		s->kept = outputs_keeps(o, name);
		const char *refusal = judge_sample(s, ts, &samples[i], arena);
		if (refusal != NULL) {
			dropped = refusal;
			continue;
		}
		append_sample(o, s, ts, samples[i].value, samples[i].histogram);
		s->stamp = stamp;
		s->writers++;
		now.previous = mem_grow(now.previous, now.count, &capacity, sizeof(struct output_series *));
		now.previous[now.count++] = s;
	}
	mark_stale(o, writer, ts, stamp);
	*writer = now;
	return dropped;
}

void outputs_writer_finish(struct outputs_writer *writer, struct outputs *o, ts_ms ts) {
	mark_stale(o, writer, ts, ++o->stamp);
}

struct outputs_writer outputs_writer_dup(const struct outputs_writer *writer) {
	struct outputs_writer copy = {.count = writer->count};
	copy.previous = mem_calloc(copy.count > 0 ? copy.count : 1, sizeof(struct output_series *));
	for (size_t i = 0; i < copy.count; i++) {
		copy.previous[i] = writer->previous[i];
		copy.previous[i]->writers++;
	}
	return copy;
}

void outputs_writer_drop(struct outputs_writer *writer) {
	for (size_t i = 0; i < writer->count; i++) {
		writer->previous[i]->writers--;
	}
	free(writer->previous);
	*writer = (struct outputs_writer){0};
}

struct output_sample outputs_writer_sample(const struct outputs_writer *writer, size_t index) {
	return last_sample(writer->previous[index]);
}

static void trim_series(struct output_series *s, ts_ms before) {
	size_t old = 0;
	while (old < s->count && s->times[old] <= before) {
		old++;
	}
	/* Moving is cheap once half of it goes. */
	if (old == s->count || old > s->count / 2) {
		forget_histograms(s, 0, old);
		s->count -= old;
		memmove(s->times, s->times + old, s->count * sizeof(*s->times));
		memmove(s->values, s->values + old, s->count * sizeof(*s->values));
		if (s->histograms != NULL) {
			memmove(s->histograms, s->histograms + old, s->count * sizeof(*s->histograms));
		}
	}
}

static void trim_metric(struct output_metric *m, ts_ms before, struct arena *arena) {
	struct output_series *s, **gone = NULL;
	size_t iterator = 0, count = 0, capacity = 0;
	while ((s = hmap_next(&m->series, &iterator)) != NULL) {
		trim_series(s, before);
		if (s->count == 0 && s->writers == 0) {
			gone = arena_grow(arena, gone, count, &capacity, sizeof(struct output_series *));
			gone[count++] = s;
		}
	}
	for (size_t i = 0; i < count; i++) {
		hmap_remove(&m->series, gone[i]->hash, output_series_has_labels, &gone[i]->labels);
		destroy_series(gone[i]);
	}
}

void outputs_trim(struct outputs *o, ts_ms ts) {
	struct arena arena;
	struct output_metric *m;
	size_t iterator = 0;
	arena_init(&arena);
	while ((m = hmap_next(&o->metrics, &iterator)) != NULL) {
		trim_metric(m, ts - o->horizon, &arena);
	}
	arena_finish(&arena);
}

void outputs_set_back(struct outputs *o, ts_ms ts) {
	struct output_metric *m;
	struct output_series *s;
	size_t i = 0;
	while ((m = hmap_next(&o->metrics, &i)) != NULL) {
		size_t j = 0;
		while ((s = hmap_next(&m->series, &j)) != NULL) {
			while (s->count > 0 && s->times[s->count - 1] > ts) {
				s->count--;
				forget_histograms(s, s->count, s->count + 1);
			}
		}
	}
}

size_t outputs_series_count(const struct outputs *o) {
	size_t count = 0, i = 0;
	const struct output_metric *m;
	while ((m = hmap_next(&o->metrics, &i)) != NULL) {
		count += m->series.count;
	}
	return count;
}
