#include "engine/io/http_server.h"

#include <limits.h>
#include <microhttpd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/mem.h"
#include "engine/io/clock.h"
#include "engine/io/listener.h"

#define CONNECTION_BYTES                                                                           \
	(32u << 10) /* of memory, so of headers: curl and browsers send under 2 KiB */

/* A connection. In the server's list, which is in the order of their deadlines because all have the same time. */
struct http_peer {
	int fd;
	dur_ms deadline;
	size_t body_bytes; /* of the request that is coming in */
	char *query;       /* of the latest request; owned; NULL: none */
	struct http_peer *previous, *next;
};

struct http_server {
	struct http_server_options options;
	http_server_handle *handle;
	void *data;
	struct MHD_Daemon *daemon;
	uv_poll_t poll;
	uv_timer_t timer;
	int handles;
	int listener;
	struct http_peer *first, *last;
	size_t peer_count;
	http_server_closed *closed;
	void *closed_data;
};

/* ---- connections and their deadlines ---- */

static void peer_unlink(struct http_server *s, struct http_peer *p) {
	*(p->previous != NULL ? &p->previous->next : &s->first) = p->next;
	*(p->next != NULL ? &p->next->previous : &s->last) = p->previous;
}

static void peer_link(struct http_server *s, struct http_peer *p) {
	p->deadline = clock_monotonic() + s->options.turn_max;
	p->body_bytes = 0;
	p->previous = s->last;
	p->next = NULL;
	*(s->last != NULL ? &s->last->next : &s->first) = p;
	s->last = p;
}

/* Only shuts the socket down: the daemon sees its end, and closes and forgets it. Goes to the end of the list, out of the way. */
static void peer_shut(struct http_server *s, struct http_peer *p) {
	shutdown(p->fd, SHUT_RDWR);
	peer_unlink(s, p);
	peer_link(s, p);
}

static void expire(struct http_server *s) {
	dur_ms now = clock_monotonic();
	while (s->first != NULL && s->first->deadline <= now) {
		peer_shut(s, s->first);
	}
}

/* Whoever holds many connections and asks nothing must not keep others out: near the limit, the one that has been idle for
 * the longest time makes room for the new one. */
static void make_room(struct http_server *s) {
	if (s->peer_count > s->options.connections_max - s->options.connections_max / 8) {
		peer_shut(s, s->first);
	}
}

static void handle_connection(void *data, struct MHD_Connection *connection, void **context,
							  enum MHD_ConnectionNotificationCode code) {
	struct http_server *s = data;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		peer_unlink(s, *context);
		s->peer_count--;
		free(((struct http_peer *)*context)->query);
		free(*context);
		return;
	}
	struct http_peer *p = mem_calloc(1, sizeof *p);
	p->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	make_room(s);
	peer_link(s, p);
	s->peer_count++;
	*context = p;
}

static struct http_peer *peer_of(struct MHD_Connection *connection) {
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static void handle_completed(void *data, struct MHD_Connection *connection, void **context,
							 enum MHD_RequestTerminationCode code) {
	(void)context;
	if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK) {
		struct http_peer *p = peer_of(connection);
		peer_unlink(data, p);
		peer_link(data, p);
	}
}

/* ---- requests ---- */

/* The query as it came: the daemon would decode it in its own way. Called before anything else of a request. */
static void *handle_uri(void *data, const char *uri, struct MHD_Connection *connection) {
	(void)data;
	struct http_peer *p = peer_of(connection);
	const char *mark = strchr(uri, '?');
	free(p->query);
	p->query = mark != NULL ? mem_dup_str(str_from(mark + 1)) : NULL;
	return NULL; /* the request's context, which begins with nothing */
}

static enum MHD_Result respond(struct MHD_Connection *connection, struct api_response *r) {
	size_t length = r->body.len;
	char *body = strbuf_take(&r->body);
	struct MHD_Response *response =
		MHD_create_response_from_buffer(length, body, MHD_RESPMEM_MUST_FREE);
	if (response == NULL) {
		free(body);
		return MHD_NO;
	}
	if (r->content_type != NULL) {
		MHD_add_response_header(response, "Content-Type", r->content_type);
	}
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	for (size_t i = 0; i < r->header_count; i++) {
		MHD_add_response_header(response, r->headers[i].name, r->headers[i].value);
	}
	enum MHD_Result result = MHD_queue_response(connection, (unsigned)r->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer(struct http_server *s, struct MHD_Connection *connection,
							  const char *method, const char *path) {
	struct http_peer *p = peer_of(connection);
	struct api_request request = {
		.method = method,
		.path = path,
		.query = p->query != NULL ? str_from(p->query) : STR_EMPTY,
		.origin = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Origin"),
	};
	struct api_response response = {.status = 500, .content_type = "text/plain; charset=utf-8"};
	strbuf_init(&response.body);
	s->handle(&request, &response, s->data);
	enum MHD_Result result = respond(connection, &response);
	strbuf_finish(&response.body);
	return result;
}

static enum MHD_Result answer_too_large(struct http_server *s, struct MHD_Connection *connection) {
	struct api_response response = {.status = 413, .content_type = "text/plain; charset=utf-8"};
	strbuf_init(&response.body);
	strbuf_printf(&response.body, "the request is larger than %zu bytes\n",
				  s->options.body_bytes_max);
	enum MHD_Result result = respond(connection, &response);
	strbuf_finish(&response.body);
	return result;
}

static bool is_said_too_large(struct http_server *s, struct MHD_Connection *connection) {
	const char *said = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
	return said != NULL && strtoull(said, NULL, 10) > s->options.body_bytes_max;
}

/* Called with the headers first, then with each piece of the body, then without more. Bodies are not used, but must be read. */
static enum MHD_Result handle_request(void *data, struct MHD_Connection *connection,
									  const char *path, const char *method, const char *version,
									  const char *upload, size_t *upload_length, void **context) {
	(void)version;
	(void)upload;
	struct http_server *s = data;
	struct http_peer *p = peer_of(connection);
	if (*context == NULL) {
		*context = p;
		return is_said_too_large(s, connection) ? answer_too_large(s, connection) : MHD_YES;
	}
	if (*upload_length > 0) {
		p->body_bytes += *upload_length;
		*upload_length = 0;
		return p->body_bytes <= s->options.body_bytes_max ? MHD_YES : MHD_NO;
	}
	return answer(s, connection, method, path);
}

/* ---- the loop ---- */

static void run(struct http_server *s);

static void handle_timer(uv_timer_t *timer) {
	run(timer->data);
}

static void handle_poll(uv_poll_t *poll, int status, int events) {
	(void)status;
	(void)events;
	run(poll->data);
}

/* When the daemon or a deadline wants a turn even if no socket stirs. */
static void arm(struct http_server *s) {
	MHD_UNSIGNED_LONG_LONG wait = ULLONG_MAX;
	if (MHD_get_timeout(s->daemon, &wait) != MHD_YES) {
		wait = ULLONG_MAX;
	}
	if (s->first != NULL) {
		dur_ms left = s->first->deadline - clock_monotonic();
		left = left > 0 ? left : 0;
		wait = (MHD_UNSIGNED_LONG_LONG)left < wait ? (MHD_UNSIGNED_LONG_LONG)left : wait;
	}
	if (wait == ULLONG_MAX) {
		uv_timer_stop(&s->timer);
		return;
	}
	uv_update_time(s->timer.loop);
	uv_timer_start(&s->timer, handle_timer, wait, 0);
}

static void run(struct http_server *s) {
	expire(s);
	MHD_run(s->daemon);
	arm(s);
}

/* ---- life ---- */

/* The daemon's own messages are about what peers did wrong, and they may do so for ever. */
static void ignore_message(void *data, const char *format, va_list args) {
	(void)data;
	(void)format;
	(void)args;
}

static struct MHD_Daemon *daemon_start(struct http_server *s) {
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, handle_request, s,
							MHD_OPTION_URI_LOG_CALLBACK, handle_uri, s, MHD_OPTION_EXTERNAL_LOGGER,
							ignore_message, NULL, MHD_OPTION_LISTEN_SOCKET, s->listener,
							MHD_OPTION_CONNECTION_LIMIT, s->options.connections_max,
							MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
							MHD_OPTION_NOTIFY_CONNECTION, handle_connection, s,
							MHD_OPTION_NOTIFY_COMPLETED, handle_completed, s, MHD_OPTION_END);
}

static void watch(struct http_server *s, uv_loop_t *loop) {
	int fd = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	uv_timer_init(loop, &s->timer);
	int code = uv_poll_init(loop, &s->poll, fd);
	BUG_ON(code != 0);
	s->timer.data = s->poll.data = s;
	s->handles = 2;
	uv_poll_start(&s->poll, UV_READABLE, handle_poll);
	arm(s);
}

struct http_server *http_server_create(uv_loop_t *loop, const struct http_server_options *options,
									   http_server_handle *handle, void *data,
									   struct strbuf *out_error) {
	int listener = listener_open(options->listen, out_error);
	if (listener < 0) {
		return NULL;
	}
	struct http_server *s = mem_calloc(1, sizeof *s);
	s->options = *options;
	s->handle = handle;
	s->data = data;
	s->listener = listener;
	s->daemon = daemon_start(s);
	if (s->daemon == NULL) {
		strbuf_printf(out_error, "cannot serve on %s", options->listen);
		free(s);
		return NULL;
	}
	s->options.listen = NULL; /* borrowed only for this call */
	watch(s, loop);
	return s;
}

unsigned http_server_port(const struct http_server *s) {
	return listener_port(s->listener);
}

static void handle_closed(uv_handle_t *handle) {
	struct http_server *s = handle->data;
	if (--s->handles > 0) {
		return;
	}
	http_server_closed *closed = s->closed;
	void *data = s->closed_data;
	free(s);
	closed(data);
}

void http_server_close(struct http_server *s, http_server_closed *closed, void *data) {
	s->closed = closed;
	s->closed_data = data;
	uv_poll_stop(&s->poll); /* before the daemon closes the descriptor */
	MHD_stop_daemon(s->daemon);
	uv_close((uv_handle_t *)&s->poll, handle_closed);
	uv_close((uv_handle_t *)&s->timer, handle_closed);
}
