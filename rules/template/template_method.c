/* Methods of time.Time, time.Duration, time.Month, time.Weekday and time.Location. The receiver is args[-1], pointers followed. */
#include "rules/template/template_private.h"

#include "base/timestamp.h"

#define NS INT64_C(1000000000)

static struct timestamp_civil civil_of(const struct tcall *call) {
	return timestamp_civil(call->args[-1].time.seconds * 1000);
}

static bool return_int(struct tvalue *ret_value, enum ttype type, int64_t i) {
	*ret_value = (struct tvalue){.type = type, .i = i};
	return true;
}

#define CIVIL_METHOD(function, type, expression)                                                   \
	static bool function(const struct tcall *call, struct tvalue *ret_value) {                     \
		struct timestamp_civil c = civil_of(call);                                                 \
		return return_int(ret_value, type, expression);                                            \
	}

CIVIL_METHOD(time_year, TTYPE_INT, c.year)
CIVIL_METHOD(time_month, TTYPE_MONTH, c.month)
CIVIL_METHOD(time_day, TTYPE_INT, c.day)
CIVIL_METHOD(time_hour, TTYPE_INT, c.hour)
CIVIL_METHOD(time_minute, TTYPE_INT, c.minute)
CIVIL_METHOD(time_second, TTYPE_INT, c.second)
CIVIL_METHOD(time_weekday, TTYPE_WEEKDAY, c.weekday)
CIVIL_METHOD(time_yearday, TTYPE_INT, c.yearday)

static bool time_nanosecond(const struct tcall *call, struct tvalue *ret_value) {
	return return_int(ret_value, TTYPE_INT, call->args[-1].time.nanoseconds);
}

/* Units a second has: Unix, UnixMilli, UnixMicro, UnixNano. Go's integers wrap around too. */
static bool return_units(const struct tcall *call, int64_t units, struct tvalue *ret_value) {
	struct ttime t = call->args[-1].time;
	uint64_t whole = (uint64_t)t.seconds * (uint64_t)units;
	uint64_t all = whole + (uint64_t)t.nanoseconds / (uint64_t)(NS / units);
	return return_int(ret_value, TTYPE_INT64, (int64_t)all);
}

static bool time_unix(const struct tcall *call, struct tvalue *ret_value) {
	return return_int(ret_value, TTYPE_INT64, call->args[-1].time.seconds);
}

static bool time_unix_milli(const struct tcall *call, struct tvalue *ret_value) {
	return return_units(call, 1000, ret_value);
}

static bool time_unix_micro(const struct tcall *call, struct tvalue *ret_value) {
	return return_units(call, 1000000, ret_value);
}

static bool time_unix_nano(const struct tcall *call, struct tvalue *ret_value) {
	return return_units(call, NS, ret_value);
}

static bool time_utc(const struct tcall *call, struct tvalue *ret_value) {
	*ret_value = (struct tvalue){.type = TTYPE_TIME, .time = call->args[-1].time};
	return true;
}

static bool time_string(const struct tcall *call, struct tvalue *ret_value) {
	size_t start = call->x->out->len;
	ttime_print(call->x->out, call->args[-1].time);
	return tcall_return_text(call, start, ret_value);
}

static bool time_go_string(const struct tcall *call, struct tvalue *ret_value) {
	size_t start = call->x->out->len;
	ttime_print_go(call->x->out, call->args[-1].time);
	return tcall_return_text(call, start, ret_value);
}

static bool time_format(const struct tcall *call, struct tvalue *ret_value) {
	size_t start = call->x->out->len;
	ttime_format(call->x->out, call->args[-1].time, call->args[0].s);
	return tcall_return_text(call, start, ret_value);
}

static int compare_times(const struct tcall *call) {
	struct ttime a = call->args[-1].time, b = call->args[0].time;
	if (a.seconds != b.seconds) {
		return a.seconds < b.seconds ? -1 : 1;
	}
	return (a.nanoseconds > b.nanoseconds) - (a.nanoseconds < b.nanoseconds);
}

static bool time_before(const struct tcall *call, struct tvalue *ret_value) {
	*ret_value = tvalue_bool(compare_times(call) < 0);
	return true;
}

static bool time_after(const struct tcall *call, struct tvalue *ret_value) {
	*ret_value = tvalue_bool(compare_times(call) > 0);
	return true;
}

static bool time_equal(const struct tcall *call, struct tvalue *ret_value) {
	*ret_value = tvalue_bool(compare_times(call) == 0);
	return true;
}

static bool time_compare(const struct tcall *call, struct tvalue *ret_value) {
	*ret_value = tvalue_int(compare_times(call));
	return true;
}

/* All times are UTC's. */
static bool time_location(const struct tcall *call, struct tvalue *ret_value) {
	(void)call;
	return return_int(ret_value, TTYPE_LOCATION_POINTER, 1);
}

static bool time_is_dst(const struct tcall *call, struct tvalue *ret_value) {
	(void)call;
	*ret_value = tvalue_bool(false);
	return true;
}

#define ZERO_TIME_SECONDS INT64_C(-62135596800) /* January 1st of the year 1 */

static bool time_is_zero(const struct tcall *call, struct tvalue *ret_value) {
	struct ttime t = call->args[-1].time;
	*ret_value = tvalue_bool(t.seconds == ZERO_TIME_SECONDS && t.nanoseconds == 0);
	return true;
}

/* Past the ends of an int64 of nanoseconds the duration is the longest one. */
static bool time_sub(const struct tcall *call, struct tvalue *ret_value) {
	struct ttime a = call->args[-1].time, b = call->args[0].time;
	int64_t ns;
	if (__builtin_mul_overflow(a.seconds - b.seconds, NS, &ns) ||
		__builtin_add_overflow(ns, (int64_t)a.nanoseconds - b.nanoseconds, &ns)) {
		ns = a.seconds < b.seconds ? INT64_MIN : INT64_MAX;
	}
	return return_int(ret_value, TTYPE_DURATION, ns);
}

static struct ttime add(struct ttime t, int64_t ns) {
	t.seconds += ns / NS;
	int64_t rest = t.nanoseconds + ns % NS;
	t.seconds += rest >= NS ? 1 : rest < 0 ? -1 : 0;
	t.nanoseconds = (int32_t)(rest >= NS ? rest - NS : rest < 0 ? rest + NS : rest);
	return t;
}

static bool time_add(const struct tcall *call, struct tvalue *ret_value) {
	*ret_value =
		(struct tvalue){.type = TTYPE_TIME, .time = add(call->args[-1].time, call->args[0].i)};
	return true;
}

#define MAX_DATE_STEP 1000000 /* years, months or days: beyond it no calendar is meant */

static bool time_add_date(const struct tcall *call, struct tvalue *ret_value) {
	struct timestamp_civil c = civil_of(call);
	for (size_t i = 0; i < 3; i++) {
		if (call->args[i].i > MAX_DATE_STEP || call->args[i].i < -MAX_DATE_STEP) {
			return tcall_fail(call, "more than %d years, months or days", MAX_DATE_STEP);
		}
	}
	int64_t months = c.month - 1 + call->args[1].i;
	int64_t years = c.year + call->args[0].i + months / 12 - (months % 12 < 0);
	int month = (int)(months % 12 < 0 ? months % 12 + 12 : months % 12) + 1;
	ts_ms day = timestamp_from_civil(years, month, 1, c.hour, c.minute, c.second, 0);
	struct ttime t = {.seconds = day / 1000 + (c.day - 1 + call->args[2].i) * 86400,
					  .nanoseconds = call->args[-1].time.nanoseconds};
	*ret_value = (struct tvalue){.type = TTYPE_TIME, .time = t};
	return true;
}

__extension__ typedef __int128 int128;

/* What is left of the time, counted from the year 1, when divided by the duration. */
static int64_t remainder_of(struct ttime t, int64_t ns) {
	int128 all = ((int128)t.seconds - ZERO_TIME_SECONDS) * NS + t.nanoseconds;
	int128 rest = all % ns;
	return (int64_t)(rest < 0 ? rest + ns : rest);
}

static bool time_truncate(const struct tcall *call, struct tvalue *ret_value) {
	struct ttime t = call->args[-1].time;
	int64_t ns = call->args[0].i;
	t = ns > 0 ? add(t, -remainder_of(t, ns)) : t;
	*ret_value = (struct tvalue){.type = TTYPE_TIME, .time = t};
	return true;
}

static bool time_round(const struct tcall *call, struct tvalue *ret_value) {
	struct ttime t = call->args[-1].time;
	int64_t ns = call->args[0].i;
	if (ns > 0) {
		int64_t rest = remainder_of(t, ns);
		t = add(t, rest < ns - rest ? -rest : ns - rest);
	}
	*ret_value = (struct tvalue){.type = TTYPE_TIME, .time = t};
	return true;
}

/* Whole units and the rest, as Go computes it: the quotient alone would lose digits. */
static bool return_float_units(const struct tcall *call, int64_t unit, struct tvalue *ret_value) {
	int64_t ns = call->args[-1].i;
	*ret_value = tvalue_float((double)(ns / unit) + (double)(ns % unit) / (double)unit);
	return true;
}

static bool duration_hours(const struct tcall *call, struct tvalue *ret_value) {
	return return_float_units(call, 3600 * NS, ret_value);
}

static bool duration_minutes(const struct tcall *call, struct tvalue *ret_value) {
	return return_float_units(call, 60 * NS, ret_value);
}

static bool duration_seconds(const struct tcall *call, struct tvalue *ret_value) {
	return return_float_units(call, NS, ret_value);
}

static bool duration_milliseconds(const struct tcall *call, struct tvalue *ret_value) {
	return return_int(ret_value, TTYPE_INT64, call->args[-1].i / 1000000);
}

static bool duration_microseconds(const struct tcall *call, struct tvalue *ret_value) {
	return return_int(ret_value, TTYPE_INT64, call->args[-1].i / 1000);
}

static bool duration_nanoseconds(const struct tcall *call, struct tvalue *ret_value) {
	return return_int(ret_value, TTYPE_INT64, call->args[-1].i);
}

static bool duration_string(const struct tcall *call, struct tvalue *ret_value) {
	size_t start = call->x->out->len;
	tduration_print(call->x->out, call->args[-1].i);
	return tcall_return_text(call, start, ret_value);
}

static bool duration_abs(const struct tcall *call, struct tvalue *ret_value) {
	int64_t ns = call->args[-1].i;
	ns = ns == INT64_MIN ? INT64_MAX : ns < 0 ? -ns : ns;
	return return_int(ret_value, TTYPE_DURATION, ns);
}

static bool duration_truncate(const struct tcall *call, struct tvalue *ret_value) {
	int64_t ns = call->args[-1].i, unit = call->args[0].i;
	return return_int(ret_value, TTYPE_DURATION, unit > 0 ? ns - ns % unit : ns);
}

static bool duration_round(const struct tcall *call, struct tvalue *ret_value) {
	int64_t ns = call->args[-1].i, unit = call->args[0].i, rounded;
	if (unit <= 0) {
		return return_int(ret_value, TTYPE_DURATION, ns);
	}
	int64_t rest = ns % unit < 0 ? -(ns % unit) : ns % unit;
	int64_t step = rest < unit - rest ? -rest : unit - rest; /* away from zero at the half */
	if (__builtin_add_overflow(ns, ns < 0 ? -step : step, &rounded)) {
		rounded = ns < 0 ? INT64_MIN : INT64_MAX;
	}
	return return_int(ret_value, TTYPE_DURATION, rounded);
}

static bool month_string(const struct tcall *call, struct tvalue *ret_value) {
	size_t start = call->x->out->len;
	tmonth_print(call->x->out, call->args[-1].i);
	return tcall_return_text(call, start, ret_value);
}

static bool location_string(const struct tcall *call, struct tvalue *ret_value) {
	(void)call;
	*ret_value = tvalue_string(STR("UTC"));
	return true;
}

static bool weekday_string(const struct tcall *call, struct tvalue *ret_value) {
	*ret_value = tvalue_string(str_from(ttime_weekday_names[call->args[-1].i]));
	return true;
}

#define METHOD0(name, function)                                                                    \
	{ name, function, {0}, 0, false, TFUNCTION_PLAIN, NULL }
#define METHOD1(name, function, param)                                                             \
	{ name, function, {param}, 1, false, TFUNCTION_PLAIN, NULL }
/* Methods that Go has but a template cannot call. */
#define THREE_RESULTS(name)                                                                        \
	{                                                                                              \
		name, NULL, {0}, 0, false, TFUNCTION_PLAIN,                                                \
			"function " name " has 3 return values; should be 1 or 2"                              \
	}
#define TWO_RESULTS(name, second)                                                                  \
	{                                                                                              \
		name, NULL, {0}, 0, false, TFUNCTION_PLAIN,                                                \
			"invalid function signature for " name                                                 \
			": second return value should be error; is " second                                    \
	}

static const struct template_function time_methods[] = {
	METHOD0("Year", time_year),
	METHOD0("Month", time_month),
	METHOD0("Day", time_day),
	METHOD0("Hour", time_hour),
	METHOD0("Minute", time_minute),
	METHOD0("Second", time_second),
	METHOD0("Nanosecond", time_nanosecond),
	METHOD0("Weekday", time_weekday),
	METHOD0("YearDay", time_yearday),
	METHOD0("Unix", time_unix),
	METHOD0("UnixMilli", time_unix_milli),
	METHOD0("UnixMicro", time_unix_micro),
	METHOD0("UnixNano", time_unix_nano),
	METHOD0("UTC", time_utc),
	METHOD0("Local", time_utc), /* the engine's clock is UTC */
	METHOD0("String", time_string),
	METHOD0("GoString", time_go_string),
	METHOD0("IsZero", time_is_zero),
	METHOD0("IsDST", time_is_dst),
	METHOD0("Location", time_location),
	METHOD1("Format", time_format, TPARAM_STRING),
	METHOD1("Before", time_before, TPARAM_TIME),
	METHOD1("After", time_after, TPARAM_TIME),
	METHOD1("Equal", time_equal, TPARAM_TIME),
	METHOD1("Compare", time_compare, TPARAM_TIME),
	METHOD1("Sub", time_sub, TPARAM_TIME),
	METHOD1("Add", time_add, TPARAM_DURATION),
	METHOD1("Truncate", time_truncate, TPARAM_DURATION),
	METHOD1("Round", time_round, TPARAM_DURATION),
	{"AddDate",
	 time_add_date,
	 {TPARAM_INT, TPARAM_INT, TPARAM_INT},
	 3,
	 false,
	 TFUNCTION_PLAIN,
	 NULL},
	THREE_RESULTS("Date"),
	THREE_RESULTS("Clock"),
	TWO_RESULTS("ISOWeek", "int"),
	TWO_RESULTS("Zone", "int"),
	TWO_RESULTS("ZoneBounds", "time.Time"),
};

static const struct template_function duration_methods[] = {
	METHOD0("Hours", duration_hours),
	METHOD0("Minutes", duration_minutes),
	METHOD0("Seconds", duration_seconds),
	METHOD0("Milliseconds", duration_milliseconds),
	METHOD0("Microseconds", duration_microseconds),
	METHOD0("Nanoseconds", duration_nanoseconds),
	METHOD0("String", duration_string),
	METHOD0("Abs", duration_abs),
	METHOD1("Truncate", duration_truncate, TPARAM_DURATION),
	METHOD1("Round", duration_round, TPARAM_DURATION),
};

static const struct template_function month_methods[] = {METHOD0("String", month_string)};
static const struct template_function location_methods[] = {METHOD0("String", location_string)};
static const struct template_function weekday_methods[] = {METHOD0("String", weekday_string)};

static const struct {
	enum ttype type;
	const struct template_function *methods;
	size_t count;
} tables[] = {
	{TTYPE_TIME, time_methods, sizeof(time_methods) / sizeof(time_methods[0])},
	{TTYPE_DURATION, duration_methods, sizeof(duration_methods) / sizeof(duration_methods[0])},
	{TTYPE_MONTH, month_methods, 1},
	{TTYPE_WEEKDAY, weekday_methods, 1},
	{TTYPE_LOCATION_POINTER, location_methods, 1},
};

const struct template_function *template_method_find(enum ttype type, struct str name) {
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		for (size_t i = 0; tables[t].type == type && i < tables[t].count; i++) {
			if (str_equal(name, str_from(tables[t].methods[i].name))) {
				return &tables[t].methods[i];
			}
		}
	}
	return NULL;
}
