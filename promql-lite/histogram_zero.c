/* Zero buckets of different widths. */
#include "promql-lite/histogram_private.h"

/* Adds what lies within *width. true: it has grown to the end of a bucket that it would have cut. */
static bool absorb(struct kahan *total, const struct pql_histogram *h, const struct pql_buckets *b,
				   const struct pql_buckets *compensation, double *width) {
	for (size_t i = 0; i < b->count; i++) {
		struct pql_cell cell = b->cells[i];
		double upper = bucket_limit(h, cell.index);
		if (bucket_limit(h, cell.index - 1) >= *width) {
			break;
		}
		kahan_add(total, cell.count);
		if (compensation != NULL) {
			kahan_add(total, compensation->cells[i].count);
		}
		if (upper > *width) {
			if (cell.count != 0) {
				*width = upper;
			}
			return cell.count != 0;
		}
	}
	return false;
}

struct kahan zero_count_within(const struct pql_histogram *h,
							   const struct pql_histogram *compensation, double *width) {
	bool compensated = compensation != NULL;
	struct kahan total = {h->zero_count, compensated ? compensation->zero_count : 0};
	if (*width == h->zero_width) {
		return total;
	}
	bool grown;
	do {
		/* Once more, because there may be more positive buckets within. As in Prometheus, what was compensated stays. */
		total.sum = h->zero_count;
		absorb(&total, h, &h->positive, compensated ? &compensation->positive : NULL, width);
		grown =
			absorb(&total, h, &h->negative, compensated ? &compensation->negative : NULL, width);
	} while (grown);
	return total;
}

static void empty_within(const struct pql_histogram *h, struct pql_buckets *b,
						 struct pql_buckets *compensation) {
	for (size_t i = 0; i < b->count; i++) {
		if (bucket_limit(h, b->cells[i].index - 1) >= h->zero_width) {
			break;
		}
		b->cells[i].count = 0;
		if (compensation != NULL) {
			compensation->cells[i].count = 0;
		}
	}
	buckets_compact(b, compensation);
}

static void widen(struct pql_histogram *h, struct pql_histogram *compensation, double width) {
	struct kahan total = zero_count_within(h, compensation, &width);
	h->zero_count = total.sum;
	h->zero_width = width;
	if (compensation != NULL) {
		compensation->zero_count = total.c;
	}
	empty_within(h, &h->positive, compensation != NULL ? &compensation->positive : NULL);
	empty_within(h, &h->negative, compensation != NULL ? &compensation->negative : NULL);
}

struct kahan zero_reconcile(struct pql_histogram *h, struct pql_histogram *compensation,
							const struct pql_histogram *other) {
	struct kahan others = {other->zero_count, 0};
	double width = other->zero_width;
	/* Each round at least one bucket of one of the two is passed. */
	while (h->zero_width > width || width > h->zero_width) {
		if (h->zero_width > width) {
			width = h->zero_width;
			others = zero_count_within(other, NULL, &width);
		}
		if (width > h->zero_width) {
			widen(h, compensation, width);
		}
	}
	return others;
}
