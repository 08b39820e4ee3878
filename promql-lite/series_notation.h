/* The notation for series in tests: `up{job="x"} 1 _ 0+1x3 stale`, as promtool's rule tests and PromQL test scripts have it. */
#ifndef PQL_SERIES_NOTATION_H
#define PQL_SERIES_NOTATION_H

#include "base/labels.h"
#include "promql-lite/histogram.h"

#define PQL_NOTATION_MAX_POINTS                                                                    \
	10000000 /* of one series: a repetition is quickly written and long to store */

struct pql_point {
	enum pql_point_kind { PQL_POINT_NONE, PQL_POINT_VALUE, PQL_POINT_HISTOGRAM } kind;
	double value;                    /* a staleness marker for `stale` */
	struct pql_histogram *histogram; /* NULL: a value, or none */
};

struct pql_points {
	struct pql_point *items;
	size_t count;
};

/* One item of the notation: the point as often as it says, each but the first larger by the step. */
struct pql_point_run {
	struct pql_point first;
	size_t count;
	bool stepped;
	double step; /* of a value; of a histogram the sign of step_histogram */
	const struct pql_histogram *step_histogram; /* NULL: none */
};

/* A series as written. `1x10000000` is one run. */
struct pql_sequence {
	struct labels labels;
	struct pql_point_run *runs;
	size_t run_count;
	size_t point_count; /* of all runs */
};

/* What is wrong, and where in the text. */
struct pql_notation_error {
	const char *message; /* in the arena */
	struct span span;
};

/* Labels, then points. Everything is in the arena. */
bool pql_notation_parse_sequence(struct str text, struct arena *a, struct pql_sequence *ret,
								 struct pql_notation_error *ret_error);

/* Only labels, as expected results have them; an empty text has none. Without a metric's name before the brace a label with an
 * empty value stays in the set, and equals none that is missing: so it is in Prometheus. */
bool pql_notation_parse_metric(struct str text, struct arena *a, struct labels *ret_labels,
							   struct pql_notation_error *ret_error);

/* Exactly one point, a histogram. */
bool pql_notation_parse_histogram(struct str text, struct arena *a,
								  struct pql_histogram **ret_histogram,
								  struct pql_notation_error *ret_error);

/* Goes through the points of a sequence, one after the other. Zeroed at first. */
struct pql_point_cursor {
	size_t run, at;
	struct pql_point
		point; /* the one under way; a histogram that is a sum lives in the arena given */
};

/* false: there are no more, or (*ret_error set) a step cannot be added to a histogram. */
bool pql_point_cursor_next(struct pql_point_cursor *c, const struct pql_sequence *s,
						   struct arena *a, const char **ret_error);

/* The same with all points laid out. false: *ret_error says what is wrong, without a place. */
bool pql_notation_parse(struct str text, struct arena *a, struct labels *ret_labels,
						struct pql_points *ret_points, const char **ret_error);

/* Only labels; the rest of the text goes to *ret_rest. */
bool pql_notation_parse_labels(struct str text, struct arena *a, struct labels *ret_labels,
							   struct str *ret_rest, const char **ret_error);

/* Only points: `5` one, `_` none, `1x4` five times, `0+10x3` 0 10 20 30 by repeated addition, `stale` a staleness marker,
 * `{{…}}` a native histogram. */
bool pql_notation_parse_points(struct str text, struct arena *a, struct pql_points *ret_points,
							   const char **ret_error);

#endif
