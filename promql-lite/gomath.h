/* Functions that Go's package math computes its own way, to the last digit: PromQL can make a label or a difference of it. What is
 * not here is computed the same by the C library, or differs in the last digit only. */
#ifndef PQL_GOMATH_H
#define PQL_GOMATH_H

double gomath_sin(double x);
double gomath_cos(double x);
double gomath_tan(double x);
double gomath_asin(double x);
double gomath_acos(double x);
double gomath_atan(double x);
double gomath_atan2(double y, double x);
double gomath_pow(double x, double y);
double gomath_log(double x);
double gomath_exp(double x);
double gomath_exp2(double x);
double gomath_log2(double x);
double gomath_log10(double x);
double gomath_sinh(double x);
double gomath_cosh(double x);
double gomath_tanh(double x);
double gomath_asinh(double x);
double gomath_acosh(double x);
double gomath_atanh(double x);

#endif
