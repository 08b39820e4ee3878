/* `for` goes on after a restart: what ALERTS_FOR_STATE in the database says of alerts that are pending again. The rule is that of
 * Prometheus' Group.RestoreForState. */
#ifndef ENGINE_RESTORE_H
#define ENGINE_RESTORE_H

#include "engine/alerting.h"
#include "promql-lite/needs.h"

struct restore_times {
	dur_ms outage_tolerance; /* how old the last word on an alert may be */
	dur_ms
		grace_period; /* rules with a shorter `for` are left alone; others fire no sooner than this from now */
};

/* Whether the rule's alerts are restored; until then ALERTS_FOR_STATE must not be put out, it would hide what was there. */
bool restore_concerns(const struct rule *rule, const struct restore_times *times);

/* `ALERTS_FOR_STATE{alertname=~"A|B"}` for those rules of the group, added to `out`; false: there are none. */
bool restore_print_selector(const struct rule_group *group, const struct restore_times *times,
							struct strbuf *out);

/* What has to be asked with that selector: all samples of the time, and what the server finds at these points of it. The API
 * shows no staleness markers; a series that is not found at a point soon after its last sample was ended by one. */
void restore_needs(const struct restore_times *times, dur_ms lookback,
				   const struct pql_selector *selector, ts_ms now, struct pql_need ret_needs[2]);

/* The two answers to that. Borrowed. */
struct restore_answer {
	struct pql_series_set samples, points;
	struct pql_grid grid;
	dur_ms lookback;
	struct hmap samples_by_alert,
		points_by_alert; /* of struct pql_series; restore_index makes them */
};

/* Once per answer, before its use. In the arena. */
void restore_index(struct restore_answer *answer, struct arena *a);

/* Sets back the pending alerts that are found there; how many. `now` is the time of the restoration. */
size_t restore_alerts(struct alerting *a, const struct restore_times *times,
					  const struct restore_answer *answer, ts_ms now);

#endif
