/* histogram_quantile and histogram_quantiles, on classic histograms and on native ones. */
#include "promql-lite/fn_histogram_private.h"

#include <math.h>

#include "base/gofloat.h"
#include "promql-lite/almost.h"

#define TOLERANCE 1e-12 /* relative difference of bucket counts that is taken for rounding */

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
