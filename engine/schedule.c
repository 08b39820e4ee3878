#include "engine/schedule.h"

ts_ms schedule_slot(dur_ms interval, ts_ms t) {
	ts_ms rest = t % interval;
	return t - (rest < 0 ? rest + interval : rest);
}

void schedule_init(struct schedule *s, dur_ms interval, ts_ms now) {
	*s = (struct schedule){.interval = interval, .next = schedule_slot(interval, now) + interval};
}

/* The slot that comes is never further away than one interval, unless the clock was set back. A small correction just after a
 * slot must not have it evaluated twice. */
static bool was_set_back(const struct schedule *s, ts_ms now) {
	return now < s->next - 2 * s->interval;
}

bool schedule_due(struct schedule *s, ts_ms now, ts_ms *ret_slot, dur_ms *ret_set_back) {
	*ret_set_back = 0;
	if (was_set_back(s, now)) {
		ts_ms next = schedule_slot(s->interval, now) + s->interval;
		*ret_set_back = s->next - next;
		s->next = next;
		return false;
	}
	if (now < s->next) {
		return false;
	}
	ts_ms slot = schedule_slot(s->interval, now);
	s->missed += (uint64_t)((slot - s->next) / s->interval);
	s->next = slot + s->interval;
	*ret_slot = slot;
	return true;
}

ts_ms schedule_wake_at(const struct schedule *s, ts_ms now) {
	return was_set_back(s, now) ? now : s->next;
}
