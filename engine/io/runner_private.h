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
#include "engine/limits.h"

/*      runner_create ──► running ──runner_drain──► draining ──idle or late──► closing ──► gone
 *                           └───────────runner_stop────┴──────────────────────► */
enum runner_state { RUNNER_RUNNING, RUNNER_DRAINING, RUNNER_CLOSING };

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
	struct access *access;      /* files that were read for requests */
	struct http_server *server; /* NULL: nobody listens */
	struct http_server
		*next_server; /* of a reload, to take the place of `server` in the next turn */
	bool server_changes;
	struct stopwatch stopwatch;
	bool answered;     /* an exchange has ended */
	bool settled;      /* the first round of work is done */
	bool was_idle;     /* at the last turn */
	size_t rule_count; /* of the last load */
	size_t closing;    /* parts that are not closed yet */
	ts_ms drain_until;
	ts_ms started;
	struct process_place place;
};

/* Carries out what the engine wants now. */
void runner_send(struct runner *r, const struct exchange *x);

/* Everything that is due, then the timer. After each event. */
void runner_turn(struct runner *r);

/* The API's handler. */
void runner_handle_request(struct api_request *request, struct api_response *response, void *data);

#endif
