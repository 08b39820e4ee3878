/* A grid of more points than one range query may have, asked in parts. */
#ifndef ENGINE_PLAN_PARTS_H
#define ENGINE_PLAN_PARTS_H

#include "engine/plan.h"

#define PLAN_REQUEST_POINTS 11000 /* of one range query: more are refused by Prometheus */
#define PLAN_PARTS_MAX                                                                             \
	5000 /* more points are more than limits.samples: nobody could evaluate them */

struct plan_parts {
	size_t count, asked, answered;
	struct pql_series_set *sets; /* of each part, once it is answered */
};

/* Whether the fetch is one. */
bool plan_parts_needed(const struct plan_fetch *f);

/* Makes the request one for the fetch's next part; the fetch waits on while there are more. */
void plan_parts_ask(struct plan *p, struct plan_fetch *f, struct plan_request *r);

/* As plan_settle. */
bool plan_parts_settle(struct plan *p, struct plan_request *r);

#endif
