/* humanize*, toTime, toDuration, parseDuration, now */
#include "rules/template/template_private.h"

#include <math.h>

#include "base/duration.h"
#include "base/gofloat.h"

/* A number to four digits, with what stands around it. */
static bool return_number(const struct tcall *call, const char *sign, double v, const char *unit,
						  const char *suffix, struct tvalue *ret_value) {
	struct strbuf *out = call->x->out;
	size_t start = out->len;
	strbuf_add_c(out, sign);
	gofloat_print_precision(out, v, 'g', 4);
	strbuf_add_c(out, unit);
	strbuf_add_c(out, suffix);
	return tcall_return_text(call, start, ret_value);
}

/* Goes down through the prefixes while the number is below one. */
static const char *scale_up(double *v) {
	static const char *const prefixes[] = {"m", "u", "n", "p", "f", "a", "z", "y"};
	const char *prefix = "";
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]) && fabs(*v) < 1; i++) {
		prefix = prefixes[i];
		*v *= 1000;
	}
	return prefix;
}

static const char *scale_down(double *v, double base, const char *const prefixes[8]) {
	const char *prefix = "";
	for (size_t i = 0; i < 8 && fabs(*v) >= base; i++) {
		prefix = prefixes[i];
		*v /= base;
	}
	return prefix;
}

bool tfn_humanize(const struct tcall *call, struct tvalue *ret_value) {
	static const char *const prefixes[8] = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
	double v;
	if (!tcall_to_float(call, &call->args[0], &v)) {
		return false;
	}
	const char *prefix = "";
	if (v != 0 && isfinite(v)) {
		prefix = fabs(v) >= 1 ? scale_down(&v, 1000, prefixes) : scale_up(&v);
	}
	return return_number(call, "", v, prefix, "", ret_value);
}

bool tfn_humanize1024(const struct tcall *call, struct tvalue *ret_value) {
	static const char *const prefixes[8] = {"ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"};
	double v;
	if (!tcall_to_float(call, &call->args[0], &v)) {
		return false;
	}
	const char *prefix = fabs(v) > 1 && isfinite(v) ? scale_down(&v, 1024, prefixes) : "";
	return return_number(call, "", v, prefix, "", ret_value);
}

/* 1d 2h 3m 4s: from a minute on in whole seconds. `v` is at least one. */
static bool return_parts(const struct tcall *call, const char *sign, double v,
						 struct tvalue *ret_value) {
	/* Go's conversion gives the lowest integer to what does not fit. */
	int64_t duration = v < 0x1p63 ? (int64_t)v : INT64_MIN;
	long long days = duration / 86400, hours = duration / 3600 % 24, minutes = duration / 60 % 60,
			  seconds = duration % 60;
	if (days == 0 && hours == 0 && minutes == 0) {
		return return_number(call, sign, v, "", "s", ret_value);
	}
	struct strbuf *out = call->x->out;
	size_t start = out->len;
	strbuf_add_c(out, sign);
	if (days != 0) {
		strbuf_printf(out, "%lldd ", days);
	}
	if (days != 0 || hours != 0) {
		strbuf_printf(out, "%lldh ", hours);
	}
	strbuf_printf(out, "%lldm %llds", minutes, seconds);
	return tcall_return_text(call, start, ret_value);
}

bool tfn_humanize_duration(const struct tcall *call, struct tvalue *ret_value) {
	double v;
	if (!tcall_to_float(call, &call->args[0], &v)) {
		return false;
	}
	if (!isfinite(v)) {
		return return_number(call, "", v, "", "", ret_value);
	}
	if (fabs(v) >= 1) {
		return return_parts(call, v < 0 ? "-" : "", fabs(v), ret_value);
	}
	const char *prefix = v != 0 ? scale_up(&v) : "";
	return return_number(call, "", v, prefix, "s", ret_value);
}

bool tfn_humanize_percentage(const struct tcall *call, struct tvalue *ret_value) {
	double v;
	if (!tcall_to_float(call, &call->args[0], &v)) {
		return false;
	}
	return return_number(call, "", v * 100, "%", "", ret_value);
}

/* To the millisecond. */
static bool to_time(const struct tcall *call, double v, struct ttime *ret_time) {
	if (!isfinite(v)) {
		return tcall_fail(call, "value is NaN or Inf");
	}
	double ns = v * 1e9;
	if (ns > 0x1p63 || ns < -0x1p63) {
		struct strbuf text = STRBUF_IN(call->x->arena);
		gofloat_print(&text, v, 'g');
		tcall_fail(call,
				   "%s cannot be represented as a nanoseconds timestamp since it overflows int64",
				   text.ptr);
		return false;
	}
	int64_t whole = ns < 0x1p63 ? (int64_t)ns : INT64_MIN;
	*ret_time = ttime_from_ms(whole / 1000000);
	return true;
}

bool tfn_humanize_timestamp(const struct tcall *call, struct tvalue *ret_value) {
	double v;
	struct ttime t;
	if (!tcall_to_float(call, &call->args[0], &v)) {
		return false;
	}
	if (!isfinite(v)) {
		return return_number(call, "", v, "", "", ret_value);
	}
	if (!to_time(call, v, &t)) {
		return false;
	}
	size_t start = call->x->out->len;
	ttime_print(call->x->out, t);
	return tcall_return_text(call, start, ret_value);
}

bool tfn_to_time(const struct tcall *call, struct tvalue *ret_value) {
	double v;
	struct ttime t;
	if (!tcall_to_float(call, &call->args[0], &v) || !to_time(call, v, &t)) {
		return false;
	}
	*ret_value = (struct tvalue){.type = TTYPE_TIME_POINTER, .time = t};
	return true;
}

bool tfn_to_duration(const struct tcall *call, struct tvalue *ret_value) {
	double v;
	if (!tcall_to_float(call, &call->args[0], &v)) {
		return false;
	}
	v *= 1e9;
	int64_t ns = v >= -0x1p63 && v < 0x1p63 ? (int64_t)v : INT64_MIN;
	*ret_value = (struct tvalue){.type = TTYPE_DURATION_POINTER, .i = ns};
	return true;
}

bool tfn_parse_duration(const struct tcall *call, struct tvalue *ret_value) {
	struct str text = call->args[0].s;
	bool negative = text.len > 0 && text.ptr[0] == '-';
	dur_ms ms;
	const char *error;
	if (!duration_parse(negative ? str_slice(text, 1, text.len) : text, call->x->arena, &ms,
						&error)) {
		return tcall_fail(call, "%s", error);
	}
	*ret_value = tvalue_float((double)((negative ? -ms : ms) * 1000000) / 1e9);
	return true;
}

bool tfn_now(const struct tcall *call, struct tvalue *ret_value) {
	*ret_value = tvalue_float((double)call->x->data->now / 1000);
	return true;
}
