/* time(), timestamp(), and what is known about the query itself. The parts of a date stand in fn_date.c. */
#include "promql-lite/eval_private.h"

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
		if (!eval_selector_timestamps(f, call->args[0], NULL, call->ret)) {
			return;
		}
	} else {
		*call->ret = call->values[0];
		call->ret->ordered = false;
		for (size_t i = 0; i < call->ret->row_count; i++) {
			row_forget_histograms(f, &call->ret->rows[i]);
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
