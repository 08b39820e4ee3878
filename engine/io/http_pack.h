/* Answers in gzip, for those who take it. Large ones are compressed off the loop. */
#ifndef ENGINE_IO_HTTP_PACK_H
#define ENGINE_IO_HTTP_PACK_H

#include <stdbool.h>
#include <uv.h>

#include "base/strbuf.h"

/* Shorter texts gain nothing; up to the second size it takes less than a millisecond, so that nobody has to wait for a thread. */
#define HTTP_PACK_MIN 1024
#define HTTP_PACK_AT_ONCE_MAX (64u << 10)

struct http_pack;

/* Whether the value of Accept-Encoding, which may be NULL, has gzip in it; as Prometheus reads it, without weights. */
bool http_pack_is_accepted(const char *accepted);

/* Replaces the text. false: it stays as it was. */
bool http_pack_now(struct strbuf *text);

/* Takes the text. `done` is called from the loop, unless it was forgotten; what it leaves of the text goes. */
typedef void http_pack_done(struct strbuf *text, bool is_packed, void *data);
struct http_pack *http_pack_start(uv_loop_t *loop, struct strbuf *text, http_pack_done *done,
								  void *data);
void http_pack_forget(struct http_pack *p);

#endif
