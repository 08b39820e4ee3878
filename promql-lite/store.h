/* Series in memory that can be added to and selected from: what tests and simulations have instead of a server. */
#ifndef PQL_STORE_H
#define PQL_STORE_H

#include "promql-lite/needs.h"
#include "promql-lite/series.h"

struct pql_store;

struct pql_store *pql_store_create(void);
void pql_store_destroy(struct pql_store *s); /* accepts NULL */
void pql_store_clear(struct pql_store *s);

/* Labels are copied. A sample may be a staleness marker. One at a time that is there already replaces it. Fast when times rise. */
void pql_store_add(struct pql_store *s, struct labels labels, ts_ms t, double v);

/* The same with a native histogram, which is borrowed. */
void pql_store_add_histogram(struct pql_store *s, struct labels labels, ts_ms t,
							 struct pql_histogram *h);

/* A whole series at once, instead of what there was of it. Labels, times and values are copied; histograms are borrowed. */
void pql_store_set_series(struct pql_store *s, const struct pql_series *series);

/* Whether there is a series of this name. */
bool pql_store_has_metric(const struct pql_store *s, struct str name);

/* The series with exactly these labels. Borrows from the store until its next change. false: there is none. */
bool pql_store_find(const struct pql_store *s, struct labels labels, struct pql_series *ret_series);

/* Number of samples held. */
size_t pql_store_samples(const struct pql_store *s);

/* What a need asks for, as it is stored (PQL_SERIES_STORED). Borrows from the store until its next change; the list is in `a`.
 * false: a regular expression was given up, as *ret_error says (in `a`). */
bool pql_store_select(const struct pql_store *s, const struct pql_need *need,
					  const struct pql_time_options *options, struct arena *a,
					  struct pql_series_set *ret_set, const char **ret_error);

/* The same as a server would answer it (PQL_SERIES_LOOKED_UP): one sample per point of the grid, no markers. Copied into `a`. */
bool pql_store_look_up(const struct pql_store *s, const struct pql_need *need,
					   const struct pql_time_options *options, struct arena *a,
					   struct pql_series_set *ret_set, const char **ret_error);

#endif
