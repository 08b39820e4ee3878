#include "base/decimal.h"

#include <math.h>
#include <stdint.h>

#define MOST_DIGITS 19                    /* any number of them is below 2^64 */
#define LARGEST_EXACT (UINT64_C(1) << 53) /* up to here a double holds every whole number */

static const uint64_t powers[MOST_DIGITS + 1] = {
	UINT64_C(1),
	UINT64_C(10),
	UINT64_C(100),
	UINT64_C(1000),
	UINT64_C(10000),
	UINT64_C(100000),
	UINT64_C(1000000),
	UINT64_C(10000000),
	UINT64_C(100000000),
	UINT64_C(1000000000),
	UINT64_C(10000000000),
	UINT64_C(100000000000),
	UINT64_C(1000000000000),
	UINT64_C(10000000000000),
	UINT64_C(100000000000000),
	UINT64_C(1000000000000000),
	UINT64_C(10000000000000000),
	UINT64_C(100000000000000000),
	UINT64_C(1000000000000000000),
	UINT64_C(10000000000000000000),
};

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 wide;

/* a / b rounded to the nearest double, ties to even. The dividend is shifted so that the quotient has 64 or 65 bits: more than a
 * double keeps. What lies below only says on which side of a tie the value is, so it may be folded into the lowest bit. */
static bool divide(uint64_t a, uint64_t b, double *ret) {
	int shift = 64 + __builtin_clzll(a) - __builtin_clzll(b);
	wide dividend = (wide)a << shift, quotient = dividend / b;
	bool rest = quotient * b != dividend;

	if (quotient >> 64 != 0) {
		rest = rest || (quotient & 1) != 0;
		quotient >>= 1;
		shift--;
	}
	*ret = ldexp((double)((uint64_t)quotient | rest), -shift);
	return true;
}
#else
static bool divide(uint64_t a, uint64_t b, double *ret) {
	(void)a, (void)b, (void)ret;
	return false;
}
#endif

static bool scale(uint64_t digits, size_t decimals, double *ret) {
	if (decimals == 0 || digits == 0) {
		*ret = (double)digits;
		return true;
	}
	/* Both are exact as doubles, so the processor's division rounds once. */
	if (digits <= LARGEST_EXACT) {
		*ret = (double)digits / (double)powers[decimals];
		return true;
	}
	return divide(digits, powers[decimals], ret);
}

size_t decimal_read(struct str text, double *ret_v) {
	const char *end = text.ptr + text.len, *at = text.ptr, *first, *point = NULL;
	uint64_t digits = 0;
	size_t count;
	double v;

	at += at < end && (*at == '-' || *at == '+');
	for (first = at; at < end; at++) {
		unsigned digit = (unsigned)(unsigned char)*at - '0';

		if (digit <= 9) {
			digits = digits * 10 + digit;
		} else if (*at == '.' && point == NULL) {
			point = at;
		} else {
			break;
		}
	}
	count = (size_t)(at - first) - (point != NULL);
	if (count == 0 || count > MOST_DIGITS || (at < end && (*at | 0x20) == 'e') ||
		!scale(digits, point == NULL ? 0 : (size_t)(at - point - 1), &v)) {
		return 0;
	}
	*ret_v = *text.ptr == '-' ? -v : v;
	return (size_t)(at - text.ptr);
}
