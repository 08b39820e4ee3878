/* An alerting rule's alerts: what the rule's result makes of them at each evaluation. */
#ifndef ENGINE_ALERTING_H
#define ENGINE_ALERTING_H

#include "base/hmap.h"
#include "engine/alert.h"
#include "engine/outputs.h"
#include "notifiers/notice.h"
#include "rules/group.h"

/* What the configuration says about alerts, of all rules. Borrowed. */
struct alerting_settings {
	dur_ms resend_delay, resolved_retention;
	struct labels external_labels; /* for templates */
	struct str external_url;       /* for templates and generatorURL; no slash at the end */
	size_t max_alerts;             /* limits.alerts_per_rule */
	bool
		limit_forgets; /* past `limit` all alerts of the rule are forgotten, as Prometheus does; else they are kept */
};

/* The alerts of one rule, in the order in which they appeared. */
struct alerting {
	const struct rule *rule; /* borrowed; changes at a reload */
	struct hmap by_labels;   /* of struct alert */
	struct alert **alerts;   /* owned */
	size_t count, capacity;
	enum alert_state state; /* ALERT_UNKNOWN before the first evaluation */
	ts_ms evaluated_at;     /* the latest that went well; TS_NONE: none did */
	bool spoke_blind;       /* what fires was repeated since */
};

void alerting_init(struct alerting *a, const struct rule *rule);
void alerting_finish(struct alerting *a); /* accepts NULL */

/* One element of the rule's result, and the alert that it means once labels and annotations are expanded. */
struct alerting_sample {
	struct labels labels;            /* of the result, with __name__ */
	double value;                    /* 0 for a histogram, which an alert knows nothing of */
	struct pql_histogram *histogram; /* NULL: the value counts */
};
struct alerting_candidate {
	struct labels labels, annotations;
	uint64_t hash;
	double value;
};

/* For metrics. */
struct template_counts {
	uint64_t expansions, failures;
};

/* Questions that templates ask (query "…"): collected by alerting_expand, answered by the caller. */
struct alerting_questions {
	struct str *items; /* arena */
	size_t count, capacity;
	const char *failure; /* arena: of the first template that failed; NULL: none did */
};

/* Expands labels and annotations of all samples. Answers known so far are in `answers`; what is asked beyond them is
 * collected in ret_questions, and then the call must be repeated. Everything lives in `arena`. Touches no alert. */
void alerting_expand(const struct alerting *a, const struct alerting_settings *settings,
					 const struct alerting_sample *samples, size_t count, ts_ms ts,
					 const struct template_answer *answers, size_t answer_count,
					 struct arena *arena, struct alerting_candidate *ret_candidates,
					 struct alerting_questions *ret_questions, struct template_counts *counts);

struct alert_transition {
	enum alert_change change;
	const struct rule *rule;
	struct labels labels, annotations; /* arena */
	double value;
	ts_ms active_at;
};
struct alert_transitions {
	struct alert_transition *items; /* arena */
	size_t count, capacity;
};

/* One evaluation. NULL: it went well. Else the error's text (arena), and no alert was touched but for limit_forgets. */
const char *alerting_step(struct alerting *a, const struct alerting_settings *settings,
						  const struct rule_group *group,
						  const struct alerting_candidate *candidates, size_t count, ts_ms ts,
						  struct arena *arena, struct alert_transitions *transitions);

struct notices {
	struct notice *items; /* arena; the strings are the alerts' own */
	size_t count, capacity;
};

/* What Alertmanager must be told at ts, resends included; notes that it was. Called after a good step, and after a failed one
 * too where firing alerts are to be kept alive: a firing alert is then sent again with a fresh endsAt, but none of what is said so
 * is sure, and after the next good step it is said once more. Resolved alerts are only repeated by a good step: after a failed
 * one they may fire anew, for all that is known. */
void alerting_take_notices(struct alerting *a, const struct alerting_settings *settings,
						   dur_ms interval, ts_ms ts, struct arena *arena, struct notices *notices);

/* What fires, as it would be repeated at ts; takes no note of it. */
void alerting_add_firing(const struct alerting *a, const struct alerting_settings *settings,
						 dur_ms interval, ts_ms ts, struct arena *arena, struct notices *notices);

/* The rule is gone: everything that fires is over. Sends what Alertmanager still believes. */
void alerting_resolve_all(struct alerting *a, const struct alerting_settings *settings, ts_ms ts,
						  struct arena *arena, struct notices *notices);

/* The labels of an alert's ALERTS and ALERTS_FOR_STATE, without name and state: the rule's as they are written beneath the alert's
 * own, as in Prometheus. */
struct labels alerting_series_labels(const struct rule *rule, struct labels alert,
									 struct arena *arena);

/* ALERTS and ALERTS_FOR_STATE as of the step at ts, appended to `samples`. */
void alerting_add_outputs(const struct alerting *a, struct arena *arena,
						  struct output_samples *samples);

void alerting_set_back(struct alerting *a, dur_ms by);

/* `URL/graph?g0.expr=<escaped>&g0.tab=1`, in the arena. */
struct str alerting_generator_url(struct str url, struct str query, struct arena *arena);

#endif
