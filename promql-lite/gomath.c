/* The methods and constants are those of the Cephes library by Stephen L. Moshier (sin.c, tan.c, atan.c) and, for the logarithm, of
 * Sun's fdlibm (e_log.c), from where Go has them; powers are Go's own: by squaring. */
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

/* ---- logarithms ---- */

#define LOG2_E 1.44269504088896340735992468100189214   /* 1 / ln 2 */
#define LOG10_E 0.434294481903251827651128918916605082 /* 1 / ln 10 */

static const double log_c[] = {6.666666666666735130e-01, 3.999999999940941908e-01,
							   2.857142874366239149e-01, 2.222219843214978396e-01,
							   1.818357216161805012e-01, 1.531383769920937332e-01,
							   1.479819860511658591e-01};

/* x is 2^k (1 + f); with s = f / (2 + f), log(1 + f) = log(1 + s) - log(1 - s) is a series in s^2. */
double gomath_log(double x) {
	const double *c = log_c;
	double s, s2, s4, odd, even, half, k, f;
	int exponent;

	if (!isfinite(x) || x <= 0) {
		return log(x);
	}
	f = frexp(x, &exponent);
	if (f < 0x1.6a09e667f3bcdp-1) { /* half the root of 2 */
		f *= 2;
		exponent--;
	}
	f -= 1;
	k = exponent;
	s = f / (2 + f);
	s2 = s * s;
	s4 = s2 * s2;
	odd = s2 * (c[0] + s4 * (c[2] + s4 * (c[4] + s4 * c[6])));
	even = s4 * (c[1] + s4 * (c[3] + s4 * c[5]));
	half = 0.5 * f * f;
	return k * 6.93147180369123816490e-01 -
		   ((half - (s * (half + (odd + even)) + k * 1.90821492927058770002e-10)) - f);
}

/* ---- e^x ---- */

static const double exp_c[] = {2.4801587301587301587e-5,
							   1.9841269841269841270e-4,
							   1.3888888888888888889e-3,
							   8.3333333333333333333e-3,
							   4.1666666666666666667e-2,
							   1.6666666666666666667e-1,
							   0.5,
							   1.0};

#define EXP_MAX 7.09782712893384e+02
#define EXP_MIN (-760.0) /* less than all numbers but 0 */

/* As Go's assembly for amd64 does it where the processor can multiply and add in one: x is n ln 2 + 16 r; what is above 1 of e^r is
 * a short series, and doubled in its exponent four times, by (1 + y)^2 - 1 = y (y + 2). */
double gomath_exp(double x) {
	double r, y, n;

	if (!isfinite(x) || x > EXP_MAX || x < EXP_MIN) {
		return isnan(x) || x > 0 ? x + INFINITY : 0;
	}
	n = rint(x * LOG2_E);
	r = fma(-n, 0.69314718055966295651160180568695068359375, x);
	r = fma(-n, 0.28235290563031577122588448175013436025525412068e-12, r) * 0.0625;
	y = exp_c[0];
	for (size_t i = 1; i < COUNT(exp_c); i++) {
		y = fma(y, r, exp_c[i]);
	}
	y *= r;
	for (int i = 0; i < 3; i++) {
		y *= y + 2;
	}
	return n >= 1024 ? (double)INFINITY : ldexp(fma(y + 2, y, 1), (int)n);
}

/* e_exp.c of fdlibm: of 2^x the nearest whole power is taken out, and the rest is e to the (high - low). */
static const double exp2_c[] = {4.13813679705723846039e-08, -1.65339022054652515390e-06,
								6.61375632143793436117e-05, -2.77777777770155933842e-03,
								1.66666666666666657415e-01};

double gomath_exp2(double x) {
	if (isnan(x) || x > 1023.9999999999999 || x < -1074) {
		return isnan(x) ? x : x > 0 ? (double)INFINITY : 0;
	}
	int whole = (int)(x > 0 ? x + 0.5 : x - 0.5);
	double rest = x - whole;
	double high = rest * 6.93147180369123816490e-01, low = -rest * 1.90821492927058770002e-10;
	double r = high - low, rr = r * r;
	double c = r - rr * polynomial(exp2_c, COUNT(exp2_c), rr);
	return ldexp(1 - ((low - (r * c) / (2 - c)) - high), whole);
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
		fraction = gomath_exp(part * gomath_log(x));
	}
	multiply_power(x, (int64_t)whole, &fraction, &exponent);
	if (y < 0) {
		fraction = 1 / fraction;
		exponent = -exponent;
	}
	return ldexp(fraction, exponent);
}

/* ---- logarithms of other bases ---- */

double gomath_log2(double x) {
	int exponent;
	double fraction = frexp(x, &exponent);

	if (!isfinite(x) || x <= 0) {
		return log2(x);
	}
	return fraction == 0.5 ? exponent - 1 : gomath_log(fraction) * LOG2_E + exponent;
}

/* So 1e15 has 14.999999999999998 there. */
double gomath_log10(double x) {
	return gomath_log(x) * LOG10_E;
}
