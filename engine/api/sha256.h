/* SHA-256 (FIPS 180-4), for the tokens of pages: clients of Prometheus' API may compute them themselves. Not for secrets. */
#ifndef ENGINE_API_SHA256_H
#define ENGINE_API_SHA256_H

#include "base/strbuf.h"

/* Appends the digest in 64 lower-case hexadecimal digits. */
void sha256_print(struct strbuf *out, struct str text);

#endif
