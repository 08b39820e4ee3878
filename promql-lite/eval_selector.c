/* Instant selectors: for each step the newest sample that is younger than the lookback, unless a staleness marker came after it. */
#include "promql-lite/eval_private.h"
#include "promql-lite/stretch.h"

bool eval_fail_stretch(struct pql_run *run, const struct pql_stretch_error *error) {
	return eval_fail(run, error->span, "%zu:%zu: %s", error->span.start, error->span.end,
					 error->message);
}

bool eval_stretch(struct pql_frame *f, const struct pql_stretch *s, bool may_be_negative,
				  dur_ms *ret) {
	struct pql_stretch_error error;

	return pql_stretch_resolve(s, f->run->query, may_be_negative, ret, &error) ||
		   eval_fail_stretch(f->run, &error);
}

bool data_time_init(struct pql_frame *f, const struct pql_shift *shift, struct data_time *ret) {
	struct pql_grid query = f->run->query;

	*ret = (struct data_time){.pinned = shift->at != PQL_AT_NONE};
	switch (shift->at) {
	case PQL_AT_NONE: break;
	case PQL_AT_TIME: ret->at = shift->at_time; break;
	case PQL_AT_START: ret->at = query.start; break;
	case PQL_AT_END: ret->at = query.end; break;
	}
	return eval_stretch(f, &shift->offset, true, &ret->offset);
}

/* How a selector gets its number: the value, or the time of the sample. */
struct lookup {
	const struct pql_series *series;
	enum pql_series_form form;
	struct data_time time;
	dur_ms lookback;
	bool timestamps;
	bool floats_only; /* a histogram is an error */
};

/* Data times rise with the steps, so the search goes on where it stopped. */
static void lookup_row(struct pql_frame *f, const struct lookup *l, struct pql_row *row) {
	const struct pql_series *s = l->series;
	size_t next = pql_times_after(s->times, s->count, data_time_of(&l->time, f->grid.start));

	for (size_t k = 0; k < f->steps; k++) {
		ts_ms t = data_time_of(&l->time, frame_time(f, k));
		ts_ms oldest =
			l->form == PQL_SERIES_STORED ? pql_time_minus(t, l->lookback) : pql_time_minus(t, 1);

		while (next < s->count && s->times[next] <= t) {
			next++;
		}
		if (next == 0 || s->times[next - 1] <= oldest || !series_has_sample(s, next - 1)) {
			continue;
		}
		if (l->floats_only && series_histogram(s, next - 1) != NULL) {
			eval_fail(f->run, (struct span){0, 0},
					  "this should be an info metric, with float samples: %s",
					  labels_text(f->run->arena, s->labels));
			return;
		}
		row->present[k] = 1;
		/* A set that was looked up for its timestamps has them as values. */
		row->values[k] = l->timestamps && l->form == PQL_SERIES_STORED
							 ? (double)s->times[next - 1] / 1000
							 : s->values[next - 1];
		if (series_histogram(s, next - 1) != NULL && !l->timestamps &&
			!row_put_histogram(f, row, k, series_histogram(s, next - 1))) {
			return;
		}
	}
}

/* smoothed: the line between the samples before and after, each at most a lookback away. */
static void smooth_row(const struct pql_frame *f, const struct lookup *l, struct pql_row *row) {
	const struct pql_series *s = l->series;

	for (size_t k = 0; k < f->steps; k++) {
		ts_ms t = data_time_of(&l->time, frame_time(f, k));
		size_t after = pql_times_after(s->times, s->count, pql_time_minus(t, 1)), before = after;

		while (after < s->count && !series_has_float(s, after)) {
			after++;
		}
		while (before > 0 && !series_has_float(s, before - 1)) {
			before--;
		}
		bool has_after = after < s->count && s->times[after] <= pql_time_minus(t, -l->lookback);
		bool has_before = before > 0 && s->times[before - 1] > pql_time_minus(t, l->lookback);

		if (has_after && s->times[after] == t) {
			row->values[k] = s->values[after];
		} else if (has_before && has_after) {
			row->values[k] = line_at(s->times[before - 1], s->values[before - 1], s->times[after],
									 s->values[after], t);
		} else if (has_before) {
			row->values[k] = s->values[before - 1];
		} else {
			continue;
		}
		row->present[k] = 1;
	}
}

static void look_up(struct pql_frame *f, const struct pql_node *n, const struct lookup *l,
					struct pql_row *row) {
	if (n->selector.mode != PQL_MODE_SMOOTHED || l->timestamps) {
		lookup_row(f, l, row);
	} else if (l->series->histograms != NULL) {
		smooth_mixed_row(f, n, l->series, &l->time, row);
	} else {
		smooth_row(f, l, row);
	}
}

static bool select_rows(struct pql_frame *f, const struct pql_node *n, struct lookup *l,
						struct pql_value *ret) {
	const struct pql_series_set *set = &f->run->sets[n->selector.index];

	l->form = set->form;
	l->lookback = f->run->options.time.lookback;
	value_reserve(f, ret, set->count);
	for (size_t i = 0; i < set->count; i++) {
		struct pql_row *row = value_add_row(f, ret, set->items[i].labels);

		if (row == NULL) {
			return false;
		}
		l->series = &set->items[i];
		look_up(f, n, l, row);
		if (f->run->failed) {
			return false;
		}
		if (!row_any(row, f->steps)) {
			value_drop_row(f, ret);
		}
	}
	return true;
}

bool eval_selector(struct pql_frame *f, const struct pql_node *n, struct pql_value *ret) {
	struct lookup l = {0};

	return data_time_init(f, &n->selector.shift, &l.time) && select_rows(f, n, &l, ret);
}

bool eval_selector_timestamps(struct pql_frame *f, const struct pql_node *n,
							  const struct data_time *time, struct pql_value *ret) {
	struct lookup l = {.timestamps = true, .floats_only = time != NULL};

	if (time != NULL) {
		l.time = *time;
	} else if (!data_time_init(f, &n->selector.shift, &l.time)) {
		return false;
	}
	return select_rows(f, n, &l, ret);
}
