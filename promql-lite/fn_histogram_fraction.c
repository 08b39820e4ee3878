/* histogram_fraction, on classic histograms and on native ones. */
#include "promql-lite/fn_histogram_private.h"

#include <math.h>

/* Cumulative count at v, straight within a bucket. Nothing is known inside a bucket that begins at -Inf: all of it counts. */
static double rank_within(const struct bucket *b, double lower_bound, double rank, double v) {
	if (isinf(lower_bound)) {
		return b->count;
	}
	return rank + (b->count - rank) * (v - lower_bound) / (b->bound - lower_bound);
}

/* How many observations are at or below v, at most `total`. */
static double rank_of(const struct bucket *b, size_t count, double v, double total) {
	double lower_bound = b[0].bound <= 0 ? -INFINITY : 0, rank = 0, result = total;

	for (size_t i = 0; i < count; i++) {
		if (i > 0) {
			lower_bound = b[i - 1].bound;
		}
		if (lower_bound >= v) {
			result = rank;
			break;
		}
		if (b[i].bound > v) {
			result = rank_within(&b[i], lower_bound, rank, v);
			break;
		}
		rank = b[i].count;
	}
	return result > total ? total : result;
}

/* As Prometheus' BucketFraction. */
static double bucket_fraction(double lower, double upper, const struct bucket *b, size_t count) {
	double total = b[count - 1].count;

	if (!(isinf(b[count - 1].bound) && b[count - 1].bound > 0) || total == 0 || isnan(lower) ||
		isnan(upper)) {
		return NAN;
	}
	if (lower >= upper) {
		return 0;
	}
	return (rank_of(b, count, upper, total) - rank_of(b, count, lower, total)) / total;
}

static bool native_fraction_rows(struct pql_call_context *call, const struct classics *c) {
	struct pql_frame *f = call->frame;

	for (size_t i = 0; i < c->native_count; i++) {
		const struct native *n = &c->natives[i];
		struct pql_row *row = value_add_row(f, call->ret, n->row->labels);

		if (row == NULL) {
			return false;
		}
		for (size_t k = 0; k < f->steps; k++) {
			const struct pql_histogram *h = native_alone(call, 2, c, n, k);

			if (h != NULL) {
				row_put_float(row, k, native_fraction(call, k, h, row->labels));
			}
		}
	}
	return true;
}

void fn_histogram_fraction(struct pql_call_context *call) {
	struct pql_frame *f = call->frame;
	struct classics classics;

	classics_init(&classics, call, 2);
	if (!native_fraction_rows(call, &classics)) {
		return;
	}
	for (size_t i = 0; i < classics.count; i++) {
		struct pql_row *row = value_add_row(f, call->ret, classics.items[i].labels);

		if (row == NULL) {
			return;
		}
		for (size_t k = 0; k < f->steps; k++) {
			size_t count = gather_buckets(&classics.items[i], k, classics.scratch);

			if (count > 0 && native_at(classics.items[i].native, k) == NULL) {
				row->present[k] = 1;
				row->values[k] =
					bucket_fraction(call->values[0].scalars[k], call->values[1].scalars[k],
									classics.scratch, count);
			}
		}
	}
	value_compact(f, call->ret);
	value_drop_names(f, call->ret);
}
