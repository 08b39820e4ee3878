/* Durations in Prometheus' notation: "5m", "1h30m", "1d", "0". Source: model.ParseDuration of prometheus/common. */
#ifndef BASE_DURATION_H
#define BASE_DURATION_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/timestamp.h"

/* false: *ret_error is Prometheus' own message, in the arena. Units must be in falling order, each at most once, no sign. */
bool duration_parse(struct str s, struct arena *a, dur_ms *ret_duration, const char **ret_error);

/* Shortest exact form in Prometheus' way: 90 min is "1h30m", a week "1w", 0 "0s". Negative with '-'. */
void duration_print(struct strbuf *b, dur_ms duration);

#endif
