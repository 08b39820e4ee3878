/* A rule group as it runs: its alerts, what became of each rule's last evaluation, counters. Outlives
 * reloads that leave the group as it is. */
#ifndef ENGINE_GROUP_STATE_H
#define ENGINE_GROUP_STATE_H

#include "engine/alerting.h"
#include "engine/config/evaluation_mode.h"
#include "engine/outputs.h"
#include "rules/group.h"

enum rule_health { RULE_HEALTH_UNKNOWN, RULE_HEALTH_OK, RULE_HEALTH_ERR };
extern const char *const rule_health_name[3]; /* "unknown", "ok", "err" */

/* How a rule takes part in an evaluation. */
enum rule_course {
	RULE_EVALUATED,
	RULE_GIVEN, /* what its expression is worth is told by who drives the evaluation; the rest goes on as ever */
	RULE_SKIPPED, /* not at all: the driver knows that it would change nothing, or has written what it gives */
};

struct rule_state {
	const struct rule *rule;  /* borrowed from the rule set */
	struct alerting alerting; /* of alerting rules */
	struct outputs_writer writer;
	bool reads_outputs; /* what rules put out, its own included */
	bool remote;        /* the server evaluates it */
	ts_ms remote_until; /* then it is tried here again; TS_NONE: never */
	enum rule_course course;
	const char *mode_reason; /* why, or why not; a constant; NULL: it is what was asked for */
	enum rule_health health;
	char *last_error;       /* owned; NULL when the last evaluation went well */
	char *template_error;   /* owned; the one told last, NULL: none */
	ts_ms last_evaluation;  /* when it began; TS_NONE: never */
	dur_us evaluation_time; /* from the first fetch to the result */
};

struct group_state {
	const struct rule_group *group; /* borrowed from the rule set */
	dur_ms interval;
	enum evaluation_mode mode;
	struct rule_state *rules;
	size_t rule_count;
	ts_ms last_evaluation;  /* when it began; TS_NONE: never */
	ts_ms last_slot;        /* the timestamp it had */
	dur_us evaluation_time; /* no less than that of any of its rules */
	size_t last_samples;    /* produced by the last evaluation */
	uint64_t iterations, missed, evaluations, failures;
	struct template_counts templates;
	bool
		restoring; /* `for` is still to be restored; alert series of the rules concerned are not put out yet */
	unsigned restore_tries;
	dur_us restore_time; /* how long it took to find out */
};

struct group_state *group_state_create(const struct rule_group *group, dur_ms default_interval);
/* Markers for what its rules wrote go to `outputs` first (NULL: not). Accepts NULL. */
void group_state_destroy(struct group_state *g, struct outputs *outputs, ts_ms ts);

/* Whether the other one means the same, so that nothing need change but the pointers. */
bool rule_group_equal(const struct rule_group *a, const struct rule_group *b);
/* The same alert or series under the same labels: what an alert's identity hangs on. */
bool rule_same_identity(const struct rule *a, const struct rule *b);
uint64_t rule_identity_hash(const struct rule *r);

/* Points the state at the same group of another rule set. */
void group_state_rebind(struct group_state *g, const struct rule_group *group);
/* Moves alerts, health and last outputs from one rule to another of the same identity. */
void rule_state_move(struct rule_state *from, struct rule_state *to);

void rule_state_set_error(struct rule_state *r, const char *message_or_null);

/* Who evaluates the rules from now on. Rules that the server took over by themselves stay there while the mode is auto. `writes`:
 * outputs get into the database. After `reads_outputs` is known. */
void group_state_set_mode(struct group_state *g, enum evaluation_mode mode, bool writes);

void group_state_set_back(struct group_state *g, dur_ms by);

#endif
