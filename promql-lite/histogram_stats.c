/* Under histogram_count, histogram_sum and histogram_avg nobody looks at buckets: there Prometheus reads histograms without them.
 * It shows, as what does not fit together because of its buckets then does; so it is done here, too. */
#include "promql-lite/eval_private.h"

static const char *function_of(const struct pql_node *n) {
	return n->kind == PQL_CALL ? n->call.function->name : "";
}

static bool is_one_of(const char *name, const char *const *names, size_t count) {
	for (size_t i = 0; i < count; i++) {
		if (strcmp(name, names[i]) == 0) {
			return true;
		}
	}
	return false;
}

/* In a subquery it takes the buckets to tell whether a counter was reset. */
static bool needs_buckets(const struct pql_node *n) {
	static const char *const names[] = {"histogram_quantile", "histogram_quantiles",
										"histogram_fraction"};

	return n->kind == PQL_SUBQUERY || is_one_of(function_of(n), names, 3) ||
		   (n->kind == PQL_BINARY &&
			(n->binary.op == PQL_OP_TRIM_LOWER || n->binary.op == PQL_OP_TRIM_UPPER));
}

/* What is known of the histogram once its buckets are gone, also whether its counter was reset since the one before. */
static struct pql_histogram *without_buckets(const struct pql_histogram *h,
											 const struct pql_histogram *before, struct arena *a) {
	struct pql_histogram *stats = ARENA_NEW(a, struct pql_histogram);

	*stats = (struct pql_histogram){
		.schema = h->schema, .sum = h->sum, .count = h->count, .reset = h->reset};
	if (h->reset == PQL_RESET_UNKNOWN && before != NULL) {
		stats->reset = pql_histogram_was_reset(before, h) ? PQL_RESET_YES : PQL_RESET_NO;
	}
	return stats;
}

static void strip_series(struct pql_series *s, bool all_samples, struct arena *a) {
	struct pql_histogram **stats = ARENA_ARRAY(a, struct pql_histogram *, s->count);
	const struct pql_histogram *before = NULL;

	for (size_t i = 0; i < s->count; i++) {
		if (s->histograms[i] != NULL) {
			stats[i] = without_buckets(s->histograms[i], before, a);
			before = all_samples ? s->histograms[i] : NULL;
		}
	}
	s->histograms = stats;
}

static bool has_histograms(const struct pql_series_set *set) {
	for (size_t i = 0; i < set->count; i++) {
		if (set->items[i].histograms != NULL) {
			return true;
		}
	}
	return false;
}

/* What was looked up on a grid has gaps: a reset within one would be taken for one just before the sample behind it. */
static void strip_set(struct pql_run *run, size_t index, bool range) {
	struct arena *a = run->arena;
	size_t count = run->expr->selector_count;
	const struct pql_series_set *set = &run->sets[index];
	bool all_samples = range || set->form == PQL_SERIES_STORED;
	struct pql_series_set *sets;
	struct pql_series *items;

	if (!has_histograms(set)) {
		return;
	}
	items = ARENA_ARRAY(a, struct pql_series, set->count);
	memcpy(items, set->items, set->count * sizeof(*items));
	for (size_t i = 0; i < set->count; i++) {
		if (items[i].histograms != NULL) {
			strip_series(&items[i], all_samples, a);
		}
	}
	sets = ARENA_ARRAY(a, struct pql_series_set, count);
	memcpy(sets, run->sets, count * sizeof(*sets));
	sets[index].items = items;
	run->sets = sets;
}

static bool visit_below(struct pql_node *n, void *data) {
	if (n->kind == PQL_RANGE) {
		strip_set(data, n->range.selector->selector.index, true);
		return false;
	}
	if (n->kind == PQL_SELECTOR) {
		strip_set(data, n->selector.index, n->selector.mode != PQL_MODE_PLAIN);
	}
	return !needs_buckets(n);
}

static bool visit(struct pql_node *n, void *data) {
	static const char *const names[] = {"histogram_avg", "histogram_count", "histogram_sum"};

	if (is_one_of(function_of(n), names, 3)) {
		pql_walk(n->call.args[0], visit_below, data);
		return false;
	}
	return !needs_buckets(n);
}

void histogram_stats_prepare(struct pql_run *run) {
	pql_walk(run->expr->root, visit, run);
}
