/* Between which bounds values lie: arithmetic on intervals. Sums and products of the evaluator are rounded, but rounding keeps
 * order, so that the bounds, rounded likewise, hold. */
#include "promql-lite/facts_private.h"

#include "base/bug.h"

struct pql_interval interval_join(struct pql_interval a, struct pql_interval b) {
	return (struct pql_interval){fmin(a.min, b.min), fmax(a.max, b.max), a.nan || b.nan};
}

struct pql_interval interval_negate(struct pql_interval v) {
	return (struct pql_interval){-v.max, -v.min, v.nan};
}

static bool is_unbounded(struct pql_interval v) {
	return isinf(v.min) || isinf(v.max);
}

struct pql_interval interval_sum(struct pql_interval of) {
	struct pql_interval sum = {-INFINITY, INFINITY, of.nan};

	if (of.min >= 0) {
		sum.min = of.min;
	} else if (of.max <= 0) {
		sum.max = of.max;
	} else {
		sum.nan = of.nan || is_unbounded(of);
	}
	return sum;
}

/* A bound that is not a number comes from infinities that meet: anything, then. */
static struct pql_interval from_corners(const double *corners, int count, bool nan) {
	struct pql_interval v = {INFINITY, -INFINITY, nan};

	for (int i = 0; i < count; i++) {
		if (isnan(corners[i])) {
			return interval_any();
		}
		v.min = fmin(v.min, corners[i]);
		v.max = fmax(v.max, corners[i]);
	}
	return v;
}

static struct pql_interval add(struct pql_interval a, struct pql_interval b) {
	double corners[] = {a.min + b.min, a.max + b.max};
	bool meet =
		(a.min == -INFINITY && b.max == INFINITY) || (a.max == INFINITY && b.min == -INFINITY);

	return from_corners(corners, 2, a.nan || b.nan || meet);
}

static bool holds_zero(struct pql_interval v) {
	return v.min <= 0 && v.max >= 0;
}

/* In a corner, 0 times an infinite bound stands for 0 times what is large. */
static double times(double x, double y) {
	return x == 0 || y == 0 ? 0 : x * y;
}

static struct pql_interval multiply(struct pql_interval a, struct pql_interval b) {
	double corners[] = {times(a.min, b.min), times(a.min, b.max), times(a.max, b.min),
						times(a.max, b.max)};
	bool meet = (holds_zero(a) && is_unbounded(b)) || (holds_zero(b) && is_unbounded(a));

	return from_corners(corners, 4, a.nan || b.nan || meet);
}

static struct pql_interval divide(struct pql_interval a, struct pql_interval b) {
	double corners[] = {a.min / b.min, a.max / b.min};

	if (interval_is_constant(b) && b.min != 0 && isfinite(b.min)) {
		return from_corners(corners, 2, a.nan);
	}
	/* -0 as a divisor would turn the sign. */
	if (a.min >= 0 && b.min > 0) {
		return (struct pql_interval){0, INFINITY, true};
	}
	return interval_any();
}

/* The remainder has the sign of the dividend. */
static struct pql_interval modulo(struct pql_interval a, struct pql_interval b) {
	double most;

	if (!interval_is_constant(b) || b.min == 0 || !isfinite(b.min)) {
		return interval_any();
	}
	most = nextafter(fabs(b.min), 0);
	return (struct pql_interval){a.min >= 0 ? 0 : -most, a.max <= 0 ? 0 : most, true};
}

static struct pql_interval raise(struct pql_interval a, struct pql_interval b) {
	(void)b;
	return a.min >= 0 && !signbit(a.min) ? (struct pql_interval){0, INFINITY, true}
										 : interval_any();
}

struct pql_interval interval_apply(enum pql_op op, struct pql_interval a, struct pql_interval b) {
	if (op == PQL_OP_ADD) {
		return add(a, b);
	}
	if (op == PQL_OP_SUB) {
		return add(a, interval_negate(b));
	}
	if (op == PQL_OP_MUL) {
		return multiply(a, b);
	}
	if (op == PQL_OP_DIV) {
		return divide(a, b);
	}
	if (op == PQL_OP_MOD) {
		return modulo(a, b);
	}
	return op == PQL_OP_POW ? raise(a, b) : interval_any();
}

enum pql_op comparison_turn(enum pql_op op) {
	static const enum pql_op turned[] = {
		[PQL_OP_EQL] = PQL_OP_EQL, [PQL_OP_NEQ] = PQL_OP_NEQ, [PQL_OP_GTR] = PQL_OP_LSS,
		[PQL_OP_LSS] = PQL_OP_GTR, [PQL_OP_GTE] = PQL_OP_LTE, [PQL_OP_LTE] = PQL_OP_GTE,
	};

	BUG_ON(!pql_op_is_comparison(op));
	return turned[op];
}

/* NaN is not equal to anything, and neither less nor greater. */
struct pql_comparison pql_interval_compare(struct pql_interval a, enum pql_op op,
										   struct pql_interval b) {
	bool nan = a.nan || b.nan, apart = a.max < b.min || b.max < a.min;
	bool same = a.min == a.max && b.min == b.max && a.min == b.min;

	switch ((int)op) {
	case PQL_OP_EQL: return (struct pql_comparison){apart, same && !nan};
	case PQL_OP_NEQ: return (struct pql_comparison){same && !nan, apart};
	case PQL_OP_GTR: return (struct pql_comparison){a.max <= b.min, a.min > b.max && !nan};
	case PQL_OP_LSS: return (struct pql_comparison){a.min >= b.max, a.max < b.min && !nan};
	case PQL_OP_GTE: return (struct pql_comparison){a.max < b.min, a.min >= b.max && !nan};
	case PQL_OP_LTE: return (struct pql_comparison){a.min > b.max, a.max <= b.min && !nan};
	default: return (struct pql_comparison){0};
	}
}

struct pql_interval interval_filter(struct pql_interval a, enum pql_op op, struct pql_interval b) {
	struct pql_interval kept = {a.min, a.max, false};

	switch ((int)op) {
	case PQL_OP_EQL:
		kept.min = fmax(a.min, b.min);
		kept.max = fmin(a.max, b.max);
		break;
	case PQL_OP_GTR: kept.min = fmax(a.min, nextafter(b.min, INFINITY)); break;
	case PQL_OP_GTE: kept.min = fmax(a.min, b.min); break;
	case PQL_OP_LSS: kept.max = fmin(a.max, nextafter(b.max, -INFINITY)); break;
	case PQL_OP_LTE: kept.max = fmin(a.max, b.max); break;
	default: kept.nan = a.nan || b.nan; break; /* NaN != 1 holds */
	}
	return kept.min <= kept.max ? kept : a;
}
