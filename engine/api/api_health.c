/* Is it alive, is it ready, and read everything again. */
#include "engine/api/api_private.h"

void api_healthy(const struct api_call *call, struct api_response *response) {
	(void)call;
	api_text(response, 200, "tocsin is healthy.\n");
}

void api_ready(const struct api_call *call, struct api_response *response) {
	struct strbuf sentence = STRBUF_INIT;
	if (engine_ready(call->engine, &sentence)) {
		api_text(response, 200, "tocsin is ready.\n");
	} else {
		api_text(response, 503, "tocsin is not ready: ");
		strbuf_add(&response->body, strbuf_str(&sentence));
		strbuf_add_c(&response->body, ".\n");
	}
	strbuf_finish(&sentence);
}

void api_reload(const struct api_call *call, struct api_response *response) {
	if (!engine_config(call->engine)->web.lifecycle) {
		api_text(response, 403,
				 "Lifecycle API is not enabled. web.lifecycle or --web-lifecycle enables it; "
				 "SIGHUP reloads in any case.\n");
		return;
	}
	api_text(response, 200, "");
	response->effect = API_RELOAD;
}
