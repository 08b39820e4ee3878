/* Points in time as Prometheus has them: milliseconds since 1970-01-01 UTC. */
#ifndef BASE_TIMESTAMP_H
#define BASE_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/strbuf.h"

typedef int64_t ts_ms;  /* milliseconds since the epoch */
typedef int64_t dur_ms; /* milliseconds between two points */
typedef int64_t dur_us; /* microseconds, of what took less than one */

#define TS_NONE INT64_MIN /* no such time */

struct timestamp_civil {
	int64_t year;
	int month, day, hour, minute, second, millisecond; /* month and day from 1 */
	int weekday;                                       /* 0 is Sunday */
	int yearday;                                       /* 1 is January 1st */
};

struct timestamp_civil timestamp_civil(ts_ms t); /* UTC, proleptic Gregorian */
ts_ms timestamp_from_civil(int64_t year, int month, int day, int hour, int minute, int second,
						   int millisecond);

/* "2006-01-02T15:04:05.123Z", always with milliseconds, as Alertmanager's API has it. */
void timestamp_print_rfc3339_ms(struct strbuf *b, ts_ms t);

/* As Go's RFC3339Nano: fraction without trailing zeros, none when it is zero. TS_NONE prints "0001-01-01T00:00:00Z". */
void timestamp_print_rfc3339(struct strbuf *b, ts_ms t);

/* RFC3339 with zone, or Unix seconds with a fraction, as the Prometheus API takes. false: neither. */
bool timestamp_parse(struct str s, ts_ms *ret_t);

#endif
