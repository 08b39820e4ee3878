/* What the HTTP API sees of an engine: everything, and changes nothing. */
#ifndef ENGINE_VIEW_H
#define ENGINE_VIEW_H

#include "engine/engine.h"
#include "engine/group_state.h"
#include "engine/metrics.h"
#include "engine/rule_set.h"
#include "notifiers/outbox.h"
#include "notifiers/write_queue.h"

/* Why requests to Prometheus fail. */
#define ENGINE_FETCH_ERRORS(X)                                                                     \
	X(FETCH_UNREACHABLE, "unreachable") /* no answer, or not a whole one */                        \
	X(FETCH_STATUS, "status")           /* an answer with an HTTP error */                         \
	X(FETCH_ANSWER, "answer")           /* an answer that is none */

enum engine_fetch_error {
#define X(name, text) name,
	ENGINE_FETCH_ERRORS(X)
#undef X
		FETCH_ERROR_COUNT
};
extern const char *const engine_fetch_error_name[FETCH_ERROR_COUNT];

struct engine_counters {
	uint64_t fetches, fetch_bytes, fetch_series, fetch_errors[FETCH_ERROR_COUNT];
	uint64_t histograms_skipped, partial_answers;
	struct metrics_distribution rule_duration, group_duration, fetch_duration;
};

struct engine_peer_view {
	struct str url;
	struct outbox_stats outbox;
	const struct metrics_distribution *latency;
};

const struct config *engine_config(const struct engine *e);
size_t engine_group_count(const struct engine *e);
/* Sorted by file and name. */
const struct group_state *engine_group(const struct engine *e, size_t index);
size_t engine_peer_count(const struct engine *e);
void engine_peer(const struct engine *e, size_t index, struct engine_peer_view *ret_view);
const struct engine_counters *engine_counters(const struct engine *e);

/* false: own outputs are written nowhere. */
bool engine_writer(const struct engine *e, struct write_queue_stats *ret_stats);

struct engine_reload_view {
	bool loaded;         /* there was a good load */
	bool last_ok;        /* the last one was good */
	ts_ms last_success;  /* TS_NONE: never */
	const char *message; /* of the last one, when it was not */
};
void engine_reload_view(const struct engine *e, struct engine_reload_view *ret_view);

/* true once every group was evaluated or has failed with a reason; else the sentence says what is missing. */
bool engine_ready(const struct engine *e, struct strbuf *ret_sentence);
/* NULL before the first load. */
const struct rule_set *engine_rule_set(const struct engine *e);
size_t engine_output_series(const struct engine *e);

#endif
