#include "notifiers/backoff.h"

/* An absurd number in a Retry-After must not silence a receiver for good. */
#define WISH_MAX (5 * 60 * 1000)

/* splitmix64, of Sebastiano Vigna. */
static uint64_t random_next(uint64_t *state) {
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static dur_ms next_pause(struct backoff *b) {
	dur_ms full = b->min;
	for (unsigned i = 1; i < b->failures && full < b->max; i++) {
		full *= 2;
	}
	full = full < b->max ? full : b->max;
	return full - (dur_ms)(random_next(&b->random) % (uint64_t)(full / 2 + 1));
}

void backoff_fail(struct backoff *b, dur_ms wish, ts_ms now) {
	b->failures++;
	wish = wish < WISH_MAX ? wish : WISH_MAX;
	b->pause = next_pause(b);
	b->pause = wish > b->pause ? wish : b->pause;
	b->failed_at = now;
}

void backoff_end_pause(struct backoff *b) {
	b->pause = 0;
}

void backoff_reset(struct backoff *b) {
	b->pause = 0;
	b->failures = 0;
}

bool backoff_over(const struct backoff *b, ts_ms now) {
	return b->pause == 0 || now >= b->failed_at + b->pause || now < b->failed_at;
}

ts_ms backoff_until(const struct backoff *b, ts_ms now) {
	return backoff_over(b, now) ? now : b->failed_at + b->pause;
}
