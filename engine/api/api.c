#include "engine/api/api.h"

#include <stdarg.h>

#include "engine/api/api_private.h"

static const struct route {
	const char *path, *methods, *what; /* what: a line of the page at "/"; NULL: not listed */
	api_handler *handle;
} routes[] = {
	{"/", "GET", NULL, api_index},
	{"/-/healthy", "GET", "the process is alive", api_healthy},
	{"/-/ready", "GET", "every group of rules was evaluated at least once", api_ready},
	{"/-/reload", "POST, PUT", "reads configuration and rules again (POST)", api_reload},
	{"/metrics", "GET", "metrics of this engine", api_metrics},
	{"/api/v1/rules", "GET", "rules, their health and their alerts", api_rules},
	{"/api/v1/alerts", "GET", "pending and firing alerts", api_alerts},
	{"/api/v1/alertmanagers", "GET", "who is told of alerts", api_alertmanagers},
	{"/api/v1/status/buildinfo", "GET", "version", api_buildinfo},
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

const struct str *api_parameter(const struct api_request *request, const char *name) {
	for (size_t i = 0; i < request->parameter_count; i++) {
		if (str_equal(request->parameters[i].name, str_from(name))) {
			return &request->parameters[i].value;
		}
	}
	return NULL;
}

void api_index(struct engine *e, const struct api_request *request, struct api_response *response) {
	(void)e;
	(void)request;
	api_text(response, 200, "tocsin evaluates alerting rules. There is:\n\n");
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		if (routes[i].what != NULL) {
			strbuf_printf(&response->body, "%-26s %s\n", routes[i].path, routes[i].what);
		}
	}
}

/* Methods are listed as a 405's Allow header has them; HEAD is GET without the body, which the shell leaves out. */
static bool method_is_allowed(const struct route *route, const char *method) {
	const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
	struct str rest = str_from(route->methods);
	while (rest.len > 0) {
		size_t comma = str_find(rest, STR(", "));
		if (str_equal(str_slice(rest, 0, comma), str_from(wanted))) {
			return true;
		}
		rest = comma == rest.len ? STR_EMPTY : str_slice(rest, comma + 2, rest.len);
	}
	return false;
}

void api_handle(struct engine *e, const struct api_request *request,
				struct api_response *ret_response) {
	ret_response->allow = NULL;
	ret_response->effect = API_NOTHING;
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		if (strcmp(routes[i].path, request->path) != 0) {
			continue;
		}
		if (!method_is_allowed(&routes[i], request->method)) {
			api_fail(ret_response, 405, "bad_data", "%s does not take %s, only %s", routes[i].path,
					 request->method, routes[i].methods);
			ret_response->allow = routes[i].methods;
			return;
		}
		routes[i].handle(e, request, ret_response);
		return;
	}
	api_fail(ret_response, 404, "not_found", "there is no %s; / lists what there is",
			 request->path);
}
