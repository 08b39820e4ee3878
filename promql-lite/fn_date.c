/* The parts of a date, UTC. Any number is a time here, also one that no calendar reaches: years run as in Go's package time. */
#include "promql-lite/eval_private.h"

#include <math.h>

struct date {
	int64_t year;
	int month, day, hour, minute;
	int weekday; /* 0 is Sunday */
	int yearday; /* 1 is January 1st */
};

/* Go counts from March 1st of this many years before year 0, in an uint64_t that may wrap: a multiple of 400 years, so that the
 * cycle of leap years begins there, and February, the odd one, ends a year. */
#define EPOCH_YEARS INT64_C(292277022400)
#define EPOCH_DAYS (UINT64_C(106751990354238) + 719162) /* from there to 1970-01-01 */

static struct date date_of(int64_t seconds) {
	uint64_t since = (uint64_t)seconds + EPOCH_DAYS * 86400, days = since / 86400;
	uint64_t in_cycle = days % 146097;
	/* As if every year had 365 days, less the leap days met so far. */
	uint64_t year = (in_cycle - in_cycle / 1460 + in_cycle / 36524 - in_cycle / 146096) / 365;
	uint64_t in_year = in_cycle - (365 * year + year / 4 - year / 100); /* from March 1st */
	uint64_t month = (5 * in_year + 2) / 153;                           /* 0 is March */
	bool next_year = month >= 10;
	struct date d = {
		.year = (int64_t)(days / 146097 * 400 + year) - EPOCH_YEARS + next_year,
		.month = (int)(next_year ? month - 9 : month + 3),
		.day = (int)(in_year - (153 * month + 2) / 5 + 1),
		.hour = (int)(since % 86400 / 3600),
		.minute = (int)(since % 3600 / 60),
		.weekday = (int)((days + 3) % 7), /* a Wednesday */
	};
	bool leap = (d.year % 4 == 0 && d.year % 100 != 0) || d.year % 400 == 0;

	d.yearday = (int)(next_year ? in_year - 306 + 1 : in_year + 60 + leap);
	return d;
}

static double year_of(const struct date *c) {
	return (double)c->year;
}

static double month_of(const struct date *c) {
	return c->month;
}

static double day_of_month_of(const struct date *c) {
	return c->day;
}

static double day_of_week_of(const struct date *c) {
	return c->weekday;
}

static double day_of_year_of(const struct date *c) {
	return c->yearday;
}

static double hour_of(const struct date *c) {
	return c->hour;
}

static double minute_of(const struct date *c) {
	return c->minute;
}

static double days_in_month_of(const struct date *c) {
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (c->year % 4 == 0 && c->year % 100 != 0) || c->year % 400 == 0;

	return c->month == 2 && leap ? 29 : days[c->month - 1];
}

typedef double date_part(const struct date *c);

/* As Go converts on amd64: what does not fit becomes the smallest integer. */
static double part_of(double seconds, date_part *part) {
	bool fits = seconds >= -0x1p63 && seconds < 0x1p63;
	struct date d = date_of(fits ? (int64_t)seconds : INT64_MIN);

	return part(&d);
}

static void date_parts(struct pql_call_context *call, date_part *part) {
	struct pql_frame *f = call->frame;

	if (call->count == 0) {
		struct pql_row *row = value_add_row(f, call->ret, LABELS_EMPTY);

		for (size_t k = 0; row != NULL && k < f->steps; k++) {
			row->present[k] = 1;
			row->values[k] = part_of((double)(frame_time(f, k) / 1000), part);
		}
		return;
	}
	call_take_floats(call);
	for (size_t i = 0; i < call->ret->row_count; i++) {
		const struct pql_row *row = &call->ret->rows[i];

		for (size_t k = 0; k < f->steps; k++) {
			if (row->present[k]) {
				row->values[k] = part_of(row->values[k], part);
			}
		}
	}
	value_drop_names(f, call->ret);
}

#define PARTS(X)                                                                                   \
	X(year)                                                                                        \
	X(month)                                                                                       \
	X(day_of_month)                                                                                \
	X(day_of_week)                                                                                 \
	X(day_of_year)                                                                                 \
	X(days_in_month)                                                                               \
	X(hour)                                                                                        \
	X(minute)

#define BODY(name)                                                                                 \
	void fn_##name(struct pql_call_context *call) {                                                \
		date_parts(call, name##_of);                                                               \
	}
PARTS(BODY)
