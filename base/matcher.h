/* One condition on a label: name, operator, value. */
#ifndef BASE_MATCHER_H
#define BASE_MATCHER_H

#include <stdbool.h>

#include "base/labels.h"
#include "base/regex.h"

enum matcher_op { MATCH_EQUAL, MATCH_NOT_EQUAL, MATCH_REGEX, MATCH_NOT_REGEX };

struct matcher {
	enum matcher_op op;
	struct str name, value; /* borrowed */
	struct regex *regex;    /* owned by who made the matcher; NULL for the first two operators */
	bool matches_empty;     /* accepts the empty string, that is a series without the label */
};

extern const char *const matcher_op_text[4]; /* "=", "!=", "=~", "!~" */

/* false: the regular expression is bad, or is given up on the empty string; *ret_error in the arena. */
bool matcher_init(struct matcher *m, enum matcher_op op, struct str name, struct str value,
				  struct arena *errors, const char **ret_error);
void matcher_finish(struct matcher *m); /* accepts NULL */

/* false: the regular expression was given up (see regex.h). */
bool matcher_matches(const struct matcher *m, struct str value, bool *ret_matches);
/* Whether it is sure that the value does not match: what was given up might. */
bool matcher_refuses(const struct matcher *m, struct str value);
/* All of them. A label that is not there has the empty value. false: *ret_error, in the arena, says which was given up. */
bool matchers_match(const struct matcher *m, size_t count, struct labels l, struct arena *errors,
					bool *ret_match, const char **ret_error);

#endif
