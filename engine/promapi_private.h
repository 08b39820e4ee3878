/* Inside the decoder of answers: one series at a time. */
#ifndef ENGINE_PROMAPI_PRIVATE_H
#define ENGINE_PROMAPI_PRIVATE_H

#include "engine/promapi.h"

/* Reads the elements of data.result, each of them complete. Keeps its working memory from one to the next. */
struct series_reader {
	struct arena *arena; /* of the series; borrowed */
	size_t max_samples;
	size_t samples;            /* read so far */
	size_t histograms_skipped; /* likewise */
	const char *error;         /* arena; NULL: fine so far */
	bool too_large;            /* the error is that of max_samples */
	struct labels previous;    /* of the series before: what agrees with it is shared */
	/* the series under way */
	struct label *labels; /* names and values borrowed from the text, or from the arena */
	size_t label_capacity;
	ts_ms *times;
	double *values;
	size_t time_capacity, value_capacity;
};

void series_reader_init(struct series_reader *r, struct arena *a, size_t max_samples);
void series_reader_finish(struct series_reader *r); /* accepts NULL */

/* {"metric":{…},"values":[…]}. false: r->error. A series without samples is none: *ret_any. */
bool series_reader_read(struct series_reader *r, struct str text, struct pql_series *ret,
						bool *ret_any);

#endif
