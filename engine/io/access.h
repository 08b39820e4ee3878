/* From the configured way into a server to what a request needs: secrets that stand in files are read here, so that one that is
 * exchanged counts from the next request on. */
#ifndef ENGINE_IO_ACCESS_H
#define ENGINE_IO_ACCESS_H

#include "engine/config/config.h"
#include "engine/io/http_client.h"

#define ACCESS_FILE_BYTES                                                                          \
	(1u << 20) /* of one file; the CA certificates of a whole system are 220 KB */

struct access;

struct access *access_create(void);
void access_destroy(struct access *x); /* accepts NULL */

/* Before each request. Files that did not change since the last look are not read again. When one is missing or no good, there is a
 * failure that names it. Valid until the next call; never NULL. */
const struct http_access *access_resolve(struct access *x, const struct config_access *config);

/* Forgets what was read, when the configuration is another one. */
void access_forget(struct access *x);

/* A warning for each server of the configuration to which requests would fail for want of a file or because of it, each with its
 * newline and with `path` before it. */
void access_check(const struct config *config, const char *path, struct strbuf *messages);

#endif
