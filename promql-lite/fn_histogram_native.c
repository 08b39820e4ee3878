/* What is asked of one native histogram: histogram_count and its kin, of which floats have no part, and the quantiles and fractions
 * of histogram_quantile(s) and histogram_fraction. */
#include "promql-lite/eval_private.h"

#include <math.h>

typedef double native_number(const struct pql_histogram *h, struct arena *a);

static double count_of(const struct pql_histogram *h, struct arena *a) {
	(void)a;
	return h->count;
}

static double sum_of(const struct pql_histogram *h, struct arena *a) {
	(void)a;
	return h->sum;
}

static double mean_of(const struct pql_histogram *h, struct arena *a) {
	(void)a;
	return h->sum / h->count;
}

static double deviation_of(const struct pql_histogram *h, struct arena *a) {
	return sqrt(pql_histogram_variance(h, a));
}

static const struct {
	const char *name;
	native_number *number;
} numbers[] = {
	{"histogram_avg", mean_of},         {"histogram_count", count_of},
	{"histogram_stddev", deviation_of}, {"histogram_stdvar", pql_histogram_variance},
	{"histogram_sum", sum_of},
};

static native_number *number_of(const struct pql_call_context *call) {
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (strcmp(numbers[i].name, call->node->call.function->name) == 0) {
			return numbers[i].number;
		}
	}
	BUG("not a function of native histograms");
}

/* Only the name goes: type and unit of a metric stay here. */
static bool drop_names(struct pql_frame *f, struct pql_value *v) {
	for (size_t i = 0; i < v->row_count; i++) {
		struct pql_row *row = &v->rows[i];

		row->drop_name = true;
		if (!f->run->options.delayed_name_removal) {
			row->labels = pql_row_labels(row, f->run->arena);
		}
	}
	return f->run->options.delayed_name_removal || value_merge(f, v);
}

void fn_native_histogram(struct pql_call_context *call) {
	struct pql_frame *f = call->frame;
	native_number *number = number_of(call);

	*call->ret = call->values[0];
	call->ret->ordered = false;
	for (size_t i = 0; i < call->ret->row_count; i++) {
		struct pql_row *row = &call->ret->rows[i];

		for (size_t k = 0; k < f->steps; k++) {
			const struct pql_histogram *h = row->present[k] ? row_histogram(row, k) : NULL;

			row->present[k] = h != NULL;
			row->values[k] = h == NULL ? 0 : number(h, &f->run->work);
			arena_reset(&f->run->work);
		}
		row_forget_histograms(f, row);
	}
	value_compact(f, call->ret);
	drop_names(f, call->ret);
}

/* Where names are dropped at once there is none to tell. */
static void note_named(struct pql_call_context *call, bool is_warning, size_t arg,
					   struct labels labels, const char *text) {
	struct pql_run *run = call->frame->run;
	bool is_named = run->options.delayed_name_removal;
	struct str name = is_named ? labels_get(labels, LABEL_NAME) : STR_EMPTY;
	struct strbuf b = STRBUF_INIT;

	if (name.len > 0) {
		strbuf_add_c(&b, " for metric name ");
		strbuf_add_quoted(&b, name);
	}
	note_add(run, is_warning, call_arg_span(call, arg), "%s%s", text, b.len > 0 ? b.ptr : "");
	strbuf_finish(&b);
}

void native_note_conflict(struct pql_call_context *call, size_t arg, struct labels labels) {
	note_named(call, true, arg, labels, "vector contains a mix of classic and native histograms");
}

double native_quantile(struct pql_call_context *call, size_t arg, double q,
					   const struct pql_histogram *h, struct labels labels) {
	bool skewed = false;
	double v = pql_histogram_quantile(q, h, &call->frame->run->work, &skewed);

	if (skewed) {
		/* The least of no observations is NaN, too, but Prometheus has found where it would be. */
		note_named(call, false, arg, labels,
				   isnan(v) && q > 0
					   ? "input to histogram_quantile has NaN observations, result is NaN"
					   : "input to histogram_quantile has NaN observations, result is skewed "
						 "higher");
	}
	arena_reset(&call->frame->run->work);
	return v;
}

double native_fraction(struct pql_call_context *call, size_t step, const struct pql_histogram *h,
					   struct labels labels) {
	bool skewed = false;
	double v = pql_histogram_fraction(call->values[0].scalars[step], call->values[1].scalars[step],
									  h, &call->frame->run->work, &skewed);

	if (skewed) {
		note_named(call, false, 2, labels,
				   "input to histogram_fraction has NaN observations, which are excluded from all "
				   "fractions");
	}
	arena_reset(&call->frame->run->work);
	return v;
}
