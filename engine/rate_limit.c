#include "engine/rate_limit.h"

#define NS_PER_MS INT64_C(1000000)

void rate_limit_init(struct rate_limit *l, int64_t interval_ns, int64_t burst, dur_ms now) {
	*l = (struct rate_limit){
		.interval_ns = interval_ns, .burst = burst, .tokens = burst, .filled_ns = now * NS_PER_MS};
}

bool rate_limit_take(struct rate_limit *l, dur_ms now_ms) {
	int64_t now = now_ms * NS_PER_MS;
	if (l->interval_ns == 0) {
		return true;
	}
	int64_t come = now > l->filled_ns ? (now - l->filled_ns) / l->interval_ns : 0;
	if (come >= l->burst - l->tokens) {
		l->tokens = l->burst;
		l->filled_ns = come > 0 ? now : l->filled_ns;
	} else {
		l->tokens += come;
		l->filled_ns += come * l->interval_ns;
	}
	if (l->tokens == 0) {
		return false;
	}
	if (l->tokens == l->burst) {
		l->filled_ns = now > l->filled_ns ? now : l->filled_ns; /* a full bucket saves nothing up */
	}
	l->tokens--;
	return true;
}
