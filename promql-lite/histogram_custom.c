/* Custom buckets whose limits differ. */
#include "promql-lite/histogram_private.h"

bool custom_limits_equal(const struct pql_histogram *x, const struct pql_histogram *y) {
	if (x->custom_count != y->custom_count) {
		return false;
	}
	for (size_t i = 0; i < x->custom_count; i++) {
		if (!(x->custom_values[i] == y->custom_values[i])) {
			return false;
		}
	}
	return true;
}

/* The limits that both have. Both rise. */
static size_t common_limits(const struct pql_histogram *x, const struct pql_histogram *y,
							double *limits) {
	size_t count = 0, i = 0, j = 0;
	while (i < x->custom_count && j < y->custom_count) {
		double v = x->custom_values[i], w = y->custom_values[j];
		if (v == w) {
			limits[count++] = v;
		}
		i += v <= w;
		j += !(v < w);
	}
	return count;
}

/* Buckets between common limits; the last one ends at +Inf. */
struct common {
	const double *limits;
	size_t limit_count;
	struct kahan *totals; /* limit_count + 1 of them */
};

static void add_all(struct common *to, const struct pql_histogram *h,
					const struct pql_buckets *compensation, double sign) {
	size_t at = 0;
	for (size_t i = 0; i < h->positive.count; i++) {
		double limit = bucket_limit(h, h->positive.cells[i].index);
		while (at < to->limit_count && !(to->limits[at] >= limit)) {
			at++;
		}
		kahan_add(&to->totals[at], sign * h->positive.cells[i].count);
		if (compensation != NULL) {
			kahan_add(&to->totals[at], compensation->cells[i].count);
		}
	}
}

static struct pql_buckets take_totals(const struct common *from, struct pql_buckets *compensation,
									  struct arena *a) {
	struct pql_buckets b = {.cells = ARENA_ARRAY(a, struct pql_cell, from->limit_count + 1)};
	struct pql_buckets c = {.cells = ARENA_ARRAY(a, struct pql_cell, from->limit_count + 1)};
	for (size_t i = 0; i <= from->limit_count; i++) {
		struct kahan total = from->totals[i];
		if (total.sum != 0 || total.c != 0) {
			b.cells[b.count++] = (struct pql_cell){(int64_t)i, total.sum};
			c.cells[c.count++] = (struct pql_cell){(int64_t)i, total.c};
		}
	}
	if (compensation != NULL) {
		*compensation = c;
	}
	return b;
}

void custom_join(struct pql_histogram *h, struct pql_histogram *compensation,
				 const struct pql_histogram *other, double sign, struct arena *a) {
	struct pql_buckets *c = compensation != NULL ? &compensation->positive : NULL;
	double *limits = ARENA_ARRAY(a, double, h->custom_count);
	struct common common = {.limits = limits, .limit_count = common_limits(h, other, limits)};
	common.totals = ARENA_ARRAY(a, struct kahan, common.limit_count + 1);
	add_all(&common, h, c, 1);
	add_all(&common, other, NULL, sign);
	h->positive = take_totals(&common, c, a);
	h->custom_values = limits;
	h->custom_count = common.limit_count;
	if (compensation != NULL) {
		compensation->custom_values = h->custom_values;
		compensation->custom_count = h->custom_count;
	}
}
