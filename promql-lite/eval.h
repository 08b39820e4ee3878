/* Evaluates a checked expression over a grid of steps, from samples that are all in memory.
 * Pure: told everything, asks for nothing. */
#ifndef PQL_EVAL_H
#define PQL_EVAL_H

#include "promql-lite/needs.h"
#include "promql-lite/series.h"

/* One series of a result: a value at some of the grid's steps. */
struct pql_row {
	struct labels labels;
	double *values;   /* one per step; meaningless where there is none */
	uint8_t *present; /* one per step: 0 or 1 */
	/* NULL: floats only; else one per step, and where one is present that is not NULL it is the sample, and the value 0. Shared:
	 * they are never changed. */
	struct pql_histogram **histograms;
	size_t histogram_slots; /* what its histograms count against max_samples while it holds them */
	bool drop_name;         /* delayed name removal: __name__ goes when the result is handed out */
};

/* The labels as they are handed out; made in the arena where the name goes. */
struct labels pql_row_labels(const struct pql_row *row, struct arena *a);

struct pql_value {
	enum pql_type type;
	struct pql_grid grid;
	size_t steps;
	struct pql_row *rows; /* PQL_TYPE_VECTOR: rows with no value at any step are left out */
	size_t row_count, row_capacity;
	double *scalars; /* PQL_TYPE_SCALAR: one per step */
	struct str string;
	struct pql_series_set matrix; /* PQL_TYPE_MATRIX, of an instant only */
	bool ordered; /* sort(), topk() … at an instant: the order of the rows says something */
};

/* Everything here is bounded by a limit; 0 means the default beside it. */
struct pql_eval_limits {
	size_t max_samples;     /* values held at once over all steps; 50,000,000 as Prometheus */
	size_t max_steps;       /* 11,000 as Prometheus' query_range */
	size_t max_label_bytes; /* made by label_replace, label_join, count_values: 64 MiB */
	/* Samples looked at in windows, each time they are: 4,000,000,000, some seconds of work. There is no clock here to stop by. A
	 * native histogram is 16 of them and one more per bucket, where its buckets are looked at. */
	size_t max_visits;
};

struct pql_eval_options {
	struct pql_time_options time;
	bool delayed_name_removal; /* false: as a server's default flags have it */
	struct pql_eval_limits limits;
};

/* Warnings and infos of an evaluation ("PromQL info: metric might not be a counter, …"), each with its place in the expression. */
struct pql_note {
	bool is_warning;
	const char *message; /* with its prefix and "(1:5)" position, as the API gives it */
};

struct pql_notes {
	struct pql_note *items;
	size_t count, capacity;
};

struct pql_failure {
	const char *message; /* Prometheus' wording, in the arena */
	struct span span;
	bool too_large; /* a limit is passed */
};

/* `sets` has one entry per selector, for the needs of the same grid and options. The value lives in `a` and borrows
 * labels from the sets and the expression. false: *ret_failure says why. */
bool pql_eval(const struct pql_expr *expr, struct pql_grid grid,
			  const struct pql_eval_options *options, const struct pql_series_set *sets,
			  struct arena *a, struct pql_value *ret_value, struct pql_notes *ret_notes,
			  struct pql_failure *ret_failure);

#endif
