/* Functions of one number, clamping and rounding. */
#include "promql-lite/eval_private.h"

#include <math.h>

#include "promql-lite/gomath.h"

#define PI 3.14159265358979323846

static double sign_of(double v) {
	return v < 0 ? -1 : v > 0 ? 1 : v;
}

static double to_radians(double v) {
	return v * PI / 180;
}

static double to_degrees(double v) {
	return v * 180 / PI;
}

/* PromQL's name, what it computes */
#define MAPS(X)                                                                                    \
	X(abs, fabs)                                                                                   \
	X(acos, gomath_acos)                                                                           \
	X(acosh, gomath_acosh)                                                                         \
	X(asin, gomath_asin)                                                                           \
	X(asinh, gomath_asinh)                                                                         \
	X(atan, gomath_atan)                                                                           \
	X(atanh, gomath_atanh)                                                                         \
	X(ceil, ceil)                                                                                  \
	X(cos, gomath_cos)                                                                             \
	X(cosh, gomath_cosh)                                                                           \
	X(deg, to_degrees)                                                                             \
	X(exp, gomath_exp)                                                                             \
	X(floor, floor)                                                                                \
	X(ln, gomath_log)                                                                              \
	X(log10, gomath_log10)                                                                         \
	X(log2, gomath_log2)                                                                           \
	X(rad, to_radians)                                                                             \
	X(sgn, sign_of)                                                                                \
	X(sin, gomath_sin)                                                                             \
	X(sinh, gomath_sinh)                                                                           \
	X(sqrt, sqrt)                                                                                  \
	X(tan, gomath_tan)                                                                             \
	X(tanh, gomath_tanh)

#define BODY(name, function)                                                                       \
	void fn_##name(struct pql_call_context *call) {                                                \
		call_map(call, function);                                                                  \
	}
MAPS(BODY)

void fn_pi(struct pql_call_context *call) {
	if (!value_make_scalar(call->frame, call->ret)) {
		return;
	}
	for (size_t k = 0; k < call->frame->steps; k++) {
		call->ret->scalars[k] = PI;
	}
}

/* As Go's math.Max and math.Min: an infinity decides, else a NaN. */
static double greater(double a, double b) {
	if (isinf(a) && a > 0) {
		return a;
	}
	if (isinf(b) && b > 0) {
		return b;
	}
	return isnan(a) || isnan(b) ? NAN : fmax(a, b);
}

static double lesser(double a, double b) {
	return -greater(-a, -b);
}

static void two_scalars(struct pql_call_context *call, double (*function)(double, double)) {
	*call->ret = call->values[0];
	for (size_t k = 0; k < call->frame->steps; k++) {
		call->ret->scalars[k] = function(call->ret->scalars[k], call->values[1].scalars[k]);
	}
}

void fn_max_of(struct pql_call_context *call) {
	two_scalars(call, greater);
}

void fn_min_of(struct pql_call_context *call) {
	two_scalars(call, lesser);
}

/* Bounds that are NULL are infinite. Nothing is left where the bounds are the wrong way round. */
static void clamp(struct pql_call_context *call, const double *min, const double *max) {
	struct pql_frame *f = call->frame;

	call_take_floats(call);
	for (size_t i = 0; i < call->ret->row_count; i++) {
		const struct pql_row *row = &call->ret->rows[i];

		for (size_t k = 0; k < f->steps; k++) {
			double low = min == NULL ? -INFINITY : min[k], high = max == NULL ? INFINITY : max[k];

			if (high < low) {
				row->present[k] = 0;
			} else if (row->present[k]) {
				row->values[k] = greater(low, lesser(high, row->values[k]));
			}
		}
	}
	value_compact(f, call->ret);
	value_drop_names(f, call->ret);
}

void fn_clamp(struct pql_call_context *call) {
	clamp(call, call->values[1].scalars, call->values[2].scalars);
}

void fn_clamp_min(struct pql_call_context *call) {
	clamp(call, call->values[1].scalars, NULL);
}

void fn_clamp_max(struct pql_call_context *call) {
	clamp(call, NULL, call->values[1].scalars);
}

/* To the nearest multiple, halves up. Through the inverse, which rounds less. */
void fn_round(struct pql_call_context *call) {
	struct pql_frame *f = call->frame;

	call_take_floats(call);
	for (size_t i = 0; i < call->ret->row_count; i++) {
		double *values = call->ret->rows[i].values;

		for (size_t k = 0; k < f->steps; k++) {
			double nearest = call->count > 1 ? call->values[1].scalars[k] : 1;
			double inverse = 1.0 / nearest;

			if (call->ret->rows[i].present[k]) {
				values[k] = floor(values[k] * inverse + 0.5) / inverse;
			}
		}
	}
	value_drop_names(f, call->ret);
}
