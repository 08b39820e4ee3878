/* Sums and means of native histograms, over time and over series. */
#include "promql-lite/eval_private.h"

/* One says that its counter was reset, another that it was not: what is said of the sum? */
static bool resets_collide(struct pql_histogram *const *items, size_t count) {
	bool reset = false, none = false;

	for (size_t i = 0; i < count; i++) {
		reset = reset || items[i]->reset == PQL_RESET_YES;
		none = none || items[i]->reset == PQL_RESET_NO;
	}
	return reset && none;
}

/* Adds up items until one does not fit or (with `stops`) a number in the sum becomes infinite. Returns the index of that one, or
 * the count. */
static size_t add_up(struct pql_histogram_total *t, struct pql_histogram *const *items,
					 size_t count, bool stops, struct arena *a,
					 struct pql_histogram_remarks *remarks) {
	pql_histogram_total_init(t, items[0], a);
	for (size_t i = 1; i < count; i++) {
		if (!pql_histogram_total_add(t, items[i], remarks) ||
			(stops && pql_histogram_has_overflow(t->sum))) {
			return i;
		}
	}
	return count;
}

/* From the sum of the first `done` on: a running mean, which stays as small as what it is of. Returns as add_up. */
static size_t run_mean(struct pql_histogram_total *t, struct pql_histogram *const *items,
					   size_t count, size_t done, struct arena *a,
					   struct pql_histogram_remarks *remarks) {
	pql_histogram_total_divide(t, (double)done);
	for (size_t i = done; i < count; i++) {
		double n = (double)(i + 1);

		pql_histogram_total_scale(t, (n - 1) / n);
		if (!pql_histogram_total_add(t, pql_histogram_divided(items[i], n, a), remarks)) {
			return i;
		}
	}
	return count;
}

struct pql_histogram *histogram_fold(struct pql_histogram *const *items, size_t count, bool mean,
									 struct arena *a, struct pql_histogram_remarks *remarks,
									 size_t *ret_misfit) {
	struct pql_histogram_total t;
	size_t done = add_up(&t, items, count, mean, a, remarks);

	if (mean && done < count && !remarks->incompatible) {
		add_up(&t, items, done, false, a, remarks);
		done = run_mean(&t, items, count, done, a, remarks);
	} else if (mean && done == count) {
		pql_histogram_total_divide(&t, (double)count);
	}
	remarks->reset_collision = resets_collide(items, count);
	*ret_misfit = done;
	return done < count ? NULL : pql_histogram_total_take(&t);
}

static void fold_window(struct pql_call_context *call, const struct windows *w, size_t step,
						struct pql_row *out, bool mean) {
	const struct histogram_windows *h = w->histograms;
	struct pql_run *run = call->frame->run;
	struct pql_histogram_remarks remarks = {0};
	struct pql_histogram *result;
	size_t misfit;

	if (w->from[step] < w->to[step]) {
		note_add_metric(run, NOTE_MIXED_SAMPLES, call_arg_span(call, 0), w->labels);
		return;
	}
	result = histogram_fold(h->items + h->from[step], h->to[step] - h->from[step], mean, &run->work,
							&remarks, &misfit);
	if (result == NULL) {
		note_add_metric(run, NOTE_MIXED_SCHEMAS, call_arg_span(call, 0), w->labels);
		return;
	}
	note_add_remarks(run, call_arg_span(call, 0), &remarks, "aggregation");
	row_make_histogram(call->frame, out, step, result);
}

void sum_histograms(struct pql_call_context *call, const struct windows *w, size_t step,
					struct pql_row *out) {
	fold_window(call, w, step, out, false);
}

void avg_histograms(struct pql_call_context *call, const struct windows *w, size_t step,
					struct pql_row *out) {
	fold_window(call, w, step, out, true);
}
