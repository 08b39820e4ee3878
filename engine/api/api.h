/* The engine's HTTP API without sockets: request in, response out. */
#ifndef ENGINE_API_API_H
#define ENGINE_API_API_H

#include "base/strbuf.h"
#include "engine/engine.h"

struct api_parameter {
	struct str name, value; /* decoded */
};

struct api_request {
	const char *method;                     /* "GET" */
	const char *path;                       /* "/api/v1/rules", without the query */
	const struct api_parameter *parameters; /* of the query */
	size_t parameter_count;
	ts_ms now;
};

/* What the handler asks of the shell, besides answering. */
enum api_effect { API_NOTHING, API_RELOAD };

struct api_response {
	int status;
	const char *content_type;
	const char *allow; /* of a 405, or NULL */
	struct strbuf
		body; /* owned by who made the response: strbuf_init before, strbuf_finish after */
	enum api_effect effect;
};

void api_handle(struct engine *e, const struct api_request *request,
				struct api_response *ret_response);

#endif
