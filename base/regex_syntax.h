/* Checks a pattern against RE2's grammar as Go's regexp/syntax has it, and translates it for PCRE2. Private to base/regex*.c. */
#ifndef BASE_REGEX_SYNTAX_H
#define BASE_REGEX_SYNTAX_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/strbuf.h"

/* false: *ret_error in Go's wording, in the arena. What PCRE2 reads in another way is spelled out in `out`. */
bool regex_translate(struct str pattern, struct strbuf *out, struct arena *errors,
					 const char **ret_error);

#endif
