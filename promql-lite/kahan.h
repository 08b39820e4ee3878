/* Compensated summation as Prometheus does it (Neumaier's variant; util/kahansum), rounding step by step the same way. */
#ifndef PQL_KAHAN_H
#define PQL_KAHAN_H

#include <math.h>

struct kahan {
	double sum, c; /* the total is sum + c */
};

static inline void kahan_add(struct kahan *k, double v) {
	double t = k->sum + v;

	if (isinf(t)) {
		k->c = 0;
	} else if (fabs(k->sum) >= fabs(v)) {
		k->c += (k->sum - t) + v;
	} else {
		k->c += (v - t) + k->sum;
	}
	k->sum = t;
}

/* The same without a branch (Knuth's two-sum: the rounding error is exact either way, so it is the same one). Once the sum is not
 * finite any more, c means nothing. */
static inline void kahan_add_finite(struct kahan *k, double v) {
	double t = k->sum + v, from_v = t - k->sum;

	k->c += (k->sum - (t - from_v)) + (v - from_v);
	k->sum = t;
}

#endif
