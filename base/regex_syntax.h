/* Checks a pattern against RE2's grammar as Go's regexp/syntax has it, and translates it for PCRE2. Private to base/regex*.c. */
#ifndef BASE_REGEX_SYNTAX_H
#define BASE_REGEX_SYNTAX_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/strbuf.h"

/* The capturing groups in the order of their numbers. A name may stand more than once, and begin with a digit, which PCRE2 does not
 * have: so it never hears of names. */
struct regex_groups {
	struct str *names; /* of group 1, 2, …; empty: it has none. Array and texts in the arena */
	size_t count, capacity;
	struct arena *arena;
};

/* false: *ret_error in Go's wording, in `errors`. What PCRE2 reads in another way is spelled out in `out`. `script_prefix` stands
 * before the name of a script in \p{…}: "sc:" where PCRE2 knows that, else nothing. */
bool regex_translate(struct str pattern, struct strbuf *out, struct regex_groups *groups,
					 const char *script_prefix, struct arena *errors, const char **ret_error);

/* A name of \p{…} in PCRE2's spelling if it is that of a general category, or a word for one; NULL: of a script, or of nothing. */
const char *regex_unicode_category(struct str name);
/* false: PCRE2 might take it for something, and RE2 does not. */
bool regex_unicode_may_be_script(struct str name);

#endif
