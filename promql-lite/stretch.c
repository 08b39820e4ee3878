#include "promql-lite/stretch.h"

#include <math.h>

#include "base/bug.h"

struct resolver {
	struct pql_grid grid;
	struct pql_stretch_error *error;
};

static bool fail(struct resolver *r, const char *message, struct span span) {
	*r->error = (struct pql_stretch_error){message, span};
	return false;
}

static bool node_seconds(struct resolver *r, const struct pql_node *n, double *ret);

/* Go's math.Min and math.Max: a NaN on either side is a NaN. */
static double nan_or(double a, double b, double choice) {
	return isnan(a) || isnan(b) ? (double)NAN : choice;
}

static bool arithmetic(struct resolver *r, const struct pql_node *n, double lhs, double rhs,
					   double *ret) {
	if (rhs == 0 && n->duration.op == PQL_OP_DIV) {
		return fail(r, "division by zero", n->span);
	}
	if (rhs == 0 && n->duration.op == PQL_OP_MOD) {
		return fail(r, "modulo by zero", n->span);
	}
	switch ((int)n->duration.op) {
	case PQL_OP_ADD: *ret = lhs + rhs; return true;
	case PQL_OP_SUB: *ret = lhs - rhs; return true;
	case PQL_OP_MUL: *ret = lhs * rhs; return true;
	case PQL_OP_DIV: *ret = lhs / rhs; return true;
	case PQL_OP_MOD: *ret = fmod(lhs, rhs); return true;
	case PQL_OP_POW: *ret = pow(lhs, rhs); return true;
	default: BUG("an operator that durations do not have");
	}
}

static bool duration_seconds(struct resolver *r, const struct pql_node *n, double *ret) {
	double lhs = 0, rhs = 0;

	if (n->duration.lhs != NULL && !node_seconds(r, n->duration.lhs, &lhs)) {
		return false;
	}
	if (n->duration.rhs != NULL && !node_seconds(r, n->duration.rhs, &rhs)) {
		return false;
	}
	switch (n->duration.what) {
	case PQL_DUR_STEP:
		*ret = r->grid.start == r->grid.end ? 0 : (double)r->grid.step / 1000;
		return true;
	case PQL_DUR_RANGE: *ret = (double)(r->grid.end - r->grid.start) / 1000; return true;
	case PQL_DUR_MIN: *ret = nan_or(lhs, rhs, fmin(lhs, rhs)); return true;
	case PQL_DUR_MAX: *ret = nan_or(lhs, rhs, fmax(lhs, rhs)); return true;
	case PQL_DUR_OP: break;
	}
	if (n->duration.lhs == NULL) {
		*ret = n->duration.op == PQL_OP_SUB ? -rhs : rhs;
		return true;
	}
	return arithmetic(r, n, lhs, rhs, ret);
}

static bool node_seconds(struct resolver *r, const struct pql_node *n, double *ret) {
	if (n->kind == PQL_NUMBER) {
		*ret = n->number.value;
		return true;
	}
	BUG_ON(n->kind != PQL_DURATION);
	return duration_seconds(r, n, ret);
}

bool pql_stretch_resolve(const struct pql_stretch *stretch, struct pql_grid grid,
						 bool may_be_negative, dur_ms *ret_duration,
						 struct pql_stretch_error *ret_error) {
	struct resolver r = {.grid = grid, .error = ret_error};
	const double limit = 9223372036.854775807; /* seconds that Go's nanosecond durations can hold */
	double seconds;

	if (stretch->expr == NULL) {
		*ret_duration = stretch->fixed;
		return true;
	}
	if (!node_seconds(&r, stretch->expr, &seconds)) {
		return false;
	}
	if (isnan(seconds) || isinf(seconds)) {
		return fail(&r, "duration is NaN or infinite", stretch->expr->span);
	}
	if (seconds <= 0 && !may_be_negative) {
		return fail(&r, "duration must be greater than 0", stretch->expr->span);
	}
	if (seconds > limit || seconds < -limit) {
		return fail(&r, "duration is out of range", stretch->expr->span);
	}
	*ret_duration = (dur_ms)(seconds * 1000);
	return true;
}

bool pql_stretch_resolve_step(const struct pql_stretch *step, struct pql_grid grid,
							  dur_ms default_step, dur_ms *ret_duration,
							  struct pql_stretch_error *ret_error) {
	dur_ms duration = 0;
	bool written = step->expr != NULL || step->fixed != 0;

	if (written && !pql_stretch_resolve(step, grid, false, &duration, ret_error)) {
		return false;
	}
	if (duration == 0) {
		duration = default_step > 0 ? default_step : 1;
	}
	*ret_duration = duration;
	return true;
}

ts_ms pql_subquery_first_step(ts_ms after, dur_ms step) {
	ts_ms t = after / step * step;

	if (t <= after && __builtin_add_overflow(t, step, &t)) {
		return INT64_MAX;
	}
	return t;
}
