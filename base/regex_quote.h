/* A text as a regular expression that matches only itself. */
#ifndef BASE_REGEX_QUOTE_H
#define BASE_REGEX_QUOTE_H

#include "base/strbuf.h"

/* As Go's regexp.QuoteMeta. */
void regex_quote(struct strbuf *out, struct str text);

#endif
