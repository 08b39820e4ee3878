/* Connections: their deadlines, and who has to go so that others find room. */
#include <sys/socket.h>

#include "base/mem.h"
#include "engine/io/clock.h"
#include "engine/io/http_server_private.h"

static void peer_unlink(struct http_server *s, struct http_peer *p) {
	*(p->previous != NULL ? &p->previous->next : &s->first) = p->next;
	*(p->next != NULL ? &p->next->previous : &s->last) = p->previous;
}

static void peer_link(struct http_server *s, struct http_peer *p) {
	p->deadline = clock_monotonic() + s->options.turn_max;
	p->previous = s->last;
	p->next = NULL;
	*(s->last != NULL ? &s->last->next : &s->first) = p;
	s->last = p;
}

void http_peer_renew(struct http_server *s, struct http_peer *p) {
	peer_unlink(s, p);
	peer_link(s, p);
}

static void forget_bytes(struct http_server *s, struct http_peer *p) {
	s->answers_bytes -= p->answer_bytes;
	p->answer_bytes = 0;
}

void http_peer_let_go_answer(struct http_server *s, struct http_peer *p) {
	forget_bytes(s, p);
	strbuf_finish(&p->answer.body);
	strbuf_init(&p->answer.body);
}

/* Only shuts the socket down: the daemon sees its end, and closes and forgets it. Goes to the end of the list, out of the way. */
static void peer_shut(struct http_server *s, struct http_peer *p) {
	shutdown(p->fd, SHUT_RDWR);
	forget_bytes(s, p);
	s->newcomer_count -= !p->has_asked;
	p->has_asked = true; /* not again */
	http_peer_renew(s, p);
}

void http_peer_expire(struct http_server *s) {
	dur_ms now = clock_monotonic();
	while (s->first != NULL && s->first->deadline <= now) {
		peer_shut(s, s->first);
	}
}

static void shut_oldest_newcomer(struct http_server *s) {
	for (struct http_peer *p = s->first; p != NULL; p = p->next) {
		if (!p->has_asked) {
			peer_shut(s, p);
			return;
		}
	}
}

/* More than libmicrohttpd takes in one run, which are 10: at its limit it would stop listening. */
#define ROOM_MIN 16

static size_t room(const struct http_server *s) {
	size_t part = s->options.connections_max / 8;
	return part > ROOM_MIN ? part : ROOM_MIN;
}

/* Whoever holds many connections and asks nothing must not keep others out: near the limit, the one that has been idle for
 * the longest time makes room for the new one. */
static void make_room(struct http_server *s) {
	if (s->peer_count + room(s) > s->options.connections_max) {
		peer_shut(s, s->first);
	}
	if (s->access->tls != NULL && s->newcomer_count >= HTTP_NEWCOMERS_MAX) {
		shut_oldest_newcomer(s);
	}
}

void http_peer_hold_answer(struct http_server *s, struct http_peer *p, size_t bytes) {
	forget_bytes(s, p);
	struct http_peer *other = s->first;
	size_t max = s->options.answers_bytes_max;
	while (other != NULL && s->answers_bytes > 0 && s->answers_bytes + bytes > max) {
		struct http_peer *next = other->next;
		if (other->answer_bytes > 0) {
			peer_shut(s, other);
		}
		other = next;
	}
	p->answer_bytes = bytes;
	s->answers_bytes += bytes;
}

/* ---- coming and going ---- */

static void peer_add(struct http_server *s, struct MHD_Connection *connection, void **context) {
	struct http_peer *p = mem_calloc(1, sizeof *p);
	p->server = s;
	p->connection = connection;
	p->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	make_room(s);
	peer_link(s, p);
	s->peer_count++;
	s->newcomer_count++;
	if (s->access->tls != NULL) {
		p->access = web_access_hold(s->access);
		p->wire = (struct web_tls_wire){.fd = p->fd, .moves = &s->moves};
		web_tls_attach(
			s->access->tls,
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session,
			&p->wire);
	}
	*context = p;
}

/* The session may still be there, and with it the terms that it was made with. */
static void retire_access(struct http_server *s, struct web_access *access) {
	if (access != NULL) {
		s->retired = mem_grow(s->retired, s->retired_count, &s->retired_capacity,
							  sizeof(struct web_access *));
		s->retired[s->retired_count++] = access;
	}
}

void http_peer_sweep(struct http_server *s) {
	while (s->retired_count > 0) {
		web_access_release(s->retired[--s->retired_count]);
	}
}

static void peer_remove(struct http_server *s, struct http_peer *p) {
	peer_unlink(s, p);
	http_peer_let_go_answer(s, p);
	s->peer_count--;
	s->newcomer_count -= !p->has_asked;
	retire_access(s, p->access);
	free(p->query);
	free(p);
}

void http_peer_handle(void *data, struct MHD_Connection *connection, void **context,
					  enum MHD_ConnectionNotificationCode code) {
	struct http_server *s = data;
	s->moves++;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		peer_remove(s, *context);
	} else {
		peer_add(s, connection, context);
	}
}

struct http_peer *http_peer_of(struct MHD_Connection *connection) {
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}
