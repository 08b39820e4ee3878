/* time(), the parts of a date, timestamp(), and what is known about the query itself. */
#include "promql-lite/eval_private.h"

#include <math.h>

static void fill_scalar(struct pql_call_context *call, double v) {
	if (!value_make_scalar(call->frame, call->ret)) {
		return;
	}
	for (size_t k = 0; k < call->frame->steps; k++) {
		call->ret->scalars[k] = v;
	}
}

void fn_time(struct pql_call_context *call) {
	fill_scalar(call, 0);
	for (size_t k = 0; call->ret->scalars != NULL && k < call->frame->steps; k++) {
		call->ret->scalars[k] = (double)frame_time(call->frame, k) / 1000;
	}
}

/* Inside a subquery too these speak of the query as it was asked. */
void fn_start(struct pql_call_context *call) {
	fill_scalar(call, (double)call->frame->run->query.start / 1000);
}

void fn_end(struct pql_call_context *call) {
	fill_scalar(call, (double)call->frame->run->query.end / 1000);
}

void fn_range(struct pql_call_context *call) {
	struct pql_grid query = call->frame->run->query;

	fill_scalar(call, (double)(query.end - query.start) / 1000);
}

void fn_step(struct pql_call_context *call) {
	struct pql_grid query = call->frame->run->query;

	fill_scalar(call, query.start == query.end ? 0 : (double)query.step / 1000);
}

void fn_timestamp(struct pql_call_context *call) {
	struct pql_frame *f = call->frame;

	if (call->args[0]->kind == PQL_SELECTOR) {
		if (!eval_selector_timestamps(f, call->args[0], call->ret)) {
			return;
		}
	} else {
		*call->ret = call->values[0];
		call->ret->ordered = false;
		for (size_t i = 0; i < call->ret->row_count; i++) {
			for (size_t k = 0; k < f->steps; k++) {
				call->ret->rows[i].values[k] = (double)frame_time(f, k) / 1000;
			}
		}
	}
	value_drop_names(f, call->ret);
}

/* Start timestamps are not delivered by the query API: there are none. */
void fn_start_timestamp(struct pql_call_context *call) {
	(void)call;
}

/* ---- parts of a date, UTC ---- */

static double year_of(const struct timestamp_civil *c) {
	return (double)c->year;
}

static double month_of(const struct timestamp_civil *c) {
	return c->month;
}

static double day_of_month_of(const struct timestamp_civil *c) {
	return c->day;
}

static double day_of_week_of(const struct timestamp_civil *c) {
	return c->weekday;
}

static double day_of_year_of(const struct timestamp_civil *c) {
	return c->yearday;
}

static double hour_of(const struct timestamp_civil *c) {
	return c->hour;
}

static double minute_of(const struct timestamp_civil *c) {
	return c->minute;
}

static double days_in_month_of(const struct timestamp_civil *c) {
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (c->year % 4 == 0 && c->year % 100 != 0) || c->year % 400 == 0;

	return c->month == 2 && leap ? 29 : days[c->month - 1];
}

typedef double date_part(const struct timestamp_civil *c);

#define MAX_SECONDS 9e15 /* beyond it milliseconds would not fit */

static double part_of(double seconds, date_part *part) {
	/* As Go converts on amd64: what does not fit an int64 becomes the smallest one. Dates that far out are clamped. */
	double whole = isnan(seconds) || fabs(seconds) > MAX_SECONDS ? -MAX_SECONDS : trunc(seconds);
	struct timestamp_civil c = timestamp_civil((ts_ms)whole * 1000);

	return part(&c);
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
	*call->ret = call->values[0];
	call->ret->ordered = false;
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
