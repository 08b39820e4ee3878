#include "base/duration.h"

static const struct unit {
	const char *name;
	dur_ms ms;
	bool
		exact_only; /* printed only when nothing is left over: years and weeks make odd reading otherwise */
} units[] = {
	{"y", INT64_C(31536000000), true},
	{"w", 604800000, true},
	{"d", 86400000, false},
	{"h", 3600000, false},
	{"m", 60000, false},
	{"s", 1000, false},
	{"ms", 1, false},
};
#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

static bool is_digit(char c) {
	return c >= '0' && c <= '9';
}

enum outcome { PARSED, NOT_VALID, UNKNOWN_UNIT, OUT_OF_RANGE };

#define DURATION_MAX_NS                                                                            \
	(UINT64_C(1)                                                                                   \
	 << 63) /* Go's durations are nanoseconds: what does not fit there is refused here too */

/* Digits and a unit off the front of *s, added to *total. The unit must be smaller than the last one, units[*next - 1]. */
static enum outcome take_part(struct str *s, size_t *next, uint64_t *total_ns,
							  struct str *ret_unit) {
	size_t digits = 0, end;
	uint64_t count = 0;
	for (; digits < s->len && is_digit(s->ptr[digits]); digits++) {
		if (__builtin_mul_overflow(count, UINT64_C(10), &count) ||
			__builtin_add_overflow(count, (uint64_t)(s->ptr[digits] - '0'), &count)) {
			return NOT_VALID;
		}
	}
	for (end = digits; end < s->len && !is_digit(s->ptr[end]); end++) {
	}
	if (digits == 0 || end == digits) {
		return NOT_VALID;
	}
	*ret_unit = str_slice(*s, digits, end);
	*s = str_slice(*s, end, s->len);
	for (size_t i = 0; i < UNIT_COUNT; i++) {
		if (!str_equal(*ret_unit, str_from(units[i].name))) {
			continue;
		}
		uint64_t ns = (uint64_t)units[i].ms * 1000000;
		if (i < *next) {
			return NOT_VALID;
		}
		*next = i + 1;
		if (count > DURATION_MAX_NS / ns || *total_ns + count * ns >= DURATION_MAX_NS) {
			return OUT_OF_RANGE;
		}
		*total_ns += count * ns;
		return PARSED;
	}
	return UNKNOWN_UNIT;
}

static const char *print_error(struct arena *a, enum outcome outcome, struct str unit,
							   struct str s) {
	struct strbuf quoted = STRBUF_INIT;
	const char *error = "duration out of range";
	if (outcome == NOT_VALID) {
		strbuf_add_quoted(&quoted, s);
		error = arena_printf(a, "not a valid duration string: %s", quoted.ptr);
	} else if (outcome == UNKNOWN_UNIT) {
		strbuf_add_quoted(&quoted, unit);
		strbuf_add_c(&quoted, " in duration ");
		strbuf_add_quoted(&quoted, s);
		error = arena_printf(a, "unknown unit %s", quoted.ptr);
	}
	strbuf_finish(&quoted);
	return error;
}

bool duration_parse(struct str s, struct arena *a, dur_ms *ret_duration, const char **ret_error) {
	if (s.len == 0) {
		*ret_error = "empty duration string";
		return false;
	}
	if (str_equal(s, STR("0"))) {
		*ret_duration = 0;
		return true;
	}
	struct str rest = s, unit = STR_EMPTY;
	size_t next = 0;
	uint64_t total_ns = 0;
	while (rest.len > 0) {
		enum outcome outcome = take_part(&rest, &next, &total_ns, &unit);
		if (outcome != PARSED) {
			*ret_error = print_error(a, outcome, unit, s);
			return false;
		}
	}
	*ret_duration = (dur_ms)(total_ns / 1000000);
	return true;
}

void duration_print(struct strbuf *b, dur_ms duration) {
	if (duration == 0) {
		strbuf_add_c(b, "0s");
		return;
	}
	uint64_t rest = (uint64_t)duration;
	if (duration < 0) {
		strbuf_add_char(b, '-');
		rest = 0 - rest;
	}
	for (size_t i = 0; i < UNIT_COUNT && rest > 0; i++) {
		uint64_t ms = (uint64_t)units[i].ms;
		if (rest < ms || (units[i].exact_only && rest % ms != 0)) {
			continue;
		}
		strbuf_printf(b, "%llu%s", (unsigned long long)(rest / ms), units[i].name);
		rest %= ms;
	}
}
