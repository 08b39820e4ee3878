/* What of a URL may be shown to whoever reads a log. */
#ifndef BASE_URL_H
#define BASE_URL_H

#include "base/strbuf.h"

/* Adds the URL with *** instead of its user name and password and of everything behind '?' or '#'. Also of what only wants to be a
 * URL, without a scheme: everything before the last '@' counts as secret. */
void url_mask(struct strbuf *out, struct str url);

/* A line of text that may have URLs in it: as many '*' as there are bytes between "//" and '@', so that columns stay. */
void url_mask_line(struct strbuf *out, struct str line);

#endif
