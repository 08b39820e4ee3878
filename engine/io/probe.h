/* One GET, waited for: is somebody there, and what does he say? */
#ifndef ENGINE_IO_PROBE_H
#define ENGINE_IO_PROBE_H

#include "base/timestamp.h"
#include "engine/config/config_access.h"

struct probe_answer {
	int status;          /* 0: none, and `failure` says why */
	const char *failure; /* in the arena */
	dur_ms took;
	struct str body; /* in the arena; no more than PROBE_BODY_BYTES of it */
};

#define PROBE_BODY_BYTES (4u << 10)

/* Runs a loop of its own until there is an answer, or `timeout` is over. */
struct probe_answer probe_ask(const char *url, const struct config_access *access, dur_ms timeout,
							  struct arena *a);

#endif
