/* Times as Go's package time prints them, in UTC. */
#include "rules/template/template_private.h"

#include <stdio.h>

#include "base/timestamp.h"

const char *const ttime_month_names[12] = {"January",   "February", "March",    "April",
										   "May",       "June",     "July",     "August",
										   "September", "October",  "November", "December"};
const char *const ttime_weekday_names[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
											"Thursday", "Friday", "Saturday"};

/* A range over a month makes months that are none. */
void tmonth_print(struct strbuf *out, int64_t month) {
	if (month < 1 || month > 12) {
		strbuf_printf(out, "%%!Month(%lld)", (long long)month);
	} else {
		strbuf_add_c(out, ttime_month_names[month - 1]);
	}
}

struct ttime ttime_from_ms(int64_t ms) {
	int64_t seconds = ms / 1000, rest = ms % 1000;
	if (rest < 0) {
		rest += 1000;
		seconds--;
	}
	return (struct ttime){.seconds = seconds, .nanoseconds = (int32_t)(rest * 1000000)};
}

static struct timestamp_civil civil(struct ttime t) {
	return timestamp_civil(t.seconds * 1000);
}

/* The pieces of a layout, longest first where one begins another. What each prints stands in print_piece. */
enum piece {
	PIECE_YEAR,
	PIECE_YEAR_SHORT,
	PIECE_MONTH_NAME,
	PIECE_MONTH_SHORT,
	PIECE_MONTH_ZERO,
	PIECE_MONTH,
	PIECE_WEEKDAY_NAME,
	PIECE_WEEKDAY_SHORT,
	PIECE_YEARDAY_ZERO,
	PIECE_YEARDAY_SPACE,
	PIECE_DAY_ZERO,
	PIECE_DAY_SPACE,
	PIECE_DAY,
	PIECE_HOUR,
	PIECE_HOUR12_ZERO,
	PIECE_HOUR12,
	PIECE_MINUTE_ZERO,
	PIECE_MINUTE,
	PIECE_SECOND_ZERO,
	PIECE_SECOND,
	PIECE_PM,
	PIECE_PM_LOWER,
	PIECE_ZONE_NAME,
	PIECE_ZONE_Z,
	PIECE_ZONE_SECONDS,
	PIECE_ZONE_COLON_SECONDS,
	PIECE_ZONE_COLON,
	PIECE_ZONE_MINUTES,
	PIECE_ZONE_HOURS,
};

static const struct {
	const char *text;
	enum piece piece;
} pieces[] = {
	{"January", PIECE_MONTH_NAME},
	{"Jan", PIECE_MONTH_SHORT},
	{"Monday", PIECE_WEEKDAY_NAME},
	{"Mon", PIECE_WEEKDAY_SHORT},
	{"MST", PIECE_ZONE_NAME},
	{"2006", PIECE_YEAR},
	{"_2006", PIECE_DAY},
	{"__2", PIECE_YEARDAY_SPACE},
	{"_2", PIECE_DAY_SPACE},
	{"002", PIECE_YEARDAY_ZERO},
	{"01", PIECE_MONTH_ZERO},
	{"02", PIECE_DAY_ZERO},
	{"03", PIECE_HOUR12_ZERO},
	{"04", PIECE_MINUTE_ZERO},
	{"05", PIECE_SECOND_ZERO},
	{"06", PIECE_YEAR_SHORT},
	{"15", PIECE_HOUR},
	{"1", PIECE_MONTH},
	{"2", PIECE_DAY},
	{"3", PIECE_HOUR12},
	{"4", PIECE_MINUTE},
	{"5", PIECE_SECOND},
	{"PM", PIECE_PM},
	{"pm", PIECE_PM_LOWER},
	{"-070000", PIECE_ZONE_SECONDS},
	{"-07:00:00", PIECE_ZONE_COLON_SECONDS},
	{"-0700", PIECE_ZONE_MINUTES},
	{"-07:00", PIECE_ZONE_COLON},
	{"-07", PIECE_ZONE_HOURS},
	{"Z070000", PIECE_ZONE_Z},
	{"Z07:00:00", PIECE_ZONE_Z},
	{"Z0700", PIECE_ZONE_Z},
	{"Z07:00", PIECE_ZONE_Z},
	{"Z07", PIECE_ZONE_Z},
};

#define PIECES (sizeof(pieces) / sizeof(pieces[0]))

/* "Jan" in "Janet" is no month. */
static bool goes_on_lower(struct str layout, size_t at) {
	return at < layout.len && layout.ptr[at] >= 'a' && layout.ptr[at] <= 'z';
}

/* The piece that begins here; PIECES: none. `_2006` is an underscore and a year. */
static size_t find_piece(struct str layout, size_t at) {
	for (size_t i = 0; i < PIECES; i++) {
		struct str text = str_from(pieces[i].text);
		if (!str_starts_with(str_slice(layout, at, layout.len), text) ||
			((pieces[i].piece == PIECE_MONTH_SHORT || pieces[i].piece == PIECE_WEEKDAY_SHORT) &&
			 goes_on_lower(layout, at + text.len))) {
			continue;
		}
		return text.ptr[0] == '_' && text.len == 5 ? PIECES : i;
	}
	return PIECES;
}

static void print_year(struct strbuf *out, int64_t year) {
	if (year < 0) {
		strbuf_add_char(out, '-');
	}
	strbuf_printf(out, "%04lld", (long long)(year < 0 ? -year : year));
}

static void print_piece(struct strbuf *out, enum piece piece, const struct timestamp_civil *c) {
	int hour12 = c->hour % 12 == 0 ? 12 : c->hour % 12;
	switch (piece) {
	case PIECE_YEAR: print_year(out, c->year); return;
	case PIECE_YEAR_SHORT: strbuf_printf(out, "%02d", (int)(c->year % 100)); return;
	case PIECE_MONTH_NAME: strbuf_add_c(out, ttime_month_names[c->month - 1]); return;
	case PIECE_MONTH_SHORT: strbuf_printf(out, "%.3s", ttime_month_names[c->month - 1]); return;
	case PIECE_MONTH_ZERO: strbuf_printf(out, "%02d", c->month); return;
	case PIECE_MONTH: strbuf_printf(out, "%d", c->month); return;
	case PIECE_WEEKDAY_NAME: strbuf_add_c(out, ttime_weekday_names[c->weekday]); return;
	case PIECE_WEEKDAY_SHORT: strbuf_printf(out, "%.3s", ttime_weekday_names[c->weekday]); return;
	case PIECE_YEARDAY_ZERO: strbuf_printf(out, "%03d", c->yearday); return;
	case PIECE_YEARDAY_SPACE: strbuf_printf(out, "%3d", c->yearday); return;
	case PIECE_DAY_ZERO: strbuf_printf(out, "%02d", c->day); return;
	case PIECE_DAY_SPACE: strbuf_printf(out, "%2d", c->day); return;
	case PIECE_DAY: strbuf_printf(out, "%d", c->day); return;
	case PIECE_HOUR: strbuf_printf(out, "%02d", c->hour); return;
	case PIECE_HOUR12_ZERO: strbuf_printf(out, "%02d", hour12); return;
	case PIECE_HOUR12: strbuf_printf(out, "%d", hour12); return;
	case PIECE_MINUTE_ZERO: strbuf_printf(out, "%02d", c->minute); return;
	case PIECE_MINUTE: strbuf_printf(out, "%d", c->minute); return;
	case PIECE_SECOND_ZERO: strbuf_printf(out, "%02d", c->second); return;
	case PIECE_SECOND: strbuf_printf(out, "%d", c->second); return;
	case PIECE_PM: strbuf_add_c(out, c->hour >= 12 ? "PM" : "AM"); return;
	case PIECE_PM_LOWER: strbuf_add_c(out, c->hour >= 12 ? "pm" : "am"); return;
	case PIECE_ZONE_NAME: strbuf_add_c(out, "UTC"); return;
	case PIECE_ZONE_Z: strbuf_add_c(out, "Z"); return;
	case PIECE_ZONE_SECONDS: strbuf_add_c(out, "+000000"); return;
	case PIECE_ZONE_COLON_SECONDS: strbuf_add_c(out, "+00:00:00"); return;
	case PIECE_ZONE_COLON: strbuf_add_c(out, "+00:00"); return;
	case PIECE_ZONE_MINUTES: strbuf_add_c(out, "+0000"); return;
	case PIECE_ZONE_HOURS: strbuf_add_c(out, "+00"); return;
	}
}

/* `.000` or `,999` behind which no digit stands. Length; 0: none. */
static size_t fraction_length(struct str layout, size_t at) {
	if (at + 1 >= layout.len || (layout.ptr[at] != '.' && layout.ptr[at] != ',')) {
		return 0;
	}
	char digit = layout.ptr[at + 1];
	size_t end = at + 1;
	while (end < layout.len && layout.ptr[end] == digit) {
		end++;
	}
	bool more = end < layout.len && layout.ptr[end] >= '0' && layout.ptr[end] <= '9';
	return (digit == '0' || digit == '9') && !more ? end - at : 0;
}

/* Zeros are kept as many as written; nines drop the zeros at the end. */
static void print_fraction(struct strbuf *out, struct str layout, int32_t nanoseconds) {
	char digits[16];
	snprintf(digits, sizeof(digits), "%09d", nanoseconds);
	size_t count = layout.len - 1 < 9 ? layout.len - 1 : 9;
	if (layout.ptr[1] == '9') {
		while (count > 0 && digits[count - 1] == '0') {
			count--;
		}
		if (count == 0) {
			return;
		}
	}
	strbuf_add_char(out, layout.ptr[0]);
	strbuf_add(out, (struct str){digits, count});
	if (layout.ptr[1] == '0' && layout.len > 10) {
		strbuf_add_repeat(out, '0', layout.len - 10);
	}
}

void ttime_format(struct strbuf *out, struct ttime t, struct str layout) {
	struct timestamp_civil c = civil(t);
	for (size_t at = 0; at < layout.len;) {
		size_t fraction = fraction_length(layout, at);
		size_t piece = fraction > 0 ? PIECES : find_piece(layout, at);
		if (fraction > 0) {
			print_fraction(out, str_slice(layout, at, at + fraction), t.nanoseconds);
			at += fraction;
		} else if (piece < PIECES) {
			print_piece(out, pieces[piece].piece, &c);
			at += strlen(pieces[piece].text);
		} else {
			strbuf_add_char(out, layout.ptr[at++]);
		}
	}
}

void ttime_print(struct strbuf *out, struct ttime t) {
	ttime_format(out, t, STR("2006-01-02 15:04:05.999999999 -0700 MST"));
}

void ttime_print_go(struct strbuf *out, struct ttime t) {
	struct timestamp_civil c = civil(t);
	strbuf_printf(out, "time.Date(%lld, time.%s, %d, %d, %d, %d, %d, time.UTC)", (long long)c.year,
				  ttime_month_names[c.month - 1], c.day, c.hour, c.minute, c.second, t.nanoseconds);
}

/* Up to nine digits behind a point, without zeros at the end. */
static void print_decimals(struct strbuf *out, uint64_t whole, uint64_t rest, int digits) {
	strbuf_printf(out, "%llu", (unsigned long long)whole);
	if (rest == 0) {
		return;
	}
	strbuf_printf(out, ".%0*llu", digits, (unsigned long long)rest);
	while (out->ptr[out->len - 1] == '0') {
		out->len--;
	}
}

void tduration_print(struct strbuf *out, int64_t nanoseconds) {
	uint64_t u = nanoseconds < 0 ? 0 - (uint64_t)nanoseconds : (uint64_t)nanoseconds;
	strbuf_add_c(out, nanoseconds < 0 ? "-" : "");
	if (u == 0) {
		strbuf_add_c(out, "0s");
	} else if (u < 1000) {
		strbuf_printf(out, "%lluns", (unsigned long long)u);
	} else if (u < 1000000) {
		print_decimals(out, u / 1000, u % 1000, 3);
		strbuf_add_c(out, "µs");
	} else if (u < 1000000000) {
		print_decimals(out, u / 1000000, u % 1000000, 6);
		strbuf_add_c(out, "ms");
	} else {
		uint64_t seconds = u / 1000000000;
		if (seconds >= 3600) {
			strbuf_printf(out, "%lluh", (unsigned long long)(seconds / 3600));
		}
		if (seconds >= 60) {
			strbuf_printf(out, "%llum", (unsigned long long)(seconds / 60 % 60));
		}
		print_decimals(out, seconds % 60, u % 1000000000, 9);
		strbuf_add_c(out, "s");
	}
}
