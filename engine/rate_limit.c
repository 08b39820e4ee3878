#include "engine/rate_limit.h"

void rate_limit_init(struct rate_limit *l, dur_ms interval, int64_t burst, dur_ms now) {
	*l = (struct rate_limit){.interval = interval, .burst = burst, .tokens = burst, .filled = now};
}

bool rate_limit_take(struct rate_limit *l, dur_ms now) {
	if (l->interval == 0) {
		return true;
	}
	int64_t come = now > l->filled ? (now - l->filled) / l->interval : 0;
	if (come >= l->burst - l->tokens) {
		l->tokens = l->burst;
		l->filled = come > 0 ? now : l->filled;
	} else {
		l->tokens += come;
		l->filled += come * l->interval;
	}
	if (l->tokens == 0) {
		return false;
	}
	if (l->tokens == l->burst) {
		l->filled = now > l->filled ? now : l->filled; /* a full bucket saves nothing up */
	}
	l->tokens--;
	return true;
}
