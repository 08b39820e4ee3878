/* sum_over_time and avg_over_time. Order and rounding of the sums are those of Prometheus: each window is summed from its first
 * sample on, with compensation. Where windows overlap much, a sum that slides along makes that unnecessary, mostly: it is kept with
 * twice the digits, so that it tells in all but rare cases what the other one would have been rounded to. It does not guess: where
 * it cannot tell, the window is summed afresh. */
#include "promql-lite/eval_private.h"

#include <limits.h>
#include <math.h>

#include "promql-lite/kahan.h"

/* ---- one window afresh ---- */

static bool sum_window(const struct windows *w, size_t from, size_t to, double *ret) {
	struct kahan k = {0};

	for (size_t i = from; i < to; i++) {
		kahan_add_finite(&k, w->values[i]);
	}
	*ret = isfinite(k.sum) ? k.sum + k.c : k.sum;
	return true;
}

/* A running mean, from where the sum would no longer be finite. */
static double running_mean(const double *values, size_t count) {
	struct kahan k = {.sum = values[0]};
	bool running = false;

	for (size_t i = 1; i < count; i++) {
		double n = (double)(i + 1);

		if (!running) {
			struct kahan next = k;

			kahan_add(&next, values[i]);
			if (!isinf(next.sum)) {
				k = next;
				continue;
			}
			running = true;
			k.sum /= n - 1;
			k.c /= n - 1;
		}
		k.sum *= (n - 1) / n;
		k.c *= (n - 1) / n;
		kahan_add(&k, values[i] / n);
	}
	return running ? k.sum + k.c : k.sum / (double)count + k.c / (double)count;
}

static bool avg_window(const struct windows *w, size_t from, size_t to, double *ret) {
	struct kahan k = {.sum = w->values[from]};
	double count = (double)(to - from);

	for (size_t i = from + 1; i < to; i++) {
		kahan_add_finite(&k, w->values[i]);
	}
	*ret =
		isfinite(k.sum) ? k.sum / count + k.c / count : running_mean(w->values + from, to - from);
	return true;
}

/* ---- a sum that slides ---- */

#define MUCH_OVERLAP                                                                               \
	4 /* windows that a sample is in, on average: from there on sliding is cheaper */
#define DOUBLE_BITS 53 /* a whole number of so many is exact */
#define EPSILON_SQUARED 0x1p-106

/* Of the samples [from, to) that are finite. */
struct sliding_sum {
	const struct windows *w;
	size_t from, to;
	double hi, lo;  /* the sum is hi + lo, and hi what that rounds to */
	double most;    /* sum of the absolute values, also of samples that have left */
	int lowest_bit; /* all of these were multiples of 2^lowest_bit: */
	double exact;   /* then a sum of less than this has no rounding in it, in whatever order */
	size_t odd;     /* samples in the window that are not finite */
};

static void sum_restart(struct sliding_sum *x, size_t at) {
	*x = (struct sliding_sum){
		.w = x->w, .from = at, .to = at, .lowest_bit = INT_MAX, .exact = INFINITY};
}

/* Knuth's two-sum, twice. Off by no more than 2 * EPSILON_SQUARED * most. */
static void sum_add(struct sliding_sum *x, double v) {
	double s = x->hi + v, part = s - x->hi;
	double lo = x->lo + ((x->hi - (s - part)) + (v - part));

	x->hi = s + lo;
	x->lo = lo - (x->hi - s);
}

/* The exponent of the last bit that is set. A negative zero is no multiple of anything: a sum may show its sign. */
static int lowest_bit(double v) {
	uint64_t bits, mantissa;
	int exponent;

	memcpy(&bits, &v, sizeof(bits));
	if (bits << 1 == 0) {
		return bits == 0 ? INT_MAX : INT_MIN / 2;
	}
	exponent = (int)(bits >> 52 & 0x7ff);
	mantissa = (bits & ((UINT64_C(1) << 52) - 1)) | (exponent > 0 ? UINT64_C(1) << 52 : 0);
	return (exponent > 0 ? exponent : 1) - 1075 + __builtin_ctzll(mantissa);
}

static void sum_enter(struct sliding_sum *x, double v) {
	int bit;

	if (!isfinite(v)) {
		x->odd++;
		return;
	}
	bit = lowest_bit(v);
	if (bit < x->lowest_bit) {
		x->lowest_bit = bit;
		x->exact = ldexp(1, DOUBLE_BITS + bit);
	}
	x->most += fabs(v);
	sum_add(x, v);
}

static void sum_leave(struct sliding_sum *x, double v) {
	if (isfinite(v)) {
		sum_add(x, -v);
	} else {
		x->odd--;
	}
}

static void sum_slide(struct sliding_sum *x, size_t from, size_t to) {
	if (from >= x->to) {
		sum_restart(x, from);
	}
	while (x->to < to) {
		sum_enter(x, x->w->values[x->to++]);
	}
	while (x->from < from) {
		sum_leave(x, x->w->values[x->from++]);
	}
}

static bool sum_is_exact(const struct sliding_sum *x) {
	return x->odd == 0 && x->most <= x->exact && isfinite(x->hi);
}

/* The compensated sum is off by no more than n² * EPSILON_SQUARED * most from the true one before it is rounded at the end (n
 * compensations, each of a rounding error of n sums), and so is this one by what has been added to it. If all numbers as near as
 * that are rounded to the same one, it is the answer. */
static bool sum_result(const struct sliding_sum *x, double *ret) {
	double n = (double)(x->to - x->from), moves = 8 * (double)x->w->count;
	double off = 4 * (n * n + moves) * EPSILON_SQUARED * x->most;
	double least = x->hi + (x->lo - off), greatest = x->hi + (x->lo + off);

	*ret = x->hi;
	return sum_is_exact(x) || (x->odd == 0 && least == greatest && least == x->hi && isfinite(off));
}

/* Sum and compensation are divided one by one, which shows how the sum was rounded on its way: only what is exact is known. */
static bool avg_result(const struct sliding_sum *x, double *ret) {
	*ret = x->hi / (double)(x->to - x->from);
	return sum_is_exact(x);
}

typedef bool slide_result(const struct sliding_sum *x, double *ret);

static void slide_over(struct pql_call_context *call, const struct windows *w, struct pql_row *out,
					   slide_result *result, call_window *afresh) {
	struct sliding_sum x = {.w = w};

	if (w->visits / MUCH_OVERLAP < w->count) {
		call_over_windows(call, w, out, afresh);
		return;
	}
	sum_restart(&x, 0);
	for (size_t k = 0; k < call->frame->steps; k++) {
		size_t from = w->from[k], to = w->to[k];

		if (from == to) {
			continue;
		}
		sum_slide(&x, from, to);
		if (!result(&x, &out->values[k])) {
			afresh(w, from, to, &out->values[k]);
		}
		out->present[k] = 1;
	}
}

static void sum_series(struct pql_call_context *call, const struct windows *w,
					   struct pql_row *out) {
	slide_over(call, w, out, sum_result, sum_window);
}

static void avg_series(struct pql_call_context *call, const struct windows *w,
					   struct pql_row *out) {
	slide_over(call, w, out, avg_result, avg_window);
}

void fn_sum_over_time(struct pql_call_context *call) {
	call_over_mixed_series(call, false, sum_series, sum_histograms);
}

void fn_avg_over_time(struct pql_call_context *call) {
	call_over_mixed_series(call, false, avg_series, avg_histograms);
}
