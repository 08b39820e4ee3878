/* What plan.c and plan_request.c share. */
#ifndef ENGINE_PLAN_PRIVATE_H
#define ENGINE_PLAN_PRIVATE_H

#include "engine/plan.h"

/* Fetches that are alike but for the value of one label. */
struct plan_shape {
	struct str key;  /* of everything else */
	struct str rest; /* the selector without the label's matcher */
	struct str label;
	struct plan_fetch **fetches;
	struct str *values; /* parallel */
	size_t count, capacity;
	size_t gone; /* of these, the first ones do not wait any more */
};

/* One way to see a fetch: as one of a shape. */
struct plan_variant {
	struct plan_shape *shape;
};

/* What makes two needs the same, with this selector. */
struct str plan_key(struct plan *p, const struct pql_need *need, struct str selector);

/* `job="x"`, `"http.status"=~"x|y"` */
void plan_print_matcher(struct strbuf *out, const struct matcher *m);

/* plan_request.c */
void plan_note_variants(struct plan *p, struct plan_fetch *fetch, const struct pql_need *need);

#endif
