/* How outputs.c stores and outputs_join.c reads. */
#ifndef ENGINE_OUTPUTS_PRIVATE_H
#define ENGINE_OUTPUTS_PRIVATE_H

#include "engine/outputs.h"

struct output_series {
	struct labels labels; /* one heap block */
	uint64_t hash;
	ts_ms *times; /* parallel, owned */
	double *values;
	struct pql_histogram **histograms; /* NULL: none so far; else with what it points to */
	size_t count, capacity;
	bool
		kept; /* as far back as the horizon; else only the last sample, so that it can be marked as stale */
	size_t writers; /* that have it among what they wrote last */
	uint64_t stamp; /* of the last write that had it */
};

struct output_metric {
	struct str name; /* owned */
	struct hmap series;
};

struct outputs {
	struct hmap metrics; /* by name */
	struct hmap names;   /* of kept metrics: char * */
	bool keeps_all;
	dur_ms horizon;
	bool lists; /* every write goes to `listed` too */
	struct output_write *listed;
	size_t listed_count, listed_capacity;
	uint64_t stamp; /* of the latest write */
};

bool output_series_has_labels(const void *value, const void *key);
bool output_metric_has_name(const void *value, const void *key);

#endif
