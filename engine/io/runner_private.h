/* Inside of the runner. */
#ifndef ENGINE_IO_RUNNER_PRIVATE_H
#define ENGINE_IO_RUNNER_PRIVATE_H

#include "engine/engine.h"
#include "engine/io/access.h"
#include "engine/io/http_client.h"
#include "engine/io/http_server.h"
#include "engine/io/log.h"
#include "engine/io/process.h"
#include "engine/io/runner.h"
#include "engine/io/signals.h"
#include "engine/io/stopwatch.h"
#include "engine/io/wakeup.h"
#include "engine/io/watch.h"
#include "engine/limits.h"
#include "engine/watchdog.h"

/*      runner_create ──► running ──runner_drain──► draining ──idle or late──► closing ──► gone
 *                           └───────────runner_stop────┴──────────────────────► */
enum runner_state { RUNNER_RUNNING, RUNNER_DRAINING, RUNNER_CLOSING };

/* An exchange of the engine's under way. */
struct errand {
	struct runner *runner;
	struct errand *next;
	uint64_t id;
	enum exchange_peer peer;
	bool streams;       /* what comes with status 200 is the engine's at once */
	dur_ms deadline;    /* on the monotonic clock */
	struct strbuf body; /* what is only read for its error text, and not too much of it */
};

struct runner {
	uv_loop_t *loop;
	struct runner_options options;
	enum runner_state state;
	struct log log;
	struct arena *arena; /* owned; config lives in it */
	struct config config;
	struct engine *engine;
	struct wakeup *wakeup;
	struct signals *signals; /* NULL: not ours to handle */
	struct http_client *client;
	struct access *access;         /* files that were read for requests */
	struct http_server *server;    /* NULL: nobody listens */
	struct web_access *web_access; /* of the server; held */
	dur_ms web_looked_at;          /* when its files were last looked at */
	char *web_error; /* owned; why newer ones do not count; NULL: there is no reason */
	struct http_server
		*next_server; /* of a reload, to take the place of `server` in the next turn */
	bool server_changes;
	struct watch *watch;         /* NULL: files are not watched */
	const char *watch_complaint; /* that was logged last */
	struct stopwatch stopwatch;
	bool answered;            /* an exchange has ended */
	bool settled;             /* the first round of work is done */
	bool was_idle;            /* at the last turn */
	size_t rule_count;        /* of the last load */
	struct watchdog watchdog; /* outside */
	dur_ms status_told;       /* when */
	bool status_due;          /* it may have changed since */
	struct errand *errands;   /* exchanges under way */
	size_t closing;           /* parts that are not closed yet */
	ts_ms drain_until;
	ts_ms answer_until; /* then nobody who asked is waited for; 0: nobody is */
	ts_ms started;
	struct process_place place;
};

/* Carries out what the engine wants now. */
void runner_send(struct runner *r, const struct exchange *x);

/* Everything that is due, then the timer. After each event. */
void runner_turn(struct runner *r);

/* runner_web.c */
/* What the configuration names, from its files. NULL: `messages` says why not. */
struct web_access *runner_load_access(const struct config *config, struct strbuf *messages);
/* Also where nobody shall listen: then it is NULL without anything in `out_error`. `heir_of` is as in http_server_options. */
struct http_server *runner_create_server(struct runner *r, const struct config *config,
										 struct web_access *access,
										 const struct http_server *heir_of,
										 struct strbuf *out_error);
/* Before a reload counts: the server for it if it has to be another one. false: `messages` says why that cannot be. */
bool runner_prepare_server(struct runner *r, const struct config *config, struct strbuf *messages);
/* When the runner drains: whoever comes from now on waits in the socket if another process has it too, and the next one answers. */
void runner_quiesce(struct runner *r, ts_ms now);
/* Whether somebody who was accepted before is still to be answered, and may hold up the end. */
bool runner_is_asked(const struct runner *r, ts_ms now);
/* From time to time: certificates are renewed, users come and go. */
void runner_watch_access(struct runner *r);
/* As somebody would type it: the host that was configured, the port that it became. */
void runner_print_url(struct strbuf *out, const struct runner *r);
/* A line of the log for each line of `messages` that says something; excerpts with carets are for people before a terminal. */
void runner_log_messages(struct runner *r, struct str messages);

/* runner_watch.c */
/* After each load, which began at that time: watches its files, if the configuration wants it. */
void runner_watch_load(struct runner *r, ts_ms began);
/* Reloads if something has changed. */
void runner_watch_files(struct runner *r);
/* When to look next; TS_NONE: never. */
ts_ms runner_watch_at(const struct runner *r, ts_ms now);

/* runner_supervised.c */
/* From now on the manager may rely on us. */
void runner_tell_ready(struct runner *r);
/* At the end of each turn: the manager is told how it is, as long as work comes to an end. */
void runner_report(struct runner *r, ts_ms now);
/* When the next turn must be for that, at the latest; `at` is when it is to be anyway, or TS_NONE. */
ts_ms runner_report_at(const struct runner *r, ts_ms at, ts_ms now);

/* The API's handler. */
void runner_handle_request(struct api_request *request, struct api_response *response, void *data);

#endif
