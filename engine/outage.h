/* A peer that does not do what it should: what of it is worth a line in the log. */
#ifndef ENGINE_OUTAGE_H
#define ENGINE_OUTAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/timestamp.h"

#define OUTAGE_REASONS 8          /* different ones that are told between two reminders */
#define OUTAGE_REMIND (5 * 60000) /* how often it is told that it goes on */
#define OUTAGE_REPEAT 60000 /* one that comes back sooner for the same reason is not told anew */

/* All zero: none. */
struct outage {
	bool on;
	bool told; /* a line in the log says that it is on, so one is due when it is over */
	ts_ms since;
	ts_ms reminded;                   /* or since */
	char *reason;                     /* owned; the latest */
	uint64_t reasons[OUTAGE_REASONS]; /* told already; hashes, numbers left out */
	size_t reason_count;
	ts_ms first_told; /* of them */
};

void outage_finish(struct outage *o);
/* true: the reason is worth a line; *ret_began: it is the first. */
bool outage_fail(struct outage *o, const char *reason, ts_ms now, bool *ret_began);
/* true: it is over, and that is worth a line. */
bool outage_end(struct outage *o);
/* true: it is time to say that it still goes on, since `since`. */
bool outage_remind(struct outage *o, ts_ms now);

#endif
