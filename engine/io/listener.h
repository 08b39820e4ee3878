/* A listening TCP socket from "host:port". */
#ifndef ENGINE_IO_LISTENER_H
#define ENGINE_IO_LISTENER_H

#include "base/strbuf.h"

/* Non-blocking, close-on-exec; the caller's. -1: `out_error` says why. */
int listener_open(const char *address, struct strbuf *out_error);

unsigned listener_port(int fd);

#endif
