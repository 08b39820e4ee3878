#include "engine/watchdog.h"

#define FEEDS_PER_INTERVAL 4 /* so that one that is late does no harm */

void watchdog_init(struct watchdog *w, dur_ms interval, dur_ms now) {
	*w = (struct watchdog){.interval = interval, .fed = now};
}

static dur_ms step(const struct watchdog *w) {
	return w->interval < FEEDS_PER_INTERVAL ? 1 : w->interval / FEEDS_PER_INTERVAL;
}

bool watchdog_feed(struct watchdog *w, bool is_well, dur_ms now) {
	if (w->interval == 0 || !is_well || now - w->fed < step(w)) {
		return false;
	}
	w->fed = now;
	return true;
}

dur_ms watchdog_wake_in(const struct watchdog *w, dur_ms now) {
	if (w->interval == 0) {
		return -1;
	}
	dur_ms wait = w->fed + step(w) - now;
	/* past the time and not fed: things are not well; look again as often, not without a pause */
	return wait > 0 ? wait : step(w);
}
