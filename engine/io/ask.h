/* Several requests to one server, each answered with a text. */
#ifndef ENGINE_IO_ASK_H
#define ENGINE_IO_ASK_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "base/timestamp.h"
#include "engine/config/config_access.h"

struct ask_options {
	const char *url;                    /* of the server, without a slash at the end */
	const struct config_access *access; /* NULL: it is open to everybody */
	dur_ms timeout;                     /* of one request */
	size_t answer_bytes;                /* of one answer */
	size_t parallel;                    /* requests at the same time */
};

struct ask {
	const char *path;    /* behind the URL; with a query if it likes */
	struct str body;     /* of a POST of a form; empty: a GET */
	struct strbuf text;  /* the answer; the caller's to finish */
	int status;          /* 0: there is none, and `failure` says why */
	const char *failure; /* in the arena, with the server's URL */
};

/* Runs a loop of its own until all are answered, or one has no answer at all: what was not sent by then has the same failure. */
void ask_all(const struct ask_options *options, struct ask *asks, size_t count, struct arena *a);

#endif
