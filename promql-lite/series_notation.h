/* The notation for series in tests: `up{job="x"} 1 _ 0+1x3 stale`, as promtool's rule tests and PromQL test scripts have it. */
#ifndef PQL_SERIES_NOTATION_H
#define PQL_SERIES_NOTATION_H

#include "base/arena.h"
#include "base/labels.h"

#define PQL_NOTATION_MAX_POINTS                                                                    \
	10000000 /* of one series: a repetition is quickly written and long to store */

struct pql_point {
	enum { PQL_POINT_NONE, PQL_POINT_VALUE, PQL_POINT_HISTOGRAM } kind;
	double value; /* a staleness marker for `stale` */
};

struct pql_points {
	struct pql_point *items;
	size_t count;
};

/* Labels, then points. Everything is in the arena. false: *ret_error says what is wrong, without a place. */
bool pql_notation_parse(struct str text, struct arena *a, struct labels *ret_labels,
						struct pql_points *ret_points, const char **ret_error);

/* Only labels, as expected results and alerts have them; the rest of the text goes to *ret_rest. */
bool pql_notation_parse_labels(struct str text, struct arena *a, struct labels *ret_labels,
							   struct str *ret_rest, const char **ret_error);

/* Only points: `5` one, `_` none, `1x4` five times, `0+10x3` 0 10 20 30 by repeated addition, `stale` a staleness marker.
 * `{{…}}` is a native histogram, whose contents are not looked at. */
bool pql_notation_parse_points(struct str text, struct arena *a, struct pql_points *ret_points,
							   const char **ret_error);

#endif
