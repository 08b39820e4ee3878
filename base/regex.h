/* Regular expressions in RE2's syntax, run by PCRE2. What RE2 does not know (back references, look-around, …) is refused;
 * literals, prefixes, suffixes and alternations of literals are matched without the engine. Only base/regex.c knows PCRE2. */
#ifndef BASE_REGEX_H
#define BASE_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/strbuf.h"

#define REGEX_MAX_BYTES 65536      /* a longer pattern is refused */
#define REGEX_MATCH_LIMIT 1000000u /* steps of one match; past it matching fails */
#define REGEX_MAX_MADE (16u << 20) /* bytes of a text that replacing makes; past it, it fails */
#define REGEX_MAX_DEPTH 250        /* groups within groups */
#define REGEX_MAX_REPEAT 1000      /* of {n,m}, as RE2 has it */

struct regex;

enum regex_anchor {
	REGEX_ANCHORED, /* the whole text must match: as matchers have it */
	/* ^(?s:…)$ is written around the pattern before it is read, as relabelling and label_replace have it: errors show that, and
	 * `a)|(b` is good, and means what it then says. */
	REGEX_WRAPPED,
	REGEX_UNANCHORED, /* somewhere in the text: as template functions have it */
};

/* NULL: *ret_error says why, in Go's wording ("error parsing regexp: missing closing ]: `[a`"), in the arena. */
struct regex *regex_create(struct str pattern, enum regex_anchor anchor, struct arena *errors,
						   const char **ret_error);
void regex_destroy(struct regex *r); /* accepts NULL */

/* Matching can fail: PCRE2 goes back and tries again, and what would take more steps than REGEX_MATCH_LIMIT is given up. Whether
 * the pattern matches is then found out by PCRE2's other algorithm, which never goes back; it fails for patterns and texts that
 * are both large, and knows nothing of groups. The functions below return false when matching has failed, and leave
 * their results alone; regex_describe_failure says so in words. */
bool regex_matches(const struct regex *r, struct str text, bool *ret_matches);

/* "matching `(x+x+)+y` takes more steps than the limit of 1000000 …", in the arena; `text` is what it was matched against. */
const char *regex_describe_failure(const struct regex *r, struct str text, struct arena *a);

/* Number of groups, group 0 not counted. */
size_t regex_group_count(const struct regex *r);

/* Memory that it takes. */
size_t regex_bytes(const struct regex *r);

/* One match from `from` on. `ret_spans` has room for 2 * (groups + 1) offsets, (size_t)-1 where a group took no part. */
bool regex_find(const struct regex *r, struct str text, size_t from, size_t *ret_spans,
				bool *ret_found);

/* As Go's Regexp.Expand: $1, ${1}, $name, ${name}, $$. false: it would be longer than REGEX_MAX_MADE. */
bool regex_expand(const struct regex *r, struct str replacement, struct str text,
				  const size_t *spans, struct strbuf *out);

/* As Go's ReplaceAllString. false also when the text would be longer than REGEX_MAX_MADE; then more than that is in `out`. */
bool regex_replace_all(const struct regex *r, struct str text, struct str replacement,
					   struct strbuf *out);

/* The words for that. In the arena. */
const char *regex_describe_length(const struct regex *r, struct arena *a);

/* If the pattern is nothing but an alternation of literals (a|b|c), those; count 0 otherwise. Borrowed from r. */
const struct str *regex_literals(const struct regex *r, size_t *ret_count);

#endif
