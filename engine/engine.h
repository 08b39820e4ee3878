/* The engine: rules in, exchanges out, answers in, notices out. Pure: the shell tells it the time and carries out its exchanges. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "engine/config/config.h"
#include "engine/exchange.h"
#include "engine/phase.h"
#include "rules/group.h"

struct engine;
struct rule_set;

/* A sentence for the log about what the engine did or met; it cannot log itself. */
enum engine_event_level { ENGINE_DEBUG, ENGINE_INFO, ENGINE_WARN, ENGINE_ERROR };
struct engine_event {
	enum engine_event_level level;
	const char *message;
	struct labels fields; /* rule, group, peer, … */
};
typedef void engine_log(const struct engine_event *event, void *data);

/* Does nothing until it has a rule set. `log` may be NULL. The configuration is copied where needed. */
struct engine *engine_create(const struct config *config, engine_log *log, void *data);
void engine_destroy(struct engine *e); /* accepts NULL */

/* Tells `watch` what the engine is at, from now on; PHASE_OTHER is also what it is at between calls. */
void engine_watch_phases(struct engine *e, phase_watch *watch, void *data);

/* Takes a rule set and a configuration at start and at every reload. Groups that did not change go on untouched; of the others the
 * alerts' state moves over by rule name and labels; alerts of rules that are gone are resolved at once. */
void engine_load(struct engine *e, const struct config *config, struct rule_set *set, ts_ms now);

/* A reload failed: what runs stays, and the API and the metrics say so. After engine_load: it failed in part, some files of the
 * set are outdated. The log is the caller's, who knows every error. */
void engine_load_failed(struct engine *e, const char *message);

/* When engine_wake has something to do; TS_NONE: never. */
ts_ms engine_wake_at(const struct engine *e, ts_ms now);
void engine_wake(struct engine *e, ts_ms now);

/* The next request to be made now, as long as there is one (never more under way than limits.fetches). */
bool engine_next_exchange(struct engine *e, ts_ms now, struct exchange *ret_exchange);

/* Bytes of an answer with status 200 from Prometheus, or to a GET, as they come, decoded on the way. false: no more is wanted,
 * close the connection. */
bool engine_receive(struct engine *e, uint64_t id, struct str bytes);
/* How the exchange ended. What was given to engine_receive already is not in the body. */
void engine_answer(struct engine *e, uint64_t id, const struct exchange_answer *answer, ts_ms now);

/* From now on begin no evaluation; deliver what is in the outboxes. engine_idle: nothing is left or under way. */
void engine_drain(struct engine *e, ts_ms now);
bool engine_idle(const struct engine *e);
/* Whether groups are being evaluated: then an exchange with Prometheus is under way, or to be had. */
bool engine_is_evaluating(const struct engine *e);

#endif
