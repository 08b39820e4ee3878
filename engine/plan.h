/* Which requests answer the needs of everything that is due. The same thing is asked once, however many rules need it. */
#ifndef ENGINE_PLAN_H
#define ENGINE_PLAN_H

#include "base/hmap.h"
#include "promql-lite/needs.h"
#include "promql-lite/series.h"

#define PLAN_REQUEST_FETCHES                                                                       \
	256 /* of one request: Prometheus looks up so many values of a label without a regular expression */

struct plan_variant;
struct plan_parts;

enum plan_fetch_state { PLAN_WAITING, PLAN_ASKED, PLAN_ANSWERED, PLAN_FAILED };

struct plan_fetch {
	enum pql_need_kind kind;
	struct str selector;  /* canonical: matchers in order, no offset; of EXPRESSION its text */
	struct pql_grid grid; /* INSTANT, TIMESTAMP */
	ts_ms start, end;     /* RANGE */
	size_t index;         /* in plan.fetches */
	enum plan_fetch_state state;
	struct pql_series_set set; /* ANSWERED */
	const char *failure;       /* FAILED */
	bool too_large;            /* FAILED: because the answer passes a limit */
	dur_us took;
	size_t bytes;                  /* of the answer */
	size_t needs;                  /* that it answers */
	bool alone;                    /* it must not share a request */
	struct plan_parts *parts;      /* of a grid that is too long for one request; else NULL */
	struct plan_variant *variants; /* the ways in which it may */
	size_t variant_count;
};

struct plan {
	struct arena *arena; /* borrowed; everything lives there */
	struct plan_fetch **fetches;
	size_t count, capacity;
	size_t next; /* no fetch before it is WAITING */
	bool apart;  /* fetches do not share requests */
	struct hmap by_key, by_shape;
};

void plan_init(struct plan *p, struct arena *a);

/* The fetch that will answer the need. Of range needs with the same matchers and the same end one fetch, as wide as the widest,
 * serves all, as long as it was not asked yet. NULL: the need is empty (a range of no length) and met by nothing. */
struct plan_fetch *plan_add(struct plan *p, const struct pql_need *need);

/* One request to the server: a fetch, or several that differ in the value of one label only. Those are asked for as one, with an
 * alternation of the values, and the label tells whose series is whose. */
struct plan_request {
	struct plan_fetch ask; /* what is sent, and what comes back */
	struct plan_fetch **fetches;
	size_t count, part; /* which of the fetch's parts, when it has some */
	struct str label;   /* when there are several, the one that differs … */
	struct str *values; /* … and the fetches' values of it */
};

/* The next one for fetches that wait; they are ASKED then, one in parts with the last of them. NULL: there is none. */
struct plan_request *plan_next_request(struct plan *p);

/* The request's `ask` is ANSWERED or FAILED: so are its fetches, but for one in parts, which is ANSWERED by the last of them and
 * FAILED by the first that fails. Whether they have become so by this call. */
bool plan_settle(struct plan *p, struct plan_request *r);

/* The server did not take the request, perhaps because of one of its fetches: they wait again, each for a request of its own. */
void plan_part(struct plan *p, struct plan_request *r);

/* What of the answered fetch belongs to the need: a range is cut to its window. In the plan's arena. */
struct pql_series_set plan_cut(struct plan *p, const struct plan_fetch *fetch,
							   const struct pql_need *need);

/* `name{a="b",c=~"d"}`: the matchers as the query API takes them, in the order of their names. */
void plan_print_selector(struct strbuf *out, const struct matcher *matchers, size_t count);

#endif
