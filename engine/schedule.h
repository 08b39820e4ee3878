/* When a group is evaluated: at the wall-clock multiples of its interval, called slots. Told the time, never asks for it. */
#ifndef ENGINE_SCHEDULE_H
#define ENGINE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/timestamp.h"

/* A slot that went by without an evaluation is counted and never made up for: its data will not be asked for again,
 * and `for` counts in slots' time. */
struct schedule {
	dur_ms interval;
	ts_ms next; /* the slot that comes */
	uint64_t missed;
};

/* The first slot is the next one after `now`. */
void schedule_init(struct schedule *s, dur_ms interval, ts_ms now);

/* true: *ret_slot, the latest slot not after `now`, is to be evaluated. When the clock was set back by more than an interval
 * the schedule goes on from the new time; *ret_set_back is by how much (0: it was not), and what is remembered with times
 * must be moved by it. */
bool schedule_due(struct schedule *s, ts_ms now, ts_ms *ret_slot, dur_ms *ret_set_back);

/* When schedule_due has something to say. */
ts_ms schedule_wake_at(const struct schedule *s, ts_ms now);

/* The latest multiple of the interval that is not after t. */
ts_ms schedule_slot(dur_ms interval, ts_ms t);

#endif
