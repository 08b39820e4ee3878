/* Requests to our own API: the engine's answers, and what only the shell knows. */
#include "engine/io/clock.h"
#include "engine/io/runner_private.h"

/* Without the excerpts: whoever may ask for a reload need not be who may read the files. */
static void add_message_lines(struct strbuf *out, struct str messages) {
	while (messages.len > 0) {
		size_t end = str_find(messages, STR("\n"));
		struct str line = str_slice(messages, 0, end);
		if (!str_starts_with(line, STR("    "))) {
			strbuf_add(out, line);
			strbuf_add_char(out, '\n');
		}
		messages = str_slice(messages, end < messages.len ? end + 1 : end, messages.len);
	}
}

static void reload(struct runner *r, struct api_response *response) {
	struct strbuf messages = STRBUF_INIT;
	if (!runner_reload(r, &messages)) {
		response->status = 500;
		response->content_type = "text/plain; charset=utf-8";
		strbuf_clear(&response->body);
		strbuf_add_c(&response->body, "failed to reload config:\n");
		add_message_lines(&response->body, strbuf_str(&messages));
	}
	strbuf_finish(&messages);
}

void runner_handle_request(struct api_request *request, struct api_response *response, void *data) {
	struct runner *r = data;
	const char *config_file = r->options.loader.path;
	const struct api_process process = {.started = r->started,
										.folder = r->place.folder,
										.host = r->place.host,
										.config_file = config_file != NULL ? config_file : "",
										.cpus = r->place.cpus,
										.threads = process_thread_count()};
	request->now = clock_wall();
	request->process = &process;
	api_handle(r->engine, request, response);
	if (response->status == 200 && strcmp(request->path, "/metrics") == 0) {
		process_print_metrics(&response->body);
		stopwatch_print_metrics(&r->stopwatch, &response->body);
	}
	if (response->effect == API_RELOAD) {
		reload(r, response);
	}
}
