/* The constants are those of Hart and Cheney, Computer Approximations, number 2029 (sinh), and of the Cephes library by Stephen L.
 * Moshier (tanh.c), the methods for their inverses those of Sun's fdlibm, from where Go has them. */
#include <math.h>

#include "promql-lite/gomath.h"

#define LN2 0.693147180559945309417232121458176568
#define LARGE 0x1p28 /* beyond it 1 does not count beside the square */
#define FAR                                                                                        \
	21 /* beyond it the smaller one of e^x and e^-x does not count; its half is taken too late for the last of them */

static double sinh_near(double x) {
	double square = x * x;
	double p =
		((-0.2630563213397497062819489e+2 * square - 0.2894211355989563807284660366e+4) * square -
		 0.8991272022039509355398013511e+5) *
			square -
		0.6307673640497716991184787251e+6;
	double q =
		((square - 0.173678953558233699533450911e+3) * square + 0.1521517378790019070696475176e+5) *
			square -
		0.6307673640497716991212077277e+6;

	return p * x / q;
}

double gomath_sinh(double x) {
	double size = fabs(x), power;

	if (!(size > 0.5)) {
		return copysign(sinh_near(size), x);
	}
	power = gomath_exp(size);
	return copysign(size > FAR ? power * 0.5 : (power - 1 / power) * 0.5, x);
}

double gomath_cosh(double x) {
	double power = gomath_exp(fabs(x));

	return fabs(x) > FAR ? power * 0.5 : (power + 1 / power) * 0.5;
}

static double tanh_near(double x) {
	double square = x * x;
	double p = (-9.64399179425052238628e-1 * square - 9.92877231001918586564e1) * square -
			   1.61468768441708447952e3;
	double q = ((square + 1.12811678491632931402e2) * square + 2.23548839060100448583e3) * square +
			   4.84406305325125486048e3;

	return x == 0 ? x : x + x * square * p / q;
}

double gomath_tanh(double x) {
	double size = fabs(x);

	if (size > 44.014845965556527) {
		return copysign(1, x);
	}
	return size >= 0.625 ? copysign(1 - 2 / (gomath_exp(2 * size) + 1), x) : tanh_near(x);
}

double gomath_asinh(double x) {
	double size = fabs(x), result;

	if (!isfinite(x) || size < 1 / LARGE) {
		return x;
	}
	if (size > LARGE) {
		result = gomath_log(size) + LN2;
	} else if (size > 2) {
		result = gomath_log(2 * size + 1 / (sqrt(size * size + 1) + size));
	} else {
		result = log1p(size + size * size / (1 + sqrt(1 + size * size)));
	}
	return copysign(result, x);
}

double gomath_acosh(double x) {
	double over = x - 1;

	if (x >= LARGE) {
		return gomath_log(x) + LN2;
	}
	if (x > 2) {
		return gomath_log(2 * x - 1 / (x + sqrt(x * x - 1)));
	}
	return x >= 1 ? log1p(over + sqrt(2 * over + over * over)) : (double)NAN;
}

double gomath_atanh(double x) {
	double size = fabs(x), twice = size + size;

	if (!(size < 1) || size < 1 / LARGE) {
		return size < 1 ? x : atanh(x);
	}
	return copysign(
		0.5 * log1p(size < 0.5 ? twice + twice * size / (1 - size) : twice / (1 - size)), x);
}
