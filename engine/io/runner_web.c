/* The runner's server: where it listens and who gets in, at the start, at reloads and in between. */
#include "base/mem.h"
#include "engine/io/clock.h"
#include "engine/io/runner_private.h"

/* Half of the descriptors, the others are for our own requests and files; but not more than so many, nor less. */
#define API_CONNECTIONS_MAX 512
#define API_CONNECTIONS_MIN 32
#define API_TURN_MAX                                                                               \
	90000 /* ms; above the minute at which many scrape, so that their connections live on */
#define ACCESS_LOOK_EVERY 5000 /* ms */

/* The socket that the service manager opened; 0: none, the configuration says where to listen. */
static int passed_listener(const struct runner *r) {
	return supervisor_listener(r->options.supervisor);
}

void runner_print_url(struct strbuf *out, const struct runner *r) {
	const char *scheme = http_server_has_tls(r->server) ? "https" : "http";
	if (passed_listener(r) > 0) {
		bool is_local = http_server_port(r->server) == 0;
		strbuf_printf(out, "%s%s", scheme, is_local ? " at " : "://");
		http_server_print_address(r->server, out);
		strbuf_add_c(out, ", a socket of the service manager");
		return;
	}
	struct str host = r->config.listen;
	while (host.len > 0 && host.ptr[host.len - 1] != ':') {
		host.len--;
	}
	host.len -= host.len > 0;
	strbuf_printf(out, "%s://%.*s:%u", scheme, STR_FMT(host.len > 0 ? host : STR("0.0.0.0")),
				  http_server_port(r->server));
}

static unsigned connections_max(void) {
	unsigned half = process_descriptors_max() / 2;
	half = half > API_CONNECTIONS_MIN ? half : API_CONNECTIONS_MIN;
	return half < API_CONNECTIONS_MAX ? half : API_CONNECTIONS_MAX;
}

struct web_access *runner_load_access(const struct config *config, struct strbuf *messages) {
	bool unreadable;
	return web_access_load(config->web.config_file, (struct diag_style){0}, messages, &unreadable);
}

struct http_server *runner_create_server(struct runner *r, const struct config *config,
										 struct web_access *access,
										 const struct http_server *heir_of,
										 struct strbuf *out_error) {
	if (config->listen.len == 0 && passed_listener(r) == 0) {
		return NULL;
	}
	char *listen = mem_dup_str(config->listen);
	const struct http_server_options options = {.listen = listen,
												.heir_of = heir_of,
												.passed = passed_listener(r),
												.connections_max = connections_max(),
												.turn_max = API_TURN_MAX,
												.body_bytes_max = LIMIT_REQUEST_BYTES,
												.answers_bytes_max = LIMIT_API_ANSWERS_BYTES};
	struct http_server *s =
		http_server_create(r->loop, &options, access, runner_handle_request, r, out_error);
	free(listen);
	return s;
}

/* ---- reload ---- */

static void take_access(struct runner *r, struct web_access *access) {
	web_access_release(r->web_access);
	r->web_access = access;
	free(r->web_error);
	r->web_error = NULL;
}

/* Where the address stays and TLS goes on or off, both servers listen on one socket for a moment. */
static bool change_server(struct runner *r, const struct config *config, struct web_access *access,
						  struct strbuf *messages) {
	bool same = r->server != NULL &&
				(passed_listener(r) > 0 || str_equal(config->listen, r->config.listen));
	size_t before = messages->len;
	if (same && http_server_set_access(r->server, access)) {
		return true;
	}
	struct http_server *next =
		runner_create_server(r, config, access, same ? r->server : NULL, messages);
	if (next == NULL && messages->len > before) {
		strbuf_add_char(messages, '\n');
		return false;
	}
	r->next_server = next;
	r->server_changes = true;
	return true;
}

bool runner_prepare_server(struct runner *r, const struct config *config, struct strbuf *messages) {
	struct strbuf said = STRBUF_INIT; /* the loader has said it already */
	struct web_access *access = runner_load_access(config, &said);
	bool good = access != NULL;
	if (!good) {
		strbuf_add(messages, strbuf_str(&said)); /* it has changed since */
	} else if (!r->server_changes) {
		good = change_server(r, config, access, messages);
	}
	if (good) {
		take_access(r, access);
	} else {
		web_access_release(access);
	}
	strbuf_finish(&said);
	return good;
}

/* ---- the end ---- */

#define LAST_ANSWERS                                                                               \
	1000 /* ms; who is accepted and asks nothing must not keep alerts from the next process */

void runner_quiesce(struct runner *r, ts_ms now) {
	if (r->server != NULL && passed_listener(r) > 0) {
		http_server_quiesce(r->server);
		r->answer_until = now + LAST_ANSWERS;
	}
}

bool runner_is_asked(const struct runner *r, ts_ms now) {
	return now < r->answer_until && http_server_is_asked(r->server);
}

/* ---- in between ---- */

static void log_access(struct runner *r, enum log_level level, const char *message) {
	const struct label file = {STR("file"), r->config.web.config_file};
	log_write(&r->log, level, clock_wall(), (struct labels){.items = &file, .count = 1}, message);
}

/* Looked at again and again as long as it stays bad, but said once. */
static void refuse_access(struct runner *r, struct str reason) {
	if (r->web_error != NULL && str_equal(str_from(r->web_error), reason)) {
		return;
	}
	free(r->web_error);
	r->web_error = mem_dup_str(reason);
	runner_log_messages(r, reason);
	log_access(r, LOG_ERROR, "the web configuration changed, but stays as it was");
}

void runner_watch_access(struct runner *r) {
	dur_ms now = clock_monotonic();
	if (r->server == NULL || r->server_changes || now - r->web_looked_at < ACCESS_LOOK_EVERY) {
		return;
	}
	r->web_looked_at = now;
	if (!web_access_is_outdated(r->web_access)) {
		return;
	}
	struct strbuf messages = STRBUF_INIT;
	struct web_access *access = runner_load_access(&r->config, &messages);
	if (access == NULL) {
		refuse_access(r, strbuf_str(&messages));
	} else if (!http_server_set_access(r->server, access)) {
		web_access_release(access);
		refuse_access(r, STR("error: TLS goes on or off only at a reload\n"));
	} else {
		take_access(r, access);
		runner_log_messages(r, strbuf_str(&messages));
		log_access(r, LOG_INFO, "the web configuration changed, and counts from now on");
	}
	strbuf_finish(&messages);
}
