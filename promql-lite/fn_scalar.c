/* scalar(), vector(), absent(), absent_over_time(): between one number, a vector, and nothing at all. */
#include "promql-lite/eval_private.h"

#include <math.h>

void fn_vector(struct pql_call_context *call) {
	struct pql_row *row = value_add_row(call->frame, call->ret, LABELS_EMPTY);

	if (row != NULL) {
		memset(row->present, 1, call->frame->steps);
		memcpy(row->values, call->values[0].scalars, call->frame->steps * sizeof(*row->values));
	}
}

/* The value if there is exactly one float, else NaN. */
void fn_scalar(struct pql_call_context *call) {
	const struct pql_value *in = &call->values[0];

	if (!value_make_scalar(call->frame, call->ret)) {
		return;
	}
	for (size_t k = 0; k < call->frame->steps; k++) {
		size_t found = 0;

		for (size_t i = 0; i < in->row_count && found < 2; i++) {
			if (in->rows[i].present[k] && row_histogram(&in->rows[i], k) == NULL) {
				call->ret->scalars[k] = in->rows[i].values[k];
				found++;
			}
		}
		if (found != 1) {
			call->ret->scalars[k] = NAN;
		}
	}
}

/* What the selector says for certain: labels that are compared with = once and not otherwise. */
static struct labels absent_labels(struct arena *a, const struct pql_node *arg) {
	const struct pql_selector *s;
	struct labels_builder b;

	if (arg->kind == PQL_RANGE) {
		arg = arg->range.selector;
	}
	if (arg->kind != PQL_SELECTOR) {
		return LABELS_EMPTY;
	}
	s = &arg->selector;
	labels_builder_init(&b, a);
	for (size_t i = 0; i < s->matcher_count; i++) {
		const struct matcher *m = &s->matchers[i];
		bool seen = false;

		if (str_equal(m->name, LABEL_NAME)) {
			continue;
		}
		for (size_t j = 0; j < i; j++) {
			seen = seen ||
				   (s->matchers[j].op == MATCH_EQUAL && str_equal(s->matchers[j].name, m->name));
		}
		if (m->op == MATCH_EQUAL && !seen) {
			labels_builder_set(&b, m->name, m->value);
		} else {
			labels_builder_remove(&b, m->name);
		}
	}
	return labels_builder_take(&b);
}

/* One row, 1 at each step at which no row of `in` has a value. */
static void absent_rows(struct pql_call_context *call, const struct pql_value *in, bool drop_name) {
	struct pql_frame *f = call->frame;
	struct pql_row *row = value_add_row(f, call->ret, absent_labels(f->run->arena, call->args[0]));

	if (row == NULL) {
		return;
	}
	row->drop_name = drop_name;
	for (size_t k = 0; k < f->steps; k++) {
		row->present[k] = 1;
		row->values[k] = 1;
		for (size_t i = 0; i < in->row_count; i++) {
			if (in->rows[i].present[k]) {
				row->present[k] = 0;
				break;
			}
		}
	}
	value_compact(f, call->ret);
}

void fn_absent(struct pql_call_context *call) {
	absent_rows(call, &call->values[0], false);
}

static void mark_series(struct pql_call_context *call, const struct windows *w,
						struct pql_row *out) {
	for (size_t k = 0; k < call->frame->steps; k++) {
		out->present[k] = w->from[k] < w->to[k];
	}
}

static void mark_mixed(struct pql_call_context *call, const struct windows *w, size_t step,
					   struct pql_row *out) {
	(void)call, (void)w;
	row_put_float(out, step, 1);
}

/* Names are kept while the rows only say where something is: they could clash. */
void fn_absent_over_time(struct pql_call_context *call) {
	struct pql_value present;

	call_over_mixed_series(call, true, mark_series, mark_mixed);
	if (call->frame->run->failed) {
		return;
	}
	present = *call->ret;
	call->ret->rows = NULL;
	call->ret->row_count = call->ret->row_capacity = 0;
	absent_rows(call, &present, true);
	value_clear(call->frame, &present);
}
