/* rate_limit */
#include "engine/config/web_config_private.h"

/* ---- durations of Go ---- */

/* They are not those of Prometheus: 1.5s and 100us are durations, 1d is none. */
static const struct unit {
	const char *name;
	int64_t ns;
} units[] = {
	{"ns", 1},
	{"us", 1000},
	{"\u00b5s", 1000}, /* micro sign */
	{"\u03bcs", 1000}, /* Greek letter mu */
	{"ms", 1000000},
	{"s", INT64_C(1000000000)},
	{"m", INT64_C(60000000000)},
	{"h", INT64_C(3600000000000)},
};

static bool is_digit(char c) {
	return c >= '0' && c <= '9';
}

/* Digits off the front of *s. Those behind the 18th count as nothing in a fraction, and are too large before a point. */
static size_t take_digits(struct str *s, int64_t *ret_number, double *ret_scale) {
	size_t n = 0;
	*ret_number = 0;
	*ret_scale = 1;
	for (; n < s->len && is_digit(s->ptr[n]); n++) {
		if (*ret_scale < 1e18) {
			*ret_number = *ret_number * 10 + (s->ptr[n] - '0');
			*ret_scale *= 10;
		}
	}
	*s = str_slice(*s, n, s->len);
	return n;
}

static const struct unit *take_unit(struct str *s) {
	size_t end = 0;
	while (end < s->len && s->ptr[end] != '.' && !is_digit(s->ptr[end])) {
		end++;
	}
	struct str name = str_slice(*s, 0, end);
	*s = str_slice(*s, end, s->len);
	for (size_t i = 0; i < COUNT(units); i++) {
		if (str_equal(name, str_from(units[i].name))) {
			return &units[i];
		}
	}
	return NULL;
}

/* A number with a unit off the front of *s, added to *total. */
static bool take_part(struct str *s, int64_t *total) {
	int64_t whole, part = 0;
	double scale, part_scale = 1;
	size_t digits = take_digits(s, &whole, &scale), part_digits = 0;
	if (digits > 18) {
		return false;
	}
	if (s->len > 0 && s->ptr[0] == '.') {
		*s = str_slice(*s, 1, s->len);
		part_digits = take_digits(s, &part, &part_scale);
	}
	const struct unit *unit = take_unit(s);
	if (digits + part_digits == 0 || unit == NULL) {
		return false;
	}
	int64_t part_ns = (int64_t)((double)part * ((double)unit->ns / part_scale));
	return !__builtin_mul_overflow(whole, unit->ns, &whole) &&
		   !__builtin_add_overflow(whole, part_ns, &whole) &&
		   !__builtin_add_overflow(*total, whole, total);
}

/* Source: the documentation of time.ParseDuration. */
static bool parse_duration(struct str s, int64_t *ret_ns) {
	bool negative = s.len > 0 && s.ptr[0] == '-';
	int64_t total = 0;
	if (negative || (s.len > 0 && s.ptr[0] == '+')) {
		s = str_slice(s, 1, s.len);
	}
	bool is_zero = str_equal(s, STR("0"));
	bool good = s.len > 0;
	while (good && s.len > 0 && !is_zero) {
		good = take_part(&s, &total);
	}
	*ret_ns = negative ? -total : total;
	return good;
}

/* ---- the section ---- */

/* A number without a unit is one of nanoseconds, which is hardly what anybody wants. */
static bool get_number(struct web_reader *r, const struct yaml_node *node, int64_t *ret_ns) {
	if (!node->plain || !yaml_get_int(node, ret_ns)) {
		return false;
	}
	if (*ret_ns != 0) {
		diags_add(r->diags, DIAG_WARNING, node->span,
				  "%.*s means so many nanoseconds; a unit is missing, as in 5s or 100ms",
				  STR_FMT(node->text));
	}
	return true;
}

/* A negative interval is no limit, as none is. */
static void read_interval(struct web_reader *r, const struct yaml_node *node, void *target) {
	int64_t ns;
	if (!web_expect_kind(r, node, YAML_SCALAR)) {
		return;
	}
	if (!get_number(r, node, &ns) && !parse_duration(node->text, &ns)) {
		web_add_error(r, node, "invalid duration \"%.*s\"; there are ns, us, ms, s, m and h",
					  STR_FMT(node->text));
		return;
	}
	*(int64_t *)target = ns > 0 ? ns : 0;
}

static void read_burst(struct web_reader *r, const struct yaml_node *node, void *target) {
	if (web_expect_kind(r, node, YAML_SCALAR) &&
		(!yaml_get_int(node, target) || *(int64_t *)target < 0)) {
		web_add_error(r, node, "expected a whole number");
	}
}

static const struct web_field rate_fields[] = {
	{"interval", read_interval, offsetof(struct web_config, rate_interval_ns)},
	{"burst", read_burst, offsetof(struct web_config, rate_burst)},
};

void web_read_rate(struct web_reader *r, const struct yaml_node *node, void *target) {
	struct web_config *c = target;
	size_t before = r->diags->errors;
	web_read_fields(r, node, rate_fields, COUNT(rate_fields), c, " in rate_limit");
	if (r->diags->errors == before && c->rate_interval_ns > 0 && c->rate_burst < 1) {
		web_add_error(r, node, "with a burst of 0 no request would ever be answered");
	}
}
