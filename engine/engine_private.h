/* What the files engine_*.c share. */
#ifndef ENGINE_ENGINE_PRIVATE_H
#define ENGINE_ENGINE_PRIVATE_H

#include "engine/dependencies.h"
#include "engine/engine.h"
#include "engine/evaluation.h"
#include "engine/outage.h"
#include "engine/plan.h"
#include "engine/promapi.h"
#include "engine/rule_set.h"
#include "engine/schedule.h"
#include "engine/view.h"
#include "notifiers/claims.h"
#include "notifiers/relabel.h"
#include "notifiers/write_queue.h"

struct tick;

/* A group and when it is due. */
struct engine_group {
	struct group_state *state;
	struct schedule schedule;
	const struct dependencies_group *dependencies; /* indices of engine.groups */
	bool missing;                                  /* the latest slot was missed */
	struct tick_evaluation *running;               /* NULL: none */
};

/* One evaluation of a tick and how many answers it still waits for. */
struct tick_evaluation {
	struct tick *tick;
	struct engine_group *group; /* NULL: cancelled, or done */
	struct evaluation *evaluation;
	struct plan_fetch *
		*fetches; /* per need; NULL where nothing has to be fetched. Arena of the tick */
	size_t fetch_count, fetch_capacity;
	size_t supplied; /* needs that were handed on */
	/* What it waits for: fetches, each as often as it is needed, groups that go first, and what is to be written. */
	size_t open;
	struct tick_evaluation **followers; /* that wait for this one. Arena of the tick */
	size_t follower_count, follower_capacity;
	struct tick_evaluation *next_ready;
};

struct tick_waiters {
	struct tick_evaluation **items; /* arena of the tick */
	size_t count, capacity;
};

/* What is due together: one plan, so that nothing is asked twice. Lives until its last evaluation is done. */
struct tick {
	struct arena arena;
	struct plan plan;
	struct rule_set *set; /* held: needs point into it */
	struct tick_evaluation *evaluations;
	size_t evaluation_count;
	size_t running;                /* evaluations that are not done */
	struct tick_evaluation *ready; /* they wait for nothing any more */
	struct tick_waiters *waiters;  /* per fetch of the plan */
	size_t waiter_capacity;
	size_t answered, unanswered; /* fetches; a refused query is answered too */
	struct tick *next;
};

struct engine_relabel {
	struct relabel *ready; /* its rules are the configuration's */
	bool trouble_said;
};

enum inquiry_step { INQUIRY_NONE, INQUIRY_ALERTS, INQUIRY_STATUS };

/* A delivery that asks: two questions at most, what the Alertmanager holds and how long it has been running. */
struct engine_inquiry {
	enum inquiry_step step; /* the question that comes next, or is under way */
	uint64_t delivery_id;
	size_t count;         /* alerts in the delivery */
	ts_ms *since;         /* owned; as in outbox_report; NULL: not known */
	bool reached;         /* it answers, though not the first question */
	size_t withheld;      /* of the last one */
	struct outage outage; /* of answers that can be read */
};

/* One Alertmanager. */
struct engine_peer {
	struct str url; /* owned */
	dur_ms timeout;
	struct outbox *outbox;
	struct engine_relabel relabel; /* its own rules */
	struct claims *claims;         /* NULL: no rules, its own or those for all */
	bool busy;                     /* an exchange is under way */
	struct engine_inquiry inquiry;
	struct outage outage;
	ts_ms
		told_all_at; /* when it was last told all that fires because it was back; TS_NONE: never */
	/* Refusals since the first of which a line tells. */
	ts_ms refused_since;
	unsigned refused;
	struct metrics_distribution latency;
};

/* The database that own outputs are written to. */
struct engine_writer {
	struct write_queue *queue; /* NULL: there is none */
	struct str url;            /* owned */
	bool busy;                 /* a delivery is under way */
	struct outage outage, refusal;
	struct metrics_distribution latency;
	/* Evaluations that go on when what was put out before them is written. */
	struct write_waiter {
		struct tick_evaluation *evaluation;
		uint64_t mark;
	} * waiters; /* owned */
	size_t waiter_count, waiter_capacity;
};

struct engine_exchange {
	uint64_t id;
	enum exchange_peer kind;
	struct engine_peer *peer; /* NULL: it was configured away */
	enum inquiry_step step;   /* of an inquiry; INQUIRY_NONE: a delivery */
	uint64_t delivery_id;
	size_t alerts;
	struct labels labels; /* of the first one; the outbox's, while it is the peer's */
	struct tick *tick;    /* NULL: nobody waits for the answer any more */
	struct plan_request *request;
	struct promapi_decoder *decoder;
	size_t bytes;         /* that came */
	struct strbuf body;   /* of the request */
	struct strbuf answer; /* to an inquiry */
};

struct engine {
	engine_log *log;
	void *log_data;
	struct arena config_arena; /* of everything that a load makes */
	struct config config;
	struct evaluation_settings settings;
	struct phase_clock phases;
	struct rule_set *set;         /* held; NULL before the first load */
	struct engine_group **groups; /* by file and name */
	size_t group_count;
	struct outputs *outputs;
	struct tick *ticks;            /* oldest first */
	struct engine_relabel relabel; /* the rules for all */
	struct engine_peer **peers;
	size_t peer_count;
	struct engine_exchange **exchanges; /* under way */
	size_t exchange_count, exchange_capacity;
	size_t fetches_under_way;
	uint64_t next_exchange_id;
	size_t next_peer; /* whose turn it is */
	struct engine_writer writer;
	bool draining;
	struct outage prometheus;
	struct engine_reload_view reload;
	char *reload_message; /* owned; reload.message points to it */
	struct engine_counters counters;
};

/* engine_event.c */
void engine_say(struct engine *e, enum engine_event_level level, struct labels fields,
				const char *format, ...) __attribute__((format(printf, 4, 5)));
void engine_say_transitions(struct engine *e, const struct evaluation_result *result);
void engine_say_restoration(struct engine *e, const struct group_state *group,
							const struct evaluation_result *result);
void engine_say_failures(struct engine *e, const struct group_state *group,
						 const struct evaluation_result *result);

/* engine_tick.c */
void tick_begin(struct engine *e, struct engine_group *const *due, const ts_ms *slots, size_t count,
				ts_ms now);
/* The fetches of the request were answered or have failed: who waited for them goes on. */
void tick_settled(struct engine *e, struct tick *tick, const struct plan_request *request,
				  ts_ms now);
/* What the evaluation would have done does not happen; the tick goes when it was its last. Who waited for it goes on with
 * tick_run_ready. */
void tick_cancel(struct engine *e, struct tick_evaluation *te);
void tick_run_ready(struct engine *e, ts_ms now);
/* The evaluation waits for one thing less (te->open); tick_run_ready lets it go on when that was the last. */
void tick_release(struct tick_evaluation *te);
void tick_cancel_all(struct engine *e);

/* engine_fetch.c */
bool fetch_next(struct engine *e, struct exchange *ret_exchange);
void fetch_answer(struct engine *e, struct engine_exchange *x, const struct exchange_answer *answer,
				  ts_ms now);
/* The tick is over: Prometheus is back when it answered all that was asked. */
void fetch_note_tick(struct engine *e, const struct tick *tick);
void fetch_remind(struct engine *e, ts_ms now);
/* Exchanges of the tick are under way but nobody waits for them any more. */
void fetch_forget_tick(struct engine *e, const struct tick *tick);

/* engine_notify.c */
void notify_push(struct engine *e, const struct notices *notices, ts_ms now);
bool notify_next(struct engine *e, ts_ms now, struct exchange *ret_exchange);
void notify_answer(struct engine *e, struct engine_exchange *x,
				   const struct exchange_answer *answer, ts_ms now);
/* Says what goes on for long. */
void notify_remind(struct engine *e, ts_ms now);
/* The Alertmanager takes alerts. */
void notify_back(struct engine *e, struct engine_peer *p, ts_ms now);
/* It does not: `alerts` of them are to be sent again. */
void notify_away(struct engine *e, struct engine_peer *p, size_t alerts, const char *message,
				 ts_ms now);
void notify_load_peers(struct engine *e);
void notify_finish(struct engine *e);

/* engine_inquiry.c */
void inquiry_begin(struct engine_peer *p, const struct outbox_delivery *delivery);
void inquiry_next(struct engine *e, struct engine_peer *p, struct exchange *ret_exchange);
bool inquiry_receive(struct engine_exchange *x, struct str bytes);
void inquiry_answer(struct engine *e, struct engine_exchange *x,
					const struct exchange_answer *answer, ts_ms now);
void inquiry_finish(struct engine_inquiry *q);

/* engine_route.c */
void route_load(struct engine *e);
void route_load_peer(struct engine *e, struct engine_peer *p, const struct config_peer *config);
void route_finish(struct engine *e);
void route_finish_peer(struct engine_peer *p);
void route_push(struct engine *e, struct engine_peer *const *peers, size_t count,
				const struct notices *notices, ts_ms now);
/* All that fires, as it would be repeated now. */
void route_add_firing(const struct engine *e, ts_ms now, struct arena *a, struct notices *notices);
/* Around a load, while the old configuration counts and when the new one does: what was told under labels that nothing has any more
 * is resolved, and what fires is told under its new ones. NULL: labels stay what they are. */
struct route_change *route_begin_load(struct engine *e, const struct config *config, ts_ms now);
void route_end_load(struct engine *e, struct route_change *change, ts_ms now); /* accepts NULL */

/* engine_write.c */
void write_load(struct engine *e);
/* Takes what own outputs list and queues it. Before outputs are trimmed. */
void write_collect(struct engine *e);
/* The evaluation waits until everything that is queued now is written. */
void write_wait(struct engine *e, struct tick_evaluation *te);
/* It does not wait any more, whatever for. */
void write_forget(struct engine *e, const struct tick_evaluation *te);
bool write_next(struct engine *e, ts_ms now, struct exchange *ret_exchange);
void write_answer(struct engine *e, struct engine_exchange *x, const struct exchange_answer *answer,
				  ts_ms now);
void write_remind(struct engine *e, ts_ms now);
bool write_idle(const struct engine *e);
void write_finish(struct engine *e);

/* engine.c */
struct engine_exchange *engine_add_exchange(struct engine *e, enum exchange_peer kind);

#endif
