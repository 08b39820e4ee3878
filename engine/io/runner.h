/* The shell around the engine: tells it the time, carries out its exchanges, serves its API, reloads, drains and stops. */
#ifndef ENGINE_IO_RUNNER_H
#define ENGINE_IO_RUNNER_H

#include <uv.h>

#include "engine/io/loader.h"
#include "engine/io/supervisor.h"

struct runner;

typedef void runner_stopped(void *data);

struct runner_options {
	struct loader loader; /* for reloads; what it points to must stay */
	const char *version;
	ts_ms load_began;         /* by clock_wall(), before what is given to runner_create was read */
	const char *load_failure; /* why rule files were left out of it; NULL: none were */
	int log_fd;
	struct supervisor *
		supervisor; /* borrowed; told how it goes; its socket, if it has one, takes the place of `listen` */
	bool handles_signals; /* SIGTERM and SIGINT drain, a second one stops; SIGHUP reloads */
	runner_stopped
		*stopped; /* the runner is gone, and the loop has let go of all that was its; may be NULL */
	void *data;
};

/* Starts with what was loaded, and takes it: the arena that the configuration lives in is on the heap. NULL: `out_error` says why,
 * and what was loaded is gone too. */
struct runner *runner_create(uv_loop_t *loop, const struct runner_options *options,
							 struct arena *arena, const struct config *config, struct rule_set *set,
							 struct strbuf *out_error);

/* Loads anew. false: what is wrong is in `messages` and the log, and what ran goes on; when only rule files are wrong, the others
 * were loaded. */
bool runner_reload(struct runner *r, struct strbuf *messages);

/* No more evaluations; delivers what is queued, for drain_timeout at most, and stops. */
void runner_drain(struct runner *r);
/* Stops without delivering. */
void runner_stop(struct runner *r);

/* A loop for one runner, for those who must not know what a loop is. Runs until the runner is gone. */
struct uv_loop_s *runner_loop_create(void);
void runner_loop_run(struct uv_loop_s *loop);
void runner_loop_destroy(struct uv_loop_s *loop);

unsigned runner_port(const struct runner *r); /* of the API; 0: none */

#endif
