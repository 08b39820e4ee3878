/* Pauses between tries, doubling from one failure to the next. Told the time. */
#ifndef NOTIFIERS_BACKOFF_H
#define NOTIFIERS_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/timestamp.h"

struct backoff {
	dur_ms min, max;   /* of a pause */
	uint64_t random;   /* state of the jitter; any seed */
	unsigned failures; /* in a row */
	ts_ms failed_at;   /* the pause: from here … */
	dur_ms pause;      /* … this long; 0: none */
};

/* The next try waits: min doubled for each failure in a row, up to max, less a random part of up to half, so that many engines do
 * not come back to one server at the same moment. A receiver's own wish (0: none) counts when it is longer, up to 5 minutes. */
void backoff_fail(struct backoff *b, dur_ms wish, ts_ms now);

/* No pause now; the failures before count on. */
void backoff_end_pause(struct backoff *b);
/* It went well. */
void backoff_reset(struct backoff *b);

/* Whether the next try may be made. A clock that was set back behind the failure ends the pause. */
bool backoff_over(const struct backoff *b, ts_ms now);
/* When that will be; now when it may be made already. */
ts_ms backoff_until(const struct backoff *b, ts_ms now);

#endif
