/* Plain decimal numbers, read fast: what nearly every number in an answer or an expression is. */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include "base/str.h"

/* Reads [-+]digits[.digits] at the beginning of `text`: at most 19 digits, at least one. Rounded correctly, as strtod does.
 * Returns how many bytes that took; 0 for everything else, exponents too, which gofloat_parse reads. */
size_t decimal_read(struct str text, double *ret_v);

#endif
