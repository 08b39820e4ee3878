/* Where the time goes. The engine says what it is at; only the shell has a clock. */
#ifndef ENGINE_PHASE_H
#define ENGINE_PHASE_H

#define PHASES(X)                                                                                  \
	X(PHASE_OTHER, "other")       /* schedules, states, the log */                                 \
	X(PHASE_PLAN, "plan")         /* needs, fetches, requests */                                   \
	X(PHASE_DECODE, "decode")     /* answers of Prometheus */                                      \
	X(PHASE_EVALUATE, "evaluate") /* expressions over samples */                                   \
	X(PHASE_ALERTS, "alerts")     /* templates, alert states, own outputs */                       \
	X(PHASE_SEND, "send")         /* outboxes, deliveries, remote write */

enum phase {
#define X(name, text) name,
	PHASES(X)
#undef X
		PHASE_COUNT
};
extern const char *const phase_name[PHASE_COUNT];

/* Told of each change of phase. */
typedef void phase_watch(enum phase phase, void *data);

struct phase_clock {
	phase_watch *watch; /* NULL: nobody wants to know */
	void *data;
	enum phase now;
};

/* The phase before, to be given to phase_enter when this one ends. `c` may be NULL. */
enum phase phase_enter(struct phase_clock *c, enum phase phase);

#endif
