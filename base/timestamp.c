#include "base/timestamp.h"

#include <math.h>

#include "base/gofloat.h"

#define MS_PER_DAY INT64_C(86400000)

/* Days of the civil calendar in eras of 400 years (146,097 days), years beginning in March so that the leap day is the last.
 * Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
static int64_t days_from_civil(int64_t year, int month, int day) {
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

static int64_t floor_div(int64_t a, int64_t b) {
	return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

struct timestamp_civil timestamp_civil(ts_ms t) {
	int64_t days = floor_div(t, MS_PER_DAY);
	int64_t rest = t - days * MS_PER_DAY;
	int64_t shifted = days + 719468;
	int64_t era = floor_div(shifted, 146097);
	int64_t day_of_era = shifted - era * 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month_from_march = (5 * day_of_year + 2) / 153;
	int month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
	int64_t year = year_of_era + era * 400 + (month <= 2);
	return (struct timestamp_civil){
		.year = year,
		.month = month,
		.day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
		.hour = (int)(rest / 3600000),
		.minute = (int)(rest / 60000 % 60),
		.second = (int)(rest / 1000 % 60),
		.millisecond = (int)(rest % 1000),
		.weekday = (int)(((days + 4) % 7 + 7) % 7),
		.yearday = (int)(days - days_from_civil(year, 1, 1) + 1),
	};
}

ts_ms timestamp_from_civil(int64_t year, int month, int day, int hour, int minute, int second,
						   int millisecond) {
	return days_from_civil(year, month, day) * MS_PER_DAY + hour * INT64_C(3600000) +
		   minute * INT64_C(60000) + second * INT64_C(1000) + millisecond;
}

static void print_seconds(struct strbuf *b, const struct timestamp_civil *c) {
	strbuf_printf(b, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)c->year, c->month, c->day,
				  c->hour, c->minute, c->second);
}

void timestamp_print_rfc3339_ms(struct strbuf *b, ts_ms t) {
	struct timestamp_civil c = timestamp_civil(t);
	print_seconds(b, &c);
	strbuf_printf(b, ".%03dZ", c.millisecond);
}

void timestamp_print_rfc3339(struct strbuf *b, ts_ms t) {
	if (t == TS_NONE) {
		strbuf_add_c(b, "0001-01-01T00:00:00Z");
		return;
	}
	struct timestamp_civil c = timestamp_civil(t);
	print_seconds(b, &c);
	if (c.millisecond > 0) {
		strbuf_printf(b, ".%03d", c.millisecond);
		while (b->ptr[b->len - 1] == '0') {
			b->len--;
		}
	}
	strbuf_add_char(b, 'Z');
}

/* Reads exactly `digits` digits. */
static bool take_digits(struct str *s, size_t digits, int *ret_value) {
	if (s->len < digits) {
		return false;
	}
	int value = 0;
	for (size_t i = 0; i < digits; i++) {
		char c = s->ptr[i];
		if (c < '0' || c > '9') {
			return false;
		}
		value = value * 10 + (c - '0');
	}
	*s = str_slice(*s, digits, s->len);
	*ret_value = value;
	return true;
}

static bool take_char(struct str *s, char c) {
	if (s->len == 0 || s->ptr[0] != c) {
		return false;
	}
	*s = str_slice(*s, 1, s->len);
	return true;
}

/* ".123456": milliseconds, further digits are cut off. */
static bool take_fraction(struct str *s, int *ret_ms) {
	int ms = 0, scale = 100;
	if (!take_char(s, '.')) {
		*ret_ms = 0;
		return true;
	}
	bool any = false;
	while (s->len > 0 && s->ptr[0] >= '0' && s->ptr[0] <= '9') {
		ms += (s->ptr[0] - '0') * scale;
		scale /= 10;
		any = true;
		*s = str_slice(*s, 1, s->len);
	}
	*ret_ms = ms;
	return any;
}

static bool take_zone(struct str *s, int *ret_minutes) {
	if (take_char(s, 'Z') || take_char(s, 'z')) {
		*ret_minutes = 0;
		return true;
	}
	int sign = take_char(s, '+') ? 1 : take_char(s, '-') ? -1 : 0;
	int hours, minutes;
	if (sign == 0 || !take_digits(s, 2, &hours) || !take_char(s, ':') ||
		!take_digits(s, 2, &minutes) || hours > 23 || minutes > 59) {
		return false;
	}
	*ret_minutes = sign * (hours * 60 + minutes);
	return true;
}

static int days_in_month(int year, int month) {
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && leap);
}

static bool parse_rfc3339(struct str s, ts_ms *ret_t) {
	int year, month, day, hour, minute, second, ms, zone;
	if (!take_digits(&s, 4, &year) || !take_char(&s, '-') || !take_digits(&s, 2, &month) ||
		!take_char(&s, '-') || !take_digits(&s, 2, &day) ||
		!(take_char(&s, 'T') || take_char(&s, 't')) || !take_digits(&s, 2, &hour) ||
		!take_char(&s, ':') || !take_digits(&s, 2, &minute) || !take_char(&s, ':') ||
		!take_digits(&s, 2, &second) || !take_fraction(&s, &ms) || !take_zone(&s, &zone) ||
		s.len > 0) {
		return false;
	}
	if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 ||
		minute > 59 || second > 59) {
		return false;
	}
	*ret_t =
		timestamp_from_civil(year, month, day, hour, minute, second, ms) - zone * INT64_C(60000);
	return true;
}

/* Beyond this many seconds milliseconds do not fit. */
#define MAX_SECONDS 9.2e15

bool timestamp_parse(struct str s, ts_ms *ret_t) {
	double seconds;
	if (gofloat_parse(s, &seconds, NULL)) {
		if (!(fabs(seconds) < MAX_SECONDS)) {
			return false;
		}
		double whole;
		double fraction = modf(seconds, &whole);
		*ret_t = (ts_ms)whole * 1000 + (ts_ms)round(fraction * 1000);
		return true;
	}
	return parse_rfc3339(s, ret_t);
}
