/* One HTTP request that the engine wants made, and what came of it. The shell carries them out; the engine never does. */
#ifndef ENGINE_EXCHANGE_H
#define ENGINE_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/timestamp.h"

enum exchange_peer { EXCHANGE_PROMETHEUS, EXCHANGE_ALERTMANAGER, EXCHANGE_REMOTE_WRITE };

struct exchange {
	uint64_t id; /* given back with the answer; never reused */
	enum exchange_peer peer;
	size_t peer_index; /* which Alertmanager; 0 for the others */
	struct str path;   /* below the peer's URL: "/api/v1/query" */
	struct str
		content_type; /* empty: there is no body, it is a GET, and bytes of an answer with status 200 are wanted as they come */
	const char *const *headers; /* more of them, "Name: value", up to a NULL; or NULL */
	struct str body;            /* else a POST; the engine's memory until engine_answer */
	dur_ms timeout;
	size_t max_answer_bytes;
};

struct exchange_answer {
	int status; /* HTTP status; 0: there was no whole answer, and `failure` says why */
	const char *
		failure; /* "connection refused", "no answer within 10s", "the answer is larger than 256 MiB (limits.answer_bytes)" */
	bool too_large;     /* status 0: because the answer is larger than max_answer_bytes */
	bool redirected;    /* status 0: because the peer sends us elsewhere */
	struct str body;    /* the answer, or as much of it as the receiver wants quoted */
	dur_ms retry_after; /* 0: not said */
	ts_ms date;         /* the peer's clock when it answered, whole seconds; 0: not said */
	dur_us took;
};

#endif
