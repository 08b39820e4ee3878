#include "promql-lite/needs.h"

#include "promql-lite/functions.h"
#include "promql-lite/info_time.h"

/* Goes down the tree with the grid that each node is evaluated over, and notes what the selectors at the leaves need. */
struct needs_walk {
	struct pql_grid query; /* of the whole expression: start(), end(), step(), range() */
	const struct pql_time_options *options;
	struct pql_need *needs;
};

/* Far ends of time instead of an overflow: with @ and offset one can name any of them. */
static ts_ms later(ts_ms t, dur_ms by) {
	ts_ms sum;

	if (__builtin_add_overflow(t, by, &sum)) {
		return by > 0 ? INT64_MAX : INT64_MIN;
	}
	return sum;
}

static ts_ms earlier(ts_ms t, dur_ms by) {
	return later(t, by == INT64_MIN ? INT64_MAX : -by);
}

size_t pql_grid_count(struct pql_grid g) {
	if (g.end < g.start) {
		return 0;
	}
	return (size_t)(((uint64_t)g.end - (uint64_t)g.start) / (uint64_t)g.step) + 1;
}

/* A duration that cannot be computed counts as 0: the evaluation will report it and ask for no data. */
static dur_ms resolve(const struct needs_walk *w, const struct pql_stretch *s,
					  bool may_be_negative) {
	struct pql_stretch_error error;
	dur_ms duration = 0;

	pql_stretch_resolve(s, w->query, may_be_negative, &duration, &error);
	return duration;
}

/* The grid in the time of the data: pinned by @, moved by offset. */
static struct pql_grid shifted(const struct needs_walk *w, struct pql_grid g,
							   const struct pql_shift *shift) {
	dur_ms offset = resolve(w, &shift->offset, true);

	switch (shift->at) {
	case PQL_AT_NONE: break;
	case PQL_AT_TIME: g.start = g.end = shift->at_time; break;
	case PQL_AT_START: g.start = g.end = w->query.start; break;
	case PQL_AT_END: g.start = g.end = w->query.end; break;
	}
	g.start = earlier(g.start, offset);
	g.end = earlier(g.end, offset);
	return g;
}

/* Samples of windows that end on `g`, as long as `range` and by `before` and `after` longer at their ends. */
static void note_range(struct needs_walk *w, const struct pql_selector *s, struct pql_grid g,
					   dur_ms range, dur_ms before, dur_ms after) {
	w->needs[s->index] = (struct pql_need){
		.kind = PQL_NEED_RANGE,
		.selector = s,
		.grid = g,
		.start = earlier(earlier(g.start, range), before),
		.end = later(g.end, after),
	};
}

static void note_instant(struct needs_walk *w, const struct pql_selector *s, struct pql_grid g,
						 enum pql_need_kind kind) {
	dur_ms lookback = w->options->lookback;

	if (s->mode == PQL_MODE_SMOOTHED && kind == PQL_NEED_INSTANT) {
		note_range(w, s, g, 0, lookback, lookback);
		return;
	}
	w->needs[s->index] = (struct pql_need){
		.kind = kind,
		.selector = s,
		.grid = g,
		.start = earlier(g.start, lookback),
		.end = g.end,
	};
}

static void walk_range(struct needs_walk *w, const struct pql_node *n, struct pql_grid g) {
	const struct pql_selector *s = &n->range.selector->selector;
	dur_ms lookback = w->options->lookback;

	note_range(w, s, shifted(w, g, &s->shift), resolve(w, &n->range.range, false),
			   s->mode == PQL_MODE_PLAIN ? 0 : lookback,
			   s->mode == PQL_MODE_SMOOTHED ? lookback : 0);
}

static void walk(struct needs_walk *w, const struct pql_node *n, struct pql_grid g);

/* One grid for all the windows of the outer steps, since their steps all stand on the same multiples. */
static void walk_subquery(struct needs_walk *w, const struct pql_node *n, struct pql_grid g) {
	dur_ms range = resolve(w, &n->subquery.range, false);
	struct pql_grid outer = shifted(w, g, &n->subquery.shift), inner;
	struct pql_stretch_error error;
	dur_ms step = 1;

	pql_stretch_resolve_step(&n->subquery.step, w->query, w->options->default_subquery_step, &step,
							 &error);
	inner.step = step;
	inner.start = pql_subquery_first_step(earlier(outer.start, range), step);
	inner.end = outer.end;
	if (inner.end >= inner.start) {
		inner.end = inner.start + (ts_ms)(pql_grid_count(inner) - 1) * step;
	}
	walk(w, n->subquery.inner, inner);
}

static const struct pql_node *without_parens(const struct pql_node *n) {
	while (n->kind == PQL_PAREN) {
		n = n->paren;
	}
	return n;
}

static void walk_info(struct needs_walk *w, const struct pql_node *n,
					  const struct pql_selector *infos, struct pql_grid g) {
	struct pql_stretch_error error;
	struct pql_info_time time;

	pql_info_time(n->call.args[0], w->query, &time, &error);
	if (time.pinned) {
		g.start = g.end = time.at;
	}
	g.start = earlier(g.start, time.offset);
	g.end = earlier(g.end, time.offset);
	/* Of info series the labels count, and which of them is the newest. */
	note_instant(w, infos, g, PQL_NEED_TIMESTAMP);
}

static void walk_call(struct needs_walk *w, const struct pql_node *n, struct pql_grid g) {
	const char *name = n->call.function->name;

	for (size_t i = 0; i < n->call.count; i++) {
		const struct pql_node *arg = without_parens(n->call.args[i]);

		if (arg->kind == PQL_SELECTOR && strcmp(name, "timestamp") == 0) {
			note_instant(w, &arg->selector, shifted(w, g, &arg->selector.shift),
						 PQL_NEED_TIMESTAMP);
		} else if (arg->kind == PQL_SELECTOR && i == 1 && strcmp(name, "info") == 0) {
			walk_info(w, n, &arg->selector, g);
		} else {
			walk(w, arg, g);
		}
	}
}

static void walk(struct needs_walk *w, const struct pql_node *n, struct pql_grid g) {
	switch (n->kind) {
	case PQL_NUMBER:
	case PQL_STRING:
	case PQL_DURATION: break;
	case PQL_SELECTOR:
		note_instant(w, &n->selector, shifted(w, g, &n->selector.shift), PQL_NEED_INSTANT);
		break;
	case PQL_RANGE: walk_range(w, n, g); break;
	case PQL_SUBQUERY: walk_subquery(w, n, g); break;
	case PQL_PAREN: walk(w, n->paren, g); break;
	case PQL_UNARY: walk(w, n->unary.inner, g); break;
	case PQL_BINARY:
		walk(w, n->binary.lhs, g);
		walk(w, n->binary.rhs, g);
		break;
	case PQL_AGGREGATE:
		if (n->aggregate.param != NULL) {
			walk(w, n->aggregate.param, g);
		}
		walk(w, n->aggregate.inner, g);
		break;
	case PQL_CALL: walk_call(w, n, g); break;
	}
}

void pql_needs(const struct pql_expr *expr, struct pql_grid grid,
			   const struct pql_time_options *options, struct arena *a,
			   struct pql_need **ret_needs) {
	struct needs_walk w = {.query = grid, .options = options};

	w.needs = ARENA_ARRAY(a, struct pql_need, expr->selector_count);
	walk(&w, expr->root, grid);
	*ret_needs = w.needs;
}
