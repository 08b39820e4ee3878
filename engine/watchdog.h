/* When a watchdog outside is fed. Told the time, never asks for it. */
#ifndef ENGINE_WATCHDOG_H
#define ENGINE_WATCHDOG_H

#include <stdbool.h>

#include "base/timestamp.h"

struct watchdog {
	dur_ms interval; /* unfed for so long, it bites; 0: there is none */
	dur_ms fed;      /* when, on the monotonic clock; as are all times here */
};

/* The start counts as food. */
void watchdog_init(struct watchdog *w, dur_ms interval, dur_ms now);

/* true: it is to be fed now, and that is noted. Not while things are not well: then it is left to bite. */
bool watchdog_feed(struct watchdog *w, bool is_well, dur_ms now);

/* How long until watchdog_feed should be asked again, at the latest; -1: there is no watchdog. */
dur_ms watchdog_wake_in(const struct watchdog *w, dur_ms now);

#endif
