#include "promql-lite/histogram_private.h"

/* true: one says that a counter was reset, the other that it was not. */
static bool join_resets(enum pql_counter_reset *x, enum pql_counter_reset y) {
	enum pql_counter_reset before = *x;
	if (before == y) {
		return false;
	}
	*x = before == PQL_RESET_GAUGE || y == PQL_RESET_GAUGE ? PQL_RESET_GAUGE : PQL_RESET_UNKNOWN;
	return *x == PQL_RESET_UNKNOWN && before != PQL_RESET_UNKNOWN && y != PQL_RESET_UNKNOWN;
}

/* One side of a histogram, and what is added to it. */
struct joining {
	struct pql_buckets *b, *compensation;
	const struct pql_buckets *other, *other_compensation;
	double sign;
	size_t skipped; /* of the other's buckets so many lie within the zero bucket */
};

static size_t count_within_zero(const struct pql_histogram *h, const struct pql_buckets *other) {
	size_t i = 0;
	while (!pql_histogram_is_custom(h) && i < other->count &&
		   bucket_limit(h, other->cells[i].index) <= h->zero_width) {
		i++;
	}
	return i;
}

static size_t count_missing(const struct joining *j) {
	size_t missing = 0, at = 0;
	for (size_t i = j->skipped; i < j->other->count; i++) {
		while (at < j->b->count && j->b->cells[at].index < j->other->cells[i].index) {
			at++;
		}
		missing += at == j->b->count || j->b->cells[at].index != j->other->cells[i].index;
	}
	return missing;
}

static double added_compensation(const struct joining *j, size_t at) {
	return j->other_compensation == NULL ? 0 : j->sign * j->other_compensation->cells[at].count;
}

static void add_cell(const struct joining *j, size_t to, size_t from) {
	double *c = j->compensation != NULL ? &j->compensation->cells[to].count : NULL;
	double more = added_compensation(j, from);
	add_compensated(j->sign * j->other->cells[from].count, &j->b->cells[to].count, c);
	if (more != 0) {
		add_compensated(more, &j->b->cells[to].count, c);
	}
}

static void insert_cell(const struct joining *j, size_t to, size_t from) {
	struct pql_cell cell = j->other->cells[from];
	j->b->cells[to] = (struct pql_cell){cell.index, j->sign * cell.count};
	if (j->compensation != NULL) {
		j->compensation->cells[to] = (struct pql_cell){cell.index, added_compensation(j, from)};
	}
}

static void move_cell(const struct joining *j, size_t to, size_t from) {
	j->b->cells[to] = j->b->cells[from];
	if (j->compensation != NULL) {
		j->compensation->cells[to] = j->compensation->cells[from];
	}
}

static void grow(struct pql_buckets *b, size_t count, struct arena *a) {
	struct pql_cell *cells = ARENA_ARRAY(a, struct pql_cell, count);
	for (size_t i = 0; i < b->count; i++) {
		cells[i] = b->cells[i];
	}
	*b = (struct pql_buckets){cells, count};
}

/* From the end, so that what moves never overwrites what is yet to be read. */
static void join(struct joining *j, struct arena *a) {
	size_t missing = count_missing(j), left = j->b->count, from = j->other->count;
	size_t to = left + missing;
	if (missing > 0) {
		grow(j->b, to, a);
		if (j->compensation != NULL) {
			grow(j->compensation, to, a);
		}
	}
	while (from > j->skipped) {
		int64_t index = j->other->cells[from - 1].index;
		if (left == 0 || j->b->cells[left - 1].index < index) {
			insert_cell(j, --to, --from);
			continue;
		}
		move_cell(j, --to, --left);
		if (j->b->cells[to].index == index) {
			add_cell(j, to, --from);
		}
	}
}

static void join_side(const struct pql_histogram *h, struct joining j, struct arena *a) {
	j.skipped = count_within_zero(h, j.other);
	join(&j, a);
}

/* Buckets of the other one as fine as those of h. */
struct fitted {
	struct pql_buckets b, compensation;
	bool compensated;
};

static struct fitted fit(const struct pql_buckets *b, int64_t levels, bool compensated,
						 struct arena *a) {
	struct fitted f = {.b = *b};
	if (levels > 0) {
		f.compensated = compensated;
		f.compensation = buckets_zeroed(b, a);
		f.b = buckets_coarsen(b, compensated ? &f.compensation : NULL, levels, a);
	}
	return f;
}

static void join_sides(struct pql_histogram *h, struct pql_histogram *c,
					   const struct pql_histogram *other, double sign, struct arena *a) {
	int64_t levels = other->schema - h->schema;
	struct fitted positive = fit(&other->positive, levels, c != NULL, a);
	struct fitted negative = fit(&other->negative, levels, c != NULL, a);
	join_side(
		h,
		(struct joining){.b = &h->positive,
						 .compensation = c != NULL ? &c->positive : NULL,
						 .other = &positive.b,
						 .other_compensation = positive.compensated ? &positive.compensation : NULL,
						 .sign = sign},
		a);
	join_side(
		h,
		(struct joining){.b = &h->negative,
						 .compensation = c != NULL ? &c->negative : NULL,
						 .other = &negative.b,
						 .other_compensation = negative.compensated ? &negative.compensation : NULL,
						 .sign = sign},
		a);
}

static void coarsen_to(struct pql_histogram *h, struct pql_histogram *c, int64_t schema,
					   struct arena *a) {
	int64_t levels = h->schema - schema;
	if (levels > 0) {
		h->positive = buckets_coarsen(&h->positive, c != NULL ? &c->positive : NULL, levels, a);
		h->negative = buckets_coarsen(&h->negative, c != NULL ? &c->negative : NULL, levels, a);
		h->schema = schema;
	}
}

static void join_zero(struct pql_histogram *h, struct pql_histogram *c,
					  const struct pql_histogram *other, double sign) {
	struct kahan others = zero_reconcile(h, c, other);
	add_compensated(sign * others.sum, &h->zero_count, c != NULL ? &c->zero_count : NULL);
	if (c != NULL) {
		add_compensated(others.c, &h->zero_count, &c->zero_count);
	}
}

bool histogram_accumulate(struct pql_histogram *h, struct pql_histogram *c,
						  const struct pql_histogram *other, double sign, struct arena *a,
						  struct pql_histogram_remarks *remarks) {
	bool custom = pql_histogram_is_custom(h);
	if (custom != pql_histogram_is_custom(other)) {
		remarks->incompatible = true;
		return false;
	}
	remarks->reset_collision |= join_resets(&h->reset, other->reset);
	if (!custom) {
		join_zero(h, c, other, sign);
	}
	add_compensated(sign * other->count, &h->count, c != NULL ? &c->count : NULL);
	add_compensated(sign * other->sum, &h->sum, c != NULL ? &c->sum : NULL);
	if (custom && !custom_limits_equal(h, other)) {
		remarks->reconciled = true;
		custom_join(h, c, other, sign, a);
		return true;
	}
	coarsen_to(h, c, other->schema, a);
	join_sides(h, c, other, sign, a);
	if (c != NULL) {
		c->schema = h->schema;
		c->zero_width = h->zero_width;
	}
	return true;
}

static struct pql_histogram *combine(const struct pql_histogram *x, const struct pql_histogram *y,
									 double sign, struct arena *a,
									 struct pql_histogram_remarks *remarks) {
	struct pql_histogram *h = pql_histogram_dup(x, a);
	if (!histogram_accumulate(h, NULL, y, sign, a, remarks)) {
		return NULL;
	}
	buckets_compact(&h->positive, NULL);
	buckets_compact(&h->negative, NULL);
	return h;
}

struct pql_histogram *pql_histogram_plus(const struct pql_histogram *x,
										 const struct pql_histogram *y, struct arena *a,
										 struct pql_histogram_remarks *remarks) {
	return combine(x, y, 1, a, remarks);
}

struct pql_histogram *pql_histogram_minus(const struct pql_histogram *x,
										  const struct pql_histogram *y, struct arena *a,
										  struct pql_histogram_remarks *remarks) {
	return combine(x, y, -1, a, remarks);
}
