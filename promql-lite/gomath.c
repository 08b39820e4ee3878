/* The methods and constants are those of the Cephes library by Stephen L. Moshier (sin.c, tan.c, atan.c), from where Go has them;
 * powers are Go's own: by squaring. */
#include "promql-lite/gomath.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PI 3.14159265358979323846
#define REDUCE_MAX                                                                                 \
	0x1p29 /* beyond it three parts of pi/4 are not exact enough; the C library takes over */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* By Horner's rule, the highest power first. */
static double polynomial(const double *c, size_t count, double x) {
	double y = c[0];

	for (size_t i = 1; i < count; i++) {
		y = y * x + c[i];
	}
	return y;
}

/* ---- sine, cosine, tangent ---- */

static const double sin_c[] = {1.58962301576546568060e-10, -2.50507477628578072866e-8,
							   2.75573136213857245213e-6,  -1.98412698295895385996e-4,
							   8.33333333332211858878e-3,  -1.66666666666666307295e-1};
static const double cos_c[] = {-1.13585365213876817300e-11, 2.08757008419747316778e-9,
							   -2.75573141792967388112e-7,  2.48015872888517045348e-5,
							   -1.38888888888730564116e-3,  4.16666666666665929218e-2};
static const double tan_p[] = {-1.30936939181383777646e4, 1.15351664838587416140e6,
							   -1.79565251976484877988e7};
static const double tan_q[] = {1, 1.36812963470692954678e4, -1.32089234440210967447e6,
							   2.50083801823357915839e7, -5.38695755929454629881e7};

/* For 0 <= x < REDUCE_MAX: what is left of x beyond an even number of eighths of a turn, which goes to *ret_octant. */
static double reduce(double x, unsigned *ret_octant) {
	uint64_t j = (uint64_t)(x * (4 / PI));

	j += j & 1;
	*ret_octant = (unsigned)(j & 7);
	return ((x - (double)j * 7.85398125648498535156e-1) - (double)j * 3.77489470793079817668e-8) -
		   (double)j * 2.69515142907905952645e-15;
}

static double sin_part(double z) {
	double zz = z * z;

	return z + z * zz * polynomial(sin_c, COUNT(sin_c), zz);
}

static double cos_part(double z) {
	double zz = z * z;

	return 1.0 - 0.5 * zz + zz * zz * polynomial(cos_c, COUNT(cos_c), zz);
}

double gomath_sin(double x) {
	unsigned octant;
	double z, y;

	if (x == 0 || !(fabs(x) < REDUCE_MAX)) {
		return sin(x);
	}
	z = reduce(fabs(x), &octant);
	y = octant == 2 || octant == 6 ? cos_part(z) : sin_part(z);
	return (octant > 3) != (x < 0) ? -y : y;
}

double gomath_cos(double x) {
	unsigned octant;
	double z, y;

	if (!(fabs(x) < REDUCE_MAX)) {
		return cos(x);
	}
	z = reduce(fabs(x), &octant);
	y = octant == 2 || octant == 6 ? sin_part(z) : cos_part(z);
	return octant == 2 || octant == 4 ? -y : y;
}

double gomath_tan(double x) {
	unsigned octant;
	double z, zz, y;

	if (x == 0 || !(fabs(x) < REDUCE_MAX)) {
		return tan(x);
	}
	z = reduce(fabs(x), &octant);
	zz = z * z;
	y = z;
	if (zz > 1e-14) {
		y = z +
			z * (zz * polynomial(tan_p, COUNT(tan_p), zz) / polynomial(tan_q, COUNT(tan_q), zz));
	}
	y = (octant & 2) != 0 ? -1 / y : y;
	return x < 0 ? -y : y;
}

/* ---- their inverses ---- */

static const double atan_p[] = {-8.750608600031904122785e-01, -1.615753718733365076637e+01,
								-7.500855792314704667340e+01, -1.228866684490136173410e+02,
								-6.485021904942025371773e+01};
static const double atan_q[] = {1,
								2.485846490142306297962e+01,
								1.650270098316988542046e+02,
								4.328810604912902668951e+02,
								4.853903996359136964868e+02,
								1.945506571482613964425e+02};

/* For 0 <= x <= 0.66. */
static double atan_part(double x) {
	double z = x * x;

	z = z * polynomial(atan_p, COUNT(atan_p), z) / polynomial(atan_q, COUNT(atan_q), z);
	return x * z + x;
}

/* For x >= 0. */
static double atan_positive(double x) {
	const double more = 6.123233995736765886130e-17; /* pi/2 beyond its double */

	if (x <= 0.66) {
		return atan_part(x);
	}
	if (x > 2.41421356237309504880) { /* tan(3 pi/8) */
		return PI / 2 - atan_part(1 / x) + more;
	}
	return PI / 4 + atan_part((x - 1) / (x + 1)) + 0.5 * more;
}

double gomath_atan(double x) {
	if (x == 0 || isnan(x)) {
		return x;
	}
	return x > 0 ? atan_positive(x) : -atan_positive(-x);
}

double gomath_asin(double x) {
	double a = fabs(x), root;

	if (x == 0 || !(a <= 1)) {
		return x == 0 ? x : NAN;
	}
	root = sqrt(1 - a * a);
	a = a > 0.7 ? PI / 2 - atan_positive(root / a) : atan_positive(a / root);
	return x < 0 ? -a : a;
}

double gomath_acos(double x) {
	return PI / 2 - gomath_asin(x);
}

double gomath_atan2(double y, double x) {
	double q;

	if (x == 0 || y == 0 || !isfinite(x) || !isfinite(y)) {
		return atan2(y, x);
	}
	q = gomath_atan(y / x);
	if (x > 0) {
		return q;
	}
	return q <= 0 ? q + PI : q - PI;
}

/* ---- powers ---- */

/* x to the n, where fraction * 2^exponent is the factor before it: squares x, bit by bit of n. */
static void multiply_power(double x, int64_t n, double *fraction, int *exponent) {
	int e;
	double f = frexp(x, &e);

	for (; n != 0; n >>= 1) {
		if (e < -4096 || e > 4096) {
			*exponent += e; /* far out already, and only going on that way */
			return;
		}
		if (n & 1) {
			*fraction *= f;
			*exponent += e;
		}
		f *= f;
		e *= 2;
		if (f < 0.5) {
			f += f;
			e--;
		}
	}
}

double gomath_pow(double x, double y) {
	double whole, part, fraction = 1;
	int exponent = 0;

	/* All special cases are those of C. */
	if (y == 0 || x == 1 || y == 1 || x == 0 || !isfinite(x) || !isfinite(y) || fabs(y) == 0.5) {
		return y == 0.5 && isfinite(x)    ? sqrt(x)
			   : y == -0.5 && isfinite(x) ? 1 / sqrt(x)
										  : pow(x, y);
	}
	part = modf(fabs(y), &whole);
	if ((part != 0 && x < 0) || whole >= 0x1p63) {
		return pow(x, y);
	}
	if (part > 0.5) {
		part--;
		whole++;
	}
	if (part != 0) {
		fraction = exp(part * log(x));
	}
	multiply_power(x, (int64_t)whole, &fraction, &exponent);
	if (y < 0) {
		fraction = 1 / fraction;
		exponent = -exponent;
	}
	return ldexp(fraction, exponent);
}
