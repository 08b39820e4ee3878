/* What the files http_*.c of the server share. */
#ifndef ENGINE_IO_HTTP_SERVER_PRIVATE_H
#define ENGINE_IO_HTTP_SERVER_PRIVATE_H

#include <microhttpd.h>

#include "engine/io/http_pack.h"
#include "engine/io/http_server.h"
#include "engine/io/password_check.h"
#include "engine/rate_limit.h"

/* Connections over TLS that have not asked for anything yet. Each makes the loop sign something, so that not too many may do so at
 * once; the oldest makes room. */
#define HTTP_NEWCOMERS_MAX 32

/*  the head is read ──► HEAD ──► CHECKING ──► CHECKED ──► BODY ──► QUEUED ──► TURN ──► PACKING ──► PACKED ──► answered
 *                        ├── no password, or one that is known ──┘  └── nobody waits ──┘  └── not compressed ─────┘  ▲
 *                        └──────────────────────────► REFUSED ──────────────────────────────────────────────────────┘ */
enum http_stage {
	HTTP_HEAD,     /* nothing of the request is judged */
	HTTP_CHECKING, /* suspended: its password is being checked */
	HTTP_CHECKED,  /* the password was right or wrong */
	HTTP_BODY,     /* let in; its body comes */
	HTTP_QUEUED,   /* suspended: others are answered first */
	HTTP_TURN,     /* it is next */
	HTTP_PACKING,  /* suspended: its answer is being compressed */
	HTTP_PACKED,
	HTTP_REFUSED,
};

enum http_refusal { HTTP_TOO_MANY, HTTP_TOO_LARGE, HTTP_UNAUTHORIZED, HTTP_BUSY };

/* A connection. In the server's list, which is in the order of their deadlines because all have the same time. */
struct http_peer {
	struct http_server *server;
	struct MHD_Connection *connection;
	int fd;
	dur_ms deadline;
	bool has_asked; /* a request has come */
	struct http_peer *previous, *next;
	struct web_tls_wire wire;
	struct web_access *access; /* of the TLS session; held; NULL: without TLS */
	/* The request that is coming in, or is being answered. */
	enum http_stage stage;
	char *query;       /* owned; NULL: none */
	size_t body_bytes; /* of the request */
	bool is_right;     /* the password */
	enum http_refusal refusal;
	struct password_wait *wait;
	struct http_peer *next_queued;
	struct http_pack *pack;
	struct api_response answer; /* that was compressed; its body is owned */
	size_t answer_bytes;        /* that are not read yet */
};

struct http_server {
	struct http_server_options options;
	http_server_handle *handle;
	void *data;
	struct MHD_Daemon *daemon;
	uv_poll_t poll;
	uv_timer_t timer;
	uv_idle_t idle;  /* runs while somebody is queued */
	uv_idle_t again; /* runs while the daemon wants a turn at once */
	int handles;
	int listener;
	struct web_access *access;
	struct web_access **retired; /* held by connections that are gone but for the daemon's memory */
	size_t retired_count, retired_capacity;
	struct password_check *passwords;
	struct rate_limit rate;
	struct http_peer *first, *last;
	size_t peer_count, newcomer_count;
	bool has_room_again; /* after the limit; the daemon listens again only in the next run */
	struct http_peer *first_queued, *last_queued;
	bool may_answer; /* once in each run of the daemon */
	size_t answers_bytes;
	uint64_t moves;       /* what happened, in order to see that nothing did */
	unsigned still_count; /* runs of the daemon in which nothing happened */
	http_server_closed *closed;
	void *closed_data;
};

/* http_server.c */
void http_server_run(struct http_server *s);

/* http_peer.c */
void http_peer_handle(void *data, struct MHD_Connection *connection, void **context,
					  enum MHD_ConnectionNotificationCode code);
struct http_peer *http_peer_of(struct MHD_Connection *connection);
/* A request is done with, and the next one has all the time again. */
void http_peer_renew(struct http_server *s, struct http_peer *p);
/* Cuts those off whose time is over. */
void http_peer_expire(struct http_server *s);
/* The answer is about to be sent: others are cut off for it if all would be too much. */
void http_peer_hold_answer(struct http_server *s, struct http_peer *p, size_t bytes);
/* It was read, or will not be. */
void http_peer_let_go_answer(struct http_server *s, struct http_peer *p);
/* Connections that are gone for good. */
void http_peer_sweep(struct http_server *s);

/* http_request.c */
enum MHD_Result http_request_handle(void *data, struct MHD_Connection *connection, const char *path,
									const char *method, const char *version, const char *upload,
									size_t *upload_length, void **context);
void *http_request_handle_uri(void *data, const char *uri, struct MHD_Connection *connection);
void http_request_handle_completed(void *data, struct MHD_Connection *connection, void **context,
								   enum MHD_RequestTerminationCode code);
/* Nobody is suspended any more. */
void http_request_release_all(struct http_server *s);

/* http_answer.c */
/* Asks the API and answers; or suspends the connection until HTTP_PACKED, when `answer` is to be sent. */
enum MHD_Result http_answer_make(struct http_server *s, struct http_peer *p, const char *method,
								 const char *path);
/* Takes the body. */
enum MHD_Result http_answer_send(struct http_server *s, struct http_peer *p,
								 struct api_response *r);

/* http_login.c */
/* What the request's password is worth; PASSWORD_PENDING: the connection is suspended, and is resumed at HTTP_CHECKED. */
enum password_verdict http_login_judge(struct http_server *s, struct http_peer *p);

#endif
