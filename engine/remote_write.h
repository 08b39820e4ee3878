/* Samples as Prometheus' remote write 1.0 carries them: protobuf messages, compressed as one block of snappy. */
#ifndef ENGINE_REMOTE_WRITE_H
#define ENGINE_REMOTE_WRITE_H

#include "base/strbuf.h"
#include "engine/outputs.h"

/* A WriteRequest of these samples is added to `out`. Several of them, one behind the other, are one WriteRequest: that is how
 * protobuf's repeated fields merge. */
void remote_write_print(struct strbuf *out, const struct output_write *writes, size_t count);

/* The block for one or more requests, added to `out`. */
void remote_write_compress(struct strbuf *out, struct str requests);

/* NULL-terminated; what the protocol wants besides the content type. */
extern const char *const remote_write_headers[];
#define REMOTE_WRITE_CONTENT_TYPE "application/x-protobuf"

#endif
