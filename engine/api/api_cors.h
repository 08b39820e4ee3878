/* Which scripts of other sites a browser lets read the answers, as Prometheus' --web.cors.origin has it. */
#ifndef ENGINE_API_API_CORS_H
#define ENGINE_API_API_CORS_H

#include "engine/api/api.h"

/* `pattern` is an anchored regular expression that is known to be good; `origin` is the request's, or NULL. */
void api_cors_add(struct str pattern, const char *origin, struct api_response *response);

#endif
