/* Whether a counter was reset between two histograms. */
#include "promql-lite/histogram_private.h"

/* Walks the buckets as they are so many levels coarser. */
struct walk {
	const struct pql_buckets *b;
	int64_t levels;
	size_t at;
	struct pql_cell cell; /* the current one */
};

static bool walk_next(struct walk *w) {
	if (w->at == w->b->count) {
		return false;
	}
	w->cell = (struct pql_cell){.index = bucket_index_coarser(w->b->cells[w->at].index, w->levels)};
	while (w->at < w->b->count &&
		   bucket_index_coarser(w->b->cells[w->at].index, w->levels) == w->cell.index) {
		w->cell.count += w->b->cells[w->at++].count;
	}
	return true;
}

/* Those within the zero bucket of `layout` are passed over. */
static bool walk_beyond_zero(struct walk *w, const struct pql_histogram *layout) {
	bool whole = pql_histogram_is_custom(layout) || layout->zero_width == 0;
	while (walk_next(w)) {
		if (whole || bucket_limit(layout, w->cell.index) > layout->zero_width) {
			return true;
		}
	}
	return false;
}

/* `after` gives the layout. */
static bool side_fell(const struct pql_histogram *after, const struct pql_buckets *now,
					  const struct pql_buckets *then, int64_t levels) {
	struct walk current = {.b = now}, previous = {.b = then, .levels = levels};
	bool more = walk_beyond_zero(&current, after);
	while (walk_beyond_zero(&previous, after)) {
		while (more && current.cell.index < previous.cell.index) {
			more = walk_next(&current);
		}
		if (!more) {
			/* Prometheus looks at the first bucket that is beyond, and at no other. */
			return previous.cell.count != 0;
		}
		bool missing = current.cell.index != previous.cell.index;
		if (missing ? previous.cell.count != 0 : current.cell.count < previous.cell.count) {
			return true;
		}
	}
	return false;
}

/* Adds up what is at or below the limit and was not added up before. */
static double sum_up_to(const struct pql_histogram *h, size_t *at, double limit) {
	double sum = 0;
	while (*at < h->positive.count && bucket_limit(h, h->positive.cells[*at].index) <= limit) {
		sum += h->positive.cells[(*at)++].count;
	}
	return sum;
}

/* Compared between the limits that both have; +Inf is one. */
static bool custom_fell(const struct pql_histogram *before, const struct pql_histogram *after) {
	size_t i = 0, j = 0, at_before = 0, at_after = 0;
	while (i <= before->custom_count && j <= after->custom_count) {
		double v = bucket_limit(before, (int64_t)i), w = bucket_limit(after, (int64_t)j);
		if (v == w) {
			double now = sum_up_to(after, &at_after, v), then = sum_up_to(before, &at_before, v);
			if (now < then) {
				return true;
			}
		}
		i += v == w || !(w < v);
		j += v == w || w < v;
	}
	return false;
}

static bool exponential_fell(const struct pql_histogram *before,
							 const struct pql_histogram *after) {
	/* Finer buckets and a narrower zero bucket come with a reset only. */
	if (after->schema > before->schema || after->zero_width < before->zero_width) {
		return true;
	}
	double width = after->zero_width;
	struct kahan zero = zero_count_within(before, NULL, &width);
	int64_t levels = before->schema - after->schema;
	return width != after->zero_width || after->zero_count < zero.sum ||
		   side_fell(after, &after->positive, &before->positive, levels) ||
		   side_fell(after, &after->negative, &before->negative, levels);
}

bool pql_histogram_was_reset(const struct pql_histogram *before,
							 const struct pql_histogram *after) {
	bool custom = pql_histogram_is_custom(after);
	if (after->reset == PQL_RESET_YES || after->reset == PQL_RESET_NO) {
		return after->reset == PQL_RESET_YES;
	}
	if (after->count < before->count || custom != pql_histogram_is_custom(before)) {
		return true;
	}
	return custom && !custom_limits_equal(before, after) ? custom_fell(before, after)
														 : exponential_fell(before, after);
}
