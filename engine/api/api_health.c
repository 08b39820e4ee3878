/* Is it alive, is it ready, which version is it, and read everything again. */
#include "engine/api/api_private.h"

void api_healthy(struct engine *e, const struct api_request *request,
				 struct api_response *response) {
	(void)e;
	(void)request;
	api_text(response, 200, "tocsin is healthy.\n");
}

void api_ready(struct engine *e, const struct api_request *request, struct api_response *response) {
	(void)request;
	struct strbuf sentence = STRBUF_INIT;
	if (engine_ready(e, &sentence)) {
		api_text(response, 200, "tocsin is ready.\n");
	} else {
		api_text(response, 503, "tocsin is not ready: ");
		strbuf_add(&response->body, strbuf_str(&sentence));
		strbuf_add_c(&response->body, ".\n");
	}
	strbuf_finish(&sentence);
}

void api_reload(struct engine *e, const struct api_request *request,
				struct api_response *response) {
	(void)e;
	(void)request;
	api_text(response, 200, "");
	response->effect = API_RELOAD;
}

/* The fields that Prometheus has; clients read "version". */
void api_buildinfo(struct engine *e, const struct api_request *request,
				   struct api_response *response) {
	static const struct {
		const char *key, *value;
	} fields[] = {
		{"version", TOCSIN_VERSION}, {"revision", ""},  {"branch", ""},
		{"buildUser", ""},           {"buildDate", ""}, {"goVersion", ""},
		{"application", "tocsin"},
	};
	struct json_writer w;
	(void)e;
	(void)request;
	api_open_data(&w, response);
	json_open_object(&w);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		json_key(&w, fields[i].key);
		json_string(&w, str_from(fields[i].value));
	}
	json_close_object(&w);
	api_close_data(&w);
}
