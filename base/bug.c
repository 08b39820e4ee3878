#include "base/bug.h"

#include <stdlib.h>

static bug_handler *current_handler;

void bug_set_handler(bug_handler *handler) {
	current_handler = handler;
}

_Noreturn void bug_abort(const char *file, int line, const char *what) {
	bug_handler *handler = current_handler;
	current_handler = NULL; /* a handler with a bug of its own must not come back here */
	if (handler != NULL) {
		handler(file, line, what);
	}
	abort();
}
