#include "engine/api/api.h"

#include <stdarg.h>

#include "engine/api/api_cors.h"
#include "engine/api/api_private.h"

#define READS "GET, HEAD, OPTIONS"

static const struct route {
	const char *path, *methods, *what; /* what: a line of the page at "/"; NULL: not listed */
	api_handler *handle;
} routes[] = {
	{"/", READS, NULL, api_index},
	{"/-/healthy", READS, "the process is alive", api_healthy},
	{"/-/ready", READS, "every group of rules was evaluated at least once", api_ready},
	{"/-/reload", "POST, PUT, OPTIONS",
	 "reads configuration and rules again (POST, where web.lifecycle allows it)", api_reload},
	{"/metrics", READS, "metrics of this engine", api_metrics},
	{"/api/v1/rules", READS, "rules, their health and their alerts", api_rules},
	{"/api/v1/alerts", READS, "pending and firing alerts", api_alerts},
	{"/api/v1/alertmanagers", READS, "who is told of alerts", api_alertmanagers},
	{"/api/v1/status/buildinfo", READS, "version", api_buildinfo},
	{"/api/v1/status/config", READS, "the configuration that runs", api_config},
	{"/api/v1/status/flags", READS, "the same as flags", api_flags},
	{"/api/v1/status/runtimeinfo", READS, "when it was started, and where", api_runtimeinfo},
	{"/api/v1/query", "GET, HEAD, POST, OPTIONS", NULL, api_no_query},
	{"/api/v1/query_range", "GET, HEAD, POST, OPTIONS", NULL, api_no_query},
};

#define ROUTE_COUNT (sizeof(routes) / sizeof(routes[0]))

static const char json_type[] = "application/json";
static const char text_type[] = "text/plain; charset=utf-8";

void api_open_data(struct json_writer *w, struct api_response *response) {
	response->status = 200;
	response->content_type = json_type;
	json_init(w, &response->body);
	json_open_object(w);
	json_key(w, "status");
	json_string(w, STR("success"));
	json_key(w, "data");
}

void api_close_data(struct json_writer *w) {
	json_close_object(w);
}

void api_fail(struct api_response *response, int status, const char *type, const char *format,
			  ...) {
	struct strbuf message = STRBUF_INIT;
	struct json_writer w;
	va_list args;
	va_start(args, format);
	strbuf_vprintf(&message, format, args);
	va_end(args);
	strbuf_clear(&response->body);
	response->status = status;
	response->content_type = json_type;
	json_init(&w, &response->body);
	json_open_object(&w);
	json_key(&w, "status");
	json_string(&w, STR("error"));
	json_key(&w, "errorType");
	json_string(&w, str_from(type));
	json_key(&w, "error");
	json_string(&w, strbuf_str(&message));
	json_close_object(&w);
	strbuf_finish(&message);
}

void api_text(struct api_response *response, int status, const char *text) {
	response->status = status;
	response->content_type = text_type;
	strbuf_add_c(&response->body, text);
}

void api_write_time(struct json_writer *w, const char *key, ts_ms t) {
	struct strbuf text = STRBUF_INIT;
	timestamp_print_rfc3339(&text, t);
	json_key(w, key);
	json_string(w, strbuf_str(&text));
	strbuf_finish(&text);
}

void api_index(const struct api_call *call, struct api_response *response) {
	(void)call;
	api_text(response, 200, "tocsin evaluates alerting rules. There is:\n\n");
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		if (routes[i].what != NULL) {
			strbuf_printf(&response->body, "%-28s%s\n", routes[i].path, routes[i].what);
		}
	}
}

static bool method_is_allowed(const struct route *route, const char *method) {
	struct str rest = str_from(route->methods);
	while (rest.len > 0) {
		size_t comma = str_find(rest, STR(", "));
		if (str_equal(str_slice(rest, 0, comma), str_from(method))) {
			return true;
		}
		rest = comma == rest.len ? STR_EMPTY : str_slice(rest, comma + 2, rest.len);
	}
	return false;
}

/* JSON is for those who read JSON: what is under /api. */
static bool is_api(const char *path) {
	return str_starts_with(str_from(path), STR("/api/"));
}

static void add_header(struct api_response *response, const char *name, const char *value) {
	response->headers[response->header_count++] = (struct api_header){name, value};
}

static void refuse_method(const struct route *route, const struct api_request *request,
						  struct api_response *response) {
	if (is_api(request->path)) {
		api_fail(response, 405, "bad_data", "%s does not take %s, only %s", route->path,
				 request->method, route->methods);
	} else if (route->handle == api_reload) {
		api_text(response, 405, "Only POST or PUT requests allowed\n"); /* as Prometheus */
	} else {
		api_text(response, 405, "");
		strbuf_printf(&response->body, "%s does not take %s, only %s\n", route->path,
					  request->method, route->methods);
	}
	add_header(response, "Allow", route->methods);
}

static void refuse_path(const struct api_request *request, struct api_response *response) {
	if (is_api(request->path)) {
		api_fail(response, 404, "not_found", "there is no %s; / lists what there is",
				 request->path);
	} else {
		api_text(response, 404, "");
		strbuf_printf(&response->body, "there is no %s; / lists what there is\n", request->path);
	}
}

static const struct route *find_route(const char *path) {
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		if (strcmp(routes[i].path, path) == 0) {
			return &routes[i];
		}
	}
	return NULL;
}

/* A browser asks beforehand what a script may do; under /api of any path, as Prometheus answers. */
static void answer_options(const struct route *route, struct api_response *response) {
	response->status = 204;
	response->content_type = NULL;
	if (route != NULL) {
		add_header(response, "Allow", route->methods);
	}
}

static void call_handler(const struct route *route, struct engine *e,
						 const struct api_request *request, struct api_response *response) {
	struct arena arena;
	arena_init(&arena);
	struct api_call call = {.engine = e, .request = request, .arena = &arena};
	api_query_parse(request->query, &arena, &call.query);
	route->handle(&call, response);
	arena_finish(&arena);
}

void api_handle(struct engine *e, const struct api_request *request,
				struct api_response *ret_response) {
	const struct route *route = find_route(request->path);
	ret_response->header_count = 0;
	ret_response->effect = API_NOTHING;
	if (is_api(request->path)) {
		api_cors_add(engine_config(e)->web.cors_origin, request->origin, ret_response);
	}
	if (strcmp(request->method, "OPTIONS") == 0 && (route != NULL || is_api(request->path))) {
		answer_options(route, ret_response);
	} else if (route == NULL) {
		refuse_path(request, ret_response);
	} else if (!method_is_allowed(route, request->method)) {
		refuse_method(route, request, ret_response);
	} else {
		call_handler(route, e, request, ret_response);
	}
}

bool api_is_quick(const char *path) {
	return strcmp(path, "/-/healthy") == 0 || strcmp(path, "/-/ready") == 0;
}
