/* Judges an engine's alerts as an independent suite for alert generators does: what polls of its API see, and what arrives at
 * Alertmanager, against what a case expects. Knows nothing of the engine. */
#ifndef TESTS_CONFORMANCE_LIFECYCLE_JUDGE_H
#define TESTS_CONFORMANCE_LIFECYCLE_JUDGE_H

#include <cjson/cJSON.h>

#include "tests/conformance/lifecycle_case.h"

/* How far the posts about one alert have come. */
struct judge_alert {
	const struct case_alert *wanted;
	size_t begun;       /* phases whose first post came: firing, over, firing again … */
	size_t repetitions; /* of the phase that begun last */
	ts_ms last;         /* arrival of the post before; relative */
	bool followed;      /* polls ask for its group */
	bool given_up;      /* something was wrong: all that follows would be, too */
};

struct judge {
	const struct lifecycle_case *wanted;
	struct arena arena;
	ts_ms begin; /* when the first sample was written */
	struct judge_alert *alerts;
	size_t alert_count;
	struct strbuf complaints;
	size_t complaint_count;
};

/* `wanted` is borrowed. Times below are absolute. */
void judge_init(struct judge *j, const struct lifecycle_case *wanted, ts_ms begin);
void judge_finish(struct judge *j);

/* One alert as a poll sees it. */
struct judge_seen {
	struct labels labels;
	enum alert_state state;
	bool
		plain; /* labels and state are all that is known, as of the series ALERTS, whose alertstate is the state */
	double value;
	ts_ms active_at;
	struct labels annotations;
};

/* All alerts of the group as polls in [from, to) see them; `source` is for messages. */
void judge_poll(struct judge *j, const char *source, struct str group,
				const struct judge_seen *seen, size_t count, ts_ms from, ts_ms to);

/* An element of a post to Alertmanager. */
void judge_post(struct judge *j, const cJSON *alert, ts_ms arrival);

/* Nothing more will come. */
void judge_end(struct judge *j);

void judge_complain(struct judge *j, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
