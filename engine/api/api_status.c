/* /api/v1/status/…: what runs, since when, with which settings. The fields are Prometheus', so that clients find what they know;
 * those that mean nothing here are empty or zero. */
#include "engine/api/api_private.h"

struct text_field {
	const char *key, *value;
};

static void write_text(struct json_writer *w, const char *key, const char *value) {
	json_key(w, key);
	json_string(w, str_from(value));
}

/* Clients read "version"; "application" is how those of Mimir and others tell themselves from Prometheus. */
void api_buildinfo(const struct api_call *call, struct api_response *response) {
	static const struct text_field fields[] = {
		{"version", TOCSIN_VERSION}, {"revision", ""},  {"branch", ""},
		{"buildUser", ""},           {"buildDate", ""}, {"goVersion", ""},
		{"application", "tocsin"},
	};
	struct json_writer w;
	(void)call;
	api_open_data(&w, response);
	json_open_object(&w);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		write_text(&w, fields[i].key, fields[i].value);
	}
	json_close_object(&w);
	api_close_data(&w);
}

void api_config(const struct api_call *call, struct api_response *response) {
	struct json_writer w;
	struct strbuf yaml = STRBUF_INIT;
	config_print(&yaml, engine_config(call->engine));
	api_open_data(&w, response);
	json_open_object(&w);
	json_key(&w, "yaml");
	json_string(&w, strbuf_str(&yaml));
	json_close_object(&w);
	api_close_data(&w);
	strbuf_finish(&yaml);
}

/* As Prometheus lists its flags: all of them, also those that were not given; the values are what runs. */
void api_flags(const struct api_call *call, struct api_response *response) {
	const struct config *config = engine_config(call->engine);
	size_t count;
	const struct config_option *options = config_options(&count);
	struct json_writer w;
	struct strbuf value = STRBUF_INIT;
	api_open_data(&w, response);
	json_open_object(&w);
	write_text(&w, "config", call->request->process->config_file);
	for (size_t i = 0; i < count; i++) {
		strbuf_clear(&value);
		if (options[i].flag != NULL) {
			config_print_option(&value, config, &options[i]);
			json_key(&w, options[i].flag);
			json_string(&w, strbuf_str(&value));
		}
	}
	json_close_object(&w);
	api_close_data(&w);
	strbuf_finish(&value);
}

static void write_number(struct json_writer *w, const char *key, int64_t value) {
	json_key(w, key);
	json_int(w, value);
}

void api_runtimeinfo(const struct api_call *call, struct api_response *response) {
	const struct api_process *p = call->request->process;
	struct engine_reload_view reload;
	struct json_writer w;
	engine_reload_view(call->engine, &reload);
	/* Prometheus has it from a gauge: whole seconds, and 1970 for never. */
	ts_ms loaded = reload.last_success == TS_NONE ? 0 : reload.last_success / 1000 * 1000;
	api_open_data(&w, response);
	json_open_object(&w);
	api_write_time(&w, "startTime", p->started);
	write_text(&w, "CWD", p->folder);
	write_text(&w, "hostname", p->host);
	api_write_time(&w, "serverTime", call->request->now);
	json_key(&w, "reloadConfigSuccess");
	json_bool(&w, reload.last_ok);
	api_write_time(&w, "lastConfigTime", loaded);
	write_number(&w, "corruptionCount", 0);
	write_number(&w, "goroutineCount", p->threads); /* what comes nearest */
	write_number(&w, "GOMAXPROCS", p->cpus);
	write_number(&w, "GOMEMLIMIT", INT64_MAX); /* Go's word for no limit */
	write_text(&w, "GOGC", "");
	write_text(&w, "GODEBUG", "");
	write_text(&w, "storageRetention", "");
	json_close_object(&w);
	api_close_data(&w);
}

/* Grafana and others ask any server of rules for samples too. */
void api_no_query(const struct api_call *call, struct api_response *response) {
	struct str url = engine_config(call->engine)->prometheus.url;
	api_fail(response, 404, "not_found",
			 "tocsin answers no queries, it asks them; Prometheus is at %.*s", STR_FMT(url));
}
