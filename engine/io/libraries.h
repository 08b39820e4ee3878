/* The versions of the libraries that this process runs with. */
#ifndef ENGINE_IO_LIBRARIES_H
#define ENGINE_IO_LIBRARIES_H

#include "base/strbuf.h"

/* "libuv 1.44.2, libcurl 7.88.1, …" */
void libraries_print(struct strbuf *out);

#endif
