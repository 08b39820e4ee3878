/* Which requests answer the needs of everything that is due. The same thing is asked once, however many rules need it. */
#ifndef ENGINE_PLAN_H
#define ENGINE_PLAN_H

#include "base/hmap.h"
#include "promql-lite/needs.h"
#include "promql-lite/series.h"

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
	dur_ms took;
	size_t bytes; /* of the answer */
	size_t needs; /* that it answers */
};

struct plan {
	struct arena *arena; /* borrowed; everything lives there */
	struct plan_fetch **fetches;
	size_t count, capacity;
	struct hmap by_key;
};

void plan_init(struct plan *p, struct arena *a);

/* The index of the fetch that will answer the need. Of range needs with the same matchers and the same end one fetch, as wide as
 * the widest, serves all, as long as it was not asked yet. NULL: the need is empty (a range of no length) and met by nothing. */
struct plan_fetch *plan_add(struct plan *p, const struct pql_need *need);

/* What of the answered fetch belongs to the need: a range is cut to its window. In the plan's arena. */
struct pql_series_set plan_cut(struct plan *p, const struct plan_fetch *fetch,
							   const struct pql_need *need);

/* `name{a="b",c=~"d"}`: the matchers as the query API takes them, in the order of their names. */
void plan_print_selector(struct strbuf *out, const struct matcher *matchers, size_t count);

#endif
