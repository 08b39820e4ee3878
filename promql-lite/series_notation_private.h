/* What the files of the notation share. */
#ifndef PQL_SERIES_NOTATION_PRIVATE_H
#define PQL_SERIES_NOTATION_PRIVATE_H

#include "promql-lite/series_notation.h"

/* The rest of the text from `at` on. */
bool series_points_parse(struct str text, size_t at, struct arena *a, struct pql_sequence *ret,
						 struct pql_notation_error *ret_error);

/* A number without sign. Digits behind a zero are octal, as in Go. */
bool series_number_parse(struct str s, double *ret);

#endif
