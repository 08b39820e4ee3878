/* Floats as Go's strconv reads and prints them, because PromQL's texts come from there. */
#ifndef BASE_GOFLOAT_H
#define BASE_GOFLOAT_H

#include <stdbool.h>

#include "base/strbuf.h"

/* strconv.FormatFloat(v, format, -1, 64): the shortest digits that read back as v. Formats: 'e' and 'E' (1e+00), 'f' (never
 * an exponent), 'g' (an exponent below 1e-4 and from 1e+06 on, as fmt's %v of a float64). NaN, +Inf and -Inf by name. */
void gofloat_print(struct strbuf *b, double v, char format);

/* strconv.FormatFloat(v, format, precision, 64) for 'e', 'f' and 'g'. */
void gofloat_print_precision(struct strbuf *b, double v, char format, int precision);

/* strconv.ParseFloat(s, 64): decimal, hexadecimal with p exponent, inf, infinity, nan in any case, sign, and '_' between
 * digits. false: not a number. Overflow gives an infinity and sets *ret_range when that is not NULL. */
bool gofloat_parse(struct str s, double *ret_v, bool *ret_range);

#endif
