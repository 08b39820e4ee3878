/* What the files of this folder share. */
#ifndef ENGINE_API_API_PRIVATE_H
#define ENGINE_API_API_PRIVATE_H

#include "base/json.h"
#include "engine/api/api.h"
#include "engine/view.h"

typedef void api_handler(struct engine *e, const struct api_request *request,
						 struct api_response *response);

api_handler api_alertmanagers, api_alerts, api_buildinfo, api_healthy, api_index, api_metrics,
	api_ready, api_reload, api_rules;

/* {"status":"success","data": … }: the caller writes the value of "data" between the two. */
void api_open_data(struct json_writer *w, struct api_response *response);
void api_close_data(struct json_writer *w);

/* {"status":"error","errorType":…,"error":…}; takes back what the body held. */
void api_fail(struct api_response *response, int status, const char *type, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

void api_text(struct api_response *response, int status, const char *text);

/* The first parameter of that name; NULL: none. */
const struct str *api_parameter(const struct api_request *request, const char *name);

/* The alerts that are pending or firing, as elements of an array that is open. */
void api_write_alerts(struct json_writer *w, const struct alerting *a);

#endif
