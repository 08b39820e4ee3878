/* So many requests in a time and no more: a bucket of tokens, one of which comes back every `interval`. */
#ifndef ENGINE_RATE_LIMIT_H
#define ENGINE_RATE_LIMIT_H

#include <stdbool.h>

#include "base/timestamp.h"

struct rate_limit {
	int64_t interval_ns; /* 0: no limit */
	int64_t burst;       /* tokens that the bucket holds */
	int64_t tokens;
	int64_t filled_ns; /* when the latest token came; of a clock that does not jump */
};

/* Full. */
void rate_limit_init(struct rate_limit *l, int64_t interval_ns, int64_t burst, dur_ms now);
/* false: there is no token. */
bool rate_limit_take(struct rate_limit *l, dur_ms now);

#endif
