#include "base/digest.h"

#include <nettle/md5.h>
#include <nettle/sha2.h>
#include <nettle/version.h>

/* Up to version 3 the length of the digest is an argument. */
#if NETTLE_VERSION_MAJOR < 4
#define LENGTH(bytes) (bytes),
#else
#define LENGTH(bytes)
#endif

static const uint8_t *bytes_of(struct str text) {
	return (const uint8_t *)(text.len > 0 ? text.ptr : "");
}

void digest_md5(struct str text, uint8_t ret_digest[DIGEST_MD5_BYTES]) {
	struct md5_ctx context;
	md5_init(&context);
	md5_update(&context, text.len, bytes_of(text));
	md5_digest(&context, LENGTH(DIGEST_MD5_BYTES) ret_digest);
}

void digest_sha256(struct str text, uint8_t ret_digest[DIGEST_SHA256_BYTES]) {
	struct sha256_ctx context;
	sha256_init(&context);
	sha256_update(&context, text.len, bytes_of(text));
	sha256_digest(&context, LENGTH(DIGEST_SHA256_BYTES) ret_digest);
}

void digest_print(struct strbuf *out, const uint8_t *digest, size_t bytes) {
	for (size_t i = 0; i < bytes; i++) {
		strbuf_printf(out, "%02x", digest[i]);
	}
}
