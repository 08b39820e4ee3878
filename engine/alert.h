/* One alert: its labels, where it is in its life, and how it goes on from there. */
#ifndef ENGINE_ALERT_H
#define ENGINE_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/labels.h"
#include "base/timestamp.h"

enum alert_state { ALERT_UNKNOWN, ALERT_INACTIVE, ALERT_PENDING, ALERT_FIRING };
extern const char *const alert_state_name[4]; /* "unknown", "inactive", "pending", "firing" */

/*                  for is over
 *     (new) ──► PENDING ──────► FIRING ──► INACTIVE (resolved, kept for a while) ──► forgotten
 *                  │  ◄──────────┘              │
 *                  ▼   `for` was raised         └──► a new PENDING alert in its place
 *               dropped
 * Long-lived: owns its labels and annotations. */
struct alert {
	struct labels labels; /* identity; one heap block */
	uint64_t hash;        /* of labels */
	struct labels annotations;
	enum alert_state state;
	double value;
	ts_ms active_at;   /* since when it is in the result */
	ts_ms fired_at;    /* TS_NONE: not yet */
	ts_ms resolved_at; /* TS_NONE: active */
	ts_ms
		keep_firing_since; /* since when it is gone from the result but kept; TS_NONE: it is there */
	ts_ms last_sent_at;    /* TS_NONE: never */
	bool present;          /* in the result of the step under way */
};

/* What a step made of an alert. */
enum alert_change {
	ALERT_UNCHANGED,
	ALERT_APPEARED, /* pending from now on */
	ALERT_FIRED,    /* firing from now on, whether it was pending before or not */
	ALERT_RESOLVED,
	ALERT_DROPPED,   /* was pending and is gone */
	ALERT_LOWERED,   /* was firing, is pending again: its `for` was raised */
	ALERT_FORGOTTEN, /* was resolved, its retention is over */
};
extern const char *const alert_change_name[7];

/* The waiting times that a rule and the configuration set. */
struct alert_times {
	dur_ms hold, keep_firing_for, resolved_retention;
};

/* New and pending; copies labels and annotations. */
struct alert *alert_create(struct labels labels, struct labels annotations, double value, ts_ms ts);
void alert_destroy(struct alert *a); /* accepts NULL */

/* Forgets all but its labels: new and pending again. */
void alert_start_anew(struct alert *a, struct labels annotations, double value, ts_ms ts);

/* The alert is in the result again: its value and texts are replaced. */
void alert_update(struct alert *a, struct labels annotations, double value);

/* One evaluation at ts, after `present` was set. After ALERT_DROPPED and ALERT_FORGOTTEN the alert must be destroyed. As
 * Prometheus' AlertingRule.Eval. */
enum alert_change alert_step(struct alert *a, const struct alert_times *times, ts_ms ts);

/* Whether it counts as active after a step at ts: pending, firing or kept firing. */
bool alert_is_active(const struct alert *a);

/* Whether Alertmanager is to be told at ts; strict, as Prometheus' needsSending. */
bool alert_needs_sending(const struct alert *a, ts_ms ts, dur_ms resend_delay);

/* The clock was set back by `by`: so is everything that the alert remembers. */
void alert_set_back(struct alert *a, dur_ms by);

#endif
