/* Where info() looks its info series up: at the time of the data in its first argument, if all of that comes from one time, so
 * that `info(x offset 1h)` has the labels of an hour ago; else at the time of the evaluation. */
#ifndef PQL_INFO_TIME_H
#define PQL_INFO_TIME_H

#include "promql-lite/stretch.h"

struct pql_info_time {
	bool pinned; /* by @, at `at`; else the time of the evaluation is meant */
	ts_ms at;
	dur_ms offset; /* back from there */
};

/* `arg` is the first argument. false: a duration in it cannot be computed. */
bool pql_info_time(const struct pql_node *arg, struct pql_grid query, struct pql_info_time *ret,
				   struct pql_stretch_error *ret_error);

/* Whether all of the argument is one selector and what is made of it: then there is only one time. */
bool pql_info_time_is_single(const struct pql_node *arg);

#endif
