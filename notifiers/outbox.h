/* What one Alertmanager still has to be told. Keyed by alert: holds the latest word on each, so it cannot grow beyond the
 * alerts there are; keeps everything, resolved included, while Alertmanager does not answer. Pure: it never sends. */
#ifndef NOTIFIERS_OUTBOX_H
#define NOTIFIERS_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "notifiers/notice.h"

struct outbox;

struct outbox_options {
	size_t batch_max; /* alerts in one delivery; 256 */
	size_t
		capacity; /* alerts held; past it the oldest resolved, then the oldest firing are dropped and counted; 100,000 */
	dur_ms retry_min, retry_max; /* backoff, doubling: 1 s, 30 s */
	uint64_t seed;               /* for the jitter of the backoff */
};

/* Words that are not sure any more are asked about first: another engine with the same rules may have told the receiver better.
 *
 *     our word     the receiver                                       the word is
 *     firing       holds the alert                                    sent
 *                  does not, and was told since it started            withheld: the alert was ended there
 *                  does not, and was not told since it started        sent: else the alert would be lost
 *     resolved     holds it, since after our end: it fires anew       withheld
 *                  else                                               sent
 *     any          cannot be read                                     sent
 */
/* What is not sure when it comes waits this long: engines with the same rules evaluate at the same moments, and the one that sees
 * more shall have told it by then. Between the evaluations of any whole number of seconds. */
#define OUTBOX_BLIND_PAUSE 2500
#define OUTBOX_CLOCK_SLACK 2000 /* receivers tell the time in whole seconds */

#define OUTBOX_REFUSALS_MAX 8
#define OUTBOX_REFUSED_MIN (60 * 1000)
#define OUTBOX_REFUSED_MAX (10 * 60 * 1000)
#define OUTBOX_REFUSED_ALERTS 10000 /* that are remembered */

enum outbox_outcome {
	OUTBOX_OK,
	OUTBOX_RETRY, /* not now: nobody there, time-out, 429, 5xx, but also 401 or 404, which somebody will mend */
	/* Never: 400, 413, 422. Several alerts are halved and tried again until the one that is meant is alone; that one is
	 * dropped and counted. OUTBOX_REFUSALS_MAX of these in a row are the receiver's trouble more likely than the alerts': the
	 * others wait as after OUTBOX_RETRY.
	 * What is said of a dropped alert within OUTBOX_REFUSED_MIN is passed over, after each further refusal twice as long, up
	 * to OUTBOX_REFUSED_MAX, which is less than resolved alerts are repeated. */
	OUTBOX_DROP,
};

struct outbox_delivery {
	uint64_t id;
	bool asks; /* the receiver is to be asked first, then outbox_learn; there is no body yet */
	struct str body;      /* JSON array; the outbox's own memory until outbox_done */
	size_t count;         /* alerts in it */
	struct labels labels; /* of the first one; the outbox's own memory until outbox_done */
};

/* What the receiver says about the alerts of a delivery that asks. */
struct outbox_report {
	bool known; /* false: it cannot be read */
	const ts_ms
		*since; /* for each alert: when it began, as the receiver has it; TS_NONE: it is not held */
	dur_ms age; /* how long the receiver has been running; 0 where no firing alert is missing */
};

struct outbox_stats {
	size_t queued;
	uint64_t sent, dropped, errors; /* alerts; errors: each time that one did not arrive */
	uint64_t withheld;              /* words on alerts that were ended elsewhere */
	ts_ms last_ok;                  /* TS_NONE: never */
	const char *last_error;         /* "" when the last delivery went well; the outbox's memory */
};

struct outbox *outbox_create(const struct outbox_options *options);
void outbox_destroy(struct outbox *o); /* accepts NULL */

/* The latest word on an alert. Copied. A resolved word on an alert of which this Alertmanager was never told is still sent. */
void outbox_push(struct outbox *o, const struct notice *n, ts_ms now);

/* The next delivery, if one is due and none is under way. One that was asked about comes again, without what was withheld. */
bool outbox_next(struct outbox *o, ts_ms now, struct outbox_delivery *ret_delivery);

/* The labels of an alert of the delivery under way. */
struct labels outbox_labels(const struct outbox *o, size_t index);

/* The receiver answered about the delivery; how many of its words are withheld. When that is all of them it is over. Where there is
 * no answer at all outbox_done says so instead. */
size_t outbox_learn(struct outbox *o, uint64_t id, const struct outbox_report *report, ts_ms now);

/* `message` says what went wrong, for outbox_stats and the log; `retry_after` (0: none) is the receiver's own wish.
 * Gives what was made of it: OUTBOX_RETRY also where refusals are taken for the receiver's trouble. */
enum outbox_outcome outbox_done(struct outbox *o, uint64_t id, enum outbox_outcome outcome,
								const char *message, dur_ms retry_after, ts_ms now);

/* When outbox_next may have something; TS_NONE: not before the next push or done. */
ts_ms outbox_wake_at(const struct outbox *o, ts_ms now);

void outbox_stats(const struct outbox *o, struct outbox_stats *ret_stats);

#endif
