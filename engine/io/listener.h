/* A listening TCP socket from "host:port". */
#ifndef ENGINE_IO_LISTENER_H
#define ENGINE_IO_LISTENER_H

#include "base/strbuf.h"

/* Non-blocking, close-on-exec; the caller's. -1: `out_error` says why. */
int listener_open(const char *address, struct strbuf *out_error);

unsigned listener_port(int fd); /* 0: it has none */

/* As listener_open takes it, "[::1]:9099", or the path of a socket in the file system. */
void listener_print_address(int fd, struct strbuf *out);

#endif
