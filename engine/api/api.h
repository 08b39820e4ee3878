/* The engine's HTTP API without sockets: request in, response out. */
#ifndef ENGINE_API_API_H
#define ENGINE_API_API_H

#include "base/strbuf.h"
#include "engine/engine.h"

/* What the shell knows of the process; the answers that show it are for people. Borrowed. */
struct api_process {
	ts_ms started;
	const char *folder, *host; /* the working directory, the machine's name */
	const char *config_file;   /* "" when there is none */
	unsigned cpus, threads;
};

struct api_request {
	const char *method; /* "GET" */
	const char *path;   /* "/api/v1/rules", decoded, without the query */
	struct str query;   /* what stands behind the '?', as it came */
	const char *origin; /* of a script in a browser: the header Origin; NULL: none */
	ts_ms now;
	const struct api_process *process;
};

/* What the handler asks of the shell, besides answering. */
enum api_effect { API_NOTHING, API_RELOAD };

#define API_HEADERS_MAX 8

/* Borrowed from the request, or static. */
struct api_header {
	const char *name, *value;
};

struct api_response {
	int status;
	const char *content_type; /* NULL: there is no body */
	struct api_header headers[API_HEADERS_MAX];
	size_t header_count;
	/* Owned by who made the response: strbuf_init before, strbuf_finish after. */
	struct strbuf body;
	enum api_effect effect;
};

void api_handle(struct engine *e, const struct api_request *request,
				struct api_response *ret_response);

/* Whether the answer takes no time to make: whoever probes the process must not wait behind others. */
bool api_is_quick(const char *path);

#endif
