/* What the files of this folder share. */
#ifndef ENGINE_API_API_PRIVATE_H
#define ENGINE_API_API_PRIVATE_H

#include "base/json.h"
#include "engine/api/api.h"
#include "engine/api/api_query.h"
#include "engine/view.h"

/* Behind an Alertmanager's URL: where alerts are sent. */
#define API_ALERTS_PATH "/api/v2/alerts"

/* One request on its way through a handler. */
struct api_call {
	struct engine *engine;
	const struct api_request *request;
	struct api_query query;
	struct arena *arena; /* until the answer is made */
};

typedef void api_handler(const struct api_call *call, struct api_response *response);

api_handler api_alertmanagers, api_alerts, api_buildinfo, api_config, api_flags, api_healthy,
	api_index, api_metrics, api_no_query, api_ready, api_reload, api_rules, api_runtimeinfo;

/* {"status":"success","data": … }: the caller writes the value of "data" between the two. */
void api_open_data(struct json_writer *w, struct api_response *response);
void api_close_data(struct json_writer *w);

/* {"status":"error","errorType":…,"error":…}; takes back what the body held. */
void api_fail(struct api_response *response, int status, const char *type, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

void api_text(struct api_response *response, int status, const char *text);

/* A member of an object, as Go has a time in JSON. */
void api_write_time(struct json_writer *w, const char *key, ts_ms t);

/* The alerts that are pending or firing, as elements of an array that is open. */
void api_write_alerts(struct json_writer *w, const struct alerting *a);

#endif
