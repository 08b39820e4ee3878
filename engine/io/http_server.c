#include "engine/io/http_server.h"

#include <fcntl.h>
#include <gnutls/abstract.h>
#include <limits.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/mem.h"
#include "engine/io/clock.h"
#include "engine/io/http_server_private.h"
#include "engine/io/listener.h"

#define CONNECTION_BYTES                                                                           \
	(32u << 10) /* of memory, so of headers: curl and browsers send under 2 KiB */

#define STILL_RUNS 2
#define STILL_WAIT 10 /* ms */
#define BUSY_RUNS                                                                                  \
	100 /* that what is decrypted takes to be read, at 1 KiB in each, three times over */

/* ---- the loop ---- */

static void handle_timer(uv_timer_t *timer) {
	http_server_run(timer->data);
}

static void handle_poll(uv_poll_t *poll, int status, int events) {
	(void)status;
	(void)events;
	http_server_run(poll->data);
}

static bool has_pending_bytes(const struct http_peer *p) {
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(p->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	bool reads = p->stage == HTTP_HEAD || p->stage == HTTP_BODY;
	return reads && gnutls_record_check_pending(info->tls_session) > 0;
}

/* libmicrohttpd keeps some connections that wait for their client among those that are ready, and wants to be run again at once:
 * those in a TLS handshake, and those that have sent half a piece of a chunked body. It would take a whole processor as long as the
 * client is silent. With TLS, twice in a row without anything having happened is enough unless something is decrypted but not read:
 * whatever else can happen makes the epoll descriptor readable. */
static bool is_still(const struct http_server *s) {
	if (s->access->tls == NULL || s->still_count < STILL_RUNS) {
		return false;
	}
	for (const struct http_peer *p = s->first; p != NULL && s->still_count < BUSY_RUNS;
		 p = p->next) {
		if (has_pending_bytes(p)) {
			return false;
		}
	}
	return true;
}

/* Without TLS, what is sent and received is not seen here, so that the daemon goes on, but not all the time. */
static MHD_UNSIGNED_LONG_LONG wanted_wait(const struct http_server *s) {
	MHD_UNSIGNED_LONG_LONG wait = ULLONG_MAX;
	if (s->has_room_again) {
		return 0;
	}
	if (MHD_get_timeout(s->daemon, &wait) != MHD_YES || (wait == 0 && is_still(s))) {
		return ULLONG_MAX;
	}
	return wait == 0 && s->still_count >= BUSY_RUNS ? STILL_WAIT : wait;
}

static void handle_again(uv_idle_t *again) {
	http_server_run(again->data);
}

/* When the daemon or a deadline wants a turn even if no socket stirs. At once is when the loop has looked at everything else: libuv
 * runs a timer of 0 ms that starts itself again for ever. */
static void arm(struct http_server *s) {
	MHD_UNSIGNED_LONG_LONG wait = wanted_wait(s);
	if (s->first != NULL) {
		dur_ms left = s->first->deadline - clock_monotonic();
		left = left > 0 ? left : 0;
		wait = (MHD_UNSIGNED_LONG_LONG)left < wait ? (MHD_UNSIGNED_LONG_LONG)left : wait;
	}
	uv_timer_stop(&s->timer);
	uv_idle_stop(&s->again);
	if (wait == 0) {
		uv_idle_start(&s->again, handle_again);
	} else if (wait != ULLONG_MAX) {
		uv_update_time(s->timer.loop);
		uv_timer_start(&s->timer, handle_timer, wait, 0);
	}
}

void http_server_run(struct http_server *s) {
	uint64_t before = s->moves;
	bool was_full = s->peer_count >= s->options.connections_max;
	http_peer_expire(s);
	s->may_answer = s->first_queued == NULL;
	MHD_run(s->daemon);
	s->still_count = s->moves == before ? s->still_count + 1 : 0;
	http_peer_sweep(s);
	s->has_room_again = was_full && s->peer_count < s->options.connections_max;
	arm(s);
}

/* ---- life ---- */

/* The daemon's own messages are about what peers did wrong, and they may do so for ever. */
static void ignore_message(void *data, const char *format, va_list args) {
	(void)data;
	(void)format;
	(void)args;
}

/* Each session gets its certificate from us; the daemon itself only has to believe that there will be one. */
static int never_called(gnutls_session_t session, const gnutls_datum_t *names, int name_count,
						const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
						gnutls_pcert_st **pcert, unsigned int *pcert_count, gnutls_privkey_t *key) {
	(void)session, (void)names, (void)name_count, (void)algorithms, (void)algorithm_count;
	(void)pcert, (void)pcert_count, (void)key;
	return -1;
}

static struct MHD_Daemon *daemon_start(struct http_server *s) {
	bool tls = s->access->tls != NULL;
	/* The daemon closes the socket that it is given, or not, when it fails. */
	int listener = fcntl(s->listener, F_DUPFD_CLOEXEC, 0);
	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME |
			(tls ? MHD_USE_TLS : MHD_NO_FLAG),
		0, NULL, NULL, http_request_handle, s, MHD_OPTION_URI_LOG_CALLBACK, http_request_handle_uri,
		s, MHD_OPTION_EXTERNAL_LOGGER, ignore_message, NULL, MHD_OPTION_LISTEN_SOCKET, listener,
		MHD_OPTION_CONNECTION_LIMIT, s->options.connections_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_BYTES, MHD_OPTION_NOTIFY_CONNECTION, http_peer_handle, s,
		MHD_OPTION_NOTIFY_COMPLETED, http_request_handle_completed, s,
		/* without TLS the list ends here */
		tls ? MHD_OPTION_HTTPS_CERT_CALLBACK : MHD_OPTION_END, never_called, MHD_OPTION_END);
}

static void watch(struct http_server *s, uv_loop_t *loop) {
	int fd = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	uv_timer_init(loop, &s->timer);
	uv_idle_init(loop, &s->idle);
	uv_idle_init(loop, &s->again);
	int code = uv_poll_init(loop, &s->poll, fd);
	BUG_ON(code != 0);
	s->timer.data = s->poll.data = s->idle.data = s->again.data = s;
	s->passwords = password_check_create(loop);
	s->handles = 5;
	uv_poll_start(&s->poll, UV_READABLE, handle_poll);
	arm(s);
}

static int open_listener(const struct http_server_options *options, struct strbuf *out_error) {
	int given = options->heir_of != NULL ? options->heir_of->listener : options->passed;
	return given > 0 ? fcntl(given, F_DUPFD_CLOEXEC, 0) : listener_open(options->listen, out_error);
}

static void set_access(struct http_server *s, struct web_access *access) {
	const struct web_config *c = &access->config;
	web_access_release(s->access);
	s->access = web_access_hold(access);
	rate_limit_init(&s->rate, c->rate_interval_ns, c->rate_burst, clock_monotonic());
}

struct http_server *http_server_create(uv_loop_t *loop, const struct http_server_options *options,
									   struct web_access *access, http_server_handle *handle,
									   void *data, struct strbuf *out_error) {
	int listener = open_listener(options, out_error);
	if (listener < 0) {
		return NULL;
	}
	struct http_server *s = mem_calloc(1, sizeof *s);
	s->options = *options;
	s->handle = handle;
	s->data = data;
	s->listener = listener;
	set_access(s, access);
	s->daemon = daemon_start(s);
	if (s->daemon == NULL) {
		strbuf_printf(out_error, "cannot serve on %s%s", options->listen,
					  access->tls != NULL && MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES
						  ? ": libmicrohttpd was built without TLS"
						  : "");
		close(listener);
		web_access_release(s->access);
		free(s);
		return NULL;
	}
	s->options.listen = NULL; /* borrowed only for this call */
	s->options.heir_of = NULL;
	watch(s, loop);
	return s;
}

bool http_server_set_access(struct http_server *s, struct web_access *access) {
	if ((access->tls != NULL) != (s->access->tls != NULL)) {
		return false;
	}
	set_access(s, access);
	return true;
}

unsigned http_server_port(const struct http_server *s) {
	return listener_port(s->listener);
}

void http_server_print_address(const struct http_server *s, struct strbuf *out) {
	listener_print_address(s->listener, out);
}

bool http_server_has_tls(const struct http_server *s) {
	return s->access->tls != NULL;
}

void http_server_quiesce(struct http_server *s) {
	int listener = MHD_quiesce_daemon(s->daemon);
	if (listener != MHD_INVALID_SOCKET) { /* not the second time */
		close(listener);
	}
}

bool http_server_is_asked(const struct http_server *s) {
	for (const struct http_peer *p = s->first; p != NULL; p = p->next) {
		if (!p->has_asked || p->stage != HTTP_HEAD) {
			return true;
		}
	}
	return false;
}

static void handle_part_closed(void *data) {
	struct http_server *s = data;
	if (--s->handles > 0) {
		return;
	}
	http_server_closed *closed = s->closed;
	void *closed_data = s->closed_data;
	free(s);
	closed(closed_data);
}

static void handle_closed(uv_handle_t *handle) {
	handle_part_closed(handle->data);
}

void http_server_close(struct http_server *s, http_server_closed *closed, void *data) {
	s->closed = closed;
	s->closed_data = data;
	uv_poll_stop(&s->poll); /* before the daemon closes the descriptor */
	http_request_release_all(s);
	http_server_quiesce(s); /* before it shuts the socket down for an heir too */
	MHD_stop_daemon(s->daemon);
	close(s->listener);
	http_peer_sweep(s);
	free(s->retired);
	web_access_release(s->access);
	password_check_close(s->passwords, handle_part_closed, s);
	uv_close((uv_handle_t *)&s->poll, handle_closed);
	uv_close((uv_handle_t *)&s->timer, handle_closed);
	uv_close((uv_handle_t *)&s->idle, handle_closed);
	uv_close((uv_handle_t *)&s->again, handle_closed);
}
