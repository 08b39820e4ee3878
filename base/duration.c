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

/* Digits and a unit. The unit must be smaller than the last one; its index goes to *unit. */
static bool take_part(struct str *s, size_t *unit, uint64_t *ret_count) {
	uint64_t count = 0;
	size_t at = 0;
	while (at < s->len && is_digit(s->ptr[at])) {
		if (__builtin_mul_overflow(count, UINT64_C(10), &count) ||
			__builtin_add_overflow(count, (uint64_t)(s->ptr[at] - '0'), &count)) {
			count = UINT64_MAX / 16; /* overflows below, when it is multiplied */
		}
		at++;
	}
	size_t unit_at = at;
	while (at < s->len && !is_digit(s->ptr[at])) {
		at++;
	}
	struct str name = str_slice(*s, unit_at, at);
	for (size_t i = *unit; unit_at > 0 && i < UNIT_COUNT; i++) {
		if (str_equal(name, str_from(units[i].name))) {
			*unit = i;
			*ret_count = count;
			*s = str_slice(*s, at, s->len);
			return true;
		}
	}
	return false;
}

static bool parse_parts(struct str s, dur_ms *ret_duration, bool *ret_overflow) {
	dur_ms total = 0;
	*ret_overflow = false;
	for (size_t unit = 0; s.len > 0; unit++) {
		uint64_t count;
		if (!take_part(&s, &unit, &count)) {
			return false;
		}
		/* Go's durations are nanoseconds: what does not fit there is refused here too. */
		dur_ms part, ns;
		if (count > INT64_MAX || __builtin_mul_overflow((int64_t)count, units[unit].ms, &part) ||
			__builtin_add_overflow(total, part, &total) ||
			__builtin_mul_overflow(total, INT64_C(1000000), &ns)) {
			*ret_overflow = true;
			total = 0;
		}
	}
	*ret_duration = total;
	return true;
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
	bool overflow;
	dur_ms parsed;
	if (!parse_parts(s, &parsed, &overflow)) {
		struct strbuf quoted = STRBUF_INIT;
		strbuf_add_quoted(&quoted, s);
		*ret_error = arena_printf(a, "not a valid duration string: %s", quoted.ptr);
		strbuf_finish(&quoted);
		return false;
	}
	if (overflow) {
		*ret_error = "duration out of range";
		return false;
	}
	*ret_duration = parsed;
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
