/* histogram_quantile, histogram_quantiles and histogram_fraction, on classic histograms (series with an `le` label) and on native
 * ones. */
#include "promql-lite/eval_private.h"

#include <math.h>

#include "base/gofloat.h"
#include "promql-lite/almost.h"

#define LE STR("le")
#define TOLERANCE 1e-12 /* relative difference of bucket counts that is taken for rounding */

struct bucket {
	double bound, count; /* upper bound; cumulative */
};

/* One histogram: its rows, by rising bound. */
struct classic {
	struct labels labels; /* without le */
	const struct pql_row **rows;
	double *bounds;
	size_t count;
	bool mixed;                   /* its rows may have histograms, which are no buckets */
	const struct pql_row *native; /* with the same labels, or NULL */
};

/* A row with native histograms. */
struct native {
	const struct pql_row *row;
	const struct classic *classic; /* with the same labels, or NULL */
};

struct classics {
	struct classic *items;
	size_t count, longest;
	struct bucket *scratch; /* of the longest */
	struct native *natives;
	size_t native_count;
};

/* ---- grouping ---- */

static bool parse_bound(struct pql_call_context *call, const struct pql_row *row, size_t arg,
						double *ret) {
	struct str le = labels_get(row->labels, LE), name = labels_get(row->labels, LABEL_NAME);
	struct strbuf b = STRBUF_INIT;
	bool range = false;

	if (gofloat_parse(le, ret, &range) && !range) {
		return true;
	}
	strbuf_add_quoted(&b, le);
	if (call->frame->run->options.delayed_name_removal && name.len > 0) {
		strbuf_add_c(&b, " for metric name ");
		strbuf_add_quoted(&b, name);
	}
	note_add(call->frame->run, true, call_arg_span(call, arg),
			 "bucket label \"le\" is missing or has a malformed value of %s", b.ptr);
	strbuf_finish(&b);
	return false;
}

struct bucket_row {
	const struct pql_row *row;
	double bound;
	size_t group;
};

static int compare_bucket_rows(const void *a, const void *b) {
	const struct bucket_row *x = a, *y = b;

	if (x->group != y->group) {
		return x->group < y->group ? -1 : 1;
	}
	return (x->bound > y->bound) - (x->bound < y->bound);
}

static struct labels labels_without_le(struct arena *a, struct labels l) {
	struct labels_builder b;

	labels_builder_init_from(&b, a, l);
	labels_builder_remove(&b, LE);
	return labels_builder_take(&b);
}

/* `rows` is sorted by group. */
static void fill_classics(struct arena *a, const struct bucket_row *rows, size_t count,
						  const struct labels *labels, struct classics *ret) {
	const struct pql_row **sorted =
		(const struct pql_row **)ARENA_ARRAY(a, struct pql_row *, count + 1);
	double *bounds = ARENA_ARRAY(a, double, count + 1);

	for (size_t i = 0; i < count; i++) {
		struct classic *c = &ret->items[rows[i].group];

		sorted[i] = rows[i].row;
		bounds[i] = rows[i].bound;
		if (c->count == 0) {
			*c = (struct classic){
				.labels = labels[rows[i].group], .rows = sorted + i, .bounds = bounds + i};
		}
		c->mixed = c->mixed || rows[i].row->histograms != NULL;
		c->count++;
		ret->longest = c->count > ret->longest ? c->count : ret->longest;
	}
	ret->scratch = ARENA_ARRAY(a, struct bucket, ret->longest + 1);
}

static bool has_floats(const struct pql_row *row, size_t steps) {
	for (size_t k = 0; k < steps; k++) {
		if (row->present[k] && row_histogram(row, k) == NULL) {
			return true;
		}
	}
	return false;
}

/* Rows with the same labels but for `le` meet. */
static void find_natives(struct classics *c, struct pql_frame *f, const struct pql_value *in,
						 const struct label_index *index) {
	c->natives = ARENA_ARRAY(f->run->arena, struct native, in->row_count + 1);
	for (size_t i = 0; i < in->row_count; i++) {
		struct native *n = &c->natives[c->native_count];
		size_t group;

		if (in->rows[i].histograms == NULL) {
			continue;
		}
		c->native_count++;
		n->row = &in->rows[i];
		if (label_index_find(index, n->row->labels, &group)) {
			n->classic = &c->items[group];
			c->items[group].native = n->row;
		}
	}
}

static void classics_init(struct classics *ret, struct pql_call_context *call, size_t arg) {
	struct arena *a = call->frame->run->arena;
	const struct pql_value *in = &call->values[arg];
	struct bucket_row *rows = ARENA_ARRAY(a, struct bucket_row, in->row_count + 1);
	struct labels *labels = ARENA_ARRAY(a, struct labels, in->row_count + 1);
	struct label_index *index = label_index_create(a);
	size_t count = 0;

	*ret = (struct classics){0};
	for (size_t i = 0; i < in->row_count; i++) {
		struct labels without;
		bool is_new;

		if (!has_floats(&in->rows[i], call->frame->steps) ||
			!parse_bound(call, &in->rows[i], arg, &rows[count].bound)) {
			continue;
		}
		without = labels_without_le(a, in->rows[i].labels);
		rows[count].row = &in->rows[i];
		rows[count].group = label_index_add(index, without, &is_new);
		labels[rows[count].group] = without;
		ret->count += is_new;
		count++;
	}
	qsort(rows, count, sizeof(*rows), compare_bucket_rows);
	ret->items = ARENA_ARRAY(a, struct classic, ret->count + 1);
	fill_classics(a, rows, count, labels, ret);
	if (value_has_histograms(in)) {
		find_natives(ret, call->frame, in, index);
	}
}

/* The buckets that are there at a step; those with the same bound become one. */
static size_t gather_buckets(const struct classic *c, size_t step, struct bucket *ret) {
	size_t count = 0;

	for (size_t i = 0; i < c->count; i++) {
		if (!c->rows[i]->present[step] || (c->mixed && row_histogram(c->rows[i], step) != NULL)) {
			continue;
		}
		if (count > 0 && ret[count - 1].bound == c->bounds[i]) {
			ret[count - 1].count += c->rows[i]->values[step];
		} else {
			ret[count++] = (struct bucket){c->bounds[i], c->rows[i]->values[step]};
		}
	}
	return count;
}

/* ---- native histograms ---- */

static const struct pql_histogram *native_at(const struct pql_row *row, size_t step) {
	return row != NULL && row->present[step] ? row_histogram(row, step) : NULL;
}

/* The native histogram at a step, unless there are buckets beside it: then it is noted that neither counts. */
static const struct pql_histogram *native_alone(struct pql_call_context *call, size_t arg,
												const struct classics *c, const struct native *n,
												size_t step) {
	const struct pql_histogram *h = native_at(n->row, step);

	if (h != NULL && n->classic != NULL && gather_buckets(n->classic, step, c->scratch) > 0) {
		native_note_conflict(call, arg, n->row->labels);
		return NULL;
	}
	return h;
}

/* ---- quantile ---- */

/* Counts must not fall from bucket to bucket: what falls is raised to the one before. Tiny differences are rounding and go
 * without a word. As Prometheus' ensureMonotonicAndIgnoreSmallDeltas. true: something real was repaired. */
static bool repair_buckets(struct bucket *b, size_t count, struct note_repair *ret) {
	double previous = b[0].count;
	bool repaired = false;

	*ret = (struct note_repair){.min_bucket = INFINITY, .max_bucket = -INFINITY};
	for (size_t i = 1; i < count; i++) {
		double current = b[i].count;

		if (current == previous) {
			continue;
		}
		if (pql_almost_equal(previous, current, TOLERANCE)) {
			b[i].count = previous;
			continue;
		}
		if (current < previous) {
			b[i].count = previous;
			repaired = true;
			ret->min_bucket = b[i].bound < ret->min_bucket ? b[i].bound : ret->min_bucket;
			ret->max_bucket = b[i].bound > ret->max_bucket ? b[i].bound : ret->max_bucket;
			ret->max_diff = previous - current > ret->max_diff ? previous - current : ret->max_diff;
			continue;
		}
		previous = current;
	}
	return repaired;
}

/* The first bucket whose count reaches the rank, by bisection as sort.Search does it (counts may be NaN). */
static size_t find_bucket(const struct bucket *b, size_t count, double rank) {
	size_t low = 0, high = count - 1;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (!(b[middle].count >= rank)) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

/* Linear within a bucket; the lowest one begins at 0 if its bound is positive. As Prometheus' BucketQuantile. */
static double bucket_quantile(double q, struct bucket *b, size_t count, bool *ret_repaired,
							  struct note_repair *ret_repair) {
	double observations, rank, start = 0, in_bucket;
	size_t at;

	*ret_repaired = false;
	if (isnan(q)) {
		return NAN;
	}
	if (q < 0 || q > 1) {
		return q < 0 ? -INFINITY : INFINITY;
	}
	if (!(isinf(b[count - 1].bound) && b[count - 1].bound > 0)) {
		return NAN;
	}
	*ret_repaired = repair_buckets(b, count, ret_repair);
	observations = b[count - 1].count;
	if (count < 2 || observations == 0) {
		return NAN;
	}
	rank = q * observations;
	at = find_bucket(b, count, rank);
	if (at == count - 1) {
		return b[count - 2].bound;
	}
	if (at == 0 && b[0].bound <= 0) {
		return b[0].bound;
	}
	in_bucket = b[at].count;
	if (at > 0) {
		start = b[at - 1].bound;
		in_bucket -= b[at - 1].count;
		rank -= b[at - 1].count;
	}
	return start + (b[at].bound - start) * (rank / in_bucket);
}

/* What was repaired in one call, by metric name. */
struct repairs {
	struct str name; /* empty unless names are removed later */
	struct note_repair total;
	size_t *per_step;
	struct repairs *next;
};

struct quantiles {
	struct pql_call_context *call;
	size_t arg; /* with the buckets */
	struct classics classics;
	struct repairs *repairs;
	/* Per histogram and step: it was repaired for an earlier quantile, and Prometheus keeps it so. NULL: there is one quantile. */
	uint8_t *repaired;
};

static struct repairs *repairs_of(struct quantiles *x, struct labels l) {
	const struct pql_frame *f = x->call->frame;
	struct arena *a = f->run->arena;
	struct str name = f->run->options.delayed_name_removal ? labels_get(l, LABEL_NAME) : STR_EMPTY;
	struct repairs *r;

	for (r = x->repairs; r != NULL; r = r->next) {
		if (str_equal(r->name, name)) {
			return r;
		}
	}
	r = ARENA_NEW(a, struct repairs);
	*r = (struct repairs){
		.name = name, .per_step = ARENA_ARRAY(a, size_t, f->steps), .next = x->repairs};
	x->repairs = r;
	return r;
}

static void add_repair(struct quantiles *x, size_t histogram, size_t step,
					   struct note_repair *repair) {
	struct repairs *r = repairs_of(x, x->classics.items[histogram].labels);

	if (x->repaired != NULL) {
		uint8_t *repaired = &x->repaired[histogram * x->call->frame->steps + step];

		if (*repaired) {
			return;
		}
		*repaired = 1;
	}
	repair->min_t = repair->max_t = frame_time(x->call->frame, step);
	repair->times = 1;
	note_repair_join(&r->total, repair);
	r->per_step[step]++;
}

/* The number of samples is told as Prometheus counts it: what has been noted so far is merged with itself at every later step,
 * which doubles it. */
static void note_repairs(struct quantiles *x) {
	for (struct repairs *r = x->repairs; r != NULL; r = r->next) {
		size_t times = 0;

		for (size_t k = 0; k < x->call->frame->steps; k++) {
			times = times == 0 ? r->per_step[k] : (times + r->per_step[k]) * 2;
		}
		r->total.times = times;
		note_add_repair(x->call->frame->run, call_arg_span(x->call, x->arg), r->name, &r->total);
	}
}

static bool native_quantile_rows(struct quantiles *x, const double *q) {
	struct pql_frame *f = x->call->frame;

	for (size_t i = 0; i < x->classics.native_count; i++) {
		const struct native *n = &x->classics.natives[i];
		struct pql_row *row = value_add_row(f, x->call->ret, n->row->labels);

		if (row == NULL) {
			return false;
		}
		for (size_t k = 0; k < f->steps; k++) {
			const struct pql_histogram *h = native_alone(x->call, x->arg, &x->classics, n, k);

			if (h != NULL) {
				row_put_float(row, k, native_quantile(x->call, x->arg, q[k], h, row->labels));
			}
		}
	}
	return true;
}

/* One row per histogram: its q-quantile at each step. */
static bool quantile_rows(struct quantiles *x, const double *q) {
	struct pql_frame *f = x->call->frame;

	for (size_t i = 0; i < x->classics.count; i++) {
		const struct classic *c = &x->classics.items[i];
		struct pql_row *row = value_add_row(f, x->call->ret, c->labels);
		struct note_repair repair;
		bool repaired;

		if (row == NULL) {
			return false;
		}
		for (size_t k = 0; k < f->steps; k++) {
			size_t count = gather_buckets(c, k, x->classics.scratch);

			if (count == 0 || native_at(c->native, k) != NULL) {
				continue;
			}
			row->present[k] = 1;
			row->values[k] = bucket_quantile(q[k], x->classics.scratch, count, &repaired, &repair);
			if (repaired) {
				add_repair(x, i, k, &repair);
			}
		}
	}
	return true;
}

static bool same_number(double a, double b) {
	return a == b || (isnan(a) && isnan(b));
}

static void warn_quantiles(struct pql_call_context *call, size_t arg) {
	const double *q = call->values[arg].scalars;

	for (size_t k = 0; k < call->frame->steps; k++) {
		if (k == 0 || !same_number(q[k], q[k - 1])) {
			note_bad_quantile(call->frame->run, q[k], call_arg_span(call, arg));
		}
	}
}

void fn_histogram_quantile(struct pql_call_context *call) {
	struct quantiles x = {.call = call, .arg = 1};

	warn_quantiles(call, 0);
	classics_init(&x.classics, call, 1);
	if (native_quantile_rows(&x, call->values[0].scalars) &&
		quantile_rows(&x, call->values[0].scalars)) {
		note_repairs(&x);
		value_compact(call->frame, call->ret);
		value_drop_names(call->frame, call->ret);
	}
}

/* As Go's labels.FormatOpenMetricsFloat: always with a point or an exponent. */
static struct str quantile_text(struct arena *a, double q) {
	struct strbuf b = STRBUF_INIT;
	struct str text;

	if (q == 0 || q == 1 || q == -1) {
		return str_from(q == 0 ? "0.0" : q == 1 ? "1.0" : "-1.0");
	}
	gofloat_print(&b, q, 'g');
	if (isfinite(q) && strpbrk(b.ptr, "e.") == NULL) {
		strbuf_add_c(&b, ".0");
	}
	text = arena_dup(a, strbuf_str(&b));
	strbuf_finish(&b);
	return text;
}

/* The rows from `first` on are for quantile q[step]: that goes into their label, which may be that of the name, and they are only
 * there where q is the same. */
static void label_rows(struct pql_call_context *call, size_t first, struct str label,
					   const double *q, size_t step) {
	struct pql_frame *f = call->frame;
	struct arena *a = f->run->arena;
	struct str text = quantile_text(a, q[step]);
	bool delayed = f->run->options.delayed_name_removal;

	for (size_t i = first; i < call->ret->row_count; i++) {
		struct pql_row *row = &call->ret->rows[i];
		struct labels_builder b;

		row->drop_name = true;
		labels_builder_init_from(&b, a,
								 delayed ? row->labels : labels_drop_metadata(a, row->labels));
		labels_builder_set(&b, label, text);
		row->labels = labels_builder_take(&b);
		for (size_t k = 0; k < f->steps; k++) {
			row->present[k] = row->present[k] && same_number(q[k], q[step]);
		}
	}
}

/* Whether an earlier step had the same quantile. */
static bool quantile_seen(const double *q, size_t step) {
	for (size_t k = 0; k < step; k++) {
		if (same_number(q[k], q[step])) {
			return true;
		}
	}
	return false;
}

void fn_histogram_quantiles(struct pql_call_context *call) {
	struct pql_frame *f = call->frame;
	struct quantiles x = {.call = call, .arg = 0};

	classics_init(&x.classics, call, 0);
	if (!slots_take(f->run, x.classics.count * f->steps / sizeof(double))) {
		return;
	}
	x.repaired = ARENA_ARRAY(f->run->arena, uint8_t, x.classics.count * f->steps);
	for (size_t i = 2; i < call->count; i++) {
		const double *q = call->values[i].scalars;

		warn_quantiles(call, i);
		for (size_t k = 0; k < f->steps; k++) {
			size_t first = call->ret->row_count;

			if (quantile_seen(q, k)) {
				continue;
			}
			if (!native_quantile_rows(&x, q) || !quantile_rows(&x, q)) {
				return;
			}
			label_rows(call, first, eval_string(call->args[1]), q, k);
		}
	}
	note_repairs(&x);
	value_compact(f, call->ret);
	/* The label may make rows equal. With names that go at the end, an instant is not looked at before. */
	if (!f->run->options.delayed_name_removal || f->grid.start != f->grid.end) {
		value_merge(f, call->ret);
	}
}

/* ---- fraction ---- */

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
