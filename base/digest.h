/* Digests that Prometheus has made a part of what users see: MD5 in hashmod, SHA-256 in the tokens of pages. Not for secrets.
 * Only base/digest.c knows nettle. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdint.h>

#include "base/strbuf.h"

#define DIGEST_MD5_BYTES 16
#define DIGEST_SHA256_BYTES 32

void digest_md5(struct str text, uint8_t ret_digest[DIGEST_MD5_BYTES]);
void digest_sha256(struct str text, uint8_t ret_digest[DIGEST_SHA256_BYTES]);

/* In lower-case hexadecimal digits. */
void digest_print(struct strbuf *out, const uint8_t *digest, size_t bytes);

#endif
