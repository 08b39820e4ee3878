/* Native histograms between two samples, and what `smoothed` makes of them. */
#include "promql-lite/eval_private.h"

/* Whether a counter was reset is told by other means here: that the two say different things is not worth a word. */
static struct pql_histogram *take(const struct noted *n, struct pql_histogram *result,
								  struct pql_histogram_remarks remarks, const char *operation) {
	if (result == NULL) {
		note_add_metric(n->run, NOTE_MIXED_SCHEMAS, n->span, n->metric);
		return NULL;
	}
	remarks.reset_collision = false;
	note_add_remarks(n->run, n->span, &remarks, operation);
	return result;
}

struct pql_histogram *noted_plus(const struct noted *n, const struct pql_histogram *x,
								 const struct pql_histogram *y) {
	struct pql_histogram_remarks remarks = {0};
	struct pql_histogram *sum = pql_histogram_plus(x, y, &n->run->work, &remarks);

	return take(n, sum, remarks, "addition");
}

struct pql_histogram *noted_minus(const struct noted *n, const struct pql_histogram *x,
								  const struct pql_histogram *y) {
	struct pql_histogram_remarks remarks = {0};
	struct pql_histogram *difference = pql_histogram_minus(x, y, &n->run->work, &remarks);

	return take(n, difference, remarks, "subtraction");
}

struct pql_histogram *histogram_line_at(const struct noted *n, const struct histogram_pair *p,
										ts_ms t, bool is_counter) {
	double fraction = (double)(t - p->from) / (double)(p->to - p->from);
	struct pql_histogram *rise;

	if (t == p->from || t == p->to) {
		return t == p->from ? p->before : p->after;
	}
	if (is_counter && pql_histogram_was_reset(p->before, p->after)) {
		return pql_histogram_times(p->after, fraction, &n->run->work);
	}
	rise = noted_minus(n, p->after, p->before);
	if (rise == NULL) {
		return NULL;
	}
	return noted_plus(n, pql_histogram_times(rise, fraction, &n->run->work), p->before);
}

#define NONE SIZE_MAX

/* What there is around a time, at most a lookback away. */
struct around {
	size_t before, after; /* the last one before; the first one at it or after it */
	bool floats, histograms;
};

static struct around look_around(const struct pql_series *s, ts_ms t, dur_ms lookback) {
	size_t from = pql_times_after(s->times, s->count, pql_time_minus(t, lookback));
	size_t to = pql_times_after(s->times, s->count, pql_time_minus(t, -lookback));
	struct around x = {.before = NONE, .after = NONE};

	for (size_t i = from; i < to; i++) {
		bool is_float = series_has_float(s, i);

		if (!series_has_sample(s, i)) {
			continue;
		}
		x.floats = x.floats || is_float;
		x.histograms = x.histograms || !is_float;
		x.before = s->times[i] < t ? i : x.before;
		x.after = s->times[i] >= t && x.after == NONE ? i : x.after;
	}
	return x;
}

static void smooth_floats(const struct pql_series *s, const struct around *x, ts_ms t, size_t step,
						  struct pql_row *row) {
	const ts_ms *times = s->times;

	if (x->after != NONE && times[x->after] == t) {
		row_put_float(row, step, s->values[x->after]);
	} else if (x->before != NONE && x->after != NONE) {
		row_put_float(row, step,
					  line_at(times[x->before], s->values[x->before], times[x->after],
							  s->values[x->after], t));
	} else if (x->before != NONE) {
		row_put_float(row, step, s->values[x->before]);
	}
}

static void smooth_between(struct pql_frame *f, const struct noted *n,
						   const struct histogram_pair *p, ts_ms t, size_t step,
						   struct pql_row *row) {
	bool gauge = p->before->reset == PQL_RESET_GAUGE && p->after->reset == PQL_RESET_GAUGE;
	struct pql_histogram *h;

	if (pql_histogram_is_custom(p->before) != pql_histogram_is_custom(p->after)) {
		note_add_metric(n->run, NOTE_MIXED_SCHEMAS, n->span, n->metric);
		return;
	}
	h = histogram_line_at(n, p, t, !gauge);
	if (h != NULL) {
		row_make_histogram(f, row, step, h);
	}
}

/* A value that is carried on says nothing of what came before it. */
static void smooth_histograms(struct pql_frame *f, const struct noted *n,
							  const struct pql_series *s, const struct around *x, ts_ms t,
							  size_t step, struct pql_row *row) {
	struct pql_histogram *const *items = s->histograms;

	if (x->after != NONE && s->times[x->after] == t) {
		row_put_histogram(f, row, step, items[x->after]);
	} else if (x->before != NONE && x->after != NONE) {
		struct histogram_pair p = {items[x->before], items[x->after], s->times[x->before],
								   s->times[x->after]};

		smooth_between(f, n, &p, t, step, row);
	} else if (x->before != NONE) {
		row_make_histogram(
			f, row, step,
			pql_histogram_with_reset(items[x->before], PQL_RESET_UNKNOWN, &f->run->work));
	}
	arena_reset(&f->run->work);
}

void smooth_mixed_row(struct pql_frame *f, const struct pql_node *n, const struct pql_series *s,
					  const struct data_time *time, struct pql_row *row) {
	struct noted noted = {f->run, n->span, s->labels};

	for (size_t k = 0; k < f->steps && !f->run->failed; k++) {
		ts_ms t = data_time_of(time, frame_time(f, k));
		struct around x = look_around(s, t, f->run->options.time.lookback);

		if (x.floats && x.histograms) {
			note_add_metric(f->run, NOTE_MIXED_SAMPLES, n->span, s->labels);
		} else if (x.histograms) {
			smooth_histograms(f, &noted, s, &x, t, k, row);
		} else {
			smooth_floats(s, &x, t, k, row);
		}
	}
}
