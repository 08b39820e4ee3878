/* What the rules themselves produce: recorded series, ALERTS, ALERTS_FOR_STATE. Kept in memory as far back as any rule looks, so
 * that a rule sees what rules before it produced at the same timestamp. */
#ifndef ENGINE_OUTPUTS_H
#define ENGINE_OUTPUTS_H

#include "base/hmap.h"
#include "promql-lite/needs.h"
#include "promql-lite/series.h"

struct outputs;
struct output_series;

/* What one rule wrote at its last evaluation: what of it is missing at the next one gets a staleness marker. */
struct outputs_writer {
	struct output_series **previous; /* owned */
	size_t count;
};

struct output_sample {
	struct labels labels; /* with __name__ */
	double value;
	struct pql_histogram *histogram; /* NULL: the value counts, else it is 0; a copy is kept */
};
struct output_samples {
	struct output_sample *items; /* arena */
	size_t count, capacity;
};

/* Keeps everything for `horizon`, until told otherwise. */
struct outputs *outputs_create(dur_ms horizon);
void outputs_destroy(struct outputs *o); /* after its writers; accepts NULL */

/* From now on: keep as far back as `horizon`; only the metrics named, because nothing reads the others (`names` NULL: all,
 * whatever `count`). */
void outputs_keep(struct outputs *o, dur_ms horizon, const struct str *names, size_t count);

/* Whether samples of this metric are kept as far back as the horizon. */
bool outputs_keeps(const struct outputs *o, struct str name);

/* From now on everything that is written, markers included, of whatever metric, is also put on a list, for remote write. */
void outputs_list(struct outputs *o, bool on);

/* Whether a sample of this metric is of any use. */
bool outputs_takes(const struct outputs *o, struct str name);

/* One sample on the list. */
struct output_write {
	struct labels labels; /* the outputs' own, until outputs_trim */
	ts_ms ts;
	double value;
};
/* In the order in which they were written. */
const struct output_write *outputs_listed(const struct outputs *o, size_t *ret_count);
void outputs_clear_list(struct outputs *o);

/* A series has one sample at a time, and times only rise: what another rule wrote before stays. NULL: all was taken; else why not,
 * of the last sample that was dropped (arena). */
const char *outputs_write(struct outputs *o, struct outputs_writer *writer, ts_ms ts,
						  const struct output_sample *samples, size_t count, struct arena *arena);
/* Of two samples at one time. NULL: they are the same one; else `duplicate sample for timestamp …`, in Prometheus' words. */
const char *outputs_judge_duplicate(ts_ms ts, const struct output_sample *there,
									const struct output_sample *sample, struct arena *arena);
/* The rule is gone: markers for what it wrote last. */
void outputs_writer_finish(struct outputs_writer *writer, struct outputs *o, ts_ms ts);

/* A second writer that goes on from where this one is; one of the two is to be dropped, which marks nothing. */
struct outputs_writer outputs_writer_dup(const struct outputs_writer *writer);
void outputs_writer_drop(struct outputs_writer *writer);
/* One of the series that it wrote last, and its sample. */
struct output_sample outputs_writer_sample(const struct outputs_writer *writer, size_t index);

/* Forgets what is older than the horizon. */
void outputs_trim(struct outputs *o, ts_ms ts);

/* What the need's selector finds here, joined to what the data source gave (`fetched`, in its form). A series that is in both is
 * ours: it is the fresher one. The result borrows from both and lives in `a`. NULL, or which regular expression was given up. */
const char *outputs_join(const struct outputs *o, const struct pql_need *need, dur_ms lookback,
						 struct pql_series_set fetched, struct arena *a,
						 struct pql_series_set *ret_set);

/* The clock was set back: samples after `ts` are forgotten. */
void outputs_set_back(struct outputs *o, ts_ms ts);

size_t outputs_series_count(const struct outputs *o);

#endif
